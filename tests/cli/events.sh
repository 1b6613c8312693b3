# events.sh: train, eval, recommend: the main path and what is refused.

awk 'BEGIN { print "user_id\titem_id\ttimestamp"
    for (u = 0; u < 60; u++) for (e = 0; e < 6; e++) print "u" u "\ti" (u % 7 + e * (1 + u % 3)) % 20 "\t" 1000 * int(e / 2) + u }' >e.tsv
awk 'BEGIN { print "item_id\ttitle"; for (i = 0; i < 20; i++) print "i" i "\ttitle number " i }' >items.tsv

# ---- evaluation
passes eval --events e.tsv --bootstrap 50 --header
says "e.tsv: 360 events of 60 users"
prints "dataset	split	ties	filter	model	options	options_hash	sid_version	collisions	seed	R@5	N@5	R@10	N@10"
prints "e.tsv	loo	file	seen	pop"
prints "e.tsv	loo	file	seen	last"
prints "e.tsv	loo	file	seen	itemknn"
passes eval --events e.tsv --bootstrap 50 --format table
prints "60 users asked, all 20 items ranked, those seen left out"
prints "N@10 of last less that of itemknn"
passes eval itemknn --decay 0.9 --events e.tsv --items items.tsv -k 1,5 --format json
prints '"recall@1"'
prints '"options": "decay=0.9"'
prints '"ci95"'
prints '"cold"'
check "of one model, its members at the top too" [ "$(grep -cE '^ "(metrics|family|seed|models)"' "$out")" -eq 4 ]
prints '"beam": null'
passes eval pop last --events e.tsv --bootstrap 0 --format json
check "of several, a list alone" [ "$(grep -cE '^ "(metrics|family|seed|models)"' "$out")" -eq 1 ]
passes eval pop --events e.tsv --bootstrap 0 --markdown
prints "| model | options | R@5 | N@5 | R@10 | N@10 |"
check "as many bars in each row" [ "$(grep '^|' "$out" | tr -dc '|\n' | sort -u | wc -l)" -eq 1 ]
fails 2 "leave out --format json" eval --events e.tsv --markdown --format json
passes eval --events e.tsv --split time=0.8,0.1 --targets all --bootstrap 0
prints "e.tsv	time=0.8,0.1"
passes eval --events e.tsv --part valid --format table --bootstrap 0
prints "split loo (validation)"
passes eval --events e.tsv --part valid --bootstrap 0
cp "$out" valid
passes eval --events e.tsv --bootstrap 0
check "the validation is another question" [ "$(cut -f 11 valid | md5sum)" != "$(cut -f 11 "$out" | md5sum)" ]
passes eval --events e.tsv --cold-fraction 0.3 --format table --bootstrap 0
prints "unseen"
fails 2 "part is" eval --events e.tsv --part train
fails 2 "cold-fraction" eval --events e.tsv --cold-fraction 1
passes eval --events e.tsv --ties shuffle --threads 1
cp "$out" one
passes eval --events e.tsv --ties shuffle --threads 3
check "threads change no figure" [ "$(cut -f 1-28 one | md5sum)" = "$(cut -f 1-28 "$out" | md5sum)" ]
passes eval item2vec --seeds 2 --epochs 1 --dim 4 --events e.tsv --bootstrap 0
prints "item2vec x2"
passes eval item2vec --seeds 2 --epochs 1 --dim 4 --events e.tsv --format json --bootstrap 0
prints '"seed_deviation"'
passes eval --events e.tsv --core 5 --repeats first --bootstrap 0
sed '2s/$/x/' e.tsv >bad.tsv
fails 3 "bad.tsv:2: timestamp is" eval --events bad.tsv
passes eval --events bad.tsv --on-error skip --bootstrap 0
says "1 bad rows left out"
passes eval --events bad.tsv --on-error quarantine=q --bootstrap 0
check "the bad row is kept" grep -q x q
fails 2 "eval needs events" eval
fails 2 "rising numbers" eval --events e.tsv -k 10,5
fails 2 "loo, time=0.8,0.1, column or all" eval --events e.tsv --split lou
fails 2 "no column split" eval --events e.tsv --split column
fails 2 "did you mean --decay" eval itemknn --decai 1 --events e.tsv
fails 2 "model pop has no option" eval pop --decay 0.5 --events e.tsv
fails 2 "is for a family that is trained now" eval --decay 0.5 --events e.tsv
passes train --help itemknn
prints "--content-weight"
fails 3 "there is no such model" eval nomodel --events e.tsv
fails 1 "nowhere.tsv" eval --events nowhere.tsv
fails 3 "nobody is asked" eval --events e.tsv --split all

