# faults.sh: signals, a full disk, an unwritable place, two writers: old data whole, nothing half done.

items 40 >items.tsv
passes fit items.tsv -o c --codes 8 --quiet
before=$(fingerprint c)

# ---- signals: fit ends by the signal and leaves nothing
# interrupt SIGNAL ARGS...: after a second. On a machine so busy that semid is not yet up by then, the signal ends it without
# a word; then once more with twice the time.
interrupt() {
    signal=$1
    shift
    command_line="$* (SIG$signal)"
    for seconds in 1 2 4 8 16; do
        timeout --preserve-status -s "$signal" $seconds "$semid" "$@" >"$out" 2>"$err"
        code=$?
        [ $code -gt 128 ] && [ ! -s "$err" ] || return 0
    done
}
passes synth vectors -o big --item-count 60000 --dim 64 --quiet
for signal in TERM INT; do
    number=15
    [ $signal = TERM ] || number=2
    interrupt $signal fit --vectors big/vectors.npy -o x --codes 4096
    if [ $code -eq 0 ]; then
        skip "this machine fits 60,000 rows within a second; SIG$signal came too late"
        rm -rf x
        continue
    fi
    check "exit by SIG$signal, not $code" [ $code -eq $((128 + number)) ]
    says "interrupted"
    check "no catalogue" is_absent x
    check "no temporary folder" is_clean
done
interrupt TERM fit --vectors big/vectors.npy -o c --codes 4096 --force
[ $code -eq 0 ] || check "an interrupted --force replaces nothing" is_unchanged c "$before"

# While standard input blocks, a signal ends the program at once.
mkfifo stream
sleep 20 >stream &
sleeper=$!
command_line="fit - (SIGTERM)"
timeout --preserve-status -s TERM 1 "$semid" fit - -o x <stream >"$out" 2>"$err"
code=$?
kill "$sleeper"
check "a blocked standard input is left by SIGTERM" [ $code -eq 143 ]
check "nothing was made" is_absent x

# ---- a full disk
if mkdir disk && mount -t tmpfs -o size=1m tmpfs disk 2>"$work/mount"; then
    fails 1 "disk" synth vectors -o disk --item-count 20000 --dim 64
    check "no half file" sh -c "! ls disk/*.npy 2>'$work/ls'"
    rm -f disk/*
    fails 1 "disk" fit --vectors big/vectors.npy -o disk/x --codes 8 --sample 1000
    says "free some space"
    check "no catalogue" is_absent disk/x
    check "no temporary folder" is_clean disk
    cp -r c disk/c
    passes verify disk/c
    full_before=$(fingerprint disk/c)
    dd if=/dev/zero of=disk/fill bs=4k 2>"$work/dd" || :
    items 4000 1000 >many.tsv
    fails 1 "disk" encode disk/c many.tsv --add
    check "a failed add changes nothing" is_unchanged disk/c "$full_before"
    fails 1 "disk" export disk/c --as tsv -o disk/out.tsv
    rm -f disk/fill
    passes verify disk/c --full
    run encode disk/c many.tsv --add --quiet --commit-every 100
    check "more than the disk holds is exit 1" [ $code -eq 1 ]
    passes verify disk/c --full
    umount disk
else
    skip "no 1 MB tmpfs can be mounted here: a full disk was not tried"
fi

# ---- places that cannot be written
if [ "$(id -u)" -ne 0 ]; then
    mkdir sealed
    chmod a-w sealed
    fails 1 "sealed" fit items.tsv -o sealed/x
    chmod u+w sealed
fi
fails 1 "nowhere" fit items.tsv -o nowhere/deep/x --codes 8
: >file
fails 1 "file" fit items.tsv -o file/x --codes 8
fails 1 "nowhere" embed items.tsv -o nowhere/x.npy
fails 1 "nowhere" export c --as tsv -o nowhere/x.tsv

# ---- a second writer is refused by name, readers never wait
mkfifo pipe
"$semid" encode c - --add <pipe >"$work/out2" 2>"$work/err2" &
writer=$!
exec 9>pipe
tries=0 # by looking at the lock, never by taking it: else it is the first writer that is refused
until grep -qw "$writer" c/lock 2>"$work/grep" || ! kill -0 "$writer" 2>"$work/kill" || [ $tries -eq 600 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
fails 1 "$writer" remove c nobody
passes neighbors c --item i2
items 1 500 >&9
exec 9>&-
wait $writer
check "the first writer ends well" [ $? -eq 0 ]
passes show c i500
check "no temporary folder stays" is_clean

# ---- a file that is mapped becomes shorter: a named end, and nothing lost
"$semid" encode c - --add <pipe >"$work/out2" 2>"$work/err2" &
writer=$!
exec 9>pipe
tries=0 # until the file is mapped
until grep -q 'items\.db-shm' "/proc/$writer/maps" 2>"$work/grep" || ! kill -0 "$writer" 2>"$work/kill" || [ $tries -eq 600 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
: >c/items.db-shm
items 1 600 >&9
exec 9>&-
wait $writer
code=$?
command_line="encode c - --add (items.db-shm emptied)"
cp "$work/err2" "$err"
check "exit 1, not $code" [ $code -eq 1 ]
says "a file was cut while it was in use"
passes verify c
passes show c i500
