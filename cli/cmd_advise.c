/* cmd_advise.c: semid advise: several quantizers tried on a sample of the items, in one table, and the one to take. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "embedding.h"
#include "fit_command.h"
#include "inputs.h"
#include "output.h"
#include "size.h"
#include "text.h"
#include "verbs.h"

/* What one run makes on the way; dropped as a whole. */
typedef struct advise_state {
    sid_items *items;
    sid_encoder *encoder;
    sid_vectors *vectors;
    sid_trial *trial;
    sid_advice advice;
} advise_state;

static void state_drop(advise_state *state)
{
    sid_advice_drop(&state->advice);
    free(state->trial);
    sid_vectors_free(state->vectors);
    sid_encoder_free(state->encoder);
    sid_items_free(state->items);
}

/* ---- The table ------------------------------------------------------------------------------------------------------- */

static const cli_column column[] = {{.name = "take"},
                                    {.name = "quantizer"},
                                    {.name = "levels", .type = CLI_COLUMN_INT},
                                    {.name = "codes"},
                                    {.name = "options"},
                                    {.name = "verdict"},
                                    {.name = "relative_mse", .type = CLI_COLUMN_FLOAT},
                                    {.name = "unique_rate", .type = CLI_COLUMN_FLOAT},
                                    {.name = "fit_s", .type = CLI_COLUMN_FLOAT},
                                    {.name = "encode_rate", .type = CLI_COLUMN_INT},
                                    {.name = "bits", .type = CLI_COLUMN_INT},
                                    {.name = "size", .type = CLI_COLUMN_INT}};

/* People read three digits; programs get all. */
static double shown(const cli_app *app, double number, int digits)
{
    if (app->format != CLI_FORMAT_TABLE || !isfinite(number) || number == 0)
        return number;
    double unit = pow(10, digits - 1 - floor(log10(fabs(number))));
    return round(number * unit) / unit;
}

static void print_row(cli_app *app, cli_table *table, const sid_advice_row *row, bool is_chosen)
{
    const sid_report *report = &row->report;
    const double none = (double)NAN;
    bool is_refused = row->refused != NULL;
    cli_table_row(table, (cli_cell[]){{.text = is_chosen                         ? "*"
                                               : app->format == CLI_FORMAT_TABLE ? ""
                                                                                 : NULL},
                                      {.text = row->quantizer},
                                      {.integer = row->levels},
                                      {.text = row->codes},
                                      {.text = *row->options ? row->options : NULL},
                                      {.text = is_refused ? "refused" : report->verdict},
                                      {.number = is_refused ? none : shown(app, report->relative_mse, 3)},
                                      {.number = is_refused ? none : shown(app, report->unique_rate, 4)},
                                      {.number = is_refused ? none : shown(app, row->fit_s, 2)},
                                      {.integer = (int64_t)round(shown(app, row->encode_rate, 2))},
                                      {.integer = row->sid_bits},
                                      {.integer = (int64_t)row->quantizer_size}});
}

