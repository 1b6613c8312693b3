/* semid_rank.h: SIDs inside a ranker: from codes to rows of an embedding table. Errors, contexts and threads are those of
 * semid.h.
 *
 *     codes (n, L) ──sid_pieces_train──▶ sid_pieces ──sid_pieces_rows──▶ rows of each item; their embeddings are summed
 */
#ifndef SEMID_RANK_H
#define SEMID_RANK_H

#include "semid.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Pieces: a SID as rows of an embedding table ------------------------------------------------------------------- */

#define SID_PIECE_ROWS_MAX (1LL << 47) /* of a hashed table: h x K + c stays below 2^63 for every K */
#define SID_PIECE_LEVELS_MAX 16        /* of spm-unigram and spm-bpe: all parts of a SID are counted, 120 of 16 codes */
#define SID_PIECE_SYMBOLS_MAX 131068   /* codes of all levels in a .model: each is a private code point */
#define SID_FINGERPRINT_SIZE 65        /* SHA-256 in hexadecimal digits and a zero */

typedef struct sid_pieces sid_pieces;

typedef struct sid_pieces_options {
    const char *scheme;  /* default "spm-unigram"; sid_pieces_family lists them */
    const char *options; /* the scheme's own, "rows=8000,hash=mix" */
    const int *codes;    /* (levels) K of each level */
    int levels;
    const char *fingerprint; /* of the quantizer that makes the codes, as sid_catalog_info has it; NULL: not known */
    void *reserved[4];
} sid_pieces_options;

/* Makes pieces from `codes` (count, levels), base codes without an added digit. `weights` (count; NULL: 1 each; whole numbers
 * from 0) say how often an item is shown. `known` (count; NULL: all): 0 where an item has no SID, whose codes are then not looked
 * at. Only spm-unigram and spm-bpe learn from codes; for the others count may be 0. The same codes, weights and options give the
 * same bytes for any number of threads and any order of the items. SID_EUSAGE: unknown words, rows that no table can have;
 * SID_EDATA: a code beyond its level's K, with row and level; SID_ENOMEM, SID_ECANCELED. The pieces keep `ctx`. */
SID_API SID_MUST_CHECK sid_status sid_pieces_train(sid_ctx *ctx, const sid_pieces_options *options,
                                                   const uint16_t *codes, const int64_t *weights, const uint8_t *known,
                                                   int64_t count, sid_pieces **out, sid_error *err);
SID_API void sid_pieces_close(sid_pieces *pieces);

typedef struct sid_pieces_info {
    const char *scheme, *options; /* options: what differs from the defaults */
    const char *fingerprint;      /* of the quantizer; "": not known */
    int levels;
    const int *codes;   /* (levels) */
    int64_t rows;       /* of the table: every row is below it; 0: any 64-bit number (hash=key) */
    int item_rows_max;  /* rows of an item at most */
    int64_t pieces;     /* spm: that can be used; else 0 */
    bool has_same_size; /* every item has item_rows_max rows */
} sid_pieces_info;
SID_API void sid_pieces_get_info(const sid_pieces *pieces, sid_pieces_info *out);

/* Codes (count, levels) to lists of rows: those of item i are rows[offsets[i]] .. rows[offsets[i + 1] - 1]. `rows` has room for
 * count x item_rows_max, `offsets` for count + 1. `known` as above: an item without a SID has an empty list. SID_EDATA: a code
 * beyond its level's K, with item, level, value and limit. */
SID_API SID_MUST_CHECK sid_status sid_pieces_rows(const sid_pieces *pieces, const uint16_t *codes, const uint8_t *known,
                                                  int64_t count, uint64_t *rows, int64_t *offsets, sid_error *err);

/* Schemes and their options. */
SID_API int sid_pieces_family_count(void);
SID_API const sid_family *sid_pieces_family(int index);

#ifdef __cplusplus
}
#endif
#endif
