/* sequence_portable.c: for any CPU, and the reference. */
#ifdef SEMID_REAL_IS_DOUBLE
enum { LANES = 2 };
#else
enum { LANES = 4 };
#endif
#define SEQUENCE_TABLE sid__sequence_portable
#include "kernel/sequence_body.h"
