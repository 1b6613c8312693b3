/* health_counts.c: the figures of the health report that need only codes (spec/quantizers.md §5). Cheap (one sort), so
 * that `inspect` computes them live.
 *
 * n_k are a level's counts, p = n / N; b are bucket sizes, a bucket being the items of equal base codes.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "linalg/scalar.h"
#include "sid/code_order.h"
#include "sid/health.h"
#include "sid/sort_rows.h"

static double entropy_term(int64_t n, int64_t total)
{
    double p = (double)n / (double)total;
    return n > 0 ? -p * sid__log(p) : 0;
}

static int compare_counts(const void *context, int64_t a, int64_t b)
{
    const int64_t *n = context;
    return n[a] < n[b] ? -1 : n[a] > n[b];
}

/* Entropy over the prefixes of `depth` codes, and their number. */
static double prefix_entropy(const sid__code_order *by, int depth, int64_t *prefixes)
{
    double entropy = 0;
    *prefixes = 0;
    for (int64_t begin = 0, end; begin < by->count; begin = end) {
        end = sid__code_order_run(by, begin, depth);
        entropy += entropy_term(end - begin, by->count);
        (*prefixes)++;
    }
    return entropy;
}

/* 2 sum i n_(i) / (K N) - (K + 1) / K over counts[order[first]], .., ascending, i from 1, K of them. */
static double gini(const int64_t *n, const int64_t *order, int first, int codes, int64_t total)
{
    double weighted = 0;
    for (int i = first; i < codes; i++)
        weighted += (double)(i - first + 1) * (double)n[order[i]];
    double used = codes - first;
    return 2 * weighted / (used * (double)total) - (used + 1) / used;
}

/* n (K) counts of the level, order (K) by rising count, total > 0. */
static void level_use(const int64_t *n, const int64_t *order, int64_t total, sid_level_report *level)
{
    int codes = level->codes, top = (codes + 99) / 100, first_used = 0;
    int64_t top_items = 0;
    double entropy = 0;
    while (n[order[first_used]] == 0)
        first_used++;
    for (int k = 0; k < codes; k++)
        entropy += entropy_term(n[k], total);
    for (int i = codes - top; i < codes; i++)
        top_items += n[order[i]];
    level->used = codes - first_used;
    level->dead = first_used;
    level->entropy = entropy;
    level->perplexity = sid__exp(entropy);
    level->gini = gini(n, order, 0, codes, total);
    level->gini_used = gini(n, order, first_used, codes, total);
    level->top_rate = (double)n[order[codes - 1]] / (double)total;
    level->top1pct_rate = (double)top_items / (double)total;
}

/* Counts the codes of one level into n (K); refuses a code that the level does not have. */
static sid_status count_codes(const sid__health_input *in, int level_index, int64_t *n, sid_error *err)
{
    int codes = in->level_codes[level_index];
    for (int64_t i = 0; i < in->count; i++) {
        int code = in->codes[i * in->levels + level_index];
        if (code >= codes)
            return sid__fail(err, SID_EDATA, "item %" PRId64 " has code %d on level %d; 0 to %d are possible", i, code,
                             level_index + 1, codes - 1);
        n[code]++;
    }
    return SID_OK;
}

static sid_status fill_level(const sid__health_input *in, const sid__code_order *by, int level_index,
                             sid_level_report *level, sid_error *err)
{
    int64_t *n = NULL, *order = NULL;
    level->index = level_index + 1;
    level->codes = in->level_codes[level_index];
    sid_status status = sid__alloc(&n, (size_t)level->codes, sizeof *n, "counts of codes", err);
    if (status == SID_OK)
        status = sid__alloc(&order, (size_t)level->codes, sizeof *order, "the order of codes", err);
    if (status == SID_OK)
        status = count_codes(in, level_index, n, err);
    if (status == SID_OK)
        status = sid__sort_rows(order, level->codes, compare_counts, n, err);
    if (status == SID_OK && in->count > 0)
        level_use(n, order, in->count, level);
    sid__free(order);
    sid__free(n);
    if (status != SID_OK)
        return status;
    if (in->count == 0)
        level->dead = level->codes;
    (void)prefix_entropy(by, level_index + 1, &level->prefixes);
    return SID_OK;
}

/* What a level adds to the one before it; nothing for families whose levels have no order. */
static void fill_conditional(const sid__health_input *in, const sid__code_order *by, sid_level_report *level)
{
    int64_t prefixes;
    bool is_ordered = !in->quantizer || in->quantizer->family->is_ordered;
    double before = in->count > 0 ? prefix_entropy(by, 1, &prefixes) : SID__NAN;
    for (int l = 1; l < in->levels; l++) {
        double entropy = prefix_entropy(by, l + 1, &prefixes);
        /* Another group of dimensions is not there to say more of the same. */
        bool is_own = !in->quantizer || in->quantizer->group_levels == 0 || l < in->quantizer->group_levels;
        level[l].entropy_given_prefix = is_ordered && is_own ? entropy - before : SID__NAN;
        before = in->count > 0 ? entropy : SID__NAN;
    }
}

