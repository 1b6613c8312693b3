/* table_setup.c: the caller's options, checked, with every text replaced by what it means. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "table/table.h"

const char *const sid__table_kind_name[4] = {"growing", "capped", "hashed", "double"};
const char *const sid__serving_name[3] = {"fp32", "fp16", "int8"};

enum { DAY_S = 86400, DAYS_MAX = 36500, CELLS_DEFAULT = 1 << 20, DIM_MOST = SID_DIM_MAX / 4 /* of all slices */ };

static const int64_t cells_max = INT64_C(1) << 32;

static sid_status choose(const char *what, const char *word, const char *const *names, int count, int *out,
                         sid_error *err)
{
    for (*out = 0; *out < count; ++*out)
        if (strcmp(word, names[*out]) == 0)
            return SID_OK;
    const char *near = sid_closest(word, names, count);
    return sid__fail(err, SID_EUSAGE, "there is no %s \"%s\"%s%s%s; %s, %s%s%s%s%s are known", what, word,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "", names[0], names[1],
                     count > 2 ? ", " : "", count > 2 ? names[2] : "", count > 3 ? ", " : "",
                     count > 3 ? names[3] : "");
}

static sid_status check_range(const char *name, double value, double least, double most, sid_error *err)
{
    if (value >= least && value <= most)
        return SID_OK;
    return sid__fail(err, SID_EUSAGE, "%s is %g; %.16g to %.16g are possible", name, value, least, most);
}

static sid_status init_slice(const sid_ctx *ctx, const sid_slice *slice, sid__slice *out, sid_error *err)
{
    static const char *const initializer[] = {"uniform", "zero"};
    int chosen = 0, serving = 0;
    SID_TRY(check_range("dim of a slice", slice->dim, 1, SID_DIM_MAX, err));
    SID_TRY(check_range("range of a slice", slice->range, 0, 1e6, err));
    SID_TRY(choose("initializer", slice->initializer ? slice->initializer : "uniform", initializer, 2, &chosen, err));
    SID_TRY(choose("serving type", slice->serving ? slice->serving : "fp32", sid__serving_name, 3, &serving, err));
    SID_TRY(sid__rule_init(ctx->isa, slice->optimizer, slice->options, &out->rule, err));
    out->dim = slice->dim;
    out->serving = (sid__serving)serving;
    out->range = chosen == 1 ? 0 : slice->range > 0 ? (float)slice->range : 0.05F;
    return SID_OK;
}

static size_t served_size(const sid__slice *slice)
{
    size_t dim = (size_t)slice->dim;
    switch (slice->serving) {
    case SID__SERVING_FP32:
        return 4 * dim;
    case SID__SERVING_FP16:
        return (2 * dim + 3) / 4 * 4;
    case SID__SERVING_INT8:
        break;
    }
    return 4 + (dim + 3) / 4 * 4; /* the scale, then the integers */
}

static sid_status init_slices(const sid_ctx *ctx, const sid_table_options *options, sid__table_setup *out,
                              sid_error *err)
{
    SID_TRY(check_range("the number of slices", options->slice_count, 1, SID_SLICES_MAX, err));
    out->slice_count = options->slice_count;
    for (int i = 0; i < options->slice_count; i++) {
        sid__slice *slice = &out->slice[i];
        SID_TRY(init_slice(ctx, &options->slice[i], slice, err));
        slice->weight_at = out->dim;
        slice->state_at = out->state_floats;
        slice->served_at = out->served_size;
        out->dim += slice->dim;
        out->state_floats += sid__rule_state_floats(&slice->rule, slice->dim);
        out->served_size += served_size(slice);
    }
    return check_range("dim of all slices", out->dim, 1, DIM_MOST, err);
}

