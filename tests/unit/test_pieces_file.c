/* test_pieces_file.c: pieces as directories and files. */
#include "io/sha256.h"
#include "io_help.h"
#include "pieces_case.h"

enum { COUNT = 500, LEVELS = 3, K = 8 };

/* Pieces of any scheme, learned from made_codes. */
static sid_pieces *made(const char *scheme, const char *options)
{
    uint16_t *codes = made_codes(COUNT, LEVELS, K);
    sid_pieces *p = NULL;
    TEST_OK(sid_pieces_train(
        ctx,
        &(sid_pieces_options){
            .scheme = scheme, .options = options, .codes = same_codes(K), .levels = LEVELS, .fingerprint = "0123"},
        codes, NULL, NULL, COUNT, &p, err));
    free(codes);
    return p;
}

static void check_same_rows(const sid_pieces *a, const sid_pieces *b)
{
    uint16_t *codes = made_codes(COUNT, LEVELS, K);
    uint64_t rows[2][COUNT * LEVELS];
    int64_t offsets[2][COUNT + 1];
    TEST_OK(sid_pieces_rows(a, codes, NULL, COUNT, rows[0], offsets[0], err));
    TEST_OK(sid_pieces_rows(b, codes, NULL, COUNT, rows[1], offsets[1], err));
    assert_memory_equal(offsets[0], offsets[1], sizeof offsets[0]);
    assert_memory_equal(rows[0], rows[1], (size_t)offsets[0][COUNT] * sizeof(uint64_t));
    free(codes);
}

static void write_bytes(const char *path, const char *bytes, size_t size)
{
    TEST_OK(sid__replace_whole(path, bytes, size, err));
}

static int end(void **state)
{
    (void)tear_down(state);
    return remove_temporary(state);
}

/* Fails when pieces of any scheme that were kept give other rows, or say other things of themselves. */
static void test_round(void **state)
{
    static const char *const options[] = {"rows=100", "hash=mod,rows=101", "hash=key,seed=7", "rows=80", "hash=none"};
    char path[512];
    (void)state;
    (void)snprintf(path, sizeof path, "%s", temporary_path("pieces"));
    for (int f = 0; f < sid_pieces_family_count(); f++)
        for (int o = 0; o < 5; o++) {
            bool is_learned = strncmp(sid_pieces_family(f)->name, "spm", 3) == 0;
            sid_pieces_info before, after;
            sid_pieces *p, *back = NULL;
            if (is_learned && strchr(options[o], 'h'))
                continue;
            p = made(sid_pieces_family(f)->name, options[o]);
            TEST_OK(sid_pieces_save(p, path, true, err));
            TEST_OK(sid_pieces_open(ctx, path, &back, err));
            sid_pieces_get_info(p, &before);
            sid_pieces_get_info(back, &after);
            assert_string_equal(before.scheme, after.scheme);
            assert_string_equal(before.options, after.options);
            assert_string_equal(after.fingerprint, "0123");
            assert_int_equal(before.rows, after.rows);
            assert_int_equal(before.pieces, after.pieces);
            check_same_rows(p, back);
            sid_pieces_close(back);
            sid_pieces_close(p);
        }
    TEST_OK(sid__remove_tree(path, err));
}

/* Fails when what stands at the place is lost, or pieces there are not replaced when asked. */
static void test_place(void **state)
{
    char path[512], file[600];
    sid_pieces *p = made("unigram", "hash=none"), *back = NULL;
    (void)state;
    (void)snprintf(path, sizeof path, "%s/", temporary_path("place"));
    TEST_OK(sid_pieces_save(p, path, false, err));
    TEST_FAILS(sid_pieces_save(p, path, false, err), SID_EEXISTS, "--force replaces it");
    TEST_OK(sid_pieces_save(p, path, true, err));
    TEST_OK(sid_pieces_open(ctx, path, &back, err));
    sid_pieces_close(back);
    (void)snprintf(file, sizeof file, "%smanifest.json", path);
    TEST_OK(sid__replace_whole(file, "{}", 2, err));
    TEST_FAILS(sid_pieces_save(p, path, true, err), SID_EEXISTS, "holds no pieces");
    TEST_OK(sid__remove_tree(temporary_path("place"), err));
    TEST_FAILS(sid_pieces_save(p, "", false, err), SID_EUSAGE, "no path");
    TEST_FAILS(sid_pieces_save(p, "/no/such/place", false, err), SID_EIO, "/no/such");
    sid_pieces_close(p);
}

/* Fails when a flipped or missing byte of either file is not found. */
static void test_damage(void **state)
{
    static const char *const name[] = {"manifest.json", "pieces.model"};
    char path[512], file[600];
    sid_pieces *p = made("spm-bpe", "rows=60"), *back = NULL;
    (void)state;
    (void)snprintf(path, sizeof path, "%s", temporary_path("damaged"));
    for (int f = 0; f < 2; f++) {
        size_t size = 0;
        TEST_OK(sid_pieces_save(p, path, true, err));
        (void)snprintf(file, sizeof file, "%s/%s", path, name[f]);
        char *bytes = read_bytes(file, &size);
        for (size_t at = 0; at < size; at += 1 + size / 40) {
            bytes[at] ^= 4;
            write_bytes(file, bytes, size);
            assert_int_not_equal(sid_pieces_open(ctx, path, &back, NULL), SID_OK);
            bytes[at] ^= 4;
        }
        write_bytes(file, bytes, size - 1);
        TEST_FAILS(sid_pieces_open(ctx, path, &back, err), SID_ECORRUPT, name[f]);
        write_bytes(file, bytes, size);
        free(bytes);
    }
    sid_pieces_close(p);
    TEST_OK(sid__remove_tree(path, err));
}