static void print_table(cli_app *app, const sid_advice *advice)
{
    cli_table table;
    cli_table_begin(&table, app, column, CLI_COUNT(column));
    for (int i = 0; i < advice->row_count; i++)
        print_row(app, &table, &advice->row[i], i == advice->chosen);
    cli_table_end(&table);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static sid_status row_json(cli_app *app, const sid_advice_row *row, json_t **out)
{
    char *text = NULL;
    json_t *object = json_pack("{s:s,s:i,s:s,s:s,s:o,s:i,s:s}", "quantizer", row->quantizer, "levels", row->levels,
                               "codes", row->codes, "options", row->options, "refused", cli_json_text(row->refused),
                               "sid_bits", row->sid_bits, "command", cli_fit_command(app, row));
    *out = object;
    if (row->refused)
        return SID_OK;
    (void)json_object_set_new(object, "quantizer_size", json_integer((json_int_t)row->quantizer_size));
    (void)json_object_set_new(object, "sample_fit_s", cli_json_number(row->sample_fit_s));
    (void)json_object_set_new(object, "fit_s", cli_json_number(row->fit_s));
    (void)json_object_set_new(object, "encode_rate", cli_json_number(row->encode_rate));
    CLI_TRY(sid_report_json(&row->report, &text, &app->err));
    (void)json_object_set_new(object, "report", json_loads(text, 0, NULL));
    sid_text_free(text);
    return SID_OK;
}

static sid_status print_json(cli_app *app, const sid_advice *advice)
{
    json_t *rows = json_array(), *row = NULL;
    sid_status status = SID_OK;
    for (int i = 0; i < advice->row_count && status == SID_OK; i++) {
        status = row_json(app, &advice->row[i], &row);
        (void)json_array_append_new(rows, row);
    }
    json_t *whole =
        json_pack("{s:I,s:I,s:I,s:o,s:o,s:s}", "items", (json_int_t)advice->items, "sample", (json_int_t)advice->sample,
                  "counted", (json_int_t)advice->counted, "rows", rows, "chosen",
                  advice->chosen < 0 ? json_null() : json_integer(advice->chosen), "why", advice->why);
    if (status == SID_OK)
        cli_print_object(app, whole);
    else
        json_decref(whole);
    return status;
}

/* ---- What is said beside it ------------------------------------------------------------------------------------------- */

static void say_refusals(cli_app *app, const sid_advice *advice)
{
    for (int i = 0; i < advice->row_count; i++)
        if (advice->row[i].refused)
            cli_warn(app, "%s with %d levels of %s codes: %s", advice->row[i].quantizer, advice->row[i].levels,
                     advice->row[i].codes, advice->row[i].refused);
}

/* What a sample does to the figures. */
static void say_sample(cli_app *app, const sid_advice *advice)
{
    if (advice->sample == advice->items)
        return;
    const char *sample = cli_count_text(app, advice->sample, "row"), *counted = "all items";
    if (advice->counted < advice->items)
        counted = cli_keep(app, "%s, and lower for all", cli_count_text(app, advice->counted, "item"));
    cli_note(app, "relative_mse is that of a sample of %s; unique_rate is that of %s; fit_s is a guess", sample,
             counted);
}

static sid_status say_choice(cli_app *app, const sid_advice *advice)
{
    say_refusals(app, advice);
    if (advice->chosen < 0) {
        cli_warn(app, "%s", advice->why);
        return SID_OK;
    }
    const sid_advice_row *row = &advice->row[advice->chosen];
    say_sample(app, advice);
    if (row->report.duplicate_vectors > 0)
        cli_note(app, "%s of the %s equal an earlier one, and collide whatever is taken",
                 cli_count_text(app, row->report.duplicate_vectors, "row"),
                 advice->sample < advice->items ? "sample" : "items");
    cli_note(app, "take %s, %d levels of %s codes%s%s: %s", row->quantizer, row->levels, row->codes,
             *row->options ? ", " : "", row->options, advice->why);
    cli_note(app, "next:\n  %s", cli_fit_command(app, row));
    return SID_OK;
}

/* ---- The verb --------------------------------------------------------------------------------------------------------- */

static sid_status read_trials(cli_app *app, sid_trial **out, int *count)
{
    const cli_setting *given = cli_setting_of(app, "try");
    *count = given ? given->count : 0;
    *out = cli_alloc((size_t)*count + 1, sizeof **out);
    for (int i = 0; i < *count; i++)
        CLI_TRY(cli_trial_parse(app, given->text[i], &(*out)[i]));
    return SID_OK;
}

static sid_status read_vectors(cli_app *app, const char *items_path, advise_state *state)
{
    if (items_path)
        CLI_TRY(cli_items_read(app, items_path, &state->items));
    if (cli_is_given(app, "vectors"))
        return cli_vectors_read(app, state->items, &state->vectors);
    if (cli_has_encoder_flags(app))
        return cli_embed_items(app, state->items, &state->encoder, &state->vectors);
    sid_status status = sid_vectors_from_items(app->ctx, state->items, &state->vectors, &app->err);
    return status == SID_ENOTFOUND ? cli_embed_items(app, state->items, &state->encoder, &state->vectors) : status;
}

static void say_estimate(cli_app *app, const sid_advise_options *options, const sid_fit_estimate *estimate)
{
    char memory[32];
    int64_t sample = options->sample < estimate->items ? options->sample : estimate->items;
    cli_size_format((double)estimate->memory_size, memory);
    cli_note(app, "%s quantizers on %s of %s of %d dimensions: about %.2g s, %s of memory beside the vectors",
             app->is_dry_run ? "would try" : "trying", cli_count_text(app, sample, "row"),
             cli_count_text(app, estimate->items, "item"), estimate->dim, estimate->fit_s, memory);
}

static sid_status advise(cli_app *app, const char *items_path, advise_state *state)
{
    sid_fit_estimate estimate;
    int count = 0;
    CLI_TRY(read_trials(app, &state->trial, &count));
    CLI_TRY(read_vectors(app, items_path, state));
    const sid_advise_options options = {.trial = state->trial,
                                        .trial_count = count,
                                        .sample = cli_int(app, "sample"),
                                        .seed = app->seed,
                                        .any_order = cli_flag(app, "any-order"),
                                        .items = state->items,
                                        .category = cli_text(app, "category"),
                                        .category_separator = cli_text(app, "category-separator")};
    CLI_TRY(sid_advise_check(app->ctx, state->vectors, &options, &estimate, &app->err));
    say_estimate(app, &options, &estimate);
    if (app->is_dry_run)
        return SID_OK;
    CLI_TRY(sid_advise(app->ctx, state->vectors, &options, &state->advice, &app->err));
    if (app->format == CLI_FORMAT_JSON || app->format == CLI_FORMAT_JSONL)
        CLI_TRY(print_json(app, &state->advice));
    else
        print_table(app, &state->advice);
    return say_choice(app, &state->advice);
}

static sid_status run(cli_app *app)
{
    const char *items_path;
    advise_state state = {0};
    CLI_TRY(cli_items_path(app, 0, &items_path));
    CLI_TRY(cli_check_inputs(app, items_path));
    sid_status status = advise(app, items_path, &state);
    state_drop(&state);
    return status;
}

static const cli_option options[] = {
    CLI_OPTION_VECTORS,
    CLI_OPTION_IDS,
    CLI_OPTION_ITEMS("ids of the vectors, row by row, unless --ids is given; and categories"),
    {.name = "sample",
     .type = CLI_INT,
     .value = "N",
     .default_text = "20000",
     .min = 1,
     .max = 1e6,
     .help = "seeded rows to fit on and to measure errors by; all items are encoded"},
    {.name = "try",
     .type = CLI_TEXT,
     .value = "SPEC",
     .is_repeatable = true,
     .help = "a quantizer and its options, \"balanced levels=3 codes=256 method=flow\", in place of the usual list"},
    {.name = "any-order",
     .type = CLI_FLAG,
     .help = "choose pq and opq too: SIDs without prefixes, for models that predict all codes at once"},
    CLI_OPTION_CATEGORY,
    CLI_OPTION_CATEGORY_SEPARATOR,
    CLI_OPTION_ENCODER,
    CLI_OPTION_FIELDS,
    CLI_OPTION_ON_ERROR};
static const char *const examples[] = {
    "advise items.tsv", "advise --vectors x.npy --items items.tsv --sample 50000",
    "advise --vectors x.npy --try \"rkmeans levels=3 codes=1024\" --try \"opq levels=16 codes=256\"",
    "advise items.tsv --format json | jq -r '.rows[.chosen].command'   # the semid fit to run"};

const cli_command cli_advise = {
    .name = "advise",
    .summary = "try several quantizers on a sample and say which to take",
    .usage = "advise ITEMS [--sample N] [OPTIONS]\nadvise --vectors FILE[:IDS] [--items ITEMS] [--sample N] [OPTIONS]",
    .about =
        "Fits each of some ten quantizers, of sizes that suit the number of items, on a sample; encodes all items and "
        "prints of each the verdict of the health report, relative error, share of unique SIDs, seconds to fit and "
        "encode all, "
        "items encoded a second, bits of a SID and bytes of what encoding needs. A * marks the one to take, the reason "
        "and the fit "
        "to "
        "run stand below. Writes nothing.",
    .object_max = 1,
    .objects = "one file of items",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .takes_encoder = true,
    .run = run};
