/* policy.c: the collision policies of spec/quantizers.md §4, a row of a table each. Digits are given out once: an item
 * keeps its digit for life and a removed item's digit is not given again, so that old SIDs never move.
 */
#include "sid/policy.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sid/code_order.h"
#include "sid/sort_rows.h"

static int64_t keep_first(int64_t rank, int64_t size)
{
    (void)rank;
    (void)size;
    return SID__DIGIT_NONE;
}

static int64_t keep_next(int64_t given, int64_t largest)
{
    (void)given;
    (void)largest;
    return SID__DIGIT_NONE;
}

static int64_t tiger_first(int64_t rank, int64_t size)
{
    (void)size;
    return rank;
}

static int64_t grid_first(int64_t rank, int64_t size)
{
    return size == 1 ? 0 : rank + 1;
}

/* Tiger and grid alike; DIGIT_NONE + 1 is 0, which the first item of a bucket gets. */
static int64_t digit_next(int64_t given, int64_t largest)
{
    return given == 0 ? 0 : largest + 1;
}

static int64_t suffix_first(int64_t rank, int64_t size)
{
    (void)size;
    return rank == 0 ? SID__DIGIT_NONE : rank;
}

static int64_t suffix_next(int64_t given, int64_t largest)
{
    if (given == 0)
        return SID__DIGIT_NONE;
    return largest == SID__DIGIT_NONE ? 1 : largest + 1;
}

const sid__policy sid__policy_table[] = {
    {.name = "keep",
     .style = "",
     .summary = "items may share a SID",
     .adds_code = false,
     .first = keep_first,
     .next = keep_next},
    {.name = "digit",
     .style = "tiger",
     .summary = "every item gets one more code, 0 to n-1 in its bucket",
     .adds_code = true,
     .first = tiger_first,
     .next = digit_next},
    {.name = "digit",
     .style = "grid",
     .summary = "every item gets one more code, 0 when alone in its bucket, else 1 to n",
     .adds_code = true,
     .first = grid_first,
     .next = digit_next},
    {.name = "suffix",
     .style = "",
     .summary = "the first item of a bucket stays as it is, the others get one more code, 1 to n-1",
     .adds_code = true,
     .first = suffix_first,
     .next = suffix_next},
};
const int sid__policy_count = sizeof sid__policy_table / sizeof *sid__policy_table;

enum { POLICY_MAX = sizeof sid__policy_table / sizeof *sid__policy_table };

/* `word` is no `what`: lists the names that are (each once, "" left out), with a suggestion when one is near. */
static sid_status fail_unknown(sid_error *err, const char *what, const char *word, bool is_style)
{
    const char *names[POLICY_MAX] = {NULL};
    int count = 0, length = 0;
    char list[128] = "";
    for (int i = 0; i < sid__policy_count; i++) {
        const char *name = is_style ? sid__policy_table[i].style : sid__policy_table[i].name;
        if (!*name || (count > 0 && strcmp(names[count - 1], name) == 0))
            continue;
        length += snprintf(list + length, sizeof list - (size_t)length, "%s%s", count > 0 ? ", " : "", name);
        assert(length < (int)sizeof list);
        names[count++] = name;
    }
    const char *near = sid_closest(word, names, count);
    if (near)
        return sid__fail(err, SID_EUSAGE, "%s \"%.60s\" is not known; did you mean \"%s\"? There are: %s", what, word,
                         near, list);
    return sid__fail(err, SID_EUSAGE, "%s \"%.60s\" is not known; there are: %s", what, word, list);
}

/* A style that the policy does not have would be ignored silently; the default style is accepted everywhere. */
static sid_status fail_style(sid_error *err, const char *name, const char *style)
{
    for (int i = 0; i < sid__policy_count; i++)
        if (strcmp(sid__policy_table[i].style, style) == 0)
            return sid__fail(
                err, SID_EUSAGE,
                "digit style \"%s\" needs collisions \"digit\", but they are \"%s\"; leave one of them out", style,
                name);
    return fail_unknown(err, "digit style", style, true);
}

sid_status sid__policy_find(const char *name, const char *style, const sid__policy **out, sid_error *err)
{
    const char *wanted = name ? name : "keep", *wanted_style = style && *style ? style : "tiger";
    bool is_name = false;
    for (int i = 0; i < sid__policy_count; i++) {
        const sid__policy *policy = &sid__policy_table[i];
        if (strcmp(policy->name, wanted) != 0)
            continue;
        is_name = true;
        bool is_default_style = !*policy->style && strcmp(wanted_style, "tiger") == 0;
        if (is_default_style || strcmp(policy->style, wanted_style) == 0) {
            *out = policy;
            return SID_OK;
        }
    }
    return is_name ? fail_style(err, wanted, wanted_style) : fail_unknown(err, "collision policy", wanted, false);
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
} ranking;

static int compare_codes(const ranking *of, int64_t a, int64_t b)
{
    return sid__codes_compare(of->codes + a * of->levels, of->codes + b * of->levels, of->levels);
}

static int compare_rank(const void *context, int64_t a, int64_t b)
{
    const ranking *of = context;
    int by_codes = compare_codes(of, a, b);
    if (by_codes != 0)
        return by_codes;
    if (of->distance[a] < of->distance[b])
        return -1;
    if (of->distance[a] > of->distance[b])
        return 1;
    return strcmp(of->id[a], of->id[b]);
}

/* The end of the bucket that begins at `begin` in `order`. */
static int64_t bucket_end(const ranking *of, const int64_t *order, int64_t count, int64_t begin)
{
    int64_t end = begin + 1;
    while (end < count && compare_codes(of, order[begin], order[end]) == 0)
        end++;
    return end;
}

/* The largest bucket, refused when its last digit is not a code. */
static sid_status find_largest(const sid__policy *policy, const ranking *of, const int64_t *order, int64_t count,
                               int64_t *largest, sid_error *err)
{
    int64_t largest_size = 0, largest_begin = 0;
    for (int64_t begin = 0, end; begin < count; begin = end) {
        end = bucket_end(of, order, count, begin);
        if (end - begin > largest_size) {
            largest_size = end - begin;
            largest_begin = begin;
        }
    }
    if (count > 0 && policy->first(largest_size - 1, largest_size) >= SID_CODES_MAX) {
        char text[SID_SID_TEXT_MAX];
        sid_format(of->codes + order[largest_begin] * of->levels, of->levels, text);
        return sid__fail(err, SID_EDATA,
                         "%" PRId64 " items share the codes %s, and a digit tells at most %d apart; use more levels or "
                         "codes, merge equal vectors, or take collisions \"keep\"",
                         largest_size, text, SID_CODES_MAX);
    }
    *largest = largest_size;
    return SID_OK;
}

static void give_digits(const sid__policy *policy, const ranking *of, const int64_t *order, int64_t count,
                        int32_t *digit)
{
    for (int64_t begin = 0, end; begin < count; begin = end) {
        end = bucket_end(of, order, count, begin);
        for (int64_t i = begin; i < end; i++)
            digit[order[i]] = (int32_t)policy->first(i - begin, end - begin);
    }
}

sid_status sid__policy_assign(const sid__policy *policy, const uint16_t *codes, int64_t count, int levels,
                              const double *distance, const char *const *id, int32_t *digit, int64_t *largest_bucket,
                              sid_error *err)
{
    assert(levels >= 1 && levels <= SID_LEVELS_MAX);
    ranking of = {.codes = codes, .levels = levels, .distance = distance, .id = id};
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
