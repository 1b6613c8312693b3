/* prefixes.h: prefixes of SIDs as a filter of items: "within 12 or 40-7", "without 3". */
#ifndef SEMID_DECODE_PREFIXES_H
#define SEMID_DECODE_PREFIXES_H

#include "base/arena.h"
#include "model/model.h"

typedef struct sid__prefix {
    uint16_t code[SID__TRIE_WIDTH_MAX]; /* (count) classes, as sid__item_sids has them */
    int count;
} sid__prefix;

typedef struct sid__prefixes {
    sid__prefix *row; /* (count) */
    int64_t count;
} sid__prefixes;

/* `name` is what the request calls them. In the memory of the arena. SID_EUSAGE: no SID; a model that knows none. */
sid_status sid__prefixes_parse(const sid_model *m, const char *name, const char *const *text, int64_t count,
                               sid__arena *arena, sid__prefixes *out, sid_error *err);
bool sid__is_below(const sid__item_sids *sids, const sid__prefixes *prefixes, int64_t row);
/* How many rows lie below the prefixes, and they, to row (NULL: only counted); one below two prefixes may be there twice. Of a
 * generator in O(levels) a prefix and what is found. */
int64_t sid__rows_below(const sid_model *m, const sid__prefixes *prefixes, int32_t *row);

#endif
