#include "test.h"

#include <locale.h>

#include <unistd.h>

#include "io/manifest.h"

static sid__manifest sample(void)
{
    sid__manifest m = {.major = SID__MANIFEST_MAJOR,
                       .minor = SID__MANIFEST_MINOR,
                       .family = "rkmeans",
                       .options = "refine=3,text=(\"a\\b\")",
                       .levels = 2,
                       .codes = {256, 65536},
                       .seed = INT64_MAX,
                       .dim = 384,
                       .prepared_dim = 64,
                       .normalization = "l2",
                       .collisions = "digit",
                       .digit_style = "grid",
                       .digit_codes = 16,
                       .has_encoder = true,
                       .encoder = "lsa",
                       .encoder_fields = "title:2",
                       .encoder_options = "dim=128",
                       .encoder_seed = 7,
                       .encoder_fingerprint = "lsa/1 utf8proc 2.8.0",
                       .fitted_items = 12101,
                       .fitted_digest = "0123456789abcdef0123456789abcdef",
                       .largest_bucket = 5,
                       .mean_residual = 0.1,
                       .file = {{"quantizer.safetensors", 12, ""}, {"vectors.npy", INT64_MAX, ""}},
                       .file_count = 2};
    memset(m.file[0].sha256, 'a', 64);
    memset(m.file[1].sha256, '0', 64);
    (void)snprintf(m.parent, sizeof m.parent, "%s", m.fitted_digest);
    assert_int_equal(sid__manifest_set_id(&m, NULL), SID_OK);
    return m;
}

static char *text_of(const sid__manifest *m, size_t *size)
{
    sid__strbuf text = {0};
    TEST_OK(sid__manifest_text(m, &text, err));
    *size = (size_t)text.length;
    return sid__strbuf_take(&text);
}

/* Fails when a member is written or read wrongly, or left out. */
static void text_reads_back_equal(void **state)
{
    (void)state;
    sid__manifest first = sample(), second;
    size_t size = 0;
    char *text = text_of(&first, &size);
    TEST_OK(sid__manifest_check_hash(text, size, "m", err));
    TEST_OK(sid__manifest_parse(text, size, "m", &second, err));
    assert_memory_equal(&first, &second, sizeof first);
    sid__free(text);
    first.has_encoder = false;
    memset(first.encoder, 0, sizeof first.encoder);
    memset(first.encoder_fields, 0, sizeof first.encoder_fields);
    memset(first.encoder_options, 0, sizeof first.encoder_options);
    memset(first.encoder_fingerprint, 0, sizeof first.encoder_fingerprint);
    first.encoder_seed = 0;
    first.parent[0] = 0;
    memset(first.parent, 0, sizeof first.parent);
    text = text_of(&first, &size);
    TEST_OK(sid__manifest_parse(text, size, "m", &second, err));
    assert_memory_equal(&first, &second, sizeof first);
    sid__free(text);
}

/* Fails when numbers are written by printf alone: more digits than it takes and, where the locale has one, a comma. */
static void numbers_do_not_depend_on_the_locale(void **state)
{
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "ru_RU.UTF-8"};
    locale_t comma = (locale_t)0;
    for (size_t i = 0; i < sizeof commas / sizeof *commas && !comma; i++)
        comma = newlocale(LC_NUMERIC_MASK, commas[i], (locale_t)0);
    if (!comma)
        print_message("no locale with a decimal comma is installed: only the digits are compared\n");
    locale_t before = comma ? uselocale(comma) : (locale_t)0;
    sid__manifest first = sample(), second;
    size_t size = 0;
    first.mean_residual = 0.1;
    char *text = text_of(&first, &size);
    assert_non_null(strstr(text, "\"mean_residual\": 0.1}"));
    TEST_OK(sid__manifest_parse(text, size, "m", &second, err));
    assert_true(second.mean_residual == 0.1);
    if (comma) {
        (void)uselocale(before);
        freelocale(comma);
    }
    sid__free(text);
}

