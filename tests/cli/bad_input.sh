# bad_input.sh: what is refused, with which words and which exit code; and what odd input still works
# (spec/quantizers.md §8). A catalogue that was there stays as it was.

items 40 >items.tsv
passes fit items.tsv -o c --codes 8 --quiet
passes synth vectors -o synth --item-count 40 --dim 4 --quiet
passes fit --vectors synth/vectors.npy -o v --codes 8 --quiet
text_before=$(fingerprint c)
vector_before=$(fingerprint v)

# ---- files that are not there, or not what they should be
fails 1 "nowhere.tsv" fit nowhere.tsv -o x
fails 1 "nowhere.npy" fit --vectors nowhere.npy -o x
fails 1 "nowhere.txt" fit --vectors synth/vectors.npy --ids nowhere.txt -o x
fails 3 "semid fit makes one" inspect nowhere
fails 3 "" inspect synth
mkdir folder
fails 1 "folder" fit folder -o x
: >empty.tsv
fails 3 "empty.tsv" fit empty.tsv -o x
printf 'item_id\ttitle\n' >header.tsv
fails 3 "header.tsv" fit header.tsv -o x
head -c 4096 "$semid" >binary.tsv
fails 3 "binary.tsv" fit binary.tsv -o x
printf 'name\ttitle\na\tb\n' >column.tsv
fails 3 "item_id" fit column.tsv -o x
: >empty.npy
fails 3 "empty.npy" fit --vectors empty.npy -o x
fails 3 "items.tsv" fit --vectors items.tsv -o x

# ---- advice that helps
printf 'item_id\ttitle\na\tsame words\nb\tsame words\nc\tothers\n' >few.tsv
passes fit few.tsv -o few --codes 2
says "which no quantizer tells apart"
check "no word of rare words where all are kept" sh -c '! grep -q min-df "$0"' "$err"
{ cat items.tsv; printf 'one\tgreen zebra\t\ntwo\tgreen yak\t\n'; } >rare.tsv
passes fit rare.tsv -o rare --codes 4
says "--encoder-min-df 1 keeps words that only one item has"

# ---- rows of text
printf 'item_id\ttitle\na\tx\nb\ty\na\tz\n' >twice.tsv
fails 3 "twice.tsv:4" fit twice.tsv -o x
says '"a"'
says "line 2"
says "--on-error skip"
printf 'item_id\ttitle\na\tx\n\ty\n' >noid.tsv
fails 3 "noid.tsv:3" fit noid.tsv -o x
printf 'item_id\ttitle\na\tx\nb\ty\tz\n' >ragged.tsv
fails 3 "ragged.tsv:3" fit ragged.tsv -o x
printf 'item_id\ttitle\na\tx\nb\t\377\376\n' >utf8.tsv
fails 3 "utf8.tsv:3" fit utf8.tsv -o x
printf 'item_id\ttitle\na\001b\tx\n' >control.tsv
fails 3 "control.tsv:2" fit control.tsv -o x
printf 'item_id\ttitle\n%0300d\tx\n' 7 >long.tsv
fails 3 "long.tsv:2" fit long.tsv -o x
printf '{"item_id":"a"}\n{"item_id":\n' >broken.jsonl
fails 3 "broken.jsonl:2" fit broken.jsonl -o x
printf '{"item_id":"a","title":"x","vector":[1,2]}\n{"item_id":"b","title":"y","vector":[1]}\n' >uneven.jsonl
fails 3 "uneven.jsonl:2" fit uneven.jsonl -o x --codes 2
printf '{"item_id":"a","title":"red","vector":[1,2]}\n{"item_id":"b","title":"blue"}\n' >partly.jsonl
fails 3 'partly.jsonl:2: item "b" has no "vector"' fit partly.jsonl -o x --codes 2
passes fit partly.jsonl -o text --codes 2 --encoder lsa
fails 3 'uneven.jsonl:2' encode v uneven.jsonl
printf 'item_id,title\na,19" rack\nb,blue\nc,24" rack\nd,red\n' >stray.csv
fails 3 "stray.csv:2" fit stray.csv -o x --codes 2
passes fit stray.csv -o stray --codes 2 --on-error skip
says "2 bad rows left out"
passes show stray b
run fit twice.tsv -o x --log-format json
says '"row":4'
says '"status":"SID_EDATA"'
{ items 20; printf 'i1\tagain\tb\n\tempty\tb\n'; } >dirty.tsv
fails 3 "dirty.tsv:22" fit dirty.tsv -o x --codes 4
passes fit dirty.tsv -o skip --codes 4 --on-error skip
says "2 bad rows left out"
passes fit dirty.tsv -o quarantine --codes 4 --on-error quarantine=bad.tsv
says "reasons in bad.tsv.why"
check "the rows are kept" [ "$(wc -l <bad.tsv)" -ge 2 ]
check "with the reasons" test -s bad.tsv.why
passes export skip --as tsv
prints_lines 21

