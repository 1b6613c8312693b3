#!/usr/bin/env bash
# labels.sh SEMID TREE: labels of the largest prefixes share a word with what most of their items are (check_labels.py):
# Beauty, when its data is there (SEMID_DATA, or ../shared/data beside the tree), and the Debian packages, when apt has their
# lists.
set -euo pipefail
semid=$1 tree=$2
data=${SEMID_DATA:-$tree/../shared/data}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
check=$tree/tests/labels/check_labels.py

if [ -f "$data/beauty/items.tsv" ]; then
    "$semid" fit "$data/beauty/items.tsv" -o "$work/beauty" --levels 2 --codes 256 --quiet
    /usr/bin/python3 "$check" "$semid" "$work/beauty" "$data/beauty/items.tsv" categories
else
    echo "labels: SKIPPED for Beauty: $data/beauty is not there"
fi
if command -v apt-cache >/dev/null && [ "$(apt-cache dumpavail | head -c 100000 | wc -c)" -eq 100000 ]; then
    {
        printf 'item_id\ttitle\tsection\ttags\n'
        apt-cache dumpavail | LC_ALL=C awk -f "$tree/scripts/debian_items.awk" | LC_ALL=C sort
    } >"$work/debian.tsv"
    "$semid" fit "$work/debian.tsv" -o "$work/debian" --levels 2 --codes 256 --quiet
    /usr/bin/python3 "$check" "$semid" "$work/debian" "$work/debian.tsv" section
else
    echo "labels: SKIPPED for Debian: apt has no package lists here"
fi
