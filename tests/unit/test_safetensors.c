/* test_safetensors.c: files laid out by make_io.py from the published format, our own read back, and damaged ones. */
#include "base/philox.h"
#include "io/safetensors.h"
#include "io_help.h"

static void check_set(const sid__tensor_set *set)
{
    static const struct {
        const char *name;
        sid__dtype dtype;
    } floats[] = {{"f32", SID__F32}, {"f16", SID__F16}, {"bf16", SID__BF16}, {"f64", SID__F64}};
    const sid__tensor *tensor = NULL;
    assert_int_equal(set->count, 8);
    for (int f = 0; f < 4; f++) {
        float out[6];
        TEST_OK(sid__tensor_get(set, floats[f].name, floats[f].dtype, 2, (const int64_t[]){3, 2}, &tensor, err));
        sid__dtype_to_f32(tensor->dtype, tensor->data, 6, out);
        for (int i = 0; i < 6; i++)
            assert_true(out[i] == (float)(i / 2 - 1) * 1.5F + (float)(i % 2) * 0.25F);
    }
    TEST_OK(sid__tensor_get(set, "scalar", SID__I64, 0, NULL, &tensor, err));
    assert_int_equal(*(int64_t *)tensor->data, -7);
    TEST_OK(sid__tensor_get(set, "none", SID__U8, 2, (const int64_t[]){0, 4}, &tensor, err));
    TEST_OK(sid__tensor_get(set, "na\xc3\xafve \"q\"", SID__I32, 1, (const int64_t[]){2}, &tensor, err));
    assert_int_equal(((int32_t *)tensor->data)[1], -2);
    TEST_OK(sid__tensor_get(set, "u16", SID__U16, 1, (const int64_t[]){1}, &tensor, err));
    assert_int_equal(*(uint16_t *)tensor->data, 513);
}

/* Fails when a dtype, shape, offset, escaped name or the metadata is read wrongly. */
static void test_golden(void **state)
{
    (void)state;
    sid__tensor_set set = {0};
    size_t size;
    TEST_OK(sid__safetensors_read(GOLDEN("set.safetensors"), &set, err));
    check_set(&set);
    sid__tensor_set_drop(&set);
    char *bytes = read_bytes(GOLDEN("set.safetensors"), &size);
    TEST_OK(sid__safetensors_parse(bytes, size, "t", &set, err));
    check_set(&set);
    sid__tensor_set_drop(&set);
    free(bytes);
}

/* Fails when writing loses something, when equal sets give other bytes, or when data is not aligned to 64. */
static void test_round_trip(void **state)
{
    (void)state;
    sid__tensor_set set = {0}, again = {0};
    size_t size1, size2;
    TEST_OK(sid__safetensors_read(GOLDEN("set.safetensors"), &set, err));
    const char *path = temporary_path("r");
    TEST_OK(sid__safetensors_write(&set, path, err));
    char *first = read_bytes(path, &size1);
    TEST_OK(sid__safetensors_read(path, &again, err));
    check_set(&again);
    TEST_OK(sid__safetensors_write(&again, path, err));
    char *second = read_bytes(path, &size2);
    assert_int_equal(size1, size2);
    assert_memory_equal(first, second, size1);
    assert_int_equal(((unsigned char)first[0] | (unsigned char)first[1] << 8) % 64, 56);
    free(first);
    free(second);
    sid__tensor_set_drop(&set);
    sid__tensor_set_drop(&again);
    TEST_OK(sid__safetensors_write(&set, path, err));
    TEST_OK(sid__safetensors_read(path, &again, err));
    assert_int_equal(again.count, 0);
    sid__tensor_set_drop(&again);
    TEST_FAILS(sid__safetensors_write(&set, "/dev/full", err), SID_EIO, "/dev/full");
}

/* Fails when a tensor nothing can hold stops the header, or is silently dropped from a set. */
static void test_other_dtype(void **state)
{
    (void)state;
    sid__tensor_set set = {0};
    sid__file file;
    int64_t size;
    sid__safetensors_header header = {0};
    TEST_FAILS(sid__safetensors_read(GOLDEN("other_dtype.safetensors"), &set, err), SID_EDATA, "mask is BOOL");
    TEST_OK(sid__file_open(GOLDEN("other_dtype.safetensors"), &file, &size, err));
    TEST_OK(sid__safetensors_read_header(&file, size, &header, err));
    assert_int_equal(header.count, 2);
    assert_string_equal(header.entry[1].name, "x");
    assert_int_equal(header.entry[1].begin, 3);
    sid__safetensors_header_drop(&header);
    sid__file_close(&file);
    TEST_FAILS(sid__safetensors_read(temporary_path("absent"), &set, err), SID_EIO, "absent");
}

