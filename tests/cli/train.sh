# train.sh: models that learn by steps: interrupted, gone on with, refused.

passes synth vectors -o tv --item-count 40 --dim 8 --seed 5
awk 'BEGIN { print "user_id\titem_id\ttimestamp"; for (u = 0; u < 60; u++) for (e = 0; e < 9; e++) print "u" u "\ti" (u * 7 + e * (1 + u % 3)) % 40 "\t" e }' >steps.tsv
small="--dim 8 --blocks 1 --heads 2 --batch-users 4 --epochs 60 --patience 0"
passes train sasrec --events steps.tsv -o steps-whole $small
says "sasrec of 40 items"
check "the log is in the model" [ -s steps-whole/metrics.jsonl ]
check "no checkpoint is left" [ ! -e steps-whole.checkpoint ]

# interrupted at some step, which is not known; it may be through already on a fast machine
command_line="train sasrec (interrupted)"
"$semid" train sasrec --events steps.tsv -o steps-part $small >"$out" 2>"$err" </dev/null &
trainer=$!
tries=0
until grep -q "epoch 3 of" "$err" || ! kill -0 "$trainer" 2>"$work/kill" || [ $tries -eq 600 ]; do
    sleep 0.02
    tries=$((tries + 1))
done
kill -TERM "$trainer" 2>"$work/kill"
wait "$trainer"
code=$?
if [ $code -eq 4 ]; then
    says "--resume goes on"
    check "no model is left" [ ! -e steps-part ]
    check "but a checkpoint" [ -s steps-part.checkpoint ]
    check "and the log so far" [ -s steps-part.metrics.jsonl ]
    fails 2 "--resume goes on from it" train sasrec --events steps.tsv -o steps-part $small
    fails 2 "lr=0.01" train sasrec --events steps.tsv -o steps-part $small --lr 0.01 --resume
    head -n 200 steps.tsv >fewer.tsv
    fails 2 "other data" train sasrec --events fewer.tsv -o steps-part $small --resume
    passes train sasrec --events steps.tsv -o steps-part $small --resume
else
    check "exit 4 or 0 after an interruption" [ $code -eq 0 ]
fi
check "the same bytes" cmp steps-whole/model.safetensors steps-part/model.safetensors
check "the same manifest" cmp steps-whole/manifest.json steps-part/manifest.json
passes recommend steps-whole --history i1,i2,i3 -k 3

passes train sasrec --events steps.tsv -o steps-dry --dry-run
says "training takes about"
check "a dry run writes nothing" [ ! -e steps-dry ]
printf 'user_id\titem_id\nu\ta\nv\tb\n' >single.tsv
fails 3 "no next item to learn" train sasrec --events single.tsv -o steps-one
fails 2 "heads must divide dim" train sasrec --events steps.tsv -o steps-one --dim 10 --heads 4
fails 2 "wants SIDs" train sasrec --events steps.tsv -o steps-one --item-embedding id,sid
fails 2 "did you mean" train sasrek --events steps.tsv -o steps-one
