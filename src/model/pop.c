/* pop.c: the most popular items, the same for everybody: what any model has to beat. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "model/model.h"

typedef struct pop_state {
    float *count; /* (items) train events; exact below 2^24, beyond that nobody's order depends on the last of them */
} pop_state;

typedef struct pop_options {
    char unused;
} pop_options;

static sid_status make_state(sid_model *m, pop_state **out, sid_error *err)
{
    SID_TRY(sid__alloc(out, 1, sizeof **out, "a model", err));
    m->state = *out;
    return sid__alloc(&(*out)->count, (size_t)m->items.count, sizeof(float), "counts of items", err);
}

static sid_status train(sid_ctx *ctx, sid_model *m, const sid__split *split, sid_error *err)
{
    pop_state *pop = NULL;
    (void)ctx;
    SID_TRY(make_state(m, &pop, err));
    for (int64_t i = 0; i < m->items.count; i++)
        pop->count[i] = (float)split->train_count[i];
    return SID_OK;
}

static sid_status score(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, float *out,
                        sid_error *err)
{
    const pop_state *pop = m->state;
    (void)ctx;
    (void)history;
    (void)err;
    for (int64_t h = 0; h < count; h++)
        memcpy(out + h * m->items.count, pop->count, (size_t)m->items.count * sizeof *out);
    return SID_OK;
}

static sid_status save(const sid_model *m, sid__tensor_set *set, sid_error *err)
{
    const pop_state *pop = m->state;
    float *count = NULL;
    SID_TRY(sid__tensor_add(set, "pop.count", SID__F32, 1, &m->items.count, &count, err));
    memcpy(count, pop->count, (size_t)m->items.count * sizeof *count);
    return SID_OK;
}

static sid_status load(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    const sid__tensor *count = NULL;
    pop_state *pop = NULL;
    SID_TRY(sid__tensor_get(set, "pop.count", SID__F32, 1, &m->items.count, &count, err));
    SID_TRY(make_state(m, &pop, err));
    memcpy(pop->count, count->data, (size_t)m->items.count * sizeof *pop->count);
    for (int64_t i = 0; i < m->items.count; i++)
        if (!(pop->count[i] >= 0) || isinf(pop->count[i]))
            return sid__fail(err, SID_ECORRUPT, "pop.count of item %lld is no count; train again", (long long)i);
    return SID_OK;
}

static void drop(sid_model *m)
{
    pop_state *pop = m->state;
    sid__free(pop->count);
    sid__free(pop);
}

const sid__model_class sid__pop = {
    .info = {.name = "pop", .summary = "most train events first, for everybody", .paper = ""},
    .options_size = sizeof(pop_options),
    .train = train,
    .score = score,
    .save = save,
    .load = load,
    .drop = drop};
