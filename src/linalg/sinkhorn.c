/* sinkhorn.c: see sinkhorn.h. In double and with our own exp, sums in row and column order: the same bits everywhere.
 *
 * Departures from the reference code: (1) distances are shifted so that the largest exponent is 0, since e^333 is beyond
 * float32 and the plan is divided by its sum anyway; (2) equal rows are one row with a weight, which is the same plan and
 * keeps them equal to the last bit. No sum is ever 0: with epsilon >= .003 the least start value is e^-667, and a scaling
 * leaves in each row and column an entry of at least 1/(B K^2).
 */
#include "linalg/sinkhorn.h"

#include "linalg/scalar.h"

enum { ROUNDS = 50, STRIP = 64 };
/* Keeps equal distances from dividing by 0; the reference's number. */
static const double amplitude_least = 1e-5;

/* d to unnormalised weights, each in (0, 1]. */
static void start(double *d, int64_t size, double epsilon)
{
    double least = d[0], most = d[0];
    for (int64_t i = 1; i < size; i++) {
        least = d[i] < least ? d[i] : least;
        most = d[i] > most ? d[i] : most;
    }
    double middle = (most + least) / 2, amplitude = most - middle + amplitude_least;
    double shift = (least - middle) / amplitude;
    for (int64_t i = 0; i < size; i++)
        d[i] = sid__exp(-((d[i] - middle) / amplitude - shift) / epsilon);
}

static void scale_all(double *q, const int64_t *weight, int64_t rows, int codes)
{
    double sum = 0;
    for (int64_t i = 0; i < rows; i++)
        for (int k = 0; k < codes; k++)
            sum += (double)weight[i] * q[i * codes + k];
    for (int64_t i = 0; i < rows * codes; i++)
        q[i] /= sum;
}

static void scale_rows(double *q, int64_t rows, int codes, double wanted)
{
    for (int64_t i = 0; i < rows; i++) {
        double sum = 0;
        for (int k = 0; k < codes; k++)
            sum += q[i * codes + k];
        for (int k = 0; k < codes; k++)
            q[i * codes + k] = q[i * codes + k] / sum * wanted;
    }
}

/* A strip of columns at a time, row by row: a column alone would jump through memory. Each sum is still in row order. */
static void scale_columns(double *q, const int64_t *weight, int64_t rows, int codes, double wanted)
{
    for (int begin = 0; begin < codes; begin += STRIP) {
        double sum[STRIP] = {0};
        int end = codes - begin < STRIP ? codes - begin : STRIP;
        for (int64_t i = 0; i < rows; i++)
            for (int k = 0; k < end; k++)
                sum[k] += (double)weight[i] * q[i * codes + begin + k];
        for (int64_t i = 0; i < rows; i++)
            for (int k = 0; k < end; k++)
                q[i * codes + begin + k] = q[i * codes + begin + k] / sum[k] * wanted;
    }
}

void sid__sinkhorn(double *d, const int64_t *weight, int64_t rows, int codes, double epsilon)
{
    int64_t items = 0;
    for (int64_t i = 0; i < rows; i++)
        items += weight[i];
    start(d, rows * codes, epsilon);
    scale_all(d, weight, rows, codes);
    for (int round = 0; round < ROUNDS; round++) {
        scale_rows(d, rows, codes, 1 / (double)items);
        scale_columns(d, weight, rows, codes, 1 / (double)codes);
    }
}

int sid__sinkhorn_code(const double *plan, int codes)
{
    int best = 0;
    for (int k = 1; k < codes; k++)
        best = plan[k] > plan[best] ? k : best;
    return best;
}
