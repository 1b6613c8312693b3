/* test_piece_proto.c: SentencePiece's file. */
#include <math.h>

#include "io/sha256.h"
#include "pieces_case.h"

/* The model of the specification: K = (2, 2), piece (0,0) at -1, four codes at -2. */
static sid__piece_model *golden_model(const sid_pieces *p)
{
    sid__piece *piece = NULL;
    sid__piece_model *m = NULL;
    TEST_OK(sid__alloc(&piece, 6, sizeof *piece, "pieces", err));
    piece[1] = (sid__piece){.score = -1, .first = 0, .length = 2};
    for (int s = 0; s < 4; s++)
        piece[2 + s] = (sid__piece){.score = -2, .first = (uint8_t)(s / 2), .length = 1, .codes = {(uint16_t)(s % 2)}};
    TEST_OK(sid__piece_model_create(p, false, piece, 6, NULL, &m, err));
    return m;
}

/* Fails when a byte differs from the specification's file, or encoding from its rows. */
static void test_golden(void **state)
{
    static const uint16_t codes[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    static const uint64_t expected[4][2] = {{1, 0}, {2, 5}, {3, 4}, {3, 5}};
    char hex[SID__SHA256_HEX_SIZE];
    sid__strbuf text = {0};
    sid__piece_model *read = NULL;
    sid_pieces *p = made_pieces("unigram", "", same_codes(2), 2);
    sid__piece_model *m = golden_model(p);
    (void)state;
    TEST_OK(sid__piece_proto_write(m, &text, err));
    assert_int_equal(text.length, 148);
    sid__sha256_bytes(text.text, (size_t)text.length, hex);
    assert_string_equal(hex, "c1b466401ad17e99cf1c178d05a4c881a08c4a1b38020db2d6990e0ae3b35df1");
    TEST_OK(sid__piece_proto_read(p, text.text, (size_t)text.length, "m.model", &read, err));
    for (int i = 0; i < 4; i++) {
        uint64_t rows[2];
        assert_int_equal(sid__piece_model_encode(read, codes[i], rows), i == 0 ? 1 : 2);
        assert_memory_equal(rows, expected[i], (i == 0 ? 1 : 2) * sizeof *rows);
    }
    sid__piece_model_free(read);
    sid__piece_model_free(m);
    sid__strbuf_drop(&text);
    sid_pieces_close(p);
}

/* Fails when a file cut off anywhere, or with any bit flipped, crashes or gives another kind of error. */
static void test_damage(void **state)
{
    sid__strbuf text = {0};
    sid_pieces *p = made_pieces("unigram", "", same_codes(2), 2);
    sid__piece_model *m = golden_model(p);
    (void)state;
    TEST_OK(sid__piece_proto_write(m, &text, err));
    for (int64_t size = 0; size < text.length; size++) {
        sid__piece_model *read = NULL;
        sid_error err = {0};
        if (sid__piece_proto_read(p, text.text, (size_t)size, "m.model", &read, &err) != SID_OK)
            assert_true(err.status == SID_EDATA && strstr(err.message, "m.model"));
        sid__piece_model_free(read);
    }
    for (int64_t bit = 0; bit < 8 * text.length; bit++) {
        sid__piece_model *read = NULL;
        sid_error err = {0};
        text.text[bit / 8] = (char)(text.text[bit / 8] ^ 1 << bit % 8);
        if (sid__piece_proto_read(p, text.text, (size_t)text.length, "m.model", &read, &err) != SID_OK)
            assert_true(err.status == SID_EDATA);
        sid__piece_model_free(read);
        text.text[bit / 8] = (char)(text.text[bit / 8] ^ 1 << bit % 8);
    }
    sid__piece_model_free(m);
    sid__strbuf_drop(&text);
    sid_pieces_close(p);
}

/* One piece as bytes: tag and length of the field, text, score -2 and type, behind what `out` has. */
static void put(sid__strbuf *out, const char *text, size_t size, float score, int type)
{
    unsigned char bytes[64] = {0x0a, (unsigned char)(size + 9), 0x0a, (unsigned char)size};
    memcpy(bytes + 4, text, size);
    bytes[4 + size] = 0x15;
    memcpy(bytes + 5 + size, &score, 4);
    bytes[9 + size] = 0x18;
    bytes[10 + size] = (unsigned char)type;
    TEST_OK(sid__strbuf_append(out, (const char *)bytes, size + 11, err));
}

#define SYMBOL(x) "\xf3\xb0\x80" x
/* The four codes of K = (2, 2). */
static void put_codes(sid__strbuf *out)
{
    static const char *const code[] = {SYMBOL("\x80"), SYMBOL("\x81"), SYMBOL("\x82"), SYMBOL("\x83")};
    for (int s = 0; s < 4; s++)
        put(out, code[s], 4, -2, 1);
}

/* Fails when one of these is read, or its message lacks the reason. */
static void check_refused(const sid_pieces *p, const char *text, size_t size, float score, int type, const char *part)
{
    sid__strbuf bytes = {0};
    sid__piece_model *m = NULL;
    put(&bytes, "<unk>", 5, 0, 2);
    put_codes(&bytes);
    put(&bytes, text, size, score, type);
    TEST_FAILS(sid__piece_proto_read(p, bytes.text, (size_t)bytes.length, "m.model", &m, err), SID_EDATA, part);
    sid__strbuf_drop(&bytes);
}

/* Fails when pieces that are no part of a SID get in. */
static void test_refused(void **state)
{
    sid_pieces *p = made_pieces("unigram", "", same_codes(2), 2);
    (void)state;
    check_refused(p, SYMBOL("\x80") SYMBOL("\x82"), 8, NAN, 1, "score that is no number");
    check_refused(p, SYMBOL("\x80") SYMBOL("\x81"), 8, -1, 1, "levels out of order");
    check_refused(p, SYMBOL("\x82") SYMBOL("\x80"), 8, -1, 1, "levels out of order");
    check_refused(p, SYMBOL("\x80") SYMBOL("\x84"), 8, -1, 1, "character that is no code");
    check_refused(p, "\xe2\x96\x81", 3, -1, 1, "no part of a SID");
    check_refused(p, "abcd", 4, -1, 1, "character that is no code");
    check_refused(p, SYMBOL("\x80") SYMBOL("\x82") SYMBOL("\x80"), 12, -1, 1, "no part of a SID");
    check_refused(p, "<0x0A>", 6, 0, 6, "is a byte");
    check_refused(p, "name", 4, 0, 4, "user-defined");
    check_refused(p, "name", 4, 0, 7, "unknown type");
    check_refused(p, SYMBOL("\x80"), 4, -1, 1, "the same as piece 1");
    sid_pieces_close(p);
}

/* Fails when control and unused pieces shift the rows of those after them, or are lost when written again. */
static void test_ids_are_kept(void **state)
{
    const uint16_t codes[] = {0, 0};
    uint64_t rows[2];
    sid__strbuf bytes = {0}, again = {0};
    sid__piece_model *m = NULL, *read = NULL;
    sid_pieces *p = made_pieces("unigram", "", same_codes(2), 2);
    (void)state;
    put(&bytes, "<unk>", 5, 0, 2);
    put(&bytes, "<s>", 3, 0, 3);
    put(&bytes, "</s>", 4, 0, 3);
    put_codes(&bytes);
    put(&bytes, "gone", 4, 0, 5);
    put(&bytes, SYMBOL("\x80") SYMBOL("\x82"), 8, -1, 1);
    TEST_OK(sid__strbuf_append(&bytes, "\x22\x02hi\x28\x05\x35wxyz\x39stuvwxyz", 20, err)); /* fields of tomorrow */
    TEST_OK(sid__piece_proto_read(p, bytes.text, (size_t)bytes.length, "m.model", &m, err));
    assert_int_equal(m->count, 9);
    assert_int_equal(m->used, 5);
    assert_int_equal(sid__piece_model_encode(m, codes, rows), 1);
    assert_int_equal(rows[0], 8);
    TEST_OK(sid__piece_proto_write(m, &again, err));
    TEST_OK(sid__piece_proto_read(p, again.text, (size_t)again.length, "m.model", &read, err));
    assert_int_equal(sid__piece_model_encode(read, codes, rows), 1);
    assert_int_equal(rows[0], 8);
    sid__piece_model_free(read);
    sid__piece_model_free(m);
    sid__strbuf_drop(&bytes);
    sid__strbuf_drop(&again);
    sid_pieces_close(p);
}

/* Fails when the symbols of the second private plane are not where the specification has them. */
static void test_second_plane(void **state)
{
    const int codes_of[] = {65536, 3};
    const uint16_t codes[] = {65535, 2};
    uint64_t rows[2];
    sid__strbuf text = {0};
    sid__piece_model *read = NULL;
    (void)state;
    sid_pieces *p = trained("spm-bpe", "rows=70000", codes_of, 2, codes, ((const int64_t[]){5}), 1);
    TEST_OK(sid__piece_proto_write(p->model, &text, err));
    TEST_OK(sid__piece_proto_read(p, text.text, (size_t)text.length, "m.model", &read, err));
    assert_true(read->is_bpe);
    assert_int_equal(sid__piece_model_encode(read, codes, rows), 1);
    assert_int_equal(rows[0], 1);
    /* Symbols 65,535 and 65,538: U+100001, U+100004. */
    bool is_there = false;
    for (int64_t i = 0; i + 8 <= text.length; i++)
        is_there = is_there || memcmp(text.text + i, "\xf4\x80\x80\x81\xf4\x80\x80\x84", 8) == 0;
    assert_true(is_there);
    sid__piece_model_free(read);
    sid__strbuf_drop(&text);
    sid_pieces_close(p);
}

/* Fails when a model of words, or none at all, is taken for one of pieces. */
static void test_other_kinds(void **state)
{
    sid__piece_model *m = NULL;
    sid_pieces *p = made_pieces("unigram", "", same_codes(2), 2);
    (void)state;
    TEST_FAILS(sid__piece_proto_read(p, "\x12\x02\x18\x03", 4, "m.model", &m, err), SID_EDATA, "words or characters");
    TEST_FAILS(sid__piece_proto_read(p, "", 0, "m.model", &m, err), SID_EDATA, "no piece");
    TEST_FAILS(sid__piece_proto_read(p, "\x0b", 1, "m.model", &m, err), SID_EDATA, "unknown kind");
    TEST_FAILS(sid__piece_proto_read(p, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, "m.model", &m, err),
               SID_EDATA, "more than 10 bytes");
    sid_pieces_close(p);
}

/* Reads "c1 c2 c3 c4<TAB>id id ..", gives the number of ids; 0 at the end. */
static int read_cut(FILE *file, uint16_t codes[4], uint64_t ids[4])
{
    char line[256], *at = line;
    int count = 0;
    if (!fgets(line, sizeof line, file))
        return 0;
    for (int l = 0; l < 4; l++)
        codes[l] = (uint16_t)strtol(at, &at, 10);
    for (char *end = at; *at && *at != '\n'; at = end) {
        ids[count] = strtoull(at, &end, 10);
        count += end != at;
    }
    return count;
}

/* Fails when SIDs are cut otherwise than by SentencePiece 0.2.0, whose models and cuts make_pieces.py has kept, or a model of its
 * is read otherwise. */
static void test_sentencepiece(void **state)
{
    static const char *const name[] = {"theirs-unigram", "theirs-bpe", "ours-unigram", "ours-bpe"};
    (void)state;
    for (int n = 0; n < 4; n++) {
        char path[512];
        sid_pieces *p = NULL;
        uint16_t codes[4];
        uint64_t ids[4], rows[4];
        int64_t offsets[2], lines = 0;
        (void)snprintf(path, sizeof path, TEST_TREE "/tests/golden/pieces/%s.model", name[n]);
        TEST_OK(sid_pieces_read_model(ctx, &(sid_pieces_options){.codes = same_codes(16), .levels = 4}, path, &p, err));
        assert_int_equal(p->model->is_bpe, n % 2);
        (void)snprintf(path, sizeof path, TEST_TREE "/tests/golden/pieces/%s.tsv", name[n]);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        for (int count; (count = read_cut(file, codes, ids)) > 0; lines++) {
            TEST_OK(sid_pieces_rows(p, codes, NULL, 1, rows, offsets, err));
            assert_int_equal(offsets[1], count);
            assert_memory_equal(rows, ids, (size_t)count * sizeof *rows);
        }
        assert_int_equal(lines, 300);
        assert_int_equal(fclose(file), 0);
        sid_pieces_close(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),       cmocka_unit_test(test_damage),
                                       cmocka_unit_test(test_refused),      cmocka_unit_test(test_ids_are_kept),
                                       cmocka_unit_test(test_second_plane), cmocka_unit_test(test_other_kinds),
                                       cmocka_unit_test(test_sentencepiece)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
