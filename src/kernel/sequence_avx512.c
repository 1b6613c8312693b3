/* sequence_avx512.c: compiled for AVX-512. */
#if defined(__AVX512F__)
enum { LANES = 16 };
#define SEQUENCE_TABLE sid__sequence_avx512
#include "kernel/sequence_body.h"
#else
typedef int sid__sequence_avx512_is_absent; /* another architecture */
#endif
