/* prefixes.c: see prefixes.h. A generator has a trie, where what lies below a prefix is one run; other families are asked for
 * the scores of all items anyway, so a pass over them is cheap beside it. */
#include "decode/prefixes.h"

#include <string.h>

sid_status sid__prefixes_parse(const sid_model *m, const char *name, const char *const *text, int64_t count,
                               sid__arena *arena, sid__prefixes *out, sid_error *err)
{
    const sid__item_sids *sids = &m->sids;
    *out = (sid__prefixes){0};
    if (count > 0 && sids->levels == 0)
        return sid__fail(
            err, SID_EUSAGE,
            "%s is \"%.40s\", and the model %s knows no SIDs; name items by allow or deny, or train a model "
            "with a catalogue",
            name, text[0], m->family->info.name);
    SID_TRY(sid__arena_push(arena, (size_t)(count + 1) * sizeof *out->row, &out->row, err));
    for (; out->count < count; out->count++) {
        sid__prefix *prefix = &out->row[out->count];
        SID_TRY(sid_parse(text[out->count], sids->width, prefix->code, &prefix->count, err));
        if (sids->has_end && prefix->count == sids->width) /* class 0 is the end; a digit of 65535 is none */
            prefix->code[sids->levels] = (uint16_t)(prefix->code[sids->levels] + 1);
    }
    return SID_OK;
}

bool sid__is_below(const sid__item_sids *sids, const sid__prefixes *prefixes, int64_t row)
{
    const uint16_t *code = sids->code + row * sids->width;
    for (int64_t p = 0; sids->is_known[row] && p < prefixes->count; p++)
        if (memcmp(code, prefixes->row[p].code, (size_t)prefixes->row[p].count * sizeof *code) == 0)
            return true;
    return false;
}

/* The child of a node (level -1: the root) with that code; -1: none. */
static int32_t child_of(const sid__trie *trie, int level, int32_t node, uint16_t code)
{
    int32_t end = 0, begin = sid__trie_children(trie, level, node, &end), last = end;
    const uint16_t *codes = trie->level[level + 1].code;
    while (begin < end) {
        int32_t middle = begin + (end - begin) / 2;
        if (codes[middle] < code)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin < last && codes[begin] == code ? begin : -1;
}

static int64_t copy_run(const sid__trie *trie, const sid__prefix *prefix, int32_t *row)
{
    int32_t node = 0;
    for (int l = 0; l < prefix->count && node >= 0; l++)
        node = child_of(trie, l - 1, node, prefix->code[l]);
    if (node < 0)
        return 0;
    const int32_t *begin = trie->level[prefix->count - 1].item_begin;
    int64_t count = begin[node + 1] - begin[node];
    if (row)
        memcpy(row, trie->item + begin[node], (size_t)count * sizeof *row);
    return count;
}

int64_t sid__rows_below(const sid_model *m, const sid__prefixes *prefixes, int32_t *row)
{
    int64_t count = 0;
    if (m->trie) {
        for (int64_t p = 0; p < prefixes->count; p++)
            count += copy_run(m->trie, &prefixes->row[p], row ? row + count : NULL);
        return count;
    }
    for (int64_t i = 0; prefixes->count > 0 && i < m->sids.count; i++)
        if (sid__is_below(&m->sids, prefixes, i)) {
            if (row)
                row[count] = (int32_t)i;
            count++;
        }
    return count;
}
