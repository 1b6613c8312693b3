/* row_update.h: one optimiser's step on one row of a table: weights, their gradient and the row's own state.
 *
 * One body (row_update_body.h) compiled per ISA. Elementwise loops without fused operations, and sums by sixteen lanes that are
 * then added in order: the same bits everywhere.
 */
#ifndef SEMID_KERNEL_ROW_UPDATE_H
#define SEMID_KERNEL_ROW_UPDATE_H

#include "base/cpu.h"

/* What updates of a slice share. Names are those of spec and docs/guide/tables.md. */
typedef struct sid__row_rule {
    float rate, decay;         /* decay: added to the gradient as decay * w */
    float l1, l2, beta, group; /* ftrl; group (adagrad too): pulls a whole row to zero */
    float epsilon;             /* adam */
    double beta1, beta2;
} sid__row_rule;

/* State of a row of D floats:    sgd: none        adagrad: n (D)       its row form: n (1)
 * ftrl, ftrl by group: z (D), n (D)               adam: m (D), v (D), steps (1, the bits of a uint32_t)
 * its row form: m (D), v (1), steps (1) */
#define SID__ROW_UPDATE_LIST(X)                                                                                        \
    X(SGD, sgd) X(ADAGRAD, adagrad) X(ADAGRAD_ROW, adagrad_row) X(FTRL, ftrl) X(ADAM, adam) X(ADAM_ROW, adam_row)

typedef enum sid__row_update {
#define SID__ROW_UPDATE_ENUM_(name, function) SID__ROW_##name,
    SID__ROW_UPDATE_LIST(SID__ROW_UPDATE_ENUM_)
#undef SID__ROW_UPDATE_ENUM_
        SID__ROW_UPDATE_COUNT
} sid__row_update;

/* g finite, |g| <= 1e19; dim >= 1. g is scratch afterwards. */
typedef void sid__row_update_fn(const sid__row_rule *rule, int dim, float *g, float *w, float *state);

sid__row_update_fn *sid__row_update_for(sid__isa isa, sid__row_update update);
extern sid__row_update_fn *const sid__row_updates_portable[SID__ROW_UPDATE_COUNT],
    *const sid__row_updates_avx2[SID__ROW_UPDATE_COUNT], *const sid__row_updates_avx512[SID__ROW_UPDATE_COUNT];

#endif
