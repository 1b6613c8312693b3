/* item_loss.c: see item_loss.h. */
#include "model/item_loss.h"

#include "base/philox.h"
#include "linalg/scalar.h"

enum { LOSS_CE, LOSS_CE_SAMPLED, LOSS_BCE, LOSS_GBCE, LOSS_BPR_MAX };
enum { NEGATIVES = 2048, GBCE_NEGATIVES = 256 };

static int64_t negatives_of(const sid__item_loss *how)
{
    int64_t usual = how->kind == LOSS_GBCE ? GBCE_NEGATIVES : NEGATIVES;
    return how->kind == LOSS_BCE ? 1 : how->negatives > 0 ? how->negatives : usual;
}

static int32_t *draw(sid__tape *tape, const sid__batch *batch, int64_t count, int64_t items)
{
    int32_t *item = sid__tape_push(tape, (size_t)count, sizeof *item);
    for (int64_t i = 0; item && i < count; i++)
        item[i] = (int32_t)sid__philox_below(batch->seed, SID__STREAM_NEGATIVE,
                                             ((uint64_t)batch->step << 32) + (uint64_t)i, (uint64_t)items);
    return item;
}

/* Draws are uniform, so all items are expected alike. */
static double *expect(sid__tape *tape, int64_t negatives, int64_t items)
{
    double *expected = sid__tape_push(tape, (size_t)items, sizeof *expected);
    double value = sid__log((double)negatives / (double)items);
    for (int64_t i = 0; expected && i < items; i++)
        expected[i] = value;
    return expected;
}

sid__value *sid__item_loss_of(const sid__item_loss *how, sid__tape *tape, sid__value *h, sid__value *table,
                              sid__value *bias, const int32_t *target, int64_t target_count, const sid__batch *batch)
{
    static const sid__sampled_kind kinds[] = {[LOSS_CE_SAMPLED] = SID__SAMPLED_CE,
                                              [LOSS_BCE] = SID__SAMPLED_BCE,
                                              [LOSS_GBCE] = SID__SAMPLED_GBCE,
                                              [LOSS_BPR_MAX] = SID__SAMPLED_BPR_MAX};
    double scale = 1.0 / (double)target_count;
    if (!h || !table || !target)
        return NULL;
    if (how->kind == LOSS_CE)
        return sid__op_catalog_loss(tape, h, table, bias, target, scale);
    bool is_by_row = how->kind == LOSS_BCE, is_corrected = how->log_q && how->kind == LOSS_CE_SAMPLED;
    sid__negatives negatives = {.kind = kinds[how->kind],
                                .count = (int)negatives_of(how),
                                .is_by_row = is_by_row,
                                .calibration = how->calibration,
                                .penalty = how->penalty};
    negatives.item = draw(tape, batch, is_by_row ? h->rows : negatives.count, table->rows);
    if (is_corrected)
        negatives.log_expected = expect(tape, negatives.count, table->rows);
    if (!negatives.item || (is_corrected && !negatives.log_expected))
        return NULL;
    return sid__op_sampled_loss(tape, h, table, target, &negatives, scale);
}

int64_t sid__item_loss_floats(const sid__item_loss *how, int threads, int64_t items, int64_t dim, int64_t rows)
{
    int64_t negatives = negatives_of(how);
    if (how->kind == LOSS_CE)
        return sid__catalog_loss_floats(threads, items, dim);
    return how->kind == LOSS_BCE ? 4 * rows * dim : 2 * (rows + dim) * negatives;
}
