/* rank_plots.c: see rank_plots.h. */
#include "report/rank_plots.h"

#include <math.h>
#include <stdlib.h>

enum {
    WIDTH = 1100,
    NAMES = 128, /* of arms, left */
    GAP = 26,
    ROW = 22,
    TOP = 34,
    BOTTOM = 26,
    DAYS_HEIGHT = 340,
    DAYS_RIGHT = 150, /* names of lines */
    LABEL = 13,       /* between two of them */
    TICKS_MAX = 5
};

/* ---- Axes ---- */

typedef struct axis {
    double low, high; /* values */
    int from, to;     /* pixels */
} axis;

static int place(const axis *a, double value)
{
    return a->from + (int)lround((value - a->low) / (a->high - a->low) * (a->to - a->from));
}

static void take(axis *a, double value)
{
    if (isnan(value))
        return;
    a->low = value < a->low ? value : a->low;
    a->high = value > a->high ? value : a->high;
}

/* A little room on both sides; values that are all equal get some too. */
static void widen(axis *a)
{
    if (a->low > a->high)
        *a = (axis){.low = 0, .high = 1, .from = a->from, .to = a->to};
    double room = (a->high - a->low) * .06;
    if (room <= 0)
        room = a->low != 0 ? fabs(a->low) * .1 : .5;
    a->low -= room;
    a->high += room;
}

/* 1, 2 or 5 times a power of ten: at most TICKS_MAX of them on the axis. */
static double tick_step(const axis *a)
{
    static const double of[] = {2, 2.5, 2};
    double step = 1e-9;
    for (int i = 0; (a->high - a->low) / step > TICKS_MAX; i++)
        step *= of[i % 3];
    return step;
}

static void put_tick(sid__page_text *to, double value, double step)
{
    sid__page_number(to, fabs(value) < step / 2 ? 0 : value, 4);
}

/* ---- Panels ---- */

static axis axis_of(const sid_rank_comparison *c, const sid__strip *s, int from, int to)
{
    axis a = {.low = (double)INFINITY, .high = -(double)INFINITY, .from = from, .to = to};
    for (int arm = 0; arm < c->arm_count; arm++) {
        sid__mark m = s->of_arm(c, arm, s->slice);
        take(&a, m.value);
        take(&a, m.low);
        take(&a, m.high);
        for (int r = 0; s->of_run && r < c->seeds; r++)
            take(&a, s->of_run(c, arm, r, s->slice));
    }
    if (s->has_zero)
        take(&a, 0);
    widen(&a);
    return a;
}

static void put_frame(sid__page_text *to, const sid__strip *s, const axis *a, int bottom)
{
    double step = tick_step(a);
    sid__page_printf(to, "<text class=\"strong\" x=\"%d\" y=\"12\">", a->from);
    sid__page_html(to, s->title);
    sid__page_printf(to, "</text><text x=\"%d\" y=\"26\">", a->from);
    sid__page_html(to, s->below);
    sid__page_printf(to, "</text>\n");
    double first = ceil(a->low / step);
    for (int i = 0; (first + i) * step <= a->high; i++) {
        double t = (first + i) * step;
        int x = place(a, t);
        bool is_zero = s->has_zero && fabs(t) < step / 2;
        sid__page_printf(to, "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", is_zero ? "axis" : "grid",
                         x, x, TOP, bottom);
        sid__page_printf(to, "<text class=\"middle\" x=\"%d\" y=\"%d\">", x, bottom + 15);
        put_tick(to, t, step);
        sid__page_printf(to, "</text>\n");
    }
}

static const char *tone_of(const sid__strip *s, sid__mark m)
{
    return !s->has_zero || isnan(m.low) ? "plain" : m.low > 0 ? "gains" : m.high < 0 ? "loses" : "plain";
}

static void put_mark(sid__page_text *to, const sid_rank_comparison *c, const sid__strip *s, const axis *a, int arm)
{
    sid__mark m = s->of_arm(c, arm, s->slice);
    int y = TOP + arm * ROW + ROW / 2;
    if (isnan(m.value))
        return;
    sid__page_printf(to, "<g class=\"%s\">", tone_of(s, m));
    if (!isnan(m.low) && !isnan(m.high))
        sid__page_printf(to, "<line class=\"interval\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", place(a, m.low),
                         place(a, m.high), y, y);
    for (int r = 0; s->of_run && c->seeds > 1 && r < c->seeds; r++) {
        double value = s->of_run(c, arm, r, s->slice);
        if (!isnan(value))
            sid__page_printf(to, "<circle class=\"run\" cx=\"%d\" cy=\"%d\" r=\"2\"/>", place(a, value), y + 6);
    }
    sid__page_printf(to, "<circle class=\"mean\" cx=\"%d\" cy=\"%d\" r=\"4\"><title>", place(a, m.value), y);
    sid__page_html(to, c->arm[arm].name);
    sid__page_printf(to, ": ");
    sid__page_number(to, m.value, 4);
    if (!isnan(m.low)) {
        sid__page_printf(to, " [");
        sid__page_number(to, m.low, 4);
        sid__page_printf(to, ", ");
        sid__page_number(to, m.high, 4);
        sid__page_printf(to, "]");
    }
    sid__page_printf(to, "</title></circle></g>\n");
}

static void put_names(sid__page_text *to, const sid_rank_comparison *c)
{
    for (int arm = 0; arm < c->arm_count; arm++) {
        int y = TOP + arm * ROW;
        if (arm % 2 == 0)
            sid__page_printf(to, "<rect class=\"stripe\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\"/>", y, WIDTH, ROW);
        sid__page_printf(to, "<text class=\"name\" x=\"6\" y=\"%d\">", y + ROW / 2 + 4);
        sid__page_html(to, c->arm[arm].name);
        sid__page_printf(to, "</text>\n");
    }
}

