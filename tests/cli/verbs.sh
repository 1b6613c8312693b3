# verbs.sh: the main path of every verb, on data made here.

items 60 >items.tsv

# ---- fit from text
passes fit items.tsv -o c --levels 3 --codes 8 --seed 7
prints_nothing
says "c: 60 items, 3 levels of 8 codes by rkmeans"
says "unique SIDs"
says "semid neighbors c --item i1"
says "semid inspect c"
says "semid encode c"
fails 2 "pass --force to replace it" fit items.tsv -o c --levels 3 --codes 8
passes fit items.tsv -o c --levels 3 --codes 8 --seed 7 --force --quiet
is_silent
passes fit items.tsv -o j --levels 2 --codes 4 --format json
prints '"unique_rate"'
passes fit items.tsv -o dry --dry-run
says "would fit 60 items"
check "a dry run writes nothing" is_absent dry
passes fit items.tsv -o dry --dry-run --format json
prints '"memory_size"'
passes fit items.tsv -o progress --codes 8 --progress always
says "rows"
passes fit items.tsv -o progress --codes 8 --force --log-format json
says '{"level":"progress","stage":'
says '{"level":"info","message":'

# ---- the same bits whatever the threads, the kernels, and where options come from
passes export c --as tsv -o c.tsv
for threads in 1 3; do
    passes fit items.tsv -o t --levels 3 --codes 8 --seed 7 --threads $threads --force
    passes export t --as tsv -o t.tsv --force
    check "the same SIDs with $threads threads" is_same c.tsv t.tsv
done
SEMID_ISA=portable run fit items.tsv -o t --levels 3 --codes 8 --seed 7 --force
passes export t --as tsv -o t.tsv --force
check "the same SIDs by the portable kernels" is_same c.tsv t.tsv
echo '{"seed": 7, "fit": {"levels": 3, "codes": 8}}' >config.json
passes fit items.tsv -o t --config config.json --force
passes export t --as tsv -o t.tsv --force
check "the same SIDs from a configuration" is_same c.tsv t.tsv
passes fit items.tsv -o t --config config.json --levels 2 --force
passes export t --as tsv -o t.tsv --force
check "a flag wins over the configuration" grep -q '^item_id	sid	c1	c2$' t.tsv

# ---- options of families
passes fit items.tsv -o o --codes 8 --refine 1 --no-center --init greedy --beam 2 --normalize l2
passes fit items.tsv -o o --codes 4,4,2 --encoder-dim 8 --fields title:2,brand:1 --force
passes inspect o --format json
prints '"dim": 8'
passes fit items.tsv -o digit --codes 2 --levels 2 --collisions digit --digit-style grid
passes export digit --as tsv
check "a digit makes SIDs unique" [ "$(tail -n +2 "$out" | cut -f 2 | sort -u | wc -l)" -eq 60 ]
prints "c2	digit"
passes export digit --as jsonl
check "the digit is a member" grep -q '"codes":\[[01],[01]\],"digit":[0-9]*}' "$out"
passes fit items.tsv -o suffix --codes 2 --levels 2 --collisions suffix
passes fit items.tsv -o moved --codes 4,64 --levels 2 --collisions reassign
passes export moved --as tsv
check "reassign makes SIDs unique" [ "$(tail -n +2 "$out" | cut -f 2 | sort -u | wc -l)" -eq 60 ]
passes verify moved --full
passes fit items.tsv -o capped --codes 4,64 --levels 2 --collisions capacity --collisions-cap 2 --collisions-overflow beam
passes inspect capped --format json
prints '"resolved_by": null'
fails 3 "last codes of 1 each; take more levels or codes, --collisions-overflow beam or digit" \
    fit items.tsv -o full --codes 2 --levels 2 --collisions reassign
check "a full prefix leaves nothing" is_absent full
fails 2 "--collisions-epsilon is \"0\"; a number from 0.003" \
    fit items.tsv -o full --collisions sinkhorn --collisions-epsilon 0
