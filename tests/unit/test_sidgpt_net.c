/* test_sidgpt_net.c: the networks against PyTorch (tests/golden/make_sidgpt.py), and what of a batch counts. */
#include "sidgpt_case.h"

#include "tensor/optim.h"

#include "sidgpt_golden.h"

typedef struct golden_net {
    const double *logits, *grad, *loss;
    int64_t grad_count;
} golden_net;

static const golden_net golden[] = {
    [CASE_ITEM] = {item_logits, item_grad, item_loss, sizeof item_grad / sizeof *item_grad},
    [CASE_FLAT] = {flat_logits, flat_grad, flat_loss, sizeof flat_grad / sizeof *flat_grad},
    [CASE_RICH] = {rich_logits, rich_grad, rich_loss, sizeof rich_grad / sizeof *rich_grad}};

/* Largest difference over the largest value. */
static double error_of(const float *x, const double *wanted, int64_t count)
{
    double most = 0, largest = 0;
    for (int64_t i = 0; i < count; i++) {
        most = fmax(most, fabs((double)x[i] - wanted[i]));
        largest = fmax(largest, fabs(wanted[i]));
    }
    return most / largest;
}

static void check_logits(sidgpt_case *c, const golden_net *g)
{
    const double *wanted = g->logits;
    for (int l = 0; l < CASE_LEVELS; l++) {
        sid__memory memory = {0};
        sid__tape tape = sid__tape_begin(c->ctx, &memory, false);
        sid__value *logits = sid__sidgpt_logits(&c->net, &c->sids, &c->params, &tape, &c->batch, l);
        TEST_OK(sid__tape_status(&tape, err));
        assert_true(logits->rows == CASE_TOKENS - CASE_SEQUENCES && logits->columns == case_codes[l]);
        assert_true(error_of(logits->data, wanted, logits->rows * logits->columns) < 1e-5);
        wanted += logits->rows * logits->columns;
        sid__memory_drop(&memory);
    }
}

/* |g - g64| / |g64| of each parameter. */
static void check_grad(const sid__params *params, const golden_net *g)
{
    const double *wanted = g->grad;
    for (int p = 0; p < params->count; p++) {
        const sid__value *value = &params->param[p].value;
        double difference = 0, norm = 0;
        for (int64_t i = 0; i < value->rows * value->columns; i++) {
            difference += ((double)value->grad[i] - wanted[i]) * ((double)value->grad[i] - wanted[i]);
            norm += wanted[i] * wanted[i];
        }
        assert_true(sqrt(difference) <= 1e-4 * sqrt(norm));
        wanted += value->rows * value->columns;
    }
    assert_int_equal(wanted - g->grad, g->grad_count);
}

/* Fails when logits, the gradient of any parameter or the course of ten steps differ from PyTorch's. */
static void test_golden(void **state)
{
    (void)state;
    for (int net = 0; net < CASE_NETS; net++) {
        sidgpt_case c;
        sid__memory memory = {0};
        sid__optim optim = {0};
        sid__optim_options options = sid__optim_default();
        double levels[CASE_LEVELS] = {0};
        case_make(&c, net);
        options.rate = 0.01;
        TEST_OK(sid__optim_create(&options, &c.params, &optim, err));
        check_logits(&c, &golden[net]);
        for (int step = 0; step < 10; step++) {
            sid__tape tape = sid__tape_begin(c.ctx, &memory, true);
            sid__params_clear(&c.params);
            c.batch.level_loss = levels;
            sid__value *loss = sid__sidgpt_loss(&c.net, &c.sids, &c.params, &tape, &c.batch);
            TEST_OK(sid__tape_backward(&tape, loss, err));
            assert_true(fabs((double)loss->data[0] - golden[net].loss[step]) < 1e-4 * golden[net].loss[step]);
            double codes = (levels[0] + levels[1] + levels[2]) / 3;
            assert_true(net == CASE_RICH ? codes < (double)loss->data[0] : fabs(codes - (double)loss->data[0]) < 1e-5);
            if (step == 0)
                check_grad(&c.params, &golden[net]);
            assert_true(isfinite(sid__optim_step(c.ctx, &optim)));
        }
        sid__optim_drop(&optim);
        sid__memory_drop(&memory);
        case_drop(&c);
    }
}

static double loss_of(sidgpt_case *c)
{
    sid__memory memory = {0};
    sid__tape tape = sid__tape_begin(c->ctx, &memory, true);
    sid__params_clear(&c->params);
    sid__value *loss = sid__sidgpt_loss(&c->net, &c->sids, &c->params, &tape, &c->batch);
    TEST_OK(sid__tape_backward(&tape, loss, err));
    double value = (double)loss->data[0];
    sid__memory_drop(&memory);
    return value;
}

/* Fails when an item without a SID is a token or a target, a batch without any breaks, or dropout is not by step. */
static void test_what_counts(void **state)
{
    (void)state;
    static const int32_t shorter[] = {0, 1, 6, 2, 5, 4, 1, 0, 7};
    static const int64_t begin[] = {0, 3, 5, 9};
    for (int net = 0; net < CASE_NETS; net++) {
        sidgpt_case c;
        int32_t target[9];
        sid__ragged sequences = {.begin = begin, .count = 3};
        case_make(&c, net);
        for (int s = 0; s < 3; s++)
            for (int64_t t = begin[s]; t < begin[s + 1]; t++)
                target[t] = t + 1 < begin[s + 1] ? shorter[t + 1] : -1;
        c.is_known[3] = 0;
        double with = loss_of(&c);
        const sid__sidgpt_batch whole = c.batch;
        c.batch.sequences = &sequences;
        c.batch.item = shorter;
        c.batch.target = target;
        assert_memory_equal(&with, (double[]){loss_of(&c)}, sizeof with);
        c.batch = whole;
        c.batch.dropout = c.batch.depth_dropout = 0.3;
        double first = loss_of(&c), again = loss_of(&c);
        c.batch.step = 1;
        assert_true(first == again && first != loss_of(&c));
        for (int i = 0; i < CASE_ITEMS; i++)
            c.is_known[i] = 0;
        assert_true(loss_of(&c) == 0);
        case_drop(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_what_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
