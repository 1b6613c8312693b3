#!/usr/bin/env bash
# large.sh SEMID FOLDER: 10 M x 64 vectors made, fitted and given SIDs under a memory limit of 2 GiB: seconds, peak memory,
# bytes on disk. The folder is made and removed.
set -euo pipefail
semid=$1 folder=$2
mkdir -p "$folder"
trap 'rm -rf "$folder"' EXIT

# timed NAME COMMAND...: a line with seconds and the peak of resident memory, from the shell's own clock and /proc.
timed() {
    local name=$1 start end peak=0 now
    shift
    start=$(date +%s.%N)
    "$@" >"$folder/log" 2>&1 &
    local child=$!
    while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$child/status" 2>/dev/null) && [ -n "$now" ]; do
        peak=$now
        sleep 0.2
    done
    wait "$child" || { tail -n 5 "$folder/log" >&2; return 1; }
    end=$(date +%s.%N)
    awk -v name="$name" -v a="$start" -v b="$end" -v peak="$peak" -v commit="${SEMID_COMMIT:--}" \
        'BEGIN { printf "| %s | %.1f s | %.0f MiB | %s |\n", name, b - a, peak / 1024, commit }'
}

printf '\n### large: 10,000,000 x 64, %s cores\n\n| case | seconds | peak memory | commit |\n|---|---|---|---|\n' "$(nproc)"
timed "make the vectors" "$semid" synth vectors -o "$folder/data" --item-count 10000000 --dim 64
timed "fit and encode, --memory-limit 2G" "$semid" fit --vectors "$folder/data/vectors.npy" -o "$folder/catalog" --memory-limit 2G --force
timed "open and show one item" "$semid" show "$folder/catalog" 12345
printf '\nCatalogue on disk: %s, of which vectors %s.\n' "$(du -sh "$folder/catalog" | cut -f1)" \
    "$(du -sh "$folder/catalog/vectors.npy" | cut -f1)"
