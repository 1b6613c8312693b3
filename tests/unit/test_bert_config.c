/* test_bert_config.c: config.json and tokenizer_config.json. */
#include "test.h"

#include "embed/bert_config.h"

#define SIZES                                                                                                          \
    "\"hidden_size\":12,\"num_hidden_layers\":2,\"num_attention_heads\":3,\"intermediate_size\":7,"                    \
    "\"vocab_size\":9,\"max_position_embeddings\":5"

static sid_status parse_shape(const char *text, sid__bert_shape *out, sid_error *err)
{
    return sid__bert_shape_parse(text, strlen(text), "config.json", out, err);
}

/* Fails when a member is read from another's name, or a default is not Hugging Face's. */
static void test_shape(void **state)
{
    (void)state;
    sid__bert_shape s = {0};
    TEST_OK(parse_shape("{\"model_type\":\"bert\"," SIZES "}", &s, err));
    assert_int_equal(s.width, 12);
    assert_int_equal(s.layers, 2);
    assert_int_equal(s.heads, 3);
    assert_int_equal(s.head_size, 4);
    assert_int_equal(s.inner, 7);
    assert_int_equal(s.vocab, 9);
    assert_int_equal(s.positions, 5);
    assert_int_equal(s.types, 2);
    assert_true(s.epsilon == 1e-12);
    TEST_OK(parse_shape(
        "{\"model_type\":\"bert\",\"layer_norm_eps\":1e-5,\"type_vocab_size\":1,\"hidden_act\":null," SIZES "}", &s,
        err));
    assert_true(s.epsilon == 1e-5);
    assert_int_equal(s.types, 1);
}

static void check_bad(const char *text, const char *part)
{
    sid__bert_shape s;
    TEST_FAILS(parse_shape(text, &s, err), SID_EDATA, part);
}

/* Fails when a model that needs another computation is taken for BERT, or a size is believed. */
static void test_bad_shapes(void **state)
{
    (void)state;
    check_bad("{" SIZES "}", "model_type is \"\"; semid reads \"bert\"");
    check_bad("{\"model_type\":\"xlm-roberta\"}", "model_type is \"xlm-roberta\"");
    check_bad("{\"model_type\":3}", "model_type is not a string");
    check_bad("{\"model_type\":\"bert\",\"hidden_act\":\"gelu_new\"}", "hidden_act is \"gelu_new\"");
    check_bad("{\"model_type\":\"bert\",\"position_embedding_type\":\"relative_key\"}", "position_embedding_type");
    check_bad("{\"model_type\":\"bert\",\"is_decoder\":true}", "is_decoder is true");
    check_bad("{\"model_type\":\"bert\",\"is_decoder\":1}", "is_decoder is neither");
    check_bad("{\"model_type\":\"bert\"}", "num_hidden_layers is not there");
    check_bad("{\"model_type\":\"bert\",\"num_hidden_layers\":-2}", "num_hidden_layers is -2; a whole number from 1");
    check_bad("{\"model_type\":\"bert\",\"num_hidden_layers\":\"2\"}", "num_hidden_layers is no whole number");
    check_bad("{\"model_type\":\"bert\",\"num_hidden_layers\":2,\"hidden_size\":99999999}", "hidden_size is 99999999");
    check_bad("{\"model_type\":\"bert\",\"layer_norm_eps\":0," SIZES "}", "layer_norm_eps is 0");
    check_bad("{\"model_type\":\"bert\",\"num_hidden_layers\":2,\"hidden_size\":13,\"num_attention_heads\":3,"
              "\"intermediate_size\":7,\"vocab_size\":9,\"max_position_embeddings\":5}",
              "hidden_size 13 over num_attention_heads 3");
    check_bad("[]", "a JSON object is expected");
    check_bad("{", "config.json");
}

static sid_status parse_rules(const char *text, sid__bert_text_rules *out, sid_error *err)
{
    return sid__bert_rules_parse(text, strlen(text), "tokenizer_config.json", out, err);
}

/* Fails when accents do not follow lower case, or a special token's two forms are not both read. */
static void test_rules(void **state)
{
    (void)state;
    sid__bert_text_rules r = {0};
    TEST_OK(parse_rules("{}", &r, err));
    assert_true(r.split.is_lower && r.split.strips_accents && r.split.splits_han);
    assert_string_equal(r.specials.cls, "[CLS]");
    TEST_OK(parse_rules("{\"do_lower_case\":false,\"cls_token\":{\"content\":\"<s>\"},\"sep_token\":\"</s>\","
                        "\"tokenize_chinese_chars\":false,\"tokenizer_class\":\"BertTokenizerFast\"}",
                        &r, err));
    assert_true(!r.split.is_lower && !r.split.strips_accents && !r.split.splits_han);
    assert_string_equal(r.specials.cls, "<s>");
    assert_string_equal(r.specials.sep, "</s>");
    assert_string_equal(r.specials.unk, "[UNK]");
    TEST_OK(parse_rules("{\"do_lower_case\":false,\"strip_accents\":true}", &r, err));
    assert_true(r.split.strips_accents);
    TEST_FAILS(parse_rules("{\"tokenizer_class\":\"BertJapaneseTokenizer\"}", &r, err), SID_EDATA,
               "BertJapaneseTokenizer");
    TEST_FAILS(parse_rules("{\"do_lower_case\":\"yes\"}", &r, err), SID_EDATA, "do_lower_case is neither");
    TEST_FAILS(
        parse_rules("{\"unk_token\":\"0123456789012345678901234567890123456789012345678901234567890123\"}", &r, err),
        SID_EDATA, "unk_token is longer than 63 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shape), cmocka_unit_test(test_bad_shapes),
                                       cmocka_unit_test(test_rules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
