/* advise.c: sid_advise: quantizer after quantizer is tried on a sample of the vectors, and one is chosen. Nothing is written.
 *
 * Errors, neighbours and duplicates are those of the sample. Collisions are not: they grow with the number of items, so that
 * a sample would flatter every quantizer. So all items are encoded, or a million of them where there are more.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/philox.h"
#include "catalog/advise.h"
#include "catalog/fit_estimate.h"
#include "io/vectors.h"
#include "sid/health.h"

enum { SEED_DEFAULT = 42, SAMPLE_DEFAULT = 20000, COUNTED_MAX = 1000000 };

/* Rows of `from`, by number. */
typedef struct chosen_rows {
    sid__rows from;
    int64_t *row;
} chosen_rows;

typedef struct advising {
    sid__advise_data data;
    chosen_rows counted; /* row NULL: all */
    float *sample_x;     /* NULL: the sample is in memory as it is */
    sid__categories categories;
    sid_trial trial[SID__TRIALS_MAX];
    const sid_trial *trials; /* (trial_count) those, or the caller's */
    int trial_count;
    size_t reserved_size;
} advising;

/* ---- Rows ----------------------------------------------------------------------------------------------------------- */

static sid_status read_chosen(const void *source, int64_t begin, int64_t count, float *out, sid_error *err)
{
    const chosen_rows *rows = source;
    return sid__rows_gather(&rows->from, rows->row + begin, count, out, err);
}

