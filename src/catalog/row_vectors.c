/* row_vectors.c: the vector of an item, wherever it lies: fitted items in vectors.npy (row by row), items added later in
 * items.db, and where vectors were dropped the reconstruction of the codes. Rows come ascending and are read in runs, so
 * that a look at everything reads the file once from front to back.
 */
#include <inttypes.h>
#include <string.h>

#include "catalog/catalog.h"

enum { RUN_ROWS = 256 };

static sid_status no_vector(const sid_catalog *catalog, int64_t row, sid_error *err)
{
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = catalog->path, .byte = -1},
                        "row %" PRId64 " has no vector in %s; restore or refit", row, SID__FILE_ITEMS);
}

sid_status sid__row_vector(sid_catalog *catalog, const sid__db_item *item, float *x, sid_error *err)
{
    bool is_found = false;
    if (!catalog->has_vectors)
        return sid_quantizer_decode(catalog->quantizer, item->codes, 1, 0, x, err);
    if (item->row < catalog->manifest.fitted_items)
        return sid__npy_read_rows(&catalog->vectors, item->row, 1, x, err);
    SID_TRY(sid__item_db_vector_get(catalog->db, item->row, x, catalog->manifest.dim, &is_found, err));
    return is_found ? SID_OK : no_vector(catalog, item->row, err);
}

/* One row that is not in vectors.npy. */
static sid_status one_vector(sid_catalog *catalog, int64_t row, float *x, sid_error *err)
{
    sid__db_item item = {.row = row};
    bool is_found = true;
    sid__arena arena = {0};
    sid_status status = SID_OK;
    if (!catalog->has_vectors) /* its codes are needed */
        status = sid__item_db_get(catalog->db, row, &arena, &item, &is_found, err);
    if (status == SID_OK)
        status = is_found ? sid__row_vector(catalog, &item, x, err) : no_vector(catalog, row, err);
    sid__arena_drop(&arena);
    return status;
}

/* How many rows from `row` on follow each other and lie in vectors.npy; 0: the first does not. */
static int64_t run_length(const sid_catalog *catalog, const int64_t *row, int64_t count)
{
    int64_t run = 0, end = catalog->has_vectors ? catalog->manifest.fitted_items : 0;
    while (run < count && run < RUN_ROWS && row[run] < end && row[run] == row[0] + run)
        run++;
    return run;
}

/* Rows that are read at once, at most: a query clears no more memory than it fills. */
static int64_t longest_run(const sid_catalog *catalog, const int64_t *row, int64_t count)
{
    int64_t longest = 1;
    for (int64_t begin = 0, run; begin < count && longest < RUN_ROWS; begin += run ? run : 1) {
        run = run_length(catalog, row + begin, count - begin);
        longest = run > longest ? run : longest;
    }
    return longest;
}

sid_status sid__row_distances(sid_catalog *catalog, const float *x, const int64_t *row, int64_t count, double *distance,
                              sid_error *err)
{
    int dim = catalog->manifest.dim;
    float *block = NULL;
    size_t rows = (size_t)longest_run(catalog, row, count);
    sid_status status = sid__alloc(&block, rows, (size_t)dim * sizeof *block, "vectors", err);
    for (int64_t begin = 0, run; begin < count && status == SID_OK; begin += run) {
        run = run_length(catalog, row + begin, count - begin);
        if (run > 0) {
            status = sid__npy_read_rows(&catalog->vectors, row[begin], run, block, err);
        } else {
            run = 1;
            status = one_vector(catalog, row[begin], block, err);
        }
        for (int64_t i = 0; i < run && status == SID_OK; i++)
            distance[begin + i] = sid__distance(x, block + i * dim, dim);
    }
    sid__free(block);
    return status;
}

bool sid__is_zero(const float *x, int dim)
{
    for (int i = 0; i < dim; i++)
        if (x[i] != 0)
            return false;
    return true;
}

/* ---- Ids ---------------------------------------------------------------------------------------------------------- */

sid_status sid__vector_ids_init(const sid_vectors *vectors, sid__vector_ids *out, sid_error *err)
{
    int64_t count = sid_vectors_count(vectors), seen = -1;
    *out = (sid__vector_ids){0};
    sid_status status = sid__alloc(&out->id, (size_t)count, sizeof *out->id, "the ids of the vectors", err);
    for (int64_t row = 0; row < count && status == SID_OK; row++) {
        out->id[row] = sid_vectors_id(vectors, row);
        status =
            sid__id_index_add(&out->index, (sid__names){.first = out->id, .stride = sizeof *out->id}, row, &seen, err);
    }
    return status;
}

int64_t sid__vector_ids_find(const sid__vector_ids *ids, const char *id)
{
    return sid__id_index_find(&ids->index, (sid__names){.first = ids->id, .stride = sizeof *ids->id}, id);
}

void sid__vector_ids_drop(sid__vector_ids *ids)
{
    sid__id_index_drop(&ids->index);
    sid__free(ids->id);
    *ids = (sid__vector_ids){0};
}
