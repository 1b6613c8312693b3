/* row_update_portable.c: the loops of row_update.h for every CPU. */
#define UPDATES sid__row_updates_portable
#include "kernel/row_update_body.h"
