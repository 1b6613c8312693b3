/* catalog_write.c: a draft (quantizer, codes, digits, items) becomes the directory of a catalogue. Once a catalogue; fit
 * and import end here. Every file is synced, the manifest, which names the others' hashes, comes last.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "catalog/catalog.h"
#include "io/safetensors.h"
#include "io/vectors.h"
#include "sid/health.h"

enum { MEASURE_ROWS = 64, CHECK_ROWS = 1024 };

/* ---- The draft ---------------------------------------------------------------------------------------------------- */

sid_status sid__draft_init(sid_ctx *ctx, sid__draft *draft, sid_error *err)
{
    size_t levels = (size_t)sid_quantizer_levels(draft->quantizer), count = (size_t)draft->count;
    size_t size = count * sid__draft_item_size((int)levels);
    SID_TRY(sid__ctx_reserve(ctx, size, "the codes and the index of all items", err));
    draft->reserved_size = size;
    sid_status status = sid__alloc(&draft->codes, count, levels * sizeof *draft->codes, "codes", err);
    if (status == SID_OK)
        status = sid__alloc(&draft->assigned, count, sizeof *draft->assigned, "how items were assigned", err);
    if (status == SID_OK)
        status = sid__alloc(&draft->is_zero, count, sizeof *draft->is_zero, "which vectors are zero", err);
    if (status == SID_OK)
        status = sid__alloc(&draft->distance, count, sizeof *draft->distance, "distances", err);
    if (status == SID_OK)
        status = sid__alloc(&draft->digit, count, sizeof *draft->digit, "digits", err);
    if (status != SID_OK)
        sid__draft_drop(ctx, draft);
    return status;
}

void sid__draft_drop(sid_ctx *ctx, sid__draft *draft)
{
    sid__free(draft->codes);
    sid__free(draft->assigned);
    sid__free(draft->is_zero);
    sid__free(draft->distance);
    sid__free(draft->digit);
    sid__ctx_release(ctx, draft->reserved_size);
    *draft = (sid__draft){0};
}

