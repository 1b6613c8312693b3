/* leaders.c: see leaders.h. */
#include "retrieve/leaders.h"

#include <stdlib.h>

static bool is_better(const sid__leader *a, const sid__leader *b)
{
    return a->score != b->score ? a->score > b->score : a->number < b->number;
}

static void swap(sid__leader *a, sid__leader *b)
{
    sid__leader kept = *a;
    *a = *b;
    *b = kept;
}

static void rise(sid__leader *row, int64_t at)
{
    for (; at > 0 && is_better(&row[(at - 1) / 2], &row[at]); at = (at - 1) / 2)
        swap(&row[(at - 1) / 2], &row[at]);
}

static void sink(sid__leader *row, int64_t count)
{
    for (int64_t at = 0, below = 1; below < count; at = below, below = 2 * at + 1) {
        if (below + 1 < count && is_better(&row[below], &row[below + 1]))
            below++;
        if (!is_better(&row[at], &row[below]))
            return;
        swap(&row[at], &row[below]);
    }
}

void sid__leaders_add(sid__leaders *l, const sid__leader *one)
{
    if (l->count < l->most) {
        l->row[l->count] = *one;
        rise(l->row, l->count++);
    } else if (l->most > 0 && is_better(one, &l->row[0])) {
        l->row[0] = *one;
        sink(l->row, l->count);
    }
}

static int best_first(const void *left, const void *right)
{
    return is_better(left, right) ? -1 : 1;
}

void sid__leaders_sort(sid__leaders *l)
{
    if (l->count > 0) /* row may be NULL */
        qsort(l->row, (size_t)l->count, sizeof *l->row, best_first);
}
