/* apply.c: one step of each row that has a gradient. Gradients of one key are summed in the order of the examples, and its row
 * takes one step, whoever computes it: a shard is one thread's.
 *
 * All gradients are looked at before the first row is changed.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "kernel/row_copy.h"
#include "table/lookup.h"

typedef struct step {
    sid_table *t;
    sid__batch batch;
    const float *gradient; /* (lists, dim) */
    int32_t *list;         /* (keys) whose gradient a key has; NULL: its own */
    float *sum;            /* (threads, dim) */
} step;

/* ---- Checked ---- */

static sid_status check_rows(void *arg, int64_t begin, int64_t end, int worker, sid_error *err)
{
    const step *s = arg;
    int dim = s->t->setup.dim;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const float *g = s->gradient + i * dim;
        int bad = 0;
        for (int d = 0; d < dim; d++)
            bad |= !(fabsf(g[d]) <= (float)SID_GRADIENT_MAX);
        for (int d = 0; bad && d < dim; d++)
            if (!(fabsf(g[d]) <= (float)SID_GRADIENT_MAX))
                return sid__fail(err, SID_EDATA,
                                 "gradient %" PRId64
                                 " has %g as element %d; finite values of at most %g are expected. No "
                                 "row was changed: look at the loss, or lower the rate",
                                 i, (double)g[d], d, SID_GRADIENT_MAX);
    }
    return SID_OK;
}

/* ---- Applied ---- */

static const float *gradient_of(const step *s, int32_t example)
{
    int64_t key = example / s->batch.per_example;
    return s->gradient + (s->list ? s->list[key] : key) * s->t->setup.dim;
}

static void step_row(const sid_table *t, uint32_t row, float *g)
{
    float *weights = sid__slab_row(&t->weights, row), *state = t->state.stride ? sid__slab_row(&t->state, row) : NULL;
    for (int i = 0; i < t->setup.slice_count; i++) {
        const sid__slice *slice = &t->setup.slice[i];
        slice->rule.update(&slice->rule.row, slice->dim, g + slice->weight_at, weights + slice->weight_at,
                           state ? state + slice->state_at : NULL);
    }
}

static bool find_row(const sid_table *t, int shard, uint64_t key, uint32_t *row)
{
    *row = (uint32_t)key;
    if (sid__table_is_addressed(t))
        return true;
    const sid__slot *slot = sid__cuckoo_find(&t->shard[shard], key, sid__mix64(key));
    *row = slot ? slot->row : 0;
    return slot != NULL;
}

static void step_shards(void *arg, int64_t begin, int64_t end, int worker)
{
    step *s = arg;
    int dim = s->t->setup.dim;
    float *sum = s->sum + (int64_t)worker * dim;
    for (int shard = (int)begin; shard < end; shard++) {
        sid__batch_group(&s->batch, shard);
        for (int32_t g = 0; g < s->batch.groups[shard]; g++) {
            int32_t example = s->batch.first[s->batch.begin[shard] + g];
            uint32_t row;
            if (!find_row(s->t, shard, s->batch.key[example], &row))
                continue;
            memcpy(sum, gradient_of(s, example), (size_t)dim * sizeof *sum);
            while ((example = s->batch.next[example]) >= 0)
                sid__row_add(sum, gradient_of(s, example), dim);
            step_row(s->t, row, sum);
        }
    }
}

static sid_status acquire(step *s, const uint64_t *keys, const int64_t *begin, int64_t lists, sid_error *err)
{
    sid_table *t = s->t;
    int64_t count = lists, from = 0;
    if (begin) {
        SID_TRY(sid__check_lists(begin, lists, &count, err));
        from = begin[0];
        count -= from;
    }
    SID_TRY(sid__batch_init(t, keys + from, count, &s->batch, err));
    SID_TRY(sid__alloc(&s->sum, (size_t)sid_ctx_threads(t->ctx) * (size_t)t->setup.dim, sizeof *s->sum,
                       "a row's gradient", err));
    if (!begin)
        return SID_OK;
    SID_TRY(sid__alloc(&s->list, (size_t)count, sizeof *s->list, "lists of keys", err));
    for (int64_t i = 0; i < lists; i++)
        for (int64_t k = begin[i]; k < begin[i + 1]; k++)
            s->list[k - from] = (int32_t)i;
    return SID_OK;
}

static sid_status apply(sid_table *t, const uint64_t *keys, const int64_t *begin, int64_t lists, const float *gradient,
                        sid_error *err)
{
    step s = {.t = t, .gradient = gradient};
    SID_TRY(sid__table_begin_change(t, err));
    sid_status status = acquire(&s, keys, begin, lists, err);
    if (status == SID_OK)
        status = sid__ctx_try_for(t->ctx, lists, 4096, check_rows, &s, err);
    if (status == SID_OK) {
        (void)pthread_rwlock_wrlock(&t->lock);
        sid__ctx_for(t->ctx, SID__SHARDS, sid__batch_grain(&s.batch), step_shards, &s);
        t->steps++;
        (void)pthread_rwlock_unlock(&t->lock);
    }
    sid__batch_drop(&s.batch);
    sid__free(s.sum);
    sid__free(s.list);
    (void)pthread_mutex_unlock(&t->writer);
    return status;
}

sid_status sid_table_apply(sid_table *table, const uint64_t *keys, int64_t count, const float *gradient, sid_error *err)
{
    return apply(table, keys, NULL, count, gradient, err);
}

sid_status sid_table_apply_sum(sid_table *table, const uint64_t *keys, const int64_t *begin, int64_t lists,
                               const float *gradient, sid_error *err)
{
    return apply(table, keys, begin, lists, gradient, err);
}
