/* ops_soft.c: soft codes, and the gradient to codes that were not chosen. Both weigh all K codes of a book for each row, so both
 * have the same way back: with b (N, K) the gradient of the products r . e,
 *
 *     dr = b E - diag(row) r,   dE += b^T r - diag(code) E
 *
 * where `row` and `code` are what the norms in the scores leave.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "linalg/scalar.h"
#include "tensor/ops_codes.h"
#include "tensor/real_product.h"

/* share (N, K): softmax, or cosines. back: scratch of the same size; r_norm (N), e_norm (K): lengths, of cosines alone. */
typedef struct soft_job {
    const sid__neural *kernels;
    const sid__real *rest, *noise;
    sid__value *z, *book, *out;
    sid__real *share, *back;
    double *r_norm, *e_norm, *row, *code;
    double temperature;
} soft_job;

static void multiply(const sid_ctx *ctx, sid__real_factor a, sid__real_factor b, sid__real *c, int64_t rows,
                     int columns, int depth, bool is_added)
{
    sid__multiply_real(
        ctx, &(sid__real_product){
                 .a = a, .b = b, .c = c, .rows = rows, .columns = columns, .depth = depth, .is_added = is_added});
}

/* x book^T, (N, K) */
static void times_codes(const sid_ctx *ctx, const sid__real *x, int64_t rows, const sid__value *book, sid__real *c)
{
    int dim = book->columns;
    multiply(ctx, (sid__real_factor){x, dim, false}, (sid__real_factor){book->data, dim, false}, c, rows,
             (int)book->rows, dim, false);
}

static bool push(sid__tape *tape, soft_job *job)
{
    size_t rows = (size_t)job->z->rows, codes = (size_t)job->book->rows;
    job->kernels = tape->kernels;
    job->share = sid__tape_push(tape, rows * codes, sizeof *job->share);
    job->back = sid__tape_push(tape, rows * codes, sizeof *job->back);
    job->row = sid__tape_push(tape, rows, sizeof *job->row);
    job->code = sid__tape_push(tape, codes, sizeof *job->code);
    job->r_norm = sid__tape_push(tape, rows, sizeof *job->r_norm);
    job->e_norm = sid__tape_push(tape, codes, sizeof *job->e_norm);
    return tape->status == SID_OK;
}

/* out.grad book^T into back */
static void back_to_shares(const sid_ctx *ctx, const soft_job *job)
{
    times_codes(ctx, job->out->grad, job->z->rows, job->book, job->back);
}

/* dE += share^T out.grad */
static void grad_of_book(const sid_ctx *ctx, const soft_job *job, const sid__real *share, const sid__real *x)
{
    sid__value *book = job->book;
    multiply(ctx, (sid__real_factor){share, book->rows, true}, (sid__real_factor){x, book->columns, true}, book->grad,
             book->rows, book->columns, (int)job->z->rows, book->has_grad);
    book->has_grad = true;
}

/* From back, row and code to the gradients of z and book. */
static void grad_of_products(const sid_ctx *ctx, const soft_job *job)
{
    sid__value *z = job->z, *book = job->book;
    int dim = book->columns;
    if (sid__wants_grad(book)) {
        grad_of_book(ctx, job, job->back, job->rest);
        for (int64_t k = 0; k < book->rows; k++)
            job->kernels->add_scaled(dim, (sid__real)-job->code[k], book->data + k * dim, book->grad + k * dim);
    }
    if (!sid__wants_grad(z))
        return;
    multiply(ctx, (sid__real_factor){job->back, book->rows, false}, (sid__real_factor){book->data, dim, true}, z->grad,
             z->rows, dim, (int)book->rows, z->has_grad);
    z->has_grad = true;
    for (int64_t i = 0; i < z->rows; i++)
        job->kernels->add_scaled(dim, (sid__real)-job->row[i], job->rest + i * dim, z->grad + i * dim);
}

/* code[k] = sum_i of back[i][k] by[i][k], rows from the first on; by NULL: 1 */
static void sum_by_code(const soft_job *job, const sid__real *by)
{
    int64_t codes = job->book->rows;
    memset(job->code, 0, (size_t)codes * sizeof *job->code);
    for (int64_t i = 0; i < job->z->rows; i++)
        for (int64_t k = 0; k < codes; k++)
            job->code[k] += (double)job->back[i * codes + k] * (by ? (double)by[i * codes + k] : 1);
}

/* ---- Soft codes --------------------------------------------------------------------------------------------------- */

/* Products to shares: |r|^2 is the same for all codes and falls out. */
static void softmax_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const soft_job *job = arg;
    int64_t codes = job->book->rows;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        sid__real *share = job->share + i * codes;
        const sid__real *noise = job->noise ? job->noise + i * codes : NULL;
        double most = -(double)INFINITY, sum = 0;
        for (int64_t k = 0; k < codes; k++) {
            double score = 2 * (double)share[k] - job->e_norm[k] + (noise ? (double)noise[k] : 0);
            share[k] = (sid__real)(score / job->temperature);
            most = (double)share[k] > most ? (double)share[k] : most;
        }
        for (int64_t k = 0; k < codes; k++)
            sum += sid__exp((double)share[k] - most);
        for (int64_t k = 0; k < codes; k++)
            share[k] = (sid__real)(sid__exp((double)share[k] - most) / sum);
    }
}

/* back: d share to d product, twice d (2 r.e - |e|^2) / T */
static void softmax_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const soft_job *job = arg;
    int64_t codes = job->book->rows;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *share = job->share + i * codes;
        sid__real *back = job->back + i * codes;
        double mean = job->kernels->dot(codes, share, back);
        for (int64_t k = 0; k < codes; k++)
            back[k] = (sid__real)(2 * (double)share[k] * ((double)back[k] - mean) / job->temperature);
        job->row[i] = 0;
    }
}

