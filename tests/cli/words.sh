# words.sh: help, options, typos, configuration, environment, formats.

verbs="fit embed encode remove inspect neighbors show decode export import verify synth doctor version help"

# ---- help
passes
prints "usage: semid VERB"
for verb in $verbs; do
    prints "  $verb "
done
for verb in $verbs; do
    passes "$verb" --help
    prints "usage: semid $verb"
    prints "examples:"
    prints "  semid $verb"
    prints "--memory-limit"
    cp "$out" "$work/long"
    passes help "$verb"
    check "help $verb is as $verb --help" is_same "$out" "$work/long"
    passes "$verb" -h
done
passes --help
passes help
prints "usage: semid VERB"
fails 2 "run semid help" help help me
passes fit --help
prints "--levels"
prints "rkmeans"
prints "--refine"
passes fit --help rkmeans
prints "--refine"
prints "default"
passes help fit lsa
prints "--encoder-dim"
fails 2 "did you mean rkmeans?" fit --help rkmean
fails 2 "did you mean fit?" help fti
for shell in bash zsh fish; do
    passes help --completions $shell
    prints neighbors
    prints refine
done
fails 2 "one of bash|zsh|fish" help --completions tcsh
passes help --man
prints ".SH VERBS"
passes help fit --man
prints ".TH SEMID\\-FIT 1"
prints "refine"
fails 2 "did you mean fit?" help --man fti
if command -v bash >"$work/which"; then
    passes help --completions bash
    check "the bash completion is no valid bash" bash -n "$out"
    bash -c ". $out; COMP_WORDS=(semid neigh); COMP_CWORD=1; _semid; echo \${COMPREPLY[*]}" >"$work/reply" 2>&1
    check "bash completes a verb" grep -qx neighbors "$work/reply"
    bash -c ". $out; COMP_WORDS=(semid fit --digi); COMP_CWORD=2; _semid; echo \${COMPREPLY[*]}" >"$work/reply" 2>&1
    check "bash completes an option" grep -qx -- --digit-style "$work/reply"
    bash -c ". $out; COMP_WORDS=(semid fit --collisions rea); COMP_CWORD=3; _semid; echo \${COMPREPLY[*]}" >"$work/reply" 2>&1
    check "bash completes a policy" grep -qx reassign "$work/reply"
    bash -c ". $out; COMP_WORDS=(semid export c --as ts); COMP_CWORD=4; COMP_WORDS=(semid export --as ts); COMP_CWORD=3
        _semid; echo \${COMPREPLY[*]}" >"$work/reply" 2>&1
    check "bash completes a choice" grep -qx tsv "$work/reply"
else
    skip "no bash here: its completion was not tried"
fi

# ---- version
passes version
prints "semid "
passes --version
passes version --format json
prints '"version"'
prints '"libraries"'

# ---- typos and wrong values
fails 2 "did you mean fit?" ft
fails 2 "run semid help" frobnicate
fails 2 "comes before" --quiet fit
fails 2 "did you mean --levels?" fit x.tsv -o c --levls 3
fails 2 "run semid fit --help" fit x.tsv -o c --levls 3
fails 2 "option -x" fit -x
fails 2 "one letter" version -qq
fails 2 "needs a value" fit x.tsv -o
fails 2 "did you mean --encoder-dim?" fit x.tsv -o c --encoder-dm 3
fails 2 "option --xyzzy is unknown; run" fit --xyzzy
fails 2 "--spread is \"wide\"; a number" synth vectors -o d --spread wide
fails 2 "did you mean vectors?" synth vector -o d
passes synth vectors -o d --dry-run --dim 8 --item_count 10
check "a dry run writes nothing" is_absent d
fails 2 "--levels is \"0\"; a whole number from 1 to 64" fit x.tsv -o c --levels 0
fails 2 "--levels is \"three\"" fit x.tsv -o c --levels three
fails 2 "--levels is \"65\"" fit x.tsv -o c --levels=65
fails 2 "--levels needs a value" fit x.tsv -o c --levels
fails 2 "--levels needs a value" fit x.tsv -o c --levels --codes 3
fails 2 "given twice" fit x.tsv -o c --levels 3 --levels 4
fails 2 "--refine is" fit x.tsv -o c --refine many
fails 2 "did you mean --refine?" fit x.tsv -o c --refin 3
fails 2 "did you mean rkmeans?" fit x.tsv -o c --quantizer rkmean
fails 2 "encoder \"word2vec\" is unknown" fit x.tsv -o c --encoder word2vec
fails 2 "known: keep, digit, suffix, reassign, sinkhorn, capacity" fit x.tsv -o c --collisions maybe
fails 2 "--digit-style" fit x.tsv -o c --digit-style grid
fails 2 "it takes no value" fit x.tsv -o c --force=perhaps
fails 2 "size like 512M" fit x.tsv -o c --memory-limit lots
fails 2 "one of table|tsv|json|jsonl" version --format xml
fails 2 "--threads is" version --threads 2000
fails 2 "--seed is \"0\"" version --seed 0
fails 2 "--on-error is" embed x.tsv -o x.npy --on-error explode
fails 2 "needs a file of items" fit -o c
fails 2 "needs an output" fit x.tsv
fails 2 "show needs a catalogue and an id" show c
fails 2 "one word too many" show c a b
fails 2 "give exactly one" neighbors c
fails 2 "give exactly one" neighbors c --item a --prefix 1
fails 2 "--vector: a number" neighbors c --vector 0.1,zero
fails 2 "-o FILE.npy" export c --as npy
fails 2 "needs --as" export c
fails 2 "needs --vectors" import x.tsv -o c
fails 2 "--if-exists has a meaning with --add" encode c x.tsv --if-exists skip
fails 2 "leave out --encoder" fit --vectors x.npy --encoder lsa -o c
fails 2 "--ids belongs to --vectors" fit x.tsv --ids y -o c
fails 2 "did you mean vectors" synth vektors -o d
fails 2 "synth makes vectors, impressions or events" synth nothing -o d
fails 2 "as in 'unique_rate<0.7'" inspect c --fail-on unique_rate
fails 2 "is no number" inspect c --fail-on "unique_rate<high"
check "nothing was made" is_absent c

