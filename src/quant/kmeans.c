/* kmeans.c: Lloyd's algorithm (S. Lloyd, Least squares quantization in PCM, 1982).
 *
 * Departures, for bit-equal results on any machine: labels are canonical (kernel/assign.h); sums are int64 fixed point,
 * so means do not depend on the order of rows; the squared error is had from the sums, sum |x|^2 - 2 c . s + n |c|^2,
 * which costs codes x dim instead of rows x dim. Empty codes are moved as spec/quantizers.md §2 says.
 */
#include "quant/kmeans.h"

#include <math.h>
#include <string.h>

enum { EXTRA_SWEEPS = 20, ROWS_A_CHUNK = 1024 };

typedef struct square_job {
    const float *x;
    int dim;
    double *square;
} square_job;

static void square_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const square_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        job->square[i] = sid__dot_exact(job->x + i * job->dim, job->x + i * job->dim, job->dim);
}

static sid_status alloc_lloyd(sid_ctx *ctx, sid__lloyd *out, sid_error *err)
{
    size_t codes = (size_t)out->codes, rows = (size_t)out->count;
    SID_TRY(sid__codebook_create(&out->book, out->codes, out->dim, err));
    SID_TRY(sid__assign_scratch_create(ctx, out->codes, &out->scratch, err));
    SID_TRY(sid__alloc(&out->label, rows, sizeof(uint16_t), "labels", err));
    SID_TRY(sid__alloc(&out->begin, codes + 1, sizeof(int64_t), "code borders", err));
    SID_TRY(sid__alloc(&out->order, rows, sizeof(int64_t), "rows by code", err));
    SID_TRY(sid__alloc(&out->sum, codes, (size_t)out->dim * sizeof(int64_t), "sums by code", err));
    SID_TRY(sid__alloc(&out->square, rows, sizeof(double), "squared norms", err));
    return sid__alloc(&out->code_error, codes, sizeof(double), "errors by code", err);
}

sid_status sid__lloyd_create(sid_ctx *ctx, const float *x, int64_t count, int dim, int codes, sid__lloyd *out,
                             sid_error *err)
{
    *out = (sid__lloyd){.x = x, .count = count, .dim = dim, .codes = codes};
    sid_status status = alloc_lloyd(ctx, out, err);
    if (status == SID_OK)
        out->scale = sid__fixed_scale(ctx, x, count, dim, err, &status);
    if (status != SID_OK) {
        sid__lloyd_drop(out);
        return status;
    }
    square_job job = {.x = x, .dim = dim, .square = out->square};
    sid__ctx_for(ctx, count, ROWS_A_CHUNK, square_chunk, &job);
    return SID_OK;
}

void sid__lloyd_drop(sid__lloyd *lloyd)
{
    sid__codebook_drop(&lloyd->book);
    sid__assign_scratch_drop(&lloyd->scratch);
    sid__free(lloyd->label);
    sid__free(lloyd->begin);
    sid__free(lloyd->order);
    sid__free(lloyd->sum);
    sid__free(lloyd->square);
    sid__free(lloyd->code_error);
    *lloyd = (sid__lloyd){0};
}

/* Squared error of each code's rows to the centroid they were assigned to, never below 0. */
static void measure(sid__lloyd *lloyd)
{
    lloyd->error = 0;
    for (int k = 0; k < lloyd->codes; k++) {
        const float *code = lloyd->book.code + (int64_t)k * lloyd->dim;
        const int64_t *sum = lloyd->sum + (int64_t)k * lloyd->dim;
        double members = (double)(lloyd->begin[k + 1] - lloyd->begin[k]), cross = 0, squares = 0;
        for (int d = 0; d < lloyd->dim; d++)
            cross += (double)code[d] * ((double)sum[d] / lloyd->scale);
        for (int64_t i = lloyd->begin[k]; i < lloyd->begin[k + 1]; i++)
            squares += lloyd->square[lloyd->order[i]];
        double error = squares - 2 * cross + members * 2 * lloyd->book.half_exact[k];
        lloyd->code_error[k] = error > 0 ? error : 0;
        lloyd->error += lloyd->code_error[k];
    }
}

static void move_to_means(sid__lloyd *lloyd)
{
    float *code = sid__codebook_code(&lloyd->book);
    for (int k = 0; k < lloyd->codes; k++) {
        int64_t members = lloyd->begin[k + 1] - lloyd->begin[k];
        double divisor = lloyd->scale * (double)members;
        for (int d = 0; d < lloyd->dim && members > 0; d++) {
            int64_t at = (int64_t)k * lloyd->dim + d;
            code[at] = (float)((double)lloyd->sum[at] / divisor);
        }
    }
}

static double distance_to_code(const sid__lloyd *lloyd, int64_t row, int code)
{
    double sum = 0;
    for (int d = 0; d < lloyd->dim; d++) {
        double step = (double)lloyd->x[row * lloyd->dim + d] - (double)lloyd->book.code[(int64_t)code * lloyd->dim + d];
        sum += step * step;
    }
    return sum;
}

static int worst_code(const sid__lloyd *lloyd)
{
    int worst = 0;
    for (int k = 1; k < lloyd->codes; k++)
        if (lloyd->code_error[k] > lloyd->code_error[worst])
            worst = k;
    return worst;
}

