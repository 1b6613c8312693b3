/* rank_words.c: see rank_words.h. */
#include "rank/rank_words.h"

#include <math.h>

static sid_status say_difference(sid__strbuf *out, const sid_rank_difference *d, const char *where, const char *against,
                                 sid_error *err)
{
    const char *verb = d->low > 0 ? "gains" : d->high < 0 ? "loses" : NULL;
    if (isnan(d->low) || isnan(d->high))
        return sid__strbuf_printf(out, err, "%s cannot be judged", where);
    if (!verb)
        return sid__strbuf_printf(out, err, "is not told from %s %s", against, where);
    return sid__strbuf_printf(out, err, "%s %.4f AUC against %s %s", verb, fabs(d->mean), against, where);
}

/* Where it makes the most difference, of items that were seen. */
static sid_status say_where(sid__strbuf *out, const sid_rank_arm *arm, const sid_rank_arm *first, sid_error *err)
{
    static const sid_rank_slice slice[] = {SID_RANK_SLICE_HEAD, SID_RANK_SLICE_TORSO, SID_RANK_SLICE_TAIL};
    double d[3];
    for (int i = 0; i < 3; i++)
        d[i] = arm->mean[slice[i]].auc - first->mean[slice[i]].auc;
    if (isnan(d[0]) || isnan(d[1]) || isnan(d[2]))
        return SID_OK;
    return sid__strbuf_printf(out, err, "; head %+.4f, torso %+.4f, tail %+.4f", d[0], d[1], d[2]);
}

sid_status sid__rank_words(const sid_rank_comparison *c, int index, sid__strbuf *out, sid_error *err)
{
    const sid_rank_arm *arm = &c->arm[index], *first = &c->arm[0];
    const sid_rank_difference *all = &arm->auc[SID_RANK_SLICE_ALL], *new = &arm->auc[SID_RANK_SLICE_NEW];
    if (index == 0 || isnan(all->low))
        return SID_OK;
    SID_TRY(sid__strbuf_printf(out, err, "%s: ", arm->name));
    if (all->low <= 0 && all->high >= 0 && new->low <= 0 && new->high >= 0) {
        SID_TRY(sid__strbuf_printf(out, err, "is not told from %s, neither overall nor on new items", first->name));
    } else {
        SID_TRY(say_difference(out, all, "overall", first->name, err));
        if (!isnan(new->mean)) {
            SID_TRY(sid__strbuf_append(out, ", ", 2, err));
            SID_TRY(say_difference(out, new, "on new items", first->name, err));
        }
    }
    SID_TRY(say_where(out, arm, first, err));
    return *arm->note ? sid__strbuf_printf(out, err, "; it %s", arm->note) : SID_OK;
}