static void open_drawing(sid__page_text *to, int height)
{
    sid__page_printf(to,
                     "<div class=\"drawing\" tabindex=\"0\"><svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\">\n",
                     WIDTH, height);
}

static void close_drawing(sid__page_text *to)
{
    sid__page_printf(to, "</svg></div>\n");
}

void sid__plot_strips(sid__page_text *to, const sid_rank_comparison *c, const sid__strip *strip, int count)
{
    int bottom = TOP + c->arm_count * ROW, width = (WIDTH - NAMES) / count;
    open_drawing(to, bottom + BOTTOM);
    put_names(to, c);
    for (int i = 0; i < count; i++) {
        int from = NAMES + i * width;
        axis a = axis_of(c, &strip[i], from, from + width - GAP);
        put_frame(to, &strip[i], &a, bottom);
        for (int arm = 0; arm < c->arm_count; arm++)
            put_mark(to, c, &strip[i], &a, arm);
    }
    close_drawing(to);
}

/* ---- Days ---- */

static double less_first(const sid_rank_comparison *c, int arm, int day)
{
    return c->arm[arm].day_ne[day] - c->arm[0].day_ne[day];
}

static void put_line(sid__page_text *to, const sid_rank_comparison *c, const axis *x, const axis *y, int arm)
{
    const char *before = "<polyline points=\"";
    bool is_open = false;
    sid__page_printf(to, "<g class=\"line s%d%s\">", arm % 8, arm >= 8 ? " dashed" : "");
    for (int day = 1; day < c->days; day++) {
        double value = less_first(c, arm, day);
        if (isnan(value))
            continue;
        sid__page_printf(to, "%s%d,%d", is_open ? " " : before, place(x, day), place(y, value));
        is_open = true;
    }
    sid__page_printf(to, "%s</g>\n", is_open ? "\"/>" : "");
}

typedef struct line_end {
    int arm, y;
} line_end;

static int by_height(const void *left, const void *right)
{
    const line_end *a = left, *b = right;
    return a->y != b->y ? a->y - b->y : a->arm - b->arm;
}

/* Names at the ends of lines, moved apart: down from the top, then up from the bottom. */
static void put_line_names(sid__page_text *to, const sid_rank_comparison *c, const axis *x, const axis *y)
{
    line_end end[64] = {{0}};
    int count = 0;
    for (int arm = 0; arm < c->arm_count && count < 64; arm++)
        if (!isnan(less_first(c, arm, c->days - 1)))
            end[count++] = (line_end){.arm = arm, .y = place(y, less_first(c, arm, c->days - 1))};
    qsort(end, (size_t)count, sizeof *end, by_height);
    for (int i = 1; i < count; i++)
        end[i].y = end[i].y < end[i - 1].y + LABEL ? end[i - 1].y + LABEL : end[i].y;
    for (int i = count - 1, floor_y = y->from + 8; i >= 0; i--, floor_y -= LABEL)
        end[i].y = end[i].y > floor_y ? floor_y : end[i].y;
    for (int i = 0; i < count; i++) {
        sid__page_printf(to, "<text class=\"s%d\" x=\"%d\" y=\"%d\">", end[i].arm % 8, x->to + 10, end[i].y + 4);
        sid__page_html(to, c->arm[end[i].arm].name);
        sid__page_printf(to, "</text>\n");
    }
}

static void put_days_frame(sid__page_text *to, const sid_rank_comparison *c, const axis *x, const axis *y)
{
    double step = tick_step(y);
    int every = (c->days + 11) / 12;
    double first = ceil(y->low / step);
    for (int i = 0; (first + i) * step <= y->high; i++) {
        double t = (first + i) * step;
        bool is_zero = fabs(t) < step / 2;
        sid__page_printf(to, "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", is_zero ? "axis" : "grid",
                         x->from, x->to, place(y, t), place(y, t));
        sid__page_printf(to, "<text class=\"end\" x=\"%d\" y=\"%d\">", x->from - 8, place(y, t) + 4);
        put_tick(to, t, step);
        sid__page_printf(to, "</text>\n");
    }
    for (int day = 1; day < c->days; day++)
        if ((c->days - 1 - day) % every == 0)
            sid__page_printf(to, "<text class=\"middle\" x=\"%d\" y=\"%d\">%s%d</text>\n", place(x, day), y->from + 18,
                             day == c->days - 1 ? "test, day " : "day ", day + 1);
}

void sid__plot_days(sid__page_text *to, const sid_rank_comparison *c)
{
    int needed = c->arm_count * LABEL + BOTTOM + 20, height = needed > DAYS_HEIGHT ? needed : DAYS_HEIGHT;
    axis x = {.low = 1, .high = c->days > 2 ? c->days - 1 : 2, .from = 64, .to = WIDTH - DAYS_RIGHT};
    axis y = {.low = (double)INFINITY, .high = -(double)INFINITY, .from = height - BOTTOM, .to = 10};
    for (int arm = 0; arm < c->arm_count; arm++)
        for (int day = 1; day < c->days; day++)
            take(&y, less_first(c, arm, day));
    widen(&y);
    open_drawing(to, height);
    put_days_frame(to, c, &x, &y);
    for (int arm = 0; arm < c->arm_count; arm++)
        put_line(to, c, &x, &y, arm);
    put_line_names(to, c, &x, &y);
    close_drawing(to);
}
