/* neighbors.c: prefix neighbours of a catalogue, by the public calls, one thread and several, for scripts/results.py.
 *
 *     bench_neighbors CATALOG VECTORS.npy QUERIES K OUT
 *
 * The items asked for are spread evenly over the rows. Two ways: `catalog` is sid_catalog_neighbors, which reads items.db and
 * vectors.npy; `index` is sid_prefixes with the vectors in memory, as a server would hold them: up the trie until k are
 * found, each run by true distance. Both must find the same. Prints a JSON object; OUT gets (QUERIES, K) rows as int64.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"

enum { THREADS_MAX = 64, LANES = 16, ROUNDS = 3 };

typedef struct task {
    sid_ctx *ctx;
    const char *path;
    sid_vectors *vectors;
    sid_prefixes *prefixes;
    uint16_t *codes; /* (count, levels) */
    int64_t count, queries, k;
    int dim, levels;
} task;

/* One thread's part: queries begin..end. */
typedef struct part {
    const task *t;
    sid_catalog *catalog;
    int64_t begin, end;
    int64_t *found; /* (queries, k) */
} part;

static void check(sid_status status, const sid_error *err)
{
    if (status != SID_OK)
        bench_fail("neighbors", err->message);
}

static void *need(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        bench_fail("neighbors", "out of memory");
    return memory;
}

static int64_t query_row(const task *t, int64_t q)
{
    return q * t->count / t->queries;
}

/* ---- By the catalogue ---------------------------------------------------------------------------------------------- */

static void *ask_catalog(void *user)
{
    const part *p = user;
    const task *t = p->t;
    for (int64_t q = p->begin; q < p->end; q++) {
        sid_error err;
        sid_hits hits = {0};
        const sid_query query = {.item = sid_vectors_id(t->vectors, query_row(t, q)), .k = (int)t->k};
        check(sid_catalog_neighbors(p->catalog, &query, &hits, &err), &err);
        for (int64_t i = 0; i < t->k; i++)
            p->found[q * t->k + i] = i < hits.count ? hits.row[i].row : -1;
        sid_hits_drop(&hits);
    }
    return NULL;
}

/* ---- By the index ---------------------------------------------------------------------------------------------------- */

typedef struct candidate {
    double square;
    int64_t row;
} candidate;

static int nearer(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->square != y->square)
        return x->square < y->square ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static double square_distance(const float *a, const float *b, int dim)
{
    float lane[LANES] = {0};
    double sum = 0;
    int d = 0;
    for (; d + LANES <= dim; d += LANES)
        for (int i = 0; i < LANES; i++)
            lane[i] += (a[d + i] - b[d + i]) * (a[d + i] - b[d + i]);
    for (int i = 0; i < LANES; i++)
        sum += (double)lane[i];
    for (; d < dim; d++)
        sum += (double)((a[d] - b[d]) * (a[d] - b[d]));
    return sum;
}

/* The items that share `depth` codes with the query and not one more, nearest first. */
static int64_t rank_run(const task *t, int64_t self, int depth, int64_t *row, candidate *found)
{
    const float *x = sid_vectors_data(t->vectors);
    const uint16_t *codes = t->codes + self * t->levels;
    int64_t count = 0, run = sid_prefixes_find(t->prefixes, codes, depth, 0, t->count, row);
    for (int64_t i = 0; i < run; i++) {
        const uint16_t *other = t->codes + row[i] * t->levels;
        if (row[i] == self || (depth < t->levels && other[depth] == codes[depth]))
            continue;
        found[count++] = (candidate){square_distance(x + self * t->dim, x + row[i] * t->dim, t->dim), row[i]};
    }
    qsort(found, (size_t)count, sizeof *found, nearer);
    return count;
}

static void *ask_index(void *user)
{
    const part *p = user;
    const task *t = p->t;
    int64_t *row = need((size_t)t->count, sizeof *row);
    candidate *found = need((size_t)t->count, sizeof *found);
    for (int64_t q = p->begin; q < p->end; q++) {
        int64_t taken = 0, *out = p->found + q * t->k;
        for (int depth = t->levels; depth >= 0 && taken < t->k; depth--) {
            int64_t count = rank_run(t, query_row(t, q), depth, row, found);
            for (int64_t i = 0; i < count && taken < t->k; i++)
                out[taken++] = found[i].row;
        }
        while (taken < t->k)
            out[taken++] = -1;
    }
    free(row);
    free(found);
    return NULL;
}

