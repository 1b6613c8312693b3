/* optimizer.h: the optimisers of tables: option tables, what a row keeps, and which loop of kernel/row_update.h steps it.
 * optimizer.c lists them; sid_table_optimizer shows the list.
 */
#ifndef SEMID_TABLE_OPTIMIZER_H
#define SEMID_TABLE_OPTIMIZER_H

#include "base/options.h"
#include "kernel/row_update.h"
#include "semid_rank.h"

/* One struct for all; each table of options fills the fields it has. */
typedef struct sid__optimizer_options {
    double rate, decay, start, l1, l2, beta, group, beta1, beta2, epsilon;
    bool row;
} sid__optimizer_options;

typedef struct sid__optimizer {
    sid_family info;
    sid__row_update update, row_update;     /* row_update: with the flag `row` */
    int element_floats, row_floats;         /* of state: a float of the row, and a row; without `row` */
    int row_form_elements, row_form_floats; /* with it */
} sid__optimizer;

/* An optimiser with its options, as a slice has it. */
typedef struct sid__rule {
    const sid__optimizer *optimizer;
    sid__optimizer_options options;
    sid__row_rule row;
    sid__row_update_fn *update;
} sid__rule;

/* name NULL: adagrad; options "a=1,b" or NULL. SID_EUSAGE with a did-you-mean. */
sid_status sid__rule_init(sid__isa isa, const char *name, const char *options, sid__rule *out, sid_error *err);
int sid__rule_state_floats(const sid__rule *rule, int dim);
/* The state of a row that begins with weights w (dim), so that a step with gradient 0 does not move it. */
void sid__rule_start(const sid__rule *rule, int dim, const float *w, float *state);
/* A state that steps can lead to: finite, and no square sum below zero. */
bool sid__rule_state_is_valid(const sid__rule *rule, int dim, const float *state);
/* "adagrad rate=0.1": all that matters to a snapshot, by name. */
sid_status sid__rule_text(const sid__rule *rule, sid__strbuf *out, sid_error *err);

#endif
