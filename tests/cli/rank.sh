# rank.sh: synthetic impressions, and rankers compared on them.

passes synth impressions -o world --item-count 300 --user-count 200 --impressions 3000 --days 4 --seed 3
says "the best possible AUC is 0."
says "world/truth.json"
check "a line of truth for each impression" [ "$(wc -l <world/truth.tsv)" -eq "$(wc -l <world/impressions.tsv)" ]
fails 2 "--arms is an option of rank compare" rank eval nowhere --impressions none.tsv --arms dense
fails 2 "exists" synth impressions -o world --item-count 300
passes synth events -o clicks --preset small --days 2 --user-count 50 --impressions 500
check "clicks alone" [ -s clicks/events.tsv ]
passes train pop --events clicks/events.tsv -o clicks-model
says "semid eval clicks-model --events"
passes train pop --events clicks/events.tsv --split all -o clicks-all
says "next: semid recommend clicks-all"
check "no eval where nothing is kept back" sh -c '! grep -q "semid eval" "$0"' "$err"
passes synth impressions -o nothing --dry-run
check "and nothing is there" [ ! -e nothing ]
fails 2 "from 2 to 1000" synth impressions -o x --days 1

rank="rank compare --impressions world/impressions.tsv --vectors world/vectors.npy:world/vectors.ids.txt --codes 8 --bootstrap 50"
passes $rank --arms random-hash,individual,prefix-2 --seeds 2 --format json
prints '"arm": "prefix-2"'
prints '"less": "random-hash"'
says "intervals of resampled users"
says "prefix-2: "
cp "$out" two.json
passes $rank --arms random-hash,individual,prefix-2 --seeds 2 --format json --threads 1
check "the same for any number of threads" sh -c "sed 's/\"train_s\":[^,}]*//g' two.json >a; sed 's/\"train_s\":[^,}]*//g' '$out' | cmp - a"
passes $rank --family dcnv2 --family-options "cross=1,mlp=(16,8)" --arms dense,spm-unigram,double-hash --seeds 1 --dense hour,position
prints_lines 3
passes fit --vectors world/vectors.npy:world/vectors.ids.txt -o catalog --levels 2 --codes 8
passes rank compare --impressions world/impressions.tsv --catalog catalog --arms bigram,unigram --seeds 1 --bootstrap 0
prints_lines 2
passes fit --vectors world/vectors.npy:world/vectors.ids.txt -o wide --levels 2 --codes 128
passes rank compare --impressions world/impressions.tsv --catalog wide --seeds 1 --bootstrap 0
prints_lines 5 # two levels and 131 rows: no prefix-3, and no row for each piece of spm-unigram
passes rank compare --impressions world/impressions.tsv --seeds 1 --bootstrap 0
prints_lines 3
check "nothing is claimed without intervals" sh -c '! grep -q "told from\|intervals" "$0"' "$err"
fails 2 'did you mean "bigram"' $rank --arms bigramm
fails 2 "needs SIDs" rank compare --impressions world/impressions.tsv --arms prefix-2
fails 2 "did you mean compare" rank compar --impressions world/impressions.tsv
fails 2 "impressions FILE is needed" rank compare
{ head -n 1 world/impressions.tsv; tail -n +2 world/impressions.tsv | sort -t "$(printf '\t')" -k3,3nr; } >backwards.tsv
fails 3 "goes back in time" rank compare --impressions backwards.tsv --arms random-hash
passes rank compare --impressions backwards.tsv --arms random-hash --sort --seeds 1 --bootstrap 0
sed '3s/[01]$/2/' world/impressions.tsv >label.tsv
fails 3 "label.tsv:3: label is \"2\"; 0 or 1" rank compare --impressions label.tsv --arms random-hash
passes rank compare --impressions label.tsv --arms random-hash --on-error skip --seeds 1 --bootstrap 0
says "1 bad row"

passes $rank --items world/items.tsv --tree leaf --twin twin --truth world/truth.json --html rank.html --seeds 2 \
    --arms random-hash,prefix-2+id,true-tree,dense+id --format json
