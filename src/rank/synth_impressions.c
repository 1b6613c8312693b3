/* synth_impressions.c: the synthetic world (data/synth_world.h) written to files, with what the best rankers could reach on
 * its last day.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "data/synth_title.h"
#include "data/synth_world.h"
#include "io/json.h"
#include "io/text_output.h"
#include "io/vectors.h"
#include "rank/click_metrics.h"
#include "rank/item_slices.h"

enum { PATH_SIZE = 4096, ID_SIZE = 24, DAY_H = 24, FIRST_DAY = 19676 /* since 1970 */ };

static const char *const slice_name[SID_RANK_SLICE_COUNT] = {
#define SLICE_NAME(name, text) text,
    SID_RANK_SLICE_LIST(SLICE_NAME)
#undef SLICE_NAME
};

/* The last day, side by side. */
typedef struct test_day {
    double *p, *p_content; /* (count) */
    uint8_t *label;
    int32_t *item;
    int64_t count;
} test_day;

typedef struct synth {
    sid_ctx *ctx;
    sid__world world;
    bool events_only;
    const char *folder;
    int64_t *shown; /* (items) before the last day */
    test_day test;
    sid_synth_summary summary;
} synth;

static sid_status path_of(const synth *s, const char *name, char path[PATH_SIZE], sid_error *err)
{
    return sid__path_join(path, PATH_SIZE, s->folder, name, err);
}

static void item_id(int64_t item, char id[ID_SIZE])
{
    (void)snprintf(id, ID_SIZE, "i%07" PRId64, item);
}

/* ---- Items ---- */

static sid_status write_item(const sid__world *world, int64_t i, sid__text_output *out, sid_error *err)
{
    const sid__world_item *item = &world->item[i];
    char title[SID__SYNTH_TITLE_SIZE], id[ID_SIZE], twin[ID_SIZE] = "", birth[SID__NUMBER_TEXT_SIZE],
                                                    death[SID__NUMBER_TEXT_SIZE];
    sid__synth_title(world, i, title);
    item_id(i, id);
    if (item->twin >= 0)
        item_id(item->twin, twin);
    sid__number_text(birth, 9, item->birth);
    sid__number_text(death, 9, item->death);
    SID_TRY(sid__strbuf_printf(&out->text, err, "%s\t%s\t%d-%d-%d\t%s\t%s\t%s\n", id, title, item->path[0],
                               item->path[1], item->path[2], birth, death, twin));
    return sid__text_pass(out, err);
}

static sid_status write_items(const synth *s, sid_error *err)
{
    char path[PATH_SIZE];
    sid__text_output out;
    SID_TRY(path_of(s, "items.tsv", path, err));
    SID_TRY(sid__text_open(path, &out, err));
    sid_status status = sid__strbuf_printf(&out.text, err, "item_id\ttitle\tleaf\tbirth\tdeath\ttwin\n");
    for (int64_t i = 0; status == SID_OK && i < s->world.item_count; i++)
        status = write_item(&s->world, i, &out, err);
    return sid__text_finish(&out, status, err);
}

static sid_status write_vectors(const synth *s, sid_error *err)
{
    char path[PATH_SIZE], ids_path[PATH_SIZE];
    sid_vectors *vectors = NULL;
    int64_t count = s->world.item_count;
    SID_TRY(path_of(s, "vectors.npy", path, err));
    SID_TRY(path_of(s, "vectors.ids.txt", ids_path, err));
    char(*id)[ID_SIZE] = NULL;
    const char **ids = NULL;
    float *content = NULL;
    sid_status status = sid__alloc(&id, (size_t)count, sizeof *id, "ids of items", err);
    if (status == SID_OK)
        status = sid__alloc(&ids, (size_t)count, sizeof *ids, "ids of items", err);
    if (status == SID_OK)
        status = sid__alloc(&content, (size_t)count, SID__WORLD_CONTENT * sizeof *content, "vectors of items", err);
    if (status == SID_OK) {
        for (int64_t i = 0; i < count; i++) {
            item_id(i, id[i]);
            ids[i] = id[i];
        }
        sid__world_content(&s->world, 0, count, content);
        status = sid_vectors_wrap(s->ctx, content, count, SID__WORLD_CONTENT, ids, &vectors, err);
    }
    if (status == SID_OK)
        status = sid_vectors_write(s->ctx, vectors, path, ids_path, err);
    sid_vectors_free(vectors);
    sid__free(content);
    sid__free(ids);
    sid__free(id);
    return status;
}

/* ---- Impressions ---- */

