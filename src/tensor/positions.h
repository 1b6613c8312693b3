/* positions.h: where a token stands, as attention sees it: T5's buckets of distances, rotary angles. The caches of inference
 * use the same, so that they give the same bits.
 */
#ifndef SEMID_TENSOR_POSITIONS_H
#define SEMID_TENSOR_POSITIONS_H

#include <stdbool.h>

#include "kernel/neural.h"

enum { SID__BUCKETS = 32 };

/* T5's bucket (1910.10683; the formula of Hugging Face's T5) of key position less query position. Causal: keys after the
 * query share bucket 0 with it. Else 16 buckets a side, those of later keys from 16 on. */
int sid__relative_bucket(int64_t distance, bool is_causal);

/* Rotary positions (2104.09864), as Hugging Face's Llama pairs them: elements i and i + size / 2 turn by position *
 * base^(-2 i / size). cosine, sine (positions, size / 2); size even, base > 0. */
void sid__rotary_table(double base, int64_t positions, int size, sid__real *cosine, sid__real *sine);
/* to (rows, size), packed = rows of `from`, row step `step`, turned by the rows of the table. */
void sid__rotate_rows(const sid__real *from, int64_t step, int64_t rows, int size, const sid__real *cosine,
                      const sid__real *sine, sid__real *to);
/* The way back: to (rows, size), row step to_step, = (is_added ? to : 0) + rows of `from`, packed, turned back. */
void sid__rotate_back(const sid__real *from, int64_t rows, int size, const sid__real *cosine, const sid__real *sine,
                      bool is_added, sid__real *to, int64_t to_step);

#endif
