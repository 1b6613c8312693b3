/* catalog_report.c: the health report of an open catalogue. Figures that need vectors were computed when it was made and
 * stand in metrics.json; counts are taken anew from items.db; items added since are judged apart.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "catalog/catalog.h"
#include "catalog/item_texts.h"
#include "sid/health.h"

/* Beyond these, items added later fit the codebooks so much worse than the fitted ones that SIDs should be made anew. */
static const double residual_ratio_max = 1.15, bucket_growth_max = 1;

static sid_status read_metrics(const sid_catalog *catalog, sid_report *report, sid_error *err)
{
    char path[PATH_MAX];
    SID_TRY(sid__path_join(path, sizeof path, catalog->path, SID__FILE_METRICS, err));
    if (!catalog->metrics)
        return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = catalog->path, .byte = -1},
                            "the manifest does not list %s; restore or refit", SID__FILE_METRICS);
    sid_status status = sid__report_parse(catalog->metrics, (size_t)catalog->metrics_size, path, report, err);
    if (status == SID_OK && report->levels != catalog->manifest.levels)
        status =
            sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1},
                         "%d levels; the manifest says %d; restore or refit", report->levels, catalog->manifest.levels);
    return status;
}

/* Base codes alone, in place: the digit of each row is dropped. */
static void drop_digits(sid__live_items *live, int levels)
{
    for (int64_t i = 0; i < live->count; i++)
        memmove(live->codes + i * levels, live->codes + i * live->width, (size_t)levels * sizeof *live->codes);
    live->width = levels;
}

/* Mean distance of the items added since the fit to their reconstruction. */
static sid_status measure_added(sid_catalog *catalog, const sid__live_items *live, int64_t first, double *mean,
                                sid_error *err)
{
    int dim = catalog->manifest.dim, levels = catalog->manifest.levels;
    float *x = NULL, *decoded = NULL;
    double sum = 0;
    sid_status status = sid__alloc(&x, 2, (size_t)dim * sizeof *x, "vectors", err);
    decoded = status == SID_OK ? x + dim : NULL;
    for (int64_t i = first; i < live->count && status == SID_OK; i++) {
        status = sid__row_vector(catalog, &(sid__db_item){.row = live->row[i]}, x, err);
        if (status == SID_OK)
            status = sid_quantizer_decode(catalog->quantizer, live->codes + i * levels, 1, 0, decoded, err);
        if (status == SID_OK)
            sum += sid__distance(x, decoded, dim);
    }
    sid__free(x);
    *mean = sum / (double)(live->count - first);
    return status;
}

static sid_status judge_added(sid_catalog *catalog, const sid__live_items *live, sid_report *report, sid_error *err)
{
    const sid__manifest *m = &catalog->manifest;
    int64_t first = 0;
    while (first < live->count && live->row[first] < m->fitted_items)
        first++;
    report->added_items = live->count - first;
    report->added_residual_ratio = report->added_largest_bucket_growth = (double)NAN;
    report->added_advice = NULL;
    if (report->added_items == 0)
        return SID_OK;
    if (catalog->has_vectors && m->mean_residual > 0) {
        double mean = 0;
        SID_TRY(measure_added(catalog, live, first, &mean, err));
        report->added_residual_ratio = mean / m->mean_residual;
    }
    report->added_largest_bucket_growth = (double)report->largest_bucket / (double)m->largest_bucket - 1;
    if (report->added_residual_ratio > residual_ratio_max)
        report->added_advice = "items added since the fit lie far from the codebooks: fit again with them";
    else if (report->added_largest_bucket_growth > bucket_growth_max)
        report->added_advice = "the largest bucket has more than doubled since the fit: fit again with the new items";
    return SID_OK;
}

static sid_status name_report(const sid_catalog *catalog, sid_report *report, sid_error *err)
{
    const sid__manifest *m = &catalog->manifest;
    SID_TRY(sid__report_text(report, m->id, &report->id, err));
    SID_TRY(sid__report_text(report, m->parent[0] ? m->parent : NULL, &report->parent, err));
    SID_TRY(sid__report_text(report, m->family, &report->quantizer, err));
    SID_TRY(sid__report_text(report, m->collisions, &report->collisions, err));
    report->resolved_by = sid__policy_digit_name(&catalog->policy);
    report->version = catalog->version;
    report->dim = m->dim;
    return SID_OK;
}

typedef struct category_scan {
    sid__categories categories;
    sid__column_search column;
} category_scan;

static sid_status gather_category(void *user, const sid__db_item *item, sid_error *err)
{
    category_scan *to = user;
    json_t *columns = NULL;
    if (item->state == SID__STATE_REMOVED)
        return SID_OK;
    SID_TRY(sid__item_columns(item, &columns, err));
    sid_status status = sid__categories_add(&to->categories, sid__column_value(&to->column, columns), err);
    json_decref(columns);
    return status;
}

static sid_status compare_categories(sid_catalog *catalog, const sid_report_options *options,
                                     const sid__health_input *in, sid_report *report, sid_error *err)
{
    category_scan scan = {.column = {.name = options->category}};
    scan.categories.separator = options->category_separator ? options->category_separator : SID__CATEGORY_SEPARATOR;
    if (!options->category)
        return SID_OK;
    if (!*scan.categories.separator)
        return sid__fail(err, SID_EUSAGE, "the category separator is empty; give one, such as \" > \"");
    sid_status status = sid__item_db_scan(catalog->db, gather_category, &scan, err);
    status = sid__column_search_end(&scan.column, status, err);
    if (status == SID_OK)
        status = sid__health_categories(in, &scan.categories, report, err);
    sid__categories_drop(&scan.categories);
    return status;
}

static sid_status fill(sid_catalog *catalog, const sid_report_options *options, sid_report *report, sid_error *err)
{
    const sid__manifest *m = &catalog->manifest;
    sid__live_items live = {0};
    SID_TRY(read_metrics(catalog, report, err));
    SID_TRY(name_report(catalog, report, err));
    SID_TRY(sid__live_items_read(catalog->ctx, catalog->db, sid__catalog_width(catalog), &live, err));
    drop_digits(&live, m->levels);
    report->changed_items = 0;
    for (int64_t i = 0; i < live.count; i++)
        report->changed_items += live.assigned[i] == SID__ASSIGNED_POLICY;
    const sid__health_input in = {.codes = live.codes,
                                  .count = live.count,
                                  .levels = m->levels,
                                  .level_codes = m->codes,
                                  .quantizer = catalog->quantizer,
                                  .items_without_text = live.without_text,
                                  .seed = (uint64_t)m->seed};
    sid_status status = sid__health_counts(&in, report, err);
    if (status == SID_OK)
        status = judge_added(catalog, &live, report, err);
    if (status == SID_OK)
        status = compare_categories(catalog, options, &in, report, err);
    if (status == SID_OK)
        status = sid__health_judge(report, err);
    sid__live_items_drop(catalog->ctx, &live);
    return status;
}

sid_status sid_catalog_report_with(sid_catalog *catalog, const sid_report_options *options, sid_report *out,
                                   sid_error *err)
{
    static const sid_report_options defaults = {0};
    *out = (sid_report){0};
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = fill(catalog, options ? options : &defaults, out, err);
    sid__catalog_leave(catalog);
    if (status != SID_OK)
        sid_report_drop(out);
    return status;
}

sid_status sid_catalog_report(sid_catalog *catalog, sid_report *out, sid_error *err)
{
    return sid_catalog_report_with(catalog, NULL, out, err);
}
