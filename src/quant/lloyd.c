/* lloyd.c: Lloyd's algorithm (S. Lloyd, Least squares quantization in PCM, 1982).
 *
 * Departures, for bit-equal results on any machine: labels are canonical (kernel/assign.h); sums are int64 fixed point,
 * so means do not depend on the order of rows; the squared error is had from the sums, sum |x|^2 - 2 c . s + n |c|^2,
 * which costs codes x dim instead of rows x dim. Empty codes are moved as spec/quantizers.md §2 says.
 *
 * Rows are spared as by Hamerly (Making k-means even faster, SDM 2010): each keeps the most that its own code and the
 * least that any other code can be away; when codes move, the bounds move by as much, and while they do not meet the label
 * cannot change. It is the label that would be computed: the canonical score of a code is off its real value by at most
 * e = (dim + 4) 2^-53 (|x| + |c|)^2, and with a gap g between the bounds two scores differ by at least g^2 / 2, so that g
 * >= 2 sqrt(e) leaves nothing to decide. Sums are kept up by the rows that changed codes alone: integers, hence equal.
 */
#include "quant/lloyd.h"

#include <math.h>
#include <string.h>

enum { EXTRA_SWEEPS = 20, ROWS_A_CHUNK = 4 * SID__BLOCK_ROWS };

#define ABOVE (1 + 0x1p-22f) /* covers a few fp32 roundings */
#define BELOW (1 - 0x1p-22f)

/* ---- Memory */

typedef struct measure_job {
    const sid__kernels *kernels;
    sid__lloyd *lloyd;
    float *largest; /* magnitude of a chunk */
} measure_job;

static void measure_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const measure_job *job = arg;
    sid__lloyd *lloyd = job->lloyd;
    float largest = 0;
    (void)worker;
    sid__squares_exact(lloyd->x + begin * lloyd->dim, end - begin, lloyd->dim, lloyd->square + begin);
    for (int64_t i = begin; i < end; i++) {
        const float *x = lloyd->x + i * lloyd->dim;
        sid__row_size size = job->kernels->measure(x, lloyd->dim);
        lloyd->norm[i] = sid__row_norm_of(size, x, lloyd->dim);
        largest = size.largest > largest ? size.largest : largest;
    }
    job->largest[begin / ROWS_A_CHUNK] = largest;
}

