/* worker_rank.c: our half of bench_rank.py: training steps of a ranker by a feature file, on request.
 *
 *     worker_rank THREADS   then a line "dcnv2", "din" or "dlrm" runs steps of 512 impressions and prints seconds a step and the
 *                           mean log loss; "peak" prints the limit of the path in flop/s
 *
 * A user, an item and six more ids (2,000, 50,000 and 6 x 1,000 of them), 30 clicks before, 8 numbers; rows of 16 and a weight in
 * growing tables with Adagrad, networks with Adam. A step is all of it: look-ups, forward, back, tables.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/philox.h"
#include "base/strbuf.h"
#include "line.h"
#include "peak.h"
#include "rank/click_model.h"

enum { BATCH = 512, STEPS = 16, BATCHES = 48, USERS = 2000, ITEMS = 50000, SITES = 6, NUMBERS = 8, PAST = 30 };

typedef struct worker {
    sid_ctx *ctx;
    char family[64];
    sid_ranker *ranker;
    sid_impressions *impressions;
    sid__run_maps maps;
    int64_t next;
    sid_error *err;
} worker;

static int draw(int64_t i, int column, int below)
{
    return (int)sid__philox_below((uint64_t)column + 1, SID__STREAM_TEST, (uint64_t)i, (uint64_t)below);
}

static sid_status feature_text(const char *family, sid__strbuf *out, sid_error *err)
{
    const char *more = strcmp(family, "dcnv2") == 0 ? ",\"cross\":3" : "";
    SID_TRY(sid__strbuf_printf(out, err,
                               "{\"format\":1,\"tables\":{\"t\":{\"dim\":16}},\"features\":["
                               "{\"name\":\"user\",\"kind\":\"id\",\"column\":\"user_id\",\"table\":\"t\"},"
                               "{\"name\":\"item\",\"kind\":\"id\",\"column\":\"item_id\",\"table\":\"t\"},"
                               "{\"name\":\"clicks\",\"kind\":\"history\",\"as\":\"item\",\"max\":%d}",
                               PAST));
    for (int s = 0; s < SITES; s++)
        SID_TRY(sid__strbuf_printf(out, err, ",{\"name\":\"s%d\",\"kind\":\"id\",\"column\":\"s%d\",\"table\":\"t\"}",
                                   s, s));
    for (int x = 0; x < NUMBERS; x++)
        SID_TRY(sid__strbuf_printf(out, err, ",{\"name\":\"x%d\",\"kind\":\"dense\",\"columns\":[\"x%d\"]}", x, x));
    return sid__strbuf_printf(out, err, "],\"model\":{\"family\":\"%s\",\"options\":{\"mlp\":\"256,128\"%s}}}", family,
                              more);
}

static sid_status impressions_text(sid__strbuf *out, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(out, err, "user_id\titem_id\tlabel\tday"));
    for (int s = 0; s < SITES; s++)
        SID_TRY(sid__strbuf_printf(out, err, "\ts%d", s));
    for (int x = 0; x < NUMBERS; x++)
        SID_TRY(sid__strbuf_printf(out, err, "\tx%d", x));
    for (int64_t i = 0; i < BATCH * BATCHES; i++) {
        SID_TRY(
            sid__strbuf_printf(out, err, "\n%d\t%d\t%d\t1", draw(i, 0, USERS), draw(i, 1, ITEMS), draw(i, 2, 4) == 0));
        for (int s = 0; s < SITES; s++)
            SID_TRY(sid__strbuf_printf(out, err, "\t%d", draw(i, 3 + s, 1000)));
        for (int x = 0; x < NUMBERS; x++)
            SID_TRY(sid__strbuf_printf(out, err, "\t.%d", draw(i, 20 + x, 1000)));
    }
    return sid__strbuf_printf(out, err, "\n");
}

static sid_status parse(worker *w, const sid__strbuf *text)
{
    const char *ids[SITES], *dense[NUMBERS];
    char name[SITES + NUMBERS][8];
    const sid_impressions_columns columns = {.ids = ids, .id_count = SITES};
    const sid_impressions_options options = {.columns = &columns, .dense = dense, .dense_count = NUMBERS};
    sid__source source;
    for (int i = 0; i < SITES + NUMBERS; i++) {
        (void)snprintf(name[i], sizeof name[i], "%c%d", i < SITES ? 's' : 'x', (i < SITES ? i : i - SITES) % 100);
        if (i < SITES)
            ids[i] = name[i];
        else
            dense[i - SITES] = name[i];
    }
    SID_TRY(sid__source_memory(text->text, (size_t)text->length, "x.tsv", &source, w->err));
    return sid__impressions_parse(w->ctx, &source, "x.tsv", &options, &w->impressions, w->err);
}

/* Steps of the next batches; all users have clicked PAST items before. */
static sid_status run_steps(worker *w, int count, double *loss)
{
    double p[BATCH], sum = 0;
    for (int step = 0; step < count; step++, w->next = (w->next + 1) % BATCHES) {
        int64_t begin = w->next * BATCH;
        SID_TRY(sid__click_model_step(w->ranker, w->impressions, &w->maps, begin, begin + BATCH, true, p, w->err));
        for (int i = 0; i < BATCH; i++)
            sum -= log(w->impressions->row[begin + i].label ? p[i] : 1 - p[i]);
    }
    *loss = sum / (count * BATCH);
    return SID_OK;
}

