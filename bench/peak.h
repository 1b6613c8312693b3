/* peak.h: what this machine's arithmetic can do at most, measured in the same minute as the programs beside it. */
#ifndef SEMID_BENCH_PEAK_H
#define SEMID_BENCH_PEAK_H

#include "semid.h"

/* flop/s of independent multiply-adds in registers, on as many threads as the context has; isa as in sid_ctx_isa. */
double bench_peak(sid_ctx *ctx, const char *isa);

#endif