# ---- `--` ends options, = and words
fails 3 "--odd" verify -- --odd
passes version --format=json --threads=2 -q
fails 2 "empty" neighbors c --item=

# ---- errors as JSON
run show nowhere x --log-format json
check "a failure in JSON" grep -q '^{"level":"error","status":"SID_E' "$err"
for member in message file row byte; do
    says "\"$member\":"
done
SEMID_LOG_FORMAT=json run ft
says '"status":"SID_EUSAGE"'
check "exit 2" [ $code -eq 2 ]

# ---- environment and configuration: flags > environment > configuration
SEMID_THREADS=many run version
check "exit 2" [ $code -eq 2 ]
says "SEMID_THREADS is \"many\""
SEMID_MEMORY_LIMIT=8Q run version
says "SEMID_MEMORY_LIMIT is"
SEMID_THREADS=many run version --threads 2
check "a flag wins over the environment" [ $code -eq 0 ]
SEMID_LOG_FORMAT=json run version --log-format text --threads x
says "semid: --threads"

echo '{"seed": 7, "fit": {"levels": 4}}' >good.json
passes version --config good.json
echo '{"sed": 7}' >bad.json
fails 2 'bad.json: sed is unknown; did you mean "seed"?' version --config bad.json
echo '{"fit": {"levls": 7}}' >bad.json
fails 2 'did you mean "levels"?' version --config bad.json
fails 2 'did you mean "levels"?' fit x.tsv -o c --config bad.json
echo '{"fit": {"levels": 700}}' >bad.json
fails 2 'fit.levels is "700"' version --config bad.json
echo '{"fit": 3}' >bad.json
fails 2 "an object" version --config bad.json
echo '{"seed": [1]}' >bad.json
fails 2 "a text, a number" version --config bad.json
echo '{"seed": 7, "seed": 8}' >bad.json
fails 2 "bad.json:1" version --config bad.json
echo '{"seed": ' >bad.json
fails 2 "must be JSON" version --config bad.json
for value in true 1.5 '"x"' '{}'; do
    echo "{\"fit\": {\"levels\": $value}}" >bad.json
    fails 2 "fit.levels" fit x.tsv -o c --config bad.json
done
echo '{"inspect": {"fail-on": ["unique_rate", 3]}}' >bad.json
fails 2 "as in 'unique_rate<0.7'" inspect c --config bad.json
passes version --config bad.json
echo '[]' >bad.json
fails 2 "an object is expected" version --config bad.json
fails 2 "nowhere.json" version --config nowhere.json
SEMID_CONFIG=bad.json run version
check "SEMID_CONFIG is read" [ $code -eq 2 ]
SEMID_CONFIG=bad.json run version --config good.json
check "--config wins" [ $code -eq 0 ]

# ---- streams
if [ -w /dev/full ]; then
    "$semid" version >/dev/full 2>"$err"
    code=$? command_line="version >/dev/full"
    check "a full stdout is exit 1" [ $code -eq 1 ]
    says "semid: standard output: No space left"
else
    skip "no /dev/full here"
fi
"$semid" version >&- 2>"$err"
code=$?
check "a closed stdout is exit 1" [ $code -eq 1 ]
{ "$semid" help fit 2>"$err"; echo $? >"$work/code"; } | :
check "a closed pipe is silent" [ ! -s "$err" ]
check "and no ordinary failure" [ "$(cat "$work/code")" -ne 1 ]