prints '"day_ne"'
prints '"aar": 0.0'
says "the best possible AUC is 0."
says "rank.html shows it"
check "a page" grep -q "What each arm gains" rank.html
passes $rank --sid-in target --arms random-hash,prefix-2 --seeds 1
fails 2 "ids already" $rank --arms individual+id
fails 2 'which the items do not have' $rank --items world/items.tsv --tree leave --arms true-tree
fails 2 "needs a tree" $rank --arms true-tree
fails 3 'no "best"' $rank --truth catalog/manifest.json --arms unigram
fails 1 "nowhere" $rank --seeds 1 --html nowhere/page.html --arms unigram
passes $rank --rows 20,0.1k --arms random-hash,prefix-2 --seeds 1 --format json
prints '"sweep"'
check "two comparisons" [ "$(grep -c '"budget_size"' "$out")" -eq 2 ]
passes $rank --rows 20,100 --arms random-hash,prefix-2 --seeds 1
prints_lines 4
fails 2 "is expected at \"x\"" $rank --rows 20,x --arms random-hash
fails 2 "one number of --rows" $rank --rows 20,40 --html two.html --arms random-hash
cut -f1-2,4 world/impressions.tsv >clicks.tsv
passes rank compare --impressions clicks.tsv --implicit n=2 --arms random-hash,individual --seeds 1 --bootstrap 0 --format json
says "n=2, alpha=0.5, seed 42"
says "33.33 % clicked"
prints '"alpha": 0.5'
fails 2 "n and alpha are known" rank compare --impressions clicks.tsv --implicit m=2

ml=${SEMID_DATA:-/nonexistent}/ml-100k/ml-100k.inter
if [ -r "$ml" ]; then
    passes rank compare --impressions "$ml" --positive 'rating>=4' --days 10 --sort --arms random-hash,individual --seeds 1
    prints_lines 2
else
    skip "ml-100k is not here: the ranker on real ratings"
fi

# A ranker by a feature file: trained by day, gone on with, asked.
rows() { sed 's/[^\t]*$//' "$1"; } # without seconds
passes fit --vectors world/vectors.npy:world/vectors.ids.txt -o sids --levels 2 --codes 8
passes pieces train sids --scheme prefix-ngram --n 2 --hash none -o pieces
cat >features.json <<'END'
{"format":1,
 "tables":{"user":{"dim":8}, "sid":{"kind":"hashed","dim":8,"rows":72}},
 "features":[{"name":"user","kind":"id","column":"user_id","table":"user"},
  {"name":"item","kind":"sid","column":"item_id","catalog":"sids","pieces":"pieces","table":"sid"},
  {"name":"clicks","kind":"history","as":"item","max":10,"pool":"din"},
  {"name":"context","kind":"dense","columns":["hour","position"],"transform":"standard"}],
 "model":{"family":"dcnv2","options":{"cross":1,"mlp":"16"}}}
