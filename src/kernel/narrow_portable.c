/* narrow_portable.c: narrow.h on every CPU, in vectors of four. */
enum { LANES = 4, VECTORS = 4, CODES = 2 };
#define NARROW sid__narrow_portable
#define SUBTRACT_PRODUCT(a, b, c) ((c) - (a) * (b))
#define SELECT(m, a, b) (((a) & (m)) | ((b) & ~(m)))
#define LESS(a, b) ((vector)SELECT((a) < (b), (lanes)(a), (lanes)(b)))
#define MORE(a, b) ((vector)SELECT((a) < (b), (lanes)(b), (lanes)(a)))
#include "kernel/narrow_body.h"
