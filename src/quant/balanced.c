/* balanced.c: residual codes of near-equal sizes, so that no prefix is crowded (OneRec, 2502.18965). Three ways:
 *
 *   greedy   as published: codes take their nearest rows in turn (balanced_greedy.c). Encoding goes to the nearest code, so
 *            many rows were fitted another code than they would get: those are `fit` in a catalogue.
 *   price    (ours, the default) a code costs what evens the sizes out (balanced_price.c); encoding pays it too, so it
 *            gives every fitted row its code again.
 *   flow     sizes that differ by one at most, at the least error (balanced_flow.c), and prices that reproduce them; only
 *            rows that no price can part (equal ones) are `fit`.
 *
 * A level of fewer distinct rows than codes cannot be balanced: it is plain k-means, spare codes dead.
 */
#include "quant/balanced.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quant/families.h"
#include "quant/kmeans_follow.h"
#include "quant/residual.h"

typedef enum method { METHOD_GREEDY, METHOD_PRICE, METHOD_FLOW } method;

typedef struct balanced_options {
    int64_t iters;
    int method, order;
} balanced_options;

#define AT(field) offsetof(balanced_options, field)
static const sid_option option_table[] = {
    {"method", SID_OPTION_CHOICE, "price", 0, 0, "greedy|price|flow",
     "sizes evened by prices that encoding pays too; by codes that take rows in turn; exactly, by least cost",
     AT(method)},
    {"order", SID_OPTION_CHOICE, "fixed", 0, 0, "fixed|random", "turns of the codes, for method greedy", AT(order)},
    {"iters", SID_OPTION_INT, "50", 1, 100000, NULL,
     "rounds a level at most: of method greedy, or of the k-means that the others start from", AT(iters)},
};
#undef AT

typedef struct balanced {
    sid__residual *residual;
    uint16_t *fitted; /* (rows fitted on, levels); NULL: as encoded */
} balanced;

/* ---- What the methods share */

sid_status sid__products_create(const sid_ctx *ctx, const sid__lloyd *lloyd, sid__products *out, sid_error *err)
{
    double largest = 0;
    int exponent = 0;
    *out = (sid__products){.kernels = sid__kernels_of(ctx), .groups = (lloyd->codes + SID__GROUP - 1) / SID__GROUP};
    for (int64_t i = 0; i < lloyd->count; i++)
        largest = lloyd->square[i] > largest ? lloyd->square[i] : largest;
    if (largest > 0)
        (void)frexp(sqrt(largest), &exponent);
    /* codes are means of rows: times unit they stay below 2^100 */
    out->unit = ldexp(1, -2 * (exponent > -100 ? exponent : -100));
    return sid__alloc(&out->packed, (size_t)out->groups * SID__GROUP, (size_t)lloyd->dim * sizeof(float),
                      "a packed codebook", err);
}

void sid__products_drop(sid__products *products)
{
    sid__free(products->packed);
    products->packed = NULL;
}

void sid__products_pack(sid__products *products, const sid__lloyd *lloyd, const int *order)
{
    for (int i = 0; i < lloyd->codes; i++) {
        const float *code = lloyd->book.code + (int64_t)(order ? order[i] : i) * lloyd->dim;
        float *lane = products->packed + (int64_t)(i / SID__GROUP) * lloyd->dim * SID__GROUP + i % SID__GROUP;
        for (int d = 0; d < lloyd->dim; d++)
            lane[(int64_t)d * SID__GROUP] = (float)((double)code[d] * products->unit);
    }
}

void sid__balanced_means(sid_ctx *ctx, sid__lloyd *lloyd)
{
    float *code = sid__codebook_code(&lloyd->book);
    sid__group_rows(lloyd->label, lloyd->count, lloyd->codes, lloyd->begin, lloyd->order);
    sid__sum_by_code(ctx, lloyd->x, lloyd->dim, lloyd->scale, lloyd->codes, lloyd->begin, lloyd->order, lloyd->sum);
    for (int k = 0; k < lloyd->codes; k++) {
        double divisor = lloyd->scale * (double)(lloyd->begin[k + 1] - lloyd->begin[k]);
        for (int64_t at = (int64_t)k * lloyd->dim; at < (int64_t)(k + 1) * lloyd->dim && divisor > 0; at++)
            code[at] = (float)((double)lloyd->sum[at] / divisor);
    }
}

/* ---- Distinct rows */

typedef struct row_ref {
    const float *x;
    int dim;
} row_ref;

static int by_values(const void *left, const void *right)
{
    const row_ref *a = left, *b = right;
    for (int d = 0; d < a->dim; d++)
        if (a->x[d] < b->x[d] || a->x[d] > b->x[d])
            return a->x[d] < b->x[d] ? -1 : 1;
    return 0;
}

