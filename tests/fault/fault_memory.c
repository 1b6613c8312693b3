/* fault_memory.c: fault 8 of docs/reliability.md. Each allocation of each public call fails, once and for good: ours, and
 * those of SQLite and jansson. The call says SID_ENOMEM or does without, its objects are as before, nothing leaks (ASan
 * looks), and the same call then works.
 */
#include "fault.h"

enum { SAMPLED_POINTS = 50, NEW_ITEMS = 12 };

/* What the calls work on. `reader` is open on f->path. */
typedef struct bench {
    fixture *f;
    char tsv_path[PATH_MAX], jsonl_path[PATH_MAX], npy_path[PATH_MAX], sids_path[PATH_MAX], out_path[PATH_MAX];
    char changed[PATH_MAX], with_added[PATH_MAX]; /* a catalogue to change; one that holds `added` */
    sid_vectors *fitted, *added;
    sid_items *items;
    sid_encoder *encoder;
    sid_catalog *reader;
} bench;

typedef struct public_call {
    const char *name;
    sid_status (*run)(bench *b, sid_error *why); /* leaves nothing open */
    bool has_own_fault;                          /* turns the fault on and off itself */
} public_call;

static sid_status call_ctx(bench *b, sid_error *why)
{
    sid_ctx *ctx = NULL;
    (void)b;
    sid_status status = sid_ctx_create(&ctx, why);
    sid_ctx_free(ctx);
    return status;
}

static sid_status call_items_read(bench *b, sid_error *why)
{
    sid_items *items = NULL;
    sid_status status = sid_items_read(b->f->ctx, b->tsv_path, NULL, &items, why);
    sid_items_free(items);
    return status;
}

static sid_status call_jsonl_read(bench *b, sid_error *why)
{
    sid_items *items = NULL;
    sid_status status = sid_items_read(b->f->ctx, b->jsonl_path, NULL, &items, why);
    sid_items_free(items);
    return status;
}

static sid_status call_metadata(bench *b, sid_error *why)
{
    char *json = NULL;
    sid_status status = sid_items_metadata(b->items, 1, &json, why);
    sid_text_free(json);
    return status;
}

static sid_status call_vectors_read(bench *b, sid_error *why)
{
    sid_vectors *vectors = NULL;
    sid_status status = sid_vectors_read(b->f->ctx, b->npy_path, NULL, &vectors, why);
    sid_vectors_free(vectors);
    return status;
}

static sid_status call_vectors_create(bench *b, sid_error *why)
{
    sid_vectors *vectors = NULL;
    static const char *const ids[] = {"a", "b", "c"};
    sid_status status = sid_vectors_create(b->f->ctx, sid_vectors_data(b->fitted), 3, FIXTURE_DIM, ids, &vectors, why);
    sid_vectors_free(vectors);
    return status;
}

static sid_status call_vectors_synth(bench *b, sid_error *why)
{
    sid_vectors *vectors = NULL;
    sid_status status = sid_vectors_synth(b->f->ctx, 100, 8, 5, 0.1, 3, &vectors, why);
    sid_vectors_free(vectors);
    return status;
}

static sid_status call_vectors_write(bench *b, sid_error *why)
{
    return sid_vectors_write(b->f->ctx, b->added, b->out_path, NULL, why);
}

static sid_status call_encoder_fit(bench *b, sid_error *why)
{
    sid_encoder *encoder = NULL;
    sid_status status = sid_encoder_fit(b->f->ctx, b->items, &(sid_encoder_options){.options = "dim=4"}, &encoder, why);
    sid_encoder_free(encoder);
    return status;
}

static sid_status call_encoder_encode(bench *b, sid_error *why)
{
    sid_vectors *vectors = NULL;
    int64_t without = 0;
    sid_status status = sid_encoder_encode(b->f->ctx, b->encoder, b->items, &vectors, &without, why);
    sid_vectors_free(vectors);
    return status;
}