/* truth NULL: clicks alone, as events. */
static sid_status write_shown(const sid__world_shown *shown, sid__text_output *out, sid__text_output *truth,
                              sid_error *err)
{
    char id[ID_SIZE], p[SID__NUMBER_TEXT_SIZE], content[SID__NUMBER_TEXT_SIZE];
    item_id(shown->item, id);
    if (!truth) {
        if (!shown->label)
            return SID_OK;
        SID_TRY(sid__strbuf_printf(&out->text, err, "u%06" PRId32 "\t%s\t%" PRId64 "\n", shown->user, id,
                                   shown->timestamp));
        return sid__text_pass(out, err);
    }
    int64_t hour = shown->timestamp / 3600;
    SID_TRY(sid__strbuf_printf(&out->text, err, "u%06" PRId32 "\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%d\t%d\n",
                               shown->user, id, shown->timestamp, hour / DAY_H - FIRST_DAY + 1, hour % DAY_H,
                               shown->position, shown->label));
    sid__number_text(p, 9, shown->p);
    sid__number_text(content, 9, shown->p_content);
    SID_TRY(sid__strbuf_printf(&truth->text, err, "%s\t%s\n", p, content));
    SID_TRY(sid__text_pass(out, err));
    return sid__text_pass(truth, err);
}

static void keep(synth *s, const sid__world_shown *shown, bool is_test)
{
    s->summary.impressions++;
    s->summary.clicks += shown->label;
    if (!is_test) {
        s->shown[shown->item]++;
        return;
    }
    int64_t at = s->test.count++;
    s->test.p[at] = shown->p;
    s->test.p_content[at] = shown->p_content;
    s->test.label[at] = shown->label;
    s->test.item[at] = shown->item;
}

static sid_status write_hours(synth *s, sid__world_shown *shown, sid__text_output *out, sid__text_output *truth,
                              sid_error *err)
{
    int hours = DAY_H * s->world.options.days;
    for (int hour = 0; hour < hours; hour++) {
        SID_TRY(sid__ctx_check(s->ctx, err));
        SID_TRY(sid__world_hour(s->ctx, &s->world, hour, shown, err));
        for (int64_t i = 0; i < sid__world_hour_count(&s->world, hour); i++) {
            keep(s, &shown[i], hour >= hours - DAY_H);
            SID_TRY(write_shown(&shown[i], out, truth, err));
        }
        sid__ctx_progress(s->ctx, "impressions", hour + 1, hours, "hours", (double)NAN);
    }
    return SID_OK;
}

static sid_status write_both(synth *s, sid__world_shown *shown, sid_error *err)
{
    char path[PATH_SIZE], truth_path[PATH_SIZE];
    sid__text_output out, truth;
    SID_TRY(path_of(s, "impressions.tsv", path, err));
    SID_TRY(path_of(s, "truth.tsv", truth_path, err));
    SID_TRY(sid__text_open(path, &out, err));
    sid_status status = sid__text_open(truth_path, &truth, err);
    if (status != SID_OK)
        return sid__text_finish(&out, status, err);
    status = sid__strbuf_printf(&out.text, err, "user_id\titem_id\ttimestamp\tday\thour\tposition\tlabel\n");
    if (status == SID_OK)
        status = sid__strbuf_printf(&truth.text, err, "p\tp_content\n");
    if (status == SID_OK)
        status = write_hours(s, shown, &out, &truth, err);
    status = sid__text_finish(&truth, status, err);
    return sid__text_finish(&out, status, err);
}

static sid_status write_events(synth *s, sid__world_shown *shown, sid_error *err)
{
    char path[PATH_SIZE];
    sid__text_output out;
    SID_TRY(path_of(s, "events.tsv", path, err));
    SID_TRY(sid__text_open(path, &out, err));
    sid_status status = sid__strbuf_printf(&out.text, err, "user_id\titem_id\ttimestamp\n");
    if (status == SID_OK)
        status = write_hours(s, shown, &out, NULL, err);
    return sid__text_finish(&out, status, err);
}

static sid_status draw(synth *s, sid_error *err)
{
    sid__world_shown *shown = NULL;
    size_t items = (size_t)s->world.item_count, day = (size_t)s->world.options.impressions;
    SID_TRY(sid__alloc(&s->shown, items, sizeof *s->shown, "impressions by item", err));
    SID_TRY(sid__alloc(&s->test.p, day, sizeof *s->test.p, "the last day", err));
    SID_TRY(sid__alloc(&s->test.p_content, day, sizeof *s->test.p_content, "the last day", err));
    SID_TRY(sid__alloc(&s->test.label, day, sizeof *s->test.label, "the last day", err));
    SID_TRY(sid__alloc(&s->test.item, day, sizeof *s->test.item, "the last day", err));
    SID_TRY(sid__alloc(&shown, day / DAY_H + 1, sizeof *shown, "an hour of impressions", err));
    sid_status status = s->events_only ? write_events(s, shown, err) : write_both(s, shown, err);
    sid__free(shown);
    return status;
}

/* ---- What is possible ---- */

