/* mem.c: aligned, checked, countable allocation.
 *
 * The counters, with those of io_fault.c, are the library's only mutable globals: a fault test must reach allocations of
 * every object, and a counter that is off costs one relaxed load.
 */
#define _DEFAULT_SOURCE /* madvise */
#include "base/mem.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/checked.h"

enum { ALIGNMENT = 64, LARGE_PAGE = SID__PAGE_SIZE, LARGE_SIZE = 8 << 20 };

static _Atomic int64_t fail_after = -1, fail_times, alloc_index;

void sid__mem_fail(int64_t after, int64_t times)
{
    atomic_store(&fail_after, -1);
    atomic_store(&fail_times, times);
    atomic_store(&alloc_index, 0);
    atomic_store(&fail_after, after);
}

int64_t sid__mem_calls(void)
{
    return atomic_load(&alloc_index);
}

/* One count that only grows, so that allocations of many threads at a time get different numbers. */
static bool is_told_to_fail(void)
{
    int64_t after = atomic_load_explicit(&fail_after, memory_order_relaxed);
    if (after < 0)
        return false;
    int64_t index = atomic_fetch_add(&alloc_index, 1), times = atomic_load(&fail_times);
    return index >= after && (times < 0 || index - after < times);
}

/* Large arrays lie on pages of 2 MiB where the system gives them: fewer faults, and fewer misses of the translation
 * buffer. */
static void *allocate(size_t size)
{
    bool is_large = size >= LARGE_SIZE;
    size_t alignment = is_large ? LARGE_PAGE : ALIGNMENT;
    void *pointer = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
#ifdef MADV_HUGEPAGE
    if (pointer && is_large)
        (void)madvise(pointer, size / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE); /* advice: may be refused */
#endif
    return pointer;
}

/* *size: of all that was made. */
static sid_status make(void **out, size_t count, size_t *size, const char *what, sid_error *err)
{
    size_t wanted, rounded;
    if (!sid__mul_size(count, *size, &wanted) || !sid__add_size(wanted, LARGE_PAGE, &rounded))
        return sid__fail(err, SID_ENOMEM, "out of memory: %s of %zu x %zu bytes is too large", what, count, *size);
    *size = (wanted + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    *out = is_told_to_fail() ? NULL : allocate(*size);
    return *out ? SID_OK : sid__fail_memory(err, what, wanted);
}

sid_status sid__alloc(void *out, size_t count, size_t size, const char *what, sid_error *err)
{
    void *pointer;
    SID_TRY(make(&pointer, count, &size, what, err));
    memset(pointer, 0, size);
    memcpy(out, &pointer, sizeof pointer); /* *out is a char *, a float *, ...: not to be written as a void * */
    return SID_OK;
}

sid_status sid__alloc_unset(void *out, size_t count, size_t size, const char *what, sid_error *err)
{
    void *pointer;
    SID_TRY(make(&pointer, count, &size, what, err));
    memcpy(out, &pointer, sizeof pointer);
    return SID_OK;
}

sid_status sid__grow(void *pointer, int64_t *capacity, int64_t wanted, size_t size, const char *what, sid_error *err)
{
    if (wanted <= *capacity)
        return SID_OK;
    int64_t larger = *capacity < 16 ? 16 : *capacity;
    while (larger < wanted)
        larger = larger > INT64_MAX / 2 ? wanted : larger * 2;
    void *grown = NULL, *old;
    memcpy(&old, pointer, sizeof old);
    SID_TRY(sid__alloc(&grown, (size_t)larger, size, what, err));
    if (old)
        memcpy(grown, old, (size_t)*capacity * size);
    sid__free(old);
    memcpy(pointer, &grown, sizeof grown);
    *capacity = larger;
    return SID_OK;
}

void sid__free(void *pointer)
{
    free(pointer);
}

/* Twice the alignment is asked for and what is beside the aligned part given back: the system aligns to 4 KiB. */
static char *map_pages(size_t size)
{
    char *wide = mmap(NULL, size + LARGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (wide == MAP_FAILED)
        return NULL;
    size_t before = (LARGE_PAGE - (uintptr_t)wide % LARGE_PAGE) % LARGE_PAGE;
    if (before > 0)
        (void)munmap(wide, before);
    (void)munmap(wide + before + size, LARGE_PAGE - before); /* never nothing: before < LARGE_PAGE */
#ifdef MADV_HUGEPAGE
    (void)madvise(wide + before, size, MADV_HUGEPAGE);
#endif
    return wide + before;
}

sid_status sid__pages_alloc(void *out, size_t size, const char *what, sid_error *err)
{
    assert(size > 0 && size % LARGE_PAGE == 0 && size <= SIZE_MAX / 2);
    char *pages = is_told_to_fail() ? NULL : map_pages(size);
    if (!pages)
        return sid__fail_memory(err, what, size);
    memcpy(out, &pages, sizeof pages);
    return SID_OK;
}

void sid__pages_free(void *pages, size_t size)
{
    if (pages)
        (void)munmap(pages, size);
}

sid_status sid__strdup(char **out, const char *text, sid_error *err)
{
    size_t size = strlen(text) + 1;
    char *copy = NULL;
    SID_TRY(sid__alloc(&copy, size, 1, "a copy of a text", err));
    memcpy(copy, text, size);
    *out = copy;
    return SID_OK;
}
