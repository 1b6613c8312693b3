# rank.sh: synthetic impressions, and rankers compared on them.

passes synth impressions -o world --item-count 300 --user-count 200 --impressions 3000 --days 4 --seed 3
says "the best possible AUC is 0."
says "world/truth.json"
check "a line of truth for each impression" [ "$(wc -l <world/truth.tsv)" -eq "$(wc -l <world/impressions.tsv)" ]
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