static sid_status measure_rows(sid_ctx *ctx, sid__lloyd *lloyd, sid_error *err)
{
    measure_job job = {.kernels = sid__kernels_of(ctx), .lloyd = lloyd};
    int64_t chunks = (lloyd->count + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK;
    float largest = 0;
    SID_TRY(sid__alloc(&job.largest, (size_t)chunks, sizeof(float), "chunk maxima", err));
    sid__ctx_for(ctx, lloyd->count, ROWS_A_CHUNK, measure_chunk, &job);
    for (int64_t i = 0; i < chunks; i++)
        largest = job.largest[i] > largest ? job.largest[i] : largest;
    lloyd->scale = sid__fixed_scale_for(largest, lloyd->count);
    sid__free(job.largest);
    return SID_OK;
}

static sid_status alloc_lloyd(sid_ctx *ctx, sid__lloyd *out, sid_error *err)
{
    size_t codes = (size_t)out->codes, rows = (size_t)out->count, dim = (size_t)out->dim;
    SID_TRY(sid__codebook_create(&out->book, out->codes, out->dim, err));
    SID_TRY(sid__assign_scratch_create(ctx, out->codes, &out->scratch, err));
    SID_TRY(sid__alloc(&out->label, rows, sizeof(uint16_t), "labels", err));
    SID_TRY(sid__alloc(&out->before, rows, sizeof(uint16_t), "labels", err));
    SID_TRY(sid__alloc(&out->begin, codes + 1, sizeof(int64_t), "code borders", err));
    SID_TRY(sid__alloc(&out->order, rows, sizeof(int64_t), "rows by code", err));
    SID_TRY(sid__alloc(&out->sum, codes, dim * sizeof(int64_t), "sums by code", err));
    SID_TRY(sid__alloc(&out->square, rows, sizeof(double), "squared norms", err));
    SID_TRY(sid__alloc(&out->norm, rows, sizeof(sid__row_norm), "norms", err));
    SID_TRY(sid__alloc(&out->upper, rows, sizeof(float), "bounds of rows", err));
    SID_TRY(sid__alloc(&out->lower, rows, sizeof(float), "bounds of rows", err));
    SID_TRY(sid__alloc(&out->last_code, codes, dim * sizeof(float), "the last centroids", err));
    SID_TRY(sid__alloc(&out->moved, codes, sizeof(float), "movements of codes", err));
    return sid__alloc(&out->code_error, codes, sizeof(double), "errors by code", err);
}

sid_status sid__lloyd_create(sid_ctx *ctx, const float *x, int64_t count, int dim, int codes, sid__lloyd *out,
                             sid_error *err)
{
    *out = (sid__lloyd){.x = x, .count = count, .dim = dim, .codes = codes};
    sid_status status = alloc_lloyd(ctx, out, err);
    if (status == SID_OK)
        status = measure_rows(ctx, out, err);
    if (status != SID_OK)
        sid__lloyd_drop(out);
    return status;
}

void sid__lloyd_drop(sid__lloyd *lloyd)
{
    sid__codebook_drop(&lloyd->book);
    sid__assign_scratch_drop(&lloyd->scratch);
    sid__free(lloyd->label);
    sid__free(lloyd->before);
    sid__free(lloyd->begin);
    sid__free(lloyd->order);
    sid__free(lloyd->sum);
    sid__free(lloyd->square);
    sid__free(lloyd->norm);
    sid__free(lloyd->upper);
    sid__free(lloyd->lower);
    sid__free(lloyd->last_code);
    sid__free(lloyd->moved);
    sid__free(lloyd->code_error);
    *lloyd = (sid__lloyd){0};
}

/* ---- Assignment */

typedef struct assign_job {
    sid__isa isa;
    sid__lloyd *lloyd;
    const sid__narrow_book *narrow; /* NULL: too wide for that */
    int farthest;                   /* the code that moved most */
    float most, next;               /* how far it moved, and the farthest of the others */
    float gap_factor;               /* of |x| + the largest |c| */
} assign_job;

/* How far each code has moved since the last assignment, at most. */
static void find_moves(sid__lloyd *lloyd, assign_job *job)
{
    for (int k = 0; k < lloyd->codes; k++) {
        const float *now = lloyd->book.code + (int64_t)k * lloyd->dim,
                    *last = lloyd->last_code + (int64_t)k * lloyd->dim;
        double sum = 0;
        for (int d = 0; d < lloyd->dim; d++) {
            double step = (double)now[d] - (double)last[d];
            sum += step * step;
        }
        lloyd->moved[k] = (float)sqrt(sum) * ABOVE;
        if (lloyd->moved[k] > job->most) {
            job->next = job->most;
            job->most = lloyd->moved[k];
            job->farthest = k;
        } else if (lloyd->moved[k] > job->next) {
            job->next = lloyd->moved[k];
        }
    }
}

/* Moves a row's bounds with the codes; true while its label cannot change. */
static bool is_settled(const assign_job *job, int64_t row)
{
    sid__lloyd *lloyd = job->lloyd;
    int label = lloyd->label[row];
    float upper = (lloyd->upper[row] + lloyd->moved[label]) * ABOVE;
    float lower = lloyd->lower[row] * BELOW - (label == job->farthest ? job->next : job->most) * ABOVE;
    lloyd->upper[row] = upper;
    lloyd->lower[row] = lower;
    return upper + (lloyd->norm[row].norm + lloyd->book.norm_max) * job->gap_factor < lower;
}

static void set_bounds(sid__lloyd *lloyd, int64_t row, sid__nearest nearest)
{
    double square = lloyd->square[row], error = square * (double)lloyd->dim * 0x1p-52;
    double high = square + 2 * nearest.best_high + error, low = square + 2 * nearest.others_low - error;
    lloyd->upper[row] = (float)sqrt(high > 0 ? high : 0) * ABOVE;
    lloyd->lower[row] = (float)sqrt(low > 0 ? low : 0) * BELOW;
}

/* Rows of a chunk that are to be compared. */
typedef struct gathered {
    const float *row[SID__BLOCK_ROWS];
    sid__row_norm norm[SID__BLOCK_ROWS];
    int64_t which[SID__BLOCK_ROWS], changed;
    int count;
} gathered;

static void compare_rows(const assign_job *job, gathered *rows, int worker)
{
    sid__lloyd *lloyd = job->lloyd;
    sid__nearest nearest[SID__BLOCK_ROWS];
    uint16_t label[SID__BLOCK_ROWS];
    float *score = lloyd->scratch.score + (size_t)worker * lloyd->scratch.score_count;
    int *index = lloyd->scratch.index + (size_t)worker * lloyd->scratch.index_count;
    if (job->narrow)
        sid__assign_narrow_block(job->isa, job->narrow, rows->row, rows->count, score, index, label, nearest);
    else
        sid__assign_block(sid__kernels_for(job->isa), &lloyd->book, rows->row, rows->norm, rows->count, score, index,
                          label, nearest);
    for (int i = 0; i < rows->count; i++) {
        int64_t row = rows->which[i];
        rows->changed += lloyd->label[row] != label[i];
        lloyd->label[row] = label[i];
        set_bounds(lloyd, row, nearest[i]);
    }
}

static void assign_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const assign_job *job = arg;
    sid__lloyd *lloyd = job->lloyd;
    const int most = job->narrow ? SID__NARROW_ROWS : SID__BLOCK_ROWS;
    gathered rows = {.count = 0};
    int64_t compared = 0;
    for (int64_t i = begin; i < end; i++) {
        if (!lloyd->is_bounded || !is_settled(job, i)) {
            rows.row[rows.count] = lloyd->x + i * lloyd->dim;
            rows.norm[rows.count] = lloyd->norm[i];
            rows.which[rows.count++] = i;
        }
        if (rows.count == most || (rows.count > 0 && i + 1 == end)) {
            compare_rows(job, &rows, worker);
            compared += rows.count;
            rows.count = 0;
        }
    }
    atomic_fetch_add(&lloyd->compared, compared);
    atomic_fetch_add(&lloyd->changed, rows.changed);
}