/* ---- Measuring --------------------------------------------------------------------------------------------------------- */

/* The least microseconds a query of some rounds, each thread with a handle of its own. */
static double measure(const task *t, void *(*ask)(void *), int threads, int64_t *found)
{
    part parts[THREADS_MAX];
    pthread_t thread[THREADS_MAX];
    double best = 0;
    for (int i = 0; i < threads; i++) {
        sid_error err;
        parts[i] =
            (part){.t = t, .found = found, .begin = t->queries * i / threads, .end = t->queries * (i + 1) / threads};
        check(sid_catalog_open(t->ctx, t->path, SID_OPEN_READ, &parts[i].catalog, &err), &err);
    }
    for (int round = 0; round < ROUNDS; round++) {
        double started = bench_now();
        for (int i = 0; i < threads; i++)
            if (pthread_create(&thread[i], NULL, ask, &parts[i]) != 0)
                bench_fail("neighbors", "no thread");
        for (int i = 0; i < threads; i++)
            (void)pthread_join(thread[i], NULL);
        double us = (bench_now() - started) * 1e6 / (double)t->queries;
        best = round == 0 || us < best ? us : best;
    }
    for (int i = 0; i < threads; i++)
        sid_catalog_close(parts[i].catalog);
    return best;
}

static void open_task(task *t)
{
    sid_error err;
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    check(sid_catalog_open(t->ctx, t->path, SID_OPEN_READ, &catalog, &err), &err);
    sid_catalog_get_info(catalog, &info);
    t->count = sid_vectors_count(t->vectors);
    t->dim = sid_vectors_dim(t->vectors);
    t->levels = info.levels;
    t->codes = need((size_t)(t->count * t->levels), sizeof *t->codes);
    if (info.items != t->count || t->queries < 1 || t->queries > t->count || t->k < 1)
        bench_fail("neighbors", "the catalogue does not hold these vectors, or there are fewer than the queries");
    check(sid_catalog_encode_vectors(catalog, t->vectors, t->codes, &err), &err);
    check(sid_catalog_prefixes(catalog, &t->prefixes, &err), &err);
    sid_catalog_close(catalog);
}

static void write_found(const char *path, const int64_t *found, int64_t count)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(found, sizeof *found, (size_t)count, file) != (size_t)count || fclose(file) != 0)
        bench_fail("neighbors", path);
}

int main(int count, char **argument)
{
    sid_error err;
    if (count != 6)
        bench_fail("usage", "bench_neighbors CATALOG VECTORS.npy QUERIES K OUT");
    task t = {.path = argument[1], .queries = strtoll(argument[3], NULL, 10), .k = strtoll(argument[4], NULL, 10)};
    check(sid_ctx_create(&t.ctx, &err), &err);
    check(sid_vectors_read(t.ctx, argument[2], NULL, &t.vectors, &err), &err);
    open_task(&t);
    size_t cells = (size_t)(t.queries * t.k);
    int64_t *found = need(cells, sizeof *found), *other = need(cells, sizeof *other);
    int threads = sid_ctx_threads(t.ctx) < THREADS_MAX ? sid_ctx_threads(t.ctx) : THREADS_MAX;
    double catalog_us = measure(&t, ask_catalog, 1, found), index_us = measure(&t, ask_index, 1, other);
    size_t differ = 0;
    for (size_t i = 0; i < cells; i++)
        differ += found[i] != other[i];
    printf("{\"threads\": %d, \"catalog_us\": %.3f, \"index_us\": %.3f, \"catalog_threads_us\": %.3f, "
           "\"index_threads_us\": %.3f, \"index_size\": %zu, \"differ\": %zu}\n",
           threads, catalog_us, index_us, measure(&t, ask_catalog, threads, other),
           measure(&t, ask_index, threads, other), sid_prefixes_size(t.prefixes), differ);
    write_found(argument[5], found, (int64_t)cells);
    free(found);
    free(other);
    free(t.codes);
    sid_prefixes_free(t.prefixes);
    sid_vectors_free(t.vectors);
    sid_ctx_free(t.ctx);
    return 0;
}
