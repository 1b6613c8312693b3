/* click_model_dense.c: numeric columns as a family gets them: as they are, log(1 + x), by mean and deviation, or a place in one of
 * `buckets` of equal counts. Means, deviations and edges are those of the first day that is trained on, and stay.
 */
#include <math.h>
#include <stdlib.h>

#include "linalg/scalar.h"
#include "rank/click_model.h"

int sid__dense_width(const sid__feature_plan *plan)
{
    int width = 0;
    for (int f = 0; f < plan->feature_count; f++) {
        const sid__feature *of = &plan->feature[f];
        if (of->kind == SID__FEATURE_DENSE)
            width += of->count * (of->transform == SID__IN_BUCKETS ? of->buckets : 1);
    }
    return width;
}

static int by_size(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* value (count), of a column. Sorts it. */
static void freeze_column(float *value, int64_t count, int buckets, int column, sid__dense_state *out)
{
    double sum = 0, square = 0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)value[i];
    out->mean[column] = sum / (double)count;
    for (int64_t i = 0; i < count; i++)
        square += ((double)value[i] - out->mean[column]) * ((double)value[i] - out->mean[column]);
    double deviation = sqrt(square / (double)count);
    out->deviation[column] = deviation > 0 ? deviation : 1; /* a constant column is 0 */
    qsort(value, (size_t)count, sizeof *value, by_size);
    for (int b = 1; b < buckets; b++)
        out->edge[column][b - 1] = (double)value[count * b / buckets];
}

sid_status sid__dense_freeze(const sid__feature_plan *plan, const sid_impressions *im, int64_t begin, int64_t end,
                             sid__dense_state *out, sid_error *err)
{
    float *value = NULL;
    SID_TRY(sid__alloc(&value, (size_t)(end - begin), sizeof *value, "a numeric column", err));
    for (int f = 0; f < plan->feature_count; f++) {
        const sid__feature *of = &plan->feature[f];
        for (int c = of->first; of->kind == SID__FEATURE_DENSE && c < of->first + of->count; c++) {
            for (int64_t i = begin; i < end; i++)
                value[i - begin] = im->dense[i * im->dense_count + c];
            freeze_column(value, end - begin, of->buckets, c, out);
        }
    }
    sid__free(value);
    out->is_frozen = true;
    return SID_OK;
}

void sid__dense_row(const sid__feature_plan *plan, const sid__dense_state *state, const float *from, float *to)
{
    for (int f = 0; f < plan->feature_count; f++) {
        const sid__feature *of = &plan->feature[f];
        for (int c = of->first; of->kind == SID__FEATURE_DENSE && c < of->first + of->count; c++) {
            double x = (double)from[c];
            int bucket = 0;
            switch (of->transform) {
            case SID__AS_IT_IS:
                *to++ = from[c];
                break;
            case SID__LOG1P:
                *to++ = (float)(x < 0 ? -sid__log(1 - x) : sid__log(1 + x));
                break;
            case SID__STANDARD:
                *to++ = state->is_frozen ? (float)((x - state->mean[c]) / state->deviation[c]) : 0;
                break;
            case SID__IN_BUCKETS:
                while (bucket < of->buckets - 1 && x >= state->edge[c][bucket])
                    bucket++;
                for (int b = 0; b < of->buckets; b++)
                    *to++ = b == bucket;
                break;
            }
        }
    }
}