void sid__lloyd_assign(sid_ctx *ctx, sid__lloyd *lloyd)
{
    sid__narrow_book narrow;
    assign_job job = {.isa = ctx->isa, .lloyd = lloyd, .farthest = -1};
    job.gap_factor = (float)(2 * sqrt(((double)lloyd->dim + 4) * 0x1p-53)) * ABOVE;
    sid__codebook_pack(&lloyd->book);
    if (lloyd->dim <= SID__NARROW_DIM_MAX) {
        narrow = sid__narrow_book_of(&lloyd->book);
        job.narrow = &narrow;
    }
    if (lloyd->is_bounded)
        find_moves(lloyd, &job);
    memcpy(lloyd->last_code, lloyd->book.code, (size_t)lloyd->codes * (size_t)lloyd->dim * sizeof(float));
    atomic_store(&lloyd->compared, 0);
    atomic_store(&lloyd->changed, 0);
    sid__ctx_for(ctx, lloyd->count, ROWS_A_CHUNK, assign_chunk, &job);
    lloyd->is_bounded = true;
}

/* ---- Means */

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
    lloyd->upper[farthest] = INFINITY;
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

/* Brings the sums up to date with the labels. Uses `order` for the rows that moved. */
static void update_sums(sid_ctx *ctx, sid__lloyd *lloyd, bool is_first)
{
    sid__moves moves = {.x = lloyd->x,
                        .dim = lloyd->dim,
                        .codes = lloyd->codes,
                        .scale = lloyd->scale,
                        .label = lloyd->label,
                        .sum = lloyd->sum};
    for (int64_t i = 0; i < lloyd->count && !is_first; i++)
        if (lloyd->label[i] != lloyd->before[i])
            lloyd->order[moves.count++] = i;
    if (is_first || moves.count > lloyd->count / 2) {
        memset(lloyd->sum, 0, (size_t)lloyd->codes * (size_t)lloyd->dim * sizeof(int64_t));
        moves.count = lloyd->count;
    } else {
        moves.row = lloyd->order;
        moves.before = lloyd->before;
    }
    sid__sum_moved(ctx, &moves);
    memcpy(lloyd->before, lloyd->label, (size_t)lloyd->count * sizeof(uint16_t));
}

/* One sweep. *moved: a label changed. */
static void sweep(sid_ctx *ctx, sid__lloyd *lloyd, bool *moved)
{
    bool is_first = !lloyd->is_bounded;
    sid__lloyd_assign(ctx, lloyd);
    *moved = atomic_load(&lloyd->changed) > 0;
    update_sums(ctx, lloyd, is_first);
    sid__group_rows(lloyd->label, lloyd->count, lloyd->codes, lloyd->begin, lloyd->order);
    measure(lloyd);
    move_to_means(lloyd);
}

sid_status sid__lloyd_run(sid_ctx *ctx, sid__lloyd *lloyd, int iters, double tol, const char *stage, sid_error *err)
{
    double before = (double)INFINITY;
    lloyd->is_bounded = false;
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
    return SID_OK;
}
