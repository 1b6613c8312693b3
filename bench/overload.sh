#!/usr/bin/env bash
# overload.sh PROGRAM BENCH_DIR CATALOG [MODEL [SECONDS [QUESTIONS [TIMES]]]]: `semid serve` under what it can answer and under TIMES
# ("1 2 5 10") as much, by a client that asks at its own rate (open_loop.c): what is answered, how soon it refuses the rest, and the
# server's memory. QUESTIONS, all that can be asked: encode (200 texts), encode-1, encode-20, neighbors (500 of an item), neighbors-10,
# recommend. The peak is what 32 clients get that wait for answers, over 5 s.
#
# The server has one core and the client another; neither may sleep (something idle spins on it): waking a core of a virtual machine
# costs more than a refusal. Last, an epoll loop that refuses at once whatever comes (raw_loop.c) shows what refusing takes at the least:
# with nothing else to do but that, 1 - 9 x its time / an answer's time would be left for answers at 10x.
set -euo pipefail
program=$1 bench=$2 catalog=$3 model=${4:-} seconds=${5:-30} wanted=${6:-} all_times=${7:-1 2 5 10}
work=$(mktemp -d "${TMPDIR:-/tmp}/semid-overload.XXXXXX")
server= raw= awake=
trap 'kill $server $raw $awake 2>/dev/null || true; wait; rm -rf "$work"' EXIT
ours="taskset -c 1" client="taskset -c 0" # what the client takes is not the server's
[ "$(nproc)" -gt 1 ] || ours= client=
for run in "$ours" "$client"; do
    chrt -i 0 $run bash -c 'while :; do :; done' &
    awake="$awake $!"
done
$ours "$program" serve "$catalog" ${model:+--model "$model"} --read-only --port 18704 --drain-s 0 --client-max 65536 -q &
server=$!
until curl -sf -o /dev/null localhost:18704/readyz; do sleep 0.05; done
sleep 2 # labels

memory() { awk '{ printf "%.1f", $2 * 4096 / 1048576 }' "/proc/$server/statm"; }
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; } # hundredths of a second of its time
field() { tr ' ' '\n' <<<"$2" | sed -n "s/^$1=//p"; }

# floor NAME PEAK: what refusing alone takes of the core
floor() {
    local before line
    printf 'HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\nContent-Length: 156\r\n\r\n%156s' '' >"$work/refusal"
    $ours "$bench/bench_raw_loop" 18705 "$work/refusal" &
    raw=$!
    sleep 0.2
    before=$(ticks $raw)
    line=$($client "$bench/bench_open_loop" 18705 "$work/$1" $(($2 * 9)) 4)
    awk -v name="$1" -v peak="$2" -v ticks=$(($(ticks $raw) - before)) -v count="$(field refused "$line")" 'BEGIN {
        us = ticks * 1e4 / count
        printf "%s: a raw loop refuses in %.2f us of its core, an answer takes %.1f: at 10x no more than %.2f of the peak could be answered; %d of %d were refused in 4 s\n",
            name, us, 1e6 / peak, 1 - 9 * us * peak / 1e6, count, 36 * peak }'
    kill $raw && wait $raw 2>/dev/null || true
    raw=
}

# question NAME PATH BODY
question() {
    local body=$3 peak line before
    [ -z "$wanted" ] || [[ " $wanted " == *" $1 "* ]] || return 0
    printf 'POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' "$2" "${#body}" "$body" >"$work/$1"
    $client "$bench/bench_open_loop" 18704 "$work/$1" 0 1 32 >/dev/null # warm
    line=$($client "$bench/bench_open_loop" 18704 "$work/$1" 0 5 32)
    peak=$(field answered "$line")
    [ "${peak:-0}" -gt 0 ] || { echo "$1: no answer: $line" >&2; exit 1; }
    echo "$1: peak $peak answers/s, memory $(memory) MiB: $line"
    for times in $all_times; do
        before=$(memory)
        line=$($client "$bench/bench_open_loop" 18704 "$work/$1" $((peak * times)) "$seconds")
        awk -v name="$1" -v times="$times" -v peak="$peak" -v before="$before" -v after="$(memory)" '{
            for (i = 1; i <= NF; i++) { split($i, pair, "="); v[pair[1]] = pair[2] }
            printf "%s: %2dx: answered %.2f of peak, p99 %s ms; refused %d, p50 %s p99 %s ms; late %d, other %d, broken %d, unanswered %d, unsent %d; memory %s to %s MiB, %d waited at once\n",
                name, times, v["answered"] / peak, v["good_p99"], v["refused"], v["refused_p50"] + 0, v["refused_p99"] + 0,
                v["late"], v["other"], v["broken"], v["unanswered"], v["unsent"], before, after, v["waited"] }' <<<"$line"
    done
    floor "$1" "$peak"
}

texts() { for i in $(seq "$1"); do printf '%s{"text":"red matte lipstick number %d"}' "${comma:-}" "$i"; local comma=,; done; }
id=$(curl -s 'localhost:18704/v1/map?limit=1' | sed 's/.*"item_id":"\([^"]*\)".*/\1/')
info=$(curl -s localhost:18704/v1/info)
if [[ $info != *'"encoder":null'* ]]; then
    question encode /v1/encode "{\"items\":[$(texts 200)]}"
    question encode-20 /v1/encode "{\"items\":[$(texts 20)]}"
    question encode-1 /v1/encode "{\"items\":[$(texts 1)]}"
fi
question neighbors /v1/neighbors "{\"item\":\"$id\",\"k\":500}"
question neighbors-10 /v1/neighbors "{\"item\":\"$id\",\"k\":10}"
[ -z "$model" ] || question recommend /v1/recommend "{\"history\":[\"$id\"],\"k\":10}"
