/* catalog_map.c: items on a plane, so that people see where the codes lie: a sample, centred, on its first two principal
 * components. Asked once a page, so vectors are read twice instead of kept: for the components, then for the points.
 *
 * The components are those of at most FIT_ROWS items. Up to DIM_DIRECT dimensions they come from the Gram matrix of the
 * columns; above it from that of fewer rows, which is the smaller one: its eigenvectors, taken through the rows, are the
 * same components.
 */
#include <math.h>
#include <string.h>

#include "base/philox.h"
#include "catalog/catalog.h"
#include "linalg/linalg.h"

enum { POINTS_DEFAULT = 10000, FIT_ROWS = 2048, DIM_DIRECT = 1024, WIDE_ROWS = 1024, WIDE_FLOATS = 1 << 24, AXES = 2 };
static const uint64_t default_seed = 42;

typedef struct mapping {
    sid_catalog *catalog;
    sid_map *out;
    int64_t *row; /* (drawn) */
    int64_t drawn;
    int dim;
    double *mean;   /* (dim) */
    float *x;       /* (rows of the fit, dim), centred; its first row serves the points too */
    float *axis;    /* (dim, AXES) */
    int64_t fitted; /* rows of x */
} mapping;

/* ---- Which items --------------------------------------------------------------------------------------------------- */

static sid_status find_run(const mapping *m, const char *prefix, int64_t *begin, int64_t *end, sid_error *err)
{
    uint16_t codes[SID_LEVELS_MAX + 1];
    int depth = 0;
    if (prefix && *prefix) {
        SID_TRY(sid_parse(prefix, sid__catalog_width(m->catalog), codes, &depth, err));
        if (depth < m->catalog->manifest.levels && !m->catalog->quantizer->family->is_ordered)
            return sid__fail(err, SID_EUSAGE, "the codes of quantizer %s have no order, so a prefix means nothing",
                             m->catalog->manifest.family);
    }
    if (!sid__prefix_index_find(m->catalog->index, codes, depth, begin, end) && depth > 0)
        return sid__fail(err, SID_ENOTFOUND, "no item of %s is below %s", m->catalog->path, prefix);
    return SID_OK;
}

/* The first `drawn` of the rows become a random choice of all `count`, in random order. */
static void shuffle(int64_t *row, int64_t count, int64_t drawn, uint64_t seed)
{
    for (int64_t i = 0; i < drawn; i++) {
        int64_t j = i + (int64_t)sid__philox_below(seed, SID__STREAM_MAP, (uint64_t)i, (uint64_t)(count - i));
        int64_t kept = row[i];
        row[i] = row[j];
        row[j] = kept;
    }
}

static sid_status draw(mapping *m, const sid_map_options *options, sid_error *err)
{
    int64_t begin = 0, end = 0, max = options->max > 0 ? options->max : POINTS_DEFAULT;
    SID_TRY(find_run(m, options->prefix, &begin, &end, err));
    m->out->of = end - begin;
    m->drawn = m->out->of < max ? m->out->of : max;
    SID_TRY(sid__alloc(&m->row, (size_t)m->out->of, sizeof *m->row, "the rows of a map", err));
    (void)sid__prefix_index_rows(m->catalog->index, begin, end, m->row);
    shuffle(m->row, m->out->of, m->drawn, options->seed ? options->seed : default_seed);
    return SID_OK;
}

static sid_status list_items(mapping *m, sid_error *err)
{
    int64_t capacity = 0;
    sid_status status = SID_OK;
    for (int64_t i = 0; i < m->drawn && status == SID_OK; i++) {
        sid__arena arena = {0};
        sid__db_item item = {0};
        bool is_found = false;
        status = sid__item_db_get(m->catalog->db, m->row[i], &arena, &item, &is_found, err);
        if (status == SID_OK && !is_found)
            status = sid__fail(err, SID_ECORRUPT, "%s: the index names a row without an item; remove %s and try again",
                               m->catalog->path, SID__FILE_INDEX);
        if (status == SID_OK)
            status = sid__hits_push(&m->out->items, &capacity, &item, (double)NAN, 0, err);
        sid__arena_drop(&arena);
    }
    return status;
}

/* ---- The plane ----------------------------------------------------------------------------------------------------- */

/* The vector of the i-th item; x (dim). */
static sid_status vector_of(const mapping *m, int64_t i, float *x, sid_error *err)
{
    sid__db_item item = {.row = m->row[i]};
    int count = 0;
    if (!m->catalog->has_vectors)
        SID_TRY(sid_parse(m->out->items.row[i].sid, SID_LEVELS_MAX + 1, item.codes, &count, err));
    return sid__row_vector(m->catalog, &item, x, err);
}

static void take_off_mean(const mapping *m, float *x)
{
    for (int d = 0; d < m->dim; d++)
        x[d] = (float)((double)x[d] - m->mean[d]);
}

static sid_status read_rows(mapping *m, sid_error *err)
{
    for (int64_t i = 0; i < m->fitted; i++) {
        SID_TRY(vector_of(m, i, m->x + i * m->dim, err));
        for (int d = 0; d < m->dim; d++)
            m->mean[d] += (double)m->x[i * m->dim + d];
    }
    for (int d = 0; d < m->dim; d++)
        m->mean[d] /= (double)m->fitted;
    for (int64_t i = 0; i < m->fitted; i++)
        take_off_mean(m, m->x + i * m->dim);
    return SID_OK;
}