/* Are there at least `wanted` distinct rows? Looks at ever more of them, since mostly the first ones are. */
static sid_status has_distinct(const sid__lloyd *lloyd, int64_t wanted, bool *out, sid_error *err)
{
    row_ref *row = NULL;
    *out = false;
    SID_TRY(sid__alloc(&row, (size_t)lloyd->count, sizeof *row, "distinct rows", err));
    for (int64_t looked = 0, rows = 2 * wanted; looked < lloyd->count && !*out; looked = rows, rows *= 2) {
        int64_t distinct = 1;
        rows = rows < lloyd->count ? rows : lloyd->count;
        for (int64_t i = 0; i < rows; i++)
            row[i] = (row_ref){lloyd->x + i * lloyd->dim, lloyd->dim};
        qsort(row, (size_t)rows, sizeof *row, by_values);
        for (int64_t i = 1; i < rows; i++)
            distinct += by_values(&row[i - 1], &row[i]) != 0;
        *out = distinct >= wanted;
    }
    sid__free(row);
    return SID_OK;
}

/* ---- Fitting */

/* One level: rows, what it is called, and prices (codes), which stay 0 with method greedy. */
typedef struct level {
    const sid_quantizer *q;
    const sid__codebook *start; /* codes to go on from, whose numbering is kept; NULL: none */
    int index;
    char stage[32];
    sid__lloyd lloyd;
    double *price;
    bool is_balanced;
} level;

static sid_status fit_kmeans(sid_ctx *ctx, level *at, sid_error *err)
{
    const balanced_options *options = at->q->family_options;
    const sid__kmeans_options kmeans = {.init = SID__INIT_PROGRESSIVE,
                                        .iters = (int)options->iters,
                                        .stage_iters = 20,
                                        .tol = 1e-4,
                                        .n_init = 1,
                                        .seed = (uint64_t)at->q->options.seed,
                                        .index = (uint64_t)at->index,
                                        .stage = at->stage};
    sid__lloyd *lloyd = &at->lloyd;
    if (at->start)
        return sid__kmeans_follow(ctx, &kmeans, at->start, lloyd->x, lloyd->count, &lloyd->book, lloyd->label, err);
    return sid__kmeans_fit(ctx, &kmeans, lloyd->x, lloyd->count, lloyd->dim, &lloyd->book, lloyd->label, err);
}

static sid_status fit_greedy(sid_ctx *ctx, level *at, sid_error *err)
{
    const balanced_options *options = at->q->family_options;
    const sid__greedy_options greedy = {.rounds = (int)options->iters,
                                        .is_random = options->order == 1,
                                        .has_start = at->start,
                                        .seed = (uint64_t)at->q->options.seed,
                                        .index = (uint64_t)at->index,
                                        .stage = at->stage};
    return sid__greedy_fit(ctx, &greedy, &at->lloyd, err);
}

/* Centroids, prices and labels of one level, codes numbered as they came. Where it goes on from balanced codes, sweeps of
 * k-means in between would only move them away and back. */
static sid_status balance(sid_ctx *ctx, level *at, sid_error *err)
{
    const balanced_options *options = at->q->family_options;
    sid__lloyd *lloyd = &at->lloyd;
    SID_TRY(has_distinct(lloyd, lloyd->codes, &at->is_balanced, err));
    if (!at->is_balanced)
        return fit_kmeans(ctx, at, err);
    if (at->start)
        memcpy(sid__codebook_code(&lloyd->book), at->start->code,
               (size_t)lloyd->codes * (size_t)lloyd->dim * sizeof(float));
    if (options->method == METHOD_GREEDY)
        return fit_greedy(ctx, at, err);
    if (!at->start)
        SID_TRY(fit_kmeans(ctx, at, err));
    SID_TRY(sid__price_fit(ctx, lloyd, at->stage, at->price, err));
    return options->method == METHOD_FLOW ? sid__flow_fit(ctx, lloyd, at->price, err) : SID_OK;
}

static void count_members(const sid__lloyd *lloyd, int64_t *members)
{
    memset(members, 0, (size_t)lloyd->codes * sizeof *members);
    for (int64_t i = 0; i < lloyd->count; i++)
        members[lloyd->label[i]]++;
}

