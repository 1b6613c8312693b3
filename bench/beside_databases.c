/* beside_databases.c: the first 100 items below a prefix of two codes, 1 M items of 4 x 256 codes: sid_prefixes_find in process
 * beside prepared SQLite and an LMDB cursor, both in memory by their caches. Codes are skewed (256 u^2), as real ones are;
 * only prefixes with 100 items or more are asked, 20,000 of them in random order.
 *
 *     bench_prefix [FOLDER]     FOLDER: where the peers keep their files for the minute, default "."
 */
#include <inttypes.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef BENCH_LMDB
#include <lmdb.h>
#endif

#include "line.h"
#include "sid/prefix_index.h"

enum { ITEMS = 1000000, WIDTH = 4, QUERIES = 20000, PAGE = 100 };

typedef struct bench {
    uint64_t *item; /* (ITEMS) SID, first code highest, << 32 | row; ascending */
    uint16_t *codes;
    uint16_t query[QUERIES]; /* two codes */
    sid__prefix_index *index;
    sqlite3 *sqlite;
    sqlite3_stmt *select;
#ifdef BENCH_LMDB
    MDB_env *env;
    MDB_txn *txn;
    MDB_cursor *cursor;
#endif
    char sqlite_path[PATH_MAX], lmdb_path[PATH_MAX];
} bench;

