/* beside_openblas.c: our fp32 product beside OpenBLAS, interleaved on the same cores. Ours has its weights packed beforehand, as its
 * users have; a batch of small ones comes unpacked on both sides.
 *
 *     bench_gemm LIBRARY THREADS [CORE]     LIBRARY: the OpenBLAS of numpy's wheel; CORE: its kernels, else its choice
 *
 * OpenBLAS's threads spin after a call, on the cores that ours runs on next: hence the pauses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "linalg/gemm.h"
#include "line.h"
#include "openblas.h"
#include "peak.h"

typedef struct shape {
    const char *name;
    int rows, columns, depth, count;
    bool is_b_transposed;
} shape;

static const shape shapes[] = {
    {"2048 x 2048 x 2048", 2048, 2048, 2048, 1, false},     {"4096 x 1024 x 1024", 4096, 1024, 1024, 1, false},
    {"1024 x 4096 x 512", 1024, 4096, 512, 1, false},       {"m = 20: 20 x 768 x 768", 20, 768, 768, 1, false},
    {"m = 20: 20 x 1024 x 128", 20, 1024, 128, 1, false},   {"m = 20: 20 x 128 x 1024", 20, 128, 1024, 1, false},
    {"m = 20: 20 x 4096 x 1024", 20, 4096, 1024, 1, false}, {"m = 1: 1 x 1024 x 1024", 1, 1024, 1024, 1, false},
    {"512 of 20 x 20 x 64, a b", 20, 20, 64, 512, false},   {"512 of 20 x 20 x 64, a b^T", 20, 20, 64, 512, true},
};

typedef struct operands {
    sid_ctx *ctx;
    sid__gemm_packed packed;
    sid__gemm_batch ours;
    blas_product peer;
    double flop;
    int64_t calls; /* a sample */
} operands;

static float *random_floats(int64_t count)
{
    static uint32_t state = 1;
    float *x = NULL;
    sid_error err;
    if (sid__alloc(&x, (size_t)count, sizeof *x, "a matrix", &err) != SID_OK)
        bench_fail("gemm", err.message);
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525U + 1013904223U;
        x[i] = (float)(state >> 8) * 0x1p-24f - 0.5f;
    }
    return x;
}

static void prepare(operands *o, const shape *s)
{
    sid_error err;
    int64_t a_size = (int64_t)s->rows * s->depth, b_size = (int64_t)s->columns * s->depth;
    int64_t c_size = (int64_t)s->rows * s->columns;
    float *a = random_floats(a_size * s->count), *b = random_floats(b_size * s->count);
    o->flop = 2.0 * (double)a_size * s->columns * s->count;
    o->calls = (int64_t)(2e9 / o->flop) + 1;
    o->peer = (blas_product){
        a, b, random_floats(c_size * s->count), s->rows, s->columns, s->depth, s->count, s->is_b_transposed};
    sid__gemm_product first = {.a = sid__gemm_by_lane(a, s->depth), .c = random_floats(c_size * s->count)};
    first.b = s->is_b_transposed ? sid__gemm_by_lane(b, s->depth) : sid__gemm_by_depth(b, s->columns);
    first.c_step = first.columns = s->columns;
    first.rows = s->rows;
    first.depth = s->depth;
    if (s->count == 1) {
        if (sid__gemm_pack(o->ctx, first.b, s->depth, s->columns, &o->packed, &err) != SID_OK)
            bench_fail("gemm", err.message);
        first.packed = &o->packed;
    }
    o->ours = (sid__gemm_batch){.first = first, .count = s->count, .a_stride = a_size};
    o->ours.b_stride = b_size;
    o->ours.c_stride = c_size;
}

static void drop(operands *o)
{
    sid__free((void *)(uintptr_t)o->peer.a);
    sid__free((void *)(uintptr_t)o->peer.b);
    sid__free(o->peer.c);
    sid__free(o->ours.first.c);
    sid__gemm_packed_drop(&o->packed);
}

static void run_ours(operands *o)
{
    if (o->ours.count == 1)
        sid__gemm(o->ctx, &o->ours.first);
    else
        sid__gemm_batched(o->ctx, &o->ours);
}

static void run_peer(operands *o)
{
    blas_multiply(&o->peer);
}

static void sample(operands *o, void (*run)(operands *o), bench_samples *samples)
{
    run(o);
    double start = bench_now();
    for (int64_t i = 0; i < o->calls; i++)
        run(o);
    bench_add(samples, (bench_now() - start) / (double)o->calls);
    if (run != run_ours)
        (void)nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
}

/* The results agree, else the figures are worth nothing. */
static void check(const operands *o)
{
    int64_t count = o->peer.rows * o->peer.columns * o->peer.count;
    for (int64_t i = 0; i < count; i++)
        if (!(o->peer.c[i] - o->ours.first.c[i] < 1e-3f && o->ours.first.c[i] - o->peer.c[i] < 1e-3f))
            bench_fail("gemm", "the results differ");
}

static void run_shape(operands *o, const shape *s, const char *version, double limit)
{
    bench_samples ours = {0}, peer = {0};
    prepare(o, s);
    for (int i = 0; i < BENCH_REPEATS; i++) {
        sample(o, run_ours, &ours);
        sample(o, run_peer, &peer);
    }
    check(o);
    bench_case line = {.ours = &ours, .peer = &peer, .peer_name = version, .unit = "GF/s", .scale = o->flop * 1e-9};
    line.name = s->name;
    line.is_rate = true;
    line.limit = limit * 1e-9;
    line.threads = sid_ctx_threads(o->ctx);
    bench_print(&line);
    drop(o);
}

int main(int count, char **argument)
{
    sid_error err;
    operands o = {0};
    char version[160], title[64];
    if (count < 3)
        bench_fail("usage", "bench_gemm LIBRARY THREADS [CORE]");
    int threads = bench_threads(count, argument, 2);
    bench_pin(threads);
    if (sid_ctx_create(&o.ctx, &err) != SID_OK || sid_ctx_set_threads(o.ctx, threads, &err) != SID_OK)
        bench_fail("gemm", err.message);
    blas_open(argument[1], count > 3 ? argument[3] : "", threads, version);
    const char *isa = strcmp(sid_ctx_isa(o.ctx), "avx512bf16") == 0 ? "avx512" : sid_ctx_isa(o.ctx);
    (void)snprintf(title, sizeof title, "gemm, fp32, path %s", isa);
    bench_print_header(title);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        run_shape(&o, &shapes[i], version, bench_peak(o.ctx, isa));
    sid_ctx_free(o.ctx);
    return 0;
}
