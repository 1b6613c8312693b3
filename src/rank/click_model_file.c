/* click_model_file.c: a ranker as a directory, which appears whole or not at all.
 *
 * manifest.json           kind "ranker", format, family, the feature file as text, batch, rate, seed, size and SHA-256 of the
 *                         others; its last member is the SHA-256 of all before it, as in a catalogue (io/manifest.h, rule 1)
 * users.txt, items.txt    ids it has met, one a line, by number
 * state.safetensors       parameters and moments, histories, counts, what numeric columns become
 * table-NAME.safetensors  each table (sid_table_save)
 *
 * No timestamps: equal impressions, options and seed give equal bytes.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "catalog/catalog_files.h"
#include "io/delimited.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "rank/click_model.h"
#include "tensor/checkpoint.h"

enum { FORMAT_MAJOR = 1, MANIFEST_MOST = 4 << 20, IDS_MOST = INT32_MAX, FIXED_FILES = 3, FACTS = 5 };

static const char *const fixed_file[FIXED_FILES] = {"users.txt", "items.txt", "state.safetensors"};

static int file_count(const sid_ranker *r)
{
    return FIXED_FILES + r->plan.table_count;
}

static void file_name(const sid_ranker *r, int index, char name[64])
{
    if (index < FIXED_FILES)
        (void)snprintf(name, 64, "%s", fixed_file[index]);
    else
        (void)snprintf(name, 64, "table-%s.safetensors", r->plan.table[index - FIXED_FILES].name);
}

/* ---- State: the same list written and read ---- */

/* What is neither parameters nor ids: name, where it lies, how many. */
typedef struct state_part {
    const char *name;
    int64_t *whole;
    double *real;
    int64_t count;
} state_part;

enum { PARTS_MAX = 12 };

/* Numbers that are of another type in memory are kept here meanwhile. */
typedef struct state {
    sid_ranker *r;
    int64_t fact[FACTS]; /* impressions, clicks, last_day, is_frozen, step of chances */
    int64_t *click, *count;
    state_part part[PARTS_MAX];
    int parts;
} state;

static void add_whole(state *s, const char *name, int64_t *data, int64_t count)
{
    s->part[s->parts++] = (state_part){.name = name, .whole = data, .count = count};
}

static void add_real(state *s, const char *name, double *data, int64_t count)
{
    s->part[s->parts++] = (state_part){.name = name, .real = data, .count = count};
}

static sid_status list_state(sid_ranker *r, state *s, sid_error *err)
{
    int64_t users = r->history.users, cells = users * r->history.max;
    *s = (state){.r = r};
    SID_TRY(sid__alloc(&s->click, (size_t)cells, sizeof *s->click, "histories of users", err));
    SID_TRY(sid__alloc(&s->count, (size_t)users, sizeof *s->count, "histories of users", err));
    add_whole(s, "facts", s->fact, FACTS);
    add_real(s, "last_time", &r->last_time, 1);
    add_whole(s, "history.click", s->click, cells);
    add_whole(s, "history.count", s->count, users);
    add_real(s, "history.time", r->history.time, cells);
    add_whole(s, "shown", r->shown, r->items.count);
    add_real(s, "dense.mean", r->dense.mean, SID_DENSE_MAX);
    add_real(s, "dense.deviation", r->dense.deviation, SID_DENSE_MAX);
    add_real(s, "dense.edge", &r->dense.edge[0][0], SID_DENSE_MAX * SID__BUCKETS_MAX);
    if (r->plan.family->wants_chances) {
        add_whole(s, "chances.last", r->chances.last, r->items.count);
        add_real(s, "chances.gap", r->chances.gap, r->items.count);
    }
    return SID_OK;
}

static void drop_state(state *s)
{
    sid__free(s->click);
    sid__free(s->count);
}

/* Rings of users that clicked less hold whatever memory held: zeroes are written. */
static void gather_state(state *s)
{
    const sid_ranker *r = s->r;
    const int64_t fact[FACTS] = {r->impressions, r->clicks, r->last_day, r->dense.is_frozen, r->chances.step};
    int max = r->history.max;
    memcpy(s->fact, fact, sizeof fact);
    for (int64_t u = 0; u < r->history.users; u++) {
        s->count[u] = r->history.count[u];
        for (int64_t j = u * max; j < (u + 1) * max; j++) {
            bool is_there = j - u * max < s->count[u];
            s->click[j] = is_there ? r->history.click[j] : 0;
            r->history.time[j] = is_there ? r->history.time[j] : 0;
        }
    }
}

