/* failing.h: the library's way to fail, for the parts of serve/ that start and open: a status, and an error that says why. */
#ifndef SEMID_SERVE_FAILING_H
#define SEMID_SERVE_FAILING_H

#include <semid.h>

#define SRV_TRY(expression)                                                                                            \
    do {                                                                                                               \
        sid_status try_ = (expression);                                                                                \
        if (try_ != SID_OK)                                                                                            \
            return try_;                                                                                               \
    } while (0)

/* Fills *err and gives `status` back. */
__attribute__((format(printf, 3, 4))) sid_status srv_error(sid_error *err, sid_status status, const char *format, ...);

#endif
