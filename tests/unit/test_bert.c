/* test_bert.c: the bert family through its table: options, storing, weights that stay where they are. */
#include "bert_case.h"
#include "items_case.h"

enum { WIDTH = 36 };

static const char table[] = "item_id\ttitle\tbrand\n1\tred lipstick\tA\n2\tnail polish\tB\n";

static sid_status fit(sid_ctx *ctx, const char *fields, const char *options, sid_encoder **out, sid_error *err)
{
    sid_items *items = case_items(ctx, table);
    sid_encoder_options given = {.encoder = "bert", .fields = fields, .options = options};
    sid_status status = sid_encoder_fit(ctx, items, &given, out, err);
    sid_items_free(items);
    return status;
}

/* A saved and loaded copy, by the options that the manifest would keep. */
static sid_status store(const sid_encoder *e, sid__tensor_set *set, sid__strbuf *text, sid_encoder **out,
                        sid_error *err)
{
    SID_TRY(sid__encoder_save(e, set, err));
    SID_TRY(sid__encoder_options_text(e, text, err));
    return sid__encoder_load(&(sid_encoder_options){.encoder = "bert", .options = text->text}, set, out, err);
}

/* Fails when an option is lost on the way, a path is kept that nobody needs, or a loaded encoder gives other bits. */
static void test_store(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_encoder *e = NULL, *again = NULL;
    sid__tensor_set set = {0};
    sid__strbuf text = {0};
    float x[WIDTH], y[WIDTH];
    TEST_OK(fit(ctx, "brand,title", "weights=" BERT_GOLDEN ",pool=cls,max_tokens=30,prefix=(query: red, )", &e, err));
    TEST_OK(store(e, &set, &text, &again, err));
    assert_string_equal(text.text, "weights=,ref=false,pool=cls,max_tokens=30,prefix=(query: red, )");
    assert_int_equal(sid_encoder_dim(again), WIDTH);
    assert_memory_equal(sid__encoder_fingerprint(again), "bert/1 utf8proc ", 16);
    TEST_OK(sid_encoder_encode_text(e, "blue", x, err));
    TEST_OK(sid_encoder_encode_text(again, "blue", y, err));
    assert_memory_equal(x, y, sizeof x);
    TEST_OK(sid_encoder_encode_text(e, "", x, err));
    assert_true(x[0] == 0 && x[WIDTH - 1] == 0); /* a prefix is no text */
    sid_encoder_free(e);
    sid_encoder_free(again);
    sid__tensor_set_drop(&set);
    sid__strbuf_drop(&text);
    sid_ctx_free(ctx);
}

/* Fails when weights are copied that were to stay, or ones that went or changed are used without a word. */
static void test_reference(void **state)
{
    (void)state;
    const char *folder = case_bert_folder();
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_encoder *e = NULL, *again = NULL;
    sid__tensor_set set = {0};
    sid__strbuf text = {0};
    char options[600];
    float x[WIDTH], y[WIDTH];
    (void)snprintf(options, sizeof options, "weights=%s/.,ref", folder);
    TEST_OK(fit(ctx, NULL, options, &e, err));
    TEST_OK(store(e, &set, &text, &again, err));
    assert_int_equal(set.count, 2);
    assert_null(strstr(text.text, "/.,"));
    TEST_OK(sid_encoder_encode_text(e, "blue", x, err));
    TEST_OK(sid_encoder_encode_text(again, "blue", y, err));
    assert_memory_equal(x, y, sizeof x);
    sid_encoder_free(again);
    sid_encoder_options given = {.encoder = "bert", .options = text.text};
    case_bert_file(folder, "tokenizer_config.json", "{\"do_lower_case\": false}");
    TEST_FAILS(sid__encoder_load(&given, &set, &again, err), SID_EDATA, "have changed since");
    case_bert_file(folder, "vocab.txt", NULL);
    TEST_FAILS(sid__encoder_load(&given, &set, &again, err), SID_EIO, "cannot be read there");
    TEST_OK(sid__remove_tree(folder, err));
    TEST_FAILS(sid__encoder_load(&given, &set, &again, err), SID_EIO, "is no folder");
    sid_encoder_free(e);
    sid__tensor_set_drop(&set);
    sid__strbuf_drop(&text);
    sid_ctx_free(ctx);
}

static void check_usage(const char *fields, const char *options, const char *part)
{
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_encoder *e = NULL;
    TEST_FAILS(fit(ctx, fields, options, &e, err), SID_EUSAGE, part);
    assert_null(e);
    sid_ctx_free(ctx);
}