/* Fails when any byte of the text is outside the hash and the fixed end. */
static void every_flipped_bit_is_found(void **state)
{
    (void)state;
    sid__manifest m = sample();
    size_t size = 0;
    char *text = text_of(&m, &size);
    for (size_t at = 0; at < size; at++)
        for (int bit = 0; bit < 8; bit++) {
            text[at] = (char)(text[at] ^ 1 << bit);
            TEST_FAILS(sid__manifest_check_hash(text, size, "m.json", err), SID_ECORRUPT, "m.json: SHA-256 differs");
            text[at] = (char)(text[at] ^ 1 << bit);
        }
    for (size_t cut = 0; cut < size; cut++)
        TEST_FAILS(sid__manifest_check_hash(text, cut, "m", err), SID_ECORRUPT, "SHA-256");
    sid__free(text);
}

/* Fails when truncated JSON is taken, or crashes the parser. */
static void every_truncation_is_refused(void **state)
{
    (void)state;
    sid__manifest m = sample(), out;
    size_t size = 0;
    char *text = text_of(&m, &size);
    for (size_t cut = 0; cut + 2 < size; cut++) {
        sid_error err = {0};
        assert_int_not_equal(sid__manifest_parse(text, cut, "m", &out, &err), SID_OK);
        assert_int_not_equal(err.message[0], 0);
    }
    sid__free(text);
}

/* The text with `from` replaced by `to` once, parsed. */
static sid_status parse_changed(const char *from, const char *to, sid_error *err)
{
    sid__manifest m = sample(), out;
    size_t size = 0;
    char *text = text_of(&m, &size), *at = strstr(text, from);
    sid__strbuf changed = {0};
    assert_non_null(at);
    assert_int_equal(sid__strbuf_append(&changed, text, (size_t)(at - text), NULL), SID_OK);
    assert_int_equal(sid__strbuf_printf(&changed, NULL, "%s%s", to, at + strlen(from)), SID_OK);
    sid_status status = sid__manifest_parse(changed.text, (size_t)changed.length, "m.json", &out, err);
    sid__strbuf_drop(&changed);
    sid__free(text);
    return status;
}

/* Fails when a member of a wrong type or range is believed. */
static void wrong_members_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *part;
    } trial[] = {
        {"\"levels\": 2", "\"levels\": 65", "member \"levels\": a whole number from 1 to 64"},
        {"\"levels\": 2", "\"levels\": 3", "member \"codes\": one number a level"},
        {"[256, ", "[1, ", "member \"codes\": numbers from 2"},
        {"[256, ", "[2.5, ", "member \"codes\""},
        {"\"dim\": 384", "\"dim\": 0", "member \"dim\""},
        {"\"dim\": 384", "\"dim\": \"384\"", "member \"dim\""},
        {"\"family\": \"rkmeans\"", "\"family\": null", "member \"family\": a text"},
        {"rkmeans", "0123456789012345678901234567890123456789012345678901234567890123", "below 64 bytes"},
        {"\"digest\": \"01", "\"digest\": \"0G", "32 hexadecimal digits"},
        {"\"sha256\": \"aa", "\"sha256\": \"aA", "64 hexadecimal digits"},
        {"\"vectors.npy\"", "\"../vectors\"", "plain file names"},
        {"\"vectors.npy\"", "\"a/vectors.n\"", "plain file names"},
        {"\"mean_residual\": 0.1", "\"mean_residual\": -1", "mean_residual"},
        {"\"encoder\": {", "\"encoder\": 3, \"x\": {", "member \"encoder\": an object or null"},
        {"\"files\": {", "\"files\": 3, \"x\": {", "member \"files\": an object"},
        {"\"requires\": []", "\"requires\": 3", "member \"requires\""},
        {"\"requires\": []", "\"requires\": [3]", "member \"requires\""},
        {"\"format\"", "\"formal\"", "member \"format\""},
    };
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++)
        TEST_FAILS(parse_changed(trial[i].from, trial[i].to, err), SID_ECORRUPT, trial[i].part);
}

