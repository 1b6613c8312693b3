/* row_update_avx2.c: the loops of row_update.h on AVX2. */
#define UPDATES sid__row_updates_avx2
#include "kernel/row_update_body.h"
