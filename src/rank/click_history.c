/* click_history.c: see click_history.h. */
#include "rank/click_history.h"

sid_status sid__click_history_create(int64_t users, int max, sid__click_history *out, sid_error *err)
{
    *out = (sid__click_history){.max = max, .users = users};
    SID_TRY(sid__alloc(&out->count, (size_t)users, sizeof *out->count, "histories of users", err));
    return sid__alloc(&out->click, (size_t)users, (size_t)max * sizeof *out->click, "histories of users", err);
}

sid_status sid__click_history_reserve(sid__click_history *history, int64_t users, sid_error *err)
{
    static const char what[] = "histories of users";
    int64_t count = history->users, clicks = count, times = count;
    size_t max = (size_t)history->max;
    if (users <= history->users || max == 0)
        return SID_OK;
    if (history->keeps_time)
        SID_TRY(sid__grow(&history->time, &times, users, max * sizeof *history->time, what, err));
    SID_TRY(sid__grow(&history->click, &clicks, users, max * sizeof *history->click, what, err));
    SID_TRY(sid__grow(&history->count, &count, users, sizeof *history->count, what, err));
    for (int64_t u = history->users; u < users; u++)
        history->count[u] = 0;
    history->users = users;
    return SID_OK;
}

void sid__click_history_drop(sid__click_history *history)
{
    sid__free(history->click);
    sid__free(history->count);
    sid__free(history->time);
    *history = (sid__click_history){0};
}

void sid__click_history_push_at(sid__click_history *history, int32_t user, int32_t item, double time)
{
    if (history->max == 0)
        return;
    int64_t at = (int64_t)user * history->max + history->count[user] % history->max;
    history->click[at] = item;
    if (history->time)
        history->time[at] = time;
    if (++history->count[user] == 2 * history->max) /* the same place in the ring, and no overflow */
        history->count[user] = history->max;
}

void sid__click_history_push(sid__click_history *history, int32_t user, int32_t item)
{
    sid__click_history_push_at(history, user, item, 0);
}

int sid__click_history_get_at(const sid__click_history *history, int32_t user, int32_t *item, double *time)
{
    int count = history->count[user] < history->max ? history->count[user] : history->max;
    for (int i = 0; i < count; i++) {
        int64_t at = (int64_t)user * history->max + (history->count[user] - count + i) % history->max;
        item[i] = history->click[at];
        if (time && history->time)
            time[i] = history->time[at];
    }
    return count;
}

int sid__click_history_get(const sid__click_history *history, int32_t user, int32_t *item)
{
    return sid__click_history_get_at(history, user, item, NULL);
}