/* Most rows first, ties by centroid; dead codes become copies of code 0 at its price. Labels follow. */
static sid_status renumber(level *at, int64_t *members, sid_error *err)
{
    sid__lloyd *lloyd = &at->lloyd;
    size_t codes = (size_t)lloyd->codes;
    uint16_t *now = NULL;
    double *price = NULL;
    count_members(lloyd, members);
    sid_status status = sid__alloc(&now, codes, sizeof *now, "the order of codes", err);
    if (status == SID_OK)
        status = sid__alloc(&price, codes, sizeof *price, "prices of codes", err);
    if (status == SID_OK)
        status = sid__codebook_renumber(&lloyd->book, members, now, err);
    if (status == SID_OK) {
        for (int k = 0; k < lloyd->codes; k++)
            price[now[k]] = at->price[k];
        for (int k = 0; k < lloyd->codes; k++)
            at->price[k] = price[members[k] > 0 ? k : 0];
        for (int64_t i = 0; i < lloyd->count; i++)
            lloyd->label[i] = now[lloyd->label[i]];
    }
    sid__free(now);
    sid__free(price);
    return status;
}

/* The level's codebook and prices into r; where encoding is to give the fitted labels, they are made by it. */
static sid_status take_level(sid_ctx *ctx, level *at, sid__residual *r, sid_error *err)
{
    const balanced_options *options = at->q->family_options;
    sid__lloyd *lloyd = &at->lloyd;
    sid__codebook *book = &r->book[at->index];
    size_t codes = (size_t)book->codes;
    if (!at->start)
        SID_TRY(renumber(at, r->count[at->index], err));
    memcpy(sid__codebook_code(book), lloyd->book.code, codes * (size_t)book->dim * sizeof(float));
    sid__codebook_pack(book);
    if (options->method != METHOD_GREEDY) {
        for (size_t k = 0; k < codes; k++)
            at->price[k] *= 2;
        SID_TRY(sid__residual_set_price(r, at->index, at->price, err));
    }
    if (options->method == METHOD_PRICE || !at->is_balanced)
        (void)sid__assign_all(ctx, book, lloyd->x, lloyd->count, &lloyd->scratch, lloyd->label);
    count_members(lloyd, r->count[at->index]);
    return SID_OK;
}

static sid_status fit_level(sid_ctx *ctx, const sid_quantizer *q, balanced *b, int index, float *residual,
                            int64_t count, sid_error *err)
{
    sid__residual *r = b->residual;
    sid__codebook *book = &r->book[index];
    const balanced *start = q->start ? q->start->state : NULL;
    level at = {.q = q, .start = start ? &start->residual->book[index] : NULL, .index = index};
    (void)snprintf(at.stage, sizeof at.stage, "level %d of %d", index + 1, r->levels);
    SID_TRY(sid__lloyd_create(ctx, residual, count, r->dim, book->codes, &at.lloyd, err));
    sid_status status = sid__alloc(&at.price, (size_t)book->codes, sizeof *at.price, "prices of codes", err);
    if (status == SID_OK)
        status = balance(ctx, &at, err);
    if (status == SID_OK)
        status = take_level(ctx, &at, r, err);
    if (status == SID_OK) {
        if (!at.is_balanced && count >= book->codes) /* with fewer rows that was said already */
            sid__ctx_warn(ctx, "level %d has %d codes for fewer distinct rows; it is not balanced", index + 1,
                          book->codes);
        for (int64_t i = 0; i < count && b->fitted; i++)
            b->fitted[i * r->levels + index] = at.lloyd.label[i];
        sid__subtract_codes(ctx, book, at.lloyd.label, count, residual);
    }
    sid__free(at.price);
    sid__lloyd_drop(&at.lloyd);
    return status;
}

/* Takes flow's table, the largest level's, from the memory limit before the long work. */
static sid_status reserve(sid_ctx *ctx, const sid_quantizer *q, int64_t count, size_t *size, sid_error *err)
{
    const balanced_options *options = q->family_options;
    int codes = 0;
    *size = 0;
    if (options->method != METHOD_FLOW)
        return SID_OK;
    for (int l = 0; l < q->options.levels; l++)
        codes = q->options.codes[l] > codes ? q->options.codes[l] : codes;
    bool is_possible = sid__flow_size(count, codes, size);
    if (is_possible && sid__ctx_reserve(ctx, *size, "flow", NULL) == SID_OK)
        return SID_OK;
    double wanted = 8.0 * (double)codes * ((double)count + 2.0 * codes) / 1048576;
    *size = 0;
    return sid__fail(
        err, SID_ENOMEM,
        "method flow keeps a table of %lld rows by %d codes, %.0f MiB, over the memory limit%s; use method "
        "price (sizes within about a third), a smaller sample or codes, or a higher --memory-limit",
        (long long)count, codes, wanted, is_possible ? "" : " of any machine");
}

