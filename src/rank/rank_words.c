/* rank_words.c: see rank_words.h. */
#include "rank/rank_words.h"

#include <math.h>

/* What the interval bears: 1 gains, -1 loses, 0: it holds zero, or there is none. */
static int sign_of(const sid_rank_difference *d)
{
    return (d->low > 0) - (d->high < 0);
}

static const char *verb_of(const sid_rank_difference *d)
{
    return sign_of(d) > 0 ? "gains" : "loses";
}

static sid_status say_difference(sid__strbuf *out, const sid_rank_difference *d, const char *where, sid_error *err)
{
    if (isnan(d->low) || isnan(d->high))
        return sid__strbuf_printf(out, err, "cannot be judged %s", where);
    if (sign_of(d) == 0)
        return sid__strbuf_printf(out, err, "is not told apart %s", where);
    return sid__strbuf_printf(out, err, "%s %.4f AUC %s", verb_of(d), fabs(d->mean), where);
}

/* Both at once where they go the same way. */
static sid_status say_both(sid__strbuf *out, const sid_rank_difference *all, const sid_rank_difference *new,
                           sid_error *err)
{
    if (sign_of(all) != 0 && sign_of(all) == sign_of(new))
        return sid__strbuf_printf(out, err, "%s %.4f AUC overall and %.4f on new items", verb_of(all), fabs(all->mean),
                                  fabs(new->mean));
    SID_TRY(say_difference(out, all, "overall", err));
    if (isnan(new->mean))
        return SID_OK;
    SID_TRY(sid__strbuf_append(out, ", ", 2, err));
    return say_difference(out, new, "on new items", err);
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
    SID_TRY(sid__strbuf_printf(out, err, "%s: against %s it ", arm->name, first->name));
    if (sign_of(all) == 0 && sign_of(new) == 0 && !isnan(new->low))
        SID_TRY(sid__strbuf_printf(out, err, "is told apart neither overall nor on new items"));
    else
        SID_TRY(say_both(out, all, new, err));
    SID_TRY(say_where(out, arm, first, err));
    return *arm->note ? sid__strbuf_printf(out, err, "; it %s", arm->note) : SID_OK;
}
