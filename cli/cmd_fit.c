/* cmd_fit.c: semid fit: from items or vectors to a catalogue. What can be refused is refused before a file is read. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "args.h"
#include "embedding.h"
#include "inputs.h"
#include "modalities.h"
#include "output.h"
#include "size.h"
#include "text.h"
#include "verbs.h"

/* What one run makes on the way; dropped as a whole. */
typedef struct fit_state {
    sid_items *items;
    sid_encoder *encoder;
    sid_fusion *fusion;
    sid_vectors *vectors;
    sid_catalog *catalog;
    sid_report report;
} fit_state;

static void state_drop(fit_state *state)
{
    sid_report_drop(&state->report);
    sid_catalog_close(state->catalog);
    sid_vectors_free(state->vectors);
    sid_fusion_free(state->fusion);
    sid_encoder_free(state->encoder);
    sid_items_free(state->items);
}

static sid_fit_options options_of(cli_app *app)
{
    const char *init_from = cli_text(app, "init-from"); /* what is not given is as it was there */
    return (sid_fit_options){
        .quantizer = init_from && !cli_is_given(app, "quantizer") ? NULL : cli_text(app, "quantizer"),
        .init_from = init_from,
        .levels = cli_is_given(app, "levels") ? (int)cli_int(app, "levels") : 0,
        .codes = cli_is_given(app, "codes") ? cli_text(app, "codes") : NULL,
        .options = cli_family_options(app, CLI_FOR_QUANTIZER),
        .seed = app->seed,
        .collisions = init_from && !cli_is_given(app, "collisions") ? NULL : cli_text(app, "collisions"),
        .digit_style = init_from && !cli_is_given(app, "digit-style") ? NULL : cli_text(app, "digit-style"),
        .collision_options = cli_family_options(app, CLI_FOR_POLICY),
        .fit_rows_path = cli_text(app, "fit-rows"),
        .drop_vectors = cli_flag(app, "drop-vectors"),
        .resume = cli_flag(app, "resume"),
        .force = app->is_forced};
}

/* ---- Before a file is read --------------------------------------------------------------------------------------- */

/* Lets the library check options and the place to write to on a stand-in of one row, since reading and embedding may take
 * minutes. Only what cannot depend on the data counts. */
static sid_status check_options_early(cli_app *app, const char *path)
{
    enum { STAND_IN_DIM = 1024 };
    sid_vectors *vectors = NULL;
    sid_fit_estimate estimate;
    sid_fit_options options = options_of(app);
    options.fit_rows_path = NULL;
    float *zero = cli_alloc(STAND_IN_DIM, sizeof *zero);
    sid_status status = sid_vectors_create(app->ctx, zero, 1, STAND_IN_DIM, NULL, &vectors, &app->err);
    free(zero);
    sid_ctx_on_log(app->ctx, NULL, NULL);
    if (status == SID_OK)
        status = sid_catalog_fit_check(app->ctx, &options, vectors, path, &estimate, &app->err);
    sid_ctx_on_log(app->ctx, cli_on_log, app);
    sid_vectors_free(vectors);
    return status == SID_EDATA || status == SID_ENOMEM ? SID_OK : status;
}

static sid_status check_flags(cli_app *app, const char *items_path)
{
    CLI_TRY(cli_check_inputs(app, items_path));
    CLI_TRY(cli_modalities_check(app));
    if (cli_is_given(app, "init-from") && cli_has_encoder_flags(app))
        return cli_fail(app, SID_EUSAGE,
                        "the codebooks of --init-from go with the encoder it holds; leave out --encoder, --fields and "
                        "--encoder-...");
    if (cli_is_given(app, "digit-style") && strcmp(cli_text(app, "collisions"), "digit") != 0)
        return cli_fail(app, SID_EUSAGE, "--digit-style has a meaning with --collisions digit only");
    return SID_OK;
}

/* ---- Vectors ----------------------------------------------------------------------------------------------------- */

/* By the encoder of --init-from, which the new catalogue keeps. */
static sid_status embed_as_before(cli_app *app, fit_state *state)
{
    int64_t no_text = 0;
    sid_catalog *old = NULL;
    CLI_TRY(sid_catalog_open(app->ctx, cli_text(app, "init-from"), SID_OPEN_READ, &old, &app->err));
    sid_status status = sid_catalog_embed(old, state->items, &state->vectors, &no_text, &app->err);
    sid_catalog_close(old);
    CLI_TRY(status);
    cli_warn_no_text(app, no_text);
    return SID_OK;
}

