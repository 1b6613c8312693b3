# clock.sh: the wall clock jumps, passes 2038 and repeats a second: nothing stalls, fails, or is stored otherwise. By
# libfaketime, preloaded into semid, which fakes CLOCK_REALTIME and leaves CLOCK_MONOTONIC and the times of files alone.

clock_library=
for candidate in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib/faketime/libfaketimeMT.so.1; do
    [ ! -e "$candidate" ] || clock_library=$candidate
done

# clocked ARGS...: semid with the wall clock that the file `clock` tells at each look ("@2038-01-19 03:14:07": from then on).
clocked() {
    env FAKETIME_TIMESTAMP_FILE="$PWD/clock" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 \
        NO_FAKE_STAT=1 TZ=UTC LD_PRELOAD="$clock_library" timeout 60 "$semid" "$@"
}

# works ARGS...: exit 0 with that clock.
works() {
    command_line="$* (at $(cat clock))"
    clocked "$@" >"$out" 2>"$err" </dev/null
    code=$?
    if [ $code -eq 0 ]; then pass; else flunk "exit $code, 0 expected"; fi
}

# Turns the clock to and fro until the process is gone.
turn_clock() {
    while kill -0 "$1" 2>"$work/kill"; do
        for when in "@2038-01-19 03:14:06" "@1999-12-31 23:59:59" "@2106-02-07 06:28:14" "@2016-12-31 23:59:60"; do
            echo "$when" >clock.next
            mv clock.next clock
            sleep 0.05
        done
    done
}

stored_otherwise_never() {
    passes fit items.tsv -o now --codes 8 --quiet
    passes encode now more.tsv --add --quiet
    number=0
    for when in "@2038-01-19 03:14:07" "@2016-12-31 23:59:60" "@2106-02-07 06:28:15" "@1970-01-02 00:00:00"; do
        number=$((number + 1))
        echo "$when" >clock
        works fit items.tsv -o "c$number" --codes 8 --quiet
        works encode "c$number" more.tsv --add --quiet
        works verify "c$number" --full
        works neighbors "c$number" --item i3 -k 3
        check "what is stored does not depend on the clock ($when)" is_unchanged "c$number" "$(fingerprint now)"
    done
}

# Progress goes by the monotonic clock: while the wall clock jumps by a century, no rate or time left is out of reason.
jumps_while_it_runs() {
    echo "@2026-01-01 00:00:00" >clock
    passes synth vectors -o jump --item-count 20000 --dim 32 --quiet
    clocked fit --vectors jump/vectors.npy -o jumped --codes 512 --progress always --log-format json >"$out" 2>"$err" &
    fitting=$!
    turn_clock $fitting
    wait $fitting
    code=$?
    command_line="fit (the clock jumps)"
    check "fit ends well, not with $code" [ $code -eq 0 ]
    check "there was progress" grep -q '"level": *"progress"' "$err"
    check "no time left is negative or beyond a day" sh -c \
        "! grep -oE '\"eta_s\": *-?[0-9.e+]+' '$err' | grep -E ': *-|e\+|: *[0-9]{6}'"
    passes fit --vectors jump/vectors.npy -o still --codes 512 --quiet
    check "the same catalogue" is_unchanged jumped "$(fingerprint still)"
}

# A second writer is refused at once, and the first goes on, whatever the clock does meanwhile.
locks_do_not_wait() {
    echo "@2026-01-01 00:00:00" >clock
    mkfifo stream
    clocked encode now - --add <stream >"$work/out2" 2>"$work/err2" &
    writer=$!
    exec 9>stream
    tries=0
    until [ -s now/lock ] && [ -e now/items.db-shm ] || [ $tries -eq 600 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    items 2 900 >&9
    for when in "@2038-01-19 03:14:06" "@1999-12-31 23:59:59"; do
        echo "$when" >clock
        command_line="remove now i1 (at $when)"
        clocked remove now i1 >"$out" 2>"$err"
        code=$?
        check "a second writer is refused, not $code" [ $code -eq 1 ]
        says "is writing"
        works show now i1
    done
    exec 9>&-
    wait $writer
    check "the first writer ends well" [ $? -eq 0 ]
    works verify now --full
    works show now i901
}

if [ -z "$clock_library" ]; then
    skip "libfaketime is not there (Debian: faketime): clocks that jump were not tried"
elif ! LD_PRELOAD=$clock_library "$semid" version >"$out" 2>"$err"; then
    skip "this build cannot be preloaded (a sanitizer): clocks that jump were not tried"
else
    command_line="date"
    check "the library fakes the clock" [ "$(FAKETIME="@2038-01-19 03:14:07" LD_PRELOAD=$clock_library date +%Y)" = 2038 ]
    items 60 >items.tsv
    items 5 100 >more.tsv
    stored_otherwise_never
    jumps_while_it_runs
    locks_do_not_wait
fi
