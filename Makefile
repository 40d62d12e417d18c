# make demo    set up, run the four-phase demo on this machine, prove that no record was lost
#              THRESHOLDS='lost==0, throttled<1%' ABORT_ON_FAIL=on: what it has to achieve
# make test    set up, run every check and test (make lint: what is unsafe, in sources, template, packages)
# make chaos   set up, run the whole fault suite, print what each fault did (25 minutes)
# make soak    set up, run the system for SECONDS=600 at TPS=5000 records/s: does anything grow, drift, slow down?
# make bench   set up the peers, measure the producer beside them (BENCH=--quick: two minutes)
# make screenshots  take docs/page*.png anew
# make coverage  branches of worker/ and api/ that the tests reach, and whether they are 95% of all
# make mutants   change the worker's core in a thousand small ways: a test has to notice each
# make costs   print what the default plan and an idle stack cost on AWS
# make up      start a stack that stays, and print how to call it; make down ends it

PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do command -v $$name && break; done)
PLAN ?= quick
THRESHOLDS ?=
ABORT_ON_FAIL ?= off
AGGREGATION ?= off
RECORD ?=
MODEL ?= on
TIME_SCALE ?= 180
STREAM_MEMORY ?= 4096
SECONDS ?= 600
TPS ?= 5000
REGION ?= us-east-1
READY = .venv/.ready
READY_TEST = .venv/.ready-test
# By file: the tests of one share what is dear to start. Half the time they wait, so three for two CPUs;
# the dear ones first, so that they all end together.
PARALLEL = -n 3 --dist loadfile --no-loadscope-reorder
# On CI (which sets CI) others may have the CPUs for seconds. What failed runs once more, alone: if the code is
# to blame it fails again. 1 is pytest's word for "all ran, some failed"; anything else stays what it is.
ONCE_MORE = $(if $(CI),|| { [ $$? = 1 ] && .venv/bin/python -m pytest --last-failed --last-failed-no-failures none --maxfail 3; })

.PHONY: demo bench test check lint unit e2e up down clean

demo: $(READY)
	@.venv/bin/python -m local demo --plan $(PLAN) --aggregation $(AGGREGATION) --model $(MODEL) --time-scale $(TIME_SCALE) --stream-memory $(STREAM_MEMORY) \
		--threshold '$(THRESHOLDS)' $(if $(filter on,$(ABORT_ON_FAIL)),--abort-on-fail) $(if $(RECORD),--record "$(RECORD)")

bench: .venv-bench/.ready
	@.venv-bench/bin/python -m bench $(BENCH)

.PHONY: costs
costs: $(READY)
	@PYTHONPATH=api .venv/bin/python -m local.costs --region $(REGION)

up: $(READY)
	@.venv/bin/python -m local up --model $(MODEL) --time-scale $(TIME_SCALE) --stream-memory $(STREAM_MEMORY)

down: $(READY)
	@.venv/bin/python -m local down

test: check lint
	.venv/bin/python -m pytest $(PARALLEL) $(ONCE_MORE)

check: $(READY_TEST)
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

lint: .venv-lint/.ready
	.venv-lint/bin/checkov --file infrastructure.yaml --file worker/Dockerfile --framework cloudformation dockerfile --compact --quiet --skip-download
	git ls-files -z '*.py' ':!tests' | xargs -0 .venv-lint/bin/bandit --configfile pyproject.toml --quiet
	.venv-lint/bin/python -m scans.secrets_in_tree
	.venv-lint/bin/python -m scans.known_holes

unit: $(READY_TEST)
	.venv/bin/python -m pytest $(PARALLEL) tests/unit tests/conformance

e2e: $(READY_TEST)
	.venv/bin/python -m pytest $(PARALLEL) tests/e2e

.PHONY: coverage
coverage: $(READY_TEST)
	.venv/bin/python -m pytest $(PARALLEL) --cov --cov-report=term tests/unit tests/e2e/test_worker.py

.PHONY: mutants
mutants: .venv-mutants/.ready
	@.venv-mutants/bin/python -m tests.mutants $(MODULES)

.PHONY: chaos
chaos: $(READY_TEST)
	@rm -f reports/chaos.jsonl; mkdir -p reports
	CHAOS_RECORD=$(CURDIR)/reports/chaos.jsonl .venv/bin/python -m pytest tests/chaos -m "long or not long"
	@.venv/bin/python -m tests.chaos.table reports/chaos.jsonl

.PHONY: soak
soak: $(READY_TEST)
	@.venv/bin/python -m tests.soak --seconds $(SECONDS) --tps $(TPS)

.PHONY: screenshots
screenshots: $(READY_TEST)
	SCREENSHOTS=1 .venv/bin/python -m pytest tests/e2e/test_page.py

$(READY): requirements/demo.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which with make PYTHON=…")'
	@echo "Setting up .venv (once) …"
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	@touch $@

# What only tests need: the driver of the page's browser alone has 53 MB.
$(READY_TEST): requirements/test.txt | $(READY)
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

.venv-%/.ready: requirements/%.txt
	@echo "Setting up .venv-$* (once) …"
	@$(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

clean:
	rm -rf .venv .venv-bench .venv-lint .venv-mutants .build .local reports .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
