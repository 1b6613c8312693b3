# retrieve.sh: candidates by the prefixes of a history.

passes synth impressions -o world --item-count 200 --user-count 100 --impressions 1500 --days 3 --seed 5
passes fit world/items.tsv --vectors world/vectors.npy:world/vectors.ids.txt -o catalog --levels 3 --codes 8
history=$(sed -n '2,6p' world/impressions.tsv | cut -f2 | paste -sd, -)
passes retrieve catalog --history "$history" -k 7 --impressions world/impressions.tsv
prints_lines 7
says "the history is of"
says "--half-life changes it"
cp "$out" seven
passes retrieve catalog --history "$history" -k 7 --impressions world/impressions.tsv --threads 1
check "the same for any number of threads" cmp -s "$out" seven
passes retrieve catalog --history "$history,nobody" --budget 2x3 --resolver random --half-life none --format json
says "lacks 1 of the 6 items"
check "six items" [ "$(grep -c '"item_id"' "$out")" -eq 6 ]
passes retrieve catalog --history "$history" --birth birth --resolver fresh --depth 1 -k 3
prints_lines 3
printf 'a\t%s\nb\tnobody\n' "$history" >many.txt
passes retrieve catalog --history @many.txt -k 4
prints_lines 4
says "1 of 2 histories hold no item"
within=$(cut -f2 seven | head -n 1 | cut -d- -f1)
passes retrieve catalog --history "$history" --within "$within" --depth 1
check "nothing from elsewhere" sh -c '! cut -f2 "$0" | grep -qv "^$1-"' "$out" "$within"
fails 2 "needs a history" retrieve catalog
fails 2 "10x100" retrieve catalog --history a --budget 10
fails 2 'did you mean "fresh"' retrieve catalog --history a --resolver fress
fails 2 "half-life" retrieve catalog --history a --half-life soon
fails 2 "give one" retrieve catalog --history a --events world/impressions.tsv --impressions world/impressions.tsv
fails 2 '"price"' retrieve catalog --history a --quality price
fails 3 "a number is expected" retrieve catalog --history a --quality leaf
passes retrieve catalog --impressions world/impressions.tsv --test -k 20 --budget 5x10
prints_lines 5
says "on the last day"
check "all five sources" [ "$(cut -f1 "$out" | paste -sd, -)" = score,fresh,random,popular,union ]
fails 2 "needs --impressions" retrieve catalog --test

# By a two-tower ranker.
passes pieces train catalog --rows 200 -o pieces
passes rank train two-tower --impressions world/impressions.tsv --catalog catalog --pieces pieces --to-day -2 -o ranker
passes retrieve catalog --history "$history" -k 5 --tower ranker --probe 3
prints_lines 5
says "the best partitions are"
passes retrieve catalog --history @many.txt -k 4 --tower ranker --probe all --threads 2
prints_lines 8
cp "$out" exact
passes retrieve catalog --history @many.txt -k 4 --tower ranker --probe 1000000 --threads 1
check "all partitions are the exact search" cmp -s "$out" exact
passes retrieve catalog --history "$history" -k 5 --tower ranker --resolver tower
prints_lines 5
passes retrieve catalog --impressions world/impressions.tsv --tower ranker --test -k 20
check "all eight sources" [ "$(cut -f1 "$out" | paste -sd, -)" = score,fresh,random,tower,popular,union,probe,union+probe ]
passes retrieve catalog --impressions world/impressions.tsv --tower ranker --test-probes --format json
says "recall of the exact 100 best"
check "the last row is exact" sh -c 'grep -q "\"recall\": *1\(\.0\)\?[,}]" "$0"' "$out"
fails 2 "needs --tower" retrieve catalog --history a --probe 3
fails 2 "needs --tower" retrieve catalog --history a --resolver tower
fails 2 "changes nothing" retrieve catalog --history a --tower ranker
fails 2 "from 1, or all" retrieve catalog --history a --tower ranker --probe 0
fails 2 "leave one out" retrieve catalog --history a --tower ranker --probe 3 --resolver fresh
passes rank train fm --impressions world/impressions.tsv --to-day -2 -o ids
fails 2 "family fm scores" retrieve catalog --history a --tower ids --probe 3
passes fit world/items.tsv --vectors world/vectors.npy:world/vectors.ids.txt -o other --levels 3 --codes 8 --seed 9
fails 3 "ranker is of another catalogue" retrieve other --history a --tower ranker --probe 3