fails 2 "option --collisions-cap is unknown" fit items.tsv -o full --collisions keep --collisions-cap 3
printf 'i1\ni2\ni3\ni4\ni5\ni6\ni7\ni8\ni9\n' >rows.txt
passes fit items.tsv -o rows --codes 4 --fit-rows rows.txt
says "60 items"
passes fit items.tsv -o lean --codes 8 --drop-vectors
check "no vectors are kept" is_absent lean/vectors.npy
passes verify lean
says "re-encoding not checked: the catalogue keeps no vectors"
passes neighbors lean --item i1 -k 3
prints_lines 3

# ---- embed, and fit from vectors
passes embed items.tsv -o x.npy --encoder-dim 16
check "vectors are there" test -s x.npy
check "ids are there" [ "$(wc -l <x.ids.txt)" -eq 60 ]
fails 2 "x.npy exists; pass --force" embed items.tsv -o x.npy
passes embed items.tsv -o x.npy --encoder-dim 16 --force
passes embed items.tsv -o again.npy --encoder-from c
passes embed items.tsv -o dry.npy --dry-run
check "a dry run writes nothing" is_absent dry.npy
fails 2 "leave out --encoder" embed items.tsv -o y.npy --encoder-from c --encoder-dim 4
passes fit --vectors x.npy --items items.tsv -o v --codes 8
passes show v i1 --format json
prints '"title": "blue cotton shirt number 1"'
passes fit --vectors x.npy:x.ids.txt -o v2 --codes 8
passes fit --vectors x.npy --ids x.ids.txt -o v3 --codes 8
passes export v --as tsv -o v.tsv
passes export v2 --as tsv -o v2.tsv
passes export v3 --as tsv -o v3.tsv
check "ids by --items and by FILE:IDS" is_same v.tsv v2.tsv
check "ids by --ids" is_same v.tsv v3.tsv
fails 2 "ids are given twice" fit --vectors x.npy:x.ids.txt --ids x.ids.txt -o v4
fails 2 "items are given twice" fit items.tsv --items items.tsv -o v4
passes fit --vectors x.npy -o v4 --codes 8
passes show v4 0
awk 'NR > 1 { printf "{\"item_id\":\"%s\",\"title\":\"t\",\"vector\":[%d,%d]}\n", $1, NR % 5, NR % 3 }' items.tsv >items.jsonl
passes fit items.jsonl -o jsonl --codes 4
passes inspect jsonl --format json
prints '"dim": 2'
passes export jsonl --as tsv
tail -n +2 "$out" | cut -f 1,2 >jsonl.sids
passes encode jsonl items.jsonl
check "vectors of a .jsonl are encoded by a catalogue of vectors" is_same "$out" jsonl.sids
fails 2 "fitted from vectors" encode jsonl items.tsv
head -n 1 items.jsonl | sed 's/i1/i901/' >one.jsonl
passes encode jsonl one.jsonl --add
prints "i901	"
npz x x.npy >x.npz
passes fit --vectors x.npz:x --ids x.ids.txt -o npz --codes 8
passes fit --vectors x.npz:x:x.ids.txt -o npz --codes 8 --force
passes export npz --as tsv -o npz.tsv
check "an array of an npz and its ids" is_same npz.tsv v.tsv
fails 3 'no array "y"; it holds: x' fit --vectors x.npz:y -o npz2
fails 3 "rows; one is expected" neighbors npz --vector x.npz:x

# ---- several vectors an item
passes synth vectors -o pictures --item-count 200 --dim 24 --centers 9 --quiet
passes synth vectors -o sounds --item-count 150 --dim 16 --centers 9 --seed 5 --quiet
seq 50 199 >sounds.ids
passes fit --vectors image=pictures/vectors.npy --vectors audio=sounds/vectors.npy:sounds.ids -o fused --codes 8 --fuse-weights image:2
says "200 items in 40 dimensions: concat of image:2, audio:1"
says "warning: audio: 50 items of 200 without a vector, taken as zeroes; if the ids differ, give audio=FILE:IDS"
check "no word of what is complete" sh -c '! grep -q "warning: image" "$0"' "$err"
says "semid encode fused --vectors NAME=new.npy:new.ids.txt --vectors ..."
passes export fused --as tsv -o fused.tsv
passes encode fused --vectors audio=sounds/vectors.npy:sounds.ids --vectors image=pictures/vectors.npy
check "audio alone first, yet the same SIDs" \
    sh -c "sort '$out' | cut -f1,2 >a.tsv; tail -n +2 fused.tsv | cut -f1,2 | sort | cmp - a.tsv"
