/* leaders.h: the best few of many scores as they come, ties by number: the same few in whatever order they come. */
#ifndef SEMID_RETRIEVE_LEADERS_H
#define SEMID_RETRIEVE_LEADERS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sid__leader {
    float score;
    int64_t number;   /* all differ; the lower one goes first where scores are equal */
    int64_t of, from; /* what it is and where it was found, to the caller */
} sid__leader;

/* Memory is the caller's. Invariant until it is sorted: row (count <= most) is a heap, the worst of them at its top. */
typedef struct sid__leaders {
    sid__leader *row; /* (most) */
    int64_t count, most;
} sid__leaders;

void sid__leaders_add(sid__leaders *leaders, const sid__leader *one);
/* The best first; nothing is added any more. */
void sid__leaders_sort(sid__leaders *leaders);

#endif
