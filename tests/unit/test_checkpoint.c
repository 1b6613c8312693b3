/* test_checkpoint.c: training that is interrupted goes on to the same bytes; other checkpoints are refused by name. */
#include "tensor/checkpoint.h"

#include <unistd.h>

#include "base/vfs.h"
#include "io/safetensors.h"
#include "tensor_case.h"

static const char path[] = "test_checkpoint.safetensors";

typedef struct trainer {
    sid__params params;
    sid__optim optim;
    sid__checkpoint about;
} trainer;

static void start(trainer *t)
{
    sid__optim_options options = sid__optim_default();
    options.average = 0.9;
    *t = (trainer){.about = {.kind = "test", .options = "rate=\"1\"", .data = "ab12"}};
    (void)add_param(&t->params, "w", 5, 3);
    (void)add_param(&t->params, "b", 1, 5);
    seal_uniform(&t->params, 4);
    TEST_OK(sid__optim_create(&options, &t->params, &t->optim, err));
}

static void stop(trainer *t)
{
    sid__optim_drop(&t->optim);
    sid__params_drop(&t->params);
}

static void train(trainer *t, int steps)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    for (int i = 0; i < steps; i++) {
        for (int p = 0; p < t->params.count; p++) {
            sid__value *value = &t->params.param[p].value;
            for (int j = 0; j < value->rows * value->columns; j++)
                value->grad[j] = value->data[j] - 0.1f;
            value->has_grad = true;
        }
        (void)sid__optim_step(ctx, &t->optim);
        t->about.step++;
    }
    sid_ctx_free(ctx);
}

static sid_status save(trainer *t, sid_error *err)
{
    sid__tensor_set set = {0};
    sid_status status = sid__params_save(&t->params, "", t->params.data, &set, err);
    if (status == SID_OK)
        status = sid__optim_save(&t->optim, &set, err);
    if (status == SID_OK)
        status = sid__checkpoint_write(path, &t->about, &set, err);
    sid__tensor_set_drop(&set);
    return status;
}

static sid_status load(trainer *t, sid_error *err)
{
    sid__tensor_set set = {0};
    SID_TRY(sid__checkpoint_read(path, &t->about, &set, err));
    sid_status status = sid__params_load(&t->params, "", &set, t->params.data, err);
    if (status == SID_OK)
        status = sid__optim_load(&t->optim, &set, err);
    sid__tensor_set_drop(&set);
    return status;
}

/* Fails when a checkpoint lacks something that the next step depends on. */
static void training_goes_on_to_the_same_bytes(void **state)
{
    trainer whole, part;
    (void)state;
    start(&whole);
    train(&whole, 20);
    start(&part);
    train(&part, 7);
    TEST_OK(save(&part, err));
    stop(&part);
    start(&part);
    memset(part.params.data, 0, (size_t)part.params.size * sizeof(float));
    TEST_OK(load(&part, err));
    assert_int_equal(part.about.step, 7);
    train(&part, 13);
    assert_memory_equal(whole.params.data, part.params.data, (size_t)whole.params.size * sizeof(float));
    assert_memory_equal(whole.optim.average, part.optim.average, (size_t)whole.params.size * sizeof(float));
    stop(&part);
    stop(&whole);
    (void)unlink(path);
}

/* Fails when a checkpoint of other training, or a file that is none, is gone on with. */
static void other_checkpoints_are_refused(void **state)
{
    trainer t;
    sid__tensor_set set = {0};
    (void)state;
    start(&t);
    TEST_FAILS(load(&t, err), SID_EIO, path);
    TEST_OK(save(&t, err));
    t.about.kind = "other";
    TEST_FAILS(load(&t, err), SID_EUSAGE, "other kind: \"test\", here they are \"other\"");
    t.about.kind = "test";
    t.about.options = "rate=2";
    TEST_FAILS(load(&t, err), SID_EUSAGE, "rate=\"1\"");
    t.about.options = "rate=\"1\"";
    t.about.data[0] = 'c';
    TEST_FAILS(load(&t, err), SID_EUSAGE, "data: \"ab12\"");
    t.about.data[0] = 'a';
    t.about.step = -3;
    TEST_OK(save(&t, err));
    TEST_FAILS(load(&t, err), SID_EDATA, "step -3");
    TEST_OK(sid__params_save(&t.params, "", t.params.data, &set, err));
    TEST_OK(sid__safetensors_write(&set, path, err));
    TEST_FAILS(load(&t, err), SID_EDATA, "no checkpoint");
    static const char *const about[] = {"{\"format\":2}", "{\"format\":1,\"kind\":3}", "{"};
    static const sid_status wanted[] = {SID_EVERSION, SID_EDATA, SID_EDATA};
    for (int i = 0; i < 3; i++) {
        sid__tensor_set bad = {0};
        char *bytes = NULL;
        TEST_OK(sid__tensor_add(&bad, "checkpoint", SID__U8, 1, &(int64_t){(int64_t)strlen(about[i])}, &bytes, err));
        memcpy(bytes, about[i], strlen(about[i]));
        TEST_OK(sid__safetensors_write(&bad, path, err));
        TEST_FAILS(load(&t, err), wanted[i], path);
        sid__tensor_set_drop(&bad);
    }
    sid__tensor_set_drop(&set);
    stop(&t);
    (void)unlink(path);
}

/* Fails when numbers come back changed, or of another count. */
static void state_is_kept(void **state)
{
    sid__tensor_set set = {0};
    const int64_t counts[] = {1, -5, INT64_MAX};
    const double sums[] = {0.1, (double)INFINITY};
    int64_t counts_back[3];
    double sums_back[2];
    (void)state;
    TEST_OK(sid__state_save_i64(&set, "counts", counts, 3, err));
    TEST_OK(sid__state_save_f64(&set, "sums", sums, 2, err));
    TEST_OK(sid__state_load_i64(&set, "counts", counts_back, 3, err));
    TEST_OK(sid__state_load_f64(&set, "sums", sums_back, 2, err));
    assert_memory_equal(counts, counts_back, sizeof counts);
    assert_memory_equal(sums, sums_back, sizeof sums);
    TEST_FAILS(sid__state_load_f64(&set, "sums", sums_back, 1, err), SID_EDATA, "sums");
    TEST_FAILS(sid__state_load_i64(&set, "sums", counts_back, 2, err), SID_EDATA, "sums");
    sid__tensor_set_drop(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(training_goes_on_to_the_same_bytes),
                                       cmocka_unit_test(other_checkpoints_are_refused),
                                       cmocka_unit_test(state_is_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
