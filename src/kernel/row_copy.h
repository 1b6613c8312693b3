/* row_copy.h: rows of floats copied, past the caches where they will not be read soon, and added.
 */
#ifndef SEMID_KERNEL_ROW_COPY_H
#define SEMID_KERNEL_ROW_COPY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* `out` may be written by sid__row_stream: 16-byte lines. */
static inline bool sid__row_can_stream(const float *out, int dim)
{
#if defined(__SSE2__)
    return (uintptr_t)out % 16 == 0 && dim % 4 == 0;
#else
    (void)out;
    (void)dim;
    return false;
#endif
}

/* dim % 4 == 0; sid__row_stream_end follows the last. */
static inline void sid__row_stream(float *out, const float *row, int dim)
{
#if defined(__SSE2__)
    for (int d = 0; d < dim; d += 4)
        _mm_stream_ps(out + d, _mm_loadu_ps(row + d));
#else
    memcpy(out, row, (size_t)dim * sizeof *out);
#endif
}

static inline void sid__row_stream_end(void)
{
#if defined(__SSE2__)
    _mm_sfence();
#endif
}

static inline void sid__row_add(float *restrict out, const float *restrict row, int dim)
{
    for (int d = 0; d < dim; d++)
        out[d] += row[d];
}

/* All cache lines of a row that is wanted soon. always_inline: gcc takes a function that only prefetches for one without effect, and
 * drops its calls. */
__attribute__((always_inline)) static inline void sid__row_prefetch(const void *row, size_t size)
{
    for (size_t at = 0; at < size; at += 64)
        __builtin_prefetch((const char *)row + at, 0, 3);
}

#endif