passes verify fused --full
passes encode fused --vectors image=pictures/vectors.npy
fails 3 '24 numbers, the catalogue takes 40, fused from several vectors an item: concat of image:2, audio:1' encode fused \
    --vectors pictures/vectors.npy
fails 3 'modality "text" was not there' encode fused --vectors text=pictures/vectors.npy
fails 3 'modality "audio" has 24 dimensions, 16 are expected' encode fused --vectors audio=pictures/vectors.npy
passes fit --vectors image=pictures/vectors.npy --vectors audio=sounds/vectors.npy:sounds.ids -o summed --codes 8 --fuse sum --fuse-dim 10
says "200 items in 10 dimensions: sum of image:1, audio:1"
passes fit --vectors image=pictures/vectors.npy --vectors audio=sounds/vectors.npy:sounds.ids -o apart --codes 8 --levels 2 \
    --fuse separate
says "200 items in 40 dimensions: separate of image:1, audio:1"
says "4 levels of 8 codes"
passes inspect apart --format json
prints '"entropy_given_prefix": null'
passes fit --vectors image=pictures/vectors.npy --vectors audio=sounds/vectors.npy:sounds.ids -o apart-2 --init-from apart
says "4 levels of 8 codes"
fails 2 "the fusion is that of --init-from" fit --vectors a=pictures/vectors.npy --vectors b=sounds/vectors.npy -o x \
    --init-from apart --fuse sum
passes fit --vectors pictures/vectors.npy -o grouped --codes 8 --levels 4 --groups 16:8
says "4 levels of 8 codes"
fails 3 'groups is "16:9", more together than the 24 dimensions' fit --vectors pictures/vectors.npy -o x --codes 8 --levels 4 --groups 16:9
fails 2 'groups is "24:"' fit --vectors pictures/vectors.npy -o x --codes 8 --levels 4 --groups 24:
fails 2 "separate modalities are coded by rkmeans" fit --vectors a=pictures/vectors.npy --vectors b=sounds/vectors.npy -o x \
    --fuse separate --quantizer pq
fails 2 "one number for all levels" fit --vectors a=pictures/vectors.npy --vectors b=sounds/vectors.npy -o x \
    --fuse separate --codes 4,4,4
passes fit --vectors image=pictures/vectors.npy -o unfused --codes 8
fails 2 "fuses none" encode unfused --vectors a=pictures/vectors.npy
fails 2 "has no name, and several are given" fit --vectors pictures/vectors.npy --vectors sounds/vectors.npy -o x
fails 2 "with several --vectors NAME=FILE only" fit --vectors pictures/vectors.npy --fuse sum -o x
fails 2 'names "b", which no --vectors is called' fit --vectors a=pictures/vectors.npy --vectors c=sounds/vectors.npy -o x --fuse-weights b:1
fails 2 "a number above 0 is expected" fit --vectors a=pictures/vectors.npy --vectors c=sounds/vectors.npy -o x --fuse-weights a:no
fails 2 "NAME:WEIGHT" fit --vectors a=pictures/vectors.npy --vectors c=sounds/vectors.npy -o x --fuse-weights a

