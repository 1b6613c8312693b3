/* feature_file.c: see feature_file.h.
 *
 * format 1; label (a column, or a list: further ones are further tasks); user, item, day, timestamp: columns
 * tables    name -> kind, dim, rows, admit {count | prob}, ttl_days, half_life_days, optimizer, lr, options
 * features  name, kind, then of id: column, table; sid: column, catalog, pieces, table; history: from, max, as, pool;
 *           dense: columns, transform, buckets
 * model     family, options
 */
#include "rank/feature_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/json_where.h"

enum { PATH_SIZE = 160, NAMES_MAX = 16 };

typedef struct parsing {
    const char *bytes, *path;
    size_t size;
    json_t *tree;
    sid__feature_plan *plan;
} parsing;

/* A part of the tree, and where it stands. */
typedef struct part {
    const parsing *of;
    const json_t *value;
    char path[PATH_SIZE];
} part;

static const char *const feature_kinds[] = {"id", "sid", "history", "dense"};
static const char *const transforms[] = {"none", "log1p", "standard", "buckets"};

/* ---- Messages ---- */

__attribute__((format(printf, 4, 5))) static sid_status wrong(const part *at, const char *member, sid_error *err,
                                                              const char *format, ...)
{
    char text[512], path[PATH_SIZE + SID__COLUMN_NAME_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)snprintf(path, sizeof path, "%s%s%s", at->path, *at->path && *member ? "/" : "", member);
    return sid__fail_at(err, SID_EUSAGE, sid__json_where(at->of->bytes, at->of->size, path, at->of->path), "%s", text);
}

static sid_status unknown_name(const part *at, const char *member, const char *what, const char *name,
                               const char *const *names, int count, sid_error *err)
{
    char list[256] = "";
    size_t used = 0;
    const char *near = sid_closest(name, names, count);
    for (int i = 0; i < count; i++) {
        int n = snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
        used += n > 0 && (size_t)n < sizeof list - used ? (size_t)n : 0;
    }
    return wrong(at, member, err, "%s \"%.60s\" is unknown; %s%s%sknown are %s", what, name,
                 near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "", list);
}

/* ---- Members ---- */

static part part_of(const part *at, const json_t *value, const char *member)
{
    part of = {.of = at->of, .value = value};
    (void)snprintf(of.path, sizeof of.path, "%.*s%s%.*s", PATH_SIZE / 2 - 2, at->path, *at->path ? "/" : "",
                   PATH_SIZE / 2 - 2, member);
    return of;
}

static sid_status check_members(const part *at, const char *const *names, int count, sid_error *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(at->value))
        return wrong(at, "", err, "an object { } is expected");
    json_object_foreach((json_t *)at->value, key, value)
    {
        bool is_known = false;
        for (int i = 0; i < count; i++)
            is_known = is_known || strcmp(key, names[i]) == 0;
        if (!is_known)
            return unknown_name(at, key, "member", key, names, count, err);
    }
    return SID_OK;
}

/* Text of 1 to size - 1 bytes; not there: `usual`, or refused where that is NULL. */
static sid_status take_text(const part *at, const char *member, const char *usual, char *out, size_t size,
                            sid_error *err)
{
    const json_t *value = json_object_get(at->value, member);
    const char *text = value ? json_string_value(value) : usual;
    if (!value && !usual)
        return wrong(at, "", err, "member \"%s\" is missing", member);
    if (!text || (value && !*text) || strlen(text) >= size)
        return wrong(at, member, err, "%s must be a text of 1 to %zu bytes", member, size - 1);
    memcpy(out, text, strlen(text) + 1);
    return SID_OK;
}

static sid_status take_name(const part *at, const char *member, char out[SID__FEATURE_NAME_SIZE], sid_error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    SID_TRY(take_text(at, member, NULL, out, SID__FEATURE_NAME_SIZE, err));
    if (out[strspn(out, letters)])
        return wrong(at, member, err, "name \"%s\" holds more than letters, digits, _ and -", out);
    return SID_OK;
}

static sid_status take_number(const part *at, const char *member, double usual, double least, double most,
                              bool is_whole, double *out, sid_error *err)
{
    const json_t *value = json_object_get(at->value, member);
    *out = value ? json_number_value(value) : usual;
    if (!value)
        return SID_OK;
    if (!json_is_number(value) || !(*out >= least && *out <= most) || (is_whole && (double)(int64_t)*out != *out))
        return wrong(at, member, err, "%s must be a %snumber from %.16g to %.16g", member, is_whole ? "whole " : "",
                     least, most);
    return SID_OK;
}

