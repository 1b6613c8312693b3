#!/usr/bin/env bash
# overload.sh PROGRAM BENCH_DIR CATALOG [MODEL [SECONDS]]: `semid serve` under what it can answer, and under 2, 5 and 10 times that, by a client
# that asks at its own rate (open_loop.c): what is answered, how soon it refuses the rest, and the server's memory. Questions:
# encode (200 texts, where there is an encoder), neighbors (500 of an item), and, with a model, recommend. The server has one
# core and the client another. The peak is what 32 clients get that wait for answers.
set -euo pipefail
program=$1 bench=$2 catalog=$3 model=${4:-} seconds=${5:-5}
work=$(mktemp -d "${TMPDIR:-/tmp}/semid-overload.XXXXXX")
server=
trap 'kill $server 2>/dev/null || true; wait; rm -rf "$work"' EXIT
ours="taskset -c 1" client="taskset -c 0" # what the client takes is not the server's
[ "$(nproc)" -gt 1 ] || ours= client=
$ours "$program" serve "$catalog" ${model:+--model "$model"} --read-only --port 18704 --drain-s 0 --client-max 65536 -q &
server=$!
until curl -sf -o /dev/null localhost:18704/readyz; do sleep 0.05; done
sleep 2 # labels

memory() { awk '{ printf "%.1f", $2 * 4096 / 1048576 }' "/proc/$server/statm"; }
# question NAME PATH BODY
question() {
    local body=$3
    printf 'POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' "$2" "${#body}" "$body" >"$work/$1"
    $client "$bench/bench_open_loop" 18704 "$work/$1" 0 1 32 >/dev/null # warm
    local peak line before
    line=$($client "$bench/bench_open_loop" 18704 "$work/$1" 0 "$seconds" 32)
    peak=$(sed 's/.* answered=\([0-9]*\).*/\1/' <<<"$line")
    [ "$peak" -gt 0 ] || { echo "$1: no answer: $line" >&2; exit 1; }
    echo "$1: peak $peak answers/s, memory $(memory) MiB: $line"
    for times in 1 2 5 10; do
        before=$(memory)
        line=$($client "$bench/bench_open_loop" 18704 "$work/$1" $((peak * times)) "$seconds")
        awk -v name="$1" -v times="$times" -v peak="$peak" -v before="$before" -v after="$(memory)" '{
            for (i = 1; i <= NF; i++) { split($i, pair, "="); v[pair[1]] = pair[2] }
            printf "%s: %2dx: answered %.2f of peak, p99 %s ms; refused %d, p50 %s p99 %s ms; late %d, other %d, broken %d, unanswered %d, unsent %d; memory %s to %s MiB, %d connections\n",
                name, times, v["answered"] / peak, v["good_p99"], v["refused"], v["refused_p50"] + 0, v["refused_p99"] + 0,
                v["late"], v["other"], v["broken"], v["unanswered"], v["unsent"], before, after, v["lines"] }' <<<"$line"
    done
}

id=$(curl -s 'localhost:18704/v1/map?limit=1' | sed 's/.*"item_id":"\([^"]*\)".*/\1/')
info=$(curl -s localhost:18704/v1/info)
texts=$(for i in $(seq 200); do printf '{"text":"red matte lipstick number %d"},' "$i"; done)
[[ $info == *'"encoder":null'* ]] || question encode /v1/encode "{\"items\":[${texts%,}]}"
question neighbors /v1/neighbors "{\"item\":\"$id\",\"k\":500}"
[ -z "$model" ] || question recommend /v1/recommend "{\"history\":[\"$id\"],\"k\":10}"
