/* click_model_run.c: days of impressions: each is asked batch by batch before it is learned, so that its metrics are those of a ranker
 * that knew the days before and what of the day came earlier (progressive validation).
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "rank/click_metrics.h"
#include "rank/click_model.h"
#include "rank/item_slices.h"

enum { PROGRESS_STEPS = 16 };

typedef struct running {
    sid_ranker *r;
    const sid_impressions *im;
    sid__run_maps maps;
    int from, to;                  /* days, from 0; to: behind the last */
    int64_t first;                 /* impression of the days */
    double *p;                     /* of them */
    uint8_t *label, *mask, *slice; /* slice: of items, by what was shown before */
    int32_t *user;
} running;

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- Which days ---- */

static sid_status choose_days(const sid_ranker_days *days, bool is_training, running *run, sid_error *err)
{
    const sid_impressions *im = run->im;
    int count = im->day_count, from = days->from ? days->from : 1, to = days->to ? days->to : -1;
    from = from < 0 ? count + 1 + from : from;
    to = to < 0 ? count + 1 + to : to;
    if (from < 1 || to > count || from > to)
        return sid__fail(err, SID_EUSAGE, "days %d to %d; %s has %d", days->from ? days->from : 1,
                         days->to ? days->to : -1, im->path, count);
    run->from = from - 1;
    run->to = to;
    if (!is_training || run->r->last_day == INT64_MIN || im->day_name[run->from] > run->r->last_day)
        return SID_OK;
    if (!days->skip_seen)
        return sid__fail(err, SID_EUSAGE,
                         "%s begins with day %d, and the ranker has learned of days up to %" PRId64
                         "; a second pass over the same days learns them by heart (2209.06053). --resume passes by "
                         "what was learned",
                         im->path, im->day_name[run->from], run->r->last_day);
    while (run->from < run->to && im->day_name[run->from] <= run->r->last_day)
        run->from++;
    return SID_OK;
}

static int64_t day_end(const running *run, int64_t begin)
{
    int64_t end = begin;
    while (end < run->im->count && run->im->row[end].day == run->im->row[begin].day)
        end++;
    return end;
}

static int64_t first_of_day(const sid_impressions *im, int day)
{
    int64_t at = 0;
    while (at < im->count && im->row[at].day < day)
        at++;
    return at;
}

static sid_status begin_run(const sid_ranker_days *days, bool is_training, running *run, sid_error *err)
{
    static const char what[] = "scores of impressions";
    SID_TRY(choose_days(days, is_training, run, err));
    run->first = first_of_day(run->im, run->from);
    size_t count = (size_t)(first_of_day(run->im, run->to) - run->first);
    SID_TRY(sid__run_maps_make(run->r, run->im, &run->maps, err));
    SID_TRY(sid__alloc(&run->p, count, sizeof *run->p, what, err));
    SID_TRY(sid__alloc(&run->label, count, 1, what, err));
    SID_TRY(sid__alloc(&run->mask, count, 1, what, err));
    SID_TRY(sid__alloc(&run->user, count, sizeof *run->user, what, err));
    SID_TRY(sid__alloc(&run->slice, (size_t)run->r->items.count, 1, "slices of items", err));
    for (size_t i = 0; i < count; i++) {
        run->label[i] = run->im->row[run->first + (int64_t)i].label;
        run->user[i] = run->im->row[run->first + (int64_t)i].user;
    }
    return SID_OK;
}

static void end_run(running *run)
{
    sid__run_maps_drop(&run->maps);
    sid__free(run->p);
    sid__free(run->label);
    sid__free(run->mask);
    sid__free(run->user);
    sid__free(run->slice);
}

/* ---- Metrics ---- */

static int32_t item_of(const running *run, int64_t row)
{
    return run->maps.item[run->im->row[row].item];
}

