/* beside_tables.c: rows of an embedding table looked up and copied: sid_table_lookup beside absl::flat_hash_map with a slab and LMDB.
 * 10 M rows of 64 floats, a million random keys a round. The limit is a gather of rows whose numbers are known.
 *
 *     bench_table THREADS [MILLIONS [FOLDER]]     FOLDER: where LMDB keeps its file for the minute; none: without LMDB
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef BENCH_LMDB
#include <lmdb.h>
#endif

#include "absl_map.h"
#include "base/mem.h"
#include "base/mix.h"
#include "kernel/row_copy.h"
#include "line.h"
#include "semid_rank.h"

enum { DIM = 64, QUERIES = 1000000, BATCH = 100000, AHEAD = 32 };

typedef struct bench {
    int threads, ahead;
    int64_t rows;
    uint64_t *key, *query;
    uint32_t *asked; /* (QUERIES) rows */
    float *slab, *out;
    sid_table *table;
    absl_map *map;
    void (*read)(const struct bench *, int64_t begin, int64_t end);
#ifdef BENCH_LMDB
    MDB_env *env;
    MDB_dbi dbi;
#endif
} bench;

static void *large(size_t size)
{
    sid_error err;
    void *pages = NULL;
    if (sid__pages_alloc(&pages, (size + SID__PAGE_SIZE - 1) / SID__PAGE_SIZE * SID__PAGE_SIZE, "rows", &err) != SID_OK)
        bench_fail("table", err.message);
    return pages;
}

static void must(sid_status status, const sid_error *err)
{
    if (status != SID_OK)
        bench_fail("table", err->message);
}

static void make_rows(bench *b)
{
    sid_error err;
    b->key = large((size_t)b->rows * sizeof *b->key);
    b->slab = large((size_t)b->rows * DIM * sizeof *b->slab);
    b->query = large(QUERIES * sizeof *b->query);
    b->asked = large(QUERIES * sizeof *b->asked);
    b->out = large((size_t)QUERIES * DIM * sizeof *b->out);
    memset(b->out, 1, (size_t)QUERIES * DIM * sizeof *b->out);
    for (int64_t i = 0; i < b->rows; i++)
        b->key[i] = sid__mix64((uint64_t)i + 12345);
    for (int64_t i = 0; i < b->rows; i += BATCH)
        must(sid_table_visit(b->table, b->key + i, b->rows - i < BATCH ? b->rows - i : BATCH, 0, NULL, &err), &err);
    must(sid_table_lookup(b->table, b->key, b->rows, SID_UNSEEN_ZERO, b->slab, &err), &err);
    for (int64_t i = 0; i < QUERIES; i++) {
        b->asked[i] = (uint32_t)sid__scale64(sid__mix64((uint64_t)i * 7 + 99), (uint64_t)b->rows);
        b->query[i] = b->key[b->asked[i]];
    }
    b->map = absl_map_make(b->key, b->rows, b->slab, DIM);
}

/* ---- Who reads ---- */

static void read_absl(const bench *b, int64_t begin, int64_t end)
{
    absl_map_read(b->map, b->query, begin, end, b->ahead, b->out);
}

static void read_known(const bench *b, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        if (i + AHEAD < end)
            sid__row_prefetch(b->slab + (int64_t)b->asked[i + AHEAD] * DIM, DIM * sizeof(float));
        sid__row_stream(b->out + i * DIM, b->slab + (int64_t)b->asked[i] * DIM, DIM);
    }
    sid__row_stream_end();
}

#ifdef BENCH_LMDB
static void lmdb(int code)
{
    if (code != 0)
        bench_fail("LMDB", mdb_strerror(code));
}

static void read_lmdb(const bench *b, int64_t begin, int64_t end)
{
    MDB_txn *txn = NULL;
    lmdb(mdb_txn_begin(b->env, NULL, MDB_RDONLY, &txn));
    for (int64_t i = begin; i < end; i++) {
        uint64_t row = __builtin_bswap64(b->asked[i]);
        MDB_val k = {sizeof row, &row}, v;
        lmdb(mdb_get(txn, b->dbi, &k, &v));
        memcpy(b->out + i * DIM, v.mv_data, DIM * sizeof(float));
    }
    mdb_txn_abort(txn);
}

/* Its keys ascend, as it likes them best. */
static void load_lmdb(bench *b, const char *path)
{
    MDB_txn *txn = NULL;
    (void)unlink(path);
    lmdb(mdb_env_create(&b->env));
    lmdb(mdb_env_set_mapsize(b->env, (size_t)b->rows * 512 + (64 << 20)));
    lmdb(mdb_env_open(b->env, path, MDB_NOSUBDIR | MDB_NOSYNC | MDB_WRITEMAP | MDB_NOTLS | MDB_NOLOCK, 0644));
    lmdb(mdb_txn_begin(b->env, NULL, 0, &txn));
    lmdb(mdb_dbi_open(txn, NULL, 0, &b->dbi));
    for (int64_t i = 0; i < b->rows; i++) {
        uint64_t row = __builtin_bswap64((uint64_t)i);
        MDB_val k = {sizeof row, &row}, v = {DIM * sizeof(float), b->slab + i * DIM};
        lmdb(mdb_put(txn, b->dbi, &k, &v, MDB_APPEND));
    }
    lmdb(mdb_txn_commit(txn));
}
#endif

