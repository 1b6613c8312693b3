/* test_ranker_golden.c: every family of rankers and every way to pool a history against PyTorch in float64
 * (tests/golden/make_rankers.py): logits, the gradient of every parameter and embedding, ten losses of Adam. */
#include <math.h>

#include "rank/rank_pool.h"
#include "rank_case.h"
#include "tensor/ops_rank.h"
#include "tensor/optim.h"

enum { B = 6, D = 4, X = 2, T = 13, STEPS = 10, GRADS_MAX = 5200 };

typedef struct golden_case {
    const char *family, *options, *pool;
    double logit[B], grad[GRADS_MAX], loss[STEPS];
} golden_case;

#include "ranker_golden.h"

static const int64_t pasts_begin[B + 1] = {0, 0, 3, 4, 8, 10, 13};
static const int32_t past_of[T] = {1, 1, 1, 2, 3, 3, 3, 3, 4, 4, 5, 5, 5}, target[B] = {0, 1, 2, 0, 3, 4};
static const uint8_t label[B] = {1, 0, 1, 1, 0, 1}, second[B] = {0, 1, 1, 0, 0, 1};
static const double chance[B] = {.5, .25, .1, .5, 1, .3};

typedef struct golden_model {
    sid_ctx *ctx;
    const sid__ranker_class *family;
    sid__pooling_kind pool;
    void *options;
    sid__params params;
    sid__memory memory;
    float dense[B * X];
} golden_model;

static float number(int array, int i, double times)
{
    return (float)(sin(1.3 * array + .7 * i + .01 * i * i) * .25 * times);
}

static sid_status set_option(void *user, const char *name, const char *value, sid_error *error)
{
    golden_model *m = user;
    bool is_known = false;
    SID_TRY(sid__options_set(&m->family->info, m->options, name, value, &is_known, error));
    assert_true(is_known);
    return SID_OK;
}

static void begin(const golden_case *of, golden_model *m)
{
    static const struct {
        const char *name;
        int rows, columns;
    } inputs[] = {{"linear", B, 1}, {"user", B, D}, {"item", B, D}, {"past", T, D}, {"other", B, D}};
    const sid__rank_shape shape = {.dim = D, .dense = X, .others = 1, .tasks = 2};
    *m = (golden_model){0};
    TEST_OK(sid_ctx_create(&m->ctx, err));
    TEST_OK(sid__ranker_find(of->family, &m->family, err));
    m->options = calloc(1, m->family->options_size + 1);
    TEST_OK(sid__options_default(&m->family->info, m->options, err));
    TEST_OK(sid__options_split(of->options, set_option, m, err));
    while (strcmp(sid__pooling_name[m->pool], of->pool) != 0)
        m->pool++;
    for (int i = 0; i < 5; i++)
        TEST_OK(sid__params_add(&m->params,
                                &(sid__param){.value = {.rows = inputs[i].rows, .columns = inputs[i].columns}},
                                inputs[i].name, err));
    TEST_OK(sid__pooling_declare(m->pool, "pool", D, &m->params, err));
    if (m->family->declare)
        TEST_OK(m->family->declare(m->options, shape, &m->params, err));
    TEST_OK(sid__params_seal(&m->params, err));
    sid__pooling_start(m->pool, "pool", 1, &m->params); /* must not fail; its numbers are not those of PyTorch */
    if (m->family->start)
        m->family->start(m->options, shape, 1, &m->params);
    for (int a = 0; a < m->params.count; a++)
        for (int i = 0; i < m->params.param[a].value.rows * m->params.param[a].value.columns; i++)
            m->params.param[a].value.data[i] = number(a, i, strcmp(of->family, "two-tower") == 0 ? 10 : 1);
    for (int i = 0; i < B * X; i++)
        m->dense[i] = number(50, i, 1);
}

static void end(golden_model *m)
{
    free(m->options);
    sid__params_drop(&m->params);
    sid__memory_drop(&m->memory);
    sid_ctx_free(m->ctx);
}

