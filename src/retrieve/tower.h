/* tower.h: vectors of the items of an inventory, by which a request's vector scores them: s = u . v, as of a two-tower model. Made
 * once, then read by any number of threads.
 *
 * Vectors lie in the order of the codes, so that the items below a prefix of any depth are one run of them; sixteen stand side by
 * side, and each score is one chain of fused products in the order of the dimensions: the same bits on every path. The nodes of one
 * depth are the partitions, each with the mean of its items' vectors: what is looked at to choose where to look.
 */
#ifndef SEMID_RETRIEVE_TOWER_H
#define SEMID_RETRIEVE_TOWER_H

#include "kernel/kernels.h"
#include "retrieve/inventory.h"

enum { SID__TOWER_DIM_MAX = 1024 /* a vector fits the stack */ };
#define SID__TOWER_MOST 16.0 /* of a vector's value: sums of 2^31 of them, in units of 2^-27, stay below 2^63 */

typedef struct sid__tower_shape {
    int dim, depth; /* depth: of the partitions, 0: chosen. dim 0: there are no vectors */
    const sid__kernels *kernels;
} sid__tower_shape;

typedef struct sid__tower {
    sid__tower_shape shape;
    const sid__inventory *inventory;
    float *packed;     /* (groups, dim, 16) by place: that of depth[levels].item[SID__BY_SCORE] */
    int32_t *place;    /* (items) */
    uint8_t *is_known; /* (items) by place: it has a vector */
    float *mean;       /* (groups of nodes, dim, 16) */
    int64_t *known;    /* (nodes) items with a vector */
} sid__tower;

/* SID_EDATA: a value beyond SID__TOWER_MOST or not finite. */
sid_status sid__tower_check(const float *vector, int dim, const char *item_id, sid_error *err);
/* vector (items) of dim values each, checked; NULL: none. The inventory must stay; drop the tower in any case. SID_ENOMEM. */
sid_status sid__tower_create(const sid__inventory *inventory, sid__tower_shape shape, const float *const *vector,
                             sid__tower *out, sid_error *err);
void sid__tower_drop(sid__tower *tower);
/* The item at a place, and its vector (dim); false: it has none. */
int32_t sid__tower_item(const sid__tower *tower, int64_t place);
bool sid__tower_vector(const sid__tower *tower, int64_t item, float *out);

/* Scores of places begin .. end - 1, that of place p at out[p - begin rounded down to 16]; room for sid__tower_room. What is said of
 * a place without a vector means nothing. */
void sid__tower_score(const sid__tower *tower, const float *query, int64_t begin, int64_t end, float *out);
static inline int64_t sid__tower_first(int64_t begin)
{
    return begin / SID__GROUP * SID__GROUP;
}
static inline size_t sid__tower_room(int64_t begin, int64_t end)
{
    return (size_t)((end + SID__GROUP - 1) / SID__GROUP * SID__GROUP - sid__tower_first(begin));
}
/* out (groups of nodes * 16): of the partitions' means. */
void sid__tower_score_means(const sid__tower *tower, const float *query, float *out);

/* Sums of vectors in whole units: any order gives the same mean. */
typedef struct sid__tower_sum {
    int64_t *sum; /* (dim) */
    int64_t count;
} sid__tower_sum;
/* Adds the items at places begin .. end - 1 but those that are `gone` (bits by item; NULL: none). scratch (dim). */
void sid__tower_add(const sid__tower *tower, int64_t begin, int64_t end, const uint64_t *gone, float *scratch,
                    sid__tower_sum *sum);
/* The mean to column `node` of a packed (groups, dim, 16); none: zeroes. */
void sid__tower_put_mean(const sid__tower_sum *sum, int dim, int64_t node, float *packed);

#endif
