/* neural_portable.c: for any CPU, and the reference. */
#define NEURAL_TABLE sid__neural_portable
#include "kernel/neural_body.h"
