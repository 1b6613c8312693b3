/* health_judge.c: figures to verdicts. The thresholds are the table of spec/quantizers.md §5; docs/guide/health.md
 * explains them to users. A figure that is NaN, or that can mean nothing here (a codebook under 16 codes), is "n/a".
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "io/json.h"
#include "sid/health.h"

enum {
    GLOBAL_CHECKS = 6,
    LEVEL_CHECKS = 6,
    GLOBAL_WARNINGS = 6,
    LEVEL_WARNINGS = 4,
    CODES_LEAST = 16, /* below it chance alone passes or fails a level's figures */
    LCP_HEALTHY = 20,
    LIFT_HEALTHY = 10,
    TEXT_SIZE = 512
};

/* What a check compares with: healthy up to (or from) `healthy`, to look at up to (or from) `look`. */
typedef struct limits {
    bool is_at_least;
    double healthy, look;
} limits;

typedef struct judge {
    sid_report *report;
    sid_check *checks;
    const char **warnings;
    int check_count, warning_count, worst; /* worst: index into verdicts */
    sid_status status;                     /* of the first text that had no memory */
    sid_error *err;
} judge;

static const char *const verdicts[] = {"n/a", "healthy", "look", "broken"};
enum { NOT_JUDGED, HEALTHY, LOOK, BROKEN };

static int verdict_of(double value, limits limit)
{
    if (isnan(value))
        return NOT_JUDGED;
    if (limit.is_at_least ? value >= limit.healthy : value <= limit.healthy)
        return HEALTHY;
    return (limit.is_at_least ? value >= limit.look : value <= limit.look) ? LOOK : BROKEN;
}

static const char *keep_text(judge *to, const char *text)
{
    const char *kept = NULL;
    if (to->status == SID_OK)
        to->status = sid__report_text(to->report, text, &kept, to->err);
    return kept;
}

/* name and next live as long as the report. */
static int add_check(judge *to, const char *name, double value, limits limit, const char *next)
{
    int verdict = verdict_of(value, limit);
    to->checks[to->check_count++] = (sid_check){.name = name,
                                                .value = value,
                                                .verdict = verdicts[verdict],
                                                .next = verdict > HEALTHY ? next : NULL,
                                                .healthy = limit.healthy,
                                                .look = limit.look,
                                                .is_at_least = limit.is_at_least};
    to->worst = verdict > to->worst ? verdict : to->worst;
    return verdict;
}

static int add_level_check(judge *to, int level, const char *figure, double value, limits limit, const char *next)
{
    char name[64];
    (void)snprintf(name, sizeof name, "level.%d.%s", level, figure);
    return add_check(to, keep_text(to, name), value, limit, next);
}

__attribute__((format(printf, 2, 3))) static void warn(judge *to, const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    to->warnings[to->warning_count++] = keep_text(to, text);
}

/* The texts go into metrics.json, so the locale must not show in them. */
typedef struct number {
    char text[SID__NUMBER_TEXT_SIZE];
} number;

static number short_number(double value, int digits)
{
    number out = {0};
    sid__number_text(out.text, digits, value);
    return out;
}

static const char *bucket_advice(judge *to)
{
    char text[SID_SID_TEXT_MAX + 128];
    (void)snprintf(text, sizeof text, "read what its items have in common: semid decode CATALOG %s",
                   to->report->largest_bucket_sid);
    return keep_text(to, text);
}

static void judge_buckets(judge *to)
{
    const sid_report *report = to->report;
    double largest = report->items > 0 ? (double)report->largest_bucket : SID__NAN;
    bool is_kept = !report->collisions || strcmp(report->collisions, "keep") == 0;
    (void)add_check(to, "unique_rate", report->unique_rate, (limits){true, .95, .70},
                    is_kept ? "add a level (--levels) or codes (--codes), or tell items apart with --collisions digit"
                            : "add a level (--levels) or codes (--codes)");
    (void)add_check(to, "colliding_items_rate", report->colliding_items_rate, (limits){false, .10, .40},
                    is_kept
                        ? "merge items whose vectors are equal, or tell them apart with --collisions digit or suffix"
                        : "merge items whose vectors are equal, or add a level (--levels)");
    limits limit = {false, 20, 100};
    const char *next = verdict_of(largest, limit) > HEALTHY ? bucket_advice(to) : NULL;
    if (add_check(to, "largest_bucket", largest, limit, next) > HEALTHY)
        warn(to, "%" PRId64 " items share the codes %s", report->largest_bucket, report->largest_bucket_sid);
}

/* Of N items with 10 neighbours each, prefixes of b items find at most (b - 1) / 10 of an item's, and chance finds
 * (b - 1) / (N - 1): even a perfect lift is not above (N - 1) / 10, and says nothing where that is less than healthy.
 */
static double lift_of(const sid_report *report, double lift, double healthy)
{
    return (double)(report->items - 1) >= healthy * SID__HEALTH_NEAREST ? lift : SID__NAN;
}

static void judge_vectors(judge *to)
{
    const sid_report *report = to->report;
    bool is_large = report->level[0].codes >= CODES_LEAST;
    (void)add_check(to, "relative_mse", report->relative_mse, (limits){false, .60, .80},
                    "add levels (--levels) or codes (--codes), or reduce the vectors first with --pca");
    (void)add_check(to, "lcp_ratio", is_large ? lift_of(report, report->lcp_ratio, LCP_HEALTHY) : SID__NAN,
                    (limits){true, LCP_HEALTHY, 3},
                    "near vectors hardly share codes: try another encoder or more --codes");
}