static sid_status spread_state(state *s, const char *path, sid_error *err)
{
    sid_ranker *r = s->r;
    int max = r->history.max;
    r->impressions = s->fact[0];
    r->clicks = s->fact[1];
    r->last_day = s->fact[2];
    r->dense.is_frozen = s->fact[3] != 0;
    r->chances.step = s->fact[4];
    for (int64_t u = 0; u < r->history.users; u++) {
        bool is_right = s->count[u] >= 0 && s->count[u] < 2 * (int64_t)max;
        for (int64_t j = u * max; is_right && j < u * max + (s->count[u] < max ? s->count[u] : max); j++)
            is_right = s->click[j] >= 0 && s->click[j] < r->items.count;
        if (!is_right)
            return sid__fail_at(
                err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1},
                "the history of user %" PRId64 " names an item that is not there; restore or train again", u);
        r->history.count[u] = (int32_t)s->count[u];
        for (int64_t j = u * max; j < (u + 1) * max; j++)
            r->history.click[j] = (int32_t)s->click[j];
    }
    return SID_OK;
}

/* ---- Written ---- */

static sid_status write_ids(const sid__id_list *list, const char *path, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status = SID_OK;
    for (int64_t i = 0; status == SID_OK && i < list->count; i++)
        status = sid__strbuf_printf(&text, err, "%s\n", list->id[i]);
    if (status == SID_OK)
        status = sid__write_whole(path, text.text, text.length, err);
    sid__strbuf_drop(&text);
    return status;
}

static sid_status collect_state(sid_ranker *r, state *s, sid__tensor_set *set, sid_error *err)
{
    SID_TRY(list_state(r, s, err));
    gather_state(s);
    SID_TRY(sid__params_save(&r->params, "param.", r->params.data, set, err));
    SID_TRY(sid__optim_save(&r->optim, set, err));
    for (int i = 0; i < s->parts; i++) {
        const state_part *part = &s->part[i];
        SID_TRY(part->whole ? sid__state_save_i64(set, part->name, part->whole, part->count, err)
                            : sid__state_save_f64(set, part->name, part->real, part->count, err));
    }
    return SID_OK;
}

static sid_status write_state(const sid_ranker *ranker, const char *path, sid_error *err)
{
    sid_ranker *r = (sid_ranker *)ranker; /* list_state names what is read as well as what is written */
    sid__tensor_set set = {0};
    state s;
    sid_status status = collect_state(r, &s, &set, err);
    if (status == SID_OK)
        status = sid__safetensors_write(&set, path, err);
    sid__tensor_set_drop(&set);
    drop_state(&s);
    return status;
}

static sid_status append_files(const sid_ranker *r, const char *directory, sid__strbuf *out, sid_error *err)
{
    for (int f = 0; f < file_count(r); f++) {
        unsigned char digest[SID__SHA256_SIZE];
        char path[PATH_MAX], hex[SID__SHA256_HEX_SIZE], name[64];
        int64_t size = 0;
        file_name(r, f, name);
        SID_TRY(sid__path_join(path, sizeof path, directory, name, err));
        SID_TRY(sid__sha256_file(path, digest, &size, err));
        sid__sha256_hex(digest, hex);
        SID_TRY(sid__strbuf_printf(out, err, "%s\n    \"%s\": {\"size\": %" PRId64 ", \"sha256\": \"%s\"}",
                                   f ? "," : ",\n  \"files\": {", name, size, hex));
    }
    return sid__strbuf_printf(out, err, "\n  },\n  \"requires\": []");
}

static sid_status fill_manifest(const sid_ranker *r, const char *directory, sid__strbuf *out, sid_error *err)
{
    char hex[SID__SHA256_HEX_SIZE];
    SID_TRY(sid__strbuf_printf(
        out, err,
        "{\n  \"kind\": \"ranker\",\n  \"format\": {\"major\": %d, \"minor\": 0},\n  \"family\": "
        "\"%s\",\n  \"impressions\": %" PRId64 ",\n  \"batch\": %d,\n  \"seed\": \"%" PRIu64 "\",\n  \"rate\": ",
        FORMAT_MAJOR, r->plan.family->info.name, r->impressions, r->options.batch, r->options.seed));
    SID_TRY(sid__json_append_exact(out, r->options.rate, err));
    SID_TRY(sid__strbuf_printf(out, err, ",\n  \"features\": "));
    SID_TRY(sid__json_append_text(out, r->text, err));
    SID_TRY(append_files(r, directory, out, err));
    sid__sha256_bytes(out->text, (size_t)out->length, hex);
    return sid__strbuf_printf(out, err, ",\n  \"sha256\": \"%s\"\n}\n", hex);
}