/* axis (dim, rank) from the eigenvectors u (rows, rank) of the rows' own products. */
static void through_rows(const mapping *m, const double *u, int rank, double *axis)
{
    for (int a = 0; a < rank; a++) {
        double square = 0;
        for (int d = 0; d < m->dim; d++) {
            double sum = 0;
            for (int64_t i = 0; i < m->fitted; i++)
                sum += (double)m->x[i * m->dim + d] * u[i * rank + a];
            axis[(int64_t)d * rank + a] = sum;
            square += sum * sum;
        }
        for (int d = 0; d < m->dim && square > 0; d++)
            axis[(int64_t)d * rank + a] /= sqrt(square);
    }
    sid__fix_signs(axis, m->dim, rank);
}

static void transpose(const float *x, int64_t rows, int64_t columns, float *out)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            out[j * rows + i] = x[i * columns + j];
}

/* Fewer rows than dimensions: axis (dim, rank). */
static sid_status wide_axes(const mapping *m, int rank, double *axis, sid_error *err)
{
    size_t rows = (size_t)m->fitted;
    double *gram = NULL;
    float *turned = NULL;
    sid_status status = sid__alloc(&gram, rows * (rows + (size_t)rank), sizeof *gram, "the products of rows", err);
    if (status == SID_OK)
        status = sid__alloc(&turned, rows * (size_t)m->dim, sizeof *turned, "turned rows", err);
    if (status == SID_OK) {
        double *u = gram + rows * rows;
        transpose(m->x, m->fitted, m->dim, turned);
        sid__gram_f32(m->catalog->ctx, turned, m->dim, (int)rows, gram);
        status = sid__eigen_leading(m->catalog->ctx, gram, (int)rows, rank, default_seed, NULL, u, err);
        if (status == SID_OK)
            through_rows(m, u, rank, axis);
    }
    sid__free(turned);
    sid__free(gram);
    return status;
}

/* m->axis; with less than AXES dimensions or rows the last stay zero. */
static sid_status find_axes(mapping *m, sid_error *err)
{
    bool is_wide = m->dim > DIM_DIRECT;
    int64_t least = is_wide && m->fitted < m->dim ? m->fitted : m->dim;
    int rank = least < AXES ? (int)least : AXES;
    double *axis = NULL;
    if (!is_wide && rank == AXES)
        return sid__pca(m->catalog->ctx, m->x, m->fitted, m->dim, AXES, default_seed, m->axis, err);
    if (!is_wide) { /* one dimension is its own axis */
        m->axis[0] = 1;
        return SID_OK;
    }
    SID_TRY(sid__alloc(&axis, (size_t)m->dim * (size_t)rank, sizeof *axis, "the axes of a map", err));
    sid_status status = wide_axes(m, rank, axis, err);
    for (int d = 0; d < m->dim && status == SID_OK; d++)
        for (int a = 0; a < rank; a++)
            m->axis[d * AXES + a] = (float)axis[d * rank + a];
    sid__free(axis);
    return status;
}

static sid_status place(mapping *m, sid_error *err)
{
    double square[AXES] = {0}, total = 0;
    SID_TRY(sid__alloc(&m->out->xy, (size_t)m->drawn * AXES, sizeof *m->out->xy, "the points of a map", err));
    for (int64_t i = 0; i < m->drawn; i++) {
        float *x = m->x, *xy = m->out->xy + i * AXES;
        double at[AXES] = {0};
        SID_TRY(sid__ctx_check(m->catalog->ctx, err));
        SID_TRY(vector_of(m, i, x, err));
        take_off_mean(m, x);
        for (int d = 0; d < m->dim; d++) {
            total += (double)x[d] * (double)x[d];
            for (int a = 0; a < AXES; a++)
                at[a] += (double)x[d] * (double)m->axis[d * AXES + a];
        }
        for (int a = 0; a < AXES; a++) {
            xy[a] = (float)at[a];
            square[a] += at[a] * at[a];
        }
    }
    for (int a = 0; a < AXES; a++)
        m->out->share[a] = total > 0 ? square[a] / total : 0;
    m->out->spread = m->drawn > 0 ? sqrt(total / (double)m->drawn) : 0;
    return SID_OK;
}

static sid_status map_rows(mapping *m, sid_error *err)
{
    size_t dim = (size_t)m->dim;
    int64_t most = m->dim > DIM_DIRECT ? WIDE_ROWS : FIT_ROWS;
    most = WIDE_FLOATS / m->dim < most ? WIDE_FLOATS / m->dim : most;
    m->fitted = m->drawn < most ? m->drawn : most;
    m->out->is_decoded = !m->catalog->has_vectors;
    SID_TRY(list_items(m, err));
    if (m->drawn == 0)
        return SID_OK;
    SID_TRY(sid__alloc(&m->mean, dim, sizeof *m->mean, "the mean of a map", err));
    SID_TRY(sid__alloc(&m->axis, dim * AXES, sizeof *m->axis, "the axes of a map", err));
    SID_TRY(sid__alloc(&m->x, dim * (size_t)m->fitted, sizeof *m->x, "the vectors of a map", err));
    SID_TRY(read_rows(m, err));
    SID_TRY(find_axes(m, err));
    return place(m, err);
}

sid_status sid_catalog_map(sid_catalog *catalog, const sid_map_options *options, sid_map *out, sid_error *err)
{
    static const sid_map_options defaults = {0};
    mapping m = {.catalog = catalog, .out = out, .dim = catalog->manifest.dim};
    *out = (sid_map){0};
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = draw(&m, options ? options : &defaults, err);
    if (status == SID_OK)
        status = map_rows(&m, err);
    sid__catalog_leave(catalog);
    sid__free(m.row);
    sid__free(m.mean);
    sid__free(m.axis);
    sid__free(m.x);
    if (status != SID_OK)
        sid_map_drop(out);
    return status;
}

void sid_map_drop(sid_map *map)
{
    if (!map)
        return;
    sid_hits_drop(&map->items);
    sid__free(map->xy);
    *map = (sid_map){0};
}