# ---- inspect
passes inspect c --format table
prints "verdict"
prints "perplexity"
prints "unique_rate"
check "no colour without a terminal" sh -c "! grep -q '$(printf '\033')' '$out'"
passes inspect c
prints "unique_rate	"
prints "level.1.perplexity	"
passes inspect c --format json
prints '"checks": ['
check "null, never NaN" sh -c "! grep -qi nan '$out'"
passes inspect c --fail-on 'unique_rate<0' --fail-on 'level.1.used>100'
run inspect c --fail-on 'unique_rate<=1'
check "a gate is exit 3" [ $code -eq 3 ]
says "gate failed: unique_rate is"
run inspect c --fail-on 'items==60'
check "a gate by == is exit 3" [ $code -eq 3 ]
run inspect c --fail-on 'level.1.perplexity>0'
check "a gate on a level is exit 3" [ $code -eq 3 ]
run inspect c --fail-on 'uniq_rate<0.5'
check "an unknown figure is exit 2" [ $code -eq 2 ]
says "did you mean unique_rate?"
passes inspect c --html report.html
prints_nothing
says "wrote the page report.html (0.1 MB); open it in a browser"
check "the page is one document" [ "$(grep -c '<!doctype html>' report.html)" -eq 1 ]
check "the page ends" [ "$(tail -n 1 report.html)" = "</html>" ]
echo mine >mine.html
fails 2 "mine.html exists; pass --force" inspect c --html mine.html
check "a page that was there stays" [ "$(cat mine.html)" = mine ]
passes inspect c --html mine.html --force
check "the page replaces it" is_same mine.html report.html
passes inspect c --html -
check "- is standard output" is_same "$out" report.html
is_silent
passes inspect c --html dry.html --dry-run
check "a dry run writes no page" is_absent dry.html
passes inspect c --html both.html --format json
prints '"unique_rate"'
check "the report comes with the page" is_same both.html report.html
fails 2 "both write to standard output" inspect c --html - --format json
fails 2 "no item has a column" inspect c --html none.html --category nothing
check "a page that failed leaves nothing" is_absent none.html
run inspect c --html gate.html --fail-on 'items==60'
check "a gate holds beside the page" [ $code -eq 3 ]
fails 1 "nowhere/page.html" inspect c --html nowhere/page.html

# ---- show, decode, neighbors
passes show c i5 --format table
prints "item_id"
passes show c i5
check "the item first" sh -c "head -n 1 '$out' | grep -q '^i5	'"
sid=$(head -n 1 "$out" | cut -f 2)
passes show c i5 --format jsonl
prints '"metadata":{'
fails 3 "i999" show c i999
passes decode c "$sid" -k 4
prints "exact	i5	$sid"
prints "near	"
passes decode c "${sid%%-*}" -k 0 --format json
prints '"nearest": []'
fails 2 "" decode c 1-x
passes neighbors c --item i5 -k 7
prints_lines 7
check "never the item itself" sh -c "! grep -q '^i5	' '$out'"
passes neighbors c --item i5 -k 7 --header
prints "item_id	sid	shared	distance"
passes neighbors c --item i5 -k 3 --format table
prints "title"
passes neighbors c --item i5 -k 3 --format json
prints '"distance":'
passes neighbors c --prefix "${sid%%-*}" -k 2
passes neighbors c --text "red lipstick" -k 5
passes neighbors c --text "red zyxxyz lipstick qwrtz" -k 5
says "the encoder does not know: zyxxyz, qwrtz"
prints_lines 5
head -c 192 x.npy >one.npy
npy_header "(1, 16)" >one.npy
tail -c 64 x.npy >>one.npy
passes neighbors v --vector one.npy -k 5
prints "i60	"
passes neighbors v --vector 1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 -k 1
prints_lines 1
fails 3 "" neighbors v --vector 1,2
fails 3 "rows; one is expected" neighbors v --vector x.npy
fails 2 "" neighbors v --text "no encoder here"

# ---- encode, add, remove
items 5 101 >new.tsv
before=$(fingerprint c)
passes encode c new.tsv
prints_lines 5
prints "i101	"
check "encode changes nothing" is_unchanged c "$before"
passes encode v --vectors x.npy --ids x.ids.txt
cut -f 1,2 v.tsv | tail -n +2 >v.sids
check "encode gives what fit gave" is_same "$out" v.sids
passes encode c new.tsv --add --dry-run
prints_nothing
check "a dry run changes nothing" is_unchanged c "$before"
passes export c --as tsv -o before.tsv
passes encode c new.tsv --add
prints_lines 5
says "stored 5 items"
passes export c --as tsv -o after.tsv
check "old SIDs stay" sh -c "head -n 61 after.tsv | cmp -s - before.tsv"
before=$(fingerprint c)
fails 3 "i101" encode c new.tsv --add
check "a refused add changes nothing" is_unchanged c "$before"
fails 3 "i101" encode c new.tsv --add --dry-run
passes encode c new.tsv --add --if-exists skip
passes encode c new.tsv --add --if-exists replace --commit-every 2
passes remove c i101 i102 --dry-run
fails 3 "nobody" remove c i103 nobody
fails 3 'item "i103" is named twice' remove c i103 i103
passes show c i103
passes remove c i101 i102
says "removed 2 items"
fails 3 "i101" show c i101
printf 'i103\ni104\ni105\n' >gone.txt
passes remove c --ids gone.txt
fails 2 "given twice" remove c i1 --ids gone.txt
fails 2 "needs ids" remove c
: >empty.txt
fails 3 "empty.txt" remove c --ids empty.txt
passes export c --as tsv -o removed.tsv
check "what was added is gone" is_same removed.tsv before.tsv
passes verify c
prints "verdict	ok"
passes verify c --full --format json
prints '"items_walked": 60'
command_line="encode c - --add"
"$semid" encode c - --add <new.tsv >"$out" 2>"$err"
check "items from standard input" [ $? -eq 0 ]

