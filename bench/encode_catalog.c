/* encode_catalog.c: the C half of bench/bench_python.py: what encoding costs a program in C. Opens a catalogue, reads vectors
 * once, then for each line of standard input encodes them all and answers with the seconds and a sum of the codes.
 *
 *     bench_encode CATALOG x.npy
 */
#include <stdio.h>
#include <stdlib.h>

#include "line.h"

typedef struct job {
    sid_ctx *ctx;
    sid_catalog *catalog;
    sid_vectors *vectors;
    int levels;
} job;

static sid_status start(job *j, char **argument, sid_error *err)
{
    sid_catalog_info info;
    sid_status status = sid_ctx_create(&j->ctx, err);
    if (status == SID_OK)
        status = sid_catalog_open(j->ctx, argument[1], SID_OPEN_READ, &j->catalog, err);
    if (status == SID_OK)
        status = sid_vectors_read(j->ctx, argument[2], NULL, &j->vectors, err);
    if (status != SID_OK)
        return status;
    sid_catalog_get_info(j->catalog, &info);
    j->levels = info.levels;
    (void)printf("version %s\n", sid_version());
    return SID_OK;
}

/* The codes' memory is part of it, as it is of Python's call. */
static sid_status encode(const job *j, sid_error *err)
{
    int64_t rows = sid_vectors_count(j->vectors), sum = 0;
    double begin = bench_now();
    uint16_t *codes = malloc((size_t)rows * (size_t)j->levels * sizeof *codes);
    if (!codes)
        bench_fail("encode", "out of memory");
    sid_status status =
        sid_catalog_encode(j->catalog, sid_vectors_data(j->vectors), rows, sid_vectors_dim(j->vectors), codes, err);
    double seconds = bench_now() - begin;
    for (int64_t i = 0; i < rows * j->levels; i++)
        sum += codes[i];
    free(codes);
    (void)printf("%.6f %lld\n", seconds, (long long)sum);
    return status;
}

int main(int count, char **argument)
{
    job j = {0};
    sid_error err = {0};
    char line[64];
    if (count != 3)
        bench_fail("usage", "bench_encode CATALOG x.npy");
    sid_status status = start(&j, argument, &err);
    while (status == SID_OK && fflush(stdout) == 0 && fgets(line, sizeof line, stdin))
        status = encode(&j, &err);
    if (status != SID_OK)
        bench_fail(argument[1], err.message);
    sid_vectors_free(j.vectors);
    sid_catalog_close(j.catalog);
    sid_ctx_free(j.ctx);
    return 0;
}
