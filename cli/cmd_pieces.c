/* cmd_pieces.c: semid pieces: SIDs as rows of an embedding table, for rankers. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "inputs.h"
#include "output.h"
#include "pieces_input.h"
#include "verbs.h"

/* Rows of all items; free both. */
typedef struct item_rows {
    uint64_t *rows;
    int64_t *offsets; /* (count + 1) */
} item_rows;

static sid_status make_rows(cli_app *app, const sid_pieces *pieces, const cli_item_codes *items, item_rows *out)
{
    sid_pieces_info info;
    sid_pieces_get_info(pieces, &info);
    out->rows = cli_alloc((size_t)items->count + 1, (size_t)info.item_rows_max * sizeof *out->rows);
    out->offsets = cli_alloc((size_t)items->count + 1, sizeof *out->offsets);
    return sid_pieces_rows(pieces, items->codes, items->known, items->count, out->rows, out->offsets, &app->err);
}

static void drop_rows(item_rows *rows)
{
    free(rows->rows);
    free(rows->offsets);
}

/* ---- train ---- */

static json_t *deciles_json(const cli_lookups *lookups)
{
    json_t *list = json_array();
    for (int d = 0; d < CLI_DECILES; d++)
        (void)json_array_append_new(list, cli_json_number(lookups->decile[d]));
    return list;
}

static void print_json(const cli_app *app, const sid_pieces_info *info, const cli_item_codes *items,
                       const cli_lookups *lookups, const char *path, double train_s)
{
    cli_print_object(
        app, json_pack("{s:i,s:s,s:s,s:s,s:s,s:I,s:I,s:i,s:I,s:I,s:o,s:o,s:o,s:o}", "format", 1, "path", path, "scheme",
                       info->scheme, "options", info->options, "fingerprint", info->fingerprint, "rows",
                       (json_int_t)info->rows, "pieces", (json_int_t)info->pieces, "item_rows_max", info->item_rows_max,
                       "items", (json_int_t)items->count, "items_without_sid", (json_int_t)items->missing, "mean_rows",
                       cli_json_number(lookups->mean), "weighted_rows", cli_json_number(lookups->weighted),
                       "mean_rows_by_decile", deciles_json(lookups), "train_s", cli_json_number(train_s)));
}

/* "1.00 1.02 .. 2.71 by tenths of the items, most shown first; 1.10 weighted" */
static void say_lookups(cli_app *app, const sid_pieces_info *info, const cli_lookups *lookups, bool has_weights)
{
    char *list = cli_keep(app, "%s", "");
    for (int d = 0; d < CLI_DECILES; d++)
        list = cli_keep(app, "%s %.2f", list, lookups->decile[d]);
    if (info->has_same_size)
        cli_note(app, "rows an item: %d", info->item_rows_max);
    else if (has_weights)
        cli_note(app, "rows an item: %.2f, weighted by events %.2f; by tenths of the items, most events first:%s",
                 lookups->mean, lookups->weighted, list);
    else
        cli_note(app, "rows an item: %.2f", lookups->mean);
}

/* Options of the scheme; --seed, which every verb has, where the scheme hashes. */
static const char *scheme_options(cli_app *app)
{
    const char *list = cli_family_options(app, CLI_FOR_PIECES);
    if (!cli_is_given(app, "seed") || strncmp(cli_text(app, "scheme"), "spm-", 4) == 0)
        return list;
    return cli_keep(app, "%s%sseed=%" PRIu64, list ? list : "", list ? "," : "", app->seed);
}

static sid_status learn(cli_app *app, const cli_item_codes *items, const int64_t *weights, sid_pieces **out)
{
    const sid_pieces_options options = {.scheme = cli_text(app, "scheme"),
                                        .options = scheme_options(app),
                                        .codes = items->info.codes,
                                        .levels = items->info.levels,
                                        .fingerprint = items->info.fingerprint};
    const char *model = cli_text(app, "model");
    if (model && (cli_is_given(app, "scheme") || options.options || weights))
        return cli_fail(app, SID_EUSAGE,
                        "--model brings pieces that are there already: --scheme, its options and "
                        "--piece-weights have no place beside it");
    if (model)
        return sid_pieces_read_model(app->ctx, &options, model, out, &app->err);
    return sid_pieces_train(app->ctx, &options, items->codes, weights, items->known, items->count, out, &app->err);
}