static sid_status take_int(const part *at, const char *member, int usual, int least, int most, int *out, sid_error *err)
{
    double value;
    SID_TRY(take_number(at, member, usual, least, most, true, &value, err));
    *out = (int)value;
    return SID_OK;
}

static sid_status take_choice(const part *at, const char *member, const char *usual, const char *const *names,
                              int count, int *out, sid_error *err)
{
    char text[SID__COLUMN_NAME_SIZE];
    SID_TRY(take_text(at, member, usual, text, sizeof text, err));
    for (*out = 0; *out < count; ++*out)
        if (strcmp(text, names[*out]) == 0)
            return SID_OK;
    return unknown_name(at, member, member, text, names, count, err);
}

/* ---- Columns of the file ---- */

static sid_status take_labels(const part *top, sid__feature_plan *plan, sid_error *err)
{
    const json_t *label = json_object_get(top->value, "label");
    if (!json_is_array(label)) {
        plan->label_count = 1;
        return take_text(top, "label", "label", plan->label[0], SID__COLUMN_NAME_SIZE, err);
    }
    plan->label_count = (int)json_array_size(label);
    if (plan->label_count < 1 || plan->label_count > SID__RANK_TASKS_MAX)
        return wrong(top, "label", err, "label lists %d columns; 1 to %d are possible", plan->label_count,
                     SID__RANK_TASKS_MAX);
    for (int i = 0; i < plan->label_count; i++) {
        const char *text = json_string_value(json_array_get(label, (size_t)i));
        if (!text || !*text || strlen(text) >= SID__COLUMN_NAME_SIZE)
            return wrong(top, "label", err, "label must be a column or a list of columns");
        memcpy(plan->label[i], text, strlen(text) + 1);
    }
    return SID_OK;
}

static sid_status take_columns(const part *top, sid__feature_plan *plan, sid_error *err)
{
    int format;
    SID_TRY(take_int(top, "format", -1, 1, 1, &format, err));
    if (format < 0)
        return wrong(top, "", err, "member \"format\" is missing; this semid reads format 1");
    SID_TRY(take_labels(top, plan, err));
    SID_TRY(take_text(top, "user", "user_id", plan->user_column, SID__COLUMN_NAME_SIZE, err));
    SID_TRY(take_text(top, "item", "item_id", plan->item_column, SID__COLUMN_NAME_SIZE, err));
    SID_TRY(take_text(top, "day", "day", plan->day_column, SID__COLUMN_NAME_SIZE, err));
    return take_text(top, "timestamp", "timestamp", plan->time_column, SID__COLUMN_NAME_SIZE, err);
}

/* ---- Tables ---- */

static sid_status take_admission(const part *at, sid__feature_table *out, sid_error *err)
{
    static const char *const names[] = {"count", "prob"};
    const json_t *value = json_object_get(at->value, "admit");
    if (!value)
        return SID_OK;
    part admit = part_of(at, value, "admit");
    SID_TRY(check_members(&admit, names, 2, err));
    SID_TRY(take_int(&admit, "count", 0, 1, SID_ADMIT_MAX, &out->admit_count, err));
    return take_int(&admit, "prob", 0, 1, 1000000, &out->admit_prob, err);
}

static sid_status take_optimizer(const part *at, sid__feature_table *out, sid_error *err)
{
    const char *names[NAMES_MAX];
    int count = sid_table_optimizer_count(), chosen;
    double rate;
    char more[SID__FEATURE_PATH_SIZE / 2];
    for (int i = 0; i < count && i < NAMES_MAX; i++)
        names[i] = sid_table_optimizer(i)->name;
    SID_TRY(take_choice(at, "optimizer", "adagrad", names, count, &chosen, err));
    (void)snprintf(out->optimizer, sizeof out->optimizer, "%s", names[chosen]);
    SID_TRY(take_number(at, "lr", .05, 1e-9, 100, false, &rate, err));
    SID_TRY(take_text(at, "options", "", more, sizeof more, err));
    char number[SID__NUMBER_TEXT_SIZE];
    sid__number_text(number, 17, rate);
    (void)snprintf(out->rate, sizeof out->rate, "rate=%s%s%s", number, *more ? "," : "", more);
    return SID_OK;
}

