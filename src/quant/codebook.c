/* codebook.c: see codebook.h. Rows are split into chunks for the pool; what a chunk writes depends on its rows alone. */
#include "quant/codebook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_A_CHUNK = 4 * SID__BLOCK_ROWS };

sid_status sid__codebook_create(sid__codebook *book, int codes, int dim, sid_error *err)
{
    int groups = (codes + SID__GROUP - 1) / SID__GROUP;
    size_t padded = (size_t)groups * SID__GROUP;
    float *code = NULL;
    *book = (sid__codebook){.codes = codes, .dim = dim, .groups = groups};
    sid_status status = sid__alloc(&code, (size_t)codes, (size_t)dim * sizeof(float), "a codebook", err);
    book->code = code;
    if (status == SID_OK)
        status = sid__alloc(&book->packed, padded, (size_t)dim * sizeof(float), "a packed codebook", err);
    if (status == SID_OK && sid__isa_is_supported(SID__ISA_AVX512BF16))
        status = sid__alloc(&book->packed_bf16, padded, ((size_t)dim + 1) / 2 * 2 * sizeof(uint16_t),
                            "a packed codebook", err);
    if (status == SID_OK)
        status = sid__alloc(&book->half, padded, sizeof(float), "half norms", err);
    if (status == SID_OK)
        status = sid__alloc(&book->norm, padded, sizeof(float), "norms", err);
    if (status == SID_OK)
        status = sid__alloc(&book->half_exact, padded, sizeof(double), "half norms", err);
    if (status != SID_OK)
        sid__codebook_drop(book);
    return status;
}

void sid__codebook_drop(sid__codebook *book)
{
    sid__free(sid__codebook_code(book));
    sid__free(book->packed);
    sid__free(book->packed_bf16);
    sid__free(book->half);
    sid__free(book->norm);
    sid__free(book->half_exact);
    *book = (sid__codebook){0};
}

sid_status sid__assign_scratch_create(const sid_ctx *ctx, int codes, sid__assign_scratch *out, sid_error *err)
{
    size_t padded = ((size_t)codes + SID__GROUP - 1) / SID__GROUP * SID__GROUP;
    sid__assign_scratch scratch = {
        .workers = sid_ctx_threads(ctx), .score_count = padded * SID__BLOCK_ROWS, .index_count = padded};
    size_t workers = (size_t)scratch.workers;
    SID_TRY(sid__alloc(&scratch.score, workers * scratch.score_count, sizeof(float), "scores of a block", err));
    sid_status status = sid__alloc(&scratch.index, workers * padded, sizeof(int), "surviving codes", err);
    if (status != SID_OK) {
        sid__assign_scratch_drop(&scratch);
        return status;
    }
    *out = scratch;
    return SID_OK;
}

void sid__assign_scratch_drop(sid__assign_scratch *scratch)
{
    sid__free(scratch->score);
    sid__free(scratch->index);
    *scratch = (sid__assign_scratch){0};
}

typedef struct assign_job {
    sid__isa isa;
    const sid__codebook *book;
    const sid__narrow_book *narrow; /* NULL: too wide for that */
    const float *x;
    sid__assign_scratch *scratch;
    uint16_t *label;
    _Atomic int64_t changed;
} assign_job;

static void assign_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    assign_job *job = arg;
    uint16_t fresh[ROWS_A_CHUNK];
    int64_t changed = 0, dim = job->book->dim;
    float *score = job->scratch->score + (size_t)worker * job->scratch->score_count;
    int *index = job->scratch->index + (size_t)worker * job->scratch->index_count;
    if (job->narrow)
        sid__assign_narrow(job->isa, job->narrow, job->x + begin * dim, dim, end - begin, score, index, fresh);
    else
        sid__assign_rows(sid__kernels_for(job->isa), job->book, job->x + begin * dim, end - begin, score, index, fresh);
    for (int64_t i = begin; i < end; i++) {
        changed += job->label[i] != fresh[i - begin];
        job->label[i] = fresh[i - begin];
    }
    atomic_fetch_add(&job->changed, changed);
}

