# lib.sh: what the cases use. Each helper is one test; `out` and `err` hold the streams of the last run.

out=$work/out err=$work/err

pass() { passed=$((passed + 1)); }

# flunk WHAT: says where, what, and what semid said.
flunk() {
    failed=$((failed + 1))
    echo "FAILED $name: $*"
    echo "    $ semid $command_line"
    head -n 5 "$err" | sed 's/^/    stderr: /'
    head -n 5 "$out" | sed 's/^/    stdout: /'
}

skip() {
    skipped=$((skipped + 1))
    echo "SKIPPED $name: $*"
}

# run ARGS...: sets `code`.
run() {
    command_line=$*
    "$semid" "$@" >"$out" 2>"$err" </dev/null
    code=$?
}

# passes ARGS...: exit 0.
passes() {
    run "$@"
    if [ $code -eq 0 ]; then pass; else flunk "exit $code, 0 expected"; fi
}

# fails CODE PART ARGS...: that exit code, PART in the message, which begins with "semid: ", and nothing on stdout.
fails() {
    wanted=$1 part=$2
    shift 2
    run "$@"
    if [ $code -ne "$wanted" ]; then
        flunk "exit $code, $wanted expected"
    elif ! grep -qF -- "$part" "$err"; then
        flunk "\"$part\" is not in the message"
    elif ! grep -q '^semid: ' "$err"; then
        flunk "the message does not begin with semid:"
    elif [ -s "$out" ]; then
        flunk "there is something on stdout"
    else
        pass
    fi
}

# Of the last run.
says() { if grep -qF -- "$1" "$err"; then pass; else flunk "\"$1\" is not on stderr"; fi; }
prints() { if grep -qF -- "$1" "$out"; then pass; else flunk "\"$1\" is not on stdout"; fi; }
prints_nothing() { if [ ! -s "$out" ]; then pass; else flunk "there is something on stdout"; fi; }
is_silent() { if [ ! -s "$err" ]; then pass; else flunk "there is something on stderr"; fi; }
prints_lines() {
    lines=$(wc -l <"$out")
    if [ "$lines" -eq "$1" ]; then pass; else flunk "$lines lines on stdout, $1 expected"; fi
}

# check WHAT COMMAND...: a test of anything else.
check() {
    what=$1
    shift
    if "$@"; then pass; else flunk "$what"; fi
}

is_same() { cmp -s "$1" "$2"; }
is_absent() { [ ! -e "$1" ] && [ ! -L "$1" ]; }
# No temporary folder of a catalogue that was never finished.
is_clean() { [ -z "$(find "${1:-.}" -name '.*.tmp-*')" ]; }

# fingerprint CATALOG: of every file but the lock and what SQLite keeps beside an open database.
fingerprint() {
    (cd "$1" && find . -type f ! -name lock ! -name '*-wal' ! -name '*-shm' | LC_ALL=C sort | xargs sha256sum) | sha256sum
}
is_unchanged() { [ "$(fingerprint "$1")" = "$2" ]; }

# ---- Tiny data ------------------------------------------------------------------------------------------------------

# f32 WORD...: little-endian floats of a few known values.
f32() {
    for word in "$@"; do
        case $word in
        0) printf '\000\000\000\000' ;;
        1) printf '\000\000\200\077' ;;
        2) printf '\000\000\000\100' ;;
        3) printf '\000\000\100\100' ;;
        -1) printf '\000\000\200\277' ;;
        tiny) printf '\001\000\000\000' ;;
        huge) printf '\312\362\111\161' ;; # 1e30
        nan) printf '\000\000\300\177' ;;
        inf) printf '\000\000\200\177' ;;
        esac
    done
}

# npy_header SHAPE: version 1.0 of float32, C order; SHAPE as "(3, 2)".
npy_header() {
    printf '\223NUMPY\001\000\166\000'
    printf '%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': $1, }"
}

# npy ROWS COLUMNS WORD... >x.npy
npy() {
    npy_header "($1, $2)"
    shift 2
    f32 "$@"
}

# little BYTES NUMBER: little-endian.
little() {
    number=$2
    for _ in $(seq "$1"); do
        printf "\\$(printf %03o $((number & 255)))"
        number=$((number >> 8))
    done
}

# npz NAME x.npy >x.npz: a zip of one stored member. gzip knows its CRC.
npz() {
    member=$1.npy size=$(size_of "$2")
    gzip -c "$2" | tail -c 8 | head -c 4 >"$work/crc"
    meta() { little 2 20; little 8 0; cat "$work/crc"; little 4 "$size"; little 4 "$size"; little 2 ${#member}; }
    printf 'PK\003\004'; meta; little 2 0; printf %s "$member"; cat "$2"
    printf 'PK\001\002'; little 2 20; meta; little 8 0; little 8 0; printf %s "$member"
    printf 'PK\005\006'; little 4 0; little 2 1; little 2 1
    little 4 $((46 + ${#member})); little 4 $((30 + ${#member} + size)); little 2 0
}

# items COUNT [FIRST] >items.tsv: ids i1.. with a few words each, in four kinds.
items() {
    awk -v count="$1" -v first="${2:-1}" 'BEGIN {
        split("red matte lipstick|blue cotton shirt|steel kitchen knife|garden hose reel", kind, "|")
        print "item_id\ttitle\tbrand"
        for (i = first; i < first + count; i++)
            printf "i%d\t%s number %d\tbrand%d\n", i, kind[i % 4 + 1], i % 7, i % 5
    }'
}

# flip FILE OFFSET: one bit of one byte.
flip() {
    byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
    printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>"$work/dd"
}

size_of() { wc -c <"$1" | tr -d ' '; }
