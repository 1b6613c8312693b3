/* scored_case.h: what every family that scores all items and learns by steps is held to, beside learner_case.h. */
#ifndef SEMID_SCORED_CASE_H
#define SEMID_SCORED_CASE_H

#include "base/mem.h"
#include "learner_case.h"

typedef const int32_t case_histories[CASE_SEQUENCES][CASE_TOKENS_MAX];

/* PyTorch's scores of the histories, and the same alone as beside each other. Closes m. */
static inline void case_check_scored(sid_model *m, case_histories asked, const int *counts, const double *golden)
{
    sid__history history[CASE_SEQUENCES];
    float score[CASE_SEQUENCES * CASE_ITEMS_MAX];
    for (int s = 0; s < CASE_SEQUENCES; s++)
        history[s] = (sid__history){.item = asked[s], .count = counts[s]};
    TEST_OK(m->family->learner->ready(m, err));
    TEST_OK(m->family->score(ctx, m, history, CASE_SEQUENCES, score, err));
    case_check_scores(score, golden, CASE_SEQUENCES * CASE_ITEMS_MAX);
    for (int s = 0; s < CASE_SEQUENCES; s++) {
        float *alone = scores_of(m, asked[s], counts[s]);
        assert_memory_equal(alone, score + (ptrdiff_t)s * CASE_ITEMS_MAX, CASE_ITEMS_MAX * sizeof *alone);
        free(alone);
    }
    sid_model_close(m);
}

/* A model of m's tensors scores as m does. */
static inline void case_check_kept(const sid_model *m, const char *options, const int32_t *history)
{
    sid__tensor_set set = {0};
    sid_model *again = NULL;
    float *score = scores_of(m, history, 3);
    TEST_OK(sid__learner_save(m, &set, err));
    TEST_OK(m->family->save(m, &set, err));
    TEST_OK(sid__model_create(ctx, m->family->info.name, options, &again, err));
    for (int64_t i = 0, row = 0; i < m->items.count; i++)
        TEST_OK(sid__id_list_add(&again->items, m->items.id[i], strlen(m->items.id[i]), &row, err));
    TEST_OK(again->family->load(again, &set, err));
    TEST_OK(sid__learner_load(again, &set, err));
    float *other = scores_of(again, history, 3);
    assert_memory_equal(score, other, (size_t)m->items.count * sizeof *score);
    free(score);
    free(other);
    sid__tensor_set_drop(&set);
    sid_model_close(again);
}

/* A small training ends with a model that is kept whole and says where memory is missing. */
static inline void case_check_trained(const char *family, const char *options)
{
    enum { ITEMS = 20 };
    const int32_t history[] = {3, 1, 4};
    sid_events *events = made_events(ctx, 60, ITEMS);
    sid_status status = SID_ENOMEM;
    sid_model *m = NULL;
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.family = family, .options = options}, events, NULL, &m, err));
    case_check_kept(m, options, history);
    for (int64_t after = 0; status != SID_OK; after += 3) {
        float all[ITEMS];
        sid__mem_fail(after, -1);
        status = m->family->score(ctx, m, &(sid__history){.item = history, .count = 3}, 1, all, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
    }
    sid_model_close(m);
    sid_events_free(events);
}

#endif
