/* neural_avx2.c: compiled for AVX2. */
#if defined(__AVX2__)
#define NEURAL_TABLE sid__neural_avx2
#include "kernel/neural_body.h"
#else
typedef int sid__neural_avx2_is_absent; /* another architecture */
#endif
