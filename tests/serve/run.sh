#!/usr/bin/env bash
# run.sh PROGRAM: `semid serve` as clients meet it, by Debian's Python and pytest.
set -euo pipefail
/usr/bin/python3 -c 'import numpy, pytest' 2>/dev/null || {
    echo "SKIPPED serve: no numpy or pytest for /usr/bin/python3 (python3-numpy, python3-pytest)"
    exit 77
}
cd "$(dirname "$0")"
export SEMID_PROGRAM=$1 PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -q -p no:cacheprovider --durations=8 .
