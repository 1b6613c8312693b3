#!/bin/sh
# run_examples.sh PROGRAMS SEMID EXAMPLES: runs each example on data made here, in a folder of its own, and looks for what
# it must print.
set -eu
programs=$1 semid=$2 examples=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/semid-examples.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# expect COUNT PATTERN FILE: that many lines match.
expect() {
    found=$(grep -c -e "$2" "$3" || true)
    [ "$found" -eq "$1" ] || { echo "examples: $3: $found lines match '$2', $1 expected:"; cat "$3"; exit 1; }
}

"$programs/fit_neighbors" numbers >neighbors
expect 5 '^[0-9]*	[0-9]*-[0-9]*-[0-9]*	[0-3] levels shared	' neighbors

"$programs/vector_codes" >codes
expect 8 '^(.*)	[0-7]-[0-7]	stands for (' codes

cp "$examples/shop.tsv" shop.tsv
"$semid" fit shop.tsv -o catalog --codes 16 --quiet
printf 'item_id\ttitle\tbrand\tcategory\ntea-09\tGreen tea with lemon\tLeaf & Co\tfood > tea\n' >new.tsv
printf 'pens-09\tFountain pen, broad nib\tScriba\tpaper > pens\n' >>new.tsv
"$programs/add_remove" catalog new.tsv >added
expect 2 '^added ' added
"$semid" export catalog --as tsv >sids
expect 0 '^tea-09	' sids
expect 1 '^pens-09	' sids
awk 'BEGIN { print "user_id\titem_id"; for (u = 0; u < 9; u++) for (e = 0; e < 4; e++) print u "\titem" (u + e) % 9 }' >events.tsv
"$programs/recommend_next" events.tsv item1 item2 >next
expect 5 '^item[0-9]	' next
expect 1 '^item3	' next
echo "examples: four programs, ok"
