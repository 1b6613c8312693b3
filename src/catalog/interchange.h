/* interchange.h: SIDs of a catalogue as files of others, and back. A form is a row of a table.
 *
 *   tsv, csv  header `item_id sid c1 .. cL [digit]`; on import `sid` may be absent, or be all there is
 *   jsonl     {"item_id": "B01", "sid": "12-153-87", "codes": [12, 153, 87]}, and "digit": 0 where one is added
 *   npy       (N, L) uint16 base codes; ids in `<path without .npy>.ids.txt`
 */
#ifndef SEMID_CATALOG_INTERCHANGE_H
#define SEMID_CATALOG_INTERCHANGE_H

#include "catalog/catalog.h"

typedef enum sid__form { SID__FORM_TSV, SID__FORM_JSONL, SID__FORM_NPY, SID__FORM_COUNT } sid__form;

/* NULL: by the ending of `path`. SID_EUSAGE lists the forms, with a did-you-mean. */
sid_status sid__form_find(const char *name, const char *path, sid__form *out, sid_error *err);
/* `x.npy` to `x.ids.txt`. */
sid_status sid__ids_path(const char *path, char *out, size_t size, sid_error *err);

/* What an import file says. digit is NULL when it has no digits, else SID__DIGIT_NONE where a row has none. */
typedef struct sid__imported {
    const char *path;
    int64_t count, codes_capacity, digit_capacity, id_capacity, line_capacity;
    int levels; /* 0: no row seen yet */
    uint16_t *codes;
    int32_t *digit;
    const char **id; /* (count) in the arena */
    int64_t *line;   /* (count) for messages; 0: none (npy) */
    sid__arena arena;
} sid__imported;

sid_status sid__import_read(sid_ctx *ctx, const char *path, sid__form form, const sid_import_options *options,
                            sid__imported *out, sid_error *err);
void sid__imported_drop(sid__imported *imported);

/* A residual quantizer whose centroids are the means of the residuals of the rows that have the code.
 * x (count, dim), codes (count, levels). */
sid_status sid__codebooks_of_codes(sid_ctx *ctx, const float *x, int64_t count, int dim, const uint16_t *codes,
                                   int levels, sid_quantizer **out, sid_error *err);

#endif