/* Vectors from --vectors, from "vector" members of a .jsonl, else from text. A file that has vectors is never read as
 * text because one of them is bad. */
static sid_status make_vectors(cli_app *app, const char *items_path, fit_state *state)
{
    if (items_path)
        CLI_TRY(cli_items_read(app, items_path, &state->items));
    if (cli_is_given(app, "vectors"))
        return !cli_has_modalities(app) ? cli_vectors_read(app, state->items, &state->vectors)
               : cli_is_given(app, "init-from")
                   ? cli_modalities_as_before(app, state->items, &state->vectors)
                   : cli_modalities_fit(app, state->items, &state->fusion, &state->vectors);
    if (cli_has_encoder_flags(app))
        return cli_embed_items(app, state->items, &state->encoder, &state->vectors);
    sid_status status = sid_vectors_from_items(app->ctx, state->items, &state->vectors, &app->err);
    if (status != SID_ENOTFOUND)
        return status;
    return cli_is_given(app, "init-from") ? embed_as_before(app, state)
                                          : cli_embed_items(app, state->items, &state->encoder, &state->vectors);
}

/* ---- What is printed --------------------------------------------------------------------------------------------- */

static void print_estimate(cli_app *app, const sid_fit_estimate *estimate, const char *path, bool is_in_file)
{
    char memory[32], disk[32];
    cli_size_format((double)estimate->memory_size, memory);
    cli_size_format((double)estimate->disk_size, disk);
    if (app->is_format_given && app->format != CLI_FORMAT_TABLE) {
        cli_print_object(app,
                         json_pack("{s:I,s:i,s:f,s:I,s:I}", "items", (json_int_t)estimate->items, "dim", estimate->dim,
                                   "fit_s", estimate->fit_s, "memory_size", (json_int_t)estimate->memory_size,
                                   "disk_size", (json_int_t)estimate->disk_size));
        return;
    }
    cli_note(app, "would fit %s of %d dimensions into %s: about %.2g s, %s of memory beside the %s, %s on disk",
             cli_count_text(app, estimate->items, "item"), estimate->dim, path, estimate->fit_s, memory,
             is_in_file ? "ids; the vectors stay in their file" : "vectors", disk);
}

/* "broken (largest_bucket, level.2.top_rate)": the verdict is that of its worst checks, so they are named with it. */
static void print_verdict(cli_app *app, const sid_report *report)
{
    enum { NAMED_MAX = 3 };
    char names[256] = "";
    int found = 0;
    for (int i = 0; i < report->check_count; i++) {
        size_t used = strlen(names);
        if (strcmp(report->checks[i].verdict, report->verdict) != 0 || strcmp(report->verdict, "healthy") == 0)
            continue;
        if (found++ < NAMED_MAX)
            (void)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", report->checks[i].name);
    }
    cli_note(app, "  verdict        %s%s%s%s%s", report->verdict, found ? " (" : "", names,
             found > NAMED_MAX ? ", ..." : "", found ? ")" : "");
}

enum { FEW_ITEMS = 32 }; /* below, lsa keeps rare words by itself */

/* Whether lsa left out words that only one item has, and nobody chose that it should. */
static bool can_keep_more_words(const cli_app *app, const fit_state *state)
{
    return state->encoder && !cli_is_given(app, "init-from") && strcmp(cli_text(app, "encoder"), "lsa") == 0 &&
           !cli_setting_of(app, "encoder-min-df") && sid_vectors_count(state->vectors) >= FEW_ITEMS;
}

static void print_health(cli_app *app, const sid_report *report, const char *path, bool has_rare_words)
{
    char number[32], total[32];
    const char *names, *next;
    cli_note(app, "  unique SIDs    %.1f %% (%s of %s)", 100 * report->unique_rate,
             cli_group(report->unique_sids, number), cli_group(report->items, total));
    if (report->changed_items > 0)
        cli_note(app, "                 %s got other codes than the nearest by %s",
                 cli_count_text(app, report->changed_items, "item"), report->collisions);
    if (report->resolved_by)
        cli_note(app, "                 the added %s tells items of equal codes apart", report->resolved_by);
    cli_note(app, "  largest bucket %s%s%s", cli_count_text(app, report->largest_bucket, "item"),
             report->largest_bucket > 1 ? " share " : "", report->largest_bucket > 1 ? report->largest_bucket_sid : "");
    if (report->duplicate_vectors > 0)
        cli_note(app, "  equal vectors  %s, which no quantizer tells apart%s",
                 cli_count_text(app, report->duplicate_vectors, "item"),
                 has_rare_words ? "; --encoder-min-df 1 keeps words that only one item has" : "");
    if (!isnan(report->relative_mse))
        cli_note(app, "  relative MSE   %.3f", report->relative_mse);
    print_verdict(app, report);
    for (int at = 0; (next = cli_advice_next(app, report, path, &at, &names)) != NULL;)
        cli_note(app, "    %s: %s", names, next);
}

