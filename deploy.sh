#!/usr/bin/env bash
# Deploys a stage of the demo, removes it again, or says what is there: ./deploy.sh --help
#
# This only finds the interpreter; what is done stands in deployment/.
set -euo pipefail
unset CDPATH # or `cd` would print

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD_DIR=${BUILD_DIR:-$root/.build}
[[ $BUILD_DIR == /* ]] || BUILD_DIR=$PWD/$BUILD_DIR
export BUILD_DIR
cd "$root"

python=python3
[[ ! -x .venv/bin/python ]] || python=$PWD/.venv/bin/python
command -v "$python" >/dev/null || {
  echo "error: python3 is not on the PATH" >&2
  exit 1
}
"$python" - <<'PYTHON' || exit 1
import importlib.util
import sys

if sys.version_info < (3, 11):
    sys.exit(f"error: {sys.executable} is too old, Python 3.11 or newer is needed")
missing = [name for name in ("boto3", "yaml") if not importlib.util.find_spec(name)]
if missing:
    sys.exit(f"error: {sys.executable} lacks {missing}; pip install -r requirements/demo.txt")
PYTHON

# The price file is the API's. Not a child: an interruption meant for this script reaches what does
# the work.
PYTHONPATH=api exec "$python" -m deployment "$@"
