/* rank_page.c: sid_rank_page: a comparison of rankers as one HTML file. It runs no script; a policy in its head lets the browser take
 * its two style sheets alone, by their hashes, and load nothing.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/vfs.h"
#include "report/rank_plots.h"
#include "report/web_parts.h"

/* Beside the style of web/, which every page has. */
static const char own_style[] =
    "svg .stripe{fill:var(--back);opacity:.6}svg .name{fill:var(--text);font-size:12.5px}\n"
    "svg .interval{stroke:currentColor;stroke-width:2.5;stroke-linecap:round}svg .mean{fill:currentColor}\n"
    "svg .run{fill:currentColor;opacity:.45}svg .plain{color:var(--faint)}svg .gains{color:var(--good)}\n"
    "svg .loses{color:var(--bad)}svg .line polyline{fill:none;stroke:currentColor;stroke-width:2}\n"
    "svg .dashed polyline{stroke-dasharray:6 4}svg text.s0,svg text.s1,svg text.s2,svg text.s3,svg text.s4,\n"
    "svg text.s5,svg text.s6,svg text.s7{fill:currentColor;font-weight:600}\n"
    ".s0{color:var(--c0)}.s1{color:var(--c1)}.s2{color:var(--c2)}.s3{color:var(--c3)}.s4{color:var(--c4)}\n"
    ".s5{color:var(--c5)}.s6{color:var(--c6)}.s7{color:var(--c7)}.said li{margin:.3rem 0}.drawing{margin:.4rem 0 "
    "1rem;overflow-x:auto}\n"
    ".drawing svg{min-width:46rem}.scroll{max-height:none}\n";

static const char *const slice_name[SID_RANK_SLICE_COUNT] = {
#define SLICE_NAME(name, text) text,
    SID_RANK_SLICE_LIST(SLICE_NAME)
#undef SLICE_NAME
};

/* ---- Figures ---- */

static sid__mark auc_difference(const sid_rank_comparison *c, int arm, int slice)
{
    const sid_rank_difference *d = &c->arm[arm].auc[slice];
    if (arm == 0)
        return (sid__mark){.value = 0, .low = (double)NAN, .high = (double)NAN};
    return (sid__mark){.value = d->mean, .low = d->low, .high = d->high};
}

static sid__mark alone(double value)
{
    return (sid__mark){.value = value, .low = (double)NAN, .high = (double)NAN};
}

static sid__mark auc_of(const sid_rank_comparison *c, int arm, int slice)
{
    return alone(c->arm[arm].mean[slice].auc);
}

static sid__mark ne_of(const sid_rank_comparison *c, int arm, int slice)
{
    return alone(c->arm[arm].mean[slice].ne);
}

static sid__mark drift_of(const sid_rank_comparison *c, int arm, int slice)
{
    (void)slice;
    return alone(c->arm[arm].drift);
}

static sid__mark aar_of(const sid_rank_comparison *c, int arm, int slice)
{
    (void)slice;
    return alone(c->arm[arm].aar);
}

static double run_auc(const sid_rank_comparison *c, int arm, int seed, int slice)
{
    return c->run[arm * c->seeds + seed].score[slice].auc;
}

static double run_difference(const sid_rank_comparison *c, int arm, int seed, int slice)
{
    return run_auc(c, arm, seed, slice) - run_auc(c, 0, seed, slice);
}

/* ---- Parts ---- */

