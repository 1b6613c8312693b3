/* test_bert_forward.c: sequences of ids to vectors, against transformers' BertModel in double. */
#include "bert_case.h"

#include "io/sha256.h"

enum { WIDTH = 36, TEXTS_MAX = 64 };

typedef struct texts {
    int32_t id[TEXTS_MAX][64];
    int size[TEXTS_MAX], count;
} texts;

/* The texts whose vectors the reference made: all uncased ones without a zero byte. */
static void take_text(void *user, bool is_lower, const char *text, size_t size, const int32_t *id, int count)
{
    texts *t = user;
    if (!is_lower || memchr(text, 0, size))
        return;
    memcpy(t->id[t->count], id, (size_t)count * sizeof *id);
    t->size[t->count++] = count;
}

static sid__bert_model read_model(void)
{
    sid__bert_model model = {0};
    sid_ctx ctx = {.isa = SID__ISA_PORTABLE};
    TEST_OK(sid__bert_model_read(&ctx, BERT_GOLDEN, &model, err));
    return model;
}

/* Runs texts first .. first + count - 1 as one pack. */
static void run(const sid__bert_model *model, sid__isa isa, sid__bert_pool pool, const texts *t, int first, int count,
                float *out)
{
    sid_ctx ctx = {.isa = isa};
    sid__bert_pack pack;
    TEST_OK(sid__bert_pack_init(&pack, &model->weights.shape, 40, err));
    for (int i = 0; i < count; i++) {
        memcpy(pack.id + pack.start[i], t->id[first + i], (size_t)t->size[first + i] * sizeof *pack.id);
        pack.start[i + 1] = pack.start[i] + t->size[first + i];
        pack.out[i] = out + i * WIDTH;
        assert_true(pack.start[i + 1] <= pack.tokens);
    }
    pack.count = count;
    TEST_OK(sid__bert_forward(&ctx, &model->weights, pool, &pack, err));
    assert_int_equal(pack.count, 0);
    sid__bert_pack_drop(&pack);
}

/* Fails when any part of the computation is another than BERT's. */
static void test_golden(void **state)
{
    (void)state;
    sid__bert_model model = read_model();
    texts t = {0};
    sid_vectors *wanted = NULL;
    sid_ctx *ctx = case_ctx(1, sid__isa_best());
    double worst = 0;
    case_bert_lines(take_text, &t);
    TEST_OK(sid_vectors_read(ctx, BERT_GOLDEN "/vectors.npy", NULL, &wanted, err));
    assert_int_equal(sid_vectors_count(wanted), t.count);
    for (int i = 0; i < t.count; i++) {
        float out[2 * WIDTH];
        run(&model, sid__isa_best(), SID__BERT_MEAN, &t, i, 1, out);
        run(&model, sid__isa_best(), SID__BERT_CLS, &t, i, 1, out + WIDTH);
        for (int j = 0; j < 2 * WIDTH; j++)
            worst = fmax(worst, fabs((double)out[j] - (double)sid_vectors_data(wanted)[i * 2 * WIDTH + j]));
    }
    print_message("%d texts, largest difference %g\n", t.count, worst);
    assert_true(worst < 3e-6);
    sid_vectors_free(wanted);
    sid__bert_model_drop(&model);
    sid_ctx_free(ctx);
}

/* Fails when a sequence's bits depend on its company or on the kernel path. */
static void test_same_bits(void **state)
{
    (void)state;
    sid__bert_model model = read_model();
    texts t = {0};
    float alone[8 * WIDTH], together[8 * WIDTH];
    case_bert_lines(take_text, &t);
    for (int i = 0; i < 8; i++)
        run(&model, SID__ISA_PORTABLE, SID__BERT_MEAN, &t, i, 1, alone + i * WIDTH);
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        memset(together, 0, sizeof together);
        run(&model, (sid__isa)isa, SID__BERT_MEAN, &t, 0, 8, together);
        assert_memory_equal(alone, together, sizeof alone);
    }
    sid__bert_model_drop(&model);
}

/* Fails when a compiler or a change moves a bit of any vector, and with it users' SIDs: the commit says why. */
static void test_golden_bits(void **state)
{
    (void)state;
    static const char wanted[] = "2fc0f67a151f4b3f8f404ec1418be5e1aeebb06f9fc04922c3129f9ea7ffc987";
    sid__bert_model model = read_model();
    texts t = {0};
    char hex[SID__SHA256_HEX_SIZE];
    float out[TEXTS_MAX * 2 * WIDTH] = {0};
    case_bert_lines(take_text, &t);
    for (int i = 0; i < t.count; i++) {
        run(&model, sid__isa_best(), SID__BERT_MEAN, &t, i, 1, out + i * 2 * WIDTH);
        run(&model, sid__isa_best(), SID__BERT_CLS, &t, i, 1, out + (i * 2 + 1) * WIDTH);
    }
    sid__sha256_bytes(out, sizeof out, hex);
    assert_string_equal(hex, wanted);
    sid__bert_model_drop(&model);
}

/* Fails when numbers that overflow pass as a vector, or memory is lost. */
static void test_failures(void **state)
{
    (void)state;
    sid__bert_model model = read_model();
    sid_ctx ctx = {.isa = SID__ISA_PORTABLE};
    sid__bert_pack pack;
    float out[WIDTH];
    for (int after = 0; after < 7; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__bert_pack_init(&pack, &model.weights.shape, 40, err), SID_ENOMEM, "out of memory");
        sid__bert_pack_drop(&pack);
    }
    sid__mem_fail(-1, 0);
    model.weights.gain[0] = 3e38f;
    TEST_OK(sid__bert_pack_init(&pack, &model.weights.shape, 512, err));
    assert_int_equal(pack.tokens, 512);
    memcpy(pack.id, (int32_t[]){2, 60, 3}, 3 * sizeof *pack.id);
    pack.start[1] = 3;
    pack.out[0] = out;
    pack.count = 1;
    TEST_FAILS(sid__bert_forward(&ctx, &model.weights, SID__BERT_MEAN, &pack, err), SID_EDATA, "not finite");
    sid__bert_pack_drop(&pack);
    sid__bert_model_drop(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_same_bits),
                                       cmocka_unit_test(test_golden_bits), cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
