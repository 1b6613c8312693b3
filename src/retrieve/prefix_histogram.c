/* prefix_histogram.c: see prefix_histogram.h. Drawing without repetition in proportion to w^gamma is sorting by ln(u) / w^gamma (Efraimidis
 * and Spirakis 2006).
 */
#include "retrieve/prefix_histogram.h"

#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "linalg/scalar.h"

typedef struct ranked {
    sid__prefix_weight prefix;
    double key;
} ranked;

static int by_code(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    int order = memcmp(a->prefix.code, b->prefix.code, sizeof a->prefix.code);
    return order ? order : (a->prefix.last > b->prefix.last) - (a->prefix.last < b->prefix.last);
}

static int best_first(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? 1 : -1;
    return (a->prefix.last < b->prefix.last) - (a->prefix.last > b->prefix.last);
}

/* Equal prefixes stand side by side, the last event of each at its end. */
static int64_t merge(ranked *row, int64_t count)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < count; i++) {
        if (kept > 0 && memcmp(row[kept - 1].prefix.code, row[i].prefix.code, sizeof row->prefix.code) == 0) {
            row[kept - 1].prefix.weight += row[i].prefix.weight;
            row[kept - 1].prefix.last = row[i].prefix.last;
        } else {
            row[kept++] = row[i];
        }
    }
    return kept;
}

static double key_of(const sid__histogram_options *o, const sid__prefix_weight *prefix)
{
    if (o->gamma <= 0)
        return prefix->weight;
    double u = sid__philox_uniform(o->seed, SID__STREAM_PREFIXES, (uint64_t)prefix->last);
    return sid__log(1 - u) / sid__exp(o->gamma * sid__log(prefix->weight));
}

sid_status sid__prefix_histogram(const uint16_t *code, int levels, const double *age_days, int64_t count,
                                 const sid__histogram_options *o, int64_t max, sid__prefix_weight *out, int64_t *found,
                                 sid_error *err)
{
    ranked *row = NULL;
    int64_t first = count > SID__HISTORY_MAX ? count - SID__HISTORY_MAX : 0, used = count - first;
    *found = 0;
    SID_TRY(sid__alloc(&row, (size_t)used, sizeof *row, "a histogram of prefixes", err));
    for (int64_t i = 0; i < used; i++) {
        double age = age_days ? age_days[first + i] : 0;
        row[i].prefix.weight = sid__exp(-age / o->half_life_days * sid__log(2)) + 1e-300; /* never nothing at all */
        row[i].prefix.last = i;
        memcpy(row[i].prefix.code, code + (first + i) * levels, (size_t)o->depth * sizeof *code);
    }
    qsort(row, (size_t)used, sizeof *row, by_code);
    used = merge(row, used);
    for (int64_t i = 0; i < used; i++)
        row[i].key = key_of(o, &row[i].prefix);
    qsort(row, (size_t)used, sizeof *row, best_first);
    for (int64_t i = 0; i < used && i < max; i++)
        out[(*found)++] = row[i].prefix;
    sid__free(row);
    return SID_OK;
}