# ---- a model on disk
passes train itemknn --events e.tsv --items items.tsv -o m
says "m: itemknn of 20 items, 240 events train"
passes recommend m --history i1,i2 -k 3
check "three rows" [ "$(wc -l <"$out")" -eq 3 ]
check "nothing seen" [ "$(cut -f 1 "$out" | grep -cE '^i[12]$')" -eq 0 ]
passes recommend m --history i1,nobody --keep-history --format json
says "does not know 1 of the 2 items"
passes fit items.tsv -o c --codes 4 --levels 2 --quiet
passes recommend m --history i1,i2 -k 3 --catalog c --labels
prints "title number"
passes eval m --events e.tsv --bootstrap 0
check "the model stands first" [ "$(head -n 1 "$out" | cut -f 5)" = itemknn ]
check "and before the baselines" [ "$(wc -l <"$out")" -eq 4 ]
fails 2 "it may have seen the answers" eval m --events e.tsv --split time=0.8,0.1
fails 2 "it may have seen the answers" eval m --events e.tsv --cold-fraction 0.2
passes train last --events e.tsv --cold-fraction 0.2 -o mc
passes eval mc --events e.tsv --cold-fraction 0.2 --bootstrap 0
fails 2 "cold 0.2 7" eval mc --events e.tsv --cold-fraction 0.2 --seed 7
fails 2 "pass --force" train pop --events e.tsv -o m
passes train pop --events e.tsv -o m --force
fails 2 "is a catalogue" train pop --events e.tsv -o c --force
fails 2 "did you mean" train itemkn --events e.tsv -o n
fails 3 "knows none of the 1 ids" recommend m --history nobody
fails 3 "is a catalogue, and a model is expected" recommend c --history i1
# An id with a comma can be asked for, and what is said next can be typed as it stands.
printf 'user_id\titem_id\nu\ta, b\nu\ta, b\nu\tc\n' >comma.tsv
passes train pop --events comma.tsv --split all -o 'm 2'
says "next: semid recommend 'm 2' --history '[\"a, b\"]'"
passes recommend 'm 2' --history '["a, b"]'
prints_lines 1
fails 3 '"[a" the first' recommend 'm 2' --history '[a'
fails 3 'there is no list "history"' recommend 'm 2' --history '{"histori": ["c"]}'
fails 2 "recommend needs a history" recommend m