static sid_status write_manifest(const sid_ranker *r, const char *directory, sid_error *err)
{
    char path[PATH_MAX];
    sid__strbuf text = {0};
    SID_TRY(sid__path_join(path, sizeof path, directory, SID__FILE_MANIFEST, err));
    sid_status status = fill_manifest(r, directory, &text, err);
    if (status == SID_OK)
        status = sid__write_whole(path, text.text, text.length, err);
    sid__strbuf_drop(&text);
    return status;
}

static sid_status write_all(const sid_ranker *r, const char *directory, sid_error *err)
{
    for (int f = 0; f < file_count(r); f++) {
        char path[PATH_MAX], name[64];
        file_name(r, f, name);
        SID_TRY(sid__path_join(path, sizeof path, directory, name, err));
        if (f < 2)
            SID_TRY(write_ids(f ? &r->items : &r->users, path, err));
        else if (f == 2)
            SID_TRY(write_state(r, path, err));
        else
            SID_TRY(sid_table_save(r->table[f - FIXED_FILES], path, err));
    }
    return write_manifest(r, directory, err);
}

/* What stands there and is no ranker is not to be replaced by one. */
static sid_status check_place(const char *path, bool force, sid_error *err)
{
    char manifest[PATH_MAX];
    char *bytes = NULL;
    int64_t size = 0;
    SID_TRY(sid__path_join(manifest, sizeof manifest, path, SID__FILE_MANIFEST, err));
    if (!force || !sid__path_exists(manifest))
        return SID_OK;
    SID_TRY(sid__read_whole(manifest, MANIFEST_MOST, &bytes, &size, err));
    bool is_ranker = strstr(bytes, "\"kind\": \"ranker\"") != NULL;
    sid__free(bytes);
    return is_ranker
               ? SID_OK
               : sid__fail_at(err, SID_EEXISTS, (sid__place){.file = path, .byte = -1},
                              "holds no ranker, so it is not replaced by one; remove it, or choose another place");
}

sid_status sid_ranker_save(const sid_ranker *ranker, const char *path, bool force, sid_error *err)
{
    sid__new_directory directory;
    SID_TRY(check_place(path, force, err));
    SID_TRY(sid__new_directory_begin(path, force, &directory, err));
    sid_status status = write_all(ranker, directory.temporary, err);
    if (status != SID_OK) {
        sid__new_directory_abandon(&directory);
        return status;
    }
    SID_TRY(sid__new_directory_commit(ranker->ctx, &directory, err));
    sid__lock_drop(directory.lock_fd);
    return SID_OK;
}

/* ---- Read ---- */

typedef struct opening {
    const char *directory;
    char manifest[PATH_MAX];
    json_t *tree;
    sid_ranker *r;
} opening;

static sid_status damaged(const char *path, const char *what, sid_error *err)
{
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1}, "%s; restore or train again", what);
}

static sid_status read_manifest(opening *o, sid_error *err)
{
    char *bytes = NULL;
    int64_t size = 0;
    SID_TRY(sid__path_join(o->manifest, sizeof o->manifest, o->directory, SID__FILE_MANIFEST, err));
    if (!sid__path_exists(o->manifest))
        return sid__fail_at(err, sid__path_exists(o->directory) ? SID_EDATA : SID_ENOTFOUND,
                            (sid__place){.file = o->directory, .byte = -1},
                            "there is no ranker; semid rank train makes one");
    SID_TRY(sid__read_whole(o->manifest, MANIFEST_MOST, &bytes, &size, err));
    sid_status status = sid__manifest_check_hash(bytes, (size_t)size, o->manifest, err);
    if (status == SID_OK)
        status = sid__json_parse(bytes, (size_t)size, o->manifest, &o->tree, err);
    sid__free(bytes);
    if (status != SID_OK)
        return status;
    const char *kind = json_string_value(json_object_get(o->tree, "kind"));
    json_int_t major = json_integer_value(json_object_get(json_object_get(o->tree, "format"), "major"));
    if (!kind || strcmp(kind, "ranker") != 0)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = o->directory, .byte = -1},
                            "is a %s, and a ranker is expected; semid rank train makes one", kind ? kind : "catalogue");
    if (major != FORMAT_MAJOR || json_array_size(json_object_get(o->tree, "requires")) > 0)
        return sid__fail_at(err, SID_EVERSION, (sid__place){.file = o->manifest, .byte = -1},
                            "a ranker of format %lld, or with features that this semid lacks; it reads format %d",
                            (long long)major, FORMAT_MAJOR);
    return SID_OK;
}

