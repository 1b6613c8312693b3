/* arms.c: see arms.h. */
#include "rank/arm_join.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum arm_kind { ONE_KEY, CONTENT, PIECES, PREFIX, TREE } arm_kind;

/* One-key arms name a kind of table, pieces a scheme and its options; prefix-N carries a number. */
typedef struct arm_class {
    const char *name;
    arm_kind kind;
    const char *table, *scheme, *options;
} arm_class;

static const arm_class classes[] = {
    {.name = "random-hash", .kind = ONE_KEY, .table = "hashed"},
    {.name = "double-hash", .kind = ONE_KEY, .table = "double"},
    {.name = "individual", .kind = ONE_KEY, .table = "growing"},
    {.name = "individual-capped", .kind = ONE_KEY, .table = "capped"},
    {.name = "dense", .kind = CONTENT},
    {.name = "unigram", .kind = PIECES, .scheme = "unigram", .options = ""},
    {.name = "bigram", .kind = PIECES, .scheme = "ngram", .options = "n=2,"},
    {.name = "trigram", .kind = PIECES, .scheme = "ngram", .options = "n=3,"},
    {.name = "fourgram", .kind = PIECES, .scheme = "ngram", .options = "n=4,"},
    {.name = "all-bigrams", .kind = PIECES, .scheme = "all-bigrams", .options = ""},
    {.name = "prefix-N", .kind = PREFIX, .scheme = "prefix-ngram", .options = "n=%d,"},
    {.name = "spm-unigram", .kind = PIECES, .scheme = "spm-unigram", .options = NULL},
    {.name = "spm-bpe", .kind = PIECES, .scheme = "spm-bpe", .options = NULL},
    {.name = "true-tree", .kind = TREE},
};
enum { CLASSES = sizeof classes / sizeof *classes };

/* N of prefix-N, 0: another name. */
static int prefix_of(const char *name)
{
    static const char start[] = "prefix-";
    char *end = NULL;
    if (strncmp(name, start, sizeof start - 1) != 0)
        return 0;
    long n = strtol(name + sizeof start - 1, &end, 10);
    return *end == 0 && n >= 1 && n <= SID_LEVELS_MAX ? (int)n : 0;
}

static const char plus_id[] = "+id";

/* Whether a name ends in +id; *base is what stands before it. */
static bool split_name(const char *name, char base[SID__ARM_NAME_SIZE])
{
    size_t size = strlen(name), end = sizeof plus_id - 1;
    bool is_joined = size > end && strcmp(name + size - end, plus_id) == 0;
    (void)snprintf(base, SID__ARM_NAME_SIZE, "%.*s", (int)(is_joined ? size - end : size), name);
    return is_joined;
}

static const arm_class *class_of(const char *full)
{
    char name[SID__ARM_NAME_SIZE];
    (void)split_name(full, name);
    for (int i = 0; i < CLASSES; i++)
        if (strcmp(classes[i].name, name) == 0 || (classes[i].kind == PREFIX && prefix_of(name) > 0))
            return &classes[i];
    return NULL;
}

static sid_status unknown(const char *name, sid_error *err)
{
    const char *names[CLASSES], *near;
    char list[512] = "";
    size_t used = 0;
    for (int i = 0; i < CLASSES; i++) {
        names[i] = classes[i].name;
        int n = snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
        used += n > 0 && (size_t)n < sizeof list - used ? (size_t)n : 0;
    }
    near = sid_closest(name, names, CLASSES);
    return sid__fail(err, SID_EUSAGE, "arm \"%s\" is unknown; %s%s%sknown are %s", name, near ? "did you mean \"" : "",
                     near ? near : "", near ? "\"? " : "", list);
}

sid_status sid__arms_parse(const char *list, char name[SID__ARMS_MAX][SID__ARM_NAME_SIZE], int *count, sid_error *err)
{
    *count = 0;
    for (const char *at = list; *at || *count == 0;) {
        size_t size = strcspn(at, ",");
        char one[SID__ARM_NAME_SIZE];
        (void)snprintf(one, sizeof one, "%.*s", size < sizeof one ? (int)size : (int)sizeof one - 1, at);
        if (strcmp(one, "prefix-N") == 0 || size >= sizeof one || !class_of(one))
            return unknown(one, err);
        for (int i = 0; i < *count; i++)
            if (strcmp(name[i], one) == 0)
                return sid__fail(err, SID_EUSAGE, "arm \"%s\" is named twice", one);
        if (*count == SID__ARMS_MAX)
            return sid__fail(err, SID_EUSAGE, "more than %d arms", SID__ARMS_MAX);
        memcpy(name[(*count)++], one, sizeof one);
        at += size + (at[size] == ',');
    }
    return SID_OK;
}

/* ---- Keys ---- */

static sid_status one_key(const arm_class *class, const sid__arm_data *data, uint64_t seed, sid__arm *out,
                          sid_error *err)
{
    SID_TRY(sid__alloc(&out->key, (size_t)data->items, sizeof *out->key, "keys of items", err));
    SID_TRY(sid__alloc(&out->begin, (size_t)data->items + 1, sizeof *out->begin, "keys of items", err));
    for (int64_t i = 0; i < data->items; i++) {
        out->key[i] = (uint64_t)i;
        out->begin[i + 1] = i + 1;
    }
    bool is_growing = strcmp(class->table, "growing") == 0, is_double = strcmp(class->table, "double") == 0;
    int64_t rows = is_double ? data->rows / 2 * 2 : data->rows; /* two equal halves */
    out->source.table =
        (sid_table_options){.kind = class->table, .rows = is_growing ? 0 : rows, .hash_seed = is_growing ? 0 : seed};
    out->item_rows = is_double ? 2 : 1;
    return SID_OK;
}

