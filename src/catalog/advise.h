/* advise.h: what the files of sid_advise share.
 *
 *   advise          options to rows, then trial after trial     advise_trials   what is tried when nobody said
 *   advise_try      one trial: fit, encode, judge               advise_choose   which one to take, and why
 */
#ifndef SEMID_CATALOG_ADVISE_H
#define SEMID_CATALOG_ADVISE_H

#include "base/ctx.h"
#include "io/rows.h"
#include "quant/quantizer.h"
#include "sid/categories.h"

enum { SID__TRIALS_MAX = 16 };

/* What all trials share. Invariant: sample.count <= counted.count <= items. */
typedef struct sid__advise_data {
    sid_ctx *ctx;
    uint64_t seed;
    int64_t items;                     /* that there are */
    sid__rows counted;                 /* rows that are encoded */
    sid__rows sample;                  /* those of them that are fitted on */
    int64_t *sample_row;               /* (sample.count) where they stand in `counted`, ascending; NULL: all of it */
    const sid__categories *categories; /* of the counted rows; NULL: none */
} sid__advise_data;

/* The trials for `count` items of `dim` numbers of which `sample` are fitted on, into out (SID__TRIALS_MAX); gives how many.
 * Texts live in `arena`. */
sid_status sid__advise_trials(int64_t count, int dim, int64_t sample, sid__arena *arena, sid_trial *out, int *out_count,
                              sid_error *err);

/* The trial's quantizer, not fitted. SID_EUSAGE: a name or option is unknown. */
sid_status sid__advise_quantizer(const sid__advise_data *data, const sid_trial *trial, sid_quantizer **out,
                                 sid_error *err);
/* One trial; texts of the row live in `arena`, its report is the caller's to drop, also after a failure. */
sid_status sid__advise_try(const sid__advise_data *data, const sid_trial *trial, sid__arena *arena, sid_advice_row *row,
                           sid_error *err);

/* Fills chosen and why from the rows; the text lives in `arena`. any_order: as in sid_advise_options. */
sid_status sid__advise_choose(sid_advice *advice, bool any_order, sid__arena *arena, sid_error *err);

#endif
