/* resolver.c: see resolver.h. */
#include "retrieve/resolver.h"

#include <string.h>

#include "base/mix.h"
#include "retrieve/partitions.h"

sid_status sid__run_begin(sid__run *run, const sid__resolver *resolver, sid_error *err)
{
    const sid__inventory *inventory[2] = {run->lists->base, run->lists->over};
    run->drawn = NULL;
    run->position = run->count = 0;
    for (int i = 0; i < 2; i++)
        if (!inventory[i] || !sid__inventory_find(inventory[i], run->prefix, run->depth, &run->at[i], &run->end[i]))
            run->at[i] = run->end[i] = 0;
    return resolver->begin ? resolver->begin(run, err) : SID_OK;
}

void sid__run_end(sid__run *run)
{
    sid__free(run->drawn);
    run->drawn = NULL;
}

/* ---- In the order of the lists ---------------------------------------------------------------------------------------- */

/* Whether item i of `base` comes before item j of `over`; equal ones by their numbers, as the sort of one inventory leaves them. */
static bool is_before(const sid__lists *lists, sid__stock_order order, int32_t i, int32_t j)
{
    const sid__inventory *base = lists->base, *over = lists->over;
    if (order == SID__BY_BIRTH && base->birth[i] != over->birth[j])
        return base->birth[i] > over->birth[j];
    if (base->score[i] != over->score[j])
        return base->score[i] > over->score[j];
    return i < lists->order[j];
}

static int32_t next_of(sid__run *run, sid__stock_order order)
{
    const sid__lists *lists = run->lists;
    const int32_t *base = lists->base->depth[run->depth].item[order];
    if (lists->gone)
        while (run->at[0] < run->end[0] && (lists->gone[base[run->at[0]] / 64] >> base[run->at[0]] % 64 & 1))
            run->at[0]++;
    bool has_base = run->at[0] < run->end[0], has_over = run->at[1] < run->end[1];
    if (!has_over)
        return has_base ? base[run->at[0]++] : -1;
    int32_t first = lists->over->depth[run->depth].item[order][run->at[1]];
    if (has_base && is_before(lists, order, base[run->at[0]], first))
        return base[run->at[0]++];
    run->at[1]++;
    return (int32_t)lists->base->count + first;
}

static int32_t by_score(sid__run *run)
{
    return next_of(run, SID__BY_SCORE);
}

static int32_t by_birth(sid__run *run)
{
    return next_of(run, SID__BY_BIRTH);
}

/* ---- Drawn -------------------------------------------------------------------------------------------------------------- */

/* A permutation of 0 .. count - 1 without memory: four rounds of a Feistel network on a power of four, again until the number is one
 * of them: less than four times on average. */
static int64_t shuffled(int64_t position, int64_t count, uint64_t seed)
{
    int half = 1;
    while ((1LL << (2 * half)) < count)
        half++;
    uint64_t mask = (1ULL << half) - 1, x = (uint64_t)position;
    do {
        uint64_t left = x >> half, right = x & mask;
        for (uint64_t round = 0; round < 4; round++) {
            uint64_t next = left ^ (sid__mix64(right + (seed ^ round << 56)) & mask);
            left = right;
            right = next;
        }
        x = left << half | right;
    } while (x >= (uint64_t)count);
    return (int64_t)x;
}

/* The draw is of places by score: where items changed they are counted and laid out first. Its seed is that of the prefix, so that
 * items elsewhere do not turn it. */
static sid_status begin_draw(sid__run *run, sid_error *err)
{
    run->seed = sid__mix64(run->seed + (uint64_t)run->depth);
    for (int l = 0; l < run->depth; l++)
        run->seed = sid__mix64(run->seed + run->prefix[l]);
    run->count = run->end[0] - run->at[0];
    if (!run->lists->over)
        return SID_OK;
    SID_TRY(sid__alloc(&run->drawn, (size_t)(run->count + run->end[1] - run->at[1]), sizeof *run->drawn,
                       "items of a prefix", err));
    run->count = 0;
    for (int32_t item = by_score(run); item >= 0; item = by_score(run))
        run->drawn[run->count++] = item;
    return SID_OK;
}

static int32_t at_random(sid__run *run)
{
    if (run->position >= run->count)
        return -1;
    int64_t place = shuffled(run->position++, run->count, run->seed);
    return run->drawn ? run->drawn[place] : run->lists->base->depth[run->depth].item[SID__BY_SCORE][run->at[0] + place];
}

/* ---- By the request's vector ----------------------------------------------------------------------------------------- */

static sid_status begin_tower(sid__run *run, sid_error *err)
{
    const sid__probe probe = {.query = run->query};
    const sid__probed all = {.begin = {run->at[0], run->at[1]}, .end = {run->end[0], run->end[1]}};
    sid__leaders best = {.most = run->end[0] - run->at[0] + run->end[1] - run->at[1]};
    SID_TRY(sid__alloc(&best.row, (size_t)best.most, sizeof *best.row, "items of a prefix", err));
    sid_status status = sid__partitions_search(run->lists, &probe, &all, 1, &best, NULL, err);
    if (status == SID_OK)
        status = sid__alloc(&run->drawn, (size_t)best.count, sizeof *run->drawn, "items of a prefix", err);
    sid__leaders_sort(&best);
    for (; status == SID_OK && run->count < best.count; run->count++)
        run->drawn[run->count] = (int32_t)best.row[run->count].of;
    sid__free(best.row);
    return status;
}

static int32_t by_tower(sid__run *run)
{
    return run->position < run->count ? run->drawn[run->position++] : -1;
}

static const sid__resolver score = {
    .info = {.name = "score", .summary = "quality, halved with each half-life of age", .paper = "2604.03949"},
    .next = by_score};
static const sid__resolver fresh = {.info = {.name = "fresh", .summary = "the newest first"}, .next = by_birth};
static const sid__resolver random_order = {
    .info = {.name = "random", .summary = "any order, by seed: what the others are held against"},
    .begin = begin_draw,
    .next = at_random};

static const sid__resolver tower = {
    .info = {.name = "tower",
             .summary = "the largest product of the request's vector and the item's, as of a two-tower model"},
    .needs_vectors = true,
    .begin = begin_tower,
    .next = by_tower};

const sid__resolver *const sid__resolver_registry[] = {&score, &fresh, &random_order, &tower};
const int sid__resolver_registry_count = 4;

sid_status sid__resolver_find(const char *name, const sid__resolver **out, sid_error *err)
{
    const char *names[8], *near;
    for (int i = 0; i < sid__resolver_registry_count; i++) {
        names[i] = sid__resolver_registry[i]->info.name;
        if (strcmp(names[i], name) == 0) {
            *out = sid__resolver_registry[i];
            return SID_OK;
        }
    }
    near = sid_closest(name, names, sid__resolver_registry_count);
    return sid__fail(err, SID_EUSAGE, "resolver \"%s\" is unknown; %s%s%sknown are score, fresh, random, tower", name,
                     near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "");
}
