/* interchange.h: SIDs of a catalogue as files of others, and back. A form is a row of the table in interchange.c: how it is
 * written and read; the families of forms are the files form_*.c. semid.h lists what each looks like.
 */
#ifndef SEMID_CATALOG_INTERCHANGE_H
#define SEMID_CATALOG_INTERCHANGE_H

#include "catalog/catalog.h"
#include "sid/sid_tokens.h"

typedef enum sid__form {
#define SID__FORM_ENUM_(id, name, summary) SID__FORM_##id,
    SID_FORM_LIST(SID__FORM_ENUM_)
#undef SID__FORM_ENUM_
        SID__FORM_COUNT
} sid__form;

enum { SID__IMPORT_SIZE_MAX = 1 << 30, SID__IMPORT_CODES_MAX = SID_LEVELS_MAX + 1 };

/* NULL: by the ending of `path`. SID_EUSAGE lists the forms, with a did-you-mean. */
sid_status sid__form_find(const char *name, const char *path, sid__form *out, sid_error *err);
const char *sid__form_name(sid__form form);
/* `x.npy` to `x.ids.txt`: the form's own ending goes, `ending` comes. */
sid_status sid__beside_path(const char *path, const char *ending, char *out, size_t size, sid_error *err);
#define SID__IDS_ENDING ".ids.txt"
#define SID__ROWS_ENDING ".item2id.tsv"

/* ---- Out */

/* The live items, in row order. Invariant: codes (count, levels), digit (count), SID__DIGIT_NONE where a row has none; all
 * have none when digit_codes is 0. */
typedef struct sid__exported {
    const sid_export_options *options;
    sid__form form;
    int64_t count, capacity;
    int levels, digit_codes;
    int level_codes[SID_LEVELS_MAX + 1]; /* K of each level, then digit_codes */
    uint16_t *codes;
    int32_t *digit;
    const char **id, **title; /* in the arena */
    sid__arena arena;
} sid__exported;

/* Collects the items and gives them the digits that options->digit asks for. */
sid_status sid__exported_collect(sid_catalog *catalog, const sid_export_options *options, sid__form form,
                                 sid__exported *out, sid_error *err);
/* SID_EUSAGE names two items that share a SID and the ways out. */
sid_status sid__exported_check_unique(const sid__exported *e, sid_error *err);
void sid__exported_drop(sid__exported *exported);
/* A row's whole SID, at most SID__IMPORT_CODES_MAX codes; gives how many. */
int sid__exported_sid(const sid__exported *e, int64_t row, uint16_t *codes);
/* One id a line; `item_id TAB row` lines. */
sid_status sid__write_ids(const sid__exported *e, const char *path, sid_error *err);
sid_status sid__write_rows(const sid__exported *e, const char *path, sid_error *err);

/* ---- In */

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
    /* Rows of any width before sid__import_settle makes codes and digit of them: width (count), loose (their sum). */
    uint8_t *width;
    uint16_t *loose;
    int64_t width_capacity, loose_count, loose_capacity;
} sid__imported;

sid_status sid__import_read(sid_ctx *ctx, const char *path, sid__form form, const sid_import_options *options,
                            sid__imported *out, sid_error *err);
void sid__imported_drop(sid__imported *imported);

sid__place sid__import_place(const sid__imported *in, int64_t line);
/* Appends a row of one width (in->levels) with its digit; has_digit: the file tells digits. */
sid_status sid__import_add(sid__imported *in, const char *id, int64_t line, const int *codes, int count, bool has_digit,
                           int32_t digit, sid_error *err);
/* Appends a row of any width. id NULL: named later. */
sid_status sid__import_add_loose(sid__imported *in, const char *id, int64_t line, const uint16_t *codes, int count,
                                 sid_error *err);
/* All rows have one width, or with is_digit_last the last code of the wider ones is their digit. */
sid_status sid__import_settle(sid__imported *in, bool is_digit_last, sid_error *err);

/* Ids by row, for files without ids: of the file beside it, else of the items, else of the vectors; `from` names the source.
 * Strings belong to in's arena or to the options. */
typedef struct sid__row_names {
    const char **id;
    int64_t count;
    const char *from;
    char path[PATH_MAX];
} sid__row_names;
/* `ending`: SID__IDS_ENDING or SID__ROWS_ENDING. */
sid_status sid__row_names_read(sid__imported *in, const sid_import_options *options, const char *ending,
                               sid__row_names *out, sid_error *err);
void sid__row_names_drop(sid__row_names *names);
/* Gives in's rows the names, one each. SID_EDATA when there are more or fewer. */
sid_status sid__import_name_rows(sid__imported *in, const sid__row_names *names, sid_error *err);

/* The style that the options name for `form`; levels with a digit's. */
sid_status sid__import_style(sid__form form, const sid_import_options *options, int *codes, sid__token_style *out,
                             sid_error *err);

/* ---- Forms: form_table.c, form_array.c, form_tokens.c, form_letters.c */

typedef sid_status sid__form_write_fn(const sid__exported *e, const char *path, sid_error *err);
typedef sid_status sid__form_read_fn(sid_ctx *ctx, const sid_import_options *options, sid__imported *in,
                                     sid_error *err);
sid__form_write_fn sid__tsv_write, sid__jsonl_write, sid__npy_form_write, sid__grid_write, sid__token_table_write,
    sid__tokens_write, sid__letters_write, sid__info_write, sid__recbole_write;
sid__form_read_fn sid__tsv_read, sid__jsonl_read, sid__npy_form_read, sid__grid_read, sid__onerec_read, sid__flat_read,
    sid__offset_read, sid__template_read, sid__tokens_read, sid__letters_read, sid__info_read, sid__recbole_read;

/* ---- Quantizers for SIDs made elsewhere */

/* A residual quantizer whose centroids are the means of the residuals of the rows that have the code.
 * x (count, dim), codes (count, levels). */
sid_status sid__codebooks_of_codes(sid_ctx *ctx, const float *x, int64_t count, int dim, const uint16_t *codes,
                                   int levels, sid_quantizer **out, sid_error *err);
/* The quantizer in a safetensors file: codebook.1, codebook.2, .. (K, dim), mean (dim) or none. SID_EDATA names the tensor. */
sid_status sid__codebooks_read(const char *path, int dim, sid_quantizer **out, sid_error *err);

#endif