double sid__distance(const float *a, const float *b, int dim)
{
    double sum = 0;
    for (int i = 0; i < dim; i++) {
        double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sqrt(sum);
}

typedef struct measure_job {
    const sid__rows *x;
    sid__draft *draft;
    float *scratch; /* (workers, 2, MEASURE_ROWS, dim) */
} measure_job;

static sid_status measure_chunk(void *arg, int64_t begin, int64_t end, int worker, sid_error *err)
{
    const measure_job *job = arg;
    sid__draft *draft = job->draft;
    int dim = job->x->dim, levels = sid_quantizer_levels(draft->quantizer);
    float *decoded = job->scratch + (int64_t)worker * 2 * MEASURE_ROWS * dim, *buffer = decoded + MEASURE_ROWS * dim;
    const float *x;
    SID_TRY(sid__rows_get(job->x, begin, end - begin, buffer, &x, err));
    SID_TRY(sid_quantizer_decode(draft->quantizer, draft->codes + begin * levels, end - begin, 0, decoded, err));
    for (int64_t i = begin; i < end; i++, x += dim, decoded += dim) {
        draft->distance[i] = sid__distance(x, decoded, dim);
        draft->is_zero[i] = sid__is_zero(x, dim);
    }
    return SID_OK;
}

sid_status sid__draft_measure(const sid_ctx *ctx, sid__draft *draft, sid_error *err)
{
    const sid__rows rows = sid__vectors_rows(draft->vectors);
    measure_job job = {.x = &rows, .draft = draft};
    double sum = 0;
    sid__ctx_progress(ctx, "measuring", 0, draft->count, "rows", (double)NAN);
    SID_TRY(sid__alloc(&job.scratch, (size_t)sid_ctx_threads(ctx) * 2 * MEASURE_ROWS,
                       (size_t)rows.dim * sizeof *job.scratch, "reconstructions", err));
    sid_status status = sid__ctx_try_for(ctx, draft->count, MEASURE_ROWS, measure_chunk, &job, err);
    sid__free(job.scratch);
    for (int64_t i = 0; i < draft->count && status == SID_OK; i++)
        sum += draft->distance[i];
    draft->mean_residual = sum / (double)draft->count;
    return status;
}

/* ---- Files -------------------------------------------------------------------------------------------------------- */

/* What the steps of writing share. */
typedef struct writing {
    sid_ctx *ctx;
    const sid__draft *draft;
    const char *directory;
    sid__manifest manifest;
    int64_t without_text;
    sid_error *err;
} writing;

static sid_status path_of(const writing *w, const char *name, char path[PATH_MAX])
{
    return sid__path_join(path, PATH_MAX, w->directory, name, w->err);
}

static sid_status copy_name(char *out, size_t size, const char *text, const char *what, sid_error *err)
{
    int n = snprintf(out, size, "%s", text ? text : "");
    if (n < 0 || (size_t)n >= size)
        return sid__fail(err, SID_EUSAGE, "%s is longer than the %zu bytes that a manifest keeps", what, size - 1);
    return SID_OK;
}

static sid_status copy_options(char *out, size_t size, sid__strbuf *text, sid_status status, const char *what,
                               sid_error *err)
{
    if (status == SID_OK)
        status = copy_name(out, size, text->text, what, err);
    sid__strbuf_drop(text);
    return status;
}

static sid_status describe_encoder(writing *w)
{
    const sid_encoder *e = w->draft->encoder;
    sid__manifest *m = &w->manifest;
    sid__strbuf text = {0};
    m->has_encoder = true;
    if (e->seed > INT64_MAX)
        return sid__fail(w->err, SID_EUSAGE, "the encoder's seed is %" PRIu64 "; at most %" PRId64 " can be stored",
                         e->seed, INT64_MAX);
    m->encoder_seed = (int64_t)e->seed;
    SID_TRY(copy_name(m->encoder, sizeof m->encoder, sid_encoder_name(e), "the encoder's name", w->err));
    SID_TRY(copy_name(m->encoder_fields, sizeof m->encoder_fields, e->fields, "fields", w->err));
    SID_TRY(copy_name(m->encoder_fingerprint, sizeof m->encoder_fingerprint, sid__encoder_fingerprint(e),
                      "the encoder's fingerprint", w->err));
    sid_status status = sid__encoder_options_text(e, &text, w->err);
    return copy_options(m->encoder_options, sizeof m->encoder_options, &text, status, "encoder options", w->err);
}

static sid_status describe_policy(writing *w)
{
    const sid__policy *policy = &w->draft->policy;
    sid__manifest *m = &w->manifest;
    sid__strbuf text = {0};
    SID_TRY(copy_name(m->collisions, sizeof m->collisions, policy->class->info.name, "the policy's name", w->err));
    SID_TRY(copy_name(m->digit_style, sizeof m->digit_style, sid__policy_style(policy), "the style's name", w->err));
    sid_status status = sid__policy_options_text(policy, &text, w->err);
    SID_TRY(copy_options(m->collision_options, sizeof m->collision_options, &text, status, "its options", w->err));
    if (m->collision_options[0])
        SID_TRY(
            copy_name(m->feature[m->feature_count++], sizeof *m->feature, SID__FEATURE_COLLISION_OPTIONS, "", w->err));
    return SID_OK;
}

static sid_status describe(writing *w)
{
    const sid__draft *draft = w->draft;
    const sid_quantizer *q = draft->quantizer;
    sid__manifest *m = &w->manifest;
    sid__strbuf text = {0};
    m->major = SID__MANIFEST_MAJOR;
    m->minor = SID__MANIFEST_MINOR;
    SID_TRY(copy_name(m->parent, sizeof m->parent, draft->parent, "parent", w->err));
    SID_TRY(copy_name(m->family, sizeof m->family, q->family->info.name, "the quantizer's name", w->err));
    sid_status status = sid__quantizer_options_text(q, &text, w->err);
    SID_TRY(copy_options(m->options, sizeof m->options, &text, status, "quantizer options", w->err));
    m->levels = sid_quantizer_levels(q);
    for (int l = 0; l < m->levels; l++)
        m->codes[l] = sid_quantizer_codes(q, l);
    m->seed = q->options.seed;
    m->dim = q->dim;
    m->prepared_dim = q->prepared_dim;
    SID_TRY(copy_name(m->normalization, sizeof m->normalization, q->options.normalize ? "l2" : "none", "", w->err));
    SID_TRY(describe_policy(w));
    m->digit_codes = draft->digit_codes;
    m->fitted_items = draft->count;
    m->largest_bucket = draft->largest_bucket;
    m->mean_residual = draft->mean_residual;
    return draft->encoder ? describe_encoder(w) : SID_OK;
}

static sid_status write_tensors(writing *w, sid__tensor_set *set, sid_status status, const char *name)
{
    char path[PATH_MAX];
    if (status == SID_OK)
        status = path_of(w, name, path);
    if (status == SID_OK)
        status = sid__safetensors_write(set, path, w->err);
    sid__tensor_set_drop(set);
    return status == SID_OK ? sid__manifest_record(&w->manifest, w->directory, name, w->err) : status;
}

static sid_status write_quantizer(writing *w)
{
    sid__tensor_set set = {0};
    sid_status status = sid__quantizer_save(w->draft->quantizer, &set, w->err);
    return write_tensors(w, &set, status, SID__FILE_QUANTIZER);
}

static sid_status write_encoder(writing *w)
{
    if (!w->draft->encoder)
        return SID_OK;
    sid__tensor_set set = {0};
    sid_status status = sid__encoder_save(w->draft->encoder, &set, w->err);
    return write_tensors(w, &set, status, SID__FILE_ENCODER);
}

static sid_status write_fusion(writing *w)
{
    if (!w->draft->fusion)
        return SID_OK;
    sid__tensor_set set = {0};
    sid_status status = sid__fusion_save(w->draft->fusion, &set, w->err);
    return write_tensors(w, &set, status, SID__FILE_FUSION);
}

static sid_status write_vectors(writing *w)
{
    char path[PATH_MAX];
    if (w->draft->drop_vectors)
        return SID_OK;
    SID_TRY(path_of(w, SID__FILE_VECTORS, path));
    const sid__rows rows = sid__vectors_rows(w->draft->vectors);
    sid__ctx_progress(w->ctx, "storing vectors", 0, rows.count, "rows", (double)NAN);
    SID_TRY(sid__npy_write_rows(path, &rows, w->err));
    return sid__manifest_record(&w->manifest, w->directory, SID__FILE_VECTORS, w->err);
}

/* Title and metadata of the item with that id; *json is the caller's to free. */
static sid_status find_text(const sid_items *items, const char *item_id, const char **title, char **json,
                            bool *is_missing, sid_error *err)
{
    int64_t at = items ? sid_items_find(items, item_id) : -1;
    *title = "";
    *is_missing = items && at < 0;
    if (at < 0)
        return SID_OK;
    *title = sid_items_title(items, at);
    return sid_items_metadata(items, at, json, err);
}

static sid_status write_item(writing *w, sid__item_db *db, int64_t row, int64_t *missing)
{
    const sid__draft *draft = w->draft;
    int levels = w->manifest.levels;
    bool has_text = !draft->encoder || !draft->is_zero[row], is_missing = false;
    char *json = NULL;
    sid__db_item item = {.row = row,
                         .item_id = sid_vectors_id(draft->vectors, row),
                         .levels = levels,
                         .digit = draft->digit[row],
                         .assigned = (sid__assigned)draft->assigned[row],
                         .state = has_text ? SID__STATE_OK : SID__STATE_NO_TEXT};
    memcpy(item.codes, draft->codes + row * levels, (size_t)levels * sizeof *item.codes);
    if (item.digit != SID__DIGIT_NONE)
        item.codes[levels] = (uint16_t)item.digit;
    sid_status status = find_text(draft->items, item.item_id, &item.title, &json, &is_missing, w->err);
    item.metadata = json ? json : "";
    if (status == SID_OK)
        status = sid__item_db_insert(db, &item, w->err);
    sid_text_free(json);
    *missing += is_missing;
    w->without_text += !has_text;
    return status;
}

static sid_status write_rows(writing *w, sid__item_db *db)
{
    int64_t missing = 0;
    for (int64_t row = 0; row < w->draft->count; row++) {
        if (row % CHECK_ROWS == 0) {
            SID_TRY(sid__ctx_check(w->ctx, w->err));
            sid__ctx_progress(w->ctx, "storing items", row, w->draft->count, "rows", (double)NAN);
        }
        SID_TRY(write_item(w, db, row, &missing));
    }
    sid__ctx_progress(w->ctx, "storing items", w->draft->count, w->draft->count, "rows", (double)NAN);
    if (missing)
        sid__ctx_info(w->ctx, "%" PRId64 " of %" PRId64 " vectors have no item of their id: they get no title", missing,
                      w->draft->count);
    return SID_OK;
}

/* items.db and index.bin. The manifest's id covers the rows' digest, and items.db names the id. */
static sid_status write_items(writing *w)
{
    char path[PATH_MAX], index_path[PATH_MAX];
    sid__item_db *db = NULL;
    sid__prefix_index *index = NULL;
    sid__index_source source = {0};
    SID_TRY(path_of(w, SID__FILE_ITEMS, path));
    SID_TRY(path_of(w, SID__FILE_INDEX, index_path));
    SID_TRY(sid__item_db_create(path, w->manifest.levels, &db, w->err));
    sid_status status = write_rows(w, db);
    if (status == SID_OK) {
        sid__digest_text(sid__item_db_rows_digest(db), w->manifest.fitted_digest);
        status = sid__manifest_set_id(&w->manifest, w->err);
    }
    if (status == SID_OK)
        status = sid__item_db_seal(db, w->manifest.id, w->err);
    if (status == SID_OK)
        status = sid__catalog_index_build(w->ctx, db, 1, w->manifest.levels + (w->manifest.digit_codes > 0), &index,
                                          &source, w->err);
    sid__item_db_close(db);
    if (status == SID_OK)
        status = sid__file_sync_path(path, w->err);
    if (status == SID_OK)
        status = sid__items_sum_write(w->directory, 1, w->err);
    if (status == SID_OK)
        status = sid__prefix_index_write(index, &source, index_path, w->err);
    if (status == SID_OK)
        status = sid__file_sync_path(index_path, w->err);
    sid__prefix_index_free(index);
    return status;
}

/* ---- metrics.json ------------------------------------------------------------------------------------------------- */

static sid_status make_report(writing *w, sid_report *report)
{
    const sid__draft *draft = w->draft;
    const sid__manifest *m = &w->manifest;
    const sid__rows rows = sid__vectors_rows(draft->vectors);
    sid__health_input in = {.codes = draft->codes,
                            .count = draft->count,
                            .levels = m->levels,
                            .level_codes = m->codes,
                            .x = &rows,
                            .quantizer = draft->quantizer,
                            .items_without_text = w->without_text,
                            .seed = (uint64_t)m->seed};
    SID_TRY(sid__report_init(report, m->levels, w->err));
    sid_status status = sid__health_counts(&in, report, w->err);
    if (status == SID_OK)
        status = sid__health_vectors(w->ctx, &in, report, w->err);
    report->id = m->id;
    report->parent = m->parent[0] ? m->parent : NULL;
    report->quantizer = m->family;
    report->collisions = m->collisions;
    report->resolved_by = sid__policy_digit_name(&draft->policy);
    for (int64_t row = 0; row < draft->count; row++)
        report->changed_items += draft->assigned[row] == SID__ASSIGNED_POLICY;
    report->version = 1;
    report->dim = m->dim;
    return status == SID_OK ? sid__health_judge(report, w->err) : status;
}

static sid_status write_metrics(writing *w)
{
    char path[PATH_MAX], *json = NULL;
    sid_report report = {0};
    sid__file file = {.fd = -1};
    SID_TRY(path_of(w, SID__FILE_METRICS, path));
    sid_status status = make_report(w, &report);
    if (status == SID_OK)
        status = sid_report_json(&report, &json, w->err);
    sid_report_drop(&report);
    if (status == SID_OK)
        status = sid__file_create(path, &file, w->err);
    if (status == SID_OK)
        status = sid__file_write(&file, json, strlen(json), w->err);
    if (status == SID_OK)
        status = sid__file_sync(&file, w->err);
    sid__file_close(&file);
    sid_text_free(json);
    return status == SID_OK ? sid__manifest_record(&w->manifest, w->directory, SID__FILE_METRICS, w->err) : status;
}

static sid_status write_manifest(writing *w)
{
    char path[PATH_MAX];
    SID_TRY(path_of(w, SID__FILE_MANIFEST, path));
    return sid__manifest_write(&w->manifest, path, w->err);
}

/* ---- All ---------------------------------------------------------------------------------------------------------- */

sid_status sid__draft_write(sid_ctx *ctx, const sid__draft *draft, sid__new_directory *directory, sid_error *err)
{
    static sid_status (*const step[])(writing *) = {describe,      write_quantizer, write_encoder, write_fusion,
                                                    write_vectors, write_items,     write_metrics, write_manifest};
    writing *w = NULL;
    sid_status status = sid__alloc(&w, 1, sizeof *w, "the manifest", err);
    if (status == SID_OK) {
        w->ctx = ctx;
        w->draft = draft;
        w->directory = directory->temporary;
        w->err = err;
    }
    for (size_t i = 0; i < sizeof step / sizeof *step && status == SID_OK; i++) {
        status = sid__ctx_check(ctx, err);
        if (status == SID_OK)
            status = step[i](w);
    }
    sid__free(w);
    if (status == SID_OK)
        return sid__new_directory_commit(ctx, directory, err);
    sid__new_directory_abandon(directory);
    return status;
}
