/* catalog_buckets.c: items that share their codes, largest buckets first, and what their vectors say: are they the same
 * item many times, or different ones that the codes cannot tell apart? Asked page by page.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog.h"

/* A run of positions of equal base codes. */
typedef struct bucket_run {
    int64_t begin, size;
} bucket_run;

typedef struct bucket_list {
    sid_catalog *catalog;
    sid_buckets *out;
    uint8_t *is_new; /* (items) */
    bucket_run *run; /* (out->shared) of two or more */
    int64_t run_capacity;
    float *x; /* (SID_BUCKET_MEASURED, dim); NULL: not asked for yet */
} bucket_list;

static int larger_first(const void *a, const void *b)
{
    const bucket_run *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static int size_bin(int64_t size)
{
    int bin = 0;
    while (size > 1 && bin < SID_SIZE_BINS - 1) {
        size /= 2;
        bin++;
    }
    return bin;
}

/* All buckets are counted, those of two or more are listed. */
static sid_status list_runs(bucket_list *list, sid_error *err)
{
    const sid__prefix_index *index = list->catalog->index;
    int64_t count = sid__prefix_index_count(index);
    sid_buckets *out = list->out;
    sid__prefix_index_marks(index, list->catalog->manifest.levels, list->is_new);
    for (int64_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && !list->is_new[end];)
            end++;
        out->by_size[size_bin(end - begin)]++;
        if (end - begin < 2)
            continue;
        SID_TRY(sid__grow(&list->run, &list->run_capacity, out->shared + 1, sizeof *list->run, "buckets", err));
        list->run[out->shared++] = (bucket_run){.begin = begin, .size = end - begin};
    }
    if (out->shared > 1)
        qsort(list->run, (size_t)out->shared, sizeof *list->run, larger_first);
    return SID_OK;
}

/* ---- What the vectors say ------------------------------------------------------------------------------------------ */

static int compare_rows(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* x (count, dim): how many rows differ from all before them. */
static int64_t count_distinct(const float *x, int64_t count, int dim)
{
    int64_t distinct = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t j = 0;
        while (j < i && memcmp(x + i * dim, x + j * dim, (size_t)dim * sizeof *x) != 0)
            j++;
        distinct += j == i;
    }
    return distinct;
}

/* Root mean square distance to the mean; x (count, dim). */
static double spread_of(const float *x, int64_t count, int dim)
{
    double sum = 0;
    for (int d = 0; d < dim; d++) {
        double mean = 0;
        for (int64_t i = 0; i < count; i++)
            mean += (double)x[i * dim + d];
        mean /= (double)count;
        for (int64_t i = 0; i < count; i++)
            sum += ((double)x[i * dim + d] - mean) * ((double)x[i * dim + d] - mean);
    }
    return sqrt(sum / (double)count);
}

static sid_status measure(bucket_list *list, const bucket_run *run, sid_bucket *bucket, sid_error *err)
{
    int dim = list->catalog->manifest.dim;
    int64_t row[SID_BUCKET_MEASURED], count = run->size < SID_BUCKET_MEASURED ? run->size : SID_BUCKET_MEASURED;
    if (!list->x)
        SID_TRY(
            sid__alloc(&list->x, SID_BUCKET_MEASURED, (size_t)dim * sizeof *list->x, "the vectors of a bucket", err));
    (void)sid__prefix_index_rows(list->catalog->index, run->begin, run->begin + count, row);
    qsort(row, (size_t)count, sizeof *row, compare_rows);
    for (int64_t i = 0; i < count; i++)
        SID_TRY(sid__row_vector(list->catalog, &(sid__db_item){.row = row[i]}, list->x + i * dim, err));
    bucket->measured = count;
    bucket->distinct = count_distinct(list->x, count, dim);
    bucket->spread = bucket->distinct == 1 ? 0 : spread_of(list->x, count, dim);
    return SID_OK;
}

static sid_status fill_bucket(bucket_list *list, const bucket_run *run, sid_bucket *bucket, sid_error *err)
{
    const sid_catalog *catalog = list->catalog;
    uint16_t codes[SID_LEVELS_MAX];
    char sid[SID_SID_TEXT_MAX], *kept = NULL;
    SID_TRY(sid__ctx_check(catalog->ctx, err));
    sid__prefix_index_codes(catalog->index, run->begin, catalog->manifest.levels, codes);
    sid_format(codes, catalog->manifest.levels, sid);
    SID_TRY(sid__arena_text(list->out->memory, sid, strlen(sid), &kept, err));
    *bucket = (sid_bucket){.sid = kept, .size = run->size, .distinct = -1, .spread = (double)NAN};
    return catalog->has_vectors ? measure(list, run, bucket, err) : SID_OK;
}

static sid_status fill_page(bucket_list *list, int64_t first, int64_t max, sid_error *err)
{
    sid_buckets *out = list->out;
    int64_t left = first >= 0 && first < out->shared ? out->shared - first : 0;
    int64_t count = left < max ? left : max;
    if (count <= 0)
        return SID_OK;
    SID_TRY(sid__alloc(&out->row, (size_t)count, sizeof *out->row, "buckets", err));
    for (; out->count < count; out->count++)
        SID_TRY(fill_bucket(list, &list->run[first + out->count], &out->row[out->count], err));
    return SID_OK;
}

static sid_status list_buckets(bucket_list *list, int64_t first, int64_t max, sid_error *err)
{
    size_t items = (size_t)sid__prefix_index_count(list->catalog->index);
    sid__arena *arena = NULL;
    SID_TRY(sid__alloc(&arena, 1, sizeof *arena, "buckets", err));
    list->out->memory = arena;
    list->out->resolved_by = sid__policy_digit_name(&list->catalog->policy);
    SID_TRY(sid__alloc(&list->is_new, items, sizeof *list->is_new, "where buckets begin", err));
    SID_TRY(list_runs(list, err));
    return fill_page(list, first, max, err);
}

sid_status sid_catalog_buckets(sid_catalog *catalog, int64_t first, int64_t max, sid_buckets *out, sid_error *err)
{
    bucket_list list = {.catalog = catalog, .out = out};
    *out = (sid_buckets){0};
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = list_buckets(&list, first, max, err);
    sid__catalog_leave(catalog);
    sid__free(list.is_new);
    sid__free(list.run);
    sid__free(list.x);
    if (status != SID_OK)
        sid_buckets_drop(out);
    return status;
}

void sid_buckets_drop(sid_buckets *buckets)
{
    if (!buckets)
        return;
    if (buckets->memory)
        sid__arena_drop(buckets->memory);
    sid__free(buckets->memory);
    sid__free(buckets->row);
    *buckets = (sid_buckets){0};
}