static sid_status take_table(const part *at, const char *name, sid__feature_table *out, sid_error *err)
{
    static const char *const names[] = {"kind",           "dim",       "rows", "admit",  "ttl_days",
                                        "half_life_days", "optimizer", "lr",   "options"};
    static const char *const kinds[] = {"growing", "capped", "hashed", "double"};
    const json_t *named = json_pack("{s:s}", "name", name);
    part check = *at;
    int kind;
    double rows;
    if (!named)
        return sid__fail_memory(err, "a name", strlen(name));
    check.value = named;
    sid_status status = take_name(&check, "name", out->name, err);
    json_decref((json_t *)named);
    if (status != SID_OK)
        return status;
    SID_TRY(check_members(at, names, (int)(sizeof names / sizeof *names), err));
    SID_TRY(take_choice(at, "kind", "growing", kinds, 4, &kind, err));
    (void)snprintf(out->kind, sizeof out->kind, "%s", kinds[kind]);
    SID_TRY(take_int(at, "dim", 16, 1, 1024, &out->dim, err));
    SID_TRY(take_number(at, "rows", 0, 1, SID_TABLE_ROWS_MAX, true, &rows, err));
    out->rows = (int64_t)rows;
    if ((kind > 0) != (out->rows > 0))
        return wrong(at, kind > 0 ? "kind" : "rows", err, "table %s is %s, %s", out->name, kinds[kind],
                     kind > 0 ? "and \"rows\" is missing: how many it has" : "which has no \"rows\": it grows");
    SID_TRY(take_admission(at, out, err));
    SID_TRY(take_number(at, "ttl_days", 0, 0, 36500, false, &out->ttl_days, err));
    SID_TRY(take_number(at, "half_life_days", 0, 0, 36500, false, &out->half_life_days, err));
    return take_optimizer(at, out, err);
}

static sid_status take_tables(const part *top, sid__feature_plan *plan, sid_error *err)
{
    const char *key;
    json_t *value, *tables = json_object_get(top->value, "tables");
    part all = part_of(top, tables, "tables");
    if (!json_is_object(tables) || json_object_size(tables) == 0 || json_object_size(tables) > SID__TABLES_MAX)
        return wrong(top, "tables", err, "\"tables\" must name 1 to %d tables", SID__TABLES_MAX);
    json_object_foreach(tables, key, value)
    {
        part at = part_of(&all, value, key);
        SID_TRY(take_table(&at, key, &plan->table[plan->table_count++], err));
    }
    return SID_OK;
}

static sid_status find_table(const part *at, const sid__feature_plan *plan, int *out, sid_error *err)
{
    const char *names[SID__TABLES_MAX];
    for (int i = 0; i < plan->table_count; i++)
        names[i] = plan->table[i].name;
    return take_choice(at, "table", NULL, names, plan->table_count, out, err);
}

/* ---- Features ---- */

static sid_status take_history(const part *at, sid__feature_plan *plan, sid__feature *out, sid_error *err)
{
    static const char *const names[] = {"name", "kind", "from", "max", "as", "pool"}, *const sources[] = {"clicks"};
    const char *features[SID__FEATURES_MAX];
    int source, pool, count = (int)(out - plan->feature);
    SID_TRY(check_members(at, names, 6, err));
    if (plan->history >= 0)
        return wrong(at, "kind", err, "%s is a second history; %s is one already", out->name,
                     plan->feature[plan->history].name);
    SID_TRY(take_choice(at, "from", "clicks", sources, 1, &source, err));
    SID_TRY(take_int(at, "max", 30, 1, 1000, &out->max, err));
    SID_TRY(take_choice(at, "pool", "mean", sid__pooling_name, SID__POOL_COUNT, &pool, err));
    out->pool = (sid__pooling_kind)pool;
    for (int i = 0; i < count; i++)
        features[i] = plan->feature[i].name;
    SID_TRY(take_choice(at, "as", NULL, features, count, &out->as, err));
    const sid__feature *as = &plan->feature[out->as];
    if (as->kind > SID__FEATURE_SID || strcmp(as->column, plan->item_column) != 0)
        return wrong(at, "as", err, "%s is no feature of the item's column \"%s\", which clicks are of", as->name,
                     plan->item_column);
    plan->history = count;
    return SID_OK;
}