/* `wanted` of `count` row numbers, ascending, seeded (Knuth, TAOCP 2, algorithm S); NULL when that is all. */
static sid_status choose_rows(uint64_t seed, int64_t count, int64_t wanted, int64_t **out, sid_error *err)
{
    int64_t taken = 0;
    *out = NULL;
    if (wanted >= count)
        return SID_OK;
    SID_TRY(sid__alloc(out, (size_t)wanted, sizeof **out, "row numbers", err));
    for (int64_t i = 0; i < count && taken < wanted; i++)
        if ((int64_t)sid__philox_below(seed, SID__STREAM_ADVISE, (uint64_t)i, (uint64_t)(count - i)) < wanted - taken)
            (*out)[taken++] = i;
    return SID_OK;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t sample_count(const sid_advise_options *options, int64_t count)
{
    return smaller(options->sample ? options->sample : SAMPLE_DEFAULT, smaller(count, COUNTED_MAX));
}

static sid_status choose_counted(advising *a, const sid_vectors *vectors, sid_error *err)
{
    sid__advise_data *data = &a->data;
    a->counted.from = data->counted = sid__vectors_rows(vectors);
    SID_TRY(choose_rows(data->seed, data->items, COUNTED_MAX, &a->counted.row, err));
    if (a->counted.row)
        data->counted = (sid__rows){
            .count = COUNTED_MAX, .dim = sid_vectors_dim(vectors), .read = read_chosen, .source = &a->counted};
    return SID_OK;
}

/* Copied into memory, since each trial's health goes over it several times. */
static sid_status choose_sample(advising *a, int64_t wanted, sid_error *err)
{
    sid__advise_data *data = &a->data;
    size_t row_size = (size_t)data->counted.dim * sizeof *a->sample_x;
    data->sample = data->counted;
    SID_TRY(choose_rows(data->seed + 1, data->counted.count, wanted, &data->sample_row, err));
    if (!data->sample_row)
        return SID_OK;
    SID_TRY(sid__ctx_reserve(data->ctx, (size_t)wanted * row_size, "the sample", err));
    a->reserved_size = (size_t)wanted * row_size;
    SID_TRY(sid__alloc(&a->sample_x, (size_t)wanted, row_size, "the sample", err));
    data->sample = sid__rows_of(a->sample_x, wanted, data->counted.dim);
    return sid__rows_gather(&data->counted, data->sample_row, wanted, a->sample_x, err);
}

/* ---- Categories ------------------------------------------------------------------------------------------------------ */

static int find_column(const sid_items *items, const char *name)
{
    for (int c = 0; c < sid_items_column_count(items); c++)
        if (strcmp(sid_items_column_name(items, c), name) == 0)
            return c;
    return -1;
}

static sid_status read_categories(advising *a, const sid_vectors *vectors, const sid_advise_options *options,
                                  sid_error *err)
{
    a->categories.separator = options->category_separator ? options->category_separator : SID__CATEGORY_SEPARATOR;
    if (!options->category)
        return SID_OK;
    int column = options->items ? find_column(options->items, options->category) : -1;
    if (column < 0)
        return sid__fail(err, SID_EUSAGE, "no column \"%s\" to compare with; a column of the items is expected",
                         options->category);
    if (!*a->categories.separator)
        return sid__fail(err, SID_EUSAGE, "the category separator is empty; give one, such as \" > \"");
    for (int64_t i = 0; i < a->data.counted.count; i++) {
        int64_t at = a->counted.row ? a->counted.row[i] : i;
        int64_t row = sid_items_find(options->items, sid_vectors_id(vectors, at));
        const char *value = row < 0 ? NULL : sid_items_value(options->items, row, column);
        SID_TRY(sid__categories_add(&a->categories, value, err));
    }
    a->data.categories = &a->categories;
    return SID_OK;
}

/* ---- Begin and end --------------------------------------------------------------------------------------------------- */

static sid_status check_options(const sid_vectors *vectors, const sid_advise_options *options, sid_error *err)
{
    if (!vectors || sid_vectors_count(vectors) < 1)
        return sid__fail(err, SID_EDATA, "there are no vectors to try quantizers on; at least one is expected");
    if (options->sample < 0)
        return sid__fail(err, SID_EUSAGE, "sample is %" PRId64 "; 1 row or more is expected, or 0 for %d",
                         options->sample, SAMPLE_DEFAULT);
    if (options->trial_count < 0 || (options->trial_count > 0 && !options->trial))
        return sid__fail(err, SID_EUSAGE, "%d trials are given%s; 0 or more are expected", options->trial_count,
                         options->trial ? "" : ", and no list of them");
    return SID_OK;
}

/* The trials, each checked for names and options. */
static sid_status begin(advising *a, const sid_vectors *vectors, const sid_advise_options *options, sid__arena *arena,
                        sid_error *err)
{
    SID_TRY(check_options(vectors, options, err));
    a->data.seed = options->seed ? options->seed : SEED_DEFAULT;
    a->data.items = sid_vectors_count(vectors);
    a->trials = options->trial_count ? options->trial : a->trial;
    a->trial_count = options->trial_count;
    if (a->trial_count == 0)
        SID_TRY(sid__advise_trials(a->data.items, sid_vectors_dim(vectors), sample_count(options, a->data.items), arena,
                                   a->trial, &a->trial_count, err));
    for (int i = 0; i < a->trial_count; i++) {
        sid_quantizer *q = NULL;
        SID_TRY(sid__advise_quantizer(&a->data, &a->trials[i], &q, err));
        sid_quantizer_free(q);
    }
    return SID_OK;
}

static void end(advising *a)
{
    sid__categories_drop(&a->categories);
    sid__free(a->counted.row);
    sid__free(a->data.sample_row);
    sid__free(a->sample_x);
    sid__ctx_release(a->data.ctx, a->reserved_size);
}

/* ---- Estimate -------------------------------------------------------------------------------------------------------- */

sid_status sid_advise_check(sid_ctx *ctx, const sid_vectors *vectors, const sid_advise_options *options,
                            sid_fit_estimate *out, sid_error *err)
{
    static const sid_advise_options defaults = {0};
    advising a = {.data.ctx = ctx};
    sid__arena arena = {0};
    options = options ? options : &defaults;
    sid_status status = begin(&a, vectors, options, &arena, err);
    if (status == SID_OK)
        *out = (sid_fit_estimate){.items = a.data.items, .dim = sid_vectors_dim(vectors)};
    for (int i = 0; i < a.trial_count && status == SID_OK; i++) {
        sid_fit_estimate one = {0};
        sid_quantizer *q = NULL;
        int64_t sample = sample_count(options, a.data.items);
        const sid_vectors stand_in = {.count = sample, .dim = out->dim};
        status = sid__advise_quantizer(&a.data, &a.trials[i], &q, err);
        if (status == SID_OK) {
            sid__fit_estimate(ctx, q, &(sid_fit_options){.drop_vectors = true}, &stand_in, sample, &one);
            out->fit_s += one.fit_s;
            size_t size =
                one.memory_size + (size_t)sample * (size_t)out->dim * sizeof(float) +
                (size_t)smaller(a.data.items, COUNTED_MAX) * ((size_t)sid_quantizer_levels(q) * sizeof(uint16_t) + 1);
            out->memory_size = size > out->memory_size ? size : out->memory_size;
        }
        sid_quantizer_free(q);
    }
    sid__arena_drop(&arena);
    return status;
}

/* ---- Trials ---------------------------------------------------------------------------------------------------------- */

static sid_status run_trials(advising *a, sid_advice *out, sid_error *err)
{
    sid__arena *arena = out->memory;
    SID_TRY(sid__arena_push(arena, (size_t)a->trial_count * sizeof *out->row, &out->row, err));
    for (int i = 0; i < a->trial_count; i++) {
        char stage[96];
        (void)snprintf(stage, sizeof stage, "trying %s, %d of %d",
                       a->trials[i].quantizer ? a->trials[i].quantizer : "rkmeans", i + 1, a->trial_count);
        sid__ctx_progress(a->data.ctx, stage, i, a->trial_count, "quantizers", SID__NAN);
        SID_TRY(sid__ctx_check(a->data.ctx, err));
        out->row_count = i + 1;
        SID_TRY(sid__advise_try(&a->data, &a->trials[i], arena, &out->row[i], err));
    }
    return SID_OK;
}

static sid_status advise(advising *a, const sid_vectors *vectors, const sid_advise_options *options, sid_advice *out,
                         sid_error *err)
{
    SID_TRY(begin(a, vectors, options, out->memory, err));
    SID_TRY(choose_counted(a, vectors, err));
    SID_TRY(choose_sample(a, sample_count(options, a->data.items), err));
    SID_TRY(read_categories(a, vectors, options, err));
    out->items = a->data.items;
    out->counted = a->data.counted.count;
    out->sample = a->data.sample.count;
    SID_TRY(run_trials(a, out, err));
    return sid__advise_choose(out, options->any_order, out->memory, err);
}

sid_status sid_advise(sid_ctx *ctx, const sid_vectors *vectors, const sid_advise_options *options, sid_advice *out,
                      sid_error *err)
{
    static const sid_advise_options defaults = {0};
    advising a = {.data.ctx = ctx};
    sid__arena *arena = NULL;
    sid_log_fn *log = ctx->on_log;
    *out = (sid_advice){.chosen = -1};
    SID_TRY(sid__alloc(&arena, 1, sizeof *arena, "the advice", err));
    out->memory = arena;
    ctx->on_log = NULL; /* what fits warn of stands in the reports */
    sid_status status = advise(&a, vectors, options ? options : &defaults, out, err);
    ctx->on_log = log;
    end(&a);
    if (status != SID_OK)
        sid_advice_drop(out);
    return status;
}

void sid_advice_drop(sid_advice *advice)
{
    if (!advice)
        return;
    for (int i = 0; i < advice->row_count; i++)
        sid_report_drop(&advice->row[i].report);
    if (advice->memory) {
        sid__arena_drop(advice->memory);
        sid__free(advice->memory);
    }
    *advice = (sid_advice){.chosen = -1};
}
