/* error.h: how every internal call reports a failure.
 *
 *     return sid__fail(err, SID_EUSAGE, "levels is %d; 1 to %d are possible", levels, SID_LEVELS_MAX);
 *     return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .row = line, .byte = -1}, "empty item_id; ...");
 *     SID_TRY(sid__thing(..., err));        // propagates; use only where nothing must be released
 *
 * `err` may be NULL. The first failure wins: callers that clean up must not overwrite it.
 */
#ifndef SEMID_BASE_ERROR_H
#define SEMID_BASE_ERROR_H

#include "semid.h"

typedef struct sid__place {
    const char *file; /* NULL: none */
    int64_t row;      /* > 0: line of a text file, printed as file:row */
    int64_t byte;     /* >= 0: printed as (byte n); -1: none */
} sid__place;

#define SID_TRY(expression)                                                                                            \
    do {                                                                                                               \
        sid_status sid_try_status_ = (expression);                                                                     \
        if (sid_try_status_ != SID_OK)                                                                                 \
            return sid_try_status_;                                                                                    \
    } while (0)

/* Fills err with the message and gives back `status`. */
__attribute__((format(printf, 3, 4))) sid_status sid__fail(sid_error *err, sid_status status, const char *format, ...);

/* The same with a place: the message becomes "file:row: text (byte n)". */
__attribute__((format(printf, 4, 5))) sid_status sid__fail_at(sid_error *err, sid_status status, sid__place place,
                                                              const char *format, ...);

/* Drops the broken UTF-8 character that a cut left at the end of `text`, if any: terminals and JSON must not see half of
 * one. */
void sid__utf8_mend(char *text);

/* "path: what: strerror(errno_value)"; ENOSPC and EDQUOT say so in words. SID_EIO. */
sid_status sid__fail_errno(sid_error *err, const char *path, const char *what, int errno_value);

/* "out of memory: wanted n bytes for what". */
sid_status sid__fail_memory(sid_error *err, const char *what, size_t wanted_size);

#ifdef __clang_analyzer__
/* The analyzer reads one file at a time: it must see that a failure is never SID_OK, or it follows paths that are none. */
#define sid__fail(err, status, ...) ((void)sid__fail((err), (status), __VA_ARGS__), (status))
#define sid__fail_at(err, status, ...) ((void)sid__fail_at((err), (status), __VA_ARGS__), (status))
#define sid__fail_errno(...) ((void)sid__fail_errno(__VA_ARGS__), SID_EIO)
#define sid__fail_memory(...) ((void)sid__fail_memory(__VA_ARGS__), SID_ENOMEM)
#endif

#endif