# ---- a model that writes SIDs
fails 2 "loss_first is of layout=flat" train sidgpt --events e.tsv --catalog c --loss-first -o g
fails 2 "sidgpt learns SIDs, and there are none" train sidgpt --events e.tsv --items items.tsv -o g
passes train sidgpt --events e.tsv --catalog c --dim 8 --heads 2 --layers 1 --epochs 2 -o g
says "SIDs of 2 codes"
passes recommend g --history i1,i2 -k 3
check "three rows with SIDs" [ "$(cut -f 2 "$out" | grep -cE '^[0-3]-[0-3]$')" -eq 3 ]
passes recommend g --history i1,i2 -k 3 --exact --catalog c
prints "title number"
printf 'i3\ni4\n' >allow.txt
passes recommend g --history i1,i2 --allow allow.txt
check "the allowed" [ "$(cut -f 1 "$out" | sort | tr '\n' ' ')" = "i3 i4 " ]
passes recommend g --history i1,i2 --allow allow.txt --deny allow.txt
check "none is left" [ ! -s "$out" ]
passes recommend g --history i1,i2 -k 20
sid=$(head -n 1 "$out" | cut -f 2)
passes recommend g --history i1,i2 -k 20 --within "${sid%-*}"
check "all below the prefix" [ "$(cut -f 2 "$out" | grep -cv "^${sid%-*}-")" -eq 0 ]
check "and some" [ -s "$out" ]
passes recommend g --history i1,i2 -k 20 --catalog c --where "title=title number 7" --where "title=title number 8"
check "of either value" [ "$(cut -f 1 "$out" | sort | tr '\n' ' ')" = "i7 i8 " ]
passes recommend m --history i1,i2 -k 20 --catalog c --within "$sid"
check "a model without SIDs, by the catalogue" [ "$(cut -f 2 "$out" | sort -u)" = "$sid" ]
fails 2 "knows no SIDs; pass --catalog" recommend m --history i1 --within 1
fails 2 "prefixes of SIDs such as" recommend g --history i1 --within 1,x
fails 2 "has a column \"brand\"" recommend g --history i1 --catalog c --where brand=OPI
fails 2 "add --catalog" recommend g --history i1 --where brand=OPI
fails 2 "COLUMN=VALUE" recommend g --history i1 --catalog c --where brand
fails 2 "has more than 2 codes" recommend g --history i1 --within 1-2-3
passes recommend g --history i1 --catalog c --where "title=nothing"
says "no item of the catalogue passes"
printf 'ann\ti1,i2\n["i5"]\n{"user_id": 7, "history": ["i1", "nobody"]}\nnobody\n' >users.txt
passes recommend g --history @users.txt -k 2
check "two each" [ "$(cut -f 1 "$out" | uniq -c | tr -s ' \n' ' ')" = " 2 ann 2 2 2 7 " ]
says "1 of 4 histories hold no item"
printf '{"history": 3}\n' >unread.txt
passes train tiger --events e.tsv --catalog c --dim 8 --heads 2 --head-size 4 --layers 1 --ff 8 --epochs 2 --users 50 --lr 0.01 -o t
passes recommend t --history i1,i2 -k 3
cp "$out" unknown
passes recommend t --history i1,i2 -k 3 --user u7
check "a model that learned users minds who asks" [ "$(md5sum <unknown)" != "$(md5sum <"$out")" ]
printf 'u7\ti1,i2\n' >one.txt
cp "$out" known
passes recommend t --history @one.txt -k 3
check "a file names its own" [ "$(cut -f 2- "$out" | md5sum)" = "$(md5sum <known)" ]
passes recommend g --history i1,i2 -k 3
cp "$out" unknown
passes recommend g --history i1,i2 -k 3 --user u7
check "another model does not" [ "$(md5sum <unknown)" = "$(md5sum <"$out")" ]
passes eval t --events e.tsv --bootstrap 0
fails 2 "quota=N, such as quota=2, or rerank" recommend g --history i1 --cold warm
fails 2 "orders items by their vectors" recommend g --history i1 --cold rerank
passes recommend g --history i1 -k 5 --cold rerank --catalog c
passes eval g --events e.tsv --catalog c --bootstrap 0 --cold rerank
passes eval g --events e.tsv --bootstrap 0 --cold quota=3
fails 3 "line 1: there is no list" recommend g --history @unread.txt
fails 3 "holds no id" recommend g --history i1 --allow /dev/null
passes eval g --events e.tsv --bootstrap 0 --search oracle --format json
prints '"invalid_rate": 0.0'
cp "$out" searched
passes eval g --events e.tsv --bootstrap 0 --oracle --format json
check "a search by its flag" [ "$(grep -v _s "$out" | md5sum)" = "$(grep -v _s searched | md5sum)" ]
fails 2 "one search is expected" eval g --events e.tsv --oracle --search exact
passes eval g --events e.tsv --bootstrap 0 --format json
prints '"beam": 50'
passes recommend g --history i1,i2 -k 3
cp "$out" open
passes recommend g --history i1,i2 -k 3 --normalize trie
check "of what leads on, probabilities are larger" awk -F '\t' 'NR == FNR { open += $3; next } { trie += $3 }
    END { exit !(open < trie) }' open "$out"