static sid_status set_ceilings(synth *s, sid_error *err)
{
    uint8_t *slice = NULL, *mask = NULL;
    const test_day *t = &s->test;
    sid_status status = sid__alloc(&slice, (size_t)s->world.item_count, 1, "slices of items", err);
    if (status == SID_OK)
        status = sid__alloc(&mask, (size_t)t->count, 1, "a slice of the last day", err);
    if (status == SID_OK)
        status = sid__item_slices(s->shown, s->world.item_count, slice, err);
    for (int k = 0; status == SID_OK && k < SID_RANK_SLICE_COUNT; k++) {
        sid__clicks clicks = {.p = t->p, .label = t->label, .mask = mask, .count = t->count};
        sid__click_metrics m;
        for (int64_t i = 0; i < t->count; i++)
            mask[i] = k == SID_RANK_SLICE_ALL || slice[t->item[i]] == k;
        status = sid__click_metrics_of(&clicks, &m, err);
        s->summary.test_impressions[k] = m.count;
        s->summary.best[k] = (sid_ceiling){.auc = m.auc, .ne = m.ne};
        clicks.p = t->p_content;
        if (status == SID_OK)
            status = sid__click_metrics_of(&clicks, &m, err);
        s->summary.content[k] = (sid_ceiling){.auc = m.auc, .ne = m.ne};
    }
    sid__free(slice);
    sid__free(mask);
    return status;
}

static sid_status append_ceilings(const synth *s, const char *name, const sid_ceiling *ceiling, sid__strbuf *text,
                                  sid_error *err)
{
    SID_TRY(sid__strbuf_printf(text, err, ",\n \"%s\":{", name));
    for (int k = 0; k < SID_RANK_SLICE_COUNT; k++) {
        SID_TRY(sid__strbuf_printf(text, err, "%s\"%s\":{\"impressions\":%" PRId64 ",\"auc\":", k ? "," : "",
                                   slice_name[k], s->summary.test_impressions[k]));
        SID_TRY(sid__json_append_number(text, ceiling[k].auc, err));
        SID_TRY(sid__strbuf_printf(text, err, ",\"ne\":"));
        SID_TRY(sid__json_append_number(text, ceiling[k].ne, err));
        SID_TRY(sid__strbuf_printf(text, err, "}"));
    }
    return sid__strbuf_printf(text, err, "}");
}

static sid_status write_truth(const synth *s, sid_error *err)
{
    char path[PATH_SIZE];
    sid__text_output out;
    const sid__world_options *o = &s->world.options;
    SID_TRY(path_of(s, "truth.json", path, err));
    SID_TRY(sid__text_open(path, &out, err));
    sid_status status = sid__strbuf_printf(
        &out.text, err,
        "{\"format\":1,\"seed\":%" PRIu64 ",\"items_alive\":%" PRId64 ",\"users\":%" PRId64
        ",\"days\":%d,\"items\":%" PRId64 ",\"impressions\":%" PRId64 ",\"clicks\":%" PRId64,
        o->seed, o->items, o->users, o->days, s->summary.items, s->summary.impressions, s->summary.clicks);
    if (status == SID_OK)
        status = append_ceilings(s, "best", s->summary.best, &out.text, err);
    if (status == SID_OK)
        status = append_ceilings(s, "content_only", s->summary.content, &out.text, err);
    if (status == SID_OK)
        status = sid__strbuf_printf(&out.text, err, "}\n");
    return sid__text_finish(&out, status, err);
}

/* ---- The call ---- */

static sid_status check_free(const synth *s, sid_error *err)
{
    static const char *const names[] = {"items.tsv",       "vectors.npy", "vectors.ids.txt", "events.tsv",
                                        "impressions.tsv", "truth.tsv",   "truth.json"};
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        SID_TRY(path_of(s, names[i], path, err));
        if (sid__path_exists(path))
            return sid__fail_at(err, SID_EEXISTS, (sid__place){.file = path, .row = -1, .byte = -1},
                                "exists; name another folder, or force to replace it");
    }
    return SID_OK;
}

static sid_status write_all(synth *s, sid_error *err)
{
    s->summary.items = s->world.item_count;
    SID_TRY(write_items(s, err));
    SID_TRY(write_vectors(s, err));
    SID_TRY(draw(s, err));
    SID_TRY(set_ceilings(s, err));
    return s->events_only ? SID_OK : write_truth(s, err);
}

sid_status sid_synth_impressions(sid_ctx *ctx, const sid_synth_options *options, const char *folder,
                                 sid_synth_summary *out, sid_error *err)
{
    const sid__world_options world = {.items = options->items ? options->items : 20000,
                                      .users = options->users ? options->users : 40000,
                                      .impressions = options->impressions ? options->impressions : 400000,
                                      .days = options->days ? options->days : 10,
                                      .seed = options->seed ? options->seed : 42};
    synth s = {.ctx = ctx, .events_only = options->events_only, .folder = folder};
    if (!options->force)
        SID_TRY(check_free(&s, err));
    sid_status status = sid__world_make(&world, &s.world, err);
    if (status == SID_OK)
        status = write_all(&s, err);
    if (status == SID_OK && out)
        *out = s.summary;
    sid__world_drop(&s.world);
    sid__free(s.shown);
    sid__free(s.test.p);
    sid__free(s.test.p_content);
    sid__free(s.test.label);
    sid__free(s.test.item);
    return status;
}
