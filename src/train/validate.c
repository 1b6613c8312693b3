/* validate.c: the users that are kept back, asked as the evaluation asks: full ranking, seen items filtered. */
#include <string.h>

#include "base/philox.h"
#include "train/trainer.h"

enum { CUTOFF = 10, BEAM = 20 };

/* The users of the lowest hashes, so that it is the same ones for every model. */
static sid_status choose_cases(sid__trainer *t, sid_error *err)
{
    const sid__cases *all = &t->split->valid;
    uint64_t wanted = (uint64_t)t->settings.valid_users;
    SID_TRY(sid__alloc(&t->valid.row, (size_t)all->count, sizeof *t->valid.row, "validation cases", err));
    for (int64_t c = 0; c < all->count; c++)
        if (wanted == 0 ||
            sid__philox_below(0, SID__STREAM_HELD, (uint64_t)all->row[c].user, (uint64_t)all->count) < wanted)
            t->valid.row[t->valid.count++] = all->row[c];
    return SID_OK;
}

sid_status sid__validate_begin(sid__trainer *t, sid_error *err)
{
    SID_TRY(choose_cases(t, err));
    SID_TRY(sid__alloc(&t->value, (size_t)t->valid.count, SID_METRIC_COUNT * sizeof *t->value, "values of users", err));
    SID_TRY(sid__alloc(&t->is_head, (size_t)t->split->item_count, 1, "popular items", err));
    SID_TRY(sid__alloc(&t->discounts, 1, sizeof *t->discounts, "discounts", err));
    sid__discounts_init(t->discounts);
    return SID_OK;
}

void sid__validate_end(sid__trainer *t)
{
    sid__free(t->valid.row);
    sid__free(t->value);
    sid__free(t->is_head);
    sid__free(t->discounts);
}

static sid_status ask(sid__trainer *t, double *ndcg, sid_error *err)
{
    static const int cutoff = CUTOFF;
    const sid__exam exam = {.split = t->split,
                            .cases = &t->valid,
                            .is_silent = true,
                            .search = {.beam = BEAM},
                            .k = &cutoff,
                            .k_count = 1,
                            .is_head = t->is_head,
                            .discounts = t->discounts};
    sid_eval_row row = {0};
    if (t->m->family->learner->ready)
        SID_TRY(t->m->family->learner->ready(t->m, err));
    SID_TRY(sid__measure(t->ctx, t->m, &exam, t->value, &row, err));
    *ndcg = row.value[SID_METRIC_NDCG][0].mean;
    return SID_OK;
}

/* The averages change places with the weights while they are asked. */
static void swap_average(const sid__trainer *t)
{
    float *average = t->optim.average, *data = t->m->params.data;
    for (int64_t i = 0; average && i < t->m->params.size; i++) {
        float kept = data[i];
        data[i] = average[i];
        average[i] = kept;
    }
}

sid_status sid__validate(sid__trainer *t, double *ndcg, sid_error *err)
{
    swap_average(t);
    sid_status status = ask(t, ndcg, err);
    swap_average(t);
    return status;
}
