/* row_update_avx512.c: the loops of row_update.h on AVX-512. */
#define UPDATES sid__row_updates_avx512
#include "kernel/row_update_body.h"
