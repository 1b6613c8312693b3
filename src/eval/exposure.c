/* exposure.c: see exposure.h. */
#include "eval/exposure.h"

#include <math.h>

#include "base/mem.h"
#include "linalg/scalar.h"
#include "sid/sort_rows.h"

static int by_count(const void *context, int64_t a, int64_t b)
{
    const int64_t *count = context;
    return (count[a] > count[b]) - (count[a] < count[b]);
}

/* 2 sum of i n_i / (V sum of n) - (V + 1) / V, n rising, i from 1: 0 when all were shown alike, (V - 1) / V when one alone. */
static sid_status gini_of(const int64_t *shown, int64_t items, double total, double *out, sid_error *err)
{
    int64_t *order = NULL;
    double sum = 0;
    SID_TRY(sid__alloc(&order, (size_t)items, sizeof *order, "an order of items", err));
    sid_status status = sid__sort_rows(order, items, by_count, shown, err);
    for (int64_t i = 0; status == SID_OK && i < items; i++)
        sum += (double)(i + 1) * (double)shown[order[i]];
    sid__free(order);
    *out = 2 * sum / ((double)items * total) - (double)(items + 1) / (double)items;
    return status;
}

sid_status sid__exposure_of(const int64_t *shown, const int64_t *train_count, int64_t items, sid__exposure *out,
                            sid_error *err)
{
    double total = 0, train = 0, surprise = 0;
    int64_t distinct = 0;
    *out = (sid__exposure){(double)NAN, (double)NAN, (double)NAN};
    for (int64_t i = 0; i < items; i++) {
        total += (double)shown[i];
        train += (double)train_count[i];
        distinct += shown[i] > 0;
    }
    if (!(total > 0) || !(train > 0))
        return SID_OK;
    for (int64_t i = 0; i < items; i++)
        if (shown[i] > 0)
            surprise -= (double)shown[i] * sid__log((double)(train_count[i] > 0 ? train_count[i] : 1) / train);
    out->coverage = (double)distinct / (double)items;
    out->novelty = surprise / sid__log(2) / total;
    return gini_of(shown, items, total, &out->gini, err);
}