/* Fails when another major or an unknown feature is read, or a later minor with new members is refused. */
static void versions_are_told_apart(void **state)
{
    (void)state;
    TEST_FAILS(parse_changed("\"major\": 1", "\"major\": 2", err), SID_EVERSION, "format 2.0; semid 0.1.0 reads 1.x");
    TEST_FAILS(parse_changed("\"requires\": []", "\"requires\": [\"warp-drive\"]", err), SID_EVERSION,
               "\"warp-drive\"");
    TEST_OK(parse_changed("\"minor\": 0", "\"minor\": 9, \"later\": [1]", err));
    TEST_OK(parse_changed("\"requires\": []", "\"requires\": [], \"later\": {\"a\": 1}", err));
}

/* Fails when the id depends on nothing, or on itself. */
static void id_covers_the_content(void **state)
{
    (void)state;
    sid__manifest a = sample(), b = sample();
    assert_string_equal(a.id, b.id);
    TEST_OK(sid__manifest_set_id(&b, err));
    assert_string_equal(a.id, b.id);
    b.fitted_digest[0] = 'f';
    TEST_OK(sid__manifest_set_id(&b, err));
    assert_string_not_equal(a.id, b.id);
}

/* Fails when write and read disagree, or record keeps another size or hash than the file's. */
static void files_are_written_read_and_recorded(void **state)
{
    (void)state;
    char root[] = "/tmp/semid-manifest-XXXXXX", path[64], data[64];
    assert_non_null(mkdtemp(root));
    (void)snprintf(path, sizeof path, "%s/manifest.json", root);
    (void)snprintf(data, sizeof data, "%s/abc", root);
    TEST_OK(sid__replace_whole(data, "abc", 3, err));
    sid__manifest first = sample(), second;
    TEST_OK(sid__manifest_record(&first, root, "abc", err));
    const sid__manifest_file *file = sid__manifest_find(&first, "abc");
    assert_non_null(file);
    assert_int_equal(file->size, 3);
    /* FIPS 180-4's example. */
    assert_string_equal(file->sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_null(sid__manifest_find(&first, "abd"));
    TEST_OK(sid__manifest_write(&first, path, err));
    TEST_OK(sid__manifest_read(path, &second, err));
    assert_memory_equal(&first, &second, sizeof first);
    TEST_FAILS(sid__manifest_read(data, &second, err), SID_ECORRUPT, "SHA-256");
    TEST_FAILS(sid__manifest_record(&first, root, "missing", err), SID_EIO, "missing");
    TEST_FAILS(sid__manifest_write(&first, "/nowhere/m", err), SID_EIO, "/nowhere/m");
    first.file_count = SID__MANIFEST_FILES_MAX;
    TEST_FAILS(sid__manifest_record(&first, root, "abc", err), SID_EINTERNAL, "16");
    TEST_OK(sid__remove_tree(root, err));
}

/* Fails when an allocation that fails is ignored or leaks (under ASan). */
static void failing_memory_is_reported(void **state)
{
    (void)state;
    sid__manifest m = sample();
    for (int64_t after = 0; after < 3; after++) {
        sid__strbuf text = {0};
        sid__mem_fail(after, -1);
        sid_status status = sid__manifest_text(&m, &text, NULL);
        sid__mem_fail(-1, 0);
        assert_int_equal(status, SID_ENOMEM);
        sid__strbuf_drop(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_reads_back_equal),      cmocka_unit_test(numbers_do_not_depend_on_the_locale),
        cmocka_unit_test(every_flipped_bit_is_found), cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(wrong_members_are_named),    cmocka_unit_test(versions_are_told_apart),
        cmocka_unit_test(id_covers_the_content),      cmocka_unit_test(files_are_written_read_and_recorded),
        cmocka_unit_test(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
