/* implicit.h: data of clicks alone made to impressions: each click gets items that were shown with it and ignored.
 *
 * They are drawn from the items clicked that same day, in proportion to clicks^alpha. Drawn from earlier items they would make
 * "first seen today" mean "clicked"; at alpha = 1 an item is ignored as often as clicked, so that popularity alone tells nothing.
 */
#ifndef SEMID_DATA_IMPLICIT_H
#define SEMID_DATA_IMPLICIT_H

#include "data/impressions.h"

typedef struct sid__implicit {
    int64_t ignored; /* items a click */
    double alpha;
} sid__implicit;

/* "n=4,alpha=0.5"; what is not named has its default. SID_EUSAGE. */
sid_status sid__implicit_parse(const char *text, sid__implicit *out, sid_error *err);
/* Rows of clicks, in order, days numbered: puts before each click the items that were ignored, with its time and its numbers.
 * They come first so that a ranker that replays the rows knows as little of the click when it is asked about them. Never an
 * item that the user clicks that day; `short_of` gets how many were left out since the user clicked all there are. SID_ENOMEM
 * leaves the rows as they were. */
sid_status sid__implicit_add(sid_impressions *impressions, const sid__implicit *of, uint64_t seed, int64_t *short_of,
                             sid_error *err);

#endif
