/* learner_case.h: families that learn by steps beside PyTorch: weights by the formula of tests/golden/make_*.py, a batch made by
 * hand, gradients of every parameter, losses of ten steps.
 */
#ifndef SEMID_LEARNER_CASE_H
#define SEMID_LEARNER_CASE_H

#include "model/learner.h"
#include "model_case.h"
#include "tensor/optim.h"

enum { CASE_SEQUENCES = 3, CASE_ITEMS_MAX = 9, CASE_TOKENS_MAX = 16 };
#define CASE_RATE 0.003
#define CASE_DECAY 0.1

/* Events of the users u0, u1, .. over the items a .. i, each user's `count` of `item`, all in train. */
static inline sid_events *case_events(const int32_t (*item)[CASE_TOKENS_MAX], const int *count)
{
    sid_events *events = NULL;
    TEST_OK(sid__events_create(ctx, "case", &events, err));
    for (int i = 0; i < CASE_ITEMS_MAX; i++)
        TEST_OK(sid__events_add_item(events, (char[]){(char)('a' + i), 0}, err));
    for (int u = 0; u < CASE_SEQUENCES; u++)
        for (int e = 0; e < count[u]; e++) {
            char user[] = {'u', (char)('0' + u)}, name = (char)('a' + item[u][e]);
            TEST_OK(sid__events_add(events, &(sid__field){.text = user, .size = 2},
                                    &(sid__field){.text = &name, .size = 1}, e, 0, (sid__place){.byte = -1}, err));
        }
    events->has_time = true;
    TEST_OK(sid__events_finish(events, SID__REPEATS_KEEP, 0, err));
    return events;
}

/* A model of these items with nothing learned; its parameters are not built yet. */
static inline sid_model *case_model(const char *family, const char *options)
{
    sid_model *m = NULL;
    int64_t row = 0;
    TEST_OK(sid__model_create(ctx, family, options, &m, err));
    for (int i = 0; i < CASE_ITEMS_MAX; i++)
        TEST_OK(sid__id_list_add(&m->items, (char[]){(char)('a' + i), 0}, 1, &row, err));
    m->seed = 1;
    return m;
}

/* Element i of parameter p is sin(1.3 p + .7 i + .01 i^2) scale, plus 1 where it is a gain, as float. */
static inline void case_fill(sid__params *params, double (*scale)(const char *name, bool *is_gain))
{
    for (int p = 0; p < params->count; p++) {
        bool is_gain = false;
        double by = scale(params->param[p].name, &is_gain);
        sid__value *value = &params->param[p].value;
        for (int64_t i = 0; i < value->rows * value->columns; i++) {
            double x = (double)i;
            value->data[i] = (float)(is_gain + by * sin(1.3 * p + 0.7 * x + 0.01 * x * x));
        }
    }
}

/* Windows of all sequences, each item with the next as its target, or with is_whole all items and no target for the last. */
static inline sid__batch case_batch(const int32_t (*item)[CASE_TOKENS_MAX], const int *count, bool is_whole)
{
    static int64_t begin[CASE_SEQUENCES + 1];
    static int32_t tokens[CASE_SEQUENCES * CASE_TOKENS_MAX], target[CASE_SEQUENCES * CASE_TOKENS_MAX];
    static const int32_t user[CASE_SEQUENCES] = {0, 1, 2};
    sid__batch batch = {
        .sequences = {begin, CASE_SEQUENCES}, .item = tokens, .target = target, .user = user, .seed = 1};
    for (int s = 0; s < CASE_SEQUENCES; s++) {
        int length = count[s] - !is_whole;
        for (int e = 0; e < length; e++) {
            tokens[batch.tokens] = item[s][e];
            target[batch.tokens] = e + 1 < count[s] ? item[s][e + 1] : -1;
            batch.target_count += e + 1 < count[s];
            batch.tokens++;
        }
        begin[s + 1] = batch.tokens;
    }
    return batch;
}

static inline double case_loss(const sid_model *m, sid__params *params, const sid__batch *batch)
{
    sid__memory memory = {0};
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    sid__params_clear(params);
    sid__value *loss = m->family->learner->loss(m, params, &tape, batch);
    TEST_OK(sid__tape_backward(&tape, loss, err));
    double value = (double)loss->data[0];
    sid__memory_drop(&memory);
    return value;
}

/* |g - golden| <= 1e-4 |golden| for each parameter. */
static inline void case_check_gradients(const sid__params *params, const double *golden)
{
    for (int p = 0; p < params->count; p++) {
        const sid__value *value = &params->param[p].value;
        int64_t count = value->rows * value->columns;
        double off = 0, size = 0;
        for (int64_t i = 0; i < count; i++) {
            double g = value->has_grad ? (double)value->grad[i] : 0, wanted = golden[i];
            off += (g - wanted) * (g - wanted);
            size += wanted * wanted;
        }
        if (!(sqrt(off) <= 1e-4 * sqrt(size) + 1e-12))
            fail_msg("gradient of %s is off by %g of %g", params->param[p].name, sqrt(off), sqrt(size));
        golden += count;
    }
}

/* Ten steps of AdamW give these losses, to 1e-4. */
static inline void case_check_losses(sid_model *m, const sid__batch *batch, const double *golden)
{
    sid__optim optim;
    sid__optim_options options = sid__optim_default();
    options.rate = CASE_RATE;
    options.decay = CASE_DECAY;
    TEST_OK(sid__optim_create(&options, &m->params, &optim, err));
    for (int s = 0; s < 10; s++) {
        double loss = case_loss(m, &m->params, batch), wanted = golden[s];
        if (fabs(loss - wanted) > 1e-4 * wanted)
            fail_msg("loss of step %d is %.7g, PyTorch's %.7g", s, loss, wanted);
        assert_true(isfinite(sid__optim_step(ctx, &optim)));
    }
    sid__optim_drop(&optim);
}

static inline void case_check_scores(const float *score, const double *golden, int count)
{
    for (int i = 0; i < count; i++)
        if (!(fabs((double)score[i] - golden[i]) <= 1e-5 * (1 + fabs(golden[i]))))
            fail_msg("score %d is %.8g, PyTorch's %.8g", i, (double)score[i], golden[i]);
}

#endif
