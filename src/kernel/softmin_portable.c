/* softmin_portable.c: the loop of softmin.h on pairs of doubles, which every CPU has. */
enum { LANES = 2 };
#define NAME sid__softmin_portable
#define WIDEN(at) ((vector){(double)(at)[0], (double)(at)[1]})
#define ANY(m) (((m)[0] | (m)[1]) != 0)
#include "kernel/softmin_body.h"