/* Fails when an option that cannot work is taken, or the message gives no way out. */
static void test_usage(void **state)
{
    (void)state;
    check_usage(NULL, NULL, "encoder bert needs weights");
    check_usage(NULL, "weights=nowhere", "\"nowhere\" is no folder");
    check_usage("title:2", "weights=" BERT_GOLDEN, "\"title\" has a weight");
    check_usage("titel", "weights=" BERT_GOLDEN, "did you mean \"title\"");
    check_usage(NULL, "weights=" BERT_GOLDEN ",prefix=a(b", "options: a ) is expected");
    check_usage(NULL, "weights=" BERT_GOLDEN ",prefix=a)b", "cannot hold ( or )");
    check_usage(NULL, "weights=" BERT_GOLDEN ",max_tokens=5,prefix=red red red red", "leave no room");
    check_usage(NULL, "weights=" BERT_GOLDEN ",pool=max", "one of mean|cls");
}

static void note_log(void *user, sid_log_level level, const char *line)
{
    (void)level;
    (void)snprintf(user, 200, "%s", line);
}

/* Fails when more tokens than the model has positions are read, or nobody is told. */
static void test_positions(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_encoder *e = NULL;
    char line[200] = "";
    sid_ctx_on_log(ctx, note_log, line);
    TEST_OK(fit(ctx, NULL, "weights=" BERT_GOLDEN, &e, err));
    assert_string_equal(line, "max_tokens is lowered to 40, what this model can read");
    sid_encoder_free(e);
    sid_ctx_free(ctx);
}

/* Fails when nobody is told that the folder asks for another pooling, or its word is not read. */
static void test_pooling(void **state)
{
    (void)state;
    const char *folder = case_bert_folder();
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_encoder *e = NULL;
    char line[200] = "", options[600], pooling[600], path[700];
    (void)snprintf(pooling, sizeof pooling, "%s/1_Pooling", folder);
    (void)snprintf(path, sizeof path, "%s/config.json", pooling);
    (void)snprintf(options, sizeof options, "weights=%s,max_tokens=40", folder);
    TEST_OK(sid__directory_create(pooling, err));
    sid_ctx_on_log(ctx, note_log, line);
    case_bert_file(pooling, "config.json", "{\"pooling_mode_cls_token\": false}");
    TEST_OK(fit(ctx, NULL, options, &e, err));
    assert_string_equal(line, "");
    sid_encoder_free(e);
    case_bert_file(pooling, "config.json", "{\"pooling_mode_cls_token\": true}");
    TEST_OK(fit(ctx, NULL, options, &e, err));
    assert_string_equal(line, "this model was trained with pool=cls; pass --encoder-pool cls");
    sid_encoder_free(e);
    case_bert_file(pooling, "config.json", "{\"pooling_mode_cls_token\": 7}");
    TEST_FAILS(fit(ctx, NULL, options, &e, err), SID_EDATA, "pooling_mode_cls_token is neither");
    (void)unlink(path);
    (void)rmdir(pooling);
    sid_ctx_free(ctx);
}

/* Fails when a damaged encoder file is believed or an allocation's failure is lost. */
static void test_bad_tensors(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_encoder *e = NULL, *none = NULL;
    sid__tensor_set set = {0}, empty = {0};
    sid_items *items = case_items(ctx, table);
    const sid_encoder_options given = {.encoder = "bert"};
    const sid_encoder_options whole = {.encoder = "bert", .options = "weights=" BERT_GOLDEN};
    TEST_OK(fit(ctx, NULL, "weights=" BERT_GOLDEN, &e, err));
    TEST_OK(sid__encoder_save(e, &set, err));
    TEST_FAILS(sid__encoder_load(&given, &empty, &none, err), SID_EDATA, "bert.fields");
    case_tensor(&set, "bert.fields")->shape[0] = 1;
    TEST_FAILS(sid__encoder_load(&given, &set, &none, err), SID_EDATA, "fields");
    for (int after = 0; after < 12; after++) {
        sid_encoder *other = NULL;
        sid__mem_fail(after, 1);
        TEST_FAILS(sid_encoder_fit(ctx, items, &whole, &other, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(-1, 0);
    sid_items_free(items);
    sid_encoder_free(e);
    sid__tensor_set_drop(&set);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_store),   cmocka_unit_test(test_reference),
                                       cmocka_unit_test(test_usage),   cmocka_unit_test(test_positions),
                                       cmocka_unit_test(test_pooling), cmocka_unit_test(test_bad_tensors)};
    return cmocka_run_group_tests(tests, NULL, case_bert_remove);
}
