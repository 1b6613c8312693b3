/* event_time.h: when something happened, as text: a number of whatever unit, or a date by RFC 3339. */
#ifndef SEMID_DATA_EVENT_TIME_H
#define SEMID_DATA_EVENT_TIME_H

#include <stdbool.h>
#include <stddef.h>

/* A number ("1318896000", "1.3e9", "-5.25") as it is; a date ("2011-10-18", "2011-10-18T00:00:00.5+02:00", a space or a
 * small t, z alike) as seconds since 1970. False: it is neither; *out stays. Whole numbers below 2^53 are exact. */
bool sid__event_time(const char *text, size_t size, double *out);
/* The same for numbers alone. */
bool sid__event_number(const char *text, size_t size, double *out);

#endif
