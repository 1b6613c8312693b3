/* whole_retrieve.c: candidates of a ranker, in process: a whole sid_retrieve (ids of a history to items, their texts and scores) and the
 * best 100 items below a prefix from the inventory. 1 M items of 4 x 256 codes, skewed (256 u^2), as real ones are; histories of 50
 * items drawn at random.
 *
 *     bench_retrieve
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"
#include "retrieve/retriever.h"

enum {
    ITEMS = 1000000,
    LEVELS = 4,
    USERS = 2000,
    EVENTS = 50,
    K = 1000,
    QUERIES = 20000,
    PAGE = 100,
    ROUNDS = 10,
    CHANGES = 3900
};

typedef struct bench {
    sid_retriever *retriever;
    sid__assortment *now; /* what it began with */
    double made;          /* seconds */
    char (*id)[16];       /* (ITEMS) */
    uint16_t *code;       /* (ITEMS, LEVELS) */
    double *quality, *birth;
    const char *history[USERS][EVENTS];
    uint16_t query[QUERIES][2];
} bench;

static uint64_t draw(void)
{
    static uint64_t state = UINT64_C(88172645463325252);
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double uniform(void)
{
    return (double)(draw() >> 11) * 0x1p-53;
}

static void must(sid_status status, const sid_error *err)
{
    if (status != SID_OK)
        bench_fail("retrieve", err->message);
}

static void draw_items(bench *b)
{
    b->id = malloc(ITEMS * sizeof *b->id);
    b->code = malloc(ITEMS * LEVELS * sizeof *b->code);
    b->quality = malloc(ITEMS * sizeof *b->quality);
    b->birth = malloc(ITEMS * sizeof *b->birth);
    if (!b->id || !b->code || !b->quality || !b->birth)
        bench_fail("retrieve", "out of memory");
    for (int64_t i = 0; i < ITEMS; i++) {
        (void)snprintf(b->id[i], sizeof b->id[i], "item-%07" PRId64, i);
        for (int l = 0; l < LEVELS; l++) {
            double u = uniform();
            b->code[i * LEVELS + l] = (uint16_t)(256 * u * u);
        }
        b->quality[i] = .01 + uniform();
        b->birth[i] = floor(365 * uniform());
    }
    for (int u = 0; u < USERS; u++)
        for (int e = 0; e < EVENTS; e++)
            b->history[u][e] = b->id[draw() % ITEMS];
}

/* As sid_retriever_create has it of a catalogue, whose reading is another matter. */
static void make_retriever(bench *b)
{
    sid_error err;
    sid__shelf_item *item = malloc(ITEMS * sizeof *item);
    char(*sid)[24] = malloc(ITEMS * sizeof *sid);
    if (!item || !sid)
        bench_fail("retrieve", "out of memory");
    for (int64_t i = 0; i < ITEMS; i++) {
        char text[SID_SID_TEXT_MAX];
        sid_format(b->code + i * LEVELS, LEVELS, text);
        (void)snprintf(sid[i], sizeof sid[i], "%.23s", text);
        item[i] = (sid__shelf_item){b->id[i], sid[i], "", b->quality[i], b->birth[i], i, NULL};
    }
    double start = bench_now();
    must(
        sid__retriever_of(item, ITEMS, &(sid__shelf_kind){.levels = LEVELS, .half_life_days = 30}, &b->retriever, &err),
        &err);
    b->made = bench_now() - start;
    b->now = sid__retriever_enter(b->retriever);
    free(item);
    free(sid);
}

/* ---- The best of a prefix ------------------------------------------------------------------------------------------ */

static int64_t best_below(const sid__inventory *inventory, const uint16_t *prefix, int32_t *item)
{
    int64_t begin = 0, end = 0;
    if (!sid__inventory_find(inventory, prefix, 2, &begin, &end))
        return 0;
    int64_t count = end - begin < PAGE ? end - begin : PAGE;
    memcpy(item, inventory->depth[2].item[SID__BY_SCORE] + begin, (size_t)count * sizeof *item);
    return count;
}

static void draw_queries(bench *b)
{
    int32_t item[PAGE];
    for (int q = 0; q < QUERIES;) {
        memcpy(b->query[q], b->code + draw() % ITEMS * LEVELS, sizeof b->query[q]);
        q += best_below(b->now->lists.base, b->query[q], item) == PAGE;
    }
}

static void sample_pages(const bench *b, bench_samples *samples)
{
    int32_t item[PAGE];
    int64_t sum = 0;
    double start = bench_now();
    for (int round = 0; round < ROUNDS; round++)
        for (int q = 0; q < QUERIES; q++)
            sum += best_below(b->now->lists.base, b->query[q], item) + item[PAGE - 1];
    bench_add(samples, (bench_now() - start) / ROUNDS / QUERIES);
    if (sum == 0)
        bench_fail("retrieve", "nothing was found");
}

/* ---- Whole requests ------------------------------------------------------------------------------------------------ */

typedef struct asked {
    const char *name;
    int64_t prefixes, items;
    bench_samples mean;
    double second[USERS]; /* of each request, the last time */
    int64_t given;        /* items, of all requests */
} asked;

static void sample_requests(const bench *b, asked *run)
{
    sid_error err;
    double begin = bench_now();
    run->given = 0;
    for (int u = 0; u < USERS; u++) {
        const sid_retrieve_request request = {
            .history = b->history[u], .history_count = EVENTS, .k = K, .prefixes = run->prefixes, .items = run->items};
        sid_retrieved found;
        double start = bench_now();
        must(sid_retrieve(b->retriever, &request, &found, &err), &err);
        run->given += found.count;
        sid_retrieved_drop(&found);
        run->second[u] = bench_now() - start;
    }
    bench_add(&run->mean, (bench_now() - begin) / USERS);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_tail(asked *run)
{
    qsort(run->second, USERS, sizeof *run->second, by_value);
    printf("\n%s: half of the requests within %.0f us, 99 of 100 within %.0f us; %.0f items each.\n", run->name,
           1e6 * run->second[USERS / 2], 1e6 * run->second[USERS - USERS / 100], (double)run->given / USERS);
}

static void print(const char *name, const bench_samples *samples, double target)
{
    const bench_case line = {.name = name, .ours = samples, .unit = "us", .scale = 1e6, .limit = target, .threads = 1};
    bench_print(&line);
}

/* ---- Changes --------------------------------------------------------------------------------------------------------- */

/* Seconds of one call that gives `count` items drawn at random another quality. */
static double update(const bench *b, int64_t count)
{
    static sid_retriever_change change[CHANGES];
    sid_error err;
    for (int64_t i = 0; i < count; i++)
        change[i] = (sid_retriever_change){.item_id = b->id[draw() % ITEMS], .quality = .01 + uniform()};
    double start = bench_now();
    must(sid_retriever_update(b->retriever, change, count, &err), &err);
    return bench_now() - start;
}

static void print_updates(const bench *b, asked *run)
{
    double few = update(b, 1), many = update(b, CHANGES - 100), one = update(b, 1);
    run->mean.count = 0;
    for (int i = 0; i < BENCH_REPEATS; i++)
        sample_requests(b, run);
    printf("\nA change of one item: %.2f ms, beside %d others %.2f ms, of those in one call %.2f ms; then a request, "
           "10 x 100: %.1f us. "
           "All lists made again: %.2f s.\n",
           1e3 * few, CHANGES - 100, 1e3 * one, 1e3 * many, 1e6 * bench_median(&run->mean), update(b, CHANGES));
}

int main(void)
{
    static bench b;
    static asked budgets[] = {{.name = "request, 10 x 100", .prefixes = 10, .items = 100},
                              {.name = "request, 100 x 10", .prefixes = 100, .items = 10}};
    bench_samples pages = {0};
    bench_pin(1);
    draw_items(&b);
    make_retriever(&b);
    draw_queries(&b);
    for (int i = 0; i < BENCH_REPEATS; i++) {
        sample_pages(&b, &pages);
        for (int j = 0; j < 2; j++)
            sample_requests(&b, &budgets[j]);
    }
    bench_print_header("retrieve: histories of 50 among 1,000,000 x 4 x 256; the limit is the target");
    print("the best 100 below two codes", &pages, .2);
    for (int j = 0; j < 2; j++)
        print(budgets[j].name, &budgets[j].mean, 0);
    for (int j = 0; j < 2; j++)
        print_tail(&budgets[j]);
    printf("\nLists of a million items made in %.2f s.\n", b.made);
    print_updates(&b, &budgets[0]);
    sid__assortment_leave(b.now);
    sid_retriever_free(b.retriever);
    free(b.id);
    free(b.code);
    free(b.quality);
    free(b.birth);
    return 0;
}
