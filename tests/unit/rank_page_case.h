/* rank_page_case.h: a comparison made up, for the tests of its page. */
#ifndef SEMID_RANK_PAGE_CASE_H
#define SEMID_RANK_PAGE_CASE_H

#include <math.h>

#include "semid_rank.h"
#include "test.h"

enum { PAGE_ARMS = 10, PAGE_SEEDS = 2, PAGE_DAYS = 4 };

typedef struct page_comparison {
    sid_rank_comparison c;
    sid_rank_arm arm[PAGE_ARMS];
    sid_rank_run run[PAGE_ARMS * PAGE_SEEDS];
    double day_ne[PAGE_ARMS][PAGE_DAYS];
    char name[PAGE_ARMS][16];
} page_comparison;

/* Arms from .5 to .59; intervals of .02 around the difference to the first. */
static inline void make_comparison(page_comparison *p)
{
    const sid_rank_difference none = {.mean = (double)NAN, .low = (double)NAN, .high = (double)NAN};
    *p = (page_comparison){0};
    p->c = (sid_rank_comparison){.family = "dot",
                                 .train_impressions = 1234567,
                                 .days = PAGE_DAYS,
                                 .seeds = PAGE_SEEDS,
                                 .arm = p->arm,
                                 .arm_count = PAGE_ARMS,
                                 .run = p->run,
                                 .run_count = PAGE_ARMS * PAGE_SEEDS};
    for (int a = 0; a < PAGE_ARMS; a++) {
        sid_rank_arm *arm = &p->arm[a];
        (void)snprintf(p->name[a], sizeof p->name[a], "arm<%d>", a);
        *arm =
            (sid_rank_arm){.name = p->name[a], .note = "", .words = a ? "it \"gains\" & more" : "", .rows = 1000 * a};
        arm->day_ne = p->day_ne[a];
        arm->aar = a == 3 ? (double)NAN : .1 * a;
        for (int s = 0; s < SID_RANK_SLICE_COUNT; s++) {
            double d = .01 * a;
            arm->mean[s].auc = .5 + d;
            arm->auc[s] = s < 2 ? (sid_rank_difference){.mean = d, .low = d - .01, .high = d + .01} : none;
            for (int r = 0; r < PAGE_SEEDS; r++)
                p->run[a * PAGE_SEEDS + r].score[s].auc = .5 + d + .001 * r;
        }
        for (int day = 0; day < PAGE_DAYS; day++)
            p->day_ne[a][day] = 1 - .01 * a * day;
    }
}

static inline int page_count_of(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

#endif