static sid_status finish_train(cli_app *app, const sid_pieces *pieces, const cli_item_codes *items,
                               const int64_t *weights, const char *path, double train_s)
{
    sid_pieces_info info;
    item_rows rows = {0};
    cli_lookups lookups;
    sid_pieces_get_info(pieces, &info);
    sid_status status = make_rows(app, pieces, items, &rows);
    if (status == SID_OK && !app->is_dry_run)
        status = sid_pieces_save(pieces, path, app->is_forced, &app->err);
    if (status != SID_OK) {
        drop_rows(&rows);
        return status;
    }
    cli_lookups_make(items, weights, rows.offsets, &lookups);
    drop_rows(&rows);
    if (app->is_format_given && (app->format == CLI_FORMAT_JSON || app->format == CLI_FORMAT_JSONL))
        print_json(app, &info, items, &lookups, path, train_s);
    const char *size = info.rows > 0 ? cli_count_text(app, info.rows, "row") : "64-bit keys";
    cli_note(app, "%s%s: %s of %s, a table of %s, %.2f s", app->is_dry_run ? "would write " : "", path, info.scheme,
             cli_count_text(app, items->count, "item"), size, train_s);
    if (info.pieces > 0 && cli_is_given(app, "rows") && info.rows < cli_int(app, "rows"))
        cli_note(app, "fewer than --rows %s: no further part of a SID is worth a row%s", cli_text(app, "rows"),
                 weights ? "" : "; --piece-weights says what is shown often");
    say_lookups(app, &info, &lookups, weights != NULL);
    cli_note(app, "next: semid pieces encode %s %s", cli_keep_word(app, path), cli_keep_word(app, app->object[1]));
    return SID_OK;
}

static sid_status train_items(cli_app *app, cli_item_codes *items, const char *path)
{
    int64_t *weights = NULL;
    sid_pieces *pieces = NULL;
    CLI_TRY(cli_item_codes_read(app, app->object[1], NULL, items));
    sid_status status = cli_piece_weights_read(app, cli_text(app, "piece-weights"), items, &weights);
    double start_s = cli_now_s();
    if (status == SID_OK)
        status = learn(app, items, weights, &pieces);
    if (status == SID_OK)
        status = finish_train(app, pieces, items, weights, path, cli_now_s() - start_s);
    sid_pieces_close(pieces);
    free(weights);
    return status;
}

static sid_status train(cli_app *app)
{
    cli_item_codes items = {0};
    const char *path = NULL;
    if (app->object_count != 2)
        return cli_fail(app, SID_EUSAGE, "pieces train takes one catalogue: semid pieces train CATALOG -o PIECES");
    CLI_TRY(cli_output_path(app, &path));
    CLI_TRY(cli_output_check(app, path));
    sid_status status = train_items(app, &items, path);
    cli_item_codes_drop(&items);
    return status;
}

/* ---- encode ---- */

static void print_list(const uint64_t *rows, int64_t count, const char *between)
{
    for (int64_t i = 0; i < count; i++)
        (void)printf("%s%" PRIu64, i ? between : "", rows[i]);
}

/* item_id<TAB>r1 r2 .., or {"item_id","rows":[..]}. */
static void print_rows(const cli_app *app, const cli_item_codes *items, const item_rows *rows)
{
    bool is_json = app->is_format_given && (app->format == CLI_FORMAT_JSON || app->format == CLI_FORMAT_JSONL);
    bool is_list = is_json && app->format == CLI_FORMAT_JSON;
    if (app->has_header && !is_json)
        (void)printf("item_id\trows\n");
    for (int64_t i = 0; i < items->count; i++) {
        const uint64_t *row = rows->rows + rows->offsets[i];
        int64_t count = rows->offsets[i + 1] - rows->offsets[i];
        const char *id = cli_item_codes_id(items, i);
        if (!is_json) {
            (void)printf("%s\t", id);
            print_list(row, count, " ");
            (void)putchar('\n');
            continue;
        }
        json_t *text = cli_json_text(id);
        (void)printf("%s{\"item_id\":", is_list ? (i ? ",\n" : "[\n") : "");
        (void)json_dumpf(text, stdout, JSON_ENCODE_ANY);
        (void)printf(",\"rows\":[");
        print_list(row, count, ",");
        (void)printf("]}%s", is_list ? "" : "\n");
        json_decref(text);
    }
    if (is_list)
        (void)printf("%s\n]\n", items->count ? "" : "[");
}

static sid_status check_missing(cli_app *app, const cli_item_codes *items)
{
    if (items->missing == 0)
        return SID_OK;
    for (int64_t i = 0; i < items->count; i++)
        if (!items->known[i] && strcmp(cli_text(app, "on-missing"), "fail") == 0)
            return cli_fail(
                app, SID_EDATA,
                "item %s has no SID in %s, and %lld more have none; --on-missing empty gives such items no rows",
                cli_item_codes_id(items, i), app->object[2], (long long)items->missing - 1);
    double share = 100 * (double)items->missing / (double)items->count;
    const char *text = cli_keep(app, "%s without a SID (%.1f %%): they have no rows",
                                cli_count_text(app, items->missing, "item"), share);
    if (share > 1)
        cli_warn(app, "%s", text);
    else
        cli_note(app, "%s", text);
    return SID_OK;
}

