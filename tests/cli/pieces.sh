# pieces.sh: pieces train, encode, export: the main path and what is refused.

items 300 >items.tsv
passes fit items.tsv -o c --codes 8 --levels 3 --quiet
awk 'BEGIN { print "user_id\titem_id"; for (i = 1; i <= 300; i++) for (e = 0; e < 40 / i; e++) print "u" e "\ti" i
    print "u\tnobody" }' >e.tsv

# ---- every scheme
for scheme in unigram ngram all-bigrams prefix-ngram spm-unigram spm-bpe; do
    passes pieces train c --scheme $scheme --rows 60 -o p-$scheme
    says "p-$scheme: $scheme of 300 items"
    passes pieces encode p-$scheme c
    prints_lines 300
    check "rows are numbers" [ "$(grep -cvE '^i[0-9]+	[0-9]+( [0-9]+)*$' "$out")" -eq 0 ]
done
passes pieces train c --scheme prefix-ngram --hash none -o none
says "a table of 584 rows"
passes pieces train c --scheme prefix-ngram --hash key -o key --format json
prints '"rows": 0'
prints '"item_rows_max": 3'

passes pieces train c --scheme unigram --rows 1000 -o seeded --seed 7
check "--seed moves rows" [ "$(grep -c 'seed=7' seeded/manifest.json)" -eq 1 ]
passes pieces train c --scheme spm-bpe --rows 5000 -o few
says "fewer than --rows 5000"

# ---- weights
passes pieces train c --rows 60 --piece-weights e.tsv -o weighted --format json
prints '"mean_rows_by_decile"'
says "weighted by events"
check "what is shown most has fewer rows" [ "$(sed -n 's/.*"weighted_rows": *\([0-9.]*\).*/\1/p' "$out" | cut -c 1-3 | tr -d .)" -lt 30 ]
passes pieces train c --rows 60 --piece-weights e.tsv -o again --threads 1 --quiet
check "the same bytes" is_same weighted/pieces.model again/pieces.model
check "the same manifest" is_same weighted/manifest.json again/manifest.json
passes pieces train c --rows 60 -o dry --dry-run
says "would write dry"
check "nothing is written" is_absent dry

# ---- encode
printf 'item_id\ni7\nnobody\ni3\n' >some.tsv
passes pieces encode p-unigram c --items some.tsv --format jsonl
says "1 item without a SID (33.3 %): they have no rows"
check "in the order asked" [ "$(sed -n 3p "$out" | cut -c 1-15)" = '{"item_id":"i3"' ]
prints '{"item_id":"nobody","rows":[]}'
passes pieces encode p-unigram c --items some.tsv --header
prints "item_id	rows"
passes pieces encode p-unigram c --format json
check "JSON" python3 -c 'import json, sys; assert len(json.load(open(sys.argv[1]))) == 300' "$out"
fails 3 "item nobody has no SID in c" pieces encode p-unigram c --items some.tsv --on-missing fail
passes fit items.tsv -o other --codes 8 --levels 3 --seed 7 --quiet
fails 3 "the pieces are of other codebooks" pieces encode p-unigram other
says "semid pieces train"
passes fit items.tsv -o longer --codes 8 --levels 2 --quiet
fails 3 "of SIDs of 3 levels, and these have 2" pieces encode p-unigram longer

# ---- export
passes pieces export p-spm-unigram -o u.model
check "the model is what is kept" is_same u.model p-spm-unigram/pieces.model
passes pieces train c --model u.model -o read
check "and comes back" is_same read/pieces.model u.model
says "a table of"
passes pieces export p-spm-bpe --as tsv
prints "row	level	codes	score"
check "every code is a piece" [ "$(awk -F '\t' 'NR > 1 && $3 !~ /-/' "$out" | wc -l)" -eq 24 ]
passes pieces export p-spm-bpe --as tokenizer -o tokenizer.json
fails 2 "prefix-ngram has no pieces to write as spm" pieces export p-prefix-ngram

# ---- refused
fails 2 "the levels have 24 codes, each a piece, and <unk> has a row too: 25 or more" pieces train c --rows 24 -o x
fails 2 "hash=none has 24 rows here" pieces train c --scheme unigram --hash none --rows 25 -o x
fails 2 "from 1 to 140737488355328" pieces train c --scheme unigram --rows 0 -o x
fails 2 "did you mean prefix-ngram" pieces train c --scheme prefix-ngrams -o x
fails 2 "option --hash is unknown" pieces train c --hash mod -o x
fails 2 "did you mean train" pieces trian c -o x
fails 2 "--model brings pieces" pieces train c --model u.model --rows 60 -o x
fails 2 "needs an output" pieces train c
fails 2 "exists; pass --force" pieces train c -o none
fails 2 "takes pieces and a catalogue" pieces encode c
fails 2 "-o is an option of pieces train,export" pieces encode p-spm-bpe c -o rows.tsv # heard, not passed by
fails 2 "--rows is an option of pieces train" pieces encode p-spm-bpe c --rows 60
fails 3 "is a catalogue, and pieces are expected" pieces encode c c
fails 3 "there are no such pieces" pieces export nowhere
printf 'user_id\titem_id\nu\tnobody\n' >none.tsv
fails 3 "no event is of an item of the catalogue" pieces train c --piece-weights none.tsv -o x
flip p-spm-bpe/pieces.model 30
fails 3 "SHA-256 differs" pieces encode p-spm-bpe c
head -c 100 u.model >cut.model
fails 3 "cut.model" pieces train c --model cut.model -o x
check "nothing is left" is_clean