/* A catalogue that is of no use as it is: the quantizer may not suit the items. */
static void print_advise(cli_app *app, const fit_state *state)
{
    const char *items = app->object_count > 0 ? app->object[0] : NULL, *vectors = cli_text(app, "vectors");
    if (strcmp(state->report.verdict, "broken") != 0 || (!items && (!vectors || cli_has_modalities(app))))
        return;
    char *input = cli_shell_word(items ? items : vectors);
    cli_note(app, "  semid advise %s%s   # which quantizer suits these items", items ? "" : "--vectors ", input);
    free(input);
}

static void print_next(cli_app *app, const char *path, const fit_state *state)
{
    const char *first = sid_vectors_id(state->vectors, 0);
    sid_catalog_info info;
    sid_catalog_get_info(state->catalog, &info);
    char *where = cli_shell_word(path), *id = cli_shell_word(first);
    const char *item = cli_keep(app, "--item%c%s", *first == '-' ? '=' : ' ', id);
    cli_note(app, "next:");
    print_advise(app, state);
    cli_note(app, "  semid inspect %s   # the whole report, level by level", where);
    cli_note(app, "  semid neighbors %s %s -k 5   # what stands near an item", where, item);
    cli_note(app, "  semid encode %s %s --add   # SIDs for new items", where,
             info.encoder  ? "new.tsv"
             : info.fusion ? "--vectors NAME=new.npy:new.ids.txt --vectors ..."
                           : "--vectors new.npy --ids new.ids.txt");
    free(where);
    free(id);
}

/* "256" or "256, 256, 128" */
static const char *codes_text(cli_app *app, const sid_catalog_info *info)
{
    bool is_same = true;
    for (int i = 1; i < info->levels; i++)
        is_same = is_same && info->codes[i] == info->codes[0];
    const char *text = cli_keep(app, "%d", info->codes[0]);
    for (int i = 1; i < info->levels && !is_same; i++)
        text = cli_keep(app, "%s, %d", text, info->codes[i]);
    return text;
}

static sid_status summarize(cli_app *app, const char *path, fit_state *state)
{
    char *json = NULL;
    sid_catalog_info info;
    double elapsed_s = cli_now_s() - app->start_s;
    sid_catalog_get_info(state->catalog, &info);
    CLI_TRY(sid_catalog_report(state->catalog, &state->report, &app->err));
    cli_note(app, "%s: %s, %s of %s codes by %s, in %.1f s", path, cli_count_text(app, info.items, "item"),
             cli_count_text(app, info.levels, "level"), codes_text(app, &info), info.quantizer, elapsed_s);
    print_health(app, &state->report, path, can_keep_more_words(app, state));
    print_next(app, path, state);
    if (!app->is_format_given || (app->format != CLI_FORMAT_JSON && app->format != CLI_FORMAT_JSONL))
        return SID_OK;
    CLI_TRY(sid_report_json(&state->report, &json, &app->err));
    cli_print_object(app, json_loads(json, 0, NULL));
    sid_text_free(json);
    return SID_OK;
}

/* ---- The verb ---------------------------------------------------------------------------------------------------- */

static sid_status fit(cli_app *app, const char *path, const char *items_path, fit_state *state)
{
    sid_fit_estimate estimate;
    CLI_TRY(make_vectors(app, items_path, state));
    sid_fit_options options = options_of(app);
    options.items = state->items;
    options.encoder = state->encoder;
    options.fusion = state->fusion;
    if (app->is_dry_run) {
        CLI_TRY(sid_catalog_fit_check(app->ctx, &options, state->vectors, path, &estimate, &app->err));
        print_estimate(app, &estimate, path, !sid_vectors_data(state->vectors));
        return SID_OK;
    }
    CLI_TRY(sid_catalog_fit(app->ctx, &options, state->vectors, path, &state->catalog, &app->err));
    return summarize(app, path, state);
}

