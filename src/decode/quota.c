/* quota.c: a search, of whose list each item is taken while its prefix has room; then another without what was taken and what
 * lies below full prefixes, until k are there. What the next search finds comes behind all that was looked at, so an exact search
 * gives the exact list; each takes its first item at least, so there are k searches at most, and mostly one or two. Of a model that
 * puts what was found in another order (rerank.c) all that a search found is looked at, so that one does but for lists as long as
 * the beam: scores of two cannot be compared.
 */
#include "decode/quota.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decode/prefixes.h"

sid_status sid__quota_parse(const sid_model *m, const char *text, sid__quota *out, sid_error *err)
{
    char *end = NULL;
    *out = (sid__quota){0};
    if (!text)
        return SID_OK;
    if (!m->family->generator)
        return sid__fail(err, SID_EUSAGE, "quota \"%.40s\" is for models that write SIDs; %s scores items", text,
                         m->family->info.name);
    long depth = strtol(text, &end, 10), most = *end == ':' ? strtol(end + 1, &end, 10) : 0;
    if (*end || depth < 1 || depth > m->sids.levels || most < 1)
        return sid__fail(
            err, SID_EUSAGE,
            "quota is \"%.40s\"; P:N is expected, N items at most below a prefix of P codes, P 1 to %d, such "
            "as 1:2",
            text, m->sids.levels);
    *out = (sid__quota){.depth = (int)depth, .most = most};
    return SID_OK;
}

typedef struct picking {
    const sid_model *m;
    const sid__quota *quota;
    sid__answer *picked;
    int64_t wanted;
    int32_t *deny; /* what no search is to find any more */
    int64_t deny_count, deny_capacity;
} picking;

static int64_t alike(const picking *p, int32_t item)
{
    const sid__item_sids *sids = &p->m->sids;
    int64_t count = 0;
    for (int64_t i = 0; i < p->picked->count; i++)
        count += memcmp(sids->code + (int64_t)p->picked->item[i] * sids->width,
                        sids->code + (int64_t)item * sids->width, (size_t)p->quota->depth * sizeof *sids->code) == 0;
    return count;
}

static sid_status deny(picking *p, const int32_t *row, int64_t count, sid_error *err)
{
    SID_TRY(sid__grow(&p->deny, &p->deny_capacity, p->deny_count + count, sizeof *p->deny, "a filter", err));
    if (count > 0 && row)
        memcpy(p->deny + p->deny_count, row, (size_t)count * sizeof *row);
    p->deny_count += count;
    return SID_OK;
}

static sid_status deny_below(picking *p, int32_t item, sid_error *err)
{
    sid__prefix full = {.count = p->quota->depth};
    const sid__prefixes one = {.row = &full, .count = 1};
    int64_t first = p->deny_count;
    memcpy(full.code, p->m->sids.code + (int64_t)item * p->m->sids.width, (size_t)p->quota->depth * sizeof *full.code);
    SID_TRY(deny(p, NULL, sid__rows_below(p->m, &one, NULL), err));
    (void)sid__rows_below(p->m, &one, p->deny + first);
    return SID_OK;
}

static sid_status pick(picking *p, const sid__answer *found, sid_error *err)
{
    for (int64_t i = 0; i < found->count && p->picked->count < p->wanted; i++) {
        int32_t item = found->item[i];
        int64_t before = alike(p, item);
        if (before >= p->quota->most)
            continue;
        SID_TRY(sid__answer_push(p->picked, item, found->score[i], err));
        SID_TRY(before + 1 == p->quota->most ? deny_below(p, item, err) : deny(p, &item, 1, err));
    }
    return SID_OK;
}

static sid_status search(sid_ctx *ctx, const sid__decode_options *options, const sid__question *asked, picking *p,
                         sid_error *err)
{
    sid__question question = *asked;
    sid__decode_options wide = *options;
    if (sid__reranks(p->m))
        wide.k = wide.width = sid__beam_width(options);
    bool is_done = false, is_exact = true;
    SID_TRY(deny(p, asked->filter.deny, asked->filter.deny_count, err));
    while (!is_done) {
        sid__answer found = {0};
        question.filter.deny = p->deny;
        question.filter.deny_count = p->deny_count;
        sid_status status = sid__decode(ctx, p->m, &wide, &question, 1, &found, err);
        if (status == SID_OK)
            status = pick(p, &found, err);
        is_exact = is_exact && (found.is_exact || found.count == 0); /* nothing is live any more */
        p->picked->rows += found.rows;
        is_done = p->picked->count == p->wanted || found.count < wide.k;
        question.trace = NULL; /* it tells of the first */
        sid__answer_drop(&found);
        SID_TRY(status);
    }
    p->picked->is_exact = is_exact;
    return SID_OK;
}

sid_status sid__decode_quota(sid_ctx *ctx, const sid_model *m, const sid__decode_options *options,
                             const sid__quota *quota, const sid__question *question, int64_t count, sid__answer *answer,
                             sid_error *err)
{
    sid_status status = SID_OK;
    if (options->cold.kind != SID__COLD_NONE)
        return sid__fail(err, SID_EUSAGE, "quota and cold both say who gets places; one of them is expected");
    if (options->normalize == SID__NORMALIZE_TRIE)
        return sid__fail(
            err, SID_EUSAGE,
            "quota compares probabilities of several searches, which normalize=trie makes of different codes; "
            "leave out one of them");
    for (int64_t i = 0; i < count && status == SID_OK; i++) {
        picking p = {.m = m, .quota = quota, .picked = &answer[i], .wanted = options->k};
        status = search(ctx, options, &question[i], &p, err);
        sid__free(p.deny);
    }
    return status;
}
