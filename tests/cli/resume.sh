# resume.sh: a training that is interrupted and gone on with gives the bytes of one that was not.

small="--quantizer rqvae --codes 8 --hidden 16 --dim 4 --steps 3000 --warm-steps 10 --watch-every 20 --patience 0 --batch 64 --tune-steps 20"
steep="$small --warmup 1500"
small="$small --warmup 5"
passes synth vectors -o rq --item-count 600 --dim 8 --seed 5
passes fit --vectors rq/vectors.npy -o whole $small
says "step 3000 of 3000: loss"
check "no checkpoint is left" [ ! -e whole.checkpoint ]

# interrupted: its first look has been taken, most steps have not
command_line="fit --vectors rq/vectors.npy -o part $small (interrupted)"
"$semid" fit --vectors rq/vectors.npy -o part $small >"$out" 2>"$err" </dev/null &
trainer=$!
tries=0
until [ -e part.checkpoint ] || ! kill -0 "$trainer" 2>"$work/kill" || [ $tries -eq 600 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
kill -TERM "$trainer" # a shell without jobs starts them deaf to INT
wait "$trainer"
code=$?
check "exit 4 after an interruption" [ $code -eq 4 ]
says "interrupted at step "
says "--resume"
check "no catalogue is left" [ ! -e part ]
check "but a checkpoint" [ -e part.checkpoint ]

fails 2 "of other options" fit --vectors rq/vectors.npy -o part $small --seed 7 --resume
fails 2 "of other options" fit --vectors rq/vectors.npy -o part $small --precision bf16 --resume
passes fit --vectors rq/vectors.npy -o part $small --resume
check "the same bytes" cmp whole/quantizer.safetensors part/quantizer.safetensors
check "the checkpoint is gone" [ ! -e part.checkpoint ]
fails 2 "no checkpoint" fit --vectors rq/vectors.npy -o other $small --resume
fails 2 "keeps no checkpoint" fit --vectors rq/vectors.npy -o other --codes 8 --resume
fails 1 "training broke at step" fit --vectors rq/vectors.npy -o broken $small --lr 10 --clip 0 --wd 10 --beta 1000000
# steps grow until the loss breaks, some looks after the first: the checkpoint of the last good one stays
fails 1 "training broke at step" fit --vectors rq/vectors.npy -o broken $steep --lr 10 --clip 0 --wd 10
says "first "
says "; the checkpoint broken.checkpoint is kept"
check "the last good checkpoint is kept" [ -s broken.checkpoint ]
check "but no catalogue" [ ! -e broken ]
rm -f broken.checkpoint
passes fit --vectors rq/vectors.npy -o other --quantizer rqvae --steps 1000000 --dry-run
says "would fit 600 items"
says "e+04 s" # a training is estimated as what it is, not as k-means

# the drill: a start of equal codes recovers through revival, and is called broken where every remedy is off
drill="--quantizer rqvae --codes 32 --hidden 16 --dim 4 --warm-steps 10 --warmup 5 --watch-every 20 --batch 64 --init equal --settle 0"
passes fit --vectors rq/vectors.npy -o collapsed $drill --steps 60 --tune-steps 0 --revive-every 0
says "level 1 collapses at step 20: 1 of 32 codes are used, perplexity 1.0; codes started all alike and dead ones are not revived"
says "level 3 ends collapsed: "
says "verdict        broken (unique_rate"
says "semid advise --vectors rq/vectors.npy"
passes fit --vectors rq/vectors.npy -o revived $drill --steps 200 --tune-steps 20 --revive-every 10
says "trained: error "
check "no level ends collapsed" [ "$(grep -c 'ends collapsed' "$err")" -eq 0 ]
