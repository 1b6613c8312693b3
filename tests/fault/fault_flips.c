/* fault_flips.c: fault 2 of docs/reliability.md. One seeded bit at a time is turned over in each file of a catalogue of texts
 * with items added and removed: verify must say so with exit code 3, and what is loaded whole is refused or the same.
 * index.bin is rebuilt with a warning; in a log that a crash left, what stands before the damage is read.
 */
#include "fault.h"

enum { TEXTS = 40, SAMPLED = IS_SANITIZED ? 200 : 1000, EVERY = 10000, WAL_CHANGES = 6 };

typedef struct artefact {
    const char *name;
    bool is_derived;  /* may be rebuilt: verify passes */
    bool is_quiet_ok; /* a bit that says nothing may pass */
} artefact;

static sid_items *texts(fixture *f, int first, int count)
{
    static const char *const thing[] = {"red lipstick", "blue shirt", "steel knife", "garden hose", "green lamp"};
    sid__strbuf text = {0};
    sid_items *items = NULL;
    char path[PATH_MAX + 16];
    TEST_OK(sid__strbuf_printf(&text, err, "item_id\ttitle\tbrand\n"));
    for (int i = first; i < first + count; i++)
        TEST_OK(sid__strbuf_printf(&text, err, "t%d\t%s of kind %d\tbrand%d\n", i, thing[i % 5], i % 7, i % 3));
    (void)snprintf(path, sizeof path, "%s/texts.tsv", f->root);
    TEST_OK(sid__replace_whole(path, text.text, (size_t)text.length, err));
    TEST_OK(sid_items_read(f->ctx, path, NULL, &items, err));
    sid__strbuf_drop(&text);
    return items;
}

static void add_texts(fixture *f, sid_catalog *catalog, int first, int count)
{
    sid_items *items = texts(f, first, count);
    sid_vectors *vectors = NULL;
    TEST_OK(sid_catalog_embed(catalog, items, &vectors, NULL, err));
    TEST_OK(sid_catalog_add(catalog, vectors, &(sid_add_options){.items = items}, NULL, err));
    sid_vectors_free(vectors);
    sid_items_free(items);
}

/* Fitted on TEXTS texts; five added, two removed; open for writing. */
static sid_catalog *make_catalogue(fixture *f)
{
    static const char *const gone[] = {"t3", "t41"};
    sid_items *items = texts(f, 0, TEXTS);
    sid_encoder *encoder = NULL;
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    TEST_OK(sid_encoder_fit(f->ctx, items, &(sid_encoder_options){.options = "dim=8"}, &encoder, err));
    TEST_OK(sid_encoder_encode(f->ctx, encoder, items, &vectors, NULL, err));
    const sid_fit_options options = {
        .levels = 2, .codes = "4", .collisions = "digit", .items = items, .encoder = encoder};
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, &catalog, err));
    add_texts(f, catalog, TEXTS, 5);
    TEST_OK(sid_catalog_remove(catalog, gone, 2, err));
    sid_vectors_free(vectors);
    sid_encoder_free(encoder);
    sid_items_free(items);
    return catalog;
}

/* All SIDs as a full load exports them; NULL: refused, which must be as damage. */
static char *load(fixture *f, const char *where)
{
    char path[PATH_MAX + 16], *text = NULL;
    int64_t size = 0;
    sid_catalog *catalog = NULL;
    sid_error why = {0};
    (void)snprintf(path, sizeof path, "%s/out.tsv", f->root);
    sid_status status = sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, &why);
    if (status == SID_OK)
        status = sid_catalog_export(catalog, "tsv", path, &why);
    sid_catalog_close(catalog);
    if (status == SID_OK)
        TEST_OK(sid__read_whole(path, 1 << 20, &text, &size, err));
    else if (sid_status_exit_code(status) != 3 || !why.message[0])
        fail_msg("%s: %s: %s", where, sid_status_name(status), why.message);
    return text;
}

/* With one bit turned over. */
static void check_flip(fixture *f, const artefact *a, const char *whole, const char *where)
{
    sid_verify_result result = {0};
    sid_error why = {0};
    f->warnings = 0;
    sid_status status = sid_catalog_verify(f->ctx, f->path, true, &result, &why);
    if (status != SID_OK && (a->is_derived || sid_status_exit_code(status) != 3 || !strstr(why.message, f->root)))
        fail_msg("%s: %s: %s", where, sid_status_name(status), why.message);
    if (status == SID_OK && !a->is_derived && !a->is_quiet_ok)
        fail_msg("%s: not found", where);
    if (a->is_derived && (!result.index_rebuilt || f->warnings != 1))
        fail_msg("%s: %d warnings", where, f->warnings);
    char *text = load(f, where);
    if (status == SID_OK && !text)
        fail_msg("%s: verify passes, loading does not", where);
    if (text && strcmp(text, whole) != 0)
        fail_msg("%s: other answers", where);
    sid__free(text);
}

