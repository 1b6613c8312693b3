/* quantizer.h: what every quantizer family is. quant_registry.c lists them; everything else loops over that list.
 *
 * A fitted sid_quantizer is immutable: encode and decode may run on many threads. Common to all (spec/quantizers.md §2):
 * prepare (l2, centring, PCA) is done here, families see prepared rows of `prepared_dim` floats.
 */
#ifndef SEMID_QUANT_QUANTIZER_H
#define SEMID_QUANT_QUANTIZER_H

#include "base/ctx.h"
#include "base/options.h"
#include "io/rows.h"
#include "io/tensor_set.h"

/* Common options; field order and types follow sid_quantizer_common()'s table. */
typedef struct sid__quantizer_options {
    int64_t levels, seed, sample, pca, beam;
    int codes[SID_LEVELS_MAX]; /* K of each level, parsed from the text "256" or "256,256,128" */
    char codes_text[SID__OPTION_TEXT_SIZE];
    bool no_center;
    int normalize; /* 0 none, 1 l2 */
} sid__quantizer_options;

typedef struct sid__family_class sid__family_class;

struct sid_quantizer {
    const sid__family_class *family;
    sid__quantizer_options options;
    void *family_options; /* of family->options_size bytes */
    int dim, prepared_dim;
    int group_levels;           /* the levels come in groups of so many, each of dimensions of its own; 0: all of all */
    float *mean;                /* (dim), NULL when not centred */
    float *pca;                 /* (dim, prepared_dim) row-major, NULL when off */
    void *state;                /* the family's */
    const sid_quantizer *start; /* while fitting: its codebooks and numbering are gone on from; NULL: none */
    int64_t *fit_row;           /* (fit_count) rows fitted on, ascending; kept when the family has fit_codes of them */
    int64_t fit_count;
    const char *checkpoint; /* while fitting: a file for the state of a family that can_resume; NULL: none is kept */
    bool resume;            /* while fitting: go on from it */
};

/* What one value of the option `preset` stands for: levels (0: as ever) and options as text. */
typedef struct sid__preset {
    const char *name;
    int levels;
    const char *options;
} sid__preset;

struct sid__family_class {
    sid_family info; /* name, summary, paper, option table */
    size_t options_size;
    const sid__preset *presets; /* to a row without a name; NULL: none */
    bool is_ordered;            /* prefixes mean something */
    bool no_beam;               /* codes are found one by one: there are no paths to keep */
    bool can_start;             /* fit goes on from q->start */
    bool can_resume;            /* fit takes so long that it keeps its state in q->checkpoint */
    /* Settles levels and codes, which the family's own options may imply, and parses the codes; has_: whether they were
     * given. NULL: sid__quantizer_parse_codes alone. */
    sid_status (*settle)(sid_quantizer *q, bool has_levels, bool has_codes, sid_error *err);
    /* Checks options against each other and the data's size; names the option and its range. NULL: nothing to check. */
    sid_status (*check)(const sid_quantizer *q, int64_t count, int prepared_dim, sid_error *err);
    /* Floating-point operations of the training that fit is, guessed for the estimate; NULL: fit is k-means or less. */
    double (*train_flop)(const sid_quantizer *q, int dim);
    /* Bytes that fitting on `count` rows takes beside what k-means on them would; NULL: none. */
    double (*fit_size)(const sid_quantizer *q, int64_t count, int dim);
    /* x (count, prepared_dim): the sampled, prepared rows, which fit may overwrite. Sets q->state. */
    sid_status (*fit)(sid_ctx *ctx, sid_quantizer *q, float *x, int64_t count, sid_error *err);
    /* Prepared rows -> codes (count, levels), margins (count, levels) or NULL. */
    sid_status (*encode)(sid_ctx *ctx, const sid_quantizer *q, const float *x, int64_t count, uint16_t *codes,
                         double *margins, sid_error *err);
    /* Codes (count, levels) in range -> prepared rows; the first `depth` levels. */
    void (*decode)(const sid_quantizer *q, const uint16_t *codes, int64_t count, int depth, float *x);
    sid_status (*save)(const sid_quantizer *q, sid__tensor_set *set, sid_error *err);
    sid_status (*load)(sid_quantizer *q, const sid__tensor_set *set, sid_error *err);
    void (*drop)(sid_quantizer *q); /* frees q->state */
    /* Codes (rows fitted on, levels) that fitting gave where encode may give others; NULL: none, as after load. The function
     * is NULL in families whose encode always gives the fitted codes. */
    const uint16_t *(*fit_codes)(const sid_quantizer *q);
};

extern const sid__family_class *const sid__quantizer_registry[];
extern const int sid__quantizer_registry_count;
/* SID_EUSAGE with a did-you-mean. */
sid_status sid__quantizer_family_find(const char *name, const sid__family_class **out, sid_error *err);

/* codes_text to codes: one number, or one a level. */
sid_status sid__quantizer_parse_codes(sid__quantizer_options *options, sid_error *err);

/* Made from public options, not fitted: options are parsed and checked. */
sid_status sid__quantizer_create(const sid_quantizer_options *options, sid_quantizer **out, sid_error *err);
/* Fits on the rows in `fit_row` (fit_count of them, ascending; NULL: all), sampled as the options say. The rows must be
 * finite. */
sid_status sid__quantizer_fit_rows(sid_ctx *ctx, sid_quantizer *q, const sid__rows *x, const int64_t *fit_row,
                                   int64_t fit_count, sid_error *err);
/* How many of `count` rows are sampled, and the memory that fitting on them takes, both as guessed before it. */
int64_t sid__quantizer_sample_count(const sid_quantizer *q, int64_t count);
size_t sid__quantizer_fit_size(const sid_quantizer *q, int64_t sample_count, int dim);
/* As sid_quantizer_encode, for rows wherever they lie, in memory that does not grow with their count. */
sid_status sid__quantizer_encode_rows(sid_ctx *ctx, const sid_quantizer *q, const sid__rows *x, uint16_t *codes,
                                      double *margins, sid_error *err);
/* x (count, dim), codes (count, levels) -> out (count, levels): see sid_margin. code_margins.c. */
sid_status sid__quantizer_margins(const sid_quantizer *q, const float *x, int64_t count, const uint16_t *codes,
                                  sid_margin *out, sid_error *err);
/* codes (rows of x, levels), encoded: rows that fitting gave other codes get those, and is_fit[row] = 1. */
void sid__quantizer_fit_codes(const sid_quantizer *q, uint16_t *codes, uint8_t *is_fit);
/* All tensors: `mean`, `pca.v`, the family's. */
sid_status sid__quantizer_save(const sid_quantizer *q, sid__tensor_set *set, sid_error *err);
/* `options` as stored in the manifest; `dim` from there too. Every tensor's name, shape and finiteness is checked. */
sid_status sid__quantizer_load(const sid_quantizer_options *options, int dim, const sid__tensor_set *set,
                               sid_quantizer **out, sid_error *err);
/* The family's own and the common options that differ from "levels, codes, seed", as "name=value,...": what the manifest
 * keeps and sid_quantizer_options.options takes. */
sid_status sid__quantizer_options_text(const sid_quantizer *q, sid__strbuf *out, sid_error *err);
/* Builds a residual quantizer around codebooks made elsewhere or from means of residuals: codebook[l] (K_l, dim) of the
 * family rkmeans, mean (dim) or NULL. Copies. */
sid_status sid__quantizer_from_codebooks(const float *const *codebook, const int *codes, int levels, int dim,
                                         const float *mean, sid_quantizer **out, sid_error *err);

#endif
