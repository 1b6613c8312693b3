/* tower.c: see tower.h. */
#include "retrieve/tower.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { PARTITION_MEAN = 32 };
static const double unit = 134217728.0; /* 2^27 */
static const char what[] = "vectors of items";

static int64_t groups_of(int64_t count)
{
    return (count + SID__GROUP - 1) / SID__GROUP;
}

/* Value d of column `at` in a packed block. */
static float *cell(float *packed, int dim, int64_t at, int d)
{
    return packed + (at / SID__GROUP * dim + d) * SID__GROUP + at % SID__GROUP;
}

int32_t sid__tower_item(const sid__tower *tower, int64_t place)
{
    const sid__inventory *inv = tower->inventory;
    return inv->depth[inv->levels].item[SID__BY_SCORE][place];
}

static void read_place(const sid__tower *tower, int64_t place, float *out)
{
    for (int d = 0; d < tower->shape.dim; d++)
        out[d] = *cell(tower->packed, tower->shape.dim, place, d);
}

bool sid__tower_vector(const sid__tower *tower, int64_t item, float *out)
{
    int64_t place = tower->place[item];
    if (tower->is_known[place])
        read_place(tower, place, out);
    return tower->is_known[place];
}

/* ---- Means -------------------------------------------------------------------------------------------------------------- */

void sid__tower_add(const sid__tower *tower, int64_t begin, int64_t end, const uint64_t *gone, float *scratch,
                    sid__tower_sum *sum)
{
    for (int64_t p = begin; p < end; p++) {
        int32_t item = sid__tower_item(tower, p);
        if (!tower->is_known[p] || (gone && (gone[item / 64] >> item % 64 & 1)))
            continue;
        read_place(tower, p, scratch);
        tower->shape.kernels->accumulate(scratch, tower->shape.dim, unit, sum->sum);
        sum->count++;
    }
}

void sid__tower_put_mean(const sid__tower_sum *sum, int dim, int64_t node, float *packed)
{
    for (int d = 0; d < dim; d++)
        *cell(packed, dim, node, d) = sum->count > 0 ? (float)((double)sum->sum[d] / unit / (double)sum->count) : 0;
}

static sid_status make_means(sid__tower *t, sid_error *err)
{
    const sid__inventory_depth *nodes = &t->inventory->depth[t->shape.depth];
    size_t dim = (size_t)t->shape.dim;
    sid__tower_sum sum = {0};
    float *scratch = NULL;
    SID_TRY(sid__alloc(&t->known, (size_t)nodes->count, sizeof *t->known, what, err));
    SID_TRY(sid__alloc(&t->mean, (size_t)groups_of(nodes->count) * SID__GROUP, dim * sizeof *t->mean, what, err));
    SID_TRY(sid__alloc(&sum.sum, dim, sizeof *sum.sum + sizeof *scratch, what, err));
    scratch = (float *)(void *)(sum.sum + dim);
    for (int64_t node = 0; node < nodes->count; node++) {
        memset(sum.sum, 0, dim * sizeof *sum.sum);
        sum.count = 0;
        sid__tower_add(t, nodes->begin[node], nodes->begin[node + 1], NULL, scratch, &sum);
        sid__tower_put_mean(&sum, t->shape.dim, node, t->mean);
        t->known[node] = sum.count;
    }
    sid__free(sum.sum);
    return SID_OK;
}

/* ---- Made --------------------------------------------------------------------------------------------------------------- */

sid_status sid__tower_check(const float *vector, int dim, const char *item_id, sid_error *err)
{
    for (int d = 0; d < dim; d++)
        if (!(fabsf(vector[d]) <= (float)SID__TOWER_MOST))
            return sid__fail(err, SID_EDATA,
                             "item \"%s\" has %g in its vector; numbers within %g, as of a unit vector, are expected",
                             item_id, (double)vector[d], SID__TOWER_MOST);
    return SID_OK;
}

static void put_vectors(sid__tower *t, const float *const *vector)
{
    for (int64_t p = 0; p < t->inventory->count; p++) {
        int32_t item = sid__tower_item(t, p);
        t->place[item] = (int32_t)p;
        t->is_known[p] = vector[item] != NULL;
        for (int d = 0; vector[item] && d < t->shape.dim; d++)
            *cell(t->packed, t->shape.dim, p, d) = vector[item][d];
    }
}

/* The deepest whose partitions hold PARTITION_MEAN items on average: one is read in whole groups, and looking for the best ones costs as
 * much as reading as many items. */
static int usual_depth(const sid__inventory *inv)
{
    int depth = 1;
    while (depth < inv->levels && inv->depth[depth + 1].count * PARTITION_MEAN <= inv->count)
        depth++;
    return depth;
}

sid_status sid__tower_create(const sid__inventory *inventory, sid__tower_shape shape, const float *const *vector,
                             sid__tower *out, sid_error *err)
{
    size_t count = (size_t)inventory->count;
    assert(shape.dim > 0 && shape.depth >= 0 && shape.depth <= inventory->levels);
    *out = (sid__tower){.shape = shape, .inventory = inventory};
    out->shape.depth = shape.depth ? shape.depth : usual_depth(inventory);
    SID_TRY(sid__alloc(&out->packed, (size_t)groups_of(inventory->count) * SID__GROUP,
                       (size_t)shape.dim * sizeof *out->packed, what, err));
    SID_TRY(sid__alloc(&out->place, count, sizeof *out->place, what, err));
    SID_TRY(sid__alloc(&out->is_known, count, 1, what, err));
    put_vectors(out, vector);
    return make_means(out, err);
}

void sid__tower_drop(sid__tower *tower)
{
    sid__free(tower->packed);
    sid__free(tower->place);
    sid__free(tower->is_known);
    sid__free(tower->mean);
    sid__free(tower->known);
    *tower = (sid__tower){0};
}

/* ---- Scores ------------------------------------------------------------------------------------------------------------- */

void sid__tower_score(const sid__tower *tower, const float *query, int64_t begin, int64_t end, float *out)
{
    int dim = tower->shape.dim;
    int64_t first = sid__tower_first(begin) / SID__GROUP;
    if (begin < end)
        tower->shape.kernels->project(query, 1, dim, tower->packed + first * dim * SID__GROUP,
                                      (int)(groups_of(end) - first), out);
}

void sid__tower_score_means(const sid__tower *tower, const float *query, float *out)
{
    int64_t nodes = tower->inventory->depth[tower->shape.depth].count;
    if (nodes > 0)
        tower->shape.kernels->project(query, 1, tower->shape.dim, tower->mean, (int)groups_of(nodes), out);
}
