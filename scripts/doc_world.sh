# doc_world.sh: a small world for blocks of the documentation: 96 items (or $ITEMS) with titles, brands and vectors, 120 users who walk among them.
awk -v items=${ITEMS:-96} 'BEGIN { split("OPI|Essie|Zoya", brand, "|"); print "item_id\ttitle\tbrand"
    for (i = 1; i <= items; i++) printf "B%02d\t%s polish number %d\t%s\n", i, brand[i % 3 + 1], i % 11, brand[i % 3 + 1] }' >items.tsv
awk -v items=${ITEMS:-96} 'BEGIN { print "user_id\titem_id\ttimestamp"
    for (u = 0; u < 120; u++) for (t = 0; t < 10; t++) printf "u%d\tB%02d\t%d\n", u, (u * 37 + t * (1 + u % 3)) % items + 1, 3600 * (1000 + 10 * u + t) }' >events.tsv
rm -rf synth
semid synth vectors -o synth --item-count ${ITEMS:-96} --dim 16 --quiet
mv synth/vectors.npy x.npy
[ -d catalog ] || semid fit --items items.tsv --vectors x.npy -o catalog --codes 32 --quiet
echo '["B01","B07"]' >users.jsonl
echo B03 >sold_out.txt
seq -f 'B%02.0f' 2 40 >in_region.txt
