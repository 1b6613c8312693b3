/* report_parse.c: metrics.json back into a report. The file may be anybody's: every member is checked for its type and
 * range, the tree is freed at once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "io/json.h"
#include "sid/health.h"

/* More than any semid writes: 6 checks and 4 warnings a level and a few. */
enum { LIST_MAX = 1024 };

/* Reads members until something fails; the status stays. */
typedef struct reader {
    const char *path;
    char place[64]; /* "level 2", "check 3"; "" at the top */
    const json_t *object;
    sid_report *report;
    sid_status status;
    sid_error *err;
} reader;

static void fail(reader *from, const char *name, const char *expected)
{
    if (from->status != SID_OK)
        return;
    const json_t *value = json_object_get(from->object, name);
    char seen[64] = "missing"; /* the beginning of a long value */
    if (value) {
        size_t size = json_dumpb(value, seen, sizeof seen - 1, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
        seen[size < sizeof seen - 1 ? size : sizeof seen - 1] = 0;
    }
    from->status = sid__fail_at(from->err, SID_EDATA, (sid__place){.file = from->path, .byte = -1},
                                "%s%smember \"%s\" is %s; %s is expected", from->place, *from->place ? ": " : "", name,
                                seen, expected);
}

static void get_int(reader *from, const char *name, int64_t least, int64_t most, int64_t *out)
{
    const json_t *value = json_object_get(from->object, name);
    char expected[96];
    if (json_is_integer(value) && json_integer_value(value) >= least && json_integer_value(value) <= most) {
        *out = json_integer_value(value);
        return;
    }
    (void)snprintf(expected, sizeof expected, "a whole number from %" PRId64 " to %" PRId64, least, most);
    fail(from, name, expected);
}

static void get_count(reader *from, const char *name, int64_t *out)
{
    get_int(from, name, 0, INT64_MAX, out);
}

static int get_small(reader *from, const char *name, int least, int most)
{
    int64_t value = least;
    get_int(from, name, least, most, &value);
    return (int)value;
}

static void get_number(reader *from, const char *name, double *out)
{
    const json_t *value = json_object_get(from->object, name);
    if (json_is_null(value))
        *out = SID__NAN;
    else if (json_is_number(value))
        *out = json_number_value(value) + 0.0; /* -0 is written as -0 and read as 0 by some: make it 0 */
    else
        fail(from, name, "a number or null");
}

static void keep(reader *from, const json_t *value, const char **out)
{
    if (from->status == SID_OK)
        from->status = sid__report_text(from->report, json_string_value(value), out, from->err);
}

static bool is_text(const json_t *value)
{
    return json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value);
}

/* A text or, where that is allowed, null. */
static void get_text(reader *from, const char *name, bool may_be_null, const char **out)
{
    const json_t *value = json_object_get(from->object, name);
    *out = NULL;
    if (is_text(value))
        keep(from, value, out);
    else if (!may_be_null || !json_is_null(value))
        fail(from, name, may_be_null ? "a text or null" : "a text");
}

static void get_verdict(reader *from, const char **out)
{
    static const char *const known[] = {"healthy", "look", "broken", "n/a"};
    const char *value = json_string_value(json_object_get(from->object, "verdict"));
    for (size_t i = 0; value && i < sizeof known / sizeof *known; i++) {
        if (strcmp(value, known[i]) == 0) {
            *out = known[i];
            return;
        }
    }
    fail(from, "verdict", "healthy, look, broken or n/a");
}

/* An array of at most LIST_MAX elements; room for them of `size` bytes each in *out. */
static const json_t *get_list(reader *from, const char *name, size_t size, void *out, int *count)
{
    const json_t *list = json_object_get(from->object, name);
    if (!json_is_array(list) || json_array_size(list) > LIST_MAX) {
        fail(from, name, "an array of at most 1024");
        return NULL;
    }
    if (from->status == SID_OK)
        from->status = sid__arena_push(from->report->memory, (json_array_size(list) + 1) * size, out, from->err);
    *count = from->status == SID_OK ? (int)json_array_size(list) : 0;
    return list;
}

static const char **get_texts(reader *from, const char *name, int *count)
{
    const char **texts = NULL;
    const json_t *list = get_list(from, name, sizeof *texts, &texts, count);
    for (int i = 0; list && i < *count; i++) {
        if (is_text(json_array_get(list, (size_t)i)))
            keep(from, json_array_get(list, (size_t)i), &texts[i]);
        else
            fail(from, name, "an array of texts");
    }
    return texts;
}

/* The reader of element i of `list`; a failure there is taken back by leave(). */
static reader enter(const reader *from, const json_t *object, const char *what, int i)
{
    reader inner = *from;
    inner.object = object;
    if (i < 0)
        (void)snprintf(inner.place, sizeof inner.place, "%s", what);
    else
        (void)snprintf(inner.place, sizeof inner.place, "%s %d", what, i + 1);
    return inner;
}

static void leave(reader *from, const reader *inner)
{
    from->status = inner->status;
}

static void get_checks(reader *from)
{
    sid_check *checks = NULL;
    int count = 0;
    const json_t *list = get_list(from, "checks", sizeof *checks, &checks, &count);
    for (int i = 0; list && i < count; i++) {
        reader inner = enter(from, json_array_get(list, (size_t)i), "check", i);
        get_text(&inner, "name", false, &checks[i].name);
        get_number(&inner, "value", &checks[i].value);
        get_verdict(&inner, &checks[i].verdict);
        get_text(&inner, "next", true, &checks[i].next);
        leave(from, &inner);
    }
    from->report->checks = checks;
    from->report->check_count = count;
}

