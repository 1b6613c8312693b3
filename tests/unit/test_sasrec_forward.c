/* test_sasrec_forward.c: sasrec against PyTorch in float64 (tests/golden/make_sasrec.py): scores, the gradient of every parameter,
 * ten losses of AdamW; its sampled losses by properties. */
#include "model/sasrec.h"

#include "model_case.h"
#include "tensor/optim.h"

enum { ITEMS = 9, DIM = 8, CONTENT = 5, USERS = 3, STEPS = 10, GRADS_MAX = 2600 };

typedef struct golden_case {
    const char *variant, *parts;
    double score[USERS * ITEMS], grad[GRADS_MAX], loss[STEPS];
} golden_case;

#include "sasrec_golden.h"

static const char text[] =
    "user_id\titem_id\nu\t0\nu\t3\nu\t5\nu\t1\nu\t8\nu\t2\nv\t4\nv\t2\nv\t7\nw\t6\nw\t1\nw\t0\nw\t7\nw\t3\n";

static sid_events *golden_events(void)
{
    static const char *const ids[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8"};
    return good_events(ctx, text, &(sid_events_options){.item_ids = ids, .item_count = ITEMS});
}

static void give_codes(sid_model *m)
{
    static const int codes[] = {4, 3};
    m->sids = (sid__item_sids){.count = ITEMS, .levels = 2, .width = 2, .codes = {4, 3}};
    TEST_OK(sid__alloc(&m->sids.code, ITEMS * 2, sizeof(uint16_t), "codes", err));
    TEST_OK(sid__alloc(&m->sids.is_known, ITEMS, 1, "codes", err));
    TEST_OK(sid__alloc(&m->vectors, ITEMS * CONTENT, sizeof(float), "vectors", err));
    m->dim = CONTENT;
    for (int i = 0; i < ITEMS; i++) {
        double square = 0;
        m->sids.is_known[i] = 1;
        for (int l = 0; l < 2; l++)
            m->sids.code[2 * i + l] = (uint16_t)((i * (l + 2) + 1) % codes[l]);
        for (int d = 0; d < CONTENT; d++)
            square += pow(cos(.9 * i * CONTENT + .4 * d + d * d), 2);
        for (int d = 0; d < CONTENT; d++)
            m->vectors[i * CONTENT + d] = (float)(cos(.9 * i * CONTENT + .4 * d + d * d) / sqrt(square));
    }
}

static void fill_params(sid__params *params)
{
    for (int a = 0; a < params->count; a++) {
        const sid__param *param = &params->param[a];
        bool is_gain = strstr(param->name, "norm") && strstr(param->name, "weight");
        for (int i = 0; i < param->value.rows * param->value.columns; i++)
            param->value.data[i] = (float)(sin(1.3 * a + .7 * i + .01 * i * i) * .25) + (is_gain ? 1 : 0);
    }
}

static sid_model *golden_model(const golden_case *of, const sid__split *split, const char *more)
{
    char options[256];
    sid_model *m = NULL;
    (void)snprintf(options, sizeof options,
                   "dim=8,blocks=2,heads=2,dropout=0,history_max=6,variant=%s,item_embedding=(%s)%s", of->variant,
                   of->parts, more);
    TEST_OK(sid__model_begin(ctx, &(sid_train_options){.family = "sasrec", .options = options}, split, &m, err));
    give_codes(m);
    TEST_OK(m->family->learner->build(m, split, &m->params, err));
    fill_params(&m->params);
    return m;
}

static void check_scores(const golden_case *of, sid_model *m, const sid__split *split)
{
    TEST_OK(m->family->learner->ready(m, err));
    for (int u = 0; u < USERS; u++) {
        float *score = scores_of(m, split->item + split->begin[u], split->begin[u + 1] - split->begin[u]);
        for (int i = 0; i < ITEMS; i++)
            assert_true(fabs((double)score[i] - of->score[u * ITEMS + i]) <=
                        1e-5 * (1 + fabs(of->score[u * ITEMS + i])));
        free(score);
    }
}

/* ||g - g64|| <= 1e-4 ||g64||, tensor by tensor; a bias of keys has no gradient but rounding. */
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
        assert_true(sqrt(error) <= 1e-4 * sqrt(size) + 1e-9);
    }
}

