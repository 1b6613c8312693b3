/* residual_refine.c: all codebooks at once by least squares, after the idea of Martinez, Clement, Hoos, Little (LSQ,
 * 1609.09235), with greedy encoding in place of local search (spec/quantizers.md §3).
 *
 * With the codes fixed, x^ = Z E: Z (count, sum K) has one 1 a level. E solves (Z^T Z + ridge I) E = Z^T X + ridge E_last.
 * Z^T Z holds counts of code pairs (exact), Z^T X holds sums by code (fixed point), so that the system is the same bits
 * for any thread count. The ridge decides what the data leaves open: a constant moved from one level to another, and
 * codes without rows.
 */
#include <math.h>
#include <string.h>

#include "linalg/linalg.h"
#include "quant/residual.h"

#define RIDGE 1e-2

enum { REVIVALS_MAX = 8, UNKNOWNS_MAX = 12288 }; /* the normal matrix is 1.2 GB there; beyond, refine is refused */

typedef struct refine {
    int unknowns;
    int first[SID_LEVELS_MAX + 1]; /* row of each level's code 0 in the system */
    double *normal, *right;        /* (unknowns, unknowns), (unknowns, dim) */
    uint16_t *codes, *label;       /* (count, levels), (count) */
    int64_t *begin, *order, *sum;
    double *error; /* (count) squared error of each row */
} refine;

static sid_status alloc_refine(const sid__residual *r, int64_t count, refine *out, sid_error *err)
{
    int largest = 0;
    for (int l = 0; l < r->levels; l++) {
        out->first[l + 1] = out->first[l] + r->book[l].codes;
        largest = r->book[l].codes > largest ? r->book[l].codes : largest;
    }
    out->unknowns = out->first[r->levels];
    if (out->unknowns > UNKNOWNS_MAX)
        return sid__fail(err, SID_EUSAGE, "refine solves for %d codes together; at most %d are possible, or refine 0",
                         out->unknowns, UNKNOWNS_MAX);
    size_t unknowns = (size_t)out->unknowns, rows = (size_t)count, wide = (size_t)r->dim;
    SID_TRY(sid__alloc(&out->normal, unknowns, unknowns * sizeof(double), "the normal matrix", err));
    SID_TRY(sid__alloc(&out->right, unknowns, wide * sizeof(double), "the right-hand sides", err));
    SID_TRY(sid__alloc(&out->codes, rows, (size_t)r->levels * sizeof(uint16_t), "codes", err));
    SID_TRY(sid__alloc(&out->label, rows, sizeof(uint16_t), "labels", err));
    SID_TRY(sid__alloc(&out->begin, (size_t)largest + 1, sizeof(int64_t), "code borders", err));
    SID_TRY(sid__alloc(&out->order, rows, sizeof(int64_t), "rows by code", err));
    SID_TRY(sid__alloc(&out->error, rows, sizeof(double), "errors by row", err));
    return sid__alloc(&out->sum, (size_t)largest, wide * sizeof(int64_t), "sums by code", err);
}

static void drop_refine(refine *state)
{
    sid__free(state->normal);
    sid__free(state->right);
    sid__free(state->codes);
    sid__free(state->label);
    sid__free(state->begin);
    sid__free(state->order);
    sid__free(state->sum);
    sid__free(state->error);
}

static void count_pairs(const sid__residual *r, refine *state, int64_t count)
{
    int64_t n = state->unknowns;
    memset(state->normal, 0, (size_t)n * (size_t)n * sizeof(double));
    for (int64_t i = 0; i < count; i++) {
        const uint16_t *codes = state->codes + i * r->levels;
        for (int l = 0; l < r->levels; l++)
            for (int m = 0; m < r->levels; m++)
                state->normal[(state->first[l] + codes[l]) * n + state->first[m] + codes[m]] += 1;
    }
    for (int64_t k = 0; k < n; k++)
        state->normal[k * n + k] += RIDGE;
}

/* right = Z^T X + ridge E_last, level by level. */
static void sum_rows(sid_ctx *ctx, const sid__residual *r, refine *state, const float *x, int64_t count, double scale)
{
    for (int l = 0; l < r->levels; l++) {
        const sid__codebook *book = &r->book[l];
        for (int64_t i = 0; i < count; i++)
            state->label[i] = state->codes[i * r->levels + l];
        sid__group_rows(state->label, count, book->codes, state->begin, state->order);
        sid__sum_by_code(ctx, x, r->dim, scale, book->codes, state->begin, state->order, state->sum);
        double *right = state->right + (int64_t)state->first[l] * r->dim;
        for (int64_t at = 0; at < (int64_t)book->codes * r->dim; at++)
            right[at] = (double)state->sum[at] / scale + RIDGE * (double)book->code[at];
    }
}

