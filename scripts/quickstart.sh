#!/usr/bin/env bash
# ./dev quickstart: semantic IDs of the Debian package catalogue, step by step, each command shown as one would type it.
# Everything goes to quickstart/. Needs no data beside the package lists that apt has.
#   --slice N   about N packages instead of all: what CI runs
set -euo pipefail
exec 2>&1
tree=$PWD
. scripts/lib.sh

slice=0
if [ "${1:-}" = --slice ]; then slice=${2:?--slice N}; fi
featured=gimp # shown below; must be in every slice, as must what step 8 asks for
company='python3 python3-numpy python3-scipy python3-pandas python3-matplotlib'
newcomer=palette-painter

bold= plain=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi

heading() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
say() { printf '%s\n' "$@"; }
# Shows a command, runs it. In a pipe semid would print bare tsv: here a table is wanted anyway.
run() {
    printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
    if [ "$1" = semid ] && [ ! -t 1 ] && [ "$2" != fit ] && [ "$2" != train ]; then set -- "$@" --format table; fi
    "$@"
}
# The same, its first lines.
run_head() {
    local lines=$1
    shift
    if [ "$1" = semid ]; then set -- "$@" --format table; fi # in a pipe semid prints bare tsv
    printf '\n%s$ %s | head -n %s%s\n' "$bold" "$*" "$lines" "$plain"
    "$@" >quickstart/output.txt
    head -n "$lines" quickstart/output.txt | cut -c 1-118
}

# ---- 1. the program --------------------------------------------------------------------------------------------------
started=$SECONDS
heading "1. Build semid (gcc, release)"
need $packages_build
command -v apt-cache >/dev/null || fail "the quickstart reads Debian's package lists, and apt is not here; with your own
    items.tsv: cmake --preset release && cmake --build --preset release && build/release/semid fit items.tsv -o catalog"
package_lists_are_there || { may_install && apt_update; } || fail "there are no package lists: run sudo apt-get update"
printf '\n%s$ cmake --preset release && cmake --build --preset release%s\n' "$bold" "$plain"
build release
export PATH=$tree/build/release:$PATH
say "" "Below, semid is build/release/semid. To type along:" "" \
    "    cd $tree && export PATH=\$PWD/build/release:\$PATH"

# ---- 2. the items ----------------------------------------------------------------------------------------------------
heading "2. Items: every package of Debian, one a line"
say "A name, a short description, a section, and the tags that people gave it: a catalogue like a shop's."
mkdir -p quickstart
debian_items >quickstart/items.tsv
if [ "$slice" -gt 0 ]; then
    awk -F'\t' -v wanted="$slice" -v featured="$featured $company" 'NR == FNR { count = FNR; next }
        FNR == 1 { split(featured, name, " "); for (i in name) keep[name[i]] = 1 }
        FNR == 1 || ($1 in keep) || FNR % int(1 + count / wanted) == 1' quickstart/items.tsv quickstart/items.tsv >quickstart/slice.tsv
    mv quickstart/slice.tsv quickstart/items.tsv
fi
run_head 4 cat quickstart/items.tsv
say "" "$(($(wc -l <quickstart/items.tsv) - 1)) packages."

# ---- 3. fit ----------------------------------------------------------------------------------------------------------
heading "3. Fit: text to vectors, vectors to semantic IDs"
say "The built-in encoder turns each package's words into 128 numbers; residual k-means turns these into four codes of 256" \
    "each, coarse to fine. All that is needed later goes into one folder, the catalogue."
run semid fit quickstart/items.tsv -o quickstart/catalog --levels 4 --codes 256 --force

# ---- 4. health -------------------------------------------------------------------------------------------------------
heading "4. How good are they?"
say "docs/guide/health.md explains each figure."
run semid inspect quickstart/catalog
crowded=$(semid inspect quickstart/catalog --format json | tr ',' '\n' |
    sed -n 's/.*"largest_bucket_sid": *"\([0-9-]*\)".*/\1/p')
if [ -n "$crowded" ]; then
    say "" "Many packages share $crowded. The report says: read what they have in common."
    run_head 8 semid decode quickstart/catalog "$crowded"
    say "" "But for words that no second package has, their texts say the same: no quantizer can tell them apart." \
        "fit --collisions digit would give each of them one more code."
fi

# ---- 5. labels -------------------------------------------------------------------------------------------------------
heading "5. What the branches of the tree hold"
say "Words that many packages below a prefix have and its siblings lack. The largest of the first level:"
run semid label quickstart/catalog --depth 1 -k 12

# ---- 6. neighbours ---------------------------------------------------------------------------------------------------
heading "6. Similar packages share the beginning of their SID"
run semid show quickstart/catalog "$featured"
say "" "Its neighbours: first those that share most levels, then the nearest."
run semid neighbors quickstart/catalog --item "$featured" -k 8
prefix=$(semid show quickstart/catalog "$featured" --format tsv | head -n 1 | cut -f 2 | cut -d - -f 1,2)
say "" "Everything below the prefix $prefix, one branch of the tree:"
run_head 9 semid decode quickstart/catalog "$prefix"

# ---- 7. a new item ---------------------------------------------------------------------------------------------------
heading "7. A package that Debian does not have gets a SID from its text; no other SID moves"
{
    head -n 1 quickstart/items.tsv
    printf '%s\tpaint program for digital artists, with brushes and layers\tgraphics\t' "$newcomer"
    printf 'interface::graphical role::program use::editing works-with::image works-with::image:raster x11::application\n'
} >quickstart/new.tsv
run cat quickstart/new.tsv
run semid encode quickstart/catalog quickstart/new.tsv --add
run semid neighbors quickstart/catalog --item "$newcomer" -k 5

# ---- 8. recommend ----------------------------------------------------------------------------------------------------
heading "8. Who needs this also needs that"
say "What a package depends on is a basket, as a customer's purchases are. A model learns from all baskets which packages go" \
    "together, and the catalogue says what they are:"
debian_baskets quickstart/items.tsv >quickstart/baskets.tsv
run semid train itemknn --events quickstart/baskets.tsv --split all -o quickstart/model --force
run semid recommend quickstart/model --history python3-numpy,python3-scipy -k 6 --catalog quickstart/catalog

# ---- 9. next ---------------------------------------------------------------------------------------------------------
heading "Done in $((SECONDS - started)) s. Three to try next"
cat <<TXT

    semid neighbors quickstart/catalog --text "web server" -k 5
    semid export quickstart/catalog --as tsv -o quickstart/sids.tsv
    semid fit YOUR.tsv -o your-catalog      # first column item_id, the others text: docs/guide/first-sids.md

after: cd $tree && export PATH=\$PWD/build/release:\$PATH
TXT
