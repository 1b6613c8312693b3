/* advise_try.c: one quantizer tried: fitted on the sample, timed encoding, judged as the health report judges a catalogue.
 * What the data or the memory limit refuses becomes a row that says why; anything else that fails ends the whole.
 */
#include <string.h>
#include <time.h>

#include "catalog/advise.h"
#include "sid/health.h"

static const double timed_least_s = 0.02; /* encoding is repeated until the clock can tell */

static double now_s(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static sid_status keep_text(sid__arena *arena, const char *text, const char **out, sid_error *err)
{
    char *copy = NULL;
    SID_TRY(sid__arena_text(arena, text ? text : "", text ? strlen(text) : 0, &copy, err));
    *out = copy;
    return SID_OK;
}

sid_status sid__advise_quantizer(const sid__advise_data *data, const sid_trial *trial, sid_quantizer **out,
                                 sid_error *err)
{
    return sid__quantizer_create(&(sid_quantizer_options){.quantizer = trial->quantizer,
                                                          .levels = trial->levels,
                                                          .codes = trial->codes,
                                                          .options = trial->options,
                                                          .seed = data->seed},
                                 out, err);
}

/* ---- What stands before the fit ------------------------------------------------------------------------------------ */

static int bits_of(int codes)
{
    int bits = 0;
    while (bits < 16 && 1 << bits < codes)
        bits++;
    return bits;
}

static sid_status describe(const sid_quantizer *q, const sid_trial *trial, sid__arena *arena, sid_advice_row *row,
                           sid_error *err)
{
    sid__strbuf codes = {0};
    int levels = sid_quantizer_levels(q), first = sid_quantizer_codes(q, 0), same = 1;
    for (int l = 0; l < levels; l++) {
        same += l > 0 && sid_quantizer_codes(q, l) == first;
        row->sid_bits += bits_of(sid_quantizer_codes(q, l));
    }
    row->levels = levels;
    row->is_ordered = q->family->is_ordered;
    SID_TRY(keep_text(arena, q->family->info.name, &row->quantizer, err));
    SID_TRY(keep_text(arena, trial->options, &row->options, err));
    sid_status status = SID_OK;
    for (int l = 0; l < (same == levels ? 1 : levels) && status == SID_OK; l++)
        status = sid__strbuf_printf(&codes, err, "%s%d", l ? "," : "", sid_quantizer_codes(q, l));
    if (status == SID_OK)
        status = keep_text(arena, codes.text, &row->codes, err);
    sid__strbuf_drop(&codes);
    return status;
}

/* row->refused: what the family says to vectors of this size, or the memory limit to the fit. */
static sid_status refuse(const sid__advise_data *data, const sid_quantizer *q, sid__arena *arena, sid_advice_row *row,
                         sid_error *err)
{
    sid_error why = {0};
    int dim = data->counted.dim, pca = (int)q->options.pca;
    int64_t sample = sid__quantizer_sample_count(q, data->sample.count);
    size_t size = sid__quantizer_fit_size(q, sample, dim);
    sid_status status = SID_OK;
    if (q->family->check)
        status = q->family->check(q, sample, pca > 0 && pca < dim ? pca : dim, &why);
    if (status == SID_OK) {
        status = sid__ctx_reserve(data->ctx, size, "fitting on the sample", &why);
        if (status == SID_OK)
            sid__ctx_release(data->ctx, size);
    }
    return status == SID_OK ? SID_OK : keep_text(arena, why.message, &row->refused, err);
}

/* ---- Fit and encode -------------------------------------------------------------------------------------------------- */

/* codes (counted, levels). Sets the times. */
static sid_status fit(const sid__advise_data *data, sid_quantizer *q, uint16_t *codes, sid_advice_row *row,
                      sid_error *err)
{
    int64_t encoded = 0;
    double started = now_s(), encode_s;
    SID_TRY(sid__quantizer_fit_rows(data->ctx, q, &data->counted, data->sample_row, data->sample.count, err));
    row->sample_fit_s = now_s() - started;
    started = now_s();
    do {
        SID_TRY(sid__quantizer_encode_rows(data->ctx, q, &data->counted, codes, NULL, err));
        encoded += data->counted.count;
        encode_s = now_s() - started;
    } while (encode_s < timed_least_s);
    row->encode_rate = (double)encoded / encode_s;
    double fitted = (double)sid__quantizer_sample_count(q, data->sample.count);
    row->fit_s = row->sample_fit_s * (double)sid__quantizer_sample_count(q, data->items) / fitted +
                 (double)data->items / row->encode_rate;
    return SID_OK;
}

/* Balanced families give the rows fitted on other codes than encoding does. */
static sid_status apply_fit_codes(const sid__advise_data *data, const sid_quantizer *q, uint16_t *codes, sid_error *err)
{
    uint8_t *is_fit = NULL;
    SID_TRY(sid__alloc(&is_fit, (size_t)data->counted.count, 1, "rows fitted on", err));
    sid__quantizer_fit_codes(q, codes, is_fit);
    sid__free(is_fit);
    return SID_OK;
}

static sid_status measure_size(const sid_quantizer *q, size_t *out, sid_error *err)
{
    sid__tensor_set set = {0};
    sid_status status = sid__quantizer_save(q, &set, err);
    for (int64_t i = 0; i < set.count && status == SID_OK; i++) {
        size_t size = 0;
        (void)sid__shape_size(set.tensor[i].dtype, set.tensor[i].rank, set.tensor[i].shape, &size);
        *out += size;
    }
    sid__tensor_set_drop(&set);
    return status;
}

/* ---- Health ----------------------------------------------------------------------------------------------------------- */

/* The figures that need vectors, of the sample; sample_codes (sample, levels). */
static sid_status judge_sample(const sid__advise_data *data, const sid__health_input *in, sid_report *report,
                               sid_error *err)
{
    uint16_t *codes = NULL;
    sid__health_input of_sample = *in;
    size_t levels = (size_t)in->levels;
    of_sample.x = &data->sample;
    of_sample.count = data->sample.count;
    if (!data->sample_row)
        return sid__health_vectors(data->ctx, &of_sample, report, err);
    SID_TRY(sid__alloc(&codes, (size_t)of_sample.count, levels * sizeof *codes, "codes of the sample", err));
    for (int64_t i = 0; i < of_sample.count; i++)
        memcpy(codes + (size_t)i * levels, in->codes + (size_t)data->sample_row[i] * levels, levels * sizeof *codes);
    of_sample.codes = codes;
    sid_status status = sid__health_vectors(data->ctx, &of_sample, report, err);
    sid__free(codes);
    return status;
}

static sid_status judge(const sid__advise_data *data, const sid_quantizer *q, const uint16_t *codes, sid_report *report,
                        sid_error *err)
{
    const sid__health_input in = {.codes = codes,
                                  .count = data->counted.count,
                                  .levels = sid_quantizer_levels(q),
                                  .level_codes = q->options.codes,
                                  .quantizer = q,
                                  .seed = data->seed};
    SID_TRY(sid__report_init(report, in.levels, err));
    SID_TRY(sid__health_counts(&in, report, err));
    SID_TRY(judge_sample(data, &in, report, err));
    if (data->categories)
        SID_TRY(sid__health_categories(&in, data->categories, report, err));
    report->quantizer = q->family->info.name;
    return sid__health_judge(report, err);
}

/* ---- The whole -------------------------------------------------------------------------------------------------------- */

static sid_status try_fitting(const sid__advise_data *data, sid_quantizer *q, sid_advice_row *row, sid_error *err)
{
    uint16_t *codes = NULL;
    size_t item_size = (size_t)sid_quantizer_levels(q) * sizeof *codes;
    size_t size = (size_t)data->counted.count * (item_size + 1);
    SID_TRY(sid__ctx_reserve(data->ctx, size, "codes of all items", err));
    sid_status status = sid__alloc(&codes, (size_t)data->counted.count, item_size, "codes of all items", err);
    if (status == SID_OK)
        status = fit(data, q, codes, row, err);
    if (status == SID_OK)
        status = apply_fit_codes(data, q, codes, err);
    if (status == SID_OK)
        status = measure_size(q, &row->quantizer_size, err);
    if (status == SID_OK)
        status = judge(data, q, codes, &row->report, err);
    sid__free(codes);
    sid__ctx_release(data->ctx, size);
    return status;
}

/* What fitting itself finds to be over the memory limit, as a PCA of many dimensions does, is refused as well. */
static sid_status try_within_limit(const sid__advise_data *data, sid_quantizer *q, sid__arena *arena,
                                   sid_advice_row *row, sid_error *err)
{
    sid_error why = {0};
    sid_status status = try_fitting(data, q, row, &why);
    if (status == SID_ENOMEM && data->ctx->limit_size > 0) {
        sid_report_drop(&row->report);
        return keep_text(arena, why.message, &row->refused, err);
    }
    if (status != SID_OK && err)
        *err = why;
    return status;
}

sid_status sid__advise_try(const sid__advise_data *data, const sid_trial *trial, sid__arena *arena, sid_advice_row *row,
                           sid_error *err)
{
    sid_quantizer *q = NULL;
    *row = (sid_advice_row){0};
    SID_TRY(sid__advise_quantizer(data, trial, &q, err));
    sid_status status = describe(q, trial, arena, row, err);
    if (status == SID_OK)
        status = refuse(data, q, arena, row, err);
    if (status == SID_OK && !row->refused)
        status = try_within_limit(data, q, arena, row, err);
    sid_quantizer_free(q);
    return status;
}
