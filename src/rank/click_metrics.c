/* click_metrics.c: see click_metrics.h. Sums run in sorted or in given order, so that they are the same on every machine. */
#include "rank/click_metrics.h"

#include <math.h>
#include <stdlib.h>

#include "linalg/scalar.h"

typedef struct scored {
    double p;
    int32_t user;
    uint8_t label;
} scored;

static int by_score(const void *left, const void *right)
{
    const scored *a = left, *b = right;
    return (a->p > b->p) - (a->p < b->p);
}

static int by_user(const void *left, const void *right)
{
    const scored *a = left, *b = right;
    return a->user != b->user ? (a->user > b->user ? 1 : -1) : by_score(left, right);
}

/* Of `count` rows by rising score; NaN with one class. */
static double auc_of(const scored *row, int64_t count)
{
    double rank_sum = 0, positives = 0;
    for (int64_t begin = 0, end; begin < count; begin = end) {
        int64_t tied = 0;
        for (end = begin; end < count && row[end].p == row[begin].p; end++)
            tied += row[end].label;
        rank_sum += (double)tied * ((double)(begin + 1 + end) / 2); /* ranks begin + 1 .. end */
        positives += (double)tied;
    }
    double negatives = (double)count - positives;
    if (positives == 0 || negatives == 0)
        return (double)NAN;
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);
}

/* rows by user and score */
static void add_users(const scored *row, int64_t count, sid__click_metrics *out)
{
    double sum = 0, weight = 0;
    for (int64_t begin = 0, end; begin < count; begin = end) {
        for (end = begin; end < count && row[end].user == row[begin].user;)
            end++;
        double auc = auc_of(row + begin, end - begin);
        if (isnan(auc))
            continue;
        sum += auc * (double)(end - begin);
        weight += (double)(end - begin);
        out->users++;
    }
    out->gauc = weight > 0 ? sum / weight : (double)NAN;
}

static double entropy(double rate)
{
    return -rate * sid__log(rate) - (1 - rate) * sid__log(1 - rate);
}

static void add_losses(const sid__clicks *clicks, sid__click_metrics *out)
{
    double sum = 0, count = (double)out->count;
    for (int64_t i = 0; i < clicks->count; i++) {
        if (clicks->mask && !clicks->mask[i])
            continue;
        double p = clicks->label[i] ? clicks->p[i] : 1 - clicks->p[i];
        sum -= sid__log(p < 1e-7 ? 1e-7 : p > 1 - 1e-7 ? 1 - 1e-7 : p);
    }
    out->log_loss = sum / count;
    if (out->positives > 0 && out->positives < out->count)
        out->ne = out->log_loss / entropy((double)out->positives / count);
}

sid_status sid__click_metrics_of(const sid__clicks *clicks, sid__click_metrics *out, sid_error *err)
{
    scored *row = NULL;
    *out = (sid__click_metrics){.auc = (double)NAN, .gauc = (double)NAN, .log_loss = (double)NAN, .ne = (double)NAN};
    SID_TRY(sid__alloc(&row, (size_t)clicks->count, sizeof *row, "scored impressions", err));
    for (int64_t i = 0; i < clicks->count; i++)
        if (!clicks->mask || clicks->mask[i]) {
            row[out->count++] =
                (scored){.p = clicks->p[i], .user = clicks->user ? clicks->user[i] : 0, .label = clicks->label[i]};
            out->positives += clicks->label[i];
        }
    if (out->count > 0) {
        qsort(row, (size_t)out->count, sizeof *row, by_score);
        out->auc = auc_of(row, out->count);
        add_losses(clicks, out);
    }
    if (clicks->user && out->count > 0) {
        qsort(row, (size_t)out->count, sizeof *row, by_user);
        add_users(row, out->count, out);
    }
    sid__free(row);
    return SID_OK;
}
