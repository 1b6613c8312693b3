/* split_plan.c: the words of a split understood: "loo", "time=0.8,0.1", "time=2014-01-01,2014-03-01", "column", "all". */
#include <string.h>

#include "data/event_time.h"
#include "data/split.h"

static sid_status parse_word(const char *what, const char *text, const char *const *word, int count, int *out,
                             sid_error *err)
{
    for (*out = 0; *out < count; (*out)++)
        if (!text || strcmp(text, word[*out]) == 0)
            return SID_OK;
    const char *near = sid_closest(text, word, count);
    return sid__fail(err, SID_EUSAGE, "%s is \"%s\"; %s, %s%s%s is expected%s%s%s", what, text, word[0], word[1],
                     count > 2 ? " or " : "", count > 2 ? word[2] : "", near ? "; did you mean " : "", near ? near : "",
                     near ? "?" : "");
}

static sid_status parse_times(const char *text, sid__split_plan *plan, sid_error *err)
{
    const char *comma = strchr(text, ',');
    if (!comma || !sid__event_time(text, (size_t)(comma - text), &plan->first) ||
        !sid__event_time(comma + 1, strlen(comma + 1), &plan->second))
        return sid__fail(err, SID_EUSAGE,
                         "split is \"time=%s\"; two shares such as time=0.8,0.1 or two times such as "
                         "time=2014-01-01,2014-03-01 are expected",
                         text);
    plan->has_times = plan->first >= 1 || plan->second >= 1 || plan->first < 0 || plan->second < 0;
    if (plan->has_times && plan->first > plan->second)
        return sid__fail(err, SID_EUSAGE, "split is \"time=%s\"; the validation must not begin after the test", text);
    if (!plan->has_times && (plan->first <= 0 || plan->first + plan->second >= 1))
        return sid__fail(err, SID_EUSAGE,
                         "split is \"time=%s\"; a share above 0 must train, and one be left for the test", text);
    return SID_OK;
}

sid_status sid__split_plan_parse(const sid_split_options *options, sid__split_plan *out, sid_error *err)
{
    static const char *const ties[] = {"file", "shuffle", "exclude"}, *const targets[] = {"first", "all"};
    static const char *const kinds[] = {"loo", "time", "column", "all"};
    static const sid_split_options defaults;
    if (!options)
        options = &defaults;
    int tie = 0, target = 0;
    const char *kind = options->split ? options->split : "loo";
    *out = (sid__split_plan){.seed = options->seed ? options->seed : 42, .cold = options->cold_fraction};
    if (!(out->cold >= 0 && out->cold < 1))
        return sid__fail(err, SID_EUSAGE,
                         "cold_fraction is %g; a share of the items, 0 or more and below 1, is expected", out->cold);
    SID_TRY(parse_word("ties", options->ties, ties, 3, &tie, err));
    SID_TRY(parse_word("targets", options->targets, targets, 2, &target, err));
    out->ties = (sid__ties)tie;
    out->takes_all_targets = target == 1;
    if (strncmp(kind, "time=", 5) == 0) {
        out->kind = SID__SPLIT_TIME;
        return parse_times(kind + 5, out, err);
    }
    for (int i = 0; i < 4; i++)
        if (strcmp(kind, kinds[i]) == 0) {
            out->kind = (sid__split_kind)i;
            return i == SID__SPLIT_TIME ? parse_times("0.8,0.1", out, err) : SID_OK;
        }
    return sid__fail(err, SID_EUSAGE, "split is \"%s\"; loo, time=0.8,0.1, column or all is expected", kind);
}