passes synth vectors -o few --item-count 3 --dim 2
passes fit --vectors few/vectors.npy -o none --codes 2
passes remove none 0 1 2
passes verify none
says "re-encoding not checked: the catalogue has no items"

# ---- export, import
passes export v --as tsv
prints "item_id	sid	c1	c2	c3"
prints_lines 61
passes export v --as jsonl
prints '"codes":['
passes export v --as npy -o sids.npy
check "ids beside it" [ "$(wc -l <sids.ids.txt)" -eq 60 ]
fails 2 "exists; pass --force" export v --as npy -o sids.npy
mv sids.npy sids.kept
fails 2 "sids.ids.txt exists; pass --force" export v --as npy -o sids.npy
check "nothing is written" is_absent sids.npy
mv sids.kept sids.npy
fails 2 "one of tsv|jsonl|npy" export v --as parquet
passes export v --as tsv -o dry.tsv --dry-run
check "a dry run writes nothing" is_absent dry.tsv
passes export v --as jsonl -o v.jsonl
for file in v.tsv v.jsonl; do
    passes import $file --vectors x.npy --items items.tsv -o imported --force
    passes export imported --as tsv -o imported.tsv --force
    check "$file comes back" is_same imported.tsv v.tsv
done
passes import sids.npy --vectors x.npy --items items.tsv -o imported --force
passes export imported --as tsv -o imported.tsv --force
check "sids.npy comes back" is_same imported.tsv v.tsv
passes verify imported
for form in letters onerec flat info grid recbole tokens; do
    other=other.out
    [ $form != recbole ] || other=other.item # items.tsv and .item differ in their headers
    passes export v --as $form --digit tiger -o $other --force
    passes import $other --as $form --digit-column last --vectors x.npy:x.ids.txt -o imported --force
    passes export imported --as tsv --digit none -o imported.tsv --force
    passes export v --as tsv --digit none -o bare.tsv --force
    check "$form comes back" is_same imported.tsv bare.tsv
done
passes export v --as lcrec --digit grid -o new.index.json
check "rows beside it" [ "$(wc -l <new.item2id.tsv)" -eq 60 ]
rm new.index.json
fails 2 "new.item2id.tsv exists; pass --force" export v --as letters --digit grid -o new.index.json
fails 2 "would not read back" export v --as template --template '{code}'
passes import --codebooks v/quantizer.safetensors --vectors x.npy:x.ids.txt -o imported --force
passes export imported --as tsv --digit none -o imported.tsv --force
check "codebooks alone give the same SIDs" is_same imported.tsv bare.tsv
fails 3 "their ids row by row by --ids FILE or by --items FILE" import v.tsv --vectors x.npy -o imported2
fails 2 "a file of SIDs, or --codebooks" import --vectors x.npy:x.ids.txt -o imported2
passes import v.tsv --as tsv --vectors x.npy:x.ids.txt -o imported2 --dry-run
check "a dry run writes nothing" is_absent imported2