static sid_status train_pieces(const arm_class *class, const sid__arm_data *data, const char *options, sid_pieces **out,
                               sid_error *err)
{
    const sid_pieces_options of = {
        .scheme = class->scheme, .options = options, .codes = data->codes, .levels = data->levels};
    return sid_pieces_train(data->ctx, &of, data->code, data->shown, data->has_sid, data->items, out, err);
}

/* A row for each index where there are enough rows, else hashed. */
static sid_status make_pieces(const arm_class *class, const sid__arm_data *data, const char *own, sid_pieces **out,
                              sid_error *err)
{
    char options[128];
    sid_pieces_info info;
    if (!class->options) {
        (void)snprintf(options, sizeof options, "rows=%" PRId64, data->rows);
        return train_pieces(class, data, options, out, err);
    }
    (void)snprintf(options, sizeof options, "%shash=none", own);
    if (train_pieces(class, data, options, out, NULL) == SID_OK) {
        sid_pieces_get_info(*out, &info);
        if (info.rows > 0 && info.rows <= data->rows)
            return SID_OK;
        sid_pieces_close(*out);
        *out = NULL;
    }
    (void)snprintf(options, sizeof options, "%srows=%" PRId64, own, data->rows);
    return train_pieces(class, data, options, out, err);
}

static sid_status list_rows(const sid_pieces *pieces, const sid__arm_data *data, sid__arm *out, sid_error *err)
{
    sid_pieces_info info;
    sid_pieces_get_info(pieces, &info);
    SID_TRY(sid__alloc(&out->key, (size_t)data->items, (size_t)info.item_rows_max * sizeof *out->key, "rows of items",
                       err));
    SID_TRY(sid__alloc(&out->begin, (size_t)data->items + 1, sizeof *out->begin, "rows of items", err));
    SID_TRY(sid_pieces_rows(pieces, data->code, data->has_sid, data->items, out->key, out->begin, err));
    out->item_rows = (double)out->begin[data->items] / (double)data->items;
    out->source.table = (sid_table_options){.kind = "hashed", .rows = info.rows, .by_row = true};
    return SID_OK;
}

static sid_status pieces_keys(const arm_class *class, const char *name, const sid__arm_data *data, sid__arm *out,
                              sid_error *err)
{
    char own[64];
    sid_pieces *pieces = NULL;
    if (!data->code)
        return sid__fail(err, SID_EUSAGE, "arm \"%s\" needs SIDs: give a catalogue, or vectors to make them of", name);
    if (class->kind == PREFIX && prefix_of(name) > data->levels)
        return sid__fail(err, SID_EUSAGE, "arm \"%s\" needs %d levels; the SIDs have %d", name, prefix_of(name),
                         data->levels);
    if (class->kind == PREFIX)
        (void)snprintf(own, sizeof own, "n=%d,", prefix_of(name));
    else
        (void)snprintf(own, sizeof own, "%s", class->options ? class->options : "");
    sid_status status = make_pieces(class, data, own, &pieces, err);
    if (status == SID_OK)
        status = list_rows(pieces, data, out, err);
    sid_pieces_close(pieces);
    return status;
}

/* As prefix-N of all levels, of other codes. */
static sid_status tree_keys(const char *name, const sid__arm_data *data, sid__arm *out, sid_error *err)
{
    static const arm_class prefixes = {.name = "prefix-N", .kind = PREFIX, .scheme = "prefix-ngram"};
    sid__arm_data of = *data;
    char prefix[SID__ARM_NAME_SIZE];
    if (!data->tree)
        return sid__fail(err, SID_EUSAGE, "arm \"%s\" needs a tree: a column of codes such as 3-14-1", name);
    of.code = data->tree;
    of.has_sid = data->has_tree;
    of.codes = data->tree_codes;
    of.levels = data->tree_levels;
    (void)snprintf(prefix, sizeof prefix, "prefix-%d", of.levels);
    return pieces_keys(&prefixes, prefix, &of, out, err);
}

static sid_status make_alone(const arm_class *class, const char *name, const sid__arm_data *data, uint64_t seed,
                             sid__arm *out, sid_error *err)
{
    if (class->kind == CONTENT) {
        if (!data->content)
            return sid__fail(err, SID_EUSAGE, "arm \"%s\" needs vectors, and none are given", name);
        out->source.content = data->content;
        out->source.content_dim = data->content_dim;
        return SID_OK;
    }
    if (class->kind == ONE_KEY)
        SID_TRY(one_key(class, data, seed, out, err));
    else if (class->kind == TREE)
        SID_TRY(tree_keys(name, data, out, err));
    else
        SID_TRY(pieces_keys(class, name, data, out, err));
    out->source.key = out->key;
    out->source.begin = out->begin;
    return SID_OK;
}

sid_status sid__arm_make(const char *name, const sid__arm_data *data, uint64_t seed, sid__arm *out, sid_error *err)
{
    char alone[SID__ARM_NAME_SIZE];
    const arm_class *class = class_of(name);
    *out = (sid__arm){0};
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    if (!class)
        return unknown(name, err);
    bool is_joined = split_name(name, alone);
    out->is_of_sids = class->kind == PIECES || class->kind == PREFIX || class->kind == TREE;
    SID_TRY(make_alone(class, alone, data, seed, out, err));
    return sid__arm_join(
        out, data, (sid__arm_joins){.with_id = is_joined, .history_by_id = data->history_by_id && out->is_of_sids},
        seed, err);
}

void sid__arm_drop(sid__arm *arm)
{
    sid__free(arm->key);
    sid__free(arm->begin);
    *arm = (sid__arm){0};
}
