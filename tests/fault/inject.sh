#!/bin/bash
# inject.sh SEMID: fault 9 on the whole program. strace makes the n-th system call of a kind fail in `fit` (new, and over an old
# catalogue) and in `encode --add`; the program must end by itself, with a message when it fails, and leave the old catalogue
# or the new one, whole; then the same command works. 60 points, every one with SEMID_SOAK=1; SEMID_FAULT_SEED draws others.
# Calls of the dynamic loader come first and are left out.
set -u
semid=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
skip() {
    echo "inject: $*: no system call of the whole program was made to fail"
    exit 77
}
command -v strace >/dev/null || skip "strace is not there"
strace -o /dev/null true 2>/dev/null || skip "ptrace is forbidden here"
work=$(mktemp -d "${TMPDIR:-/tmp}/semid-inject.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset SEMID_THREADS SEMID_MEMORY_LIMIT SEMID_CONFIG SEMID_LOG_FORMAT SEMID_ISA

# call:error, and "+" where it fails from then on, as a full disk does.
faults="openat:EIO openat:EMFILE openat:EINTR read:EIO read:EINTR pread64:EIO pread64:EINTR write:ENOSPC pwrite64:EIO
pwrite64:ENOSPC+ pwrite64:EINTR fsync:EIO fdatasync:EIO rename:EIO renameat2:EIO ftruncate:EIO unlink:EIO mkdir:ENOSPC
newfstatat:EIO fcntl:ENOLCK getdents64:EIO close:EIO mmap:ENOMEM mmap:ENOMEM+ statfs:EIO"
sampled=60

awk 'BEGIN { print "item_id\ttitle"; for (i = 0; i < 200; i++) printf "i%d\tred lamp %d of kind %d\n", i, i % 7, i % 13 }' >items.tsv
awk 'BEGIN { print "item_id\ttitle"; for (i = 0; i < 5; i++) printf "n%d\tblue lamp %d\n", i, i }' >more.tsv
fit="fit items.tsv -o c --codes 8 --threads 1 --quiet"
add="encode c more.tsv --add --if-exists skip --threads 1 --quiet"
"$semid" $fit && cp -r c fitted || exit 1

prepare() {
    rm -rf c .c.tmp-*
    case $1 in
    fit) command=$fit ;;
    force) command="$fit --force" && cp -r fitted c ;;
    add) command=$add && cp -r fitted c ;;
    esac
}

calls() { grep -cE "^[0-9]+ +$1\(" "$2"; }

# Lines "verb call error n" of every point.
list_points() {
    strace -f -o loader "$semid" version >out 2>err
    for verb in fit force add; do
        prepare $verb
        strace -f -o "calls.$verb" "$semid" $command >out 2>err || return 1
        for fault in $faults; do
            call=${fault%%:*}
            first=$(calls "$call" loader) last=$(calls "$call" "calls.$verb")
            [ "$call" != write ] || first=0
            for n in $(seq $((first + 1)) "$last"); do echo "$verb $call ${fault#*:} $n"; done
        done
    done
}

failed=0 injected=0
flunk() {
    echo "inject: $*"
    head -n 3 err
    failed=$((failed + 1))
}

# rows: live items of c, or "damaged".
rows() {
    if "$semid" verify c --full >out.verify 2>err.verify; then
        "$semid" export c --as tsv -o - | tail -n +2 | wc -l
    else
        cat err.verify
        echo damaged
    fi
}

try_point() {
    local verb=$1 call=$2 error=$3 n=$4 code seen when=$4
    [ "$error" = "${error%+}" ] || when=$n+
    prepare "$verb"
    timeout 60 strace -f -o trace -e trace="$call" -e inject="$call:error=${error%+}:when=$when" "$semid" $command >out 2>err </dev/null
    code=$?
    ! grep -q INJECTED trace || injected=$((injected + 1))
    [ $code -lt 124 ] || flunk "$verb, $call $n fails with $error: ended by $code"
    [ $code -eq 0 ] || [ "$call" = write ] || grep -q '^semid: ' err || flunk "$verb, $call $n fails with $error: exit $code without a word"
    if [ -e c ] || [ $code -eq 0 ]; then seen=$(rows); else seen=none; fi
    case "$verb $seen $code" in
    "fit none "[1-9]* | "fit 200 "* | "force 200 "* | "add 200 "[1-9]* | "add 205 "*) ;;
    *) flunk "$verb, $call $n fails with $error: exit $code, afterwards $seen" ;;
    esac
    [ "$verb" != fit ] || [ ! -e c ] || command="$command --force"
    "$semid" $command >out 2>err </dev/null || flunk "$verb after $call $n failed with $error: the same command fails"
    seen=$(rows)
    case "$verb $seen" in "fit 200" | "force 200" | "add 205") ;; *) flunk "$verb after $call $n failed with $error: then $seen" ;; esac
    [ -z "$(find . -maxdepth 1 -name '.c.tmp-*')" ] || flunk "$verb after $call $n failed with $error: a temporary folder stays"
}

list_points >points || { echo "inject: the commands fail without a fault"; exit 1; }
total=$(wc -l <points)
if [ "${SEMID_SOAK:-0}" = 0 ]; then
    awk -v seed="${SEMID_FAULT_SEED:-1}" 'BEGIN { srand(seed) } { print rand() "\t" $0 }' points | sort -n | cut -f 2 | head -n $sampled >chosen
else # SEMID_FAULT_PART=2/5: the second fifth
    part=${SEMID_FAULT_PART:-1/1}
    awk -v first="${part%/*}" -v parts="${part#*/}" 'NR % parts == first - 1' points >chosen
fi
while read -r verb call error n; do
    try_point "$verb" "$call" "$error" "$n"
done <chosen
echo "inject: $(wc -l <chosen) of $total points, $injected calls met, $failed failures"
[ "$failed" -eq 0 ] && [ "$injected" -gt 0 ]