/* A manifest that says what `text` does, its hash right. */
static void write_manifest(const char *path, const char *text)
{
    char hex[SID__SHA256_HEX_SIZE], file[600], whole[2048];
    (void)snprintf(file, sizeof file, "%s/manifest.json", path);
    sid__sha256_bytes(text, strlen(text), hex);
    (void)snprintf(whole, sizeof whole, "%s,\n  \"sha256\": \"%s\"\n}\n", text, hex);
    TEST_OK(sid__replace_whole(file, whole, strlen(whole), err));
}

/* Fails when a directory of another kind, or one that cannot be, is opened. */
static void test_other_manifests(void **state)
{
#define FORMAT "\"format\": {\"major\": 1, \"minor\": 0}"
    static const char *const bad[][2] = {
        {"{\"kind\": \"catalog\"", "is a catalogue"},
        {"{\"kind\": \"model\"", "is a model"},
        {"{\"kind\": \"pieces\", \"format\": {\"major\": 2}", "it reads format 1"},
        {"{\"kind\": \"pieces\", " FORMAT ", \"requires\": [\"x\"]", "it reads format 1"},
        {"{\"kind\": \"pieces\", " FORMAT, "\"scheme\" is missing"},
        {"{\"kind\": \"pieces\", " FORMAT ", \"scheme\": \"unigram\", \"options\": \"\", \"fingerprint\": \"\"",
         "\"codes\" is missing"},
        {"{\"kind\": \"pieces\", " FORMAT
         ", \"scheme\": \"unigram\", \"options\": \"\", \"fingerprint\": \"\", \"codes\": [65537]",
         "\"codes\" is missing"},
        {"{\"kind\": \"pieces\", " FORMAT
         ", \"scheme\": \"none\", \"options\": \"\", \"fingerprint\": \"\", \"codes\": [4]",
         "is unknown"}};
    char path[512];
    sid_pieces *p = NULL;
    (void)state;
    (void)snprintf(path, sizeof path, "%s", temporary_path("other"));
    TEST_FAILS(sid_pieces_open(ctx, path, &p, err), SID_ENOTFOUND, "there are no such pieces");
    TEST_OK(sid__directory_create(path, err));
    TEST_FAILS(sid_pieces_open(ctx, path, &p, err), SID_EDATA, "holds no manifest.json");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sid_error err = {0};
        write_manifest(path, bad[i][0]);
        assert_int_not_equal(sid_pieces_open(ctx, path, &p, &err), SID_OK);
        if (!strstr(err.message, bad[i][1]))
            fail_msg("\"%s\" lacks \"%s\"", err.message, bad[i][1]);
    }
    TEST_OK(sid__remove_tree(path, err));
#undef FORMAT
}

/* Fails when pieces written for SentencePiece do not come back with the rows they had. */
static void test_models(void **state)
{
    static const char *const scheme[] = {"spm-unigram", "spm-bpe"};
    char path[512];
    (void)state;
    (void)snprintf(path, sizeof path, "%s", temporary_path("p.model"));
    for (int s = 0; s < 2; s++) {
        sid_pieces *p = made(scheme[s], "rows=90"), *back = NULL;
        sid_pieces_info info;
        TEST_OK(sid_pieces_export(p, "spm", path, err));
        TEST_OK(sid_pieces_read_model(
            ctx, &(sid_pieces_options){.codes = same_codes(K), .levels = LEVELS, .fingerprint = "77"}, path, &back,
            err));
        sid_pieces_get_info(back, &info);
        assert_string_equal(info.scheme, scheme[s]);
        assert_string_equal(info.options, "rows=90");
        assert_string_equal(info.fingerprint, "77");
        check_same_rows(p, back);
        sid_pieces_close(back);
        TEST_FAILS(sid_pieces_read_model(ctx, &(sid_pieces_options){.codes = same_codes(K + 1), .levels = LEVELS}, path,
                                         &back, err),
                   SID_EDATA, "p.model");
        TEST_OK(sid_pieces_export(p, "tokenizer", path, err));
        TEST_FAILS(sid_pieces_read_model(ctx, &(sid_pieces_options){.codes = same_codes(K), .levels = LEVELS}, path,
                                         &back, err),
                   SID_EDATA, "p.model");
        sid_pieces_close(p);
    }
    (void)remove(path);
}

/* Fails when the table of pieces lacks one, or a scheme without a vocabulary is written as if it had one. */
static void test_export(void **state)
{
    char path[512];
    size_t size = 0, lines = 0;
    sid_pieces *p = made("spm-bpe", "rows=60");
    (void)state;
    (void)snprintf(path, sizeof path, "%s", temporary_path("p.tsv"));
    TEST_OK(sid_pieces_export(p, "tsv", path, err));
    char *bytes = read_bytes(path, &size);
    for (size_t i = 0; i < size; i++)
        lines += bytes[i] == '\n';
    assert_int_equal(lines, 1 + 59);
    assert_memory_equal(bytes, "row\tlevel\tcodes\tscore\n1\t", 24);
    free(bytes);
    (void)remove(path);
    TEST_FAILS(sid_pieces_export(p, "csv", path, err), SID_EUSAGE, "known are spm, tokenizer, tsv");
    sid_pieces_close(p);
    p = made("prefix-ngram", "rows=60");
    TEST_FAILS(sid_pieces_export(p, "spm", path, err), SID_EUSAGE, "prefix-ngram has no pieces to write");
    sid_pieces_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round),  cmocka_unit_test(test_place),
                                       cmocka_unit_test(test_damage), cmocka_unit_test(test_other_manifests),
                                       cmocka_unit_test(test_models), cmocka_unit_test(test_export)};
    return cmocka_run_group_tests(tests, set_up, end);
}