static void judge_use(judge *to, const sid_level_report *level)
{
    double codes = level->codes;
    bool is_counted = to->report->items > 0;
    double used_rate = is_counted ? level->used / codes : SID__NAN;
    int verdict = add_level_check(to, level->index, "used_rate", used_rate, (limits){true, .95, .50},
                                  "take fewer --codes, or reduce the vectors with --pca so that codes spread");
    if (verdict > HEALTHY)
        warn(to, "level %d uses %d of %d codes", level->index, level->used, level->codes);
    (void)add_level_check(to, level->index, "perplexity_rate", level->perplexity / codes, (limits){true, .35, .15},
                          "leave centring on (no --no-center), try --pca, or take fewer --codes");
    (void)add_level_check(to, level->index, "gini", level->gini, (limits){false, .75, .90},
                          "few codes hold most items: leave centring on, try --pca, or take fewer --codes");
}

static void judge_top(judge *to, const sid_level_report *level)
{
    double codes = level->codes, value = level->codes >= CODES_LEAST ? level->top_rate : SID__NAN;
    int verdict = add_level_check(to, level->index, "top_rate", value, (limits){false, 10 / codes, 40 / codes},
                                  "one code draws many items: look for boilerplate in the text, or for equal vectors");
    if (verdict > HEALTHY)
        warn(to, "level %d: one code holds %s %% of the items", level->index,
             short_number(100 * level->top_rate, 3).text);
}

/* The first level has no prefix, and the last one is there to tell items apart. */
static void judge_entropy(judge *to, const sid_level_report *level)
{
    if (level->index == 1 || level->index == to->report->levels)
        return;
    int verdict = add_level_check(to, level->index, "entropy_given_prefix", level->entropy_given_prefix,
                                  (limits){true, .5, .1}, "take fewer --levels: the ones before it say nearly all");
    if (verdict > HEALTHY)
        warn(to, "level %d adds only %s nat to the levels before it", level->index,
             short_number(level->entropy_given_prefix, 2).text);
}

static void judge_lift(judge *to, const sid_level_report *level, double prefix_codes)
{
    (void)add_level_check(to, level->index, "knn_lift",
                          prefix_codes >= CODES_LEAST ? lift_of(to->report, level->knn_lift, LIFT_HEALTHY) : SID__NAN,
                          (limits){true, LIFT_HEALTHY, 3}, "near vectors hardly share codes: try another encoder");
}

static void judge_levels(judge *to)
{
    const sid_report *report = to->report;
    double prefix_codes = 1, before = 1;
    for (int l = 0; l < report->levels; l++) {
        const sid_level_report *level = &report->level[l];
        prefix_codes *= level->codes;
        judge_use(to, level);
        judge_top(to, level);
        judge_entropy(to, level);
        judge_lift(to, level, prefix_codes);
        if (level->relative_mse > before)
            warn(to, "level %d makes the reconstruction worse: relative error %s, before it %s", level->index,
                 short_number(level->relative_mse, 3).text, short_number(before, 3).text);
        before = isnan(level->relative_mse) ? before : level->relative_mse;
    }
}

/* Only where a category was given. People's categories are one way to see the items, so that they never condemn alone. */
static void judge_categories(judge *to)
{
    const sid_level_report *level = &to->report->level[0];
    int worst = to->worst;
    if (isnan(level->purity))
        return;
    int verdict = add_level_check(to, level->index, "ami", level->ami, (limits){true, .2, .05},
                                  "codes hardly follow the category: put it into the text (--fields), or try another "
                                  "encoder");
    to->worst = verdict == BROKEN ? (worst > LOOK ? worst : LOOK) : to->worst;
}

/* Duplicates were counted when the catalogue was made: of items added or removed since they say nothing. */
static void judge_duplicates(judge *to)
{
    const sid_report *report = to->report;
    if (report->version > 1 || report->duplicate_vectors <= 0)
        return;
    if (report->duplicate_vectors == report->items - 1)
        warn(to, "all %" PRId64 " vectors are equal: codes cannot tell the items apart", report->items);
    else if (report->duplicate_vectors >= report->items / 100)
        warn(to, "%" PRId64 " of %" PRId64 " vectors equal an earlier one and always collide",
             report->duplicate_vectors, report->items);
}

/* What looks odd about the data itself. */
static void judge_data(judge *to)
{
    const sid_report *report = to->report;
    if (report->items == 0)
        warn(to, "there are no items");
    if (report->items > 0 && report->items < report->codes)
        warn(to, "%" PRId64 " items are fewer than the %d codes of a level, so codes stay unused", report->items,
             report->codes);
    judge_duplicates(to);
    if (report->items_without_text > 0)
        warn(to, "%" PRId64 " items have no text that the encoder knows, and share the zero vector",
             report->items_without_text);
}

sid_status sid__health_judge(sid_report *report, sid_error *err)
{
    judge to = {.report = report, .err = err};
    size_t checks = GLOBAL_CHECKS + (size_t)report->levels * LEVEL_CHECKS;
    size_t warnings = GLOBAL_WARNINGS + (size_t)report->levels * LEVEL_WARNINGS;
    SID_TRY(sid__arena_push(report->memory, checks * sizeof *to.checks, &to.checks, err));
    SID_TRY(sid__arena_push(report->memory, warnings * sizeof *to.warnings, &to.warnings, err));
    judge_data(&to);
    judge_buckets(&to);
    judge_vectors(&to);
    judge_levels(&to);
    judge_categories(&to);
    assert((size_t)to.check_count <= checks);
    assert((size_t)to.warning_count <= warnings);
    SID_TRY(to.status);
    report->checks = to.checks;
    report->check_count = to.check_count;
    report->warnings = to.warnings;
    report->warning_count = to.warning_count;
    report->verdict = verdicts[to.worst];
    return SID_OK;
}