static sid_status parse(const char *bytes, size_t size, sid_error *err)
{
    sid__tensor_set set = {0};
    sid_status status = sid__safetensors_parse(bytes, size, "t", &set, err);
    sid__tensor_set_drop(&set);
    return status;
}

/* Fails when a truncated file is accepted or read beyond its end (ASan). */
static void test_truncation(void **state)
{
    (void)state;
    size_t size;
    char *bytes = read_bytes(GOLDEN("set.safetensors"), &size);
    for (size_t cut = 0; cut < size; cut++) {
        char *part = copy_bytes(bytes, cut);
        sid_error err = {0};
        sid__tensor_set set = {0};
        assert_int_equal(parse(part, cut, &err), SID_EDATA);
        assert_true(err.byte >= 0);
        free(part);
        assert_int_equal(sid__safetensors_read(write_temporary("cut", bytes, cut), &set, NULL), SID_EDATA);
    }
    free(bytes);
}

/* Fails when flipped bits crash the parser. */
static void test_bit_flips(void **state)
{
    (void)state;
    size_t size;
    char *bytes = read_bytes(GOLDEN("set.safetensors"), &size);
    for (uint64_t i = 0; i < 5000; i++) {
        uint64_t bit = sid__philox_below(2, SID__STREAM_TEST, i, size * 8);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        (void)parse(bytes, size, NULL);
        if (i % 4)
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
    }
    free(bytes);
}

static size_t make_file(char *out, const char *json, size_t data_size)
{
    size_t length = strlen(json);
    memset(out, 0, 8);
    out[0] = (char)(length & 255);
    out[1] = (char)(length >> 8);
    memcpy(out + 8, json, length);
    memset(out + 8 + length, 0, data_size);
    return 8 + length + data_size;
}

#define TENSOR(name, dtype, shape, from, to)                                                                           \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}"