int64_t sid__assign_all(const sid_ctx *ctx, const sid__codebook *book, const float *x, int64_t count,
                        sid__assign_scratch *scratch, uint16_t *label)
{
    assign_job job = {.isa = ctx->isa, .book = book, .x = x, .scratch = scratch, .label = label};
    sid__narrow_book narrow;
    if (book->dim <= SID__NARROW_DIM_MAX) {
        narrow = sid__narrow_book_of(book);
        job.narrow = &narrow;
    }
    sid__ctx_for(ctx, count, ROWS_A_CHUNK, assign_chunk, &job);
    return job.changed;
}

typedef struct subtract_job {
    const sid__codebook *book;
    const uint16_t *label;
    float *x;
} subtract_job;

static void subtract_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const subtract_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const float *code = job->book->code + (int64_t)job->label[i] * job->book->dim;
        float *row = job->x + i * job->book->dim;
        for (int d = 0; d < job->book->dim; d++)
            row[d] -= code[d];
    }
}

void sid__subtract_codes(const sid_ctx *ctx, const sid__codebook *book, const uint16_t *label, int64_t count, float *x)
{
    subtract_job job = {.book = book, .label = label, .x = x};
    sid__ctx_for(ctx, count, ROWS_A_CHUNK, subtract_chunk, &job);
}

void sid__group_rows(const uint16_t *label, int64_t count, int codes, int64_t *begin, int64_t *order)
{
    for (int k = 0; k <= codes; k++)
        begin[k] = 0;
    for (int64_t i = 0; i < count; i++)
        begin[label[i] + 1]++;
    for (int k = 0; k < codes; k++)
        begin[k + 1] += begin[k];
    for (int64_t i = 0; i < count; i++)
        order[begin[label[i]]++] = i;
    for (int k = codes; k > 0; k--)
        begin[k] = begin[k - 1];
    begin[0] = 0;
}

typedef struct largest_job {
    const sid__kernels *kernels;
    const float *x;
    int dim;
    float *largest; /* a chunk */
} largest_job;

static void largest_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const largest_job *job = arg;
    float largest = 0;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        float of_row = job->kernels->measure(job->x + i * job->dim, job->dim).largest;
        largest = of_row > largest ? of_row : largest;
    }
    job->largest[begin / ROWS_A_CHUNK] = largest;
}

double sid__fixed_scale_for(float largest, int64_t count)
{
    int exponent = 0, count_bits = 0;
    if (largest > 0)
        (void)frexpf(largest, &exponent); /* largest < 2^exponent */
    while ((INT64_C(1) << count_bits) < count)
        count_bits++;
    return ldexp(1, (62 - count_bits < 50 ? 62 - count_bits : 50) - exponent);
}

double sid__fixed_scale(const sid_ctx *ctx, const float *x, int64_t count, int dim, sid_error *err, sid_status *status)
{
    int64_t chunks = (count + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK;
    largest_job job = {.kernels = sid__kernels_of(ctx), .x = x, .dim = dim};
    float largest = 0;
    *status = sid__alloc(&job.largest, (size_t)chunks, sizeof(float), "chunk maxima", err);
    if (*status != SID_OK)
        return 0;
    sid__ctx_for(ctx, count, ROWS_A_CHUNK, largest_chunk, &job);
    for (int64_t i = 0; i < chunks; i++)
        largest = job.largest[i] > largest ? job.largest[i] : largest;
    sid__free(job.largest);
    return sid__fixed_scale_for(largest, count);
}

typedef struct sum_job {
    const sid__kernels *kernels;
    const float *x;
    int dim;
    double scale;
    const int64_t *begin, *order;
    int64_t *sum;
} sum_job;

static void sum_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const sum_job *job = arg;
    (void)worker;
    for (int64_t k = begin; k < end; k++) {
        int64_t *sum = job->sum + k * job->dim;
        for (int d = 0; d < job->dim; d++)
            sum[d] = 0;
        for (int64_t i = job->begin[k]; i < job->begin[k + 1]; i++)
            job->kernels->accumulate(job->x + job->order[i] * job->dim, job->dim, job->scale, sum);
    }
}