static void put_head(sid__page_text *to, const char *name)
{
    char shared[SID__PAGE_HASH_SIZE], own[SID__PAGE_HASH_SIZE];
    sid__page_hash(sid__web_style, sid__web_style_size, shared);
    sid__page_hash(own_style, sizeof own_style - 1, own);
    sid__page_printf(to,
                     "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                     "'sha256-%s' 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n",
                     shared, own);
    sid__page_printf(to,
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n<title>semid: rankers compared</title>\n");
    sid__page_printf(to, "<style>");
    sid__page_bytes(to, sid__web_style, sid__web_style_size);
    sid__page_printf(to, "</style>\n<style>");
    sid__page_bytes(to, own_style, sizeof own_style - 1);
    sid__page_printf(to, "</style>\n</head>\n<body>\n<div id=\"page\">\n<p class=\"brand\"><b>semid</b> %s</p>\n<h1>",
                     sid_version());
    sid__page_html(to, name ? name : "Rankers compared");
    sid__page_printf(to, "</h1>\n");
}

/* 1,234,567 */
static void put_count(sid__page_text *to, int64_t count)
{
    if (count >= 1000)
        put_count(to, count / 1000);
    sid__page_printf(to, count >= 1000 ? ",%03d" : "%d", (int)(count % 1000));
}

static void put_tile(sid__page_text *to, const char *what, int64_t count)
{
    sid__page_printf(to, "<div><dt>%s</dt><dd>", what);
    put_count(to, count);
    sid__page_printf(to, "</dd></div>\n");
}

static void put_summary(sid__page_text *to, const sid_rank_comparison *c)
{
    sid__page_printf(to,
                     "<p class=\"made\">The same ranker (%s), the same impressions, as many rows; only what an item is "
                     "described by differs. Trained on %d days in order, asked the day after; %d run%s an arm.</p>\n",
                     c->family, c->days - 1, c->seeds, c->seeds == 1 ? "" : "s");
    if (c->impressions.ignored > 0) {
        sid__page_printf(
            to, "<p class=\"made\">What was shown and ignored is drawn: n=%" PRId64 ", alpha=", c->impressions.ignored);
        sid__page_number(to, c->impressions.alpha, 4);
        sid__page_printf(to, ", seed %" PRIu64 ". AUC depends on them.</p>\n", c->impressions.seed);
    }
    sid__page_printf(to, "<dl class=\"tiles\">\n");
    put_tile(to, "impressions learned from", c->train_impressions);
    put_tile(to, "impressions asked", c->test_impressions);
    put_tile(to, "of them of new items", c->arm[0].mean[SID_RANK_SLICE_NEW].impressions);
    put_tile(to, "items", c->items);
    put_tile(to, "rows of every arm", c->rows);
    sid__page_printf(to, "</dl>\n");
}

static void open_section(sid__page_text *to, const char *title, const char *lead)
{
    sid__page_printf(to, "<section><h2>%s</h2>\n<p class=\"lead\">%s</p>\n", title, lead);
}

static void close_section(sid__page_text *to)
{
    sid__page_printf(to, "</section>\n");
}

static void put_words(sid__page_text *to, const sid_rank_comparison *c)
{
    int said = 0;
    open_section(to, "In words", "Said of an arm is what its interval of resampled users bears.");
    for (int i = 0; i < c->arm_count; i++) {
        if (!*c->arm[i].words)
            continue;
        sid__page_printf(to, "%s<li>", said++ ? "" : "<ul class=\"said\">\n");
        sid__page_html(to, c->arm[i].words);
        sid__page_printf(to, "</li>\n");
    }
    sid__page_printf(to, said ? "</ul>\n" : "<p class=\"empty\">Without intervals nothing can be said.</p>\n");
    close_section(to);
}

static void put_differences(sid__page_text *to, const sid_rank_comparison *c)
{
    const sid__strip strip[] = {
        {"All impressions", "AUC less the first arm's", auc_difference, run_difference, SID_RANK_SLICE_ALL, true},
        {"New items", "first shown on the day that is asked", auc_difference, run_difference, SID_RANK_SLICE_NEW,
         true}};
    open_section(to, "What each arm gains",
                 "Dots are means over runs, small ones single runs, lines the 95 % interval of resampled users. "
                 "A line that crosses zero says nothing.");
    sid__plot_strips(to, c, strip, 2);
    close_section(to);
}

static void put_ceilings(sid__page_text *to, const double *auc, const char *what)
{
    if (!auc)
        return;
    sid__page_printf(to, "<p class=\"lead\">%s: ", what);
    for (int s = 0; s < SID_RANK_SLICE_COUNT; s++) {
        sid__page_printf(to, "%s%s ", s ? ", " : "", slice_name[s]);
        sid__page_number(to, auc[s], 4);
    }
    sid__page_printf(to, ".</p>\n");
}

static void put_slices(sid__page_text *to, const sid_rank_comparison *c, const sid_rank_page_options *options)
{
    static const char *const below[SID_RANK_SLICE_COUNT] = {"AUC", "first shown that day", "most shown: 25 %",
                                                            "the next 50 %", "shown least"};
    sid__strip strip[SID_RANK_SLICE_COUNT];
    for (int s = 0; s < SID_RANK_SLICE_COUNT; s++)
        strip[s] = (sid__strip){slice_name[s], below[s], auc_of, run_auc, s, false};
    open_section(to, "Where", "AUC by how often an item was shown in training.");
    put_ceilings(to, options->best_auc, "No ranker can pass");
    put_ceilings(to, options->content_auc, "Nor, knowing content alone");
    sid__plot_strips(to, c, strip, SID_RANK_SLICE_COUNT);
    close_section(to);
}

/* What is known of some arm at least. */
static bool is_known(const sid_rank_comparison *c, const sid__strip *strip)
{
    for (int arm = 0; arm < c->arm_count; arm++)
        if (!isnan(strip->of_arm(c, arm, strip->slice).value))
            return true;
    return false;
}

static void put_stability(sid__page_text *to, const sid_rank_comparison *c)
{
    enum { COUNT = 4 };
    static const sid__strip strip[COUNT] = {
        {"NE", "1: the click rate alone", ne_of, NULL, SID_RANK_SLICE_ALL, false},
        {"NE of new items", "less is better", ne_of, NULL, SID_RANK_SLICE_NEW, false},
        {"Drift", "NE two days old, less of today", drift_of, NULL, 0, false},
        {"A/A difference", "between equal items", aar_of, NULL, 0, false}};
    static const char *const says[COUNT] = {
        "Normalised entropy.", "", " Drift: how much worse a ranker fits what is two days old than what it just saw.",
        " A/A: by how much its answers differ for items that are equal but for their ids."};
    sid__strip known[COUNT];
    int count = 0;
    sid__page_printf(to, "<section><h2>How sure and how steady</h2>\n<p class=\"lead\">");
    for (int i = 0; i < COUNT; i++)
        if (is_known(c, &strip[i])) {
            known[count++] = strip[i];
            sid__page_printf(to, "%s", says[i]);
        }
    sid__page_printf(to, " Less is better everywhere.</p>\n");
    if (count > 0)
        sid__plot_strips(to, c, known, count);
    close_section(to);
}

static void put_days(sid__page_text *to, const sid_rank_comparison *c)
{
    if (c->days < 3)
        return;
    open_section(to, "Day by day", "NE of each day before it was learned from, less the first arm's. Lower is better.");
    sid__plot_days(to, c);
    close_section(to);
}

static void put_cell(sid__page_text *to, double value)
{
    sid__page_printf(to, "<td class=\"number\">");
    if (isnan(value))
        sid__page_printf(to, "\xE2\x80\x93");
    else
        sid__page_number(to, value, 4);
    sid__page_printf(to, "</td>");
}

/* Four places, so that columns line up. */
static void put_share(sid__page_text *to, double value)
{
    int64_t parts = isnan(value) ? 0 : (int64_t)llround(value * 1e4);
    if (isnan(value))
        put_cell(to, value);
    else
        sid__page_printf(to, "<td class=\"number\">%" PRId64 ".%04d</td>", parts / 10000, (int)(parts % 10000));
}

static void put_table(sid__page_text *to, const sid_rank_comparison *c)
{
    open_section(to, "Figures", "Means over runs.");
    sid__page_printf(to, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th>arm</th>");
    for (int s = 0; s < SID_RANK_SLICE_COUNT; s++)
        sid__page_printf(to, "<th class=\"number\">AUC %s</th>", slice_name[s]);
    sid__page_printf(to, "<th class=\"number\">gAUC</th><th class=\"number\">NE</th><th class=\"number\">NE new</th>"
                         "<th class=\"number\">rows</th><th class=\"number\">rows an item</th><th class=\"number\">KiB"
                         "</th></tr></thead><tbody>\n");
    for (int i = 0; i < c->arm_count; i++) {
        const sid_rank_arm *arm = &c->arm[i];
        sid__page_printf(to, "<tr><th>");
        sid__page_html(to, arm->name);
        sid__page_printf(to, "</th>");
        for (int s = 0; s < SID_RANK_SLICE_COUNT; s++)
            put_share(to, arm->mean[s].auc);
        put_share(to, arm->mean[SID_RANK_SLICE_ALL].gauc);
        put_share(to, arm->mean[SID_RANK_SLICE_ALL].ne);
        put_share(to, arm->mean[SID_RANK_SLICE_NEW].ne);
        sid__page_printf(to, "<td class=\"number\">");
        put_count(to, arm->rows);
        sid__page_printf(to, "</td>");
        put_cell(to, arm->item_rows);
        sid__page_printf(to, "<td class=\"number\">");
        put_count(to, arm->size / 1024);
        sid__page_printf(to, "</td></tr>\n");
    }
    sid__page_printf(to, "</tbody></table></div>\n");
    close_section(to);
}

sid_status sid_rank_page(const sid_rank_comparison *c, const sid_rank_page_options *options, const char *path,
                         int64_t *size, sid_error *err)
{
    static const sid_rank_page_options defaults;
    sid__page_text to = {.err = err};
    options = options ? options : &defaults;
    put_head(&to, options->name);
    put_summary(&to, c);
    put_words(&to, c);
    put_differences(&to, c);
    put_slices(&to, c, options);
    put_stability(&to, c);
    put_days(&to, c);
    put_table(&to, c);
    sid__page_printf(&to, "</div>\n</body>\n</html>\n");
    sid_status status = to.status;
    if (status == SID_OK)
        status = sid__replace_whole(path, to.html.text, (size_t)to.html.length, err);
    if (status == SID_OK && size)
        *size = to.html.length;
    sid__page_drop(&to);
    return status;
}