/* Fails when a check of grammar, sizes or places is dropped. */
static void test_lying_headers(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        size_t data_size;
        const char *part;
    } cases[] = {
        {"{}  ", 0, NULL},
        {"{" TENSOR("b", "F32", "[1]", "4", "8") "," TENSOR("a", "F32", "[1]", "0", "4") "}", 8, NULL},
        {"{}", 1, "1 bytes follow"},
        {"{} x", 0, "not JSON here"},
        {"{} 1", 0, "the end of the header"},
        {"[]", 0, "'{' is expected"},
        {"{" TENSOR("a", "F32", "[1]", "0", "4") "}", 3, "cut off"},
        {"{" TENSOR("a", "F32", "[2]", "0", "4") "}", 4, "cannot lie at"},
        {"{" TENSOR("a", "F32", "[1]", "4", "0") "}", 4, "cannot lie at"},
        {"{" TENSOR("a", "F32", "[9223372036854775807,9]", "0", "4") "}", 4, "cannot lie at"},
        {"{" TENSOR("a", "F32", "[9223372036854775808]", "0", "4") "}", 4, "an integer from 0"},
        {"{" TENSOR("a", "F32", "[-1]", "0", "4") "}", 4, "an integer from 0"},
        {"{" TENSOR("a", "F32", "[1.0]", "0", "4") "}", 4, "an integer from 0"},
        {"{" TENSOR("a", "F32", "[01]", "0", "4") "}", 4, "an integer from 0"},
        {"{" TENSOR("a", "F32", "[1 1]", "0", "4") "}", 4, "']' is expected"},
        {"{" TENSOR("a", "F32", "[1,1,1,1,1,1,1,1,1]", "0", "4") "}", 4, "a rank of at most 8"},
        {"{" TENSOR("a", "F32", "[1]", "0", "4,5") "}", 4, "two data_offsets"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "two data_offsets"},
        {"{" TENSOR("a", "F33", "[1]", "0", "4") "}", 4, "a known dtype"},
        {"{" TENSOR("a", "F32", "[1]", "0", "4") "," TENSOR("b", "F32", "[1]", "0", "4") "}", 8, "no overlaps"},
        {"{" TENSOR("a", "F32", "[1]", "0", "4") "," TENSOR("b", "F32", "[1]", "8", "12") "}", 12, "no gaps"},
        {"{" TENSOR("a", "F32", "[1]", "0", "4") "," TENSOR("a", "F32", "[1]", "4", "8") "}", 8, "twice"},
        {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 0, "once"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 0, "each of"},
        {"{\"a\":{\"dtype\":4}}", 0, "a dtype such as"},
        {"{\"a\":{\"size\":4}}", 0, "each of"},
        {"{\"a\":4}", 0, "'{' is expected"},
        {"{\"a\" 4}", 0, "':' is expected"},
        {"{4:4}", 0, "a string"},
        {"{\"a\\x\":4}", 0, "valid escapes"},
        {"{\"a\\u0000\":4}", 0, "valid escapes"},
        {"{\"\xff\":4}", 0, "not UTF-8"},
        {"{\"a", 0, "has no end"},
        {"{\"a\n\":1}", 0, "control byte 0x0a"},
        {"{\"__metadata__\":{}}", 0, NULL},
        {"{\"__metadata__\":{\"a\":\"b\",\"c\":\"d\"}}", 0, NULL},
        {"{\"__metadata__\":{\"a\":{}}}", 0, "a string in __metadata__"},
        {"{\"__metadata__\":[]}", 0, "'{' is expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[512];
        size_t size = make_file(bytes, cases[i].json, cases[i].data_size);
        if (cases[i].part)
            TEST_FAILS(parse(bytes, size, err), SID_EDATA, cases[i].part);
        else
            TEST_OK(parse(bytes, size, err));
    }
    TEST_FAILS(parse("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, err), SID_EDATA, "18446744073709551615 bytes");
    TEST_FAILS(parse("\xff\x00\x00\x00\x00\x00\x00\x00{}", 10, err), SID_EDATA, "ends inside its header");
}

/* Fails when 65,537 tensors are taken, or when that many cost more than linear time. */
static void test_too_many(void **state)
{
    (void)state;
    sid__strbuf json = {0};
    TEST_OK(sid__strbuf_append(&json, "12345678{", 9, err));
    for (int i = 0; i < 65537; i++)
        TEST_OK(sid__strbuf_printf(&json, err, "%s\"t%d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                                   i ? "," : "", i));
    TEST_OK(sid__strbuf_append(&json, "}", 1, err));
    for (int i = 0; i < 8; i++)
        json.text[i] = (char)((uint64_t)(json.length - 8) >> 8 * i);
    TEST_FAILS(parse(json.text, (size_t)json.length, err), SID_EDATA, "65,536");
    sid__tensor_set set = {0};
    const char *path = write_temporary("many.safetensors", json.text, (size_t)json.length);
    TEST_FAILS(sid__safetensors_read(path, &set, err), SID_EDATA, "65,536");
    sid__strbuf_drop(&json);
}

/* Fails when braces inside texts, escaped quotes before them, are counted as tensors before the header is read. */
static void test_braces_in_texts(void **state)
{
    (void)state;
    sid__strbuf json = {0};
    sid__tensor_set set = {0};
    TEST_OK(sid__strbuf_append(&json, "12345678{\"__metadata__\":{", 25, err));
    for (int i = 0; i < 70; i++) {
        TEST_OK(sid__strbuf_printf(&json, err, "%s\"k%d\":\"\\\"", i ? "," : "", i));
        for (int j = 0; j < 1000; j++)
            TEST_OK(sid__strbuf_append(&json, "{", 1, err));
        TEST_OK(sid__strbuf_append(&json, "\"", 1, err));
    }
    TEST_OK(sid__strbuf_append(&json, "}}", 2, err));
    for (int i = 0; i < 8; i++)
        json.text[i] = (char)((uint64_t)(json.length - 8) >> 8 * i);
    TEST_OK(sid__safetensors_read(write_temporary("braces", json.text, (size_t)json.length), &set, err));
    assert_int_equal(set.count, 0);
    sid__tensor_set_drop(&set);
    sid__strbuf_drop(&json);
}

/* Fails when a failed allocation leaks or goes unnoticed. */
static void test_no_memory(void **state)
{
    (void)state;
    sid__tensor_set set = {0};
    TEST_OK(sid__safetensors_read(GOLDEN("set.safetensors"), &set, err));
    for (int pass = 0; pass < 2; pass++)
        for (int after = 0;; after++) {
            sid__tensor_set other = {0};
            assert_in_range(after, 0, 100);
            sid__mem_fail(after, 1);
            sid_status status = pass ? sid__safetensors_write(&set, temporary_path("m"), NULL)
                                     : sid__safetensors_read(GOLDEN("set.safetensors"), &other, NULL);
            sid__mem_fail(-1, 0);
            if (status == SID_OK) {
                sid__tensor_set_drop(&other);
                break;
            }
            assert_int_equal(status, SID_ENOMEM);
            assert_int_equal(other.count, 0);
        }
    sid__tensor_set_drop(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),     cmocka_unit_test(test_round_trip),      cmocka_unit_test(test_other_dtype),
        cmocka_unit_test(test_truncation), cmocka_unit_test(test_bit_flips),       cmocka_unit_test(test_lying_headers),
        cmocka_unit_test(test_too_many),   cmocka_unit_test(test_braces_in_texts), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, remove_temporary);
}
