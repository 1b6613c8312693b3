/* test_bert_weights.c: tensors to packed weights and back. */
#include "bert_case.h"

static sid__bert_shape golden_shape(void)
{
    sid__bert_shape shape;
    sid__strbuf text = {0};
    case_bert_text("config.json", &text);
    TEST_OK(sid__bert_shape_parse(text.text, (size_t)text.length, "c", &shape, err));
    sid__strbuf_drop(&text);
    return shape;
}

static const sid_ctx alone = {.isa = SID__ISA_PORTABLE};

/* Fails when a tensor is left out, put elsewhere or rounded on its way through the packed form, or types are misread. */
static void test_round_trip(void **state)
{
    (void)state;
    sid__bert_shape shape = golden_shape();
    sid__tensor_set set = case_bert_set(), saved = {0}, again = {0};
    sid__bert_weights first = {0}, second = {0};
    TEST_OK(sid__bert_weights_load(&alone, &shape, &set, "m", &first, err));
    TEST_OK(sid__bert_weights_save(&first, &saved, err));
    assert_int_equal(saved.count, 5 + 16 * shape.layers);
    for (int64_t i = 0; i < saved.count; i++) {
        const sid__tensor *ours = &saved.tensor[i], *given = case_tensor(&set, ours->name + strlen("bert."));
        size_t size = 0;
        assert_true(sid__shape_size(SID__F32, ours->rank, ours->shape, &size));
        float *wanted = case_alloc((int64_t)size, 1);
        sid__dtype_to_f32(given->dtype, given->data, (int64_t)(size / sizeof *wanted), wanted);
        assert_memory_equal(ours->data, wanted, size);
        sid__free(wanted);
    }
    TEST_OK(sid__bert_weights_load(&alone, &shape, &saved, "m", &second, err)); /* names with "bert." */
    TEST_OK(sid__bert_weights_save(&second, &again, err));
    assert_memory_equal(saved.tensor[0].data, again.tensor[0].data, 4);
    assert_true(sid__bert_weights_size(&shape) > 28000 * sizeof(float));
    sid__bert_weights_drop(&first);
    sid__bert_weights_drop(&second);
    sid__tensor_set_drop(&set);
    sid__tensor_set_drop(&saved);
    sid__tensor_set_drop(&again);
}

static void check_bad(const sid__bert_shape *shape, const sid__tensor_set *set, const char *part)
{
    sid__bert_weights weights = {0};
    TEST_FAILS(sid__bert_weights_load(&alone, shape, set, "m.safetensors", &weights, err), SID_EDATA, part);
    assert_null(weights.word);
}

/* Fails when a tensor's name, type, shape or numbers are taken unchecked. */
static void test_bad_tensors(void **state)
{
    (void)state;
    sid__bert_shape shape = golden_shape(), other = shape;
    sid__tensor_set set = case_bert_set(), empty = {0};
    check_bad(&shape, &empty, "m.safetensors: tensor embeddings.word_embeddings.weight is not there");
    other.layers = 3;
    check_bad(&other, &set, "tensor encoder.layer.2.");
    other.layers = 1;
    check_bad(&other, &set, "tensor encoder.layer.1.output.dense.weight is there, but config.json says 1 layers");
    other = shape;
    other.inner++;
    check_bad(&other, &set, "is (52,); (53,) is expected by config.json");
    other = shape;
    other.vocab--;
    check_bad(&other, &set, "tensor embeddings.word_embeddings.weight is (196, 36); (195, 36) is expected");
    sid__tensor *tensor = case_tensor(&set, "encoder.layer.0.attention.self.key.bias");
    tensor->dtype = SID__U16;
    check_bad(&shape, &set, "key.bias is U16; F32, F16 or BF16");
    tensor->dtype = SID__F16;
    ((uint16_t *)tensor->data)[2] = 0x7C00;
    check_bad(&shape, &set, "key.bias holds inf at element 2");
    sid__tensor_set_drop(&set);
}

/* Fails when the names of older programs, LayerNorm.gamma and beta, are not found. */
static void test_old_names(void **state)
{
    (void)state;
    sid__bert_shape shape = golden_shape();
    sid__tensor_set set = case_bert_set(), old = {0};
    for (int64_t i = 0; i < set.count; i++) {
        const sid__tensor *t = &set.tensor[i];
        char name[200];
        void *data = NULL;
        size_t size = 0;
        const char *norm = strstr(t->name, "LayerNorm.");
        (void)snprintf(name, sizeof name, "%.*s%s", norm ? (int)(norm - t->name) : 199, t->name,
                       !norm                    ? ""
                       : strstr(norm, "weight") ? "LayerNorm.gamma"
                                                : "LayerNorm.beta");
        TEST_OK(sid__tensor_add(&old, name, t->dtype, t->rank, t->shape, &data, err));
        assert_true(sid__shape_size(t->dtype, t->rank, t->shape, &size));
        memcpy(data, t->data, size);
    }
    sid__bert_weights weights = {0};
    TEST_OK(sid__bert_weights_load(&alone, &shape, &old, "m", &weights, err));
    sid__bert_weights_drop(&weights);
    sid__tensor_set_drop(&set);
    sid__tensor_set_drop(&old);
}

/* Fails when an allocation's failure is lost or what was made before it leaks. */
static void test_out_of_memory(void **state)
{
    (void)state;
    sid__bert_shape shape = golden_shape();
    sid__tensor_set set = case_bert_set();
    sid__bert_weights weights = {0};
    for (int after = 0; after < 17; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__bert_weights_load(&alone, &shape, &set, "m", &weights, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(-1, 0);
    TEST_OK(sid__bert_weights_load(&alone, &shape, &set, "m", &weights, err));
    for (int after = 0; after < 3; after++) {
        sid__tensor_set out = {0};
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__bert_weights_save(&weights, &out, err), SID_ENOMEM, "out of memory");
        sid__mem_fail(-1, 0);
        sid__tensor_set_drop(&out);
    }
    sid__bert_weights_drop(&weights);
    sid__tensor_set_drop(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_bad_tensors),
                                       cmocka_unit_test(test_old_names), cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
