/* rank_probe.c: see rank_probe.h. */
#include "rank/rank_probe.h"

#include <math.h>
#include <string.h>

#include "base/philox.h"
#include "linalg/scalar.h"

enum { TWIN_USERS = 10, HOUR_S = 3600, OLD_FROM_H = 48, OLD_TO_H = 42, LATE_FROM_H = 6 };

double sid__click_ne(const sid_impressions *im, int64_t begin, int64_t end, const double *p)
{
    double loss = 0, clicks = 0, count = (double)(end - begin);
    for (int64_t i = begin; i < end; i++) {
        double right = im->row[i].label ? p[i - begin] : 1 - p[i - begin];
        clicks += im->row[i].label;
        loss -= sid__log(right < 1e-7 ? 1e-7 : right > 1 - 1e-7 ? 1 - 1e-7 : right);
    }
    double rate = clicks / count;
    if (!(clicks > 0 && clicks < count))
        return (double)NAN;
    return loss / count / (-rate * sid__log(rate) - (1 - rate) * sid__log(1 - rate));
}

/* ---- Twins ---- */

/* Ten users see the first of each pair, then the second: no clicks, so that nothing is learned of the first. */
static void show_pairs(const sid_impressions *im, const int32_t *pair, int64_t count, uint64_t seed,
                       sid__impression *row)
{
    for (int64_t i = 0; i < count; i++)
        for (int u = 0; u < TWIN_USERS; u++) {
            int64_t at = i * TWIN_USERS + u;
            int32_t user = (int32_t)sid__philox_below(seed, SID__STREAM_TWINS, (uint64_t)at, (uint64_t)im->users.count);
            for (int k = 0; k < 2; k++)
                row[2 * at + k] =
                    (sid__impression){.user = user, .item = pair[2 * i + k], .day = im->row[im->count - 1].day};
        }
}

sid_status sid__probe_twins(sid__rank_model *model, const sid_impressions *im, const int32_t *pair, int64_t count,
                            uint64_t seed, double *out, sid_error *err)
{
    sid_impressions shown = *im; /* the same users and items, other rows; the original keeps what it owns */
    int64_t rows = 2 * TWIN_USERS * count;
    double *p = NULL, sum = 0;
    *out = (double)NAN;
    if (count == 0)
        return SID_OK;
    shown.row = NULL;
    shown.dense = NULL;
    shown.count = rows;
    sid_status status = sid__alloc(&shown.row, (size_t)rows, sizeof *shown.row, "twins", err);
    if (status == SID_OK)
        status = sid__alloc(&shown.dense, (size_t)rows, (size_t)im->dense_count * sizeof *shown.dense, "twins", err);
    if (status == SID_OK)
        status = sid__alloc(&p, (size_t)rows, sizeof *p, "twins", err);
    if (status == SID_OK) {
        show_pairs(im, pair, count, seed, shown.row);
        status = sid__rank_model_run(model, &shown, 0, rows, false, p, err);
    }
    for (int64_t i = 0; status == SID_OK && i < rows; i += 2)
        sum += 2 * fabs(p[i] - p[i + 1]) / (p[i] + p[i + 1] + 1e-12);
    if (status == SID_OK)
        *out = 2 * sum / (double)rows;
    sid__free(shown.row);
    sid__free(shown.dense);
    sid__free(p);
    return status;
}

/* ---- Drift ---- */

static void replay_clicks(sid__rank_model *model, const sid_impressions *im, int64_t end)
{
    memset(model->history.count, 0, (size_t)im->users.count * sizeof *model->history.count);
    for (int64_t i = 0; i < end; i++)
        if (im->row[i].label)
            sid__click_history_push(&model->history, im->row[i].user, im->row[i].item);
}

static sid_status window_ne(sid__rank_model *model, const sid_impressions *im, double from_s, double to_s, int64_t end,
                            double *ne, sid_error *err)
{
    int64_t first = 0, last;
    double *p = NULL;
    while (first < end && im->row[first].time < from_s)
        first++;
    for (last = first; last < end && im->row[last].time < to_s;)
        last++;
    *ne = (double)NAN;
    if (first == last)
        return SID_OK;
    replay_clicks(model, im, first);
    SID_TRY(sid__alloc(&p, (size_t)(last - first), sizeof *p, "hours of training", err));
    sid_status status = sid__rank_model_run(model, im, first, last, false, p, err);
    if (status == SID_OK)
        *ne = sid__click_ne(im, first, last, p);
    sid__free(p);
    return status;
}

/* Rows are in the order of time where they have times that are seconds: positions in a history, say, are not. */
static bool has_hours(const sid_impressions *im, int64_t end)
{
    if (!im->has_time || end == 0 || im->row[end - 1].time - im->row[0].time < (double)OLD_FROM_H * HOUR_S)
        return false;
    for (int64_t i = 1; i < end; i++)
        if (im->row[i].time < im->row[i - 1].time)
            return false;
    return true;
}

sid_status sid__probe_drift(sid__rank_model *model, const sid_impressions *im, int64_t end, double *out, sid_error *err)
{
    double old = 0, late = 0;
    *out = (double)NAN;
    if (!has_hours(im, end))
        return SID_OK;
    double last_s = im->row[end - 1].time;
    SID_TRY(
        window_ne(model, im, last_s - (double)OLD_FROM_H * HOUR_S, last_s - (double)OLD_TO_H * HOUR_S, end, &old, err));
    SID_TRY(window_ne(model, im, last_s - (double)LATE_FROM_H * HOUR_S, (double)INFINITY, end, &late, err));
    *out = old - late;
    return SID_OK;
}