# ---- ids and titles of other people: nothing of them reaches a terminal unescaped, columns stay aligned
cat >odd.jsonl <<'END'
{"item_id":"--a b","title":"red \u001b[31mshirt\tnew"}
{"item_id":"it's","title":"red shirt"}
{"item_id":"漢字","title":"red shirt"}
{"item_id":"é\u0301","title":"blue 👗 shirt"}
{"item_id":"x","title":"blue \u202eevil\u009b shirt"}
{"item_id":"y","title":"blue shirt \\ red"}
END
passes fit odd.jsonl -o odd --codes 2 --levels 1 --encoder-min-df 1 --encoder-max-df 1
says "semid neighbors odd --item='--a b' -k 5"
passes show odd --format table -- "--a b"
prints 'red \x1b[31mshirt\tnew'
passes neighbors odd --text shirt --format table
prints 'evil'
check "no escape bytes" sh -c "! LC_ALL=C grep -q '[[:cntrl:]]' '$out'"
check "wide characters count twice" grep -q '^漢字     [01] ' "$out"
check "combining ones do not count" grep -q "^é$(printf '\314\201')        [01] " "$out"
passes neighbors odd --text shirt --format jsonl
prints '\u001B[31m'
prints "it's"
passes neighbors odd --item="--a b" -k 5
prints_lines 5
passes remove odd -- "it's"

# ---- on a terminal: tables, colours, one line of progress
terminal() { script -qec "'$semid' $*" /dev/null </dev/null >"$out" 2>"$err"; }
if command -v script >"$work/which" && script -qec true /dev/null </dev/null >"$out" 2>"$err"; then
    command_line="on a terminal"
    escape=$(printf '\033')
    terminal inspect c
    prints "dead  perplexity"
    prints "$escape[3"
    NO_COLOR=1 terminal inspect c
    check "NO_COLOR is kept" sh -c "! grep -qF '$escape[3' '$out'"
    terminal neighbors c --item i5 -k 3
    prints "title"
    command_line="stty cols 50; semid neighbors odd --text shirt"
    script -qec "stty cols 50; '$semid' neighbors odd --text shirt" /dev/null </dev/null >"$out" 2>"$err"
    check "long last columns are cut" grep -q '…' "$out"
    check "at the terminal's width" [ "$(awk '{ gsub(/\r|\033\[[0-9;]*m/, ""); if (length($0) > n) n = length($0) } END { print n }' "$out")" -le 60 ]
    terminal fit items.tsv -o shown --codes 8
    prints "$(printf '\r')"
    terminal fit items.tsv -o shown --codes 8 --force --progress never
    check "--progress never" sh -c "! grep -qF '$escape[K' '$out'"
else
    skip "no script(1), or no pseudo-terminals here: terminals were not tried"
fi

# ---- synth, doctor
passes synth vectors -o synth --item-count 200 --dim 8 --seed 3
fails 2 "exists; pass --force" synth vectors -o synth --item-count 200 --dim 8
cp synth/vectors.npy first.npy
passes synth vectors -o synth --item-count 200 --dim 8 --seed 3 --force
check "the same seed, the same bits" is_same first.npy synth/vectors.npy
passes fit --vectors synth/vectors.npy --ids synth/vectors.ids.txt -o s --codes 16
passes doctor
prints "self-test"
says "everything is fine"
passes doctor --format json
check "no temporary folder stays" is_clean

# ---- label
passes label c
prints_nothing_but='^[0-9]+-[0-9]+	[0-9]+	.+$'
check "label prints prefix, items and words" [ "$(grep -cvE "$prints_nothing_but" "$out")" -eq 0 ]
check "the largest prefix comes first" sh -c 'cut -f 2 "$0" | sort -nrc' "$out"
passes label c --depth 1 -k 2 --header
prints "prefix	items	words"
prints_lines 3
passes label c --depth 1 --format json
prints '"words":"'
passes label c --prefix "${sid%%-*}"
check "only what lies below the prefix" [ "$(grep -cv "^${sid%%-*}-" "$out")" -eq 0 ]
passes label c --category brand --category-separator /
fails 2 "the columns are" label c --category nothing
fails 2 "1 to 3 levels" label c --depth 9
passes label c --prefix 999
prints_nothing
says "no item has a SID that begins with 999"
fails 2 "give a depth of 3 or more" label c --prefix 1-2-3
fails 2 "not a SID" label c --prefix x
passes fit --vectors x.npy -o bare --codes 4 --levels 2
passes label bare
check "items without text have prefixes and no words" [ "$(cut -f 3 "$out" | sort -u)" = "" ]
passes neighbors c --item i5 -k 3 --format json
prints '"label":'
passes inspect c --format table
prints "the largest hold"
passes inspect bare --format table
check "no words, no table of them" sh -c '! grep -q "the largest hold" "$0"' "$out"
passes decode c "${sid%%-*}" --format table
prints "${sid%%-*}, "
passes decode c "${sid%%-*}" --format json
prints '"label": "'