static void check_case(const golden_case *of, const sid__split *split)
{
    sid_model *m = golden_model(of, split, "");
    sid__batcher batcher;
    sid__optim optim;
    sid__optim_options options = sid__optim_default();
    sid__memory memory = {0};
    options.rate = 0.01;
    options.decay = 0.1;
    options.beta2 = m->family->learner->beta2(m);
    TEST_OK(sid__batcher_create(split, &(sid__batcher_options){.history_max = 6, .batch_users = USERS, .seed = 1},
                                &batcher, err));
    TEST_OK(sid__optim_create(&options, &m->params, &optim, err));
    sid__batcher_begin(&batcher, 0);
    check_scores(of, m, split);
    for (int step = 0; step < STEPS; step++) {
        sid__tape tape = sid__tape_begin(ctx, &memory, true);
        sid__batch batch = sid__batcher_get(&batcher, 0);
        sid__params_clear(&m->params);
        sid__value *loss = sid__sasrec_loss(m, &m->params, &tape, &batch);
        TEST_OK(sid__tape_backward(&tape, loss, err));
        assert_true(fabs((double)loss->data[0] - of->loss[step]) <= 1e-4 * of->loss[step]);
        if (step == 0)
            check_gradients(of, &m->params);
        (void)sid__optim_step(ctx, &optim);
    }
    sid__memory_drop(&memory);
    sid__optim_drop(&optim);
    sid__batcher_drop(&batcher);
    sid_model_close(m);
}

/* Fails when anything between items and loss is another function than PyTorch's, or is differentiated wrongly. */
static void test_golden(void **state)
{
    (void)state;
    sid_events *events = golden_events();
    sid__split split;
    TEST_OK(sid__split_make(events, &(sid_split_options){.split = "all"}, &split, err));
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++)
        check_case(&golden[i], &split);
    sid__split_drop(&split);
    sid_events_free(events);
}

static double loss_of(const sid__split *split, const char *more, int64_t step)
{
    sid_model *m = golden_model(&golden[0], split, more);
    sid__batcher batcher;
    sid__memory memory = {0};
    TEST_OK(sid__batcher_create(split, &(sid__batcher_options){.history_max = 6, .batch_users = USERS, .seed = 1},
                                &batcher, err));
    sid__batcher_begin(&batcher, 0);
    sid__batch batch = sid__batcher_get(&batcher, 0);
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    batch.step = step;
    sid__value *loss = sid__sasrec_loss(m, &m->params, &tape, &batch);
    TEST_OK(sid__tape_backward(&tape, loss, err));
    double value = (double)loss->data[0];
    sid__memory_drop(&memory);
    sid__batcher_drop(&batcher);
    sid_model_close(m);
    return value;
}

/* Fails when negatives are not drawn anew each step, or the losses are not those that their names say: with many samples and
 * logQ the sampled softmax comes near the full one; bce of scores near 0 is 2 log 2. */
static void test_sampled(void **state)
{
    (void)state;
    sid_events *events = golden_events();
    sid__split split;
    TEST_OK(sid__split_make(events, &(sid_split_options){.split = "all"}, &split, err));
    double full = loss_of(&split, "", 0), sampled = loss_of(&split, ",loss=ce-sampled,log_q=true,negatives=20000", 0);
    assert_true(fabs(full - sampled) < .03 * full);
    double bce = loss_of(&split, ",loss=bce", 0), gbce = loss_of(&split, ",loss=gbce,negatives=8", 0);
    assert_true(fabs(bce - 2 * log(2)) < .7 && isfinite(gbce) && gbce > 0);
    assert_true(loss_of(&split, ",loss=bce", 1) != bce);
    assert_true(loss_of(&split, ",loss=gbce,negatives=8", 1) != gbce);
    sid__split_drop(&split);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_sampled)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