/* Of impressions begin .. end - 1. */
static sid_status score(running *run, int64_t begin, int64_t end, sid_ranker_day *out, sid_error *err)
{
    int64_t at = begin - run->first;
    bool is_relative = run->r->plan.family->is_relative;
    const sid__clicks clicks = {.p = run->p + at,
                                .label = run->label + at,
                                .user = run->user + at,
                                .mask = run->mask + at,
                                .count = end - begin};
    for (int s = 0; s < SID_RANK_SLICE_COUNT; s++) {
        sid__click_metrics m;
        for (int64_t i = begin; i < end; i++)
            run->mask[i - run->first] = s == SID_RANK_SLICE_ALL || run->slice[item_of(run, i)] == s;
        SID_TRY(sid__click_metrics_of(&clicks, &m, err));
        out->score[s] = (sid_rank_score){.impressions = m.count,
                                         .clicks = m.positives,
                                         .auc = m.auc,
                                         .gauc = m.gauc,
                                         .log_loss = is_relative ? (double)NAN : m.log_loss,
                                         .ne = is_relative ? (double)NAN : m.ne};
    }
    return SID_OK;
}

static sid_status count_missing(running *run, int64_t begin, int64_t end, sid_ranker_day *out, sid_error *err)
{
    uint8_t *seen = NULL;
    SID_TRY(sid__alloc(&seen, (size_t)run->r->items.count, 1, "items shown", err));
    for (int64_t i = begin; i < end; i++) {
        int32_t item = item_of(run, i);
        out->items_without_sid += !seen[item] && !run->r->has_sid[item];
        seen[item] = 1;
    }
    sid__free(seen);
    return SID_OK;
}

static void count_rows(const sid_ranker *r, sid_ranker_day *out)
{
    sid_ranker_info info;
    sid_ranker_get_info(r, &info);
    out->rows = info.rows;
}

/* ---- Training ---- */

static sid_status pass(running *run, int64_t begin, int64_t end, bool is_training, sid_error *err)
{
    int64_t size = run->r->options.batch;
    for (int64_t at = begin, n = 0; at < end; at += size, n++) {
        SID_TRY(sid__ctx_check(run->r->ctx, err));
        SID_TRY(sid__click_model_step(run->r, run->im, &run->maps, at, end - at < size ? end : at + size, is_training,
                                      run->p + (at - run->first), err));
        if (n % PROGRESS_STEPS == 0)
            sid__ctx_progress(run->r->ctx, is_training ? "training" : "testing", at - begin, end - begin, "impressions",
                              (double)NAN);
    }
    return SID_OK;
}

/* Drops rows that nobody saw for long. */
static sid_status expire(sid_ranker *r, int64_t now, sid_ranker_day *out, sid_error *err)
{
    for (int t = 0; t < r->plan.table_count; t++) {
        int64_t dropped = 0;
        if (r->plan.table[t].ttl_days > 0)
            SID_TRY(sid_table_expire(r->table[t], now, &dropped, err));
        out->dropped += dropped;
    }
    return SID_OK;
}

static void note_learned(running *run, int64_t begin, int64_t end)
{
    sid_ranker *r = run->r;
    for (int64_t i = begin; i < end; i++) {
        r->shown[item_of(run, i)]++;
        r->clicks += run->im->row[i].label;
    }
    r->impressions += end - begin;
    r->last_day = run->im->day_name[run->im->row[begin].day];
    r->last_time = run->im->row[end - 1].time;
}

static sid_status train_day(running *run, int64_t begin, int64_t end, sid_ranker_day *day, sid_error *err)
{
    enum { DAY_S = 86400 };
    sid_ranker *r = run->r;
    const sid_impressions *im = run->im;
    double start_s = now_s(), last = im->has_time ? im->row[end - 1].time : 0;
    *day = (sid_ranker_day){.day = im->day_name[im->row[begin].day], .days = 1};
    if (!im->has_time)
        last = (double)day->day * DAY_S;
    SID_TRY(sid__item_slices(r->shown, r->items.count, run->slice, err));
    if (!r->dense.is_frozen)
        SID_TRY(sid__dense_freeze(&r->plan, im, begin, end, &r->dense, err));
    SID_TRY(pass(run, begin, end, true, err));
    SID_TRY(score(run, begin, end, day, err));
    SID_TRY(count_missing(run, begin, end, day, err));
    SID_TRY(expire(r, last > 0 ? (int64_t)last : 0, day, err));
    note_learned(run, begin, end);
    count_rows(r, day);
    day->train_s = now_s() - start_s;
    return SID_OK;
}