static sid_status encode_items(cli_app *app, const sid_pieces *pieces, cli_item_codes *items)
{
    item_rows rows = {0};
    CLI_TRY(cli_item_codes_read(app, app->object[2], cli_text(app, "items"), items));
    CLI_TRY(sid_pieces_check(pieces, items->info.fingerprint, items->info.codes, items->info.levels, &app->err));
    CLI_TRY(check_missing(app, items));
    sid_status status = make_rows(app, pieces, items, &rows);
    if (status == SID_OK)
        print_rows(app, items, &rows);
    drop_rows(&rows);
    return status;
}

static sid_status encode(cli_app *app)
{
    cli_item_codes items = {0};
    sid_pieces *pieces = NULL;
    if (app->object_count != 3)
        return cli_fail(app, SID_EUSAGE,
                        "pieces encode takes pieces and a catalogue: semid pieces encode PIECES CATALOG");
    CLI_TRY(sid_pieces_open(app->ctx, app->object[1], &pieces, &app->err));
    sid_status status = encode_items(app, pieces, &items);
    cli_item_codes_drop(&items);
    sid_pieces_close(pieces);
    return status;
}

/* ---- export ---- */

static sid_status export_form(cli_app *app)
{
    sid_pieces *pieces = NULL;
    const char *path = cli_text(app, "output") ? cli_text(app, "output") : "-";
    if (app->object_count != 2)
        return cli_fail(app, SID_EUSAGE,
                        "pieces export takes one directory of pieces: semid pieces export PIECES --as spm");
    CLI_TRY(cli_output_check(app, path));
    CLI_TRY(sid_pieces_open(app->ctx, app->object[1], &pieces, &app->err));
    sid_status status = sid_pieces_export(pieces, cli_text(app, "as"), path, &app->err);
    sid_pieces_close(pieces);
    return status;
}

static sid_status run(cli_app *app)
{
    static const char *const word[] = {"train", "encode", "export"};
    static sid_status (*const fn[])(cli_app *) = {train, encode, export_form};
    for (int i = 0; i < CLI_COUNT(word); i++)
        if (strcmp(app->object[0], word[i]) == 0)
            return fn[i](app);
    const char *near = sid_closest(app->object[0], word, CLI_COUNT(word));
    return cli_fail(app, SID_EUSAGE, "pieces %s is unknown; known: train, encode, export%s%s%s", app->object[0],
                    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static const cli_option options[] = {
    CLI_OPTION_OUTPUT_OF("train,export",
                         "train: the directory of the pieces; export: the file (not given: standard output)"),
    {.name = "scheme",
     .type = CLI_TEXT,
     .only = "train",
     .value = "NAME",
     .default_text = "spm-unigram",
     .help = "train: how a SID becomes rows"},
    {.name = "piece-weights",
     .type = CLI_TEXT,
     .only = "train",
     .value = "FILE",
     .help = "train: events, such as training impressions: how often an item counts (not given: once)"},
    {.name = "model",
     .type = CLI_TEXT,
     .only = "train",
     .value = "FILE",
     .help = "train: take the pieces of this SentencePiece model in place of learning"},
    {.name = "items",
     .type = CLI_TEXT,
     .only = "encode",
     .value = "FILE",
     .help = "encode: these items only, in this order"},
    {.name = "on-missing",
     .type = CLI_CHOICE,
     .only = "encode",
     .choices = "empty|fail",
     .default_text = "empty",
     .value = "WORD",
     .help = "encode: an item of --items that has no SID gets no rows, or is an error"},
    {.name = "as",
     .type = CLI_CHOICE,
     .only = "export",
     .choices = "spm|tokenizer|tsv",
     .default_text = "spm",
     .value = "FORM",
     .help = "export: SentencePiece's .model, tokenizer.json, or row, level, codes and score"},
    CLI_OPTION_ON_ERROR};
static const char *const examples[] = {
    "pieces train catalog -o pieces --rows 8000 --piece-weights events.tsv   # learned: what is shown most gets few "
    "rows",
    "pieces train catalog --scheme prefix-ngram --rows 100000 -o pieces   # 12, 12-153, 12-153-87, mixed into 100,000 "
    "rows",
    "pieces encode pieces catalog >rows.tsv   # item_id and its rows, for a feature store",
    "pieces export pieces --as spm -o pieces.model   # for SentencePiece"};

const cli_command cli_pieces = {
    .name = "pieces",
    .summary = "SIDs as rows of an embedding table, for rankers",
    .usage = "pieces train CATALOG -o PIECES [--scheme NAME] [--rows N] [--piece-weights FILE]\n"
             "pieces encode PIECES CATALOG [--items FILE]\n"
             "pieces export PIECES [--as FORM] [-o FILE]",
    .about =
        "A ranker that has no embedding of an item's id sums the embeddings of its SID's pieces. train says which "
        "codes make a row, and learns that where the scheme does; encode prints item_id and rows; export writes "
        "a learned vocabulary. Rows are of base codes: an added digit says nothing of what an item is. Pieces know "
        "the codebooks they are of, and refuse others.",
    .object_min = 1,
    .object_max = 3,
    .objects = "train, encode or export, and what it is of",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .takes_pieces = true,
    .run = run};
