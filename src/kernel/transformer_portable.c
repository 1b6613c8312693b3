/* transformer_portable.c: for any CPU, and the reference. */
enum { LANES = 4 };
#define TRANSFORMER_TABLE sid__transformer_portable
#include "kernel/transformer_body.h"