/* Gives one empty code the farthest member of the code with most error. false when every row is its centroid. A taken row
 * gets the empty code as its label, which keeps a second empty code from taking it too. */
static bool refill(sid__lloyd *lloyd, int empty)
{
    int from = worst_code(lloyd);
    int64_t farthest = -1;
    double most = 0;
    for (int64_t i = lloyd->begin[from]; i < lloyd->begin[from + 1]; i++) {
        int64_t row = lloyd->order[i];
        double distance = lloyd->label[row] == from ? distance_to_code(lloyd, row, from) : 0;
        if (distance > most) {
            most = distance;
            farthest = row;
        }
    }
    if (farthest < 0)
        return false;
    memcpy(sid__codebook_code(&lloyd->book) + (int64_t)empty * lloyd->dim, lloyd->x + farthest * lloyd->dim,
           (size_t)lloyd->dim * sizeof(float));
    lloyd->label[farthest] = (uint16_t)empty;
    lloyd->code_error[from] = lloyd->code_error[from] > most ? lloyd->code_error[from] - most : 0;
    return true;
}

/* Refills every empty code, ascending. Gives how many were refilled; those that stay empty become copies of code 0. */
static int refill_all(sid__lloyd *lloyd)
{
    int refilled = 0;
    bool is_possible = true;
    for (int k = 0; k < lloyd->codes; k++) {
        if (lloyd->begin[k + 1] > lloyd->begin[k])
            continue;
        is_possible = is_possible && refill(lloyd, k);
        if (is_possible)
            refilled++;
        else
            memcpy(sid__codebook_code(&lloyd->book) + (int64_t)k * lloyd->dim, lloyd->book.code,
                   (size_t)lloyd->dim * sizeof(float));
    }
    return refilled;
}

/* One sweep. *moved: a label changed or an empty code was given a row. */
static void sweep(sid_ctx *ctx, sid__lloyd *lloyd, bool *moved)
{
    sid__codebook_pack(&lloyd->book);
    int64_t changed = sid__assign_all(ctx, &lloyd->book, lloyd->x, lloyd->count, &lloyd->scratch, lloyd->label);
    sid__group_rows(lloyd->label, lloyd->count, lloyd->codes, lloyd->begin, lloyd->order);
    sid__sum_by_code(ctx, lloyd->x, lloyd->dim, lloyd->scale, lloyd->codes, lloyd->begin, lloyd->order, lloyd->sum);
    measure(lloyd);
    move_to_means(lloyd);
    *moved = changed > 0;
}

sid_status sid__lloyd_run(sid_ctx *ctx, sid__lloyd *lloyd, int iters, double tol, const char *stage, sid_error *err)
{
    double before = (double)INFINITY;
    for (int i = 0; i < iters + EXTRA_SWEEPS; i++) {
        bool moved = false;
        SID_TRY(sid__ctx_check(ctx, err));
        sweep(ctx, lloyd, &moved);
        sid__ctx_progress(ctx, stage, i + 1, iters, "sweeps", lloyd->error / (double)lloyd->count);
        int refilled = refill_all(lloyd);
        bool is_settled = !moved || i + 1 >= iters || before - lloyd->error < tol * before;
        if (refilled == 0 && is_settled)
            break;
        before = refilled ? (double)INFINITY : lloyd->error;
    }
    sid__codebook_pack(&lloyd->book);
    return SID_OK;
}

/* Copies the centroids into `book`, most members first. */
static sid_status take_best(sid_ctx *ctx, sid__lloyd *lloyd, sid__codebook *book, sid_error *err)
{
    int64_t *members = lloyd->begin;
    (void)sid__assign_all(ctx, &lloyd->book, lloyd->x, lloyd->count, &lloyd->scratch, lloyd->label);
    sid__group_rows(lloyd->label, lloyd->count, lloyd->codes, lloyd->begin, lloyd->order);
    for (int k = 0; k < lloyd->codes; k++)
        members[k] = lloyd->begin[k + 1] - lloyd->begin[k];
    memcpy(sid__codebook_code(book), lloyd->book.code, (size_t)lloyd->codes * (size_t)lloyd->dim * sizeof(float));
    return sid__codebook_renumber(book, members, err);
}

static sid_status fit_once(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t attempt, sid__lloyd *lloyd,
                           sid_error *err)
{
    SID_TRY(sid__kmeans_start(ctx, options, attempt, lloyd, err));
    return sid__lloyd_run(ctx, lloyd, options->iters, options->tol, options->stage, err);
}

sid_status sid__kmeans_fit(sid_ctx *ctx, const sid__kmeans_options *options, const float *x, int64_t count, int dim,
                           sid__codebook *book, sid_error *err)
{
    sid__lloyd lloyd;
    double least = (double)INFINITY;
    SID_TRY(sid__lloyd_create(ctx, x, count, dim, book->codes, &lloyd, err));
    sid_status status = SID_OK;
    for (int attempt = 0; attempt < options->n_init && status == SID_OK; attempt++) {
        status = fit_once(ctx, options, (uint64_t)attempt, &lloyd, err);
        if (status == SID_OK && (attempt == 0 || lloyd.error < least)) {
            least = lloyd.error;
            status = take_best(ctx, &lloyd, book, err);
        }
    }
    sid__lloyd_drop(&lloyd);
    return status;
}