static void get_level(reader *from, int level_index, sid_level_report *level)
{
    level->index = get_small(from, "index", level_index + 1, level_index + 1);
    level->codes = get_small(from, "codes", 0, SID_CODES_MAX);
    level->used = get_small(from, "used", 0, SID_CODES_MAX);
    level->dead = get_small(from, "dead", 0, SID_CODES_MAX);
    get_number(from, "perplexity", &level->perplexity);
    get_number(from, "entropy", &level->entropy);
    get_number(from, "entropy_given_prefix", &level->entropy_given_prefix);
    get_number(from, "gini", &level->gini);
    get_number(from, "gini_used", &level->gini_used);
    get_number(from, "top_rate", &level->top_rate);
    get_number(from, "top1pct_rate", &level->top1pct_rate);
    get_count(from, "prefixes", &level->prefixes);
    get_number(from, "relative_mse", &level->relative_mse);
    get_number(from, "cosine", &level->cosine);
    get_number(from, "residual_ratio", &level->residual_ratio);
    get_number(from, "knn_recall", &level->knn_recall);
    get_number(from, "knn_lift", &level->knn_lift);
    get_number(from, "purity", &level->purity);
    get_number(from, "nmi", &level->nmi);
    get_number(from, "ami", &level->ami);
}

static void get_levels(reader *from)
{
    sid_report *report = from->report;
    const json_t *list = json_object_get(from->object, "level");
    if (!json_is_array(list) || (int)json_array_size(list) != report->levels)
        fail(from, "level", "an array of as many as `levels` says");
    for (int l = 0; from->status == SID_OK && l < report->levels; l++) {
        reader inner = enter(from, json_array_get(list, (size_t)l), "level", l);
        get_level(&inner, l, &report->level[l]);
        leave(from, &inner);
    }
}

static void get_added(reader *from)
{
    reader inner = enter(from, json_object_get(from->object, "added"), "added", -1);
    get_count(&inner, "items", &from->report->added_items);
    get_number(&inner, "residual_ratio", &from->report->added_residual_ratio);
    get_number(&inner, "largest_bucket_growth", &from->report->added_largest_bucket_growth);
    get_text(&inner, "advice", true, &from->report->added_advice);
    leave(from, &inner);
}

static void get_head(reader *from)
{
    sid_report *report = from->report;
    get_text(from, "id", true, &report->id);
    get_count(from, "version", &report->version);
    get_text(from, "parent", true, &report->parent);
    get_text(from, "quantizer", true, &report->quantizer);
    get_text(from, "collisions", true, &report->collisions);
    report->dim = get_small(from, "dim", 0, SID_DIM_MAX);
    get_verdict(from, &report->verdict);
    get_count(from, "items", &report->items);
    get_count(from, "items_without_text", &report->items_without_text);
    report->codes = get_small(from, "codes", 0, SID_CODES_MAX);
}

static void get_figures(reader *from)
{
    sid_report *report = from->report;
    get_count(from, "unique_sids", &report->unique_sids);
    get_number(from, "unique_rate", &report->unique_rate);
    if (json_object_get(from->object, "changed_items")) /* younger than the format */
        get_count(from, "changed_items", &report->changed_items);
    if (json_object_get(from->object, "resolved_by"))
        get_text(from, "resolved_by", true, &report->resolved_by);
    get_number(from, "colliding_items_rate", &report->colliding_items_rate);
    get_number(from, "colliding_distinct_rate", &report->colliding_distinct_rate);
    if (!json_is_null(json_object_get(from->object, "duplicate_vectors")))
        get_count(from, "duplicate_vectors", &report->duplicate_vectors);
    get_count(from, "largest_bucket", &report->largest_bucket);
    get_text(from, "largest_bucket_sid", true, &report->largest_bucket_sid);
    get_number(from, "bucket_seen", &report->bucket_seen);
    get_number(from, "bucket_p99", &report->bucket_p99);
    get_number(from, "mse", &report->mse);
    get_number(from, "relative_mse", &report->relative_mse);
    get_number(from, "lcp_ratio", &report->lcp_ratio);
}

/* The tree into from->report, which is made here. */
static sid_status read_report(reader *from)
{
    if (!json_is_object(from->object))
        return sid__fail_at(from->err, SID_EDATA, (sid__place){.file = from->path, .byte = -1},
                            "not a report: a JSON object is expected");
    (void)get_small(from, "format", 1, 1);
    int levels = get_small(from, "levels", 1, SID_LEVELS_MAX);
    SID_TRY(from->status);
    SID_TRY(sid__report_init(from->report, levels, from->err));
    get_head(from);
    get_figures(from);
    from->report->warnings = get_texts(from, "warnings", &from->report->warning_count);
    get_checks(from);
    from->report->at_creation = get_texts(from, "at_creation", &from->report->at_creation_count);
    get_added(from);
    get_levels(from);
    return from->status;
}

sid_status sid__report_parse(const char *bytes, size_t size, const char *path, sid_report *out, sid_error *err)
{
    json_t *tree = NULL;
    sid_report report = {0};
    SID_TRY(sid__json_parse(bytes, size, path, &tree, err));
    reader from = {.path = path, .object = tree, .report = &report, .err = err};
    sid_status status = read_report(&from);
    json_decref(tree);
    if (status != SID_OK) {
        sid_report_drop(&report);
        return status;
    }
    *out = report;
    return SID_OK;
}
