#!/bin/sh
# run.sh SEMID [CASES...]: tests of the binary as a process: words, exit codes, streams, files. POSIX sh and coreutils only.
# Each case file is sourced in a folder of its own; all print one line a failure, and the last line counts.
#   sh tests/cli/run.sh build/semid            all
#   sh tests/cli/run.sh build/semid words      tests/cli/words.sh only
set -u
semid=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cases=$(cd "$(dirname "$0")" && pwd)
shift
[ $# -gt 0 ] || set -- words verbs encoders events pieces bad_input damage faults clock resume train rank retrieve
work=$(mktemp -d "${TMPDIR:-/tmp}/semid-cli.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
unset SEMID_THREADS SEMID_MEMORY_LIMIT SEMID_CONFIG SEMID_LOG_FORMAT SEMID_ISA NO_COLOR
LC_ALL=C.UTF-8
export LC_ALL
passed=0 failed=0 skipped=0
. "$cases/lib.sh"
for name in "$@"; do
    mkdir "$work/$name"
    cd "$work/$name" || exit 1
    . "$cases/$name.sh"
done
cd /
[ "$skipped" -eq 0 ] || echo "$skipped skipped: said above why"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
