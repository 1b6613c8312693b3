# debian_baskets.awk: `apt-cache dumpavail` to lines of an events.tsv without its header: user_id is a package, item_id one that it
# needs (Depends, then Recommends; of alternatives the first), in the order it names them. Reads items.tsv first and keeps to
# its items, which leaves out virtual packages; then the packages ("-").

function flush_basket(    part, count, i, name_of) {
    if (package == "" || (package in done))
        return
    done[package] = 1
    count = split(needs, part, ",")
    for (i = 1; i <= count; i++) {
        name_of = part[i]
        sub(/\|.*/, "", name_of)
        sub(/\(.*/, "", name_of)
        sub(/:.*/, "", name_of)
        gsub(/[[:space:]]/, "", name_of)
        if ((name_of in is_package) && !((package, name_of) in written)) {
            written[package, name_of] = 1
            print package "\t" name_of
        }
    }
}

NR == FNR { is_package[substr($0, 1, index($0, "\t") - 1)] = 1; next }
/^$/ { flush_basket(); package = needs = ""; next }
/^Package: / { package = $2 }
/^(Depends|Recommends): / {
    sub(/^[A-Za-z]+: /, "")
    needs = needs (needs == "" ? "" : ",") $0
}
END { flush_basket() }
