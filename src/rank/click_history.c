/* click_history.c: see click_history.h. */
#include "rank/click_history.h"

sid_status sid__click_history_create(int64_t users, int max, sid__click_history *out, sid_error *err)
{
    *out = (sid__click_history){.max = max};
    SID_TRY(sid__alloc(&out->count, (size_t)users, sizeof *out->count, "histories of users", err));
    return sid__alloc(&out->click, (size_t)users, (size_t)max * sizeof *out->click, "histories of users", err);
}

void sid__click_history_drop(sid__click_history *history)
{
    sid__free(history->click);
    sid__free(history->count);
    *history = (sid__click_history){0};
}

void sid__click_history_push(sid__click_history *history, int32_t user, int32_t item)
{
    if (history->max > 0)
        history->click[(int64_t)user * history->max + history->count[user]++ % history->max] = item;
}

int sid__click_history_get(const sid__click_history *history, int32_t user, int32_t *item)
{
    int count = history->count[user] < history->max ? history->count[user] : history->max;
    for (int i = 0; i < count; i++)
        item[i] = history->click[(int64_t)user * history->max + (history->count[user] - count + i) % history->max];
    return count;
}
