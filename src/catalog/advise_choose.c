/* advise_choose.c: which of the tried quantizers to take, and why (docs/decisions/019). In this order: SIDs with prefixes,
 * unless those are not wanted; the verdict; fewer failing checks, broken ones first; then, among those whose error is within
 * a tenth of the least, the shortest SID; the least error; the place in the list, simple ones first.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "catalog/advise.h"

enum { NAMED_MAX = 3 };
static const double error_slack = 1.10;

/* What a row is judged by; smaller is better in each. */
typedef struct standing {
    int order, verdict, broken, look;
} standing;

static int rank_of(const char *verdict)
{
    return strcmp(verdict, "broken") == 0 ? 2 : strcmp(verdict, "look") == 0;
}

static standing standing_of(const sid_advice_row *row, bool any_order)
{
    standing s = {.order = !any_order && !row->is_ordered, .verdict = rank_of(row->report.verdict)};
    for (int i = 0; i < row->report.check_count; i++) {
        int rank = rank_of(row->report.checks[i].verdict);
        s.broken += rank == 2;
        s.look += rank == 1;
    }
    return s;
}

static int compare(const standing *a, const standing *b)
{
    if (a->order != b->order)
        return a->order - b->order;
    if (a->verdict != b->verdict)
        return a->verdict - b->verdict;
    return a->broken != b->broken ? a->broken - b->broken : a->look - b->look;
}

/* An error that was not computed, as of rows without variance, counts as none. */
static double error_of(const sid_advice_row *row)
{
    return isnan(row->report.relative_mse) ? 0 : row->report.relative_mse;
}

/* Of the rows that stand as well as `best`: how many, and their least error. */
static double least_error(const sid_advice *advice, const standing *best, bool any_order, int *count)
{
    double least = HUGE_VAL;
    *count = 0;
    for (int i = 0; i < advice->row_count; i++) {
        if (advice->row[i].refused)
            continue;
        standing s = standing_of(&advice->row[i], any_order);
        if (compare(&s, best) != 0)
            continue;
        ++*count;
        least = error_of(&advice->row[i]) < least ? error_of(&advice->row[i]) : least;
    }
    return least;
}

static bool is_better(const sid_advice_row *a, const sid_advice_row *b)
{
    if (a->sid_bits != b->sid_bits)
        return a->sid_bits < b->sid_bits;
    return error_of(a) < error_of(b);
}

static int best_row(const sid_advice *advice, const standing *best, bool any_order, double limit)
{
    int chosen = -1;
    for (int i = 0; i < advice->row_count; i++) {
        const sid_advice_row *row = &advice->row[i];
        if (row->refused || error_of(row) > limit)
            continue;
        standing s = standing_of(row, any_order);
        if (compare(&s, best) == 0 && (chosen < 0 || is_better(row, &advice->row[chosen])))
            chosen = i;
    }
    return chosen;
}

/* The checks that failed, "unique_rate, level.2.gini". */
static sid_status append_failing(const sid_report *report, sid__strbuf *out, sid_error *err)
{
    int found = 0;
    for (int i = 0; i < report->check_count; i++) {
        if (rank_of(report->checks[i].verdict) == 0)
            continue;
        if (found++ < NAMED_MAX)
            SID_TRY(sid__strbuf_printf(out, err, "%s%s", found > 1 ? ", " : "", report->checks[i].name));
    }
    return found > NAMED_MAX ? sid__strbuf_printf(out, err, ", ...") : SID_OK;
}

static sid_status append_standing(const sid_advice_row *row, const standing *best, int count, sid__strbuf *out,
                                  sid_error *err)
{
    const char *of = best->order ? "none that was tried has prefixes; " : "";
    const char *kind = row->is_ordered ? " with prefixes" : "";
    if (best->verdict == 0 && best->look + best->broken == 0)
        return count > 1 ? sid__strbuf_printf(out, err, "%s%d%s are healthy", of, count, kind)
                         : sid__strbuf_printf(out, err, "%sthe only one%s that is healthy", of, kind);
    SID_TRY(sid__strbuf_printf(out, err, "%snone%s is healthy, and %s fewest checks (", of, kind,
                               count > 1 ? "this one is of those that fail the" : "this one fails the"));
    SID_TRY(append_failing(&row->report, out, err));
    return sid__strbuf_printf(out, err, ")");
}

static sid_status explain(const sid_advice *advice, const standing *best, int count, double least, sid__strbuf *out,
                          sid_error *err)
{
    const sid_advice_row *row = &advice->row[advice->chosen];
    SID_TRY(append_standing(row, best, count, out, err));
    if (count == 1)
        return SID_OK;
    if (error_of(row) > least)
        return sid__strbuf_printf(out, err,
                                  "; of these it has the shortest SIDs (%d bits) among those whose error is within 10 "
                                  "%% of the least (%.3f)",
                                  row->sid_bits, least);
    if (isnan(row->report.relative_mse))
        return sid__strbuf_printf(out, err, "; of these it comes first");
    return sid__strbuf_printf(out, err, "; of these it has the least error (%.3f)", least);
}

static const char *hopeless(const sid_advice *advice, const sid_advice_row *any)
{
    if (!any)
        return "every quantizer refused these vectors; the reasons stand beside them";
    if (advice->sample > 1 && any->report.duplicate_vectors == advice->sample - 1)
        return "all vectors are equal: no quantizer tells the items apart; look at where the vectors come from, or "
               "take "
               "--collisions digit with any";
    return NULL;
}

static sid_status keep(sid_advice *advice, const char *text, sid__arena *arena, sid_error *err)
{
    char *copy = NULL;
    SID_TRY(sid__arena_text(arena, text, strlen(text), &copy, err));
    advice->why = copy;
    return SID_OK;
}

sid_status sid__advise_choose(sid_advice *advice, bool any_order, sid__arena *arena, sid_error *err)
{
    standing best = {0};
    const sid_advice_row *first = NULL;
    sid__strbuf why = {0};
    int count = 0;
    for (int i = 0; i < advice->row_count; i++) {
        if (advice->row[i].refused)
            continue;
        standing s = standing_of(&advice->row[i], any_order);
        if (!first || compare(&s, &best) < 0)
            best = s;
        first = first ? first : &advice->row[i];
    }
    advice->chosen = -1;
    const char *reason = hopeless(advice, first);
    if (reason)
        return keep(advice, reason, arena, err);
    double least = least_error(advice, &best, any_order, &count);
    advice->chosen = best_row(advice, &best, any_order, error_slack * least);
    sid_status status = explain(advice, &best, count, least, &why, err);
    if (status == SID_OK)
        status = keep(advice, why.text, arena, err);
    sid__strbuf_drop(&why);
    return status;
}
