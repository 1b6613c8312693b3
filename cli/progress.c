/* progress.c: see progress.h. Shown ten times a second at most; events twice a second, and at each stage's start and end. */
#include "progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output.h"

static const double line_interval_s = 0.1, event_interval_s = 0.5;

/* done per second since the stage began; 0: not known yet. */
static double rate_of(const cli_app *app, const sid_progress *progress, double now_s)
{
    double elapsed_s = now_s - app->progress.stage_start_s;
    int64_t done = progress->done - app->progress.stage_start; /* what is resumed begins with some */
    return elapsed_s > 0.05 && done > 0 ? (double)done / elapsed_s : 0;
}

static double eta_of(const sid_progress *progress, double rate)
{
    return rate > 0 && progress->total > progress->done ? (double)(progress->total - progress->done) / rate
                                                        : (double)NAN;
}

static void show_event(const cli_app *app, const sid_progress *progress, double now_s)
{
    double rate = rate_of(app, progress, now_s);
    cli_event(json_pack("{s:s,s:o,s:I,s:o,s:o,s:o,s:o,s:o}", "level", "progress", "stage",
                        cli_json_text(progress->stage), "done", (json_int_t)progress->done, "total",
                        progress->total > 0 ? json_integer(progress->total) : json_null(), "unit",
                        cli_json_text(progress->unit), "rate", cli_json_number(rate > 0 ? rate : (double)NAN), "eta_s",
                        cli_json_number(eta_of(progress, rate)), "loss", cli_json_number(progress->loss)));
}

static int line_width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col - 1 : 100;
}

static void show_line(cli_app *app, const sid_progress *progress, double now_s)
{
    char line[256];
    int used = 0, room = sizeof line;
    double rate = rate_of(app, progress, now_s), eta_s = eta_of(progress, rate);
    const char *unit = progress->unit ? progress->unit : "";
#define APPEND(...) used += used < room ? snprintf(line + used, (size_t)(room - used), __VA_ARGS__) : 0
    APPEND("%s", app->progress.stage);
    if (progress->total > 0)
        APPEND("  %" PRId64 "/%" PRId64 " %s  %d %%", progress->done, progress->total, unit,
               (int)(100 * progress->done / progress->total));
    else if (progress->done > 0)
        APPEND("  %" PRId64 " %s", progress->done, unit);
    if (rate > 0)
        APPEND("  %.3g/s", rate);
    if (isfinite(eta_s))
        APPEND("  ETA %.0f s", ceil(eta_s));
    if (isfinite(progress->loss))
        APPEND("  loss %.6g", progress->loss);
    if (progress->note)
        APPEND("  %s", progress->note);
#undef APPEND
    (void)fprintf(stderr, "\r%.*s\033[K", line_width(), line);
    (void)fflush(stderr);
    app->progress.is_drawn = true;
}

void cli_progress_clear(cli_app *app)
{
    if (app->progress.is_drawn)
        (void)fputs("\r\033[K", stderr);
    app->progress.is_drawn = false;
}

void cli_on_progress(void *user, const sid_progress *progress)
{
    cli_app *app = user;
    cli_progress_line *line = &app->progress;
    double now_s = cli_now_s();
    const char *stage = progress->stage ? progress->stage : "";
    bool is_new = strncmp(line->stage, stage, sizeof line->stage - 1) != 0;
    bool is_end = progress->total > 0 && progress->done >= progress->total;
    if (is_new) {
        (void)snprintf(line->stage, sizeof line->stage, "%s", stage);
        line->stage_start_s = now_s;
        line->stage_start = progress->done > 1 ? progress->done : 0;
    }
    double interval_s = app->is_log_json ? event_interval_s : line_interval_s;
    if (!is_new && !(is_end && app->is_log_json) && now_s - line->last_shown_s < interval_s)
        return;
    line->last_shown_s = now_s;
    if (app->is_log_json)
        show_event(app, progress, now_s);
    else
        show_line(app, progress, now_s);
}