passes recommend g --history i1,i2 -k 20 --quota 1:2
check "two at most of a first code" [ "$(cut -f 2 "$out" | cut -d - -f 1 | sort | uniq -c | awk '$1 > 2' | wc -l)" -eq 0 ]
check "and as many as there can be" [ "$(wc -l <"$out")" -ge 4 ]
fails 2 "P:N is expected" recommend g --history i1 --quota 2
fails 2 "is for models that write SIDs" recommend m --history i1 --quota 1:2
fails 2 "normalize" recommend g --history i1 --normalize all
passes eval g --events e.tsv --bootstrap 0 --search oracle --format json
prints '"sid_metrics": {'
passes eval g --events e.tsv --bootstrap 0 --format table
prints "by codes, as some papers count"
passes fit items.tsv -o c5 --codes 5 --levels 2 --quiet
fails 3 "train again with --catalog c5" recommend g --history i1 --catalog c5
passes train last --events e.tsv -o dry --dry-run
check "a dry run writes nothing" [ ! -e dry ]
printf 'x' | dd of=m/items.txt bs=1 conv=notrunc 2>/dev/null
fails 3 "SHA-256 differs" recommend m --history i1

# ---- what life brings
awk 'BEGIN { print "user_id\titem_id\ttimestamp"
    for (u = 0; u < 60; u++) for (e = 0; e < 6; e++) print "u" u "\ti" (u % 7 + e * (1 + u % 3)) % 20 "\t" 1000 * e + u }' >times.tsv
awk 'NR > 1 { print (NR * 7919) % 1000 "\t" $0 }' times.tsv | sort -n | cut -f 2- >rows
passes eval --events times.tsv --bootstrap 0
cut -f 5,11-14 "$out" >sorted
(head -n 1 times.tsv; cat rows) >unsorted.tsv
passes eval --events unsorted.tsv --bootstrap 0
check "the order of the rows is no matter" [ "$(sort sorted | md5sum)" = "$(cut -f 5,11-14 "$out" | sort | md5sum)" ]
(cat e.tsv; printf 'solo\ti1\t5\n') >solo.tsv
passes eval --events solo.tsv --bootstrap 0 --format table
prints "60 users asked"
printf 'user_id\titem_id\nsolo\ti1\n' >only.tsv
fails 3 "loo asks who has three events or more" eval --events only.tsv
printf 'user_id\titem_id\n' >none.tsv
fails 3 "no events; at least one row" eval --events none.tsv
fails 3 "nobody is asked: by split time=9000,9500" eval --events e.tsv --split time=9000,9500
fails 3 'no event trains by split "time=0,1"' eval --events e.tsv --split time=0,1
awk 'NR == 1 { print $0 "\tsplit"; next } { print $0 "\ttest" }' e.tsv >tests.tsv
fails 3 "60 have no history before the test" eval --events tests.tsv --split column
fails 3 'no event trains by split "column"' train sasrec --events tests.tsv --split column -o none
sed '5s/i[0-9]*/zz/' e.tsv >unknown.tsv
fails 3 'unknown.tsv:5: item_id "zz" is not among the 20 items' eval --events unknown.tsv --items items.tsv
passes eval --events unknown.tsv --items items.tsv --on-error skip --bootstrap 0
says "1 bad rows left out, 359 events read"

# a history longer than the model's is its end
passes train sasrec --events e.tsv --dim 8 --epochs 1 --history-max 3 -o s3
passes recommend s3 --history i7,i8,i9,i1,i2,i3 --keep-history -k 3
cp "$out" long
passes recommend s3 --history i1,i2,i3 --keep-history -k 3
check "only the last three count" cmp long "$out"
everything=$(awk 'BEGIN { for (i = 0; i < 20; i++) printf "%si%d", i ? "," : "", i }')
passes recommend g --history "$everything"
says "nothing is left to recommend to 1 of 1 histories"

# what was removed from the catalogue since, and what was added
cp -r c later
passes recommend g --history i1,i2 -k 1
gone=$(cut -f 1 "$out")
passes remove later "$gone"
passes recommend g --history i1,i2 -k 20 --catalog later
check "what was removed does not come" [ "$(cut -f 1 "$out" | grep -c "^$gone\$")" -eq 0 ]
passes recommend g --history "i1,$gone" -k 1 --catalog later
printf 'item_id\ttitle\nnew\ttitle number 3\n' >new.tsv
passes encode later new.tsv --add
passes recommend g --history i1,i2 -k 20 --catalog later
check "what was added does" [ "$(cut -f 1 "$out" | grep -c '^new$')" -eq 1 ]
passes recommend g --history new -k 1 --catalog later
