/* neural_avx512.c: compiled for AVX-512. */
#if defined(__AVX512F__)
#define NEURAL_TABLE sid__neural_avx512
#include "kernel/neural_body.h"
#else
typedef int sid__neural_avx512_is_absent; /* another architecture */
#endif
