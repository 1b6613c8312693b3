/* policy_digits.c: one more code for items that share their codes. Digits are given out once: an item keeps its digit for
 * life and a removed item's digit is not given again, so that old SIDs never move.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "sid/code_order.h"
#include "sid/policy.h"
#include "sid/sort_rows.h"

int64_t sid__digit_first(const sid__policy *policy, int64_t rank, int64_t size)
{
    switch (policy->digits) {
    case SID__DIGITS_TIGER:
        return rank;
    case SID__DIGITS_GRID:
        return size == 1 ? 0 : rank + 1;
    case SID__DIGITS_SUFFIX:
        return rank < policy->room ? SID__DIGIT_NONE : rank - policy->room + 1;
    case SID__DIGITS_NONE:
    case SID__DIGITS_LATER:
        break;
    }
    return SID__DIGIT_NONE;
}

int64_t sid__digit_next(const sid__policy *policy, int64_t given, int64_t largest)
{
    switch (policy->digits) {
    case SID__DIGITS_TIGER:
    case SID__DIGITS_GRID: /* DIGIT_NONE + 1 is 0, which the first item of a bucket gets */
        return largest + 1;
    case SID__DIGITS_SUFFIX:
    case SID__DIGITS_LATER:
        if (given == 0)
            return SID__DIGIT_NONE;
        return largest == SID__DIGIT_NONE ? 1 : largest + 1;
    case SID__DIGITS_NONE:
        break;
    }
    return SID__DIGIT_NONE;
}

int sid__digit_codes(int64_t largest_bucket)
{
    assert(largest_bucket >= 0);
    if (largest_bucket > SID_CODES_MAX / 2)
        return SID_CODES_MAX;
    return largest_bucket * 2 < SID__DIGIT_CODES_MIN ? SID__DIGIT_CODES_MIN : (int)(largest_bucket * 2);
}

typedef struct ranking {
    const uint16_t *codes; /* (count, levels) */
    int levels;
    const double *distance;
    const char *const *id;
    const int64_t *first; /* (count) or NULL */
} ranking;

/* A row that shares the SID of another. */
static bool is_merged(const ranking *of, int64_t row)
{
    return of->first && of->first[row] != row;
}

static int compare_codes(const ranking *of, int64_t a, int64_t b)
{
    return sid__codes_compare(of->codes + a * of->levels, of->codes + b * of->levels, of->levels);
}

/* Merged rows stand last in their bucket, so that ranks count the others alone. */
static int compare_rank(const void *context, int64_t a, int64_t b)
{
    const ranking *of = context;
    int by_codes = compare_codes(of, a, b);
    if (by_codes != 0)
        return by_codes;
    if (is_merged(of, a) != is_merged(of, b))
        return is_merged(of, a) ? 1 : -1;
    if (of->distance[a] < of->distance[b])
        return -1;
    if (of->distance[a] > of->distance[b])
        return 1;
    return strcmp(of->id[a], of->id[b]);
}

/* The end of the bucket that begins at `begin` in `order`, and of its rows that are not merged. */
static int64_t bucket_end(const ranking *of, const int64_t *order, int64_t count, int64_t begin, int64_t *own_end)
{
    int64_t end = begin + 1;
    while (end < count && compare_codes(of, order[begin], order[end]) == 0)
        end++;
    *own_end = end;
    while (*own_end > begin && is_merged(of, order[*own_end - 1]))
        (*own_end)--;
    return end;
}

/* The largest bucket, refused when its last digit is not a code. */
static sid_status find_largest(const sid__policy *policy, const ranking *of, const int64_t *order, int64_t count,
                               int64_t *largest, sid_error *err)
{
    int64_t largest_size = 0;
    for (int64_t begin = 0, end, own_end; begin < count; begin = end) {
        end = bucket_end(of, order, count, begin, &own_end);
        int64_t size = own_end - begin;
        largest_size = end - begin > largest_size ? end - begin : largest_size;
        if (size == 0 || sid__digit_first(policy, size - 1, size) < SID_CODES_MAX)
            continue;
        char text[SID_SID_TEXT_MAX];
        sid_format(of->codes + order[begin] * of->levels, of->levels, text);
        return sid__fail(err, SID_EDATA,
                         "%" PRId64 " items share the codes %s, and a digit tells at most %d apart; use more levels or "
                         "codes, merge equal vectors, or take collisions \"keep\"",
                         size, text, SID_CODES_MAX);
    }
    *largest = largest_size;
    return SID_OK;
}

static void give_digits(const sid__policy *policy, const ranking *of, const int64_t *order, int64_t count,
                        int32_t *digit)
{
    for (int64_t begin = 0, end, own_end; begin < count; begin = end) {
        end = bucket_end(of, order, count, begin, &own_end);
        for (int64_t i = begin; i < own_end; i++)
            digit[order[i]] = (int32_t)sid__digit_first(policy, i - begin, own_end - begin);
    }
    for (int64_t row = 0; of->first && row < count; row++)
        if (is_merged(of, row))
            digit[row] = digit[of->first[row]];
}

sid_status sid__policy_assign(const sid__policy *policy, const uint16_t *codes, int64_t count, int levels,
                              const double *distance, const char *const *id, const int64_t *first, int32_t *digit,
                              int64_t *largest_bucket, sid_error *err)
{
    assert(levels >= 1 && levels <= SID_LEVELS_MAX);
    ranking of = {.codes = codes, .levels = levels, .distance = distance, .id = id, .first = first};
    int64_t *order = NULL;
    SID_TRY(sid__alloc(&order, (size_t)count, sizeof *order, "the order of items in their buckets", err));
    sid_status status = sid__sort_rows(order, count, compare_rank, &of, err);
    if (status == SID_OK)
        status = find_largest(policy, &of, order, count, largest_bucket, err);
    if (status == SID_OK)
        give_digits(policy, &of, order, count, digit);
    sid__free(order);
    return status;
}