/* One forward pass, and back where a loss is wanted. */
static sid__value *pass(golden_model *m, sid__value **loss)
{
    static const sid__ragged pasts = {.begin = pasts_begin, .count = B};
    double log_chance[B];
    sid__rank_training training = {.label = {label, second}, .target = target, .log_chance = log_chance};
    sid__tape tape = sid__tape_begin(m->ctx, &m->memory, loss != NULL);
    sid__value dense = sid__value_of(m->dense, B, X), *other = &m->params.param[4].value;
    sid__rank_inputs in = {.linear = &m->params.param[0].value,
                           .user = &m->params.param[1].value,
                           .item = &m->params.param[2].value,
                           .past = &m->params.param[3].value,
                           .dense = &dense,
                           .other = &other,
                           .other_count = 1,
                           .pasts = &pasts,
                           .past_of = past_of,
                           .training = loss ? &training : NULL};
    for (int i = 0; i < B; i++)
        log_chance[i] = log(chance[i]);
    sid__memory_reset(&m->memory);
    sid__params_clear(&m->params);
    in.history =
        sid__pooling_forward(m->pool, "pool", &m->params, &tape,
                             &(sid__pooled){.past = in.past, .target = in.item, .pasts = &pasts, .of = past_of});
    sid__value *logit = m->family->logit(m->options, &m->params, &tape, &in);
    TEST_OK(sid__tape_status(&tape, err));
    if (loss) {
        *loss = training.loss ? training.loss : sid__op_click_loss(&tape, logit, label, 1);
        TEST_OK(sid__tape_backward(&tape, *loss, err));
    }
    return logit;
}

/* ||g - g64|| <= 1e-4 ||g64||, tensor by tensor. */
static void check_gradients(const golden_case *of, const sid__params *params)
{
    int64_t at = 0;
    for (int a = 0; a < params->count; a++) {
        const sid__value *value = &params->param[a].value;
        double error = 0, size = 0;
        for (int64_t i = 0; i < value->rows * value->columns; i++, at++) {
            double grad = value->has_grad ? (double)value->grad[i] : 0;
            error += (grad - of->grad[at]) * (grad - of->grad[at]);
            size += of->grad[at] * of->grad[at];
        }
        if (sqrt(error) > 1e-4 * sqrt(size) + 1e-7)
            fail_msg("%s (%s): the gradient of %s is off by %g of %g", of->family, of->pool, params->param[a].name,
                     sqrt(error), sqrt(size));
    }
    assert_true(at <= GRADS_MAX);
}

/* Fails when a term, a mask, a gate, a gradient or an order of fields differs from the papers as PyTorch computes them. */
static void test_families(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof golden / sizeof *golden; c++) {
        const golden_case *of = &golden[c];
        golden_model m;
        sid__optim optim;
        sid__optim_options options = sid__optim_default();
        begin(of, &m);
        options.rate = .01;
        TEST_OK(sid__optim_create(&options, &m.params, &optim, err));
        sid__value *logit = pass(&m, NULL);
        for (int i = 0; i < B; i++)
            if (fabs((double)logit->data[i] - of->logit[i]) > 1e-5 * (1 + fabs(of->logit[i])))
                fail_msg("%s (%s): logit %d is %g, not %g", of->family, of->pool, i, (double)logit->data[i],
                         of->logit[i]);
        for (int step = 0; step < STEPS; step++) {
            sid__value *loss;
            (void)pass(&m, &loss);
            if (fabs((double)loss->data[0] - of->loss[step]) > 1e-4 * fabs(of->loss[step]))
                fail_msg("%s (%s): loss %d is %g, not %g", of->family, of->pool, step, (double)loss->data[0],
                         of->loss[step]);
            if (step == 0)
                check_gradients(of, &m.params);
            assert_true(isfinite(sid__optim_step(m.ctx, &optim)));
        }
        sid__optim_drop(&optim);
        end(&m);
    }
}

/* Fails when a family is added without numbers to hold it against. */
static void test_all_are_here(void **state)
{
    (void)state;
    for (int i = 0; i < sid__ranker_registry_count; i++) {
        bool is_here = false;
        for (size_t c = 0; c < sizeof golden / sizeof *golden; c++)
            is_here = is_here || strcmp(golden[c].family, sid__ranker_registry[i]->info.name) == 0;
        assert_true(is_here);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_families), cmocka_unit_test(test_all_are_here)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