static sid_status call_fit(bench *b, sid_error *why)
{
    char path[PATH_MAX + 8];
    (void)snprintf(path, sizeof path, "%s-new", b->f->path);
    sid_status status = sid_catalog_fit(
        b->f->ctx, &(sid_fit_options){.levels = 2, .codes = "4", .items = b->items, .collisions = "digit"}, b->fitted,
        path, NULL, why);
    if (status != SID_OK && sid__path_exists(path))
        fail_msg("a failed fit leaves a catalogue: %s", why->message);
    if (temporaries_of(b->f->root) > 0)
        fail_msg("a failed fit leaves a temporary directory: %s", why->message);
    TEST_OK(sid__remove_tree(path, err));
    return status;
}

static sid_status call_open_read(bench *b, sid_error *why)
{
    sid_catalog *catalog = NULL;
    sid_status status = sid_catalog_open(b->f->ctx, b->f->path, SID_OPEN_READ, &catalog, why);
    sid_catalog_close(catalog);
    return status;
}

static sid_status call_verify(bench *b, sid_error *why)
{
    sid_verify_result result;
    return sid_catalog_verify(b->f->ctx, b->f->path, true, &result, why);
}

static sid_status call_show(bench *b, sid_error *why)
{
    sid_hits hits = {0};
    sid_status status = sid_catalog_show(b->reader, "i7", &hits, why);
    sid_hits_drop(&hits);
    return status;
}

static sid_status call_items(bench *b, sid_error *why)
{
    sid_hits hits = {0};
    sid_status status = sid_catalog_items(b->reader, &hits, why);
    sid_hits_drop(&hits);
    return status;
}

static sid_status call_decode(bench *b, sid_error *why)
{
    sid_hits exact = {0}, nearest = {0};
    sid_status status = sid_catalog_decode(b->reader, "1", 5, &exact, &nearest, why);
    sid_hits_drop(&exact);
    sid_hits_drop(&nearest);
    return status;
}

static sid_status call_neighbors(bench *b, sid_error *why)
{
    sid_hits hits = {0};
    sid_status status = sid_catalog_neighbors(b->reader, &(sid_query){.item = "i7", .k = 30}, &hits, why);
    sid_hits_drop(&hits);
    return status;
}

static sid_status call_prefixes(bench *b, sid_error *why)
{
    sid_prefixes *prefixes = NULL;
    sid_status status = sid_catalog_prefixes(b->reader, &prefixes, why);
    sid_prefixes_free(prefixes);
    return status;
}

static sid_status call_rows(bench *b, sid_error *why)
{
    sid_hits hits = {0};
    sid_status status = sid_catalog_rows(b->reader, (const int64_t[]){3, 7}, 2, &hits, why);
    sid_hits_drop(&hits);
    return status;
}

static sid_status call_encode(bench *b, sid_error *why)
{
    uint16_t codes[3 * 3];
    return sid_catalog_encode(b->reader, sid_vectors_data(b->fitted), 3, FIXTURE_DIM, codes, why);
}

static sid_status call_report(bench *b, sid_error *why)
{
    sid_report report = {0};
    char *json = NULL;
    sid_status status = sid_catalog_report(b->reader, &report, why);
    if (status == SID_OK)
        status = sid_report_json(&report, &json, why);
    sid_report_drop(&report);
    sid_text_free(json);
    return status;
}

static sid_status call_export(bench *b, sid_error *why)
{
    return sid_catalog_export(b->reader, "tsv", b->out_path, why);
}

