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
