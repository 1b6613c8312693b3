/* click_bootstrap.c: see click_bootstrap.h. Impressions are sorted once; a resample is then a pass with a weight a user. */
#include "rank/click_bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "eval/bootstrap.h"
#include "linalg/scalar.h"

typedef struct scored {
    double p, loss;
    int32_t user;
    uint8_t label, is_tied; /* is_tied: with the one before */
} scored;

typedef struct resampling {
    const scored *row; /* (count) by rising p */
    int64_t count, users;
    uint64_t seed;
    uint16_t *counts; /* (threads, users) */
    double *auc, *ne;
} resampling;

static int by_score(const void *left, const void *right)
{
    const scored *a = left, *b = right;
    return (a->p > b->p) - (a->p < b->p);
}

/* Weights are whole numbers, so the sums of pairs are exact; those of losses run in the order of scores. */
static void resample_once(const resampling *r, const uint16_t *weight, double *auc, double *ne)
{
    double pairs = 0, positives = 0, negatives = 0, tied_positives = 0, tied_negatives = 0, loss = 0;
    for (int64_t i = 0; i < r->count; i++) {
        const scored *row = &r->row[i];
        double w = weight[row->user];
        if (!row->is_tied) {
            pairs += tied_positives * (negatives + tied_negatives / 2);
            positives += tied_positives;
            negatives += tied_negatives;
            tied_positives = tied_negatives = 0;
        }
        *(row->label ? &tied_positives : &tied_negatives) += w;
        loss += w * row->loss;
    }
    pairs += tied_positives * (negatives + tied_negatives / 2);
    positives += tied_positives;
    negatives += tied_negatives;
    double rate = positives / (positives + negatives);
    *auc = *ne = (double)NAN;
    if (positives > 0 && negatives > 0) {
        *auc = pairs / (positives * negatives);
        *ne = loss / (positives + negatives) / (-rate * sid__log(rate) - (1 - rate) * sid__log(1 - rate));
    }
}

static void resample_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const resampling *r = arg;
    uint16_t *weight = r->counts + worker * r->users;
    for (int64_t s = begin; s < end; s++) {
        sid__bootstrap_draw(r->seed, r->users, s, weight);
        resample_once(r, weight, &r->auc[s], &r->ne[s]);
    }
}

/* As sid__click_metrics_of takes it. */
static double loss_of(double p, uint8_t label)
{
    double right = label ? p : 1 - p;
    return -sid__log(right < 1e-7 ? 1e-7 : right > 1 - 1e-7 ? 1 - 1e-7 : right);
}

sid_status sid__click_bootstrap(const sid_ctx *ctx, const sid__clicks *clicks, int64_t users, int resamples,
                                uint64_t seed, double *auc, double *ne, sid_error *err)
{
    resampling r = {.users = users, .seed = seed, .auc = auc, .ne = ne};
    scored *row = NULL;
    SID_TRY(sid__alloc(&row, (size_t)clicks->count, sizeof *row, "scored impressions", err));
    sid_status status = sid__alloc(&r.counts, (size_t)users * (size_t)sid__pool_threads(ctx->pool), sizeof *r.counts,
                                   "counts of a bootstrap", err);
    for (int64_t i = 0; i < clicks->count; i++)
        if (!clicks->mask || clicks->mask[i])
            row[r.count++] = (scored){.p = clicks->p[i],
                                      .loss = loss_of(clicks->p[i], clicks->label[i]),
                                      .user = clicks->user[i],
                                      .label = clicks->label[i]};
    qsort(row, (size_t)r.count, sizeof *row, by_score);
    for (int64_t i = 1; i < r.count; i++)
        row[i].is_tied = row[i].p == row[i - 1].p;
    r.row = row;
    if (status == SID_OK)
        sid__ctx_for(ctx, resamples, 4, resample_chunk, &r);
    sid__free(r.counts);
    sid__free(row);
    return status;
}