/* The smallest size that at least `percent` of the buckets do not exceed. */
static double percentile(const int64_t *size, const int64_t *order, int64_t buckets, int percent)
{
    int64_t rank = (buckets * percent + 99) / 100;
    return (double)size[order[rank - 1]];
}

typedef struct buckets {
    int64_t *size, *order; /* (count) sizes in code order; their order by size */
    int64_t count, largest_begin;
} buckets;

static void find_buckets(const sid__code_order *by, buckets *out, sid_report *report)
{
    int64_t colliding = 0;
    double seen = 0;
    report->largest_bucket = 0;
    for (int64_t begin = 0, end; begin < by->count; begin = end) {
        end = sid__code_order_run(by, begin, by->levels);
        int64_t size = end - begin;
        out->size[out->count++] = size;
        colliding += size > 1 ? size : 0;
        seen += (double)size * (double)size;
        if (size > report->largest_bucket) {
            report->largest_bucket = size;
            out->largest_begin = begin;
        }
    }
    report->unique_sids = out->count;
    if (by->count > 0) {
        report->unique_rate = (double)out->count / (double)by->count;
        report->colliding_items_rate = (double)colliding / (double)by->count;
        report->bucket_seen = seen / (double)by->count;
    }
}

static sid_status fill_buckets(const sid__code_order *by, buckets *found, sid_report *report, sid_error *err)
{
    char text[SID_SID_TEXT_MAX];
    SID_TRY(sid__alloc(&found->size, (size_t)by->count, sizeof *found->size, "bucket sizes", err));
    SID_TRY(sid__alloc(&found->order, (size_t)by->count, sizeof *found->order, "the order of buckets", err));
    find_buckets(by, found, report);
    SID_TRY(sid__sort_rows(found->order, found->count, compare_counts, found->size, err));
    report->largest_bucket_sid = NULL;
    if (found->count == 0)
        return SID_OK;
    report->bucket_p50 = percentile(found->size, found->order, found->count, 50);
    report->bucket_p99 = percentile(found->size, found->order, found->count, 99);
    sid_format(by->codes + by->order[found->largest_begin] * by->levels, by->levels, text);
    return sid__report_text(report, text, &report->largest_bucket_sid, err);
}

/* Into a copy, so that a failure leaves the report as it was. */
static sid_status fill(const sid__health_input *in, const sid__code_order *by, sid_report *report,
                       sid_level_report *level, sid_error *err)
{
    buckets found = {0};
    report->items = in->count;
    report->items_without_text = in->items_without_text;
    report->codes = 0;
    for (int l = 0; l < in->levels; l++) {
        SID_TRY(fill_level(in, by, l, &level[l], err));
        report->codes = level[l].codes > report->codes ? level[l].codes : report->codes;
    }
    fill_conditional(in, by, level);
    sid_status status = fill_buckets(by, &found, report, err);
    sid__free(found.size);
    sid__free(found.order);
    return status;
}

/* The figures that fill() computes, not computed. */
static void clear(sid_report *report, sid_level_report *level)
{
    report->unique_rate = report->colliding_items_rate = report->bucket_seen = SID__NAN;
    report->bucket_p50 = report->bucket_p99 = SID__NAN;
    for (int l = 0; l < report->levels; l++) {
        level[l].used = level[l].dead = 0;
        level[l].perplexity = level[l].entropy = level[l].entropy_given_prefix = SID__NAN;
        level[l].gini = level[l].gini_used = level[l].top_rate = level[l].top1pct_rate = SID__NAN;
    }
}

sid_status sid__health_counts(const sid__health_input *in, sid_report *report, sid_error *err)
{
    assert(report->levels == in->levels && in->levels >= 1 && in->levels <= SID_LEVELS_MAX);
    sid__code_order by = {0};
    sid_report fresh = *report;
    sid_level_report level[SID_LEVELS_MAX];
    memcpy(level, report->level, (size_t)in->levels * sizeof *level);
    clear(&fresh, level);
    SID_TRY(sid__code_order_create(in->codes, in->count, in->levels, &by, err));
    sid_status status = fill(in, &by, &fresh, level, err);
    sid__code_order_free(&by);
    if (status != SID_OK)
        return status;
    *report = fresh;
    memcpy(report->level, level, (size_t)in->levels * sizeof *level);
    return SID_OK;
}