static uint64_t draw(void)
{
    static uint64_t state = UINT64_C(88172645463325252);
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int64_t lower_bound(const bench *b, uint64_t wanted)
{
    int64_t begin = 0, end = ITEMS;
    while (begin < end) {
        int64_t middle = (begin + end) / 2;
        if (b->item[middle] < wanted)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

static void make_items(bench *b)
{
    uint8_t *length = malloc(ITEMS);
    int64_t *row = malloc(ITEMS * sizeof *row);
    sid_error err;
    b->item = malloc(ITEMS * sizeof *b->item);
    b->codes = malloc(ITEMS * WIDTH * sizeof *b->codes);
    if (!length || !row || !b->item || !b->codes)
        bench_fail("prefix", "out of memory");
    for (int64_t i = 0; i < ITEMS; i++) {
        uint64_t sid = 0;
        for (int l = 0; l < WIDTH; l++) {
            double u = (double)(draw() >> 11) * 0x1p-53;
            b->codes[i * WIDTH + l] = (uint16_t)(256 * u * u);
            sid = sid << 8 | b->codes[i * WIDTH + l];
        }
        b->item[i] = sid << 32 | (uint64_t)i;
        length[i] = WIDTH;
        row[i] = i;
    }
    if (sid__prefix_index_build(b->codes, length, row, ITEMS, WIDTH, &b->index, &err) != SID_OK)
        bench_fail("prefix", err.message);
    qsort(b->item, ITEMS, sizeof *b->item, by_value);
    for (int i = 0; i < QUERIES;) {
        uint64_t prefix = b->item[draw() % ITEMS] >> 48;
        int64_t begin = lower_bound(b, prefix << 48);
        if (begin + PAGE <= ITEMS && b->item[begin + PAGE - 1] >> 48 == prefix)
            b->query[i++] = (uint16_t)prefix;
    }
    free(length);
    free(row);
}

/* ---- The three who answer: the rows of a page, by SID -------------------------------------------------------------- */

static int64_t ask_index(bench *b, uint16_t query, int64_t *row)
{
    int64_t begin, end;
    const uint16_t prefix[2] = {(uint16_t)(query >> 8), query & 255};
    if (!sid__prefix_index_find(b->index, prefix, 2, &begin, &end))
        return 0;
    return sid__prefix_index_rows(b->index, begin, end - begin < PAGE ? end : begin + PAGE, row);
}

static void run_sql(bench *b, const char *text)
{
    if (sqlite3_exec(b->sqlite, text, NULL, NULL, NULL) != SQLITE_OK)
        bench_fail("SQLite", sqlite3_errmsg(b->sqlite));
}

static void load_sqlite(bench *b)
{
    sqlite3_stmt *insert = NULL;
    (void)unlink(b->sqlite_path);
    if (sqlite3_open(b->sqlite_path, &b->sqlite) != SQLITE_OK)
        bench_fail("SQLite", sqlite3_errmsg(b->sqlite));
    run_sql(b, "pragma journal_mode=off; pragma synchronous=off; pragma cache_size=-200000;"
               "create table items(id integer primary key, sid integer); begin");
    (void)sqlite3_prepare_v2(b->sqlite, "insert into items values(?, ?)", -1, &insert, NULL);
    for (int64_t i = 0; i < ITEMS; i++) {
        (void)sqlite3_bind_int64(insert, 1, (int64_t)(b->item[i] & UINT32_MAX));
        (void)sqlite3_bind_int64(insert, 2, (int64_t)(b->item[i] >> 32));
        (void)sqlite3_step(insert);
        (void)sqlite3_reset(insert);
    }
    (void)sqlite3_finalize(insert);
    run_sql(b, "commit; create index by_sid on items(sid, id); analyze");
    if (sqlite3_prepare_v2(b->sqlite, "select id from items where sid >= ? and sid < ? order by sid, id limit 100", -1,
                           &b->select, NULL) != SQLITE_OK)
        bench_fail("SQLite", sqlite3_errmsg(b->sqlite));
}

static int64_t ask_sqlite(bench *b, uint16_t query, int64_t *row)
{
    int64_t count = 0;
    (void)sqlite3_bind_int64(b->select, 1, (int64_t)query << 16);
    (void)sqlite3_bind_int64(b->select, 2, ((int64_t)query + 1) << 16);
    while (sqlite3_step(b->select) == SQLITE_ROW)
        row[count++] = sqlite3_column_int64(b->select, 0);
    (void)sqlite3_reset(b->select);
    return count;
}

#ifdef BENCH_LMDB
static void must(int code)
{
    if (code != 0)
        bench_fail("LMDB", mdb_strerror(code));
}

static void load_lmdb(bench *b)
{
    MDB_dbi dbi;
    (void)unlink(b->lmdb_path);
    must(mdb_env_create(&b->env));
    must(mdb_env_set_mapsize(b->env, (size_t)1 << 30));
    must(mdb_env_open(b->env, b->lmdb_path, MDB_NOSUBDIR | MDB_NOSYNC | MDB_WRITEMAP | MDB_NOTLS | MDB_NOLOCK, 0644));
    must(mdb_txn_begin(b->env, NULL, 0, &b->txn));
    must(mdb_dbi_open(b->txn, NULL, 0, &dbi));
    for (int64_t i = 0; i < ITEMS; i++) {
        uint64_t key = __builtin_bswap64(b->item[i]);
        MDB_val k = {sizeof key, &key}, v = {0, NULL};
        must(mdb_put(b->txn, dbi, &k, &v, MDB_APPEND));
    }
    must(mdb_txn_commit(b->txn));
    must(mdb_txn_begin(b->env, NULL, MDB_RDONLY, &b->txn));
    must(mdb_cursor_open(b->txn, dbi, &b->cursor));
}

static int64_t ask_lmdb(bench *b, uint16_t query, int64_t *row)
{
    uint64_t key = __builtin_bswap64((uint64_t)query << 48), found;
    MDB_val k = {sizeof key, &key}, v;
    int64_t count = 0;
    int code = mdb_cursor_get(b->cursor, &k, &v, MDB_SET_RANGE);
    for (; code == 0 && count < PAGE; code = mdb_cursor_get(b->cursor, &k, &v, MDB_NEXT)) {
        memcpy(&found, k.mv_data, sizeof found);
        found = __builtin_bswap64(found);
        if (found >> 48 != query)
            break;
        row[count++] = (int64_t)(found & UINT32_MAX);
    }
    return count;
}

static void drop_lmdb(bench *b)
{
    mdb_cursor_close(b->cursor);
    mdb_txn_abort(b->txn);
    mdb_env_close(b->env);
    (void)unlink(b->lmdb_path);
}
#endif

/* ---- Measuring ----------------------------------------------------------------------------------------------------- */

typedef int64_t ask_fn(bench *b, uint16_t query, int64_t *row);

static void sample(bench *b, ask_fn *ask, int rounds, bench_samples *samples)
{
    int64_t row[PAGE], sum = 0;
    double start = bench_now();
    for (int i = 0; i < rounds; i++)
        for (int q = 0; q < QUERIES; q++)
            sum += ask(b, b->query[q], row) + row[PAGE - 1];
    bench_add(samples, (bench_now() - start) / rounds / QUERIES);
    if (sum == 0)
        bench_fail("prefix", "nothing was found");
}

static void check(bench *b, ask_fn *ask)
{
    int64_t row[PAGE], wanted[PAGE];
    for (int q = 0; q < QUERIES; q += 97)
        if (ask_index(b, b->query[q], wanted) != PAGE || ask(b, b->query[q], row) != PAGE ||
            memcmp(row, wanted, sizeof row) != 0)
            bench_fail("prefix", "the answers differ");
}

static void print(const char *name, const bench_samples *ours, const bench_samples *peer, const char *peer_name)
{
    bench_case line = {.name = name, .ours = ours, .peer = peer, .peer_name = peer_name, .unit = "us", .scale = 1e6};
    line.threads = 1;
    bench_print(&line);
}

int main(int count, char **argument)
{
    static bench b;
    const char *folder = count > 1 ? argument[1] : ".";
    bench_samples ours = {0}, sqlite = {0}, lmdb = {0};
    (void)snprintf(b.sqlite_path, sizeof b.sqlite_path, "%s/bench_prefix.db", folder);
    (void)snprintf(b.lmdb_path, sizeof b.lmdb_path, "%s/bench_prefix.mdb", folder);
    bench_pin(1);
    make_items(&b);
    load_sqlite(&b);
    check(&b, ask_sqlite);
#ifdef BENCH_LMDB
    load_lmdb(&b);
    check(&b, ask_lmdb);
#endif
    for (int i = 0; i < BENCH_REPEATS; i++) {
        sample(&b, ask_index, 10, &ours);
        sample(&b, ask_sqlite, 1, &sqlite);
#ifdef BENCH_LMDB
        sample(&b, ask_lmdb, 3, &lmdb);
#endif
    }
    bench_print_header("prefix: 100 items below two codes of 1,000,000 x 4 x 256");
    print("page of 100, SQLite", &ours, &sqlite, "SQLite " SQLITE_VERSION);
#ifdef BENCH_LMDB
    char version[32];
    (void)snprintf(version, sizeof version, "LMDB %d.%d.%d", MDB_VERSION_MAJOR, MDB_VERSION_MINOR, MDB_VERSION_PATCH);
    print("page of 100, LMDB", &ours, &lmdb, version);
    drop_lmdb(&b);
#else
    (void)lmdb;
    printf("\nLMDB: SKIPPED, built without liblmdb-dev\n");
#endif
    printf("\nTarget: 0.2 us. Index in memory: %.2f bytes an item (target 16).\n",
           (double)sid__prefix_index_size(b.index) / ITEMS);
    (void)sqlite3_finalize(b.select);
    (void)sqlite3_close(b.sqlite);
    (void)unlink(b.sqlite_path);
    sid__prefix_index_free(b.index);
    free(b.item);
    free(b.codes);
    return 0;
}