# ---- arrays
npy 3 2 0 1 2 nan 1 0 >nan.npy
fails 3 "nan.npy" fit --vectors nan.npy -o x
says "row 1"
says "column 1"
npy 3 2 0 1 2 1 inf 0 >inf.npy
fails 3 "row 2" fit --vectors inf.npy -o x
npy 3 2 0 1 2 1 huge 0 >huge.npy
fails 3 "row 2" fit --vectors huge.npy -o x
npy 4 2 0 1 2 1 >short.npy
fails 3 "short.npy" fit --vectors short.npy -o x
npy 1 2 0 1 2 1 >trailing.npy
fails 3 "trailing.npy" fit --vectors trailing.npy -o x
npy_header "(9223372036854775807, 9223372036854775807)" >lying.npy
fails 3 "lying.npy" fit --vectors lying.npy -o x
npy_header "(0, 4)" >rows0.npy
fails 3 "rows0.npy" fit --vectors rows0.npy -o x
npy_header "(4, 0)" >columns0.npy
fails 3 "columns0.npy" fit --vectors columns0.npy -o x
{ npy_header "(4,)"; f32 0 1 2 3; } >rank1.npy
fails 3 "rank1.npy" fit --vectors rank1.npy -o x
head -c 20 synth/vectors.npy >cut.npy
fails 3 "cut.npy" fit --vectors cut.npy -o x
{ printf '\223NUMPY\001\000\166\000'; printf '%-117s\n' "{'descr': '|O', 'fortran_order': False, 'shape': (1, 1), }"; } >object.npy
fails 3 "object.npy" fit --vectors object.npy -o x
printf 'a\nb\n' >two.txt
fails 3 "40" fit --vectors synth/vectors.npy --ids two.txt -o x
says "2"
items 39 >fewer.tsv
fails 3 "40" fit --vectors synth/vectors.npy --items fewer.tsv -o x
says "39"
awk 'BEGIN { for (i = 0; i < 40; i++) print i == 7 ? "3" : i }' >twice.txt
fails 3 "3" fit --vectors synth/vectors.npy --ids twice.txt -o x
check "nothing was made" is_absent x
check "nothing was left" is_clean

# ---- against a catalogue
npy 2 3 0 1 2 1 1 0 >wide.npy
fails 3 "3" encode v --vectors wide.npy
says "4"
fails 3 "3" encode v --vectors wide.npy --add
{ npy_header "(1, 4)"; f32 0 nan 0 0; } >nan4.npy
fails 3 "nan4.npy" encode v --vectors nan4.npy --add
fails 2 "" encode v items.tsv
fails 3 "twice.tsv:4" encode c twice.tsv --add
fails 3 "i1" encode c items.tsv --add
fails 3 "nobody" remove c i1 nobody
fails 3 "nobody" neighbors c --item nobody
fails 3 "nobody" show c nobody
check "the catalogue of texts is as it was" is_unchanged c "$text_before"
check "the catalogue of vectors is as it was" is_unchanged v "$vector_before"
fails 3 "twice.tsv:4" fit twice.tsv -o c --force
fails 3 "nan.npy" fit --vectors nan.npy -o c --force
check "a failed --force replaces nothing" is_unchanged c "$text_before"

# ---- numbers out of range
fails 2 "65536" fit items.tsv -o x --codes 65537
fails 2 "codes" fit items.tsv -o x --codes 1
fails 2 "codes" fit items.tsv -o x --codes 256,256
fails 2 "codes" fit items.tsv -o x --codes many
fails 2 "64" fit items.tsv -o x --levels 65
fails 2 "beam" fit items.tsv -o x --beam 2 --normalize-residual
fails 1 "memory limit" fit --vectors synth/vectors.npy -o x --codes 8 --memory-limit 1
fails 2 "" decode c 999999
"$semid" fit nothing.tsv -o /nowhere/x >"$out" 2>"$err"
says "/nowhere: cannot make anything there" # before a file is looked at, let alone embedded
check "nothing was made" is_absent x

# ---- odd input that works
passes fit --vectors synth/vectors.npy -o many --codes 256
says "warning"
npy 6 1 0 1 2 3 1 -1 >d1.npy
passes fit --vectors d1.npy -o d1 --codes 2
passes verify d1 --full
npy 5 2 1 2 1 2 1 2 1 2 1 2 >equal.npy
passes fit --vectors equal.npy -o equal --codes 2
says "semid advise --vectors equal.npy"
passes inspect equal --format json
prints '"verdict": "broken"'
prints '"unique_sids": 1'
prints '"largest_bucket": 5'
passes fit --vectors equal.npy -o apart --codes 2 --collisions digit
passes export apart --as tsv
check "digit separates equal rows" [ "$(tail -n +2 "$out" | cut -f 2 | sort -u | wc -l)" -eq 5 ]
npy 4 2 0 0 tiny tiny 1 1 2 3 >zero.npy
passes fit --vectors zero.npy -o zero --codes 2
passes fit --vectors zero.npy -o zero --codes 2 --normalize l2 --force
passes verify zero --full
npy 1 2 1 2 >single.npy
passes fit --vectors single.npy -o single --codes 2
passes neighbors single --item 0
prints_nothing
{ printf 'item_id\ttitle\r\n'; items 12 | tail -n +2 | cut -f 1,2 | sed 's/$/\r/'; printf '#9\t?!\r\n'; } >crlf.tsv
passes fit crlf.tsv -o crlf --codes 4
says "1 item without a word"
passes show crlf '#9' --format json
prints '"state": "no_text"'
printf 'item_id,title\na,"red, ""very"" red"\nb,blue\nc,red\nd,blue shirt\n' >quoted.csv
passes fit quoted.csv -o quoted --codes 2
passes show quoted a --format json
prints 'red, \"very\" red'
