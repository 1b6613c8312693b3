#!/usr/bin/env bash
# run.sh LIBRARY PROGRAM: the tests of the Python package from the tree's root, with Debian's Python, numpy and pytest.
set -euo pipefail
/usr/bin/python3 -c 'import numpy, pytest' 2>/dev/null || {
    echo "SKIPPED python: no numpy or pytest for /usr/bin/python3 (python3-numpy, python3-pytest)"
    exit 77
}
export SEMID_LIBRARY=$1 SEMID_PROGRAM=$2 PYTHONPATH=$PWD/python PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/python
