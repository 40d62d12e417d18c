"""The scans of `make lint` find what they are for, and say so where they can't look."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from scans import known_holes
from tests.template import ROOT

Asking: TypeAlias = Callable[..., tuple[int, str]]
PYTHON = ROOT / ".venv-lint/bin/python"
MENDED = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.0"]}
CONTROL = {"id": "GHSA-1", "aliases": [known_holes.CONTROL[1]], "fix_versions": ["3.1.3"]}


def scanned(folder: Path) -> subprocess.CompletedProcess[str]:
    if not PYTHON.exists():
        pytest.skip("make lint sets .venv-lint up")
    command = [str(PYTHON), "-m", "scans.secrets_in_tree", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_planted_secrets_are_found_and_not_repeated(tmp_path: Path) -> None:
    key = "AKIA" + "Q3X7Z9B2M5V8K1T4"
    secret = "".join(("wJq8zK3vXp", "7LmN2bQ9rT", "5yHd6FgC1s", "Ae4UoV0iBx"))
    planted = {
        "deploy.sh": f"export AWS_ACCESS_KEY_ID={key}\n",
        "settings.py": f'AWS_SECRET_ACCESS_KEY = "{secret}"\n',
        "id_rsa": "-----BEGIN RSA PRIVATE " + "KEY-----\n" + f"{secret * 2}\n" * 4,
        "notes.md": "token: ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2 + "\n",
        "swagger-package-lock.json": f'{{"key": "{key}"}}\n',
        "lock.txt": f"boto3==1 --hash=sha256:{'0' * 64}\nboto3==2 # {key}\n",
    }
    for name, text in planted.items():
        (tmp_path / name).write_text(text)
    found = scanned(tmp_path)
    assert found.returncode == 1, found.stderr
    assert {name for name in planted if f"{tmp_path / name}:" in found.stdout} == {*planted}
    assert key not in found.stdout + found.stderr
    assert secret not in found.stdout + found.stderr


def test_what_is_no_secret_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text(f"boto3==1 \\\n    --hash=sha256:{'0a1b2c3d' * 8}\n")
    (tmp_path / "a.py").write_text('secret_access_key = "test"\n')
    found = scanned(tmp_path)
    assert (found.returncode, found.stdout) == (0, "secrets: 0 in 2 files\n"), found.stdout


def pip_audit(folder: Path, **answers: object) -> Path:
    """One that answers for each file by its name; of any other it says what it does offline."""
    program = folder / "pip-audit"
    lines = "".join(
        f"  */{name}.txt) echo '{json.dumps({'dependencies': answer})}'; exit 1;;\n"
        for name, answer in answers.items()
    )
    program.write_text(
        f'#!/bin/sh\nfor file; do :; done\ncase "$file" in\n{lines}esac\n'
        "echo 'Name or service not known' >&2; exit 1\n"
    )
    program.chmod(0o755)
    return program


def package(name: str, *holes: object) -> dict[str, object]:
    return {"name": name, "version": "1.0", "vulns": [*holes]}


@pytest.fixture
def asking(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Asking:
    def asked(**answers: object) -> tuple[int, str]:
        monkeypatch.setattr(known_holes, "_PROGRAM", pip_audit(tmp_path, **answers))
        code = known_holes.main()
        return code, capsys.readouterr().out

    return asked


def all_locks(*packages: object) -> dict[str, object]:
    return {lock: [*packages] for lock in known_holes.LOCKS}


def test_a_hole_of_a_pinned_package_fails(asking: Asking) -> None:
    holed = all_locks(package("fine")) | {"bench": [package("old", MENDED), package("fine")]}
    code, said = asking(control=[package("jinja2", CONTROL)], **holed)
    assert code == 1
    assert "requirements/bench.txt: 1 in 2 packages" in said
    assert "old 1.0: PYSEC-1, CVE-1 (mended in 2.0)" in said


def test_no_hole_passes_and_each_lock_is_named(asking: Asking) -> None:
    code, said = asking(control=[package("jinja2", CONTROL)], **all_locks(package("fine")))
    assert code == 0
    assert said.count("0 in 1 packages") == len(known_holes.LOCKS)
    assert "not checked" not in said


@pytest.mark.parametrize(
    ("control", "says"),
    [
        ({}, "pypi: Name or service not known"),
        ({"control": [package("jinja2")]}, "knows nothing of CVE-2024-22195"),
        ({"control": [{"name": "jinja2", "skip_reason": "not found"}]}, "jinja2 (not found)"),
    ],
)
def test_where_nobody_knows_of_holes_it_says_that_nothing_was_checked(
    asking: Asking, control: dict[str, object], says: str
) -> None:
    code, said = asking(**control, **all_locks(package("old", MENDED)))
    assert code == 0
    assert said.startswith("holes: not checked: no source of advisories answers here\n")
    assert says in said


def test_what_was_not_checked_is_named(asking: Asking) -> None:
    some = {"demo": [package("fine"), {"name": "unheard", "skip_reason": "not found"}]}
    code, said = asking(control=[package("jinja2", CONTROL)], **some)
    assert code == 0
    assert "requirements/demo.txt: 0 in 1 packages\n  not checked: unheard (not found)" in said
    assert "not checked: requirements/lint.txt: Name or service not known" in said
