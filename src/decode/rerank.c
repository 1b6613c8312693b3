/* rerank.c: what a search found, in the order of its score and of what the model says of whole items: log p of the SID plus the
 * weight times log p of the item among those found, by products of a state of the history with items' embeddings. A search
 * for k then looks for as many as it has beams, of which the k best are given.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "decode/decode.h"
#include "linalg/scalar.h"

typedef struct ranked {
    double score;
    int32_t item;
    int64_t place; /* the search's */
} ranked;

bool sid__reranks(const sid_model *m)
{
    const sid__generator *generator = m->family->generator;
    return generator->rank_weight && generator->rank_weight(m) > 0;
}

static int by_score(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->score < y->score || x->score > y->score)
        return x->score > y->score ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* To logs of shares of their sum. */
static bool normalize(double *x, int64_t count)
{
    double largest = (double)-INFINITY, sum = 0;
    for (int64_t i = 0; i < count; i++)
        largest = x[i] > largest ? x[i] : largest;
    for (int64_t i = 0; i < count; i++)
        sum += sid__exp(x[i] - largest);
    double all = largest + sid__log(sum);
    for (int64_t i = 0; i < count; i++)
        x[i] -= all;
    return isfinite(all);
}

static sid_status rank_one(const sid__search *search, int64_t question, int64_t k, double *dense, ranked *list,
                           sid_error *err)
{
    sid__answer *answer = &search->answer[question];
    const sid__generator *generator = search->m->family->generator;
    double weight = generator->rank_weight(search->m);
    generator->rank(search->state, question, answer->item, answer->count, dense);
    if (answer->count > 0 && !normalize(dense, answer->count))
        return sid__fail_logits(search, err);
    for (int64_t i = 0; i < answer->count; i++)
        list[i] = (ranked){.score = answer->score[i] + weight * dense[i], .item = answer->item[i], .place = i};
    if (answer->count > 1)
        qsort(list, (size_t)answer->count, sizeof *list, by_score);
    int64_t given = 0;
    for (; given < answer->count; given++) {
        if (given >= k && !(search->options->with_ties && list[given].score >= list[given - 1].score))
            break;
        answer->item[given] = list[given].item;
        answer->score[given] = list[given].score;
    }
    answer->count = given;
    return SID_OK;
}

sid_status sid__rerank(const sid__search *search, int64_t k, sid_error *err)
{
    int64_t most = 0;
    double *dense = NULL;
    ranked *list = NULL;
    for (int64_t q = 0; q < search->count; q++)
        most = search->answer[q].count > most ? search->answer[q].count : most;
    sid_status status = sid__alloc(&dense, (size_t)most, sizeof *dense, "scores of items", err);
    if (status == SID_OK)
        status = sid__alloc(&list, (size_t)most, sizeof *list, "scores of items", err);
    for (int64_t q = 0; q < search->count && status == SID_OK; q++)
        status = rank_one(search, q, k, dense, list, err);
    sid__free(dense);
    sid__free(list);
    return status;
}
