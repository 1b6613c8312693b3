# debian_items.awk: `apt-cache dumpavail` to lines of an items.tsv without its header: item_id, title (the short
# description), section, tags. Sort the output by bytes: it then is the same wherever the package lists are the same.
# A package that is there twice (updates, security) counts once. Control bytes and runs of spaces become one space.

function clean(text) {
    gsub(/[[:cntrl:][:space:]]+/, " ", text)
    gsub(/^ +| +$/, "", text)
    return text
}

# "role::{devel-lib,program}" is two tags that share a facet.
function expand_tags(text,    out, part, count, i, facet, inside) {
    gsub(/[[:space:]]/, "", text)
    while (match(text, /[^,{]*\{[^}]*\}/)) {
        part = substr(text, RSTART, RLENGTH)
        facet = part
        sub(/\{.*/, "", facet)
        inside = substr(part, length(facet) + 2, length(part) - length(facet) - 2)
        gsub(/,/, "," facet, inside)
        text = substr(text, 1, RSTART - 1) facet inside substr(text, RSTART + RLENGTH)
    }
    count = split(text, part_of, ",")
    for (i = 1; i <= count; i++)
        if (part_of[i] != "")
            out = out (out == "" ? "" : " ") part_of[i]
    return out
}

function flush_package() {
    if (name != "" && !(name in seen)) {
        seen[name] = 1
        print name "\t" clean(title) "\t" clean(section) "\t" expand_tags(tags)
    }
    name = title = section = tags = field = ""
}

BEGIN { FS = "\n"; OFS = "\t" }
/^$/ { flush_package(); next }
/^[ \t]/ { if (field == "Tag") tags = tags $0; next }
{
    colon = index($0, ":")
    field = substr($0, 1, colon - 1)
    value = substr($0, colon + 1)
    if (field == "Package") name = clean(value)
    else if (field == "Description" || field == "Description-en") title = value
    else if (field == "Section") section = value
    else if (field == "Tag") tags = value
}
END { flush_package() }
