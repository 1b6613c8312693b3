#!/usr/bin/env bash
# serve.sh PROGRAM BENCH_DIR ITEMS.tsv [SECONDS [ROUNDS]]: `semid serve` beside an epoll loop that sends the same bytes (raw) and beside bare
# libmicrohttpd sending them (bare), by wrk with 64 keep-alive connections on loopback, turn by turn: median (least to most) of
# ROUNDS requests a second, the share, and the time
# of its core that each takes a request (median). wrk has the first core and the servers the second one,
# and neither core may sleep (something idle spins on it): waking one of a virtual machine costs more than a request, and chance says
# whom it meets. Needs wrk, curl and chrt.
#   items one: the same item again and again; items all: items in turn, which the first time come from the catalogue
set -euo pipefail
program=$1 bench=$2 items=$3 seconds=${4:-1} rounds=${5:-7}
work=$(mktemp -d "${TMPDIR:-/tmp}/semid-bench.XXXXXX")
server= raw= bare= awake=
trap 'kill $server $raw $bare $awake 2>/dev/null || true; wait; rm -rf "$work"' EXIT
ours="taskset -c 1" client="taskset -c 0"
[ "$(nproc)" -gt 1 ] || ours= client=
for run in "$ours" "$client"; do
    chrt -i 0 $run bash -c 'while :; do :; done' &
    awake="$awake $!"
done
"$program" fit "$items" -o "$work/catalog" -q
$ours "$program" serve "$work/catalog" --port 18701 --drain-s 0 -q &
server=$!
until curl -sf -o /dev/null localhost:18701/readyz; do sleep 0.05; done
sleep 2 # labels

ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; } # hundredths of a second of its time

# rate NAME PROCESS URL [SCRIPT]: one more line of requests a second, and of the process's microseconds a request
rate() {
    local before after
    before=$(ticks "$2")
    $client wrk -t1 -c64 -d"${seconds}s" ${4:+-s "$4"} "$3" >"$work/wrk"
    after=$(ticks "$2")
    if grep -q 'Non-2xx' "$work/wrk"; then
        cat "$work/wrk" >&2
        exit 1
    fi
    awk '/Requests\/sec/ { print $2 }' "$work/wrk" >>"$work/rate.$1"
    awk -v ticks=$((after - before)) '/requests in/ { print ticks * 1e4 / $1 }' "$work/wrk" >>"$work/time.$1"
}
middle() { sort -n "$1" | awk '{ v[NR] = $1 } END { printf "%.0f (%.0f to %.0f)", v[int((NR + 1) / 2)], v[1], v[NR] }'; }
time_of() { sort -n "$work/time.$1" | awk '{ v[NR] = $1 } END { printf "%.2f", v[int((NR + 1) / 2)] }'; }
# beside NAME PATH [SCRIPT]
beside() {
    curl -s -i "localhost:18701$2" >"$work/answer"
    $ours "$bench/bench_raw_loop" 18702 "$work/answer" &
    raw=$!
    $ours "$bench/bench_bare_http" 18703 "$work/answer" &
    bare=$!
    sleep 0.2
    rm -f "$work"/rate.* "$work"/time.*
    for _ in $(seq "$rounds"); do
        rate ours "$server" "http://127.0.0.1:18701$2" ${3:-}
        rate raw "$raw" "http://127.0.0.1:18702$2" ${3:-}
        rate bare "$bare" "http://127.0.0.1:18703$2" ${3:-}
    done
    kill $raw $bare && wait $raw $bare 2>/dev/null || true
    raw= bare=
    echo "$(middle "$work/rate.ours")|$(middle "$work/rate.raw")|$(middle "$work/rate.bare")|$(time_of ours)|$(time_of raw)|$(time_of bare)" | awk -F'|' -v name="$1" -v size="$(wc -c <"$work/answer")" \
        '{ printf "%-11s %6d bytes  requests/s %s  raw %s  bare %s  share of raw %.2f, of bare %.2f  us of the core a request %s, %s, %s\n", name, size, $1, $2, $3, $1 / $2, $1 / $3, $4, $5, $6 }'
}

id=$(awk -F'\t' 'NR == 2 { print $1 }' "$items")
sid=$(curl -s "localhost:18701/v1/items/$id" | sed 's/.*"sid":"\([0-9]*\)-.*/\1/')
awk -F'\t' 'NR > 1 && NR <= 12001 { print $1 }' "$items" >"$work/ids"
cat >"$work/all.lua" <<END
local ids, at = {}, 0
for line in io.lines("$work/ids") do ids[#ids + 1] = line end
request = function()
    at = at % #ids + 1
    return wrk.format("GET", "/v1/items/" .. ids[at])
end
END
beside livez /livez
beside "item one" "/v1/items/$id"
beside "items all" "/v1/items/$id" "$work/all.lua"
beside "prefix 100" "/v1/prefix/$sid?limit=100"
