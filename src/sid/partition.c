/* partition.c: purity, NMI, AMI (Vinh, Epps, Bailey, "Information theoretic measures for clusterings comparison", JMLR 2010).
 *
 * What chance gives, E[MI], is a sum over pairs of part sizes of a mean under the hypergeometric distribution. Departures:
 * (1) equal sizes are taken together, so that 10,000 prefixes cost as many terms as they have sizes; (2) each mean is
 * summed outwards from the mode, with ratios of neighbouring probabilities, until they no longer count, and divided by the
 * sum of the probabilities: no factorial is needed, nothing cancels.
 */
#include "sid/partition.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "linalg/scalar.h"
#include "sid/pair_table.h"

static const double negligible = 1e-18, no_room = 1e-12;

typedef struct sizes {
    int64_t *part;         /* (parts) items of each part */
    int64_t *size, *times; /* (count) distinct sizes, rising; how many parts are of that size */
    int64_t parts, count;
} sizes;

typedef struct comparison {
    sizes a, b;
    sid__pair_table both;
    int64_t *largest; /* (a parts) the most items that one part of b has in it */
    int64_t total;
} comparison;

static double entropy_of(const sizes *s, int64_t total)
{
    double entropy = 0;
    for (int64_t i = 0; i < s->count; i++) {
        double p = (double)s->size[i] / (double)total;
        entropy -= (double)s->times[i] * p * sid__log(p);
    }
    return entropy;
}

static int by_size(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

/* The distinct sizes of the parts that have items. */
static sid_status gather_sizes(sizes *s, sid_error *err)
{
    SID_TRY(sid__alloc(&s->size, (size_t)s->parts, sizeof *s->size, "sizes of parts", err));
    SID_TRY(sid__alloc(&s->times, (size_t)s->parts, sizeof *s->times, "sizes of parts", err));
    int64_t filled = 0;
    for (int64_t i = 0; i < s->parts; i++)
        if (s->part[i] > 0)
            s->size[filled++] = s->part[i];
    qsort(s->size, (size_t)filled, sizeof *s->size, by_size);
    for (int64_t i = 0; i < filled; i++) {
        if (s->count == 0 || s->size[s->count - 1] != s->size[i])
            s->size[s->count++] = s->size[i];
        s->times[s->count - 1]++;
    }
    return SID_OK;
}

static sid_status count_parts(comparison *c, const int32_t *a, const int32_t *b, int64_t count, sid_error *err)
{
    SID_TRY(sid__alloc(&c->a.part, (size_t)c->a.parts, sizeof *c->a.part, "sizes of parts", err));
    SID_TRY(sid__alloc(&c->b.part, (size_t)c->b.parts, sizeof *c->b.part, "sizes of parts", err));
    SID_TRY(sid__alloc(&c->largest, (size_t)c->a.parts, sizeof *c->largest, "sizes of parts", err));
    for (int64_t i = 0; i < count; i++) {
        sid__pair_count *both = NULL;
        if (a[i] < 0 || b[i] < 0)
            continue;
        SID_TRY(sid__pair_table_add(&c->both, sid__pair_key(a[i], b[i]), &both, err));
        both->count++;
        c->a.part[a[i]]++;
        c->b.part[b[i]]++;
        c->total++;
        if (both->count > c->largest[a[i]])
            c->largest[a[i]] = both->count;
    }
    SID_TRY(gather_sizes(&c->a, err));
    return gather_sizes(&c->b, err);
}

/* n / N ln(N n / (a b)): what n common items of parts of a and b items add to the mutual information. */
static double information(double n, double a, double b, double total)
{
    return n > 0 ? n / total * sid__log(total * n / (a * b)) : 0;
}

/* The mean of information() over parts of a and b items drawn by chance. */
static double expected_of(double a, double b, double total)
{
    double low = a + b > total ? a + b - total : 0, high = a < b ? a : b;
    double mode = floor((a + 1) * (b + 1) / (total + 2)), weight = 0, sum = 0;
    mode = mode < low ? low : mode > high ? high : mode;
    double p = 1;
    for (int64_t step = 0; mode + (double)step <= high && p > negligible; step++) {
        double n = mode + (double)step;
        weight += p;
        sum += p * information(n, a, b, total);
        p *= (a - n) * (b - n) / ((n + 1) * (total - a - b + n + 1));
    }
    p = 1;
    for (int64_t step = 0; mode - (double)step > low && p > negligible; step++) {
        double n = mode - (double)step;
        p *= n * (total - a - b + n) / ((a - n + 1) * (b - n + 1));
        weight += p;
        sum += p * information(n - 1, a, b, total);
    }
    return sum / weight;
}

static double expected_information(const comparison *c)
{
    double sum = 0;
    for (int64_t i = 0; i < c->a.count; i++)
        for (int64_t j = 0; j < c->b.count; j++)
            sum += (double)c->a.times[i] * (double)c->b.times[j] *
                   expected_of((double)c->a.size[i], (double)c->b.size[j], (double)c->total);
    return sum;
}

static void fill(const comparison *c, sid__agreement *out)
{
    double total = (double)c->total, mutual = 0, pure = 0;
    for (int64_t i = 0; i < c->both.used_count; i++) {
        const sid__pair_count *both = &c->both.slot[c->both.used[i]];
        mutual += information((double)both->count, (double)c->a.part[sid__pair_first(both->key)],
                              (double)c->b.part[sid__pair_second(both->key)], total);
    }
    for (int64_t i = 0; i < c->a.parts; i++)
        pure += (double)c->largest[i];
    double mean = .5 * (entropy_of(&c->a, c->total) + entropy_of(&c->b, c->total));
    double expected = expected_information(c);
    bool is_whole = mean <= no_room; /* one part each: equal */
    out->count = c->total;
    out->purity = pure / total;
    out->nmi = is_whole ? 1 : mutual / mean;
    out->ami = is_whole ? 1 : mean - expected <= no_room * mean ? (double)NAN : (mutual - expected) / (mean - expected);
}

static void drop(comparison *c)
{
    sid__free(c->a.part);
    sid__free(c->a.size);
    sid__free(c->a.times);
    sid__free(c->b.part);
    sid__free(c->b.size);
    sid__free(c->b.times);
    sid__free(c->largest);
    sid__pair_table_drop(&c->both);
}

sid_status sid__agreement_find(const int32_t *a, int64_t a_parts, const int32_t *b, int64_t b_parts, int64_t count,
                               sid__agreement *out, sid_error *err)
{
    comparison c = {.a.parts = a_parts, .b.parts = b_parts};
    *out = (sid__agreement){.purity = (double)NAN, .nmi = (double)NAN, .ami = (double)NAN};
    sid_status status = count_parts(&c, a, b, count, err);
    if (status == SID_OK && c.total > 0)
        fill(&c, out);
    drop(&c);
    return status;
}
