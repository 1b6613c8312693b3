#!/usr/bin/env bash
# engines.sh [PART...]: the adapters in transformers, torch, pyspark and ray, with the release build (or SEMID_LIBRARY). A part whose
# packages SEMID_ENGINES, a Python (default: /usr/bin/python3), lacks is skipped and said so; then the blocks of docs/guide/python.md, which
# are of the same frameworks. About a minute with all; not part of CI.
set -euo pipefail
tree=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
export SEMID_LIBRARY=${SEMID_LIBRARY:-$tree/build/release/libsemid.so.0}
export SEMID_PROGRAM=${SEMID_PROGRAM:-$tree/build/release/semid}
export PYTHONPATH=$tree/python PYTHONDONTWRITEBYTECODE=1
"${SEMID_ENGINES:-/usr/bin/python3}" "$tree/tests/python/engines.py" "$@"
PATH=${SEMID_PROGRAM%/*}:$PATH SEMID_PYTHON=${SEMID_ENGINES:-/usr/bin/python3} exec python3 "$tree/scripts/run_doc_blocks.py" "$tree/docs/guide/python.md"
