/* rank_plots.h: drawings of a comparison of rankers, as SVG that needs no script: a row an arm, a panel a figure; and lines by day.
 *
 * Coordinates are whole pixels: nothing of it depends on the locale, and a page of equal figures has equal bytes.
 */
#ifndef SEMID_REPORT_RANK_PLOTS_H
#define SEMID_REPORT_RANK_PLOTS_H

#include "report/page_text.h"
#include "semid_rank.h"

/* What a panel shows of an arm: NaN where it has none. low and high: an interval, or NaN. */
typedef struct sid__mark {
    double value, low, high;
} sid__mark;

typedef struct sid__strip {
    const char *title, *below; /* below: what the figure means */
    sid__mark (*of_arm)(const sid_rank_comparison *comparison, int arm, int slice);
    double (*of_run)(const sid_rank_comparison *comparison, int arm, int seed, int slice); /* NULL: no dots of runs */
    int slice;
    bool has_zero; /* a line at 0 */
} sid__strip;

/* Panels side by side on common rows. */
void sid__plot_strips(sid__page_text *to, const sid_rank_comparison *comparison, const sid__strip *strip, int count);
/* NE of each day less the first arm's, from the second day on; below the line is better. */
void sid__plot_days(sid__page_text *to, const sid_rank_comparison *comparison);

#endif
