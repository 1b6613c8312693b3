/* transformer_avx512.c: compiled for AVX-512. */
#if defined(__AVX512F__)
enum { LANES = 16 };
#define TRANSFORMER_TABLE sid__transformer_avx512
#include "kernel/transformer_body.h"
#else
typedef int sid__transformer_avx512_is_absent; /* another architecture */
#endif
