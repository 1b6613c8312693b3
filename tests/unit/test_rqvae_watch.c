/* test_rqvae_watch.c: what is told of a training, and which parameters are kept. */
#include "rqvae_case.h"

/* Fails when a look is not told, or its numbers are not those of the training: error falls, codes are in use. */
static void looks_are_told(void **state)
{
    float *x = rq_rows();
    rq_log log = {.used = 0};
    const sid__rqvae_plan plan = rq_plan();
    sid__rqvae_model model;
    sid_ctx *ctx = new_ctx(2, NULL);
    double first = 0, last = 0;
    int lines = 0;
    (void)state;
    sid_ctx_on_log(ctx, rq_on_log, &log);
    rq_create(ctx, SID__CODES_EMA, &model);
    TEST_OK(sid__rqvae_train(ctx, &plan, &model, x, RQ_ROWS, err));
    for (const char *at = log.text; (at = strstr(at, "error ")); at++, lines++) {
        last = strtod(at + 6, NULL);
        first = lines ? first : last;
    }
    assert_int_equal(lines, 6); /* at 40, 60, .. 120, and at the end */
    assert_true(last < 0.9 * first && last > 0);
    assert_non_null(strstr(log.text, "step 40 of 120: loss "));
    assert_non_null(strstr(log.text, "; level 2: 16 of 16 codes, perplexity 1"));
    assert_int_equal(log.warnings, 0);
    sid__rqvae_model_drop(&model);
    sid_ctx_free(ctx);
    sid__free(x);
}

typedef struct drill {
    const char *says;
    bool ends_well;
    sid__rqvae_plan plan;
    sid__rqvae_options model;
} drill;

static void run_drill(const drill *d)
{
    rq_log log = {.used = 0};
    float *x = rq_rows();
    sid__rqvae_model model;
    sid_ctx *ctx = new_ctx(2, NULL);
    sid_ctx_on_log(ctx, rq_on_log, &log);
    TEST_OK(sid__rqvae_model_create(ctx, &d->model, &model, err));
    TEST_OK(sid__rqvae_train(ctx, &d->plan, &model, x, RQ_ROWS, err));
    if (!strstr(log.text, d->says))
        fail_msg("\"%s\" is not in: %s", d->says, log.text);
    if ((strstr(log.text, "ends well") != NULL) != d->ends_well)
        fail_msg("it should end %s: %s", d->ends_well ? "well" : "collapsed", log.text);
    assert_true((strstr(log.text, "ends collapsed") != NULL) == !d->ends_well);
    sid__rqvae_model_drop(&model);
    sid_ctx_free(ctx);
    sid__free(x);
}

/* Fails when a forced collapse is not told with its level, step and cause, or a training that ends well is not said to, since
 * settling brought all codes back. */
static void a_collapse_is_explained(void **state)
{
    const sid__rqvae_options model = {.levels = RQ_LEVELS,
                                      .dim = RQ_DIM,
                                      .latent = 6,
                                      .codes = {RQ_CODES, RQ_CODES},
                                      .encoder = {.layers = 2, .width = {RQ_DIM, 20, 6}},
                                      .beta = 0.25,
                                      .decay = 0.9};
    drill alike = {.says =
                       "level 2 collapses at step 40: 1 of 16 codes are used, perplexity 1.0; codes started all alike "
                       "and dead ones are not revived: start by k-means (init), set revive_every",
                   .plan = rq_plan(),
                   .model = model};
    (void)state;
    alike.plan.no_init = true;
    alike.plan.revive_every = 0;
    alike.plan.settle = 0;
    alike.plan.steps = 60;
    run_drill(&alike);
    alike.plan.settle = 5; /* the remedy of last resort */
    alike.ends_well = true;
    run_drill(&alike);
    alike.plan.revive_every = 40;
    alike.says = "level 1, which had collapsed at step ";
    run_drill(&alike);
    drill decayed = {.says = "the latent vectors of all rows are nearly alike", .plan = rq_plan(), .model = model};
    decayed.plan.optim.decay = 100; /* of the weights, not of the biases */
    decayed.plan.no_init = true;
    decayed.plan.settle = decayed.plan.revive_every = 0;
    run_drill(&decayed);
}

/* Fails when a later look that is worse, or collapsed, replaces a better one; or a better one does not. */
static void the_best_look_is_kept(void **state)
{
    float *x = rq_rows();
    int64_t row[RQ_ROWS];
    const sid__rqvae_plan plan = rq_plan();
    sid__rqvae_model model;
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    rq_create(ctx, SID__CODES_GRAD, &model);
    sid__rqvae_model_start(&model, 1);
    for (int i = 0; i < RQ_ROWS; i++)
        row[i] = i;
    sid__rqvae_trainer t = {.ctx = ctx,
                            .plan = &plan,
                            .model = &model,
                            .x = x,
                            .count = RQ_ROWS,
                            .batch = 64,
                            .row = row,
                            .train_count = 380,
                            .held_count = 20,
                            .input = new_floats(64 * RQ_DIM),
                            .best = new_floats(model.params.size)};
    TEST_OK(sid__rqvae_watch(&t, err)); /* all codes are 0: collapsed */
    assert_true(t.has_best && t.is_best_collapsed && t.stale == 0);
    t.best_error = 0.001;
    for (int l = 0; l < RQ_LEVELS; l++)
        fill_uniform(model.params.param[model.book[l]].value.data, RQ_CODES * 6, 5 + (uint64_t)l);
    TEST_OK(sid__rqvae_watch(&t, err)); /* codes in use win over a lower error */
    assert_true(!t.is_best_collapsed && t.best_error > 0.001);
    assert_memory_equal(t.best, model.params.data, (size_t)model.params.size * sizeof(float));
    t.best_error *= 0.5;
    float kept = t.best[0];
    model.params.data[0] += 1e-3f;
    TEST_OK(sid__rqvae_watch(&t, err));
    assert_true(t.stale == 1 && t.best[0] == kept);
    sid__free(t.input);
    sid__free(t.best);
    sid__memory_drop(&t.memory);
    sid__rqvae_model_drop(&model);
    sid_ctx_free(ctx);
    sid__free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(looks_are_told), cmocka_unit_test(a_collapse_is_explained),
                                       cmocka_unit_test(the_best_look_is_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
