/* kernels_avx512.c: the loops of kernels_body.h for AVX-512. */
#include "kernel/avx512.h"

#include "kernel/kernels_body.h"

const sid__kernels sid__kernels_avx512 = {.scores = scores,
                                          .project = multiply,
                                          .intervals = intervals,
                                          .at_most = at_most,
                                          .measure = measure,
                                          .dot = dot,
                                          .two_least = two_least,
                                          .accumulate = accumulate};