static void drop(worker *w)
{
    sid__run_maps_drop(&w->maps);
    sid_ranker_free(w->ranker);
    sid_impressions_free(w->impressions);
    w->ranker = NULL;
    w->impressions = NULL;
}

static sid_status start(worker *w, const char *family)
{
    sid__strbuf features = {0}, text = {0};
    const sid_ranker_options options = {.batch = BATCH};
    double loss;
    drop(w);
    (void)snprintf(w->family, sizeof w->family, "%s", family);
    sid_status status = feature_text(family, &features, w->err);
    if (status == SID_OK)
        status =
            sid__ranker_make(w->ctx, features.text, (size_t)features.length, "f.json", &options, &w->ranker, w->err);
    if (status == SID_OK)
        status = impressions_text(&text, w->err);
    if (status == SID_OK)
        status = parse(w, &text);
    if (status == SID_OK)
        status = sid__run_maps_make(w->ranker, w->impressions, &w->maps, w->err);
    for (int64_t i = 0; status == SID_OK && i < USERS * PAST; i++)
        sid__click_history_push_at(&w->ranker->history, (int32_t)(i % w->ranker->users.count),
                                   (int32_t)draw(i, 50, (int)w->ranker->items.count), 0);
    sid__strbuf_drop(&features);
    sid__strbuf_drop(&text);
    return status == SID_OK ? run_steps(w, BATCHES, &loss) : status; /* rows, pages, caches */
}

static sid_status run_case(worker *w, char *line)
{
    double loss = 0, seconds = 0;
    line[strcspn(line, " \n")] = 0;
    if (strcmp(line, "peak") == 0) {
        seconds = bench_peak(w->ctx, sid_ctx_isa(w->ctx));
    } else {
        if (strcmp(line, w->family) != 0)
            SID_TRY(start(w, line));
        double begin = bench_now();
        SID_TRY(run_steps(w, STEPS, &loss));
        seconds = (bench_now() - begin) / STEPS;
    }
    printf("%.9g %.9g\n", seconds, loss);
    (void)fflush(stdout);
    return SID_OK;
}

int main(int count, char **argument)
{
    static worker w;
    sid_error err = {0};
    char line[64];
    w.err = &err;
    sid_status status = sid_ctx_create(&w.ctx, &err);
    if (status == SID_OK)
        status = sid_ctx_set_threads(w.ctx, bench_threads(count, argument, 1), &err);
    if (status == SID_OK)
        printf("ready %s\n", sid_ctx_isa(w.ctx));
    (void)fflush(stdout);
    while (status == SID_OK && fgets(line, sizeof line, stdin))
        status = run_case(&w, line);
    if (status != SID_OK)
        (void)fprintf(stderr, "worker: %s\n", err.message);
    drop(&w);
    sid_ctx_free(w.ctx);
    return status == SID_OK ? 0 : 1;
}
