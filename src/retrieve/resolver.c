/* resolver.c: see resolver.h. */
#include "retrieve/resolver.h"

#include <string.h>

#include "base/mix.h"

static int32_t by_score(const sid__inventory *inventory, const sid__run *run, int64_t position)
{
    return inventory->depth[run->depth].item[SID__BY_SCORE][run->begin + position];
}

static int32_t by_birth(const sid__inventory *inventory, const sid__run *run, int64_t position)
{
    return inventory->depth[run->depth].item[SID__BY_BIRTH][run->begin + position];
}

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

static int32_t at_random(const sid__inventory *inventory, const sid__run *run, int64_t position)
{
    uint64_t seed = sid__mix64(run->seed + (uint64_t)run->begin * 64 + (uint64_t)run->depth);
    return by_score(inventory, run, shuffled(position, run->end - run->begin, seed));
}

static const sid__resolver score = {
    .info = {.name = "score", .summary = "quality, halved with each half-life of age", .paper = "2604.03949"},
    .at = by_score};
static const sid__resolver fresh = {.info = {.name = "fresh", .summary = "the newest first"}, .at = by_birth};
static const sid__resolver random_order = {
    .info = {.name = "random", .summary = "any order, by seed: what the others are held against"}, .at = at_random};

const sid__resolver *const sid__resolver_registry[] = {&score, &fresh, &random_order};
const int sid__resolver_registry_count = 3;

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
    return sid__fail(err, SID_EUSAGE, "resolver \"%s\" is unknown; %s%s%sknown are score, fresh, random", name,
                     near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "");
}