END
by_file="rank train --features features.json --impressions world/impressions.tsv"
passes $by_file -o ranker --format tsv --to-day -2 --batch 64
prints_lines 3
rows "$out" >once.tsv
says "3 days learned"
fails 2 "exists" $by_file -o ranker
passes $by_file -o halves --format tsv --to-day 1 --batch 64
rows "$out" >two.tsv
passes $by_file -o halves --format tsv --to-day -2 --resume
rows "$out" >>two.tsv
check "gone on with as if never interrupted" is_same once.tsv two.tsv
check "to the byte" sh -c 'cmp ranker/state.safetensors halves/state.safetensors && cmp ranker/table-sid.safetensors halves/table-sid.safetensors'
passes $by_file -o halves --to-day -2 --resume
says "nothing new"
passes rank eval ranker --impressions world/impressions.tsv --from-day -1 --format jsonl
prints '"slice":"new"'
fails 2 "rank eval takes a ranker" rank eval --impressions world/impressions.tsv
fails 3 "there is no ranker" rank eval nothing --impressions world/impressions.tsv
fails 3 "label.tsv:3: label is \"2\"; 0 or 1" rank eval ranker --impressions label.tsv
cut -f1-4,7 world/impressions.tsv >no-hour.tsv
fails 3 "the header has no column hour" rank eval ranker --impressions no-hour.tsv
fails 2 "features FILE or a family is needed" rank train --impressions world/impressions.tsv -o other
sed 's/"cross":1/"crosses":1/' features.json >wrong.json
fails 2 'wrong.json:7: option "crosses" is unknown; did you mean "cross"?' rank train --features wrong.json --impressions world/impressions.tsv -o other
sed 's/"rows":72/"rows":50/' features.json >wrong.json
fails 2 'set "rows" to that' rank train --features wrong.json --impressions world/impressions.tsv -o other
sed 's/"catalog":"sids"/"catalog":"catalog"/' features.json >wrong.json
passes fit --vectors world/vectors.npy:world/vectors.ids.txt -o catalog --levels 2 --codes 8 --seed 5 --force
fails 3 'feature "item": pieces pieces and catalogue catalog' rank train --features wrong.json --impressions world/impressions.tsv -o other
sed '2s/\ti[0-9]*\t/\tnobody\t/' world/impressions.tsv >nobody.tsv
passes rank eval ranker --impressions nobody.tsv
says "1 item without a SID"

# By flags alone.
by_flags="--impressions world/impressions.tsv --catalog sids --pieces pieces --to-day -2 --family-options cross=1,mlp=(16,8)"
passes rank train dcnv2 $by_flags -o by-flags --dense hour,position --format tsv
prints_lines 3
passes rank eval by-flags --impressions world/impressions.tsv --from-day -1
passes rank train dcnv2 $by_flags -o by-target --sid-in target
passes rank train dot --impressions world/impressions.tsv --to-day 1 -o by-id --dim 4
passes rank train --impressions world/impressions.tsv --to-day 2 -o by-id --resume
fails 2 "is a ranker of family dot, not din" rank train din --impressions world/impressions.tsv -o by-id --resume
fails 2 "needs SIDs" rank train dot --impressions world/impressions.tsv --sid-in target -o other
fails 2 "pieces DIR is needed" rank train dot --impressions world/impressions.tsv --catalog sids -o other
fails 2 'did you mean "dcnv2"' rank train dcnv --impressions world/impressions.tsv -o other
fails 2 'option "crosses" is unknown; did you mean "cross"?' rank train dcnv2 --impressions world/impressions.tsv --family-options crosses=1 -o other
fails 2 "names the family itself" rank train dot --features features.json --impressions world/impressions.tsv -o other

# The whole path on real ratings: SIDs of the films, pieces, a ranker by a feature file; rank compare stands above.
if [ -r "$ml" ]; then
    passes fit "${ml%.inter}.item" --levels 3 --codes 16 -o films
    passes pieces train films --rows 400 -o films-pieces
    sed 's/"rows":72/"rows":400/; s/sids/films/; s/"pieces":"pieces"/"pieces":"films-pieces"/; /"context"/d; s/"pool":"din"},/"pool":"mean"}],/' features.json >films.json
    passes rank train --features films.json --impressions "$ml" --positive 'rating>=4' --days 10 --sort --to-day -2 --batch 128 -o films-ranker
    passes rank eval films-ranker --impressions "$ml" --positive 'rating>=4' --days 10 --sort --from-day -1 --format tsv
    check "better than chance on the last day" sh -c 'awk -F "\t" "\$1 == \"all\" { exit !(\$5 > .65) }" "$0"' "$out"
    passes rank compare --impressions "$ml" --positive 'rating>=4' --days 10 --sort --catalog films --arms random-hash,individual,prefix-3,spm-unigram --seeds 1 --bootstrap 0
    prints_lines 4
else
    skip "ml-100k is not here: the whole path on real ratings"
fi