void sid__sum_by_code(const sid_ctx *ctx, const float *x, int dim, double scale, int codes, const int64_t *begin,
                      const int64_t *order, int64_t *sum)
{
    sum_job job = {.kernels = sid__kernels_of(ctx),
                   .x = x,
                   .dim = dim,
                   .scale = scale,
                   .begin = begin,
                   .order = order,
                   .sum = sum};
    sid__ctx_for(ctx, codes, 1, sum_chunk, &job);
}

typedef struct move_job {
    const sid__kernels *kernels;
    const sid__moves *moves;
    int slice; /* dimensions a chunk */
} move_job;

/* Dimensions [begin, end) slices of every moved row: nobody else writes there, and the sums of a slice stay near. */
static void move_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const move_job *job = arg;
    const sid__moves *m = job->moves;
    int64_t first = begin * job->slice, last = end * job->slice < m->dim ? end * job->slice : m->dim;
    int wide = (int)(last - first);
    (void)worker;
    for (int64_t i = 0; i < m->count; i++) {
        int64_t row = m->row ? m->row[i] : i;
        const float *x = m->x + row * m->dim + first;
        if (m->before)
            job->kernels->accumulate(x, wide, -m->scale, m->sum + m->before[row] * (int64_t)m->dim + first);
        job->kernels->accumulate(x, wide, m->scale, m->sum + (m->label ? m->label[row] : 0) * (int64_t)m->dim + first);
    }
}

void sid__sum_moved(const sid_ctx *ctx, const sid__moves *moves)
{
    enum { NEAR_SIZE = 512 << 10, STEP = 16 };
    move_job job = {.kernels = sid__kernels_of(ctx), .moves = moves};
    int64_t threads = sid_ctx_threads(ctx), most = NEAR_SIZE / ((int64_t)moves->codes * (int64_t)sizeof(int64_t));
    int64_t slices = moves->dim / (most > STEP ? most : STEP) + 1;
    slices = (slices + threads - 1) / threads * threads;
    int64_t slice = ((moves->dim + slices - 1) / slices + STEP - 1) / STEP * STEP;
    job.slice = (int)slice;
    sid__ctx_for(ctx, (moves->dim + slice - 1) / slice, 1, move_chunk, &job);
}

typedef struct rank {
    const sid__codebook *book;
    int64_t members;
    int code;
} rank;

static int by_members(const void *left, const void *right)
{
    const rank *a = left, *b = right;
    if (a->members != b->members)
        return a->members > b->members ? -1 : 1;
    const float *x = a->book->code + (int64_t)a->code * a->book->dim;
    const float *y = b->book->code + (int64_t)b->code * b->book->dim;
    for (int d = 0; d < a->book->dim; d++)
        if (x[d] < y[d] || x[d] > y[d])
            return x[d] < y[d] ? -1 : 1;
    return a->code - b->code;
}

sid_status sid__codebook_renumber(sid__codebook *book, int64_t *members, uint16_t *now, sid_error *err)
{
    rank *order = NULL;
    sid__codebook sorted = {0};
    size_t row_size = (size_t)book->dim * sizeof(float);
    SID_TRY(sid__codebook_create(&sorted, book->codes, book->dim, err));
    sid_status status = sid__alloc(&order, (size_t)book->codes, sizeof *order, "the order of codes", err);
    if (status != SID_OK) {
        sid__codebook_drop(&sorted);
        return status;
    }
    for (int k = 0; k < book->codes; k++)
        order[k] = (rank){.book = book, .members = members[k], .code = k};
    qsort(order, (size_t)book->codes, sizeof *order, by_members);
    for (int k = 0; k < book->codes; k++) {
        int from = order[k].members > 0 ? order[k].code : order[0].code;
        memcpy(sid__codebook_code(&sorted) + (int64_t)k * book->dim, book->code + (int64_t)from * book->dim, row_size);
        members[k] = order[k].members;
        if (now)
            now[order[k].code] = (uint16_t)k;
    }
    sid__free(order);
    sid__codebook_drop(book);
    *book = sorted;
    sid__codebook_pack(book);
    return SID_OK;
}

void sid__codebook_add_price(sid__codebook *book, const double *price)
{
    for (int k = 0; k < book->codes; k++) {
        book->half_exact[k] += price[k];
        book->half[k] = (float)book->half_exact[k];
        book->half_max = book->half[k] > book->half_max ? book->half[k] : book->half_max;
    }
}
