/* transformer_avx2.c: compiled for AVX2. */
#if defined(__AVX2__)
enum { LANES = 8 };
#define TRANSFORMER_TABLE sid__transformer_avx2
#include "kernel/transformer_body.h"
#else
typedef int sid__transformer_avx2_is_absent; /* another architecture */
#endif
