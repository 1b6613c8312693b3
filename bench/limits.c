/* limits.c: the machine's limits, beside which all other figures stand: arithmetic in registers, reading from caches and
 * memory, latency.
 *
 *     bench_machine THREADS
 */
#include <stdio.h>
#include <stdlib.h>

#include "line.h"
#include "memory.h"
#include "peak.h"

static void print(const char *name, double value, const char *unit, int threads)
{
    bench_samples one = {.value = {1 / value}, .count = 1};
    bench_case line = {.name = name, .ours = &one, .unit = unit, .scale = 1, .is_rate = true, .threads = threads};
    if (value > 0)
        bench_print(&line);
}

int main(int count, char **argument)
{
    sid_ctx *ctx = NULL;
    sid_error err;
    int threads = bench_threads(count, argument, 1);
    bench_pin(threads);
    if (sid_ctx_create(&ctx, &err) != SID_OK || sid_ctx_set_threads(ctx, threads, &err) != SID_OK)
        bench_fail("machine", err.message);
    bench_print_header("machine: the best of five");
    static const char *const isa[] = {"avx2", "avx512", "avx512bf16"};
    static const char *const name[] = {"fp32 multiply-add, AVX2", "fp32 multiply-add, AVX-512", "bf16 dot products"};
    for (int i = 0; i < 3; i++)
        if (sid_ctx_set_isa(ctx, isa[i], NULL) == SID_OK)
            print(name[i], bench_peak(ctx, isa[i]) * 1e-9, "GF/s", threads);
    print("read, 24 KiB a thread (L1)", bench_read_rate(ctx, 24 << 10) * 1e-9, "GB/s", threads);
    print("read, 512 KiB a thread (L2)", bench_read_rate(ctx, 512 << 10) * 1e-9, "GB/s", threads);
    print("read, 8 MiB a thread (L3)", bench_read_rate(ctx, 8 << 20) * 1e-9, "GB/s", threads);
    print("read, 256 MiB a thread (memory)", bench_read_rate(ctx, 256 << 20) * 1e-9, "GB/s", threads);
    if (threads == 1) {
        print("latency of 256 MiB, 2 MiB pages", bench_latency(256 << 20, true) * 1e9, "ns", 1);
        print("latency of 256 MiB, 4 KiB pages", bench_latency(256 << 20, false) * 1e9, "ns", 1);
    }
    sid_ctx_free(ctx);
    return 0;
}
