/* code_margins.c: how sure the codes of a vector are. Each other code of a level is put in the place of the one that was taken,
 * decoded up to that level and measured; so it says the same of every family, whatever it encodes by, but takes K decodings a
 * level.
 */
#include <inttypes.h>
#include <math.h>

#include "base/mem.h"
#include "quant/prepare.h"
#include "quant/quantizer.h"

/* Of one row: x (prepared_dim) as families see it, y (prepared_dim) decoded, codes (levels) to try. */
typedef struct trial {
    const sid_quantizer *q;
    float *x, *y, *scratch;
    uint16_t *codes;
} trial;

static double distance(const trial *t, int level)
{
    double sum = 0;
    t->q->family->decode(t->q, t->codes, 1, level + 1, t->y);
    for (int d = 0; d < t->q->prepared_dim; d++) {
        double difference = (double)t->x[d] - (double)t->y[d];
        sum += difference * difference;
    }
    return sqrt(sum);
}

static void measure_level(const trial *t, int level, sid_margin *out)
{
    uint16_t taken = t->codes[level];
    double nearest = (double)INFINITY;
    *out = (sid_margin){.residual = distance(t, level)};
    for (int k = 0; k < t->q->options.codes[level]; k++) {
        if (k == taken)
            continue;
        t->codes[level] = (uint16_t)k;
        double here = distance(t, level);
        if (here < nearest) {
            nearest = here;
            *out = (sid_margin){.runner_up = k, .residual = out->residual, .gap = here - out->residual};
        }
    }
    t->codes[level] = taken;
}

static sid_status measure_row(const trial *t, int64_t row, const float *x, const uint16_t *codes, sid_margin *out,
                              sid_error *err)
{
    int levels = (int)t->q->options.levels;
    for (int l = 0; l < levels; l++) {
        if (codes[l] >= t->q->options.codes[l])
            return sid__fail(err, SID_EDATA, "row %" PRId64 ": code %d at level %d; 0 to %d are possible", row,
                             codes[l], l + 1, t->q->options.codes[l] - 1);
        t->codes[l] = codes[l];
    }
    for (int d = 0; d < t->q->dim; d++)
        if (!isfinite(x[d]))
            return sid__fail(err, SID_EDATA, "row %" PRId64 ", column %d is no finite number", row, d + 1);
    sid__prepare_rows(t->q, x, 1, t->scratch, t->x);
    for (int l = 0; l < levels; l++)
        measure_level(t, l, &out[l]);
    return SID_OK;
}

sid_status sid__quantizer_margins(const sid_quantizer *q, const float *x, int64_t count, const uint16_t *codes,
                                  sid_margin *out, sid_error *err)
{
    trial t = {.q = q};
    int levels = (int)q->options.levels;
    sid_status status = sid__alloc(&t.x, (size_t)q->dim, 3 * sizeof *t.x, "a row and what it is compared with", err);
    if (status == SID_OK)
        status = sid__alloc(&t.codes, (size_t)levels, sizeof *t.codes, "a row's codes", err);
    if (status == SID_OK) {
        t.y = t.x + q->dim;
        t.scratch = t.y + q->dim;
    }
    for (int64_t i = 0; i < count && status == SID_OK; i++)
        status = measure_row(&t, i, x + i * q->dim, codes + i * levels, out + i * levels, err);
    sid__free(t.x);
    sid__free(t.codes);
    return status;
}
