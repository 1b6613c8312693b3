/* memory.c: see memory.h. Reading sums 64-byte vectors in 8 chains, so that only the loads limit it. Latency walks one
 * random cycle through all cache lines of the buffer.
 */
#define _GNU_SOURCE
#include "memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/ctx.h"
#include "line.h"

enum { LINE = 64, CHAINS = 8, HUGE_PAGE = 2 << 20, STEPS = 2000000, REPEATS = 5 };

typedef uint64_t vector __attribute__((vector_size(LINE), aligned(LINE)));

static void *get_pages(size_t size, bool huge)
{
    void *pages = NULL;
    if (posix_memalign(&pages, HUGE_PAGE, size) != 0)
        bench_fail("memory", "out of memory");
    (void)madvise(pages, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    for (size_t i = 0; i < size; i += 4096)
        ((volatile char *)pages)[i] = 1;
    return pages;
}

typedef struct reader {
    const vector *buffer; /* (threads, lines) */
    int64_t lines;
    int rounds;
} reader;

__attribute__((target_clones("avx512f", "avx2", "default"))) static uint64_t sum_lines(const vector *line,
                                                                                       int64_t count)
{
    vector sum[CHAINS] = {{0}};
    for (int64_t i = 0; i + CHAINS <= count; i += CHAINS)
#pragma GCC unroll 8
        for (int j = 0; j < CHAINS; j++)
            sum[j] += line[i + j];
    uint64_t total = 0;
    for (int j = 0; j < CHAINS; j++)
        total += sum[j][0];
    return total;
}

static void read_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const reader *r = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        for (int round = 0; round < r->rounds; round++) {
            uint64_t total = sum_lines(r->buffer + i * r->lines, r->lines);
            __asm__ volatile("" : : "r"(total) : "memory");
        }
}

double bench_read_rate(sid_ctx *ctx, size_t size)
{
    int threads = sid_ctx_threads(ctx);
    vector *buffer = get_pages(size * (size_t)threads, true);
    reader r = {buffer, (int64_t)(size / LINE), (int)(((size_t)1 << 30) / size) + 1};
    double best = 0;
    for (int i = 0; i < REPEATS; i++) {
        double start = bench_now();
        sid__ctx_for(ctx, threads, 1, read_task, &r);
        double rate = (double)size * r.rounds * threads / (bench_now() - start);
        best = rate > best ? rate : best;
    }
    free(buffer);
    return best;
}

double bench_latency(size_t size, bool huge)
{
    size_t count = size / LINE;
    char *buffer = get_pages(size, huge);
    uint32_t *order = malloc(count * sizeof *order), state = 1;
    if (!order)
        bench_fail("memory", "out of memory");
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    for (size_t i = count - 1; i > 0; i--) {
        state = state * 1664525U + 1013904223U;
        size_t j = (size_t)((uint64_t)state * (i + 1) >> 32);
        uint32_t swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
    for (size_t i = 0; i < count; i++)
        *(void **)(buffer + (size_t)order[i] * LINE) = buffer + (size_t)order[(i + 1) % count] * LINE;
    free(order);
    void **at = (void **)buffer;
    double start = bench_now();
    for (int i = 0; i < STEPS; i++)
        at = *at;
    double seconds = (bench_now() - start) / STEPS;
    __asm__ volatile("" : : "r"(at) : "memory");
    free(buffer);
    return seconds;
}