static sid_status call_import(bench *b, sid_error *why)
{
    char path[PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s-imported", b->f->path);
    sid_status status =
        sid_catalog_import(b->f->ctx, b->sids_path, &(sid_import_options){.vectors = b->fitted}, path, NULL, why);
    if (status != SID_OK && sid__path_exists(path))
        fail_msg("a failed import leaves a catalogue: %s", why->message);
    TEST_OK(sid__remove_tree(path, err));
    return status;
}

static sid_status call_quantizer(bench *b, sid_error *why)
{
    sid_quantizer *quantizer = NULL;
    sid_status status = sid_quantizer_fit(b->f->ctx, &(sid_quantizer_options){.levels = 2, .codes = "4"},
                                          sid_vectors_data(b->fitted), FIXTURE_ITEMS, FIXTURE_DIM, &quantizer, why);
    sid_quantizer_free(quantizer);
    return status;
}

/* ---- Faults ------------------------------------------------------------------------------------------------------- */

typedef enum source { FROM_US, FROM_SQLITE, FROM_JANSSON, SOURCES } source;
static const char *const source_name[] = {"semid", "SQLite", "jansson"};

static struct {
    int64_t after, times, calls;
    source from;
    bool is_on;
} fault;

static void memory_on(void)
{
    if (!fault.is_on)
        return;
    if (fault.from == FROM_US)
        sid__mem_fail(fault.after, fault.times);
    else
        library_memory_fail(fault.from == FROM_SQLITE ? SQLITE : JANSSON, fault.after, fault.times);
}

static void memory_off(void)
{
    if (fault.is_on)
        fault.calls = fault.from == FROM_US ? sid__mem_calls() : library_memory_calls();
    fault.is_on = false;
    sid__mem_fail(-1, 0);
    library_memory_fail(SQLITE, -1, 0);
}

/* ---- Changes: the fault is on during the change itself; what the handle then shows is compared --------------------- */

static int64_t live_items(sid_catalog *catalog)
{
    sid_hits all = {0};
    TEST_OK(sid_catalog_items(catalog, &all, err));
    int64_t count = all.count;
    sid_hits_drop(&all);
    return count;
}

static void check_changed(bench *b, sid_catalog *catalog, int64_t wanted, const sid_error *why)
{
    sid_verify_result result;
    if (live_items(catalog) != wanted)
        fail_msg("%d items of %d: %s", (int)live_items(catalog), (int)wanted, why->message);
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_verify(b->f->ctx, b->changed, false, &result, err));
    assert_int_equal(result.items_walked, wanted);
}

static sid_status call_add(bench *b, sid_error *why)
{
    sid_catalog *catalog = NULL;
    sid_hits hits = {0};
    copy_tree(b->f->path, b->changed);
    TEST_OK(sid_catalog_open(b->f->ctx, b->changed, SID_OPEN_WRITE, &catalog, err));
    memory_on();
    sid_status status = sid_catalog_add(catalog, b->added, &(sid_add_options){.items = b->items}, &hits, why);
    memory_off();
    assert_int_equal(hits.count, status == SID_OK ? NEW_ITEMS : 0);
    sid_hits_drop(&hits);
    check_changed(b, catalog, FIXTURE_ITEMS + (status == SID_OK ? NEW_ITEMS : 0), why);
    return status;
}

static sid_status call_remove(bench *b, sid_error *why)
{
    const char *ids[NEW_ITEMS];
    sid_catalog *catalog = NULL;
    for (int i = 0; i < NEW_ITEMS; i++)
        ids[i] = sid_vectors_id(b->added, i);
    copy_tree(b->with_added, b->changed);
    TEST_OK(sid_catalog_open(b->f->ctx, b->changed, SID_OPEN_WRITE, &catalog, err));
    memory_on();
    sid_status status = sid_catalog_remove(catalog, ids, NEW_ITEMS, why);
    memory_off();
    check_changed(b, catalog, FIXTURE_ITEMS + (status == SID_OK ? 0 : NEW_ITEMS), why);
    return status;
}

