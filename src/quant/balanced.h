/* balanced.h: what the files of the family `balanced` share: one level, its rows and codes in a sid__lloyd.
 *
 *   balanced          the family: options, levels, encoding      balanced_greedy   codes take their nearest rows in turn
 *   balanced_price    prices that even the sizes out             balanced_flow     sizes that differ by one at most
 */
#ifndef SEMID_QUANT_BALANCED_H
#define SEMID_QUANT_BALANCED_H

#include "base/checked.h"
#include "quant/kmeans.h"

/* Products of rows with codes that are the answer, not a proposal: one fp32 chain each (kernels.h, project), so the same
 * bits everywhere. Codes are multiplied by `unit`, a power of two that brings x . c near 1: squares neither overflow nor
 * vanish, whatever the magnitude of the data. */
typedef struct sid__products {
    const sid__kernels *kernels;
    double unit;
    int groups;
    float *packed; /* (groups, dim, SID__GROUP) codes times unit */
} sid__products;

sid_status sid__products_create(const sid_ctx *ctx, const sid__lloyd *lloyd, sid__products *out, sid_error *err);
void sid__products_drop(sid__products *products);
/* Packs the codes of lloyd->book, code order[i] as the i-th (order NULL: as they are). */
void sid__products_pack(sid__products *products, const sid__lloyd *lloyd, const int *order);

/* Moves every code to the mean of its rows by lloyd->label; a code without rows stays. */
void sid__balanced_means(sid_ctx *ctx, sid__lloyd *lloyd);

typedef struct sid__greedy_options {
    int rounds;
    bool is_random; /* codes take their turns in a random order */
    bool has_start; /* centroids stand in lloyd->book */
    uint64_t seed, index;
    const char *stage;
} sid__greedy_options;

/* One round from the centroids in lloyd->book: in the order order[0], order[1], .. (a permutation of the codes) each code
 * takes the nearest rows left, floor(N/K) of them, one more where code < N mod K. Writes lloyd->label. */
sid_status sid__greedy_round(sid_ctx *ctx, sid__lloyd *lloyd, const int *order, sid_error *err);
/* Random rows as centroids, or those of has_start, then rounds with means in between, until no label changes. */
sid_status sid__greedy_fit(sid_ctx *ctx, const sid__greedy_options *options, sid__lloyd *lloyd, sid_error *err);

/* From the k-means centroids in lloyd->book: price (codes) >= 0, in units of scores (half squared distances), with which
 * argmin score + price has near-equal sizes; moves the centroids too. Labels are those of the book with its prices. */
sid_status sid__price_fit(sid_ctx *ctx, sid__lloyd *lloyd, const char *stage, double *price, sid_error *err);
/* Labels of the rows by the codes in lloyd->book and these prices, canonically. */
void sid__price_assign(sid_ctx *ctx, sid__lloyd *lloyd, const double *price);

/* The cheapest labels of which every code has floor(N/K) or ceil(N/K), for the centroids in lloyd->book and starting from
 * `price`; price then reproduces them, but for rows that no price can part. Needs N >= K. Memory 8 N K. */
sid_status sid__flow_fit(sid_ctx *ctx, sid__lloyd *lloyd, double *price, sid_error *err);
/* Bytes that flow keeps for its table. */
bool sid__flow_size(int64_t count, int codes, size_t *out);

#endif
