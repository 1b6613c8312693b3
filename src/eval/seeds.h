/* seeds.h: models that differ in their seed alone, as one row: what is claimed of a family is claimed of its mean. Metrics are
 * averaged user by user, so that the bootstrap of the mean is that of users; the spread of the seeds stands beside it.
 */
#ifndef SEMID_EVAL_SEEDS_H
#define SEMID_EVAL_SEEDS_H

#include "model/model.h"

/* group (count): which group a model belongs to, numbered as they are found; -1: no other differs in its seed alone.
 * Gives the number of groups. Two models of one seed are no group. */
int sid__seed_groups(const sid_model *const *model, int count, int *group);

/* The members of a group among the rows (row_count) as one row: means of what they have, seed_deviation, seeds. */
void sid__average_rows(const sid_eval_row *row, const int *group, int row_count, int index, int k_count,
                       sid_eval_row *out);
/* value (row_count, size) of the rows -> out (size), the mean of the group's. */
void sid__average_values(const double *value, const int *group, int row_count, int index, int64_t size, double *out);

#endif
