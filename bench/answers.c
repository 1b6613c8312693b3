/* answers.c: how long one answer of a trained model takes in the library, how long 64 in one call, and memory.
 *
 *     bench_recommend MODEL [THREADS]    histories of 8 of its items, 10 answers
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "line.h"
#include "semid_model.h"

enum { MANY = 64, HISTORY = 8, WARM = 3, TIMES = 30 };

typedef struct asking {
    const sid_model *model;
    const char *item[MANY][HISTORY];
    sid_request request[MANY];
    sid_error err;
} asking;

/* KiB that the process had at most. */
static long peak_memory(void)
{
    char line[256];
    long size = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0)
            size = strtol(line + 6, NULL, 10);
    if (status)
        (void)fclose(status);
    return size;
}

static void draw_histories(asking *a)
{
    sid_model_info info;
    sid_model_get_info(a->model, &info);
    for (int u = 0; u < MANY; u++) {
        for (int i = 0; i < HISTORY; i++)
            a->item[u][i] = sid_model_item_ids(a->model)[sid__philox_below(
                1, SID__STREAM_TEST, (uint64_t)u * HISTORY + (uint64_t)i, (uint64_t)info.items)];
        a->request[u] = (sid_request){.history = a->item[u], .history_count = HISTORY};
    }
}

static void ask(asking *a, int first, int count)
{
    sid_recommendations answer[MANY];
    if (sid_model_recommend_many(a->model, a->request + first, count, answer, &a->err) != SID_OK)
        bench_fail("recommend", a->err.message);
    for (int i = 0; i < count; i++)
        sid_recommendations_drop(&answer[i]);
}

static void measure(asking *a, const char *name, int count, int threads)
{
    bench_samples seconds = {0};
    for (int i = 0; i < WARM + TIMES; i++) {
        double begin = bench_now();
        ask(a, count == 1 ? i % MANY : 0, count);
        if (i >= WARM)
            bench_add(&seconds, bench_now() - begin);
    }
    bench_print(&(bench_case){.name = name, .ours = &seconds, .unit = "ms", .scale = 1e3, .threads = threads});
}

int main(int count, char **argument)
{
    static asking a;
    sid_ctx *ctx = NULL;
    sid_model *model = NULL;
    int threads = bench_threads(count, argument, 2);
    if (count < 2)
        bench_fail("bench_recommend", "a model is expected");
    bench_pin(threads);
    double begin = bench_now();
    if (sid_ctx_create(&ctx, &a.err) != SID_OK || sid_ctx_set_threads(ctx, threads, &a.err) != SID_OK ||
        sid_model_open(ctx, argument[1], &model, &a.err) != SID_OK)
        bench_fail(argument[1], a.err.message);
    printf("opened in %.1f ms\n", 1e3 * (bench_now() - begin));
    a.model = model;
    draw_histories(&a);
    bench_print_header("recommend");
    measure(&a, "one request", 1, threads);
    measure(&a, "64 requests", MANY, threads);
    printf("\nmemory at most: %.1f MiB\n", (double)peak_memory() / 1024);
    sid_model_close(model);
    sid_ctx_free(ctx);
    return 0;
}
