#!/usr/bin/env bash
# conformance.sh PROGRAM [EXAMPLES [CATALOG MODEL]]: schemathesis asks every endpoint what /openapi.json allows and what it does not, and compares
# each answer with it; promtool reads the metrics afterwards. Copies of CATALOG and MODEL are served where they are given, else
# small ones that are made here. SEMID_SCHEMATHESIS names the program (default: the one in PATH;
# `pip install schemathesis` in a virtual environment brings it).
set -euo pipefail
program=$1 examples=${2:-15} catalog=${3:+$(realpath "$3")} model=${4:+$(realpath "$4")}
tool=${SEMID_SCHEMATHESIS:-$(command -v schemathesis || true)}
[ -n "$tool" ] || {
    echo "SKIPPED serve_conformance: no schemathesis (pip install schemathesis in a virtual environment, then SEMID_SCHEMATHESIS=its path)"
    exit 77
}
work=$(mktemp -d "${TMPDIR:-/tmp}/semid-conformance.XXXXXX")
child=
trap '[ -z "$child" ] || kill "$child"; wait; rm -rf "$work"' EXIT
cd "$work"
if [ -n "$catalog" ]; then
    cp -r "$catalog" a
    cp -r "$model" model
else
    awk 'BEGIN { split("red matte lipstick|blue cotton shirt|steel kitchen knife|garden hose reel", kind, "|")
        print "item_id\ttitle\tbrand"
        for (i = 1; i <= 240; i++) printf "i%d\t%s number %d\tbrand%d\n", i, kind[i % 4 + 1], i % 7, i % 5 }' >items.tsv
    awk 'BEGIN { print "user_id\titem_id\ttimestamp"
        for (u = 0; u < 60; u++) for (s = 0; s < 6; s++) printf "u%d\ti%d\t%d\n", u, (u * 7 + s * 4) % 240 + 1, s }' >events.tsv
    "$program" fit items.tsv -o a --codes 8 -q
    "$program" fit items.tsv -o b --codes 8 --seed 7 -q
    "$program" train itemknn --catalog a --events events.tsv -o model -q
fi
"$program" serve a --model model --root . --port 0 --drain-s 0 --deadline-ms 30000 2>log &
child=$!
for _ in $(seq 200); do grep -q http log && break; sleep 0.05; done
url=$(sed -n 's/.*\(http:[^ ]*\)$/\1/p' log)

# 404, 409 and 422 answer what the schema cannot know: which ids there are, how long a vector is.
cat >schemathesis.toml <<'END'
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "413", "422", "429", "503"]
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "406", "409", "413", "415", "421", "422", "428", "429", "431", "5xx"]
END
"$tool" --config-file schemathesis.toml run "$url/openapi.json" --seed 42 --max-examples "$examples" --phases examples,coverage,fuzzing \
    --request-timeout 30 --no-color >out 2>&1 || { tail -n 150 out; cat log; exit 1; }
tail -n 12 out
if command -v promtool >/dev/null; then
    python3 -c 'import sys, urllib.request; sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1]).read())' "$url/metrics" | promtool check metrics
fi
kill "$child"
wait "$child" || { cat log; exit 1; }
child=
