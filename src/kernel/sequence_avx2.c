/* sequence_avx2.c: compiled for AVX2. */
#if defined(__AVX2__)
enum { LANES = 8 };
#define SEQUENCE_TABLE sid__sequence_avx2
#include "kernel/sequence_body.h"
#else
typedef int sid__sequence_avx2_is_absent; /* another architecture */
#endif
