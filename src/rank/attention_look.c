/* attention_look.c: see attention_look.h. */
#include "rank/attention_look.h"

#include <math.h>

#include "linalg/scalar.h"

static void look_at_list(sid__attention_look *look, int64_t list, int64_t begin, int64_t end, const sid__real *weight)
{
    double sum = 0, entropy = 0, self = 0;
    for (int64_t j = begin; j < end; j++)
        sum += fabs((double)weight[j]);
    if (end - begin < 2 || !(sum > 0))
        return;
    for (int64_t j = begin; j < end; j++) {
        double share = fabs((double)weight[j]) / sum;
        entropy -= share > 0 ? share * sid__log(share) : 0;
        self += look->click[j] == look->shown[list] ? share : 0;
    }
    look->entropy += entropy / sid__log((double)(end - begin));
    look->self += self;
    look->count++;
}

void sid__attention_look_at(sid__attention_look *look, const sid__ragged *lists, const sid__real *weight)
{
    for (int64_t i = 0; i < lists->count; i++)
        look_at_list(look, i, lists->begin[i], lists->begin[i + 1], weight);
}

static void softmax(int64_t begin, int64_t end, sid__real *weight)
{
    double most = -(double)INFINITY;
    for (int64_t j = begin; j < end; j++)
        most = fmax(most, (double)weight[j]);
    for (int64_t j = begin; j < end; j++) /* what it is divided by is the same for all, and shares do that */
        weight[j] = (sid__real)sid__exp((double)weight[j] - most);
}

bool sid__attention_look_softmax(sid__attention_look *look, sid__tape *tape, const sid__ragged *lists,
                                 const sid__value *q, const sid__value *kv)
{
    int dim = q->columns;
    double scale = 1 / sqrt((double)dim);
    sid__real *weight = sid__tape_push(tape, (size_t)kv->rows + 1, sizeof *weight);
    for (int64_t s = 0; weight && s < q->rows; s++) {
        for (int64_t j = 0; j < kv->rows; j++)
            weight[j] = (sid__real)(scale * tape->kernels->dot(dim, q->data + s * dim, kv->data + j * 2 * dim));
        for (int64_t i = 0; i < lists->count; i++)
            softmax(lists->begin[i], lists->begin[i + 1], weight);
        sid__attention_look_at(look, lists, weight);
    }
    return weight != NULL;
}
