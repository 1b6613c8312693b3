#!/usr/bin/env bash
# oracle_numpy.sh SEMID TREE: makes catalogues and has numpy recompute their SIDs (numpy_chain.py): synthetic vectors, with
# and without PCA, and Beauty when its data is there (SEMID_DATA, or ../shared/data beside the tree).
set -euo pipefail
semid=$1 tree=$2
data=${SEMID_DATA:-$tree/../shared/data}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chain=$tree/tests/oracle/numpy_chain.py

"$semid" synth vectors -o "$work/synth" --item-count 4000 --dim 48 --seed 5 --quiet
vectors=$(ls "$work"/synth/*.npy)
"$semid" fit --vectors "$vectors" -o "$work/plain" --levels 3 --codes 64 --quiet
/usr/bin/python3 "$chain" "$semid" "$work/plain"
"$semid" fit --vectors "$vectors" -o "$work/refined" --levels 4 --codes 64,32,32,16 --refine 1 --quiet
/usr/bin/python3 "$chain" "$semid" "$work/refined"
if [ -f "$data/beauty/text_minilm.npy" ]; then
    "$semid" fit --vectors "$data/beauty/text_minilm.npy" --items "$data/beauty/items.tsv" -o "$work/beauty" \
        --levels 3 --codes 256 --quiet
    /usr/bin/python3 "$chain" "$semid" "$work/beauty"
else
    echo "oracle_numpy: SKIPPED for Beauty: $data/beauty is not there"
fi
