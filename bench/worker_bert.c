/* worker_bert.c: semid's half of bench/bench_bert.py: reads items and a model once, then answers each line of standard input
 * by one line.
 *
 *     worker_bert items.tsv WEIGHTS THREADS [ISA]
 *     > encode    every item to its vector    < seconds, 0
 *     > peak      the machine's limit         < flop/s, 0
 */
#include <stdio.h>
#include <string.h>

#include "line.h"
#include "peak.h"

typedef struct worker {
    sid_ctx *ctx;
    sid_items *items;
    sid_encoder *encoder;
} worker;

static sid_status start(worker *w, int count, char **argument, sid_error *err)
{
    char options[1024];
    if (count < 4)
        bench_fail("usage", "worker_bert items.tsv WEIGHTS THREADS [ISA]");
    (void)snprintf(options, sizeof options, "weights=%s", argument[2]);
    sid_status status = sid_ctx_create(&w->ctx, err);
    if (status == SID_OK)
        status = sid_ctx_set_threads(w->ctx, bench_threads(count, argument, 3), err);
    if (status == SID_OK && count > 4)
        status = sid_ctx_set_isa(w->ctx, argument[4], err);
    if (status == SID_OK)
        status = sid_items_read(w->ctx, argument[1], NULL, &w->items, err);
    if (status != SID_OK)
        return status;
    const sid_encoder_options given = {.encoder = "bert", .options = options};
    return sid_encoder_fit(w->ctx, w->items, &given, &w->encoder, err);
}

static sid_status encode(const worker *w, sid_error *err)
{
    sid_vectors *vectors = NULL;
    double begin = bench_now();
    sid_status status = sid_encoder_encode(w->ctx, w->encoder, w->items, &vectors, NULL, err);
    printf("%.9g 0\n", bench_now() - begin);
    sid_vectors_free(vectors);
    return status;
}

static sid_status run_case(const worker *w, const char *line, sid_error *err)
{
    sid_status status = SID_OK;
    const char *isa = sid_ctx_isa(w->ctx);
    if (strncmp(line, "peak", 4) == 0) /* of fp32, which is what encoding computes in */
        printf("%.9g 0\n", bench_peak(w->ctx, strcmp(isa, "avx512bf16") == 0 ? "avx512" : isa));
    else
        status = encode(w, err);
    (void)fflush(stdout);
    return status;
}

int main(int count, char **argument)
{
    worker w = {0};
    sid_error err = {0};
    char line[256];
    sid_status status = start(&w, count, argument, &err);
    if (status == SID_OK)
        printf("ready %s\n", sid_ctx_isa(w.ctx));
    (void)fflush(stdout);
    while (status == SID_OK && fgets(line, sizeof line, stdin))
        status = run_case(&w, line, &err);
    if (status != SID_OK)
        (void)fprintf(stderr, "worker_bert: %s\n", err.message);
    sid_encoder_free(w.encoder);
    sid_items_free(w.items);
    sid_ctx_free(w.ctx);
    return status == SID_OK ? 0 : 1;
}
