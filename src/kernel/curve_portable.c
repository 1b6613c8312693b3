/* curve_portable.c: for any CPU, and the reference. */
#ifdef SEMID_REAL_IS_DOUBLE
enum { LANES = 2 };
#else
enum { LANES = 4 };
#endif
#define CURVE_TABLE sid__curve_portable
#include "kernel/curve_body.h"