/* What closing stores is derived: the next open does without. */
static sid_status call_close(bench *b, sid_error *why)
{
    sid_catalog *catalog = NULL;
    (void)why;
    copy_tree(b->f->path, b->changed);
    TEST_OK(sid_catalog_open(b->f->ctx, b->changed, SID_OPEN_WRITE, &catalog, err));
    TEST_OK(sid_catalog_add(catalog, b->added, NULL, NULL, err));
    memory_on();
    sid_catalog_close(catalog);
    memory_off();
    TEST_OK(sid_catalog_open(b->f->ctx, b->changed, SID_OPEN_WRITE, &catalog, err));
    check_changed(b, catalog, FIXTURE_ITEMS + NEW_ITEMS, why);
    return SID_OK;
}

static const public_call public_calls[] = {
    {"sid_ctx_create", call_ctx, false},
    {"sid_items_read tsv", call_items_read, false},
    {"sid_items_read jsonl", call_jsonl_read, false},
    {"sid_items_metadata", call_metadata, false},
    {"sid_vectors_read", call_vectors_read, false},
    {"sid_vectors_create", call_vectors_create, false},
    {"sid_vectors_synth", call_vectors_synth, false},
    {"sid_vectors_write", call_vectors_write, false},
    {"sid_encoder_fit", call_encoder_fit, false},
    {"sid_encoder_encode", call_encoder_encode, false},
    {"sid_quantizer_fit", call_quantizer, false},
    {"sid_catalog_fit", call_fit, false},
    {"sid_catalog_import", call_import, false},
    {"sid_catalog_open", call_open_read, false},
    {"sid_catalog_verify", call_verify, false},
    {"sid_catalog_show", call_show, false},
    {"sid_catalog_items", call_items, false},
    {"sid_catalog_decode", call_decode, false},
    {"sid_catalog_neighbors", call_neighbors, false},
    {"sid_catalog_prefixes", call_prefixes, false},
    {"sid_catalog_rows", call_rows, false},
    {"sid_catalog_encode", call_encode, false},
    {"sid_catalog_report", call_report, false},
    {"sid_catalog_export", call_export, false},
    {"sid_catalog_add", call_add, true},
    {"sid_catalog_remove", call_remove, true},
    {"sid_catalog_close", call_close, true},
};

/* One call with one fault; `fault` is set. */
static void try_point(bench *b, const public_call *call)
{
    char where[160];
    sid_error seen = {0};
    (void)snprintf(where, sizeof where, "%s, allocation %d of %s, %s", call->name, (int)fault.after,
                   source_name[fault.from], fault.times < 0 ? "for good" : "once");
    fault.is_on = true;
    if (!call->has_own_fault)
        memory_on();
    sid_status status = call->run(b, &seen);
    memory_off();
    /* jansson 2.14 goes on after it could not grow a token, and has then read another text. */
    bool is_jansson = fault.from == FROM_JANSSON && (status == SID_EDATA || status == SID_ECORRUPT);
    if (status != SID_OK && !is_jansson && (status != SID_ENOMEM || seen.status != SID_ENOMEM || !seen.message[0]))
        fail_msg("%s: %s: \"%s\"", where, sid_status_name(status), seen.message);
    TEST_OK(call->run(b, err));
}

static int64_t calls_of(bench *b, const public_call *call, source from)
{
    fault.after = INT64_MAX;
    fault.times = 1;
    fault.from = from;
    fault.is_on = true;
    if (!call->has_own_fault)
        memory_on();
    TEST_OK(call->run(b, err));
    memory_off();
    return fault.calls;
}

/* Fails when a call crashes, leaks, says another status than SID_ENOMEM, changes its object, or fails ever after. */
static void test_each_allocation_fails(void **state)
{
    bench *b = *state;
    int64_t tried = 0;
    for (size_t i = 0; i < sizeof public_calls / sizeof *public_calls; i++) {
        const public_call *call = &public_calls[i];
        for (source from = FROM_US; from < SOURCES; from++) {
            int64_t total = calls_of(b, call, from), points = fault_points(total, SAMPLED_POINTS / 2);
            for (int64_t point = 0; point < points; point++, tried += 2) {
                int64_t n = fault_place(SOURCES * i + (uint64_t)from, point, total);
                fault.after = n;
                fault.times = 1;
                fault.from = from;
                try_point(b, call);
                fault.after = n;
                fault.times = -1;
                try_point(b, call);
            }
            if (total)
                print_message("%s: %d allocations of %s\n", call->name, (int)total, source_name[from]);
        }
    }
    print_message("%d points tried\n", (int)tried);
}