static sid_status make_ranker(opening *o, sid_ctx *ctx, sid_error *err)
{
    const char *text = json_string_value(json_object_get(o->tree, "features"));
    const char *seed = json_string_value(json_object_get(o->tree, "seed"));
    const json_t *rate = json_object_get(o->tree, "rate"), *batch = json_object_get(o->tree, "batch");
    if (!text || !seed || !json_is_number(rate) || !json_is_integer(batch) || json_integer_value(batch) < 1 ||
        json_integer_value(batch) > INT_MAX)
        return damaged(o->manifest, "a member is missing or no such value", err);
    const sid_ranker_options options = {
        .batch = (int)json_integer_value(batch), .rate = json_number_value(rate), .seed = strtoull(seed, NULL, 10)};
    return sid__ranker_make(ctx, text, strlen(text), o->manifest, &options, &o->r, err);
}

static sid_status check_file(const opening *o, const char *name, char path[PATH_MAX], sid_error *err)
{
    unsigned char digest[SID__SHA256_SIZE];
    char hex[SID__SHA256_HEX_SIZE];
    const json_t *entry = json_object_get(json_object_get(o->tree, "files"), name);
    const char *wanted = json_string_value(json_object_get(entry, "sha256"));
    int64_t size = 0;
    SID_TRY(sid__path_join(path, PATH_MAX, o->directory, name, err));
    SID_TRY(sid__sha256_file(path, digest, &size, err));
    sid__sha256_hex(digest, hex);
    return wanted && strcmp(hex, wanted) == 0 ? SID_OK : damaged(path, "SHA-256 differs from the manifest", err);
}

static sid_status read_ids(const char *path, sid__id_list *list, sid_error *err)
{
    char *bytes = NULL;
    int64_t size = 0, row = 0;
    sid_status status = sid__read_whole(path, IDS_MOST, &bytes, &size, err);
    for (const char *at = bytes; status == SID_OK && at && at < bytes + size;) {
        size_t length = strcspn(at, "\n");
        status = sid__check_id(at, length, "id", (sid__place){.file = path, .row = list->count + 1, .byte = -1}, err);
        if (status == SID_OK)
            status = sid__id_list_add(list, at, length, &row, err);
        at += length + 1;
    }
    sid__free(bytes);
    return status;
}

/* Room for users and items that were just read. */
static sid_status make_room(sid_ranker *r, sid_error *err)
{
    int64_t before = r->shown_capacity;
    SID_TRY(sid__grow(&r->shown, &r->shown_capacity, r->items.count, sizeof *r->shown, "impressions by item", err));
    for (int64_t i = before; i < r->shown_capacity; i++)
        r->shown[i] = 0;
    if (r->plan.family->wants_chances)
        SID_TRY(sid__item_chances_reserve(&r->chances, r->items.count, err));
    return sid__click_history_reserve(&r->history, r->users.count, err);
}

static sid_status take_state(state *s, const sid__tensor_set *set, const char *path, sid_error *err)
{
    sid_ranker *r = s->r;
    SID_TRY(sid__params_load(&r->params, "param.", set, r->params.data, err));
    SID_TRY(sid__optim_load(&r->optim, set, err));
    for (int i = 0; i < s->parts; i++) {
        const state_part *part = &s->part[i];
        SID_TRY(part->whole ? sid__state_load_i64(set, part->name, part->whole, part->count, err)
                            : sid__state_load_f64(set, part->name, part->real, part->count, err));
    }
    return spread_state(s, path, err);
}

static sid_status read_state(sid_ranker *r, const char *path, sid_error *err)
{
    sid__tensor_set set = {0};
    state s = {0};
    SID_TRY(make_room(r, err));
    sid_status status = list_state(r, &s, err);
    if (status == SID_OK)
        status = sid__safetensors_read(path, &set, err);
    if (status == SID_OK)
        status = take_state(&s, &set, path, err);
    sid__tensor_set_drop(&set);
    drop_state(&s);
    return status;
}

static sid_status read_all(opening *o, sid_ctx *ctx, sid_error *err)
{
    SID_TRY(read_manifest(o, err));
    SID_TRY(make_ranker(o, ctx, err));
    for (int f = 0; f < file_count(o->r); f++) {
        char path[PATH_MAX], name[64];
        file_name(o->r, f, name);
        SID_TRY(check_file(o, name, path, err));
        if (f < 2)
            SID_TRY(read_ids(path, f ? &o->r->items : &o->r->users, err));
        else if (f == 2)
            SID_TRY(read_state(o->r, path, err));
        else
            SID_TRY(sid_table_restore(o->r->table[f - FIXED_FILES], path, err));
    }
    return SID_OK;
}

sid_status sid_ranker_open(sid_ctx *ctx, const char *path, sid_ranker **out, sid_error *err)
{
    opening o = {.directory = path};
    sid_status status = read_all(&o, ctx, err);
    json_decref(o.tree);
    if (status != SID_OK) {
        sid_ranker_free(o.r);
        return status;
    }
    *out = o.r;
    return SID_OK;
}