static sid_status take_dense(const part *at, sid__feature_plan *plan, sid__feature *out, sid_error *err)
{
    static const char *const names[] = {"name", "kind", "columns", "transform", "buckets"};
    const json_t *columns = json_object_get(at->value, "columns");
    int transform;
    SID_TRY(check_members(at, names, 5, err));
    SID_TRY(take_choice(at, "transform", "none", transforms, 4, &transform, err));
    out->transform = (sid__transform)transform;
    SID_TRY(take_int(at, "buckets", SID__BUCKETS_USUAL, 2, SID__BUCKETS_MAX, &out->buckets, err));
    out->first = plan->dense_count;
    out->count = (int)json_array_size(columns);
    if (out->count < 1 || out->first + out->count > SID_DENSE_MAX)
        return wrong(at, "columns", err, "\"columns\" must list numeric columns, %d of all features at most",
                     SID_DENSE_MAX);
    for (int i = 0; i < out->count; i++) {
        const char *text = json_string_value(json_array_get(columns, (size_t)i));
        if (!text || !*text || strlen(text) >= SID__COLUMN_NAME_SIZE)
            return wrong(at, "columns", err, "\"columns\" must list names of columns");
        memcpy(plan->dense[plan->dense_count++], text, strlen(text) + 1);
    }
    return SID_OK;
}

static sid_status take_keyed(const part *at, sid__feature_plan *plan, sid__feature *out, sid_error *err)
{
    static const char *const of_id[] = {"name", "kind", "column", "table"}, *const of_sid[] = {"name",   "kind",
                                                                                               "column", "catalog",
                                                                                               "pieces", "table"};
    bool is_sid = out->kind == SID__FEATURE_SID;
    SID_TRY(check_members(at, is_sid ? of_sid : of_id, is_sid ? 6 : 4, err));
    SID_TRY(take_text(at, "column", NULL, out->column, SID__COLUMN_NAME_SIZE, err));
    SID_TRY(find_table(at, plan, &out->table, err));
    if (!is_sid)
        return SID_OK;
    SID_TRY(take_text(at, "catalog", NULL, out->catalog, SID__FEATURE_PATH_SIZE, err));
    SID_TRY(take_text(at, "pieces", NULL, out->pieces, SID__FEATURE_PATH_SIZE, err));
    if (strcmp(out->column, plan->item_column) != 0)
        return wrong(at, "column", err, "%s is of \"%s\"; SIDs are of the item's column, \"%s\"", out->name,
                     out->column, plan->item_column);
    return SID_OK;
}

static sid_status take_feature(const part *at, sid__feature_plan *plan, sid_error *err)
{
    sid__feature *out = &plan->feature[plan->feature_count];
    int kind;
    if (!json_is_object(at->value))
        return wrong(at, "", err, "an object { } is expected");
    SID_TRY(take_name(at, "name", out->name, err));
    for (int i = 0; i < plan->feature_count; i++)
        if (strcmp(plan->feature[i].name, out->name) == 0)
            return wrong(at, "name", err, "feature \"%s\" is named twice", out->name);
    SID_TRY(take_choice(at, "kind", NULL, feature_kinds, 4, &kind, err));
    out->kind = (sid__feature_kind)kind;
    if (out->kind == SID__FEATURE_HISTORY)
        SID_TRY(take_history(at, plan, out, err));
    else if (out->kind == SID__FEATURE_DENSE)
        SID_TRY(take_dense(at, plan, out, err));
    else
        SID_TRY(take_keyed(at, plan, out, err));
    bool is_id = out->kind == SID__FEATURE_ID, is_keyed = is_id || out->kind == SID__FEATURE_SID;
    if (plan->user < 0 && is_id && strcmp(out->column, plan->user_column) == 0)
        plan->user = plan->feature_count;
    if (plan->item < 0 && is_keyed && strcmp(out->column, plan->item_column) == 0)
        plan->item = plan->feature_count;
    plan->feature_count++;
    return SID_OK;
}

static sid_status take_features(const part *top, sid__feature_plan *plan, sid_error *err)
{
    const json_t *list = json_object_get(top->value, "features");
    part all = part_of(top, list, "features");
    size_t count = json_array_size(list);
    if (count < 1 || count > SID__FEATURES_MAX)
        return wrong(top, "features", err, "\"features\" must list 1 to %d features", SID__FEATURES_MAX);
    plan->user = plan->item = plan->history = -1;
    for (size_t i = 0; i < count; i++) {
        char place[16];
        (void)snprintf(place, sizeof place, "%zu", i);
        part at = part_of(&all, json_array_get(list, i), place);
        SID_TRY(take_feature(&at, plan, err));
    }
    if (plan->user < 0)
        return wrong(top, "features", err, "no feature of kind id has the user's column \"%s\"", plan->user_column);
    if (plan->item < 0)
        return wrong(top, "features", err, "no feature of kind id or sid has the item's column \"%s\"",
                     plan->item_column);
    return SID_OK;
}