static void flip_all(fixture *f, const artefact *a, uint64_t stream, const char *whole)
{
    char path[PATH_MAX + 64], index[PATH_MAX + 64], saved[PATH_MAX + 64], where[128];
    int trials = is_soak() ? EVERY : SAMPLED;
    (void)snprintf(path, sizeof path, "%s", fixture_file(f, a->name));
    (void)snprintf(index, sizeof index, "%s", fixture_file(f, "index.bin"));
    (void)snprintf(saved, sizeof saved, "%s/index.saved", f->root);
    copy_file(index, saved);
    uint64_t size = (uint64_t)file_size(path);
    for (int trial = 0; trial < trials; trial++) {
        uint64_t at = sid__philox_below(fault_seed(), SID__STREAM_TEST, stream << 32 | (uint64_t)trial, 8 * size);
        (void)snprintf(where, sizeof where, "%s, bit %d of byte %d", a->name, (int)(at % 8), (int)(at / 8));
        flip_bit(path, (int64_t)(at / 8), (int)(at % 8));
        check_flip(f, a, whole, where);
        if (a->is_derived)
            copy_file(saved, index);
        else
            flip_bit(path, (int64_t)(at / 8), (int)(at % 8));
    }
    char *after = load(f, "restored");
    assert_string_equal(after, whole);
    sid__free(after);
}

/* Fails when a bit in a file at rest is not found, or gives other answers than before. */
static void test_files_at_rest(void **state)
{
    static const artefact artefacts[] = {{.name = "manifest.json"},       {.name = "quantizer.safetensors"},
                                         {.name = "encoder.safetensors"}, {.name = "vectors.npy"},
                                         {.name = "metrics.json"},        {.name = "items.db"},
                                         {.name = "items.sum"},           {.name = "index.bin", .is_derived = true}};
    fixture *f = *state;
    sid_catalog_close(make_catalogue(f));
    char *whole = load(f, "whole");
    for (size_t i = 0; i < sizeof artefacts / sizeof *artefacts; i++)
        flip_all(f, &artefacts[i], i, whole);
    sid__free(whole);
    print_message("%d flips in each of %d files\n", is_soak() ? EVERY : SAMPLED,
                  (int)(sizeof artefacts / sizeof *artefacts));
}

/* Fails when damage in items.db goes unseen where no sum stands beside it, as after a crash, and changes an answer. */
static void test_items_without_a_sum(void **state)
{
    const artefact items = {.name = "items.db", .is_quiet_ok = true};
    fixture *f = *state;
    sid_catalog_close(make_catalogue(f));
    assert_int_equal(unlink(fixture_file(f, "items.sum")), 0);
    char *whole = load(f, "whole");
    flip_all(f, &items, 100, whole);
    sid__free(whole);
}

/* Fails when a damaged log, which SQLite reads up to the damage, gives a state that no change ended with. */
static void test_log_of_a_crash(void **state)
{
    fixture *f = *state;
    char crashed[PATH_MAX], *states[WAL_CHANGES + 1], where[64], path[PATH_MAX + 64];
    int older = 0, trials = is_soak() ? EVERY : SAMPLED;
    (void)snprintf(crashed, sizeof crashed, "%s/crashed", f->root);
    sid_catalog_close(make_catalogue(f));
    sid_catalog *catalog = NULL;
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, err));
    for (int i = 0; i <= WAL_CHANGES; i++) {
        if (i > 0)
            add_texts(f, catalog, 100 * i, 3);
        states[i] = load(f, "while it grows");
    }
    copy_tree(f->path, crashed); /* as kill -9 leaves it */
    sid_catalog_close(catalog);
    copy_tree(crashed, f->path);
    assert_int_equal(unlink(fixture_file(f, "items.db-shm")), 0);
    (void)snprintf(path, sizeof path, "%s", fixture_file(f, "items.db-wal"));
    uint64_t size = (uint64_t)file_size(path);
    for (int trial = 0; trial < trials; trial++) {
        uint64_t at =
            sid__philox_below(fault_seed(), SID__STREAM_TEST, (uint64_t)200 << 32 | (uint64_t)trial, 8 * size);
        (void)snprintf(where, sizeof where, "the log, bit %d of byte %d", (int)(at % 8), (int)(at / 8));
        flip_bit(path, (int64_t)(at / 8), (int)(at % 8));
        char *text = load(f, where);
        int seen = WAL_CHANGES;
        while (text && seen >= 0 && strcmp(text, states[seen]) != 0)
            seen--;
        if (seen < 0)
            fail_msg("%s: a state that never was", where);
        older += text && seen < WAL_CHANGES;
        sid__free(text);
        (void)unlink(fixture_file(f, "items.db-shm"));
        flip_bit(path, (int64_t)(at / 8), (int)(at % 8));
    }
    print_message("%d flips in the log of a crash: %d times an older state\n", trials, older);
    for (int i = 0; i <= WAL_CHANGES; i++)
        sid__free(states[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_files_at_rest), FIXTURE_TEST(test_items_without_a_sum),
                                       FIXTURE_TEST(test_log_of_a_crash)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
