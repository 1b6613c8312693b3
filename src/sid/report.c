/* report.c: a sid_report's memory: one arena, so that dropping it is one call whatever it points to. */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "sid/health.h"

static sid_level_report empty_level(int level_index)
{
    return (sid_level_report){.index = level_index + 1,
                              .perplexity = SID__NAN,
                              .entropy = SID__NAN,
                              .entropy_given_prefix = SID__NAN,
                              .gini = SID__NAN,
                              .gini_used = SID__NAN,
                              .top_rate = SID__NAN,
                              .top1pct_rate = SID__NAN,
                              .relative_mse = SID__NAN,
                              .cosine = SID__NAN,
                              .residual_ratio = SID__NAN,
                              .knn_recall = SID__NAN,
                              .knn_lift = SID__NAN,
                              .purity = SID__NAN,
                              .purity_shuffled = SID__NAN,
                              .nmi = SID__NAN,
                              .ami = SID__NAN};
}

sid_status sid__report_init(sid_report *report, int levels, sid_error *err)
{
    assert(levels >= 1 && levels <= SID_LEVELS_MAX);
    sid__arena *arena = NULL;
    sid_level_report *level = NULL;
    SID_TRY(sid__alloc(&arena, 1, sizeof *arena, "the report", err));
    sid_status status = sid__arena_push(arena, (size_t)levels * sizeof *level, &level, err);
    if (status != SID_OK) {
        sid__free(arena);
        return status;
    }
    for (int l = 0; l < levels; l++)
        level[l] = empty_level(l);
    *report = (sid_report){.verdict = "n/a",
                           .levels = levels,
                           .unique_rate = SID__NAN,
                           .colliding_items_rate = SID__NAN,
                           .colliding_distinct_rate = SID__NAN,
                           .duplicate_vectors = -1,
                           .bucket_seen = SID__NAN,
                           .bucket_p50 = SID__NAN,
                           .bucket_p99 = SID__NAN,
                           .mse = SID__NAN,
                           .relative_mse = SID__NAN,
                           .lcp_ratio = SID__NAN,
                           .level = level,
                           .added_residual_ratio = SID__NAN,
                           .added_largest_bucket_growth = SID__NAN,
                           .memory = arena};
    return SID_OK;
}

sid_status sid__report_text(sid_report *report, const char *text, const char **out, sid_error *err)
{
    char *copy = NULL;
    if (text)
        SID_TRY(sid__arena_text(report->memory, text, strlen(text), &copy, err));
    *out = copy;
    return SID_OK;
}

void sid_report_drop(sid_report *report)
{
    if (!report)
        return;
    if (report->memory) {
        sid__arena_drop(report->memory);
        sid__free(report->memory);
    }
    *report = (sid_report){0};
}
