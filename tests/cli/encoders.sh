# encoders.sh: the bert encoder as a process: one model in embed, fit, encode and neighbors; weights that stay where they are.

model=$cases/../golden/bert
items 40 >items.tsv

# ---- one space for every verb, whatever the threads and the kernels
passes embed items.tsv -o x.npy --encoder bert --encoder-weights "$model"
says "max_tokens is lowered to 40"
says "wrote x.npy (40 x 36)"
for threads in 1 3; do
    passes embed items.tsv -o t.npy --encoder bert --encoder-weights "$model" --threads $threads --force
    check "the same vectors with $threads threads" is_same x.npy t.npy
done
SEMID_ISA=portable run embed items.tsv -o t.npy --encoder bert --encoder-weights "$model" --force
check "the same vectors by the portable kernels" is_same x.npy t.npy
passes fit items.tsv -o b --encoder bert --encoder-weights "$model" --levels 2 --codes 4
passes embed items.tsv -o t.npy --encoder-from b --force
check "a catalogue's encoder is the model" is_same x.npy t.npy
passes encode b items.tsv
prints_lines 40
passes neighbors b --text "red lipstick" -k 2
prints_lines 2
passes fit items.tsv -o b2 --init-from b
passes verify b2

# ---- weights that stay where they are
mkdir model && cp "$model"/*.json "$model"/vocab.txt "$model"/model.safetensors model
passes fit items.tsv -o ref --encoder bert --encoder-weights model --encoder-ref --levels 2 --codes 4
check "the weights are not copied" [ "$(size_of ref/encoder.safetensors)" -lt 2000 ]
passes encode ref items.tsv
prints_lines 40
echo >>model/vocab.txt
fails 3 "have changed since" encode ref items.tsv
mv model gone
fails 1 "cannot be read there" encode ref items.tsv

# ---- words for what cannot be
fails 2 "--encoder-weights DIR" embed items.tsv -o n.npy --encoder bert
fails 2 "is no folder" embed items.tsv -o n.npy --encoder bert --encoder-weights nowhere
mkdir other && echo '{"model_type": "mpnet"}' >other/config.json && cp "$model/vocab.txt" other
fails 3 'model_type is "mpnet"' embed items.tsv -o n.npy --encoder bert --encoder-weights other
fails 1 "over the memory limit" embed items.tsv -o n.npy --encoder bert --encoder-weights "$model" --memory-limit 100K
check "nothing is left of a failure" is_absent n.npy