static void write_text(const char *path, const char *text)
{
    TEST_OK(sid__replace_whole(path, text, strlen(text), err));
}

static void write_inputs(bench *b)
{
    sid__strbuf tsv = {0}, jsonl = {0};
    static const char *const word[] = {"red", "green", "blue", "shoe", "lamp", "chair", "large", "small"};
    TEST_OK(sid__strbuf_printf(&tsv, err, "item_id\ttitle\tbrand\n"));
    for (int i = 0; i < 24; i++) {
        TEST_OK(sid__strbuf_printf(&tsv, err, "i%d\t%s %s\tbrand %s\n", i, word[i % 8], word[(i * 3 + 1) % 8],
                                   word[i % 5]));
        TEST_OK(sid__strbuf_printf(&jsonl, err, "{\"item_id\": \"i%d\", \"title\": \"%s\", \"tags\": [\"%s\", 1]}\n", i,
                                   word[i % 8], word[i % 3]));
    }
    write_text(b->tsv_path, tsv.text);
    write_text(b->jsonl_path, jsonl.text);
    sid__strbuf_drop(&tsv);
    sid__strbuf_drop(&jsonl);
    TEST_OK(sid_vectors_write(b->f->ctx, b->fitted, b->npy_path, NULL, err));
    TEST_OK(sid_items_read(b->f->ctx, b->tsv_path, NULL, &b->items, err));
    TEST_OK(sid_encoder_fit(b->f->ctx, b->items, &(sid_encoder_options){.options = "dim=4"}, &b->encoder, err));
}

static void make_catalogs(bench *b)
{
    sid_catalog *catalog = NULL;
    fixture_fit(b->f, NULL, NULL);
    copy_tree(b->f->path, b->with_added);
    TEST_OK(sid_catalog_open(b->f->ctx, b->with_added, SID_OPEN_WRITE, &catalog, err));
    TEST_OK(sid_catalog_add(catalog, b->added, NULL, NULL, err));
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_open(b->f->ctx, b->f->path, SID_OPEN_READ, &b->reader, err));
    TEST_OK(sid_catalog_export(b->reader, "tsv", b->sids_path, err));
}

static int setup(void **state)
{
    bench *b = test_calloc(1, sizeof *b);
    void *f = NULL;
    library_memory_install();
    if (fixture_setup(&f) != 0)
        return -1;
    b->f = f;
    /* One thread: so that the n-th allocation is the same one in each run. */
    TEST_OK(sid_ctx_set_threads(b->f->ctx, 1, err));
    const struct {
        char *path;
        const char *name;
    } place[] = {{b->tsv_path, "items.tsv"},   {b->jsonl_path, "items.jsonl"}, {b->npy_path, "x.npy"},
                 {b->sids_path, "sids.tsv"},   {b->out_path, "out"},           {b->changed, "changed"},
                 {b->with_added, "with_added"}};
    for (size_t i = 0; i < sizeof place / sizeof *place; i++)
        (void)snprintf(place[i].path, PATH_MAX, "%s/%s", b->f->root, place[i].name);
    b->fitted = fixture_vectors(b->f, FIXTURE_ITEMS, 7, "i");
    b->added = fixture_vectors(b->f, NEW_ITEMS, 9, "n");
    write_inputs(b);
    make_catalogs(b);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    bench *b = *state;
    void *f = b->f;
    sid_catalog_close(b->reader);
    sid_encoder_free(b->encoder);
    sid_items_free(b->items);
    sid_vectors_free(b->fitted);
    sid_vectors_free(b->added);
    test_free(b);
    return fixture_teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_allocation_fails)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
