/* tiger_case.h: tiger with the weights and SIDs of tests/golden/make_tiger.py. */
#ifndef SEMID_TIGER_CASE_H
#define SEMID_TIGER_CASE_H

#include "base/mem.h"
#include "learner_case.h"
#include "model/tiger.h"

enum { WIDTH = 3, CODES_SUM = 15 };
#define OPTIONS "dim=8,layers=2,heads=2,head_size=3,ff=10,dropout=0"

typedef struct golden_case {
    int users;
    double logits[CASE_SEQUENCES * CODES_SUM], grad[2600], losses[10];
} golden_case;
#include "tiger_golden.h"

static inline double scale_of(const char *name, bool *is_gain)
{
    *is_gain = strstr(name, "norm") != NULL;
    const char *dot = strrchr(name, '.');
    return *is_gain ? 0.2 : strcmp(name, "embedding") == 0 || (dot && strcmp(dot, ".bias") == 0) ? 1 : 0.4;
}

/* SIDs by the formula of tests/golden/make_tiger.py. */
static inline void set_sids(sid_model *m)
{
    static const int codes[WIDTH] = {5, 4, 6};
    sid__item_sids *sids = &m->sids;
    *sids = (sid__item_sids){.count = CASE_ITEMS_MAX, .levels = WIDTH, .width = WIDTH};
    memcpy(sids->codes, codes, sizeof codes);
    TEST_OK(sid__alloc(&sids->code, CASE_ITEMS_MAX * WIDTH, sizeof *sids->code, "codes", err));
    TEST_OK(sid__alloc(&sids->is_known, CASE_ITEMS_MAX, 1, "items", err));
    TEST_OK(sid__alloc(&sids->train_count, CASE_ITEMS_MAX, sizeof *sids->train_count, "counts", err));
    for (int i = 0; i < CASE_ITEMS_MAX; i++) {
        sids->is_known[i] = 1;
        for (int l = 0; l < WIDTH; l++)
            sids->code[i * WIDTH + l] = (uint16_t)((3 * i + 5 * l + i * l) % codes[l]);
    }
}

static inline sid_model *tiger_model(const char *options)
{
    sid_model *m = case_model("tiger", options);
    set_sids(m);
    TEST_OK(m->family->learner->build(m, NULL, &m->params, err));
    case_fill(&m->params, scale_of);
    return m;
}

static const int32_t asked[CASE_SEQUENCES][CASE_TOKENS_MAX] = {{1, 4, 7, 2, 8, 3, 5, 6}, {0, 2}, {5, 6, 2, 0}};
static const int counts[CASE_SEQUENCES] = {8, 2, 4};

/* The histories with their last item alone as a target. */
static inline sid__batch last_targets(void)
{
    static int32_t target[CASE_SEQUENCES * CASE_TOKENS_MAX];
    sid__batch batch = case_batch(asked, counts, false);
    for (int64_t t = 0; t < batch.tokens; t++)
        target[t] = -1;
    for (int s = 0; s < CASE_SEQUENCES; s++)
        target[batch.sequences.begin[s + 1] - 1] = asked[s][counts[s] - 1];
    batch.target = target;
    batch.target_count = CASE_SEQUENCES;
    return batch;
}

#endif
