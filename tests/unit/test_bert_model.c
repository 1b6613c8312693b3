/* test_bert_model.c: a model from a folder, from tensors, and folders that are none. */
#include "bert_case.h"

static void check_bad(const char *folder, sid_status status, const char *part)
{
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid__bert_model model = {0};
    TEST_FAILS(sid__bert_model_read(ctx, folder, &model, err), status, part);
    assert_null(model.vocab.text);
    sid_ctx_free(ctx);
}

/* Fails when a folder's fault is not named, with the file it is in. */
static void test_bad_folders(void **state)
{
    (void)state;
    const char *folder = case_bert_folder();
    char path[1024];
    check_bad("no-such-folder", SID_EUSAGE, "\"no-such-folder\" is no folder");
    case_bert_file(folder, "vocab.txt", "[CLS]\n[SEP]\n[UNK]\n");
    check_bad(folder, SID_EDATA, "vocab.txt: the vocabulary has 3 pieces, the model 196");
    case_bert_file(folder, "vocab.txt", NULL);
    check_bad(folder, SID_EIO, "vocab.txt");
    case_bert_file(folder, "vocab.txt", "");
    case_bert_file(folder, "config.json", "{\"model_type\":\"roberta\"}");
    check_bad(folder, SID_EDATA, "config.json: model_type is \"roberta\"");
    case_bert_file(folder, "config.json", NULL);
    check_bad(folder, SID_EIO, "config.json");
    case_bert_file(folder, "config.json", "");
    (void)snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_int_equal(truncate(path, 5000), 0);
    check_bad(folder, SID_EDATA, "model.safetensors");
    case_bert_file(folder, "model.safetensors", NULL);
    check_bad(folder, SID_EIO, "model.safetensors");
    case_bert_file(folder, "pytorch_model.bin", "x");
    check_bad(folder, SID_EDATA, "pytorch_model.bin, which semid does not read");
}

/* Fails when a part does not come back from the tensors, or one that is missing is not named. */
static void test_tensors(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(2, SID__ISA_PORTABLE);
    sid__bert_model model = {0}, again = {0}, none = {0};
    sid__tensor_set set = {0}, second = {0}, empty = {0};
    TEST_OK(sid__bert_model_read(ctx, BERT_GOLDEN, &model, err));
    TEST_OK(sid__bert_model_save(&model, &set, err));
    TEST_OK(sid__bert_model_load(&set, &again, err));
    TEST_OK(sid__bert_model_save(&again, &second, err));
    assert_int_equal(set.count, second.count);
    assert_int_equal(again.vocab.count, model.vocab.count);
    TEST_FAILS(sid__bert_model_load(&empty, &none, err), SID_EDATA, "bert.config");
    case_tensor(&set, "bert.vocab")->shape[0] = 30;
    TEST_FAILS(sid__bert_model_load(&set, &none, err), SID_EDATA, "tensor bert.vocab: the vocabulary has");
    sid__bert_model_drop(&model);
    sid__bert_model_drop(&again);
    sid__tensor_set_drop(&set);
    sid__tensor_set_drop(&second);
    sid_ctx_free(ctx);
}

/* Fails when tokenizer_config.json is demanded, or the memory limit is overlooked. */
static void test_limits(void **state)
{
    (void)state;
    const char *folder = case_bert_folder();
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid__bert_model model = {0};
    case_bert_file(folder, "tokenizer_config.json", NULL);
    TEST_OK(sid__bert_model_read(ctx, folder, &model, err));
    assert_true(model.rules.split.is_lower);
    sid__bert_model_drop(&model);
    sid_ctx_set_memory_limit(ctx, 100000);
    TEST_FAILS(sid__bert_model_read(ctx, folder, &model, err), SID_ENOMEM, "reading the encoder's weights needs");
    sid_ctx_free(ctx);
}

/* Fails when a file is left out of the hashes. */
static void test_hashes(void **state)
{
    (void)state;
    const char *folder = case_bert_folder();
    sid__strbuf with = {0}, without = {0};
    TEST_OK(sid__bert_folder_hashes(folder, &with, err));
    assert_non_null(strstr(with.text, "  config.json\n"));
    assert_non_null(strstr(with.text, "  tokenizer_config.json\n"));
    assert_non_null(strstr(with.text, "  vocab.txt\n"));
    assert_non_null(strstr(with.text, "  model.safetensors\n"));
    case_bert_file(folder, "tokenizer_config.json", NULL);
    TEST_OK(sid__bert_folder_hashes(folder, &without, err));
    assert_null(strstr(without.text, "tokenizer_config"));
    TEST_FAILS(sid__bert_folder_hashes("no-such-folder", &without, err), SID_EUSAGE, "no folder");
    sid__strbuf_drop(&with);
    sid__strbuf_drop(&without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bad_folders), cmocka_unit_test(test_tensors),
                                       cmocka_unit_test(test_limits), cmocka_unit_test(test_hashes)};
    return cmocka_run_group_tests(tests, NULL, case_bert_remove);
}
