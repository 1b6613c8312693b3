/* mem.h: the one way to the heap, so that sizes are checked, errors are named and tests can make any allocation fail.
 *
 * Pointers are aligned to 64 bytes (a cache line, an AVX-512 register). Free with sid__free only.
 */
#ifndef SEMID_BASE_MEM_H
#define SEMID_BASE_MEM_H

#include "base/error.h"

/* count * size bytes, zeroed; count 0 gives a valid pointer. `what` names the buffer in the error. */
sid_status sid__alloc(void *out, size_t count, size_t size, const char *what, sid_error *err);

/* The same not zeroed: what is never written takes no memory of the machine. */
sid_status sid__alloc_unset(void *out, size_t count, size_t size, const char *what, sid_error *err);

/* Grows *pointer (NULL: starts) from *capacity to at least `wanted` elements, by doubling. New elements are not zeroed. */
sid_status sid__grow(void *pointer, int64_t *capacity, int64_t wanted, size_t size, const char *what, sid_error *err);

void sid__free(void *pointer);

/* `size` bytes, a multiple of SID__PAGE_SIZE, zeroed, on large pages where the system gives them. Unlike sid__alloc's they go
 * back to the system when freed: for tables that shrink. */
enum { SID__PAGE_SIZE = 2 << 20 };
sid_status sid__pages_alloc(void *out, size_t size, const char *what, sid_error *err);
void sid__pages_free(void *pages, size_t size);

/* A copy of a string. */
sid_status sid__strdup(char **out, const char *text, sid_error *err);

/* Tests: after `after` further allocations the next `times` fail (times < 0: all later ones); after < 0 turns it off. */
void sid__mem_fail(int64_t after, int64_t times);
/* Allocations counted since sid__mem_fail was turned on. */
int64_t sid__mem_calls(void);

#endif