static void take_solution(sid__residual *r, const refine *state)
{
    for (int l = 0; l < r->levels; l++) {
        const double *solved = state->right + (int64_t)state->first[l] * r->dim;
        float *code = sid__codebook_code(&r->book[l]);
        for (int64_t at = 0; at < (int64_t)r->book[l].codes * r->dim; at++)
            code[at] = (float)solved[at];
        sid__codebook_pack(&r->book[l]);
    }
}

static void measure_rows(const sid__residual *r, refine *state, const float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        double sum = 0;
        for (int d = 0; d < r->dim; d++) {
            float rest = x[i * r->dim + d];
            for (int l = 0; l < r->levels; l++)
                rest -= r->book[l].code[(int64_t)state->codes[i * r->levels + l] * r->dim + d];
            sum += (double)rest * (double)rest;
        }
        state->error[i] = sum;
    }
}

/* A code that no row uses becomes the residual, at its level, of the row with most error. false: every error is 0. */
static bool revive_code(sid__residual *r, refine *state, const float *x, int64_t count, int level, int code)
{
    int64_t worst = 0;
    for (int64_t i = 1; i < count; i++)
        worst = state->error[i] > state->error[worst] ? i : worst;
    if (!(state->error[worst] > 0))
        return false;
    state->error[worst] = 0;
    float *to = sid__codebook_code(&r->book[level]) + (int64_t)code * r->dim;
    memcpy(to, x + worst * r->dim, (size_t)r->dim * sizeof(float));
    for (int l = 0; l < level; l++)
        for (int d = 0; d < r->dim; d++)
            to[d] -= r->book[l].code[(int64_t)state->codes[worst * r->levels + l] * r->dim + d];
    return true;
}

static bool revive_level(sid__residual *r, refine *state, const float *x, int64_t count, int level)
{
    bool is_changed = false;
    sid__codebook *book = &r->book[level];
    memset(r->count[level], 0, (size_t)book->codes * sizeof(int64_t));
    for (int64_t i = 0; i < count; i++)
        r->count[level][state->codes[i * r->levels + level]]++;
    for (int k = 0; k < book->codes; k++)
        if (r->count[level][k] == 0 && revive_code(r, state, x, count, level, k))
            is_changed = true;
    sid__codebook_pack(book);
    return is_changed;
}

/* Encodes, and again after giving unused codes a row, until all are used or no row is left with an error. */
static sid_status encode_alive(sid_ctx *ctx, sid__residual *r, refine *state, const float *x, int64_t count,
                               sid_error *err)
{
    for (int attempt = 0;; attempt++) {
        bool is_changed = false;
        SID_TRY(sid__residual_encode(ctx, r, x, count, 1, state->codes, NULL, err));
        if (attempt == REVIVALS_MAX)
            return SID_OK;
        measure_rows(r, state, x, count);
        for (int l = 0; l < r->levels; l++)
            is_changed |= revive_level(r, state, x, count, l);
        if (!is_changed)
            return SID_OK;
    }
}

static sid_status run_rounds(sid_ctx *ctx, sid__residual *r, refine *state, const float *x, int64_t count, int rounds,
                             sid_error *err)
{
    sid_status status = SID_OK;
    double scale = sid__fixed_scale(ctx, x, count, r->dim, err, &status);
    SID_TRY(status);
    SID_TRY(encode_alive(ctx, r, state, x, count, err));
    for (int round = 0; round < rounds; round++) {
        SID_TRY(sid__ctx_check(ctx, err));
        sid__ctx_progress(ctx, "refining all levels", round, rounds, "rounds", (double)NAN);
        count_pairs(r, state, count);
        sum_rows(ctx, r, state, x, count, scale);
        if (!sid__solve_spd(ctx, state->normal, state->unknowns, state->right, r->dim))
            return sid__fail(err, SID_EINTERNAL, "refine: the normal matrix is not positive definite");
        take_solution(r, state);
        SID_TRY(encode_alive(ctx, r, state, x, count, err));
    }
    sid__ctx_progress(ctx, "refining all levels", rounds, rounds, "rounds", (double)NAN);
    return sid__residual_renumber(r, state->codes, count, err);
}

sid_status sid__residual_refine(sid_ctx *ctx, sid__residual *r, const float *x, int64_t count, int rounds,
                                sid_error *err)
{
    refine state = {0};
    sid_status status = alloc_refine(r, count, &state, err);
    if (status == SID_OK)
        status = run_rounds(ctx, r, &state, x, count, rounds, err);
    drop_refine(&state);
    return status;
}