# ---- compare, use, init-from
passes compare c c --format table
prints "0.00 % of them have another SID"
passes fit items.tsv -o seeded --levels 3 --codes 8 --seed 8
passes compare c seeded -o map.tsv
says "wrote 60 items to map.tsv, their codes to map.codes.tsv"
check "a line an item" [ "$(wc -l <map.tsv)" -eq 61 ]
check "the map names the first level that changed" sh -c 'head -n 1 map.tsv | grep -q "^item_id	old	new	first_changed_level$"'
check "the codes go apart" sh -c 'head -n 1 map.codes.tsv | grep -q "^level	old_code	new_code	overlap	share$"'
fails 2 "map.tsv exists" compare c seeded -o map.tsv
fails 2 "two files" compare c seeded -o -
passes compare c seeded --format json
prints '"is_child": false'
fails 1 "No such file" compare c seeded --events nowhere.tsv
fails 3 "no such catalogue" compare c nowhere
passes compare c fused
says "no item is in both catalogues"
fails 3 "semid: code 999 at level 1; 0 to" neighbors c --prefix 999
passes fit items.tsv -o following --init-from c
passes compare c following --format json
prints '"is_child": true'
passes encode following items.tsv
fails 2 "leave out levels" fit items.tsv -o wrong --init-from c --levels 2
fails 2 "leave out --encoder" fit items.tsv -o wrong --init-from c --encoder-dim 4
check "nothing is left of a refused fit" is_absent wrong
passes use current c --dry-run
check "a dry run makes no link" is_absent current
passes use current c
says "current points to c"
passes use current following
passes show current i1
check "the link is swapped" [ "$(readlink current)" = following ]
passes use current c
fails 2 "not a link, and stays" use c following
fails 3 "" use current nowhere
check "a link stays when the catalogue is none" [ "$(readlink current)" = c ]

# ---- advise
passes advise items.tsv --try "rkmeans levels=2 codes=8" --try "balanced levels=3 codes=8 method=flow" --try "pq levels=2 codes=4"
prints_lines 3
check "one is marked" [ "$(grep -c '^\*' "$out")" -eq 1 ]
says "take "
says "semid fit items.tsv -o catalog --quantizer "
passes advise items.tsv --format json --seed 7 --sample 40 --try "fsq levels=2 fsq_levels=3,3"
prints '"command": "semid fit items.tsv --seed 7 -o catalog --quantizer fsq --levels 2 --codes 9 --fsq-levels 3,3"'
prints '"refused": null'
says "a sample of 40 rows"
passes advise items.tsv --format table
prints "encode_rate"
command=$(sed -n 's/^  semid fit /fit /p' "$err" | sed 's/ -o catalog / -o advised /')
passes $command
passes advise --vectors x.npy --dry-run
prints_nothing
says "would try quantizers on"
npy 3 2 1 1 1 1 1 1 >equal.npy
passes advise --vectors equal.npy
says "all vectors are equal"
fails 2 "advise needs a file of items" advise
fails 2 "did you mean" advise items.tsv --try "rkmean levels=2"
fails 2 "a quantizer and its options are expected" advise items.tsv --try levels=2
fails 2 "levels is \"x\"" advise items.tsv --try "rkmeans levels=x"
fails 2 "names no option" advise items.tsv --try "rkmeans =x"
fails 2 "refin" advise items.tsv --try "rkmeans refin=2"
fails 2 "no column \"kind\"" advise items.tsv --category kind --try rkmeans
fails 2 "2 to 64" advise items.tsv --try "pq levels=1"
check "advise leaves no folders" is_clean
