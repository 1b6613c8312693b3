/* pieces.h: what every scheme is that turns a SID into rows of an embedding table (Singh et al., "Better Generalization with
 * Semantic IDs", 2306.08121; Zheng et al., "Enhancing Embedding Representation Stability", 2504.02137). pieces_registry.c
 * lists the schemes.
 *
 * The room takes codes and weights, never a catalogue; who has one joins them. Rows are the same on every machine: whole
 * numbers, and for what is learned sums in a fixed order.
 */
#ifndef SEMID_PIECES_PIECES_H
#define SEMID_PIECES_PIECES_H

#include "base/ctx.h"
#include "base/options.h"
#include "semid_rank.h"

enum { SID__HASH_MIX, SID__HASH_MOD, SID__HASH_KEY, SID__HASH_NONE };

/* One struct for all schemes; a scheme's table says which of them it has. */
typedef struct sid__piece_settings {
    int64_t rows; /* H; for spm V */
    int64_t seed; /* of hash mix */
    int64_t n;    /* levels a group, prefixes; 0: all */
    int64_t depth;
    int hash;
} sid__piece_settings;

__extension__ typedef unsigned __int128 sid__u128;

/* One row of an item, of codes first .. first + count - 1. Before hashing its index is offset + v, v the number that these codes
 * write with one digit a level. Invariant: offset of the next term = offset + product of K over the codes. */
typedef struct sid__piece_term {
    int first, count;
    int group;           /* where hash mix starts from */
    bool goes_on;        /* has the codes of the term before it and one more */
    bool fits;           /* all its indices are below 2^64 */
    uint64_t offset;     /* mod 2^64 */
    uint64_t offset_mod; /* mod H */
} sid__piece_term;

typedef struct sid__pieces_class sid__pieces_class;
typedef struct sid__piece_model sid__piece_model;   /* piece_model.h */
typedef struct sid__piece_corpus sid__piece_corpus; /* piece_corpus.h */

struct sid_pieces {
    sid_ctx *ctx;
    const sid__pieces_class *scheme;
    sid__piece_settings settings;
    bool has_rows;      /* rows were given */
    char *options_text; /* what differs from the defaults, "a=1,b=2" */
    char fingerprint[SID_FINGERPRINT_SIZE];
    int levels, codes[SID_LEVELS_MAX];
    int item_rows_max;
    sid__piece_term term[SID_LEVELS_MAX];
    int term_count;          /* 0: learned */
    sid__piece_model *model; /* learned; else NULL */
};

struct sid__pieces_class {
    sid_family info; /* name, summary, paper, option table */
    /* Sets p->term from settings and codes. */
    sid_status (*plan)(sid_pieces *p, sid_error *err);
    /* Learns p->model from the corpus; NULL: nothing is learned. */
    sid_status (*train)(const sid_pieces *p, const sid__piece_corpus *corpus, sid__piece_model **out, sid_error *err);
};

extern const sid__pieces_class *const sid__pieces_registry[];
extern const int sid__pieces_registry_count;
/* SID_EUSAGE with a did-you-mean. */
sid_status sid__pieces_scheme_find(const char *name, const sid__pieces_class **out, sid_error *err);

/* Pieces of that scheme with nothing learned. */
sid_status sid__pieces_create(sid_ctx *ctx, const sid_pieces_options *options, sid_pieces **out, sid_error *err);

/* ---- Rows by index (piece_terms.c) --------------------------------------------------------------------------------- */

sid_status sid__piece_plan_unigram(sid_pieces *p, sid_error *err);
sid_status sid__piece_plan_ngram(sid_pieces *p, sid_error *err);
sid_status sid__piece_plan_bigrams(sid_pieces *p, sid_error *err);
sid_status sid__piece_plan_prefix(sid_pieces *p, sid_error *err);
/* Offsets, rows and what hashing needs, once the terms have their codes. SID_EUSAGE: more rows than a table can have, or with
 * hash=none another number than there are. */
sid_status sid__piece_plan_hash(sid_pieces *p, sid_error *err);
/* The index before hashing; false where 128 bits do not hold it. */
bool sid__piece_index(const sid_pieces *p, int term, const uint16_t *codes, sid__u128 *out);
/* spm: V is enough for all single codes. */
sid_status sid__piece_plan_learned(sid_pieces *p, sid_error *err);
/* The rows of one item whose codes are in range; rows (term_count). */
void sid__piece_rows(const sid_pieces *p, const uint16_t *codes, uint64_t *rows);

#endif