/* ---- The family ---- */

static sid_status take_option(const part *at, const char *key, const json_t *value, sid__feature_plan *plan,
                              sid_error *err)
{
    char number[SID__NUMBER_TEXT_SIZE];
    const char *text = json_string_value(value), *names[NAMES_MAX];
    const sid_family *info = &plan->family->info;
    sid_error why = {0};
    bool is_known = false;
    if (json_is_number(value)) {
        sid__number_text(number, 17, json_number_value(value));
        text = number;
    } else if (json_is_boolean(value)) {
        text = json_is_true(value) ? "true" : "false";
    }
    if (!text)
        return wrong(at, key, err, "option %s must be a number or a text", key);
    if (sid__options_set(info, plan->options, key, text, &is_known, &why) != SID_OK)
        return wrong(at, key, err, "%s", why.message);
    for (int i = 0; i < info->option_count && i < NAMES_MAX; i++)
        names[i] = info->options[i].name;
    if (!is_known && info->option_count == 0)
        return wrong(at, key, err, "%s has no options", info->name);
    return is_known ? SID_OK : unknown_name(at, key, "option", key, names, info->option_count, err);
}

static sid_status take_model(const part *top, sid__feature_plan *plan, sid_error *err)
{
    static const char *const names[] = {"family", "options"};
    const json_t *model = json_object_get(top->value, "model");
    const char *families[NAMES_MAX], *key;
    json_t *value;
    int chosen;
    if (!model)
        return wrong(top, "", err, "member \"model\" is missing");
    part at = part_of(top, model, "model");
    SID_TRY(check_members(&at, names, 2, err));
    for (int i = 0; i < sid__ranker_registry_count && i < NAMES_MAX; i++)
        families[i] = sid__ranker_registry[i]->info.name;
    SID_TRY(take_choice(&at, "family", NULL, families, sid__ranker_registry_count, &chosen, err));
    plan->family = sid__ranker_registry[chosen];
    SID_TRY(sid__alloc(&plan->options, 1, plan->family->options_size + 1, "options of a ranker", err));
    SID_TRY(sid__options_default(&plan->family->info, plan->options, err));
    const json_t *options = json_object_get(model, "options");
    part all = part_of(&at, options, "options");
    if (options && !json_is_object(options))
        return wrong(&at, "options", err, "an object { } is expected");
    json_object_foreach((json_t *)options, key, value) SID_TRY(take_option(&all, key, value, plan, err));
    return SID_OK;
}

static sid_status take_all(const parsing *p, sid_error *err)
{
    static const char *const names[] = {"format",    "label",  "user",     "item", "day",
                                        "timestamp", "tables", "features", "model"};
    const part top = {.of = p, .value = p->tree};
    SID_TRY(check_members(&top, names, (int)(sizeof names / sizeof *names), err));
    SID_TRY(take_columns(&top, p->plan, err));
    SID_TRY(take_tables(&top, p->plan, err));
    SID_TRY(take_features(&top, p->plan, err));
    SID_TRY(take_model(&top, p->plan, err));
    if (p->plan->label_count > 1 && strcmp(p->plan->family->info.name, "mmoe") != 0)
        return wrong(&top, "label", err, "%d labels; %s learns one, mmoe several", p->plan->label_count,
                     p->plan->family->info.name);
    return SID_OK;
}

sid_status sid__feature_plan_parse(const char *bytes, size_t size, const char *path, sid__feature_plan *out,
                                   sid_error *err)
{
    parsing p = {.bytes = bytes, .size = size, .path = path, .plan = out};
    *out = (sid__feature_plan){.table_count = 0};
    SID_TRY(sid__json_parse(bytes, size, path, &p.tree, err));
    sid_status status = take_all(&p, err);
    json_decref(p.tree);
    return status;
}

void sid__feature_plan_drop(sid__feature_plan *plan)
{
    sid__free(plan->options);
    plan->options = NULL;
}
