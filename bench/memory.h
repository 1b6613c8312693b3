/* memory.h: what this machine's caches and memory give at most. */
#ifndef SEMID_BENCH_MEMORY_H
#define SEMID_BENCH_MEMORY_H

#include "semid.h"

/* Bytes a second read from a buffer of `size` bytes a thread, over and over, on 2 MiB pages where the kernel gives them. */
double bench_read_rate(sid_ctx *ctx, size_t size);
/* Seconds of one dependent load at random places of a buffer of `size` bytes; huge: 2 MiB pages, else 4 KiB. */
double bench_latency(size_t size, bool huge);

#endif