static sid_status run(cli_app *app)
{
    const char *path, *items_path;
    fit_state state = {0};
    CLI_TRY(cli_items_path(app, 0, &items_path));
    CLI_TRY(check_flags(app, items_path));
    CLI_TRY(cli_output_path(app, &path));
    CLI_TRY(cli_output_check(app, path));
    CLI_TRY(check_options_early(app, path));
    sid_status status = fit(app, path, items_path, &state);
    state_drop(&state);
    return status;
}

static const cli_option options[] = {
    CLI_OPTION_OUTPUT("the catalogue to make, a folder"),
    CLI_OPTION_MODALITIES,
    {.name = "fuse",
     .type = CLI_CHOICE,
     .choices = "concat|sum|separate",
     .value = "HOW",
     .default_text = "concat",
     .help = "several vectors an item: one after the other, then principal directions; those of each, "
             "added; or separate codes for each, --levels of them"},
    {.name = "fuse-weights", .type = CLI_TEXT, .value = "NAME:W,...", .help = "text:2,image:1; 1 where none is said"},
    {.name = "fuse-dim",
     .type = CLI_INT,
     .value = "D",
     .default_text = "0",
     .min = 0,
     .max = SID_DIM_MAX,
     .help = "dimensions of the fused vectors; 0: 256, or as many as there are"},
    CLI_OPTION_IDS,
    CLI_OPTION_ITEMS("titles and metadata; ids of the vectors, row by row, unless --ids is given"),
    {.name = "quantizer", .type = CLI_TEXT, .value = "NAME", .default_text = "rkmeans", .help = "what makes the SIDs"},
    {.name = "levels",
     .type = CLI_INT,
     .value = "L",
     .default_text = "3",
     .min = 1,
     .max = SID_LEVELS_MAX,
     .help = "codes of a SID"},
    {.name = "codes",
     .type = CLI_TEXT,
     .value = "K",
     .default_text = "256",
     .help = "codes a level can choose from, or one number a level: 256,256,128"},
    {.name = "collisions",
     .type = CLI_TEXT,
     .value = "POLICY",
     .default_text = "keep",
     .help = "items of the same codes: keep them together, add a code, or give them other codes"},
    {.name = "digit-style",
     .type = CLI_CHOICE,
     .choices = "tiger|grid",
     .value = "STYLE",
     .default_text = "tiger",
     .help = "of collisions digit: tiger: all get 0..n-1; grid: 0 if alone, else 1..n"},
    {.name = "fit-rows", .type = CLI_TEXT, .value = "FILE", .help = "ids, one a line: fit on these, encode all"},
    {.name = "drop-vectors",
     .type = CLI_FLAG,
     .help = "do not keep the vectors: smaller, but neighbours are approximate"},
    {.name = "resume",
     .type = CLI_FLAG,
     .help = "go on from CATALOG.checkpoint, where an interrupted training (rqvae) stopped"},
    {.name = "init-from",
     .type = CLI_TEXT,
     .value = "OLD",
     .help = "go on from this catalogue: its encoder, codebooks and numbering; it becomes the parent"},
    CLI_OPTION_ENCODER,
    CLI_OPTION_FIELDS,
    CLI_OPTION_ON_ERROR};
static const char *const examples[] = {
    "fit items.tsv -o catalog                                         # text, by the built-in lsa encoder",
    "fit items.tsv -o catalog --levels 4 --codes 512 --refine 3",
    "fit --vectors x.npy --items items.tsv -o catalog --codes 256,256,128",
    "fit --vectors image=i.npy --vectors audio=a.npy:a.ids.txt -o catalog     # several vectors an item",
    "fit --vectors x.npy:ids.txt -o catalog --collisions digit        # a SID of its own for each item",
    "fit items.tsv -o catalog-2 --init-from catalog                   # the next version: few SIDs move",
    "fit items.tsv -o catalog --dry-run                               # time and memory, nothing written"};

const cli_command cli_fit = {
    .name = "fit",
    .summary = "make a catalogue of SIDs from items or vectors",
    .usage = "fit ITEMS -o CATALOG [OPTIONS]\nfit --vectors [NAME=]FILE[:IDS] [--vectors ...] [--ids IDS] [--items "
             "ITEMS] -o CATALOG [OPTIONS]",
    .about = "ITEMS is .tsv, .csv, .jsonl or RecBole .item with a header and item_id first; the other columns are "
             "text. Fits a "
             "quantizer, gives every item a SID and writes the catalogue, all or nothing.",
    .object_max = 1,
    .objects = "one file of items",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .takes_quantizer = true,
    .takes_encoder = true,
    .takes_policy = true,
    .run = run};
