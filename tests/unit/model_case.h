/* model_case.h: events made by Philox, and models of them, for the tests of src/model and src/eval. */
#ifndef SEMID_MODEL_CASE_H
#define SEMID_MODEL_CASE_H

#include <math.h>

#include "base/philox.h"
#include "events_case.h"
#include "model/model.h"

/* `users` histories of 3 to 12 events over `items` items, popular ones more often; times tie now and then. */
static inline sid_events *made_events(sid_ctx *ctx, int users, int items)
{
    sid_events *events = NULL;
    uint64_t draw = 0;
    TEST_OK(sid__events_create(ctx, "made", &events, err));
    for (int i = 0; i < items; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "i%d", i);
        TEST_OK(sid__events_add_item(events, id, err));
    }
    for (int u = 0; u < users; u++) {
        int length = 3 + (int)sid__philox_below(5, SID__STREAM_TEST, draw++, 10);
        for (int e = 0; e < length; e++) {
            char user[16], item[16];
            double at = sid__philox_uniform(5, SID__STREAM_TEST, draw++);
            sid__field uf = {.text = user}, itf = {.text = item};
            uf.size = (size_t)snprintf(user, sizeof user, "u%d", u);
            itf.size = (size_t)snprintf(item, sizeof item, "i%d", (int)(at * at * (items - 1)));
            TEST_OK(sid__events_add(events, &uf, &itf, e / 2 + u % 3, 0, (sid__place){.byte = -1}, err));
        }
    }
    events->has_time = true;
    TEST_OK(sid__events_finish(events, SID__REPEATS_KEEP, 0, err));
    return events;
}

/* Vectors of the ids i0, i1, ..; every fifth item has none. */
static inline sid_vectors *made_vectors(sid_ctx *ctx, int items, int dim)
{
    float *x = calloc((size_t)items * (size_t)dim, sizeof *x);
    char(*id)[16] = calloc((size_t)items, sizeof *id);
    const char **ids = calloc((size_t)items, sizeof *ids);
    sid_vectors *vectors = NULL;
    int n = 0;
    for (int i = 0; i < items; i++) {
        if (i % 5 == 4)
            continue;
        (void)snprintf(id[n], sizeof id[n], "i%d", i);
        ids[n] = id[n];
        for (int d = 0; d < dim; d++)
            x[n * dim + d] = (float)(3 * sid__philox_uniform(6, SID__STREAM_TEST, (uint64_t)(i * dim + d)) - 1);
        n++;
    }
    TEST_OK(sid_vectors_create(ctx, x, n, dim, ids, &vectors, err));
    free(x);
    free(id);
    free(ids);
    return vectors;
}

static inline void no_log(void *user, sid_log_level level, const char *message)
{
    (void)user;
    (void)level;
    (void)message;
}

static sid_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    if (sid_ctx_create(&ctx, NULL) != SID_OK)
        return -1;
    sid_ctx_on_log(ctx, no_log, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sid_ctx_free(ctx);
    return 0;
}

/* Scores after a history, (items) floats; free with free(). */
static inline float *scores_of(const sid_model *m, const int32_t *item, int64_t count)
{
    float *score = calloc((size_t)m->items.count, sizeof *score);
    TEST_OK(m->family->score(ctx, m, &(sid__history){.item = item, .count = count}, 1, score, err));
    return score;
}

#endif
