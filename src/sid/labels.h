/* labels.h: words for prefixes of SIDs (spec/quantizers.md §7): what the items below a prefix have in common that its
 * siblings lack.
 */
#ifndef SEMID_SID_LABELS_H
#define SEMID_SID_LABELS_H

#include "sid/categories.h"
#include "sid/code_order.h"
#include "sid/label_tokens.h"

/* The title that stands for these items (rows of the codes, in any order); NULL: none has one. `arena` holds a copy. */
typedef sid_status sid__label_title_fn(void *user, const int64_t *row, int64_t count, sid__arena *arena,
                                       const char **out, sid_error *err);

/* Row i of each is the same item. */
typedef struct sid__label_input {
    const uint16_t *codes; /* (count, levels) */
    int64_t count;
    int levels;
    int depth; /* 1 .. levels: prefixes of up to so many codes get labels */
    const sid__label_tokens *tokens;
    const sid__categories *categories; /* NULL: none */
    sid__label_title_fn *title;        /* NULL: none */
    void *title_user;
} sid__label_input;

enum { SID__LABEL_TERMS = 3 };

/* A prefix. Invariant: begin < end. */
typedef struct sid__label {
    int depth;
    int64_t begin, end;              /* places in the order of the codes */
    int64_t parent;                  /* -1: the root */
    uint64_t term[SID__LABEL_TERMS]; /* keys of the terms that it holds */
    int term_count;
    int32_t category;  /* that comes first in the text; -1: none */
    int32_t commonest; /* of as many parts as the prefix has codes, after those that all share; -1: none */
    double purity;     /* the share of it among the items that have a category; NaN: none has */
    const char *text;
} sid__label;

/* All prefixes, depth by depth, in the order of their codes. Zero-initialised is empty. */
typedef struct sid__labels {
    sid__label *row;
    int64_t count, capacity;
    sid__code_order by;
    sid__arena arena;
} sid__labels;

sid_status sid__labels_make(const sid__label_input *in, sid__labels *out, sid_error *err);
void sid__labels_drop(sid__labels *labels);

#endif
