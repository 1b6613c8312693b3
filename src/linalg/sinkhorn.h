/* sinkhorn.h: entropic optimal transport of the items of a bucket to the last codes (LC-Rec, 2311.09049). */
#ifndef SEMID_LINALG_SINKHORN_H
#define SEMID_LINALG_SINKHORN_H

#include <stdint.h>

#define SID__SINKHORN_EPSILON_MIN 0.003 /* below, a sum may be 0 */

/* d (rows, codes): squared distances, overwritten by the plan Q: rows sum to about 1/B, columns to 1/codes, where row i
 * stands for weight[i] equal ones and B is their sum. 50 rounds, rows then columns; epsilon >= SID__SINKHORN_EPSILON_MIN. */
void sid__sinkhorn(double *d, const int64_t *weight, int64_t rows, int codes, double epsilon);
/* The code of most mass in a row of the plan, ties to the lowest. */
int sid__sinkhorn_code(const double *plan, int codes);

#endif
