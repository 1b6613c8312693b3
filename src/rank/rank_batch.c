/* rank_batch.c: see rank_batch.h. */
#include "rank/rank_batch.h"

sid_status sid__rank_batch_create(int64_t most, int history_max, int64_t items, sid__rank_batch *out, sid_error *err)
{
    size_t rows = (size_t)most, history = (size_t)history_max;
    *out = (sid__rank_batch){0};
    SID_TRY(sid__alloc(&out->user, rows, sizeof *out->user, "a batch", err));
    SID_TRY(sid__alloc(&out->label, rows, sizeof *out->label, "a batch", err));
    SID_TRY(sid__alloc(&out->target, rows, sizeof *out->target, "a batch", err));
    SID_TRY(sid__alloc(&out->past, rows, history * sizeof *out->past, "histories of a batch", err));
    SID_TRY(sid__alloc(&out->past_begin, rows + 1, sizeof *out->past_begin, "histories of a batch", err));
    SID_TRY(sid__alloc(&out->past_of, rows, history * sizeof *out->past_of, "histories of a batch", err));
    SID_TRY(sid__alloc(&out->shown, rows, sizeof *out->shown, "a batch", err));
    SID_TRY(sid__alloc(&out->item, rows, (history + 1) * sizeof *out->item, "items of a batch", err));
    SID_TRY(sid__alloc(&out->recent, history, sizeof *out->recent, "a history", err));
    SID_TRY(sid__alloc(&out->index_of, (size_t)items, sizeof *out->index_of, "items of a batch", err));
    for (int64_t i = 0; i < items; i++)
        out->index_of[i] = -1;
    return SID_OK;
}

void sid__rank_batch_drop(sid__rank_batch *batch)
{
    sid__free(batch->user);
    sid__free(batch->label);
    sid__free(batch->target);
    sid__free(batch->past);
    sid__free(batch->past_begin);
    sid__free(batch->past_of);
    sid__free(batch->shown);
    sid__free(batch->item);
    sid__free(batch->index_of);
    sid__free(batch->recent);
    *batch = (sid__rank_batch){0};
}

static int32_t meet(sid__rank_batch *batch, int32_t item)
{
    if (batch->index_of[item] < 0) {
        batch->index_of[item] = (int32_t)batch->item_count;
        batch->item[batch->item_count++] = item;
    }
    return batch->index_of[item];
}

void sid__rank_batch_fill(sid__rank_batch *batch, const sid_impressions *impressions, int64_t begin, int64_t end,
                          sid__click_history *history)
{
    for (int64_t i = 0; i < batch->item_count; i++)
        batch->index_of[batch->item[i]] = -1;
    batch->item_count = 0;
    batch->count = end - begin;
    for (int64_t i = 0, at = 0; i < batch->count; i++) {
        const sid__impression *row = &impressions->row[begin + i];
        batch->user[i] = (uint64_t)row->user;
        batch->label[i] = row->label;
        batch->shown[i] = row->item;
        batch->target[i] = meet(batch, row->item);
        int count = sid__click_history_get(history, row->user, batch->recent);
        for (int j = 0; j < count; j++, at++) {
            batch->past_of[at] = (int32_t)i;
            batch->past[at] = meet(batch, (int32_t)batch->past_from + batch->recent[j]);
        }
        batch->past_begin[i + 1] = at;
        if (row->label)
            sid__click_history_push(history, row->user, row->item);
    }
}
