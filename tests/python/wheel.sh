#!/usr/bin/env bash
# wheel.sh: what `pip install .` gives, in a fresh virtual environment outside the tree: the wheel's tag and files, the Python
# blocks of README and guide, types, and the tests of tests/python on it, with pyarrow. About half a minute; needs a package index.
set -euo pipefail
tree=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/semid-wheel.XXXXXX")
trap 'rm -rf "$work"' EXIT
program=${SEMID_PROGRAM:-$tree/build/release/semid}
fail() {
    echo "wheel: $*"
    exit 1
}
quietly() {
    "$@" >"$work/log" 2>&1 || { tail -n 40 "$work/log"; fail "failed: $*"; }
}

[ -x "$program" ] || fail "no program at $program to compare with; cmake --preset release && cmake --build --preset release"
quietly /usr/bin/python3 -m venv "$work/venv"
python=$work/venv/bin/python
quietly "$work/venv/bin/pip" wheel --no-deps --config-settings build-dir="$work/build" -w "$work" "$tree"
wheel=$(echo "$work"/semid-*.whl)
case $wheel in *-py3-none-linux_*.whl) ;; *) fail "the wheel is ${wheel##*/}; py3-none-linux_... is expected" ;; esac
"$python" - "$wheel" <<'PY'
import sys, zipfile
names = set(zipfile.ZipFile(sys.argv[1]).namelist())
wanted = {"semid/__init__.py", "semid/py.typed", "semid/libsemid.so.0"}
assert wanted <= names, f"the wheel lacks {wanted - names}"
stray = [name for name in names if not name.startswith(("semid/", "semid-"))]
assert not stray, f"the wheel holds {stray}"
PY
quietly "$work/venv/bin/pip" install "$wheel" pytest mypy pyarrow
cd "$work" # so that the tree's python/ is not found
unset PYTHONPATH SEMID_LIBRARY
quietly "$work/venv/bin/mypy" --strict -p semid # finds the installed one by its py.typed
PATH=${program%/*}:$PATH SEMID_PYTHON=$python "$python" "$tree/scripts/run_doc_blocks.py" "$tree/README.md" \
    "$tree/docs/guide/python.md" || fail "a block of the documentation does not run with the wheel"
# Real data ran in the build's own tests.
SEMID_DATA=/nonexistent SEMID_PROGRAM=$program "$python" -m pytest -q -p no:cacheprovider "$tree/tests/python" >"$work/log" 2>&1 ||
    { tail -n 60 "$work/log"; fail "tests fail on the wheel"; }
tail -n 1 "$work/log"
echo "wheel: ${wheel##*/}: ok"