static void drop_state(balanced *b)
{
    if (!b)
        return;
    sid__residual_free(b->residual);
    sid__free(b->fitted);
    sid__free(b);
}

static sid_status fit(sid_ctx *ctx, sid_quantizer *q, float *x, int64_t count, sid_error *err)
{
    const balanced_options *options = q->family_options;
    balanced *b = NULL;
    size_t size = 0;
    SID_TRY(reserve(ctx, q, count, &size, err));
    sid_status status = sid__alloc(&b, 1, sizeof *b, "a balanced quantizer", err);
    if (status == SID_OK)
        status = sid__residual_create(q, &b->residual, err);
    if (status == SID_OK && options->method != METHOD_PRICE)
        status = sid__alloc(&b->fitted, (size_t)count, (size_t)q->options.levels * sizeof *b->fitted, "codes", err);
    for (int l = 0; l < q->options.levels && status == SID_OK; l++)
        status = fit_level(ctx, q, b, l, x, count, err);
    sid__ctx_release(ctx, size);
    if (status != SID_OK) {
        drop_state(b);
        return status;
    }
    q->state = b;
    return SID_OK;
}

/* ---- The rest of the family */

static sid_status check(const sid_quantizer *q, int64_t count, int prepared_dim, sid_error *err)
{
    const balanced_options *options = q->family_options;
    (void)count;
    (void)prepared_dim;
    if (options->order == 1 && options->method != METHOD_GREEDY)
        return sid__fail(err, SID_EUSAGE, "order is random with method %s; only the codes of method greedy take turns",
                         options->method == METHOD_PRICE ? "price" : "flow");
    return SID_OK;
}

static sid_status encode(sid_ctx *ctx, const sid_quantizer *q, const float *x, int64_t count, uint16_t *codes,
                         double *margins, sid_error *err)
{
    const balanced *b = q->state;
    return sid__residual_encode(ctx, b->residual, x, count, (int)q->options.beam, codes, margins, err);
}

static void decode(const sid_quantizer *q, const uint16_t *codes, int64_t count, int depth, float *x)
{
    const balanced *b = q->state;
    sid__residual_decode(b->residual, codes, count, depth, x);
}

static sid_status save(const sid_quantizer *q, sid__tensor_set *set, sid_error *err)
{
    const balanced *b = q->state;
    return sid__residual_save(b->residual, set, err);
}

static sid_status load_prices(sid__residual *r, const sid__tensor_set *set, sid_error *err)
{
    char name[32];
    for (int l = 0; l < r->levels; l++) {
        const int64_t codes = r->book[l].codes;
        const sid__tensor *tensor = NULL;
        (void)snprintf(name, sizeof name, "price.%d", l + 1);
        SID_TRY(sid__tensor_get(set, name, SID__F64, 1, &codes, &tensor, err));
        const double *price = tensor->data;
        for (int64_t k = 0; k < codes; k++)
            if (!(price[k] >= 0 && price[k] <= SID__PRICE_MAX))
                return sid__fail(err, SID_EDATA, "tensor %s: element %lld is %g; 0 to %g are expected", name,
                                 (long long)k, price[k], SID__PRICE_MAX);
        SID_TRY(sid__residual_set_price(r, l, price, err));
    }
    return SID_OK;
}

static sid_status load(sid_quantizer *q, const sid__tensor_set *set, sid_error *err)
{
    const balanced_options *options = q->family_options;
    balanced *b = NULL;
    SID_TRY(sid__alloc(&b, 1, sizeof *b, "a balanced quantizer", err));
    sid_status status = sid__residual_load(q, set, &b->residual, err);
    if (status == SID_OK && options->method != METHOD_GREEDY)
        status = load_prices(b->residual, set, err);
    if (status != SID_OK) {
        drop_state(b);
        return status;
    }
    q->state = b;
    return SID_OK;
}

static void drop(sid_quantizer *q)
{
    drop_state(q->state);
    q->state = NULL;
}

static const uint16_t *fit_codes(const sid_quantizer *q)
{
    const balanced *b = q->state;
    return b->fitted;
}

const sid__family_class sid__balanced = {.info = {.name = "balanced",
                                                  .summary = "residual codes of near-equal sizes",
                                                  .paper = "OneRec, arXiv 2502.18965",
                                                  .options = option_table,
                                                  .option_count = sizeof option_table / sizeof *option_table},
                                         .options_size = sizeof(balanced_options),
                                         .is_ordered = true,
                                         .can_start = true,
                                         .check = check,
                                         .fit = fit,
                                         .encode = encode,
                                         .decode = decode,
                                         .save = save,
                                         .load = load,
                                         .drop = drop,
                                         .fit_codes = fit_codes};