/* ---- Measuring ---- */

typedef struct half {
    const bench *b;
    int64_t begin, end;
} half;

static void *read_half(void *arg)
{
    const half *h = arg;
    h->b->read(h->b, h->begin, h->end);
    return NULL;
}

static void sample_peer(bench *b, void (*read)(const bench *, int64_t, int64_t), bench_samples *samples)
{
    pthread_t thread[16];
    half part[16];
    double start = bench_now();
    b->read = read;
    for (int i = 0; i < b->threads; i++) {
        part[i] = (half){b, QUERIES * (int64_t)i / b->threads, QUERIES * (int64_t)(i + 1) / b->threads};
        if (i + 1 < b->threads && pthread_create(&thread[i], NULL, read_half, &part[i]) != 0)
            bench_fail("table", "no thread");
    }
    (void)read_half(&part[b->threads - 1]);
    for (int i = 0; i + 1 < b->threads; i++)
        (void)pthread_join(thread[i], NULL);
    bench_add(samples, (bench_now() - start) / QUERIES);
}

static void sample_ours(const bench *b, bench_samples *samples)
{
    sid_error err;
    double start = bench_now();
    must(sid_table_lookup(b->table, b->query, QUERIES, SID_UNSEEN_ZERO, b->out, &err), &err);
    bench_add(samples, (bench_now() - start) / QUERIES);
}

static void check(const bench *b, const char *who)
{
    for (int64_t i = 0; i < QUERIES; i += 101)
        if (memcmp(b->out + i * DIM, b->slab + (int64_t)b->asked[i] * DIM, DIM * sizeof(float)) != 0)
            bench_fail(who, "a row differs");
}

static void print(const bench *b, const char *name, const bench_samples *ours, const bench_samples *peer,
                  const char *peer_name, double limit_s)
{
    bench_case line = {.name = name, .ours = ours, .peer = peer, .peer_name = peer_name, .unit = "M rows/s"};
    line.scale = 1e-6;
    line.is_rate = true;
    line.threads = b->threads;
    line.limit = 1e-6 / limit_s;
    bench_print(&line);
}

static void run(bench *b)
{
    static bench_samples ours, plain, ahead, limit;
    for (int i = 0; i < BENCH_REPEATS; i++) {
        sample_ours(b, &ours);
        check(b, "ours");
        b->ahead = 0;
        sample_peer(b, read_absl, &plain);
        check(b, "absl");
        b->ahead = 8;
        sample_peer(b, read_absl, &ahead);
        sample_peer(b, read_known, &limit);
    }
    bench_print_header("table: rows of 64 floats looked up and copied");
    print(b, "flat_hash_map, find + copy", &ours, &plain, "absl 20220623", bench_median(&limit));
    print(b, "the same, prefetching 8 ahead", &ours, &ahead, "absl 20220623", bench_median(&limit));
#ifdef BENCH_LMDB
    if (b->env) {
        static bench_samples slow;
        for (int i = 0; i < 3; i++)
            sample_peer(b, read_lmdb, &slow);
        check(b, "LMDB");
        print(b, "LMDB, mdb_get + copy", &ours, &slow, "LMDB", bench_median(&limit));
    }
#endif
}

int main(int count, char **argument)
{
    static bench b;
    static const sid_slice slice = {.dim = DIM, .optimizer = "sgd"};
    sid_ctx *ctx = NULL;
    sid_error err;
    b.threads = bench_threads(count, argument, 1) < 16 ? bench_threads(count, argument, 1) : 16;
    b.rows = 1000000 * (count > 2 ? strtoll(argument[2], NULL, 10) : 10);
    bench_pin(b.threads);
    must(sid_ctx_create(&ctx, &err), &err);
    must(sid_ctx_set_threads(ctx, b.threads, &err), &err);
    must(sid_table_create(ctx, &(sid_table_options){.slice = &slice, .slice_count = 1}, &b.table, &err), &err);
    make_rows(&b);
#ifdef BENCH_LMDB
    char path[4096] = "";
    if (count > 3) {
        (void)snprintf(path, sizeof path, "%s/bench_table.mdb", argument[3]);
        load_lmdb(&b, path);
    }
#endif
    run(&b);
#ifdef BENCH_LMDB
    if (b.env)
        mdb_env_close(b.env);
    if (path[0])
        (void)unlink(path);
#endif
    absl_map_free(b.map);
    sid_table_free(b.table);
    sid_ctx_free(ctx);
    return 0;
}
