/* cmd_neighbors.c: semid neighbors: what stands near an item, a prefix, a vector or a text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inputs.h"
#include "label_words.h"
#include "output.h"
#include "verbs.h"

static const cli_column column[] = {{.name = "item_id"},
                                    {.name = "sid"},
                                    {.name = "shared", .type = CLI_COLUMN_INT},
                                    {.name = "distance", .type = CLI_COLUMN_FLOAT},
                                    {.name = "label", .is_wide_only = true},
                                    {.name = "title", .is_wide_only = true}};
enum { LABEL_DEPTH = 2 };

/* "0.1,0.2" into `out` (SID_DIM_MAX floats); *dim: how many. */
static sid_status parse_numbers(cli_app *app, const char *text, float *out, int *dim)
{
    for (const char *at = text;;) {
        char *end = NULL;
        float number = strtof(at, &end);
        if (end == at || (*end && *end != ',') || !(number > -1e15f && number < 1e15f))
            return cli_fail(app, SID_EUSAGE, "--vector: a number is expected at \"%.40s\"; give a file or 0.1,0.2,...",
                            at);
        if (*dim == SID_DIM_MAX)
            return cli_fail(app, SID_EUSAGE, "--vector has more than %d numbers", SID_DIM_MAX);
        out[(*dim)++] = number;
        if (!*end)
            return SID_OK;
        at = end + 1;
    }
}

/* --vector FILE.npy or 0.1,0.2; `file` gets what must live as long as the query. */
static sid_status read_vector(cli_app *app, const char *text, sid_query *query, sid_vectors **file, float **numbers)
{
    if (!cli_is_vectors_path(text)) {
        *numbers = cli_alloc(SID_DIM_MAX, sizeof **numbers);
        CLI_TRY(parse_numbers(app, text, *numbers, &query->vector_dim));
        query->vector = *numbers;
        return SID_OK;
    }
    CLI_TRY(sid_vectors_read(app->ctx, text, NULL, file, &app->err));
    if (sid_vectors_count(*file) != 1)
        return cli_fail(app, SID_EDATA, "%s has %lld rows; one is expected", text, (long long)sid_vectors_count(*file));
    query->vector_dim = sid_vectors_dim(*file);
    *numbers = cli_alloc((size_t)query->vector_dim, sizeof **numbers);
    query->vector = *numbers;
    return sid_vectors_rows(*file, 0, 1, *numbers, &app->err);
}

static sid_status check_one_query(cli_app *app)
{
    static const char *const kind[] = {"item", "prefix", "vector", "text"};
    int count = 0;
    for (int i = 0; i < CLI_COUNT(kind); i++)
        count += cli_is_given(app, kind[i]);
    if (count == 1)
        return SID_OK;
    return cli_fail(app, SID_EUSAGE, "%s of --item, --prefix, --vector, --text; give exactly one",
                    count ? "more than one" : "none");
}

/* What the item and the query have in common, by the codes that they share. */
static const char *shared_words(const sid_labels *labels, const sid_item *item)
{
    return cli_label_words(labels, item->sid, item->shared < LABEL_DEPTH ? item->shared : LABEL_DEPTH);
}

static void print(const cli_app *app, const sid_hits *hits, const sid_labels *labels)
{
    cli_table table;
    cli_table_begin(&table, app, column, CLI_COUNT(column));
    for (int64_t i = 0; i < hits->count; i++)
        cli_table_row(&table, (cli_cell[]){{.text = hits->row[i].item_id},
                                           {.text = hits->row[i].sid},
                                           {.integer = hits->row[i].shared},
                                           {.number = hits->row[i].distance},
                                           {.text = shared_words(labels, &hits->row[i])},
                                           {.text = hits->row[i].title}});
    cli_table_end(&table);
}

/* A query of which half is unknown gets an answer to the other half: that is said. */
static sid_status note_unknown(cli_app *app, sid_catalog *catalog, const char *text)
{
    char *words = NULL;
    CLI_TRY(sid_catalog_unknown_words(catalog, text, &words, &app->err));
    if (words)
        cli_note(app, "the encoder does not know: %s", words);
    sid_text_free(words);
    return SID_OK;
}

static sid_status answer(cli_app *app, sid_catalog *catalog, const void *query)
{
    sid_hits hits = {0};
    sid_labels labels = {0};
    const sid_query *asked = query;
    sid_status status = sid_catalog_neighbors(catalog, asked, &hits, &app->err);
    if (status == SID_OK && asked->text)
        status = note_unknown(app, catalog, asked->text);
    if (status == SID_OK && app->format != CLI_FORMAT_TSV) /* which has no words */
        status = cli_labels_read(app, catalog, LABEL_DEPTH, &labels);
    if (status == SID_OK)
        print(app, &hits, &labels);
    sid_labels_drop(&labels);
    sid_hits_drop(&hits);
    return status;
}

static sid_status run(cli_app *app)
{
    sid_vectors *file = NULL;
    float *numbers = NULL;
    CLI_TRY(check_one_query(app));
    sid_query query = {.item = cli_text(app, "item"),
                       .prefix = cli_text(app, "prefix"),
                       .text = cli_text(app, "text"),
                       .k = (int)cli_int(app, "k")};
    sid_status status = SID_OK;
    if (cli_is_given(app, "vector"))
        status = read_vector(app, cli_text(app, "vector"), &query, &file, &numbers);
    if (status == SID_OK)
        status = cli_with_catalog(app, answer, &query);
    sid_vectors_free(file);
    free(numbers);
    return status;
}

static const cli_option options[] = {
    {.name = "item", .type = CLI_TEXT, .value = "ID", .help = "near this item (never itself)"},
    {.name = "prefix", .type = CLI_TEXT, .value = "SID", .help = "items below this prefix, such as 12-153"},
    {.name = "vector",
     .type = CLI_TEXT,
     .value = "FILE|LIST",
     .help = "near a vector: x.npy with one row, or 0.1,0.2,..."},
    {.name = "text", .type = CLI_TEXT, .value = "TEXT", .help = "near a text, by the catalogue's encoder"},
    CLI_OPTION_K("how many", "10", 1),
    CLI_OPTION_CATEGORY,
    CLI_OPTION_CATEGORY_SEPARATOR};
static const char *const examples[] = {"neighbors catalog --item B01 -k 5", "neighbors catalog --text \"red lipstick\"",
                                       "neighbors catalog --prefix 12-153 --format json",
                                       "neighbors catalog --vector query.npy"};

const cli_command cli_neighbors = {
    .name = "neighbors",
    .summary = "list what stands near an item, a prefix, a vector or a text",
    .usage = "neighbors CATALOG --item ID | --prefix SID | --vector FILE | --text TEXT [-k N]",
    .about =
        "Prints item_id, sid, shared (levels of common prefix) and distance; the longest shared prefix first, then the "
        "true distance. Tables and JSON show titles too, and in words what the first two codes stand for (see semid "
        "label).",
    CLI_OF_CATALOG,
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .run = run};