static sid_status init_admission(const sid_table_options *options, sid__table_setup *out, sid_error *err)
{
    SID_TRY(check_range("admit_count", options->admit_count, 0, SID_ADMIT_MAX, err));
    SID_TRY(check_range("admit_prob", options->admit_prob, 0, 1e6, err));
    SID_TRY(check_range("admit_cells", (double)options->admit_cells, 0, (double)cells_max, err));
    if (options->admit_count > 1 && options->admit_prob > 0)
        return sid__fail(err, SID_EUSAGE, "admit_count is %d and admit_prob is %d; one of them admits",
                         options->admit_count, options->admit_prob);
    if (sid__table_kind_name[out->kind] && out->kind >= SID__HASHED &&
        (options->admit_count > 1 || options->admit_prob > 0 || options->ttl_days > 0))
        return sid__fail(err, SID_EUSAGE,
                         "a %s table has all its rows from the start; admission and ttl_days are for "
                         "growing and capped ones",
                         sid__table_kind_name[out->kind]);
    out->admit_count = options->admit_count > 1 ? options->admit_count : 0;
    out->admit_prob = options->admit_prob;
    out->admit_cells = out->admit_count ? (options->admit_cells ? options->admit_cells : CELLS_DEFAULT) : 0;
    return SID_OK;
}

static sid_status check_rows(const sid_table_options *options, sid__table_kind kind, sid_error *err)
{
    const char *name = sid__table_kind_name[kind];
    if (kind == SID__GROWING && options->rows != 0)
        return sid__fail(err, SID_EUSAGE,
                         "rows is %" PRId64 "; a growing table has no limit: leave it 0, or take capped",
                         options->rows);
    if (kind != SID__GROWING && (options->rows < 1 || options->rows > SID_TABLE_ROWS_MAX))
        return sid__fail(err, SID_EUSAGE, "rows of a %s table is %" PRId64 "; 1 to %lld are possible", name,
                         options->rows, (long long)SID_TABLE_ROWS_MAX);
    if (kind == SID__DOUBLE && options->rows % 2 != 0)
        return sid__fail(err, SID_EUSAGE, "rows of a double table is %" PRId64 "; two equal halves need an even number",
                         options->rows);
    if (options->by_row && kind != SID__HASHED)
        return sid__fail(err, SID_EUSAGE, "by_row is for hashed tables; this one is %s", name);
    return SID_OK;
}

sid_status sid__table_setup_init(const sid_ctx *ctx, const sid_table_options *options, sid__table_setup *out,
                                 sid_error *err)
{
    sid__table_setup setup = {.rows = options->rows, .hash_seed = options->hash_seed, .by_row = options->by_row};
    int kind = 0;
    SID_TRY(choose("kind of table", options->kind ? options->kind : "growing", sid__table_kind_name, 4, &kind, err));
    setup.kind = (sid__table_kind)kind;
    setup.seed = options->seed ? options->seed : 42;
    SID_TRY(check_rows(options, setup.kind, err));
    SID_TRY(check_range("ttl_days", options->ttl_days, 0, DAYS_MAX, err));
    SID_TRY(check_range("half_life_days", options->half_life_days, 0, DAYS_MAX, err));
    SID_TRY(init_admission(options, &setup, err));
    setup.ttl_s = (int64_t)ceil(options->ttl_days * DAY_S);
    setup.half_life_s = (options->half_life_days > 0 ? options->half_life_days : 7) * DAY_S;
    SID_TRY(init_slices(ctx, options, &setup, err));
    *out = setup;
    return SID_OK;
}

sid_status sid__table_setup_text(const sid__table_setup *setup, sid__strbuf *out, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(
        out, err,
        "kind=%s rows=%" PRId64 " seed=%" PRIu64 " hash_seed=%" PRIu64 " by_row=%d admit_count=%d admit_cells=%" PRId64
        " admit_prob=%d ttl_s=%" PRId64 " half_life_s=%.17g",
        sid__table_kind_name[setup->kind], setup->rows, setup->seed, setup->hash_seed, setup->by_row,
        setup->admit_count, setup->admit_cells, setup->admit_prob, setup->ttl_s, setup->half_life_s));
    for (int i = 0; i < setup->slice_count; i++) {
        const sid__slice *slice = &setup->slice[i];
        SID_TRY(sid__strbuf_printf(out, err, "; dim=%d range=%.9g serving=%s ", slice->dim, (double)slice->range,
                                   sid__serving_name[slice->serving]));
        SID_TRY(sid__rule_text(&slice->rule, out, err));
    }
    return SID_OK;
}
