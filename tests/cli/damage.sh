# damage.sh: one flipped bit in any file of a catalogue is found and named; derived files are rebuilt.

items 60 >items.tsv
passes fit items.tsv -o whole --codes 8 --quiet
passes export whole --as tsv -o whole.tsv
passes verify whole

# Immutable files: a bit near the start, in the middle and at the end.
for file in $(cd whole && ls); do
    case $file in
    lock | items.db* | index.bin) continue ;;
    esac
    size=$(size_of "whole/$file")
    for offset in 0 $((size / 2)) $((size - 1)); do
        rm -rf hurt
        cp -r whole hurt
        flip "hurt/$file" "$offset"
        fails 3 "$file" verify hurt
    done
    rm -rf hurt
    cp -r whole hurt
    rm "hurt/$file"
    case $file in
        items.sum) passes verify hurt ;; # derived: none says nothing
    metrics.json) run verify hurt; check "a missing $file is found" [ $code -ne 0 ] ;;
    *) run inspect hurt; check "a missing $file is found" [ $code -ne 0 ]; says "$file" ;;
    esac
    cp "whole/$file" "hurt/$file"
    head -c $((size - 1)) "whole/$file" >"hurt/$file"
    fails 3 "$file" verify hurt
done

# items.db: in the id of an item, and in its header.
rm -rf hurt
cp -r whole hurt
offset=$(LC_ALL=C grep -obUa 'red matte' hurt/items.db | head -n 1 | cut -d : -f 1)
flip hurt/items.db "$offset"
fails 3 "items.db" verify hurt
size=$(size_of whole/items.db)
for offset in 0 $((size / 3)) $((size / 2)) $((size - 1)); do
    rm -rf hurt
    cp -r whole hurt
    flip hurt/items.db "$offset"
    fails 3 "items.db" verify hurt
done

# Metadata of other people: brackets are counted before a parser sees them.
rm -rf hurt
cp -r whole hurt
metadata='{"title":"blue cotton shirt number 1","brand":"brand1"}'
nested=$(awk -v size=${#metadata} 'BEGIN {
    depth = int((size - 6) / 2)
    text = "{\"a\":"
    for (i = 0; i < depth; i++) text = text "["
    for (i = 0; i < depth; i++) text = text "]"
    while (length(text) < size - 1) text = text " "
    print text "}"
}')
LC_ALL=C sed "s/$metadata/$nested/" whole/items.db >hurt/items.db
check "something was changed" sh -c "! cmp -s whole/items.db hurt/items.db"
check "of the same size" [ "$(size_of hurt/items.db)" -eq "$(size_of whole/items.db)" ]
passes show hurt i1 --format json
says 'the metadata of item "i1" is no JSON object that semid writes'
prints '"metadata": {}'

# index.bin is derived: it is rebuilt, with a warning, and answers stay.
size=$(size_of whole/index.bin)
for offset in 0 $((size / 2)) $((size - 1)); do
    rm -rf hurt
    cp -r whole hurt
    flip hurt/index.bin "$offset"
    passes verify hurt
    says "warning"
    passes neighbors hurt --item i1 -k 5
    cp "$out" "$work/answer"
    passes neighbors whole --item i1 -k 5
    check "the same neighbours" is_same "$out" "$work/answer"
done
rm -rf hurt
cp -r whole hurt
rm hurt/index.bin
passes verify hurt
passes neighbors hurt --item i1 -k 5

# A manifest from the future.
rm -rf hurt
cp -r whole hurt
sed 's/"format_version": *[0-9]*/"format_version": 99/; s/"format": *[0-9]*/"format": 99/' whole/manifest.json >hurt/manifest.json
run inspect hurt
check "another format is refused" [ $code -eq 3 ]