static sid_status train(running *run, const sid_ranker_days *days, sid_error *err)
{
    int64_t begin = run->first;
    for (int d = run->from; d < run->to; d++) {
        int64_t end = day_end(run, begin);
        sid_ranker_day day;
        SID_TRY(train_day(run, begin, end, &day, err));
        if (day.items_without_sid > 0)
            sid__ctx_warn(run->r->ctx,
                          "day %" PRId64 ": %" PRId64
                          " of the items shown are without a SID, which adds nothing to their scores",
                          day.day, day.items_without_sid);
        if (days->report)
            SID_TRY(days->report(days->user, &day, err));
        begin = end;
    }
    return SID_OK;
}

sid_status sid_ranker_train(sid_ranker *ranker, const sid_impressions *impressions, const sid_ranker_days *days,
                            sid_error *err)
{
    static const sid_ranker_days all;
    running run = {.r = ranker, .im = impressions};
    sid_status status = begin_run(days ? days : &all, true, &run, err);
    if (status == SID_OK)
        status = train(&run, days ? days : &all, err);
    end_run(&run);
    return status;
}

/* ---- Asking ---- */

/* Nothing is padded, so nothing is lost there. */
static void tell_attention(const sid_ranker *r)
{
    const sid__attention_look *look = &r->look;
    if (look->count > 0)
        sid__ctx_info(
            r->ctx,
            "attention: %.2f of the entropy that equal weights have, %.3f on the item shown itself, by %" PRId64
            " lists of two clicks or more",
            look->entropy / (double)look->count, look->self / (double)look->count, look->count);
}

/* Clicks of the days are history to later ones, in a copy. */
static sid_status ask(running *run, int64_t end, sid_ranker_day *out, sid_error *err)
{
    sid_ranker *r = run->r;
    sid__click_history kept = r->history;
    size_t cells = (size_t)kept.users * (size_t)kept.max;
    r->history.click = r->history.count = NULL;
    r->history.time = NULL;
    r->look = (sid__attention_look){.count = 0};
    sid_status status = sid__alloc(&r->history.click, cells, sizeof *kept.click, "histories of users", err);
    if (status == SID_OK)
        status = sid__alloc(&r->history.count, (size_t)kept.users, sizeof *kept.count, "histories of users", err);
    if (status == SID_OK)
        status = sid__alloc(&r->history.time, cells, sizeof *kept.time, "histories of users", err);
    if (status == SID_OK) {
        if (cells > 0) {
            memcpy(r->history.click, kept.click, cells * sizeof *kept.click);
            memcpy(r->history.time, kept.time, cells * sizeof *kept.time);
        }
        if (kept.users > 0)
            memcpy(r->history.count, kept.count, (size_t)kept.users * sizeof *kept.count);
        status = sid__item_slices(r->shown, r->items.count, run->slice, err);
    }
    if (status == SID_OK)
        status = pass(run, run->first, end, false, err);
    tell_attention(r);
    sid__click_history_drop(&r->history);
    r->history = kept;
    if (status == SID_OK)
        status = score(run, run->first, end, out, err);
    return status == SID_OK ? count_missing(run, run->first, end, out, err) : status;
}

sid_status sid_ranker_eval(sid_ranker *ranker, const sid_impressions *impressions, const sid_ranker_days *days,
                           sid_ranker_day *out, double *p, sid_error *err)
{
    static const sid_ranker_days all;
    running run = {.r = ranker, .im = impressions};
    double start_s = now_s();
    sid_status status = begin_run(days ? days : &all, false, &run, err);
    *out = (sid_ranker_day){.day = status == SID_OK ? impressions->day_name[run.to - 1] : 0, .days = run.to - run.from};
    int64_t end = status == SID_OK ? first_of_day(impressions, run.to) : 0;
    if (status == SID_OK)
        status = ask(&run, end, out, err);
    count_rows(ranker, out);
    out->train_s = now_s() - start_s;
    if (status == SID_OK && p)
        memcpy(p, run.p, (size_t)(end - run.first) * sizeof *p);
    end_run(&run);
    return status;
}
