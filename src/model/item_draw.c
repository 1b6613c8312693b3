/* item_draw.c: see item_draw.h. A draw takes one word of Philox: times the number of slots it is a slot (high half) and how far
 * one stands in it (low half), so that no second number is needed; with fewer than 2^24 items the error is below 2^-8 of the
 * rarest slot. */
#include "model/item_draw.h"

#include "base/mem.h"
#include "base/philox.h"
#include "linalg/scalar.h"

/* n^power by our own log and exp; exact for 0, .5 would be by sqrt, and nothing needs that. */
static double weight_of(int64_t train_count, double power)
{
    return train_count > 0 ? sid__exp(power * sid__log((double)train_count)) : 0;
}

static uint32_t to_limit(double share)
{
    double scaled = share * 4294967296.;
    return scaled >= 4294967295. ? UINT32_MAX : (uint32_t)scaled;
}

/* share (items): of a slot, mean 1. Slots below 1 get the rest from one above it; `small` and `large` are stacks in `room`. */
static void fill(sid__item_draw *draw, double *share, int32_t *room)
{
    int64_t items = draw->item_count, small = 0, large = items;
    for (int64_t i = 0; i < items; i++)
        room[share[i] < 1 ? small++ : --large] = (int32_t)i;
    while (small > 0 && large < items) {
        int32_t low = room[--small], high = room[large];
        draw->limit[low] = to_limit(share[low]);
        draw->alias[low] = high;
        share[high] -= 1 - share[low];
        if (share[high] < 1) {
            large++;
            room[small++] = high;
        }
    }
    for (; large < items; large++) {
        draw->limit[room[large]] = UINT32_MAX;
        draw->alias[room[large]] = room[large];
    }
    for (; small > 0; small--) { /* full but for rounding */
        draw->limit[room[small - 1]] = UINT32_MAX;
        draw->alias[room[small - 1]] = room[small - 1];
    }
}

sid_status sid__item_draw_make(const int64_t *train_count, int64_t item_count, double power, sid__item_draw *out,
                               sid_error *err)
{
    double *share = NULL, sum = 0;
    int32_t *room = NULL;
    *out = (sid__item_draw){.item_count = item_count};
    sid_status status = sid__alloc(&share, (size_t)item_count, sizeof *share, "shares of items", err);
    if (status == SID_OK)
        status = sid__alloc(&room, (size_t)item_count, sizeof *room, "an order of items", err);
    if (status == SID_OK)
        status = sid__alloc(&out->limit, (size_t)item_count, sizeof *out->limit, "a table of draws", err);
    if (status == SID_OK)
        status = sid__alloc(&out->alias, (size_t)item_count, sizeof *out->alias, "a table of draws", err);
    for (int64_t i = 0; status == SID_OK && i < item_count; i++)
        sum += share[i] = weight_of(train_count[i], power);
    if (status == SID_OK && !(sum > 0))
        status =
            sid__fail(err, SID_EDATA, "none of %lld items has a train event to be drawn by", (long long)item_count);
    for (int64_t i = 0; status == SID_OK && i < item_count; i++)
        share[i] *= (double)item_count / sum;
    if (status == SID_OK)
        fill(out, share, room);
    sid__free(share);
    sid__free(room);
    if (status != SID_OK)
        sid__item_draw_drop(out);
    return status;
}

void sid__item_draw_drop(sid__item_draw *draw)
{
    sid__free(draw->limit);
    sid__free(draw->alias);
    *draw = (sid__item_draw){0};
}

void sid__item_draw_many(const sid__item_draw *draw, uint64_t seed, uint64_t step, int count, int32_t *item)
{
    uint64_t first = step * (SID__DRAW_MAX / 4);
    uint32_t word[4];
    for (int i = 0; i < count; i++) {
        if (i % 4 == 0)
            sid__philox(seed, SID__STREAM_NEGATIVE, first + (uint64_t)i / 4, word);
        uint64_t product = (uint64_t)word[i % 4] * (uint64_t)draw->item_count;
        int32_t slot = (int32_t)(product >> 32);
        item[i] = (uint32_t)product < draw->limit[slot] ? slot : draw->alias[slot];
    }
}