static void soft_backward(const sid_ctx *ctx, const sid__node *node)
{
    soft_job job = *(const soft_job *)node->saved;
    job.out = node->out;
    back_to_shares(ctx, &job);
    sid__ctx_for(ctx, job.z->rows, SID__ROWS, softmax_back_task, &job);
    sum_by_code(&job, NULL);
    if (sid__wants_grad(job.book))
        grad_of_book(ctx, &job, job.share, job.out->grad);
    grad_of_products(ctx, &job);
}

sid__value *sid__op_soft_codes(sid__tape *tape, sid__value *z, const sid__real *rest, sid__value *book,
                               const sid__real *noise, double temperature)
{
    if (!z || !rest || !book)
        return NULL;
    assert(z->columns == book->columns && temperature > 0);
    soft_job job = {.rest = rest, .noise = noise, .z = z, .book = book, .temperature = temperature};
    job.out = sid__tape_value(tape, z->rows, z->columns, sid__wants_grad(z) || sid__wants_grad(book));
    if (!push(tape, &job))
        return NULL;
    int dim = z->columns;
    for (int64_t k = 0; k < book->rows; k++)
        job.e_norm[k] = tape->kernels->dot(dim, book->data + k * dim, book->data + k * dim);
    times_codes(tape->ctx, rest, z->rows, book, job.share);
    sid__ctx_for(tape->ctx, z->rows, SID__ROWS, softmax_task, &job);
    multiply(tape->ctx, (sid__real_factor){job.share, book->rows, false}, (sid__real_factor){book->data, dim, true},
             job.out->data, z->rows, dim, (int)book->rows, false);
    sid__tape_record(
        tape,
        &(sid__node){
            .backward = soft_backward, .op = SID__OP_SOFT_CODES, .out = job.out, .in = {z, book}, .saved = &job},
        sizeof job);
    return job.out;
}

/* ---- Dense gradients ---------------------------------------------------------------------------------------------- */

static void cosine_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const soft_job *job = arg;
    int64_t codes = job->book->rows;
    int dim = job->book->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        sid__real *share = job->share + i * codes;
        job->r_norm[i] = sqrt(job->kernels->dot(dim, job->rest + i * dim, job->rest + i * dim));
        for (int64_t k = 0; k < codes; k++) {
            double both = job->r_norm[i] * job->e_norm[k];
            share[k] = (sid__real)(both > 0 ? (double)share[k] / both : 0);
        }
    }
}

/* back: d cosine; row: sum of d cosine x cosine over |r|^2; then back becomes the gradient of the products. */
static void cosine_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const soft_job *job = arg;
    int64_t codes = job->book->rows;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        sid__real *back = job->back + i * codes;
        double r_norm = job->r_norm[i];
        job->row[i] = r_norm > 0 ? job->kernels->dot(codes, job->share + i * codes, back) / (r_norm * r_norm) : 0;
        for (int64_t k = 0; k < codes; k++) {
            double both = r_norm * job->e_norm[k];
            back[k] = (sid__real)(both > 0 ? (double)back[k] / both : 0);
        }
    }
}

static void dense_backward(const sid_ctx *ctx, const sid__node *node)
{
    soft_job job = *(const soft_job *)node->saved;
    sid__value *x = node->in[0];
    job.out = node->out;
    if (sid__wants_grad(x)) {
        int64_t count = x->rows * x->columns;
        if (x->has_grad)
            job.kernels->add(count, job.out->grad, x->grad);
        else
            job.kernels->scale(count, 1, job.out->grad, x->grad);
        x->has_grad = true;
    }
    back_to_shares(ctx, &job);
    if (sid__wants_grad(job.book))
        grad_of_book(ctx, &job, job.share, job.out->grad);
    sum_by_code(&job, job.share);
    for (int64_t k = 0; k < job.book->rows; k++)
        job.code[k] = job.e_norm[k] > 0 ? job.code[k] / (job.e_norm[k] * job.e_norm[k]) : 0;
    sid__ctx_for(ctx, job.z->rows, SID__ROWS, cosine_back_task, &job);
    grad_of_products(ctx, &job);
}

sid__value *sid__op_dense_codes(sid__tape *tape, sid__value *x, sid__value *z, const sid__real *rest, sid__value *book)
{
    if (!x || !z || !rest || !book)
        return NULL;
    assert(z->columns == book->columns && x->columns == z->columns && x->rows == z->rows);
    bool wants_grad = sid__wants_grad(x) || sid__wants_grad(z) || sid__wants_grad(book);
    if (!tape->is_recording || !wants_grad)
        return x;
    soft_job job = {.rest = rest, .z = z, .book = book};
    job.out = sid__tape_value(tape, x->rows, x->columns, true);
    if (!push(tape, &job))
        return NULL;
    int dim = z->columns;
    for (int64_t k = 0; k < book->rows; k++)
        job.e_norm[k] = sqrt(tape->kernels->dot(dim, book->data + k * dim, book->data + k * dim));
    tape->kernels->scale(x->rows * dim, 1, x->data, job.out->data);
    times_codes(tape->ctx, rest, z->rows, book, job.share);
    sid__ctx_for(tape->ctx, z->rows, SID__ROWS, cosine_task, &job);
    sid__tape_record(
        tape,
        &(sid__node){
            .backward = dense_backward, .op = SID__OP_DENSE_CODES, .out = job.out, .in = {x, z, book}, .saved = &job},
        sizeof job);
    return job.out;
}
