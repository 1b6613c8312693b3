/* model_file.c: a model as a directory, which appears whole or not at all.
 *
 * manifest.json       kind "model", format, id, family, options, split, ties, seed, counts, size and SHA-256 of the others; its
 *                     last member is the SHA-256 of all before it, as in a catalogue (io/manifest.h, rule 1)
 * items.txt           ids of the items, one a line, by row
 * model.safetensors   what was learned; `vectors` (items, dim) and SIDs (item_sids.h) where there are any
 *
 * No timestamps: equal data, options and seed give equal bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "catalog/catalog_files.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "model/learner.h"

enum { FORMAT_MAJOR = 1, MANIFEST_SIZE_MAX = 1 << 20, ITEMS_SIZE_MAX = INT32_MAX };

#define FILE_ITEMS "items.txt"
#define FILE_TENSORS "model.safetensors"
static const char *const file_name[] = {FILE_ITEMS, FILE_TENSORS};
enum { FILE_COUNT = 2 };

/* ---- What it is ---- */

static sid_status append_member(sid__strbuf *out, const char *name, const char *text, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(out, err, ",\n  \"%s\": ", name));
    return sid__json_append_text(out, text, err);
}

static sid_status append_sids(const sid__item_sids *sids, sid__strbuf *out, sid_error *err)
{
    SID_TRY(append_member(out, "catalog", sids->catalog_id, err));
    SID_TRY(append_member(out, "codebooks", sids->codebooks, err));
    SID_TRY(append_member(out, "collisions", sids->collisions, err));
    return sid__strbuf_printf(out, err, ",\n  \"levels\": %d,\n  \"has_end\": %d", sids->levels, sids->has_end);
}

/* Everything but the files and hashes. */
static sid_status append_facts(const sid_model *m, sid__strbuf *out, sid_error *err)
{
    SID_TRY(append_member(out, "family", m->family->info.name, err));
    SID_TRY(append_member(out, "options", m->options_text, err));
    SID_TRY(append_member(out, "split", m->split, err));
    SID_TRY(append_member(out, "ties", m->ties, err));
    if (m->sids.levels > 0)
        SID_TRY(append_sids(&m->sids, out, err));
    return sid__strbuf_printf(out, err,
                              ",\n  \"seed\": %" PRIu64 ",\n  \"train_events\": %" PRId64 ",\n  \"items\": %" PRId64
                              ",\n  \"dim\": %d",
                              m->seed, m->train_events, m->items.count, m->dim);
}

static sid_status collect_tensors(const sid_model *m, sid__tensor_set *set, sid_error *err)
{
    const int64_t shape[2] = {m->items.count, m->dim};
    float *vectors = NULL;
    if (m->vectors) {
        SID_TRY(sid__tensor_add(set, "vectors", SID__F32, 2, shape, &vectors, err));
        memcpy(vectors, m->vectors, (size_t)shape[0] * (size_t)shape[1] * sizeof *vectors);
    }
    if (m->sids.levels > 0)
        SID_TRY(sid__item_sids_save(&m->sids, set, err));
    if (m->family->learner)
        SID_TRY(sid__learner_save(m, set, err));
    return m->family->save ? m->family->save(m, set, err) : SID_OK;
}

static void hash_tensors(const sid__tensor_set *set, sid__sha256 *hash)
{
    for (int64_t t = 0; t < set->count; t++) {
        const sid__tensor *tensor = &set->tensor[t];
        size_t size = 0;
        sid__sha256_update(hash, tensor->name, strlen(tensor->name) + 1);
        if (sid__shape_size(tensor->dtype, tensor->rank, tensor->shape, &size))
            sid__sha256_update(hash, tensor->data, size);
    }
}

sid_status sid__model_set_id(sid_model *m, sid_error *err)
{
    unsigned char digest[SID__SHA256_SIZE];
    char hex[SID__SHA256_HEX_SIZE];
    sid__strbuf facts = {0};
    sid__tensor_set set = {0};
    sid__sha256 hash;
    sid__sha256_init(&hash);
    sid_status status = append_facts(m, &facts, err);
    if (status == SID_OK)
        status = collect_tensors(m, &set, err);
    if (status == SID_OK) {
        sid__sha256_update(&hash, facts.text, (size_t)facts.length);
        for (int64_t i = 0; i < m->items.count; i++)
            sid__sha256_update(&hash, m->items.id[i], strlen(m->items.id[i]) + 1);
        hash_tensors(&set, &hash);
        sid__sha256_final(&hash, digest);
        sid__sha256_hex(digest, hex);
        (void)snprintf(m->id, sizeof m->id, "%.32s", hex);
    }
    sid__strbuf_drop(&facts);
    sid__tensor_set_drop(&set);
    return status;
}

/* ---- Written ---- */

static sid_status write_items(const sid_model *m, const char *path, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status = SID_OK;
    for (int64_t i = 0; status == SID_OK && i < m->items.count; i++)
        status = sid__strbuf_printf(&text, err, "%s\n", m->items.id[i]);
    if (status == SID_OK)
        status = sid__write_whole(path, text.text, text.length, err);
    sid__strbuf_drop(&text);
    return status;
}

static sid_status write_tensors(const sid_model *m, const char *path, sid_error *err)
{
    sid__tensor_set set = {0};
    sid_status status = collect_tensors(m, &set, err);
    if (status == SID_OK)
        status = sid__safetensors_write(&set, path, err);
    sid__tensor_set_drop(&set);
    return status;
}

static sid_status append_files(sid__strbuf *out, const char *directory, sid_error *err)
{
    for (int f = 0; f < FILE_COUNT; f++) {
        unsigned char digest[SID__SHA256_SIZE];
        char path[PATH_MAX], hex[SID__SHA256_HEX_SIZE];
        int64_t size = 0;
        SID_TRY(sid__path_join(path, sizeof path, directory, file_name[f], err));
        SID_TRY(sid__sha256_file(path, digest, &size, err));
        sid__sha256_hex(digest, hex);
        SID_TRY(sid__strbuf_printf(out, err, "%s\n    \"%s\": {\"size\": %" PRId64 ", \"sha256\": \"%s\"}",
                                   f ? "," : ",\n  \"files\": {", file_name[f], size, hex));
    }
    return sid__strbuf_printf(out, err, "\n  },\n  \"requires\": []");
}

static sid_status fill_manifest(const sid_model *m, const char *directory, sid__strbuf *text, sid_error *err)
{
    char hex[SID__SHA256_HEX_SIZE];
    SID_TRY(sid__strbuf_printf(text, err, "{\n  \"kind\": \"model\",\n  \"format\": {\"major\": %d, \"minor\": 0}",
                               FORMAT_MAJOR));
    SID_TRY(append_member(text, "id", m->id, err));
    SID_TRY(append_facts(m, text, err));
    SID_TRY(append_files(text, directory, err));
    sid__sha256_bytes(text->text, (size_t)text->length, hex);
    return sid__strbuf_printf(text, err, ",\n  \"sha256\": \"%s\"\n}\n", hex);
}

static sid_status write_manifest(const sid_model *m, const char *directory, const char *path, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status = fill_manifest(m, directory, &text, err);
    if (status == SID_OK)
        status = sid__write_whole(path, text.text, text.length, err);
    sid__strbuf_drop(&text);
    return status;
}

static sid_status write_all(const sid_model *m, const char *directory, sid_error *err)
{
    char path[PATH_MAX];
    SID_TRY(sid__path_join(path, sizeof path, directory, FILE_ITEMS, err));
    SID_TRY(write_items(m, path, err));
    SID_TRY(sid__path_join(path, sizeof path, directory, FILE_TENSORS, err));
    SID_TRY(write_tensors(m, path, err));
    SID_TRY(sid__path_join(path, sizeof path, directory, SID__FILE_MANIFEST, err));
    return write_manifest(m, directory, path, err);
}

/* A catalogue that stands there is not a model's to replace. */
static sid_status check_kind_replaced(const char *path, bool force, sid_error *err)
{
    char items[PATH_MAX];
    SID_TRY(sid__path_join(items, sizeof items, path, SID__FILE_ITEMS, err));
    if (force && sid__path_exists(items))
        return sid__fail_at(err, SID_EEXISTS, (sid__place){.file = path, .byte = -1},
                            "is a catalogue, so --force does not replace it by a model");
    return SID_OK;
}

sid_status sid__model_place_check(const char *path, bool force, sid_error *err)
{
    sid__new_directory directory;
    SID_TRY(check_kind_replaced(path, force, err));
    return sid__new_directory_check(path, force, &directory, err);
}

sid_status sid__model_write(sid_ctx *ctx, const sid_model *m, const char *path, bool force, sid_error *err)
{
    sid__new_directory directory;
    SID_TRY(check_kind_replaced(path, force, err));
    SID_TRY(sid__new_directory_begin(path, force, &directory, err));
    sid_status status = write_all(m, directory.temporary, err);
    if (status != SID_OK) {
        sid__new_directory_abandon(&directory);
        return status;
    }
    SID_TRY(sid__new_directory_commit(ctx, &directory, err));
    sid__lock_drop(directory.lock_fd);
    return SID_OK;
}

/* ---- Read ---- */

typedef struct opening {
    const char *directory;
    char manifest[PATH_MAX];
    json_t *tree;
} opening;

static sid_status fail_member(const opening *o, const char *name, sid_error *err)
{
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = o->manifest, .byte = -1},
                        "member \"%s\" is missing or no such value; train again", name);
}

static sid_status take_text(const opening *o, const char *name, const char **out, sid_error *err)
{
    const json_t *value = json_object_get(o->tree, name);
    if (!json_is_string(value))
        return fail_member(o, name, err);
    *out = json_string_value(value);
    return SID_OK;
}

static sid_status take_number(const opening *o, const char *name, int64_t most, int64_t *out, sid_error *err)
{
    const json_t *value = json_object_get(o->tree, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > most)
        return fail_member(o, name, err);
    *out = json_integer_value(value);
    return SID_OK;
}

static sid_status check_format(const opening *o, sid_error *err)
{
    const json_t *format = json_object_get(o->tree, "format");
    const char *kind = NULL;
    if (take_text(o, "kind", &kind, NULL) != SID_OK || strcmp(kind, "model") != 0)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = o->directory, .byte = -1},
                            "is a catalogue, and a model is expected; semid train makes one");
    json_int_t major = json_integer_value(json_object_get(format, "major"));
    if (major != FORMAT_MAJOR || json_array_size(json_object_get(o->tree, "requires")) > 0)
        return sid__fail_at(err, SID_EVERSION, (sid__place){.file = o->manifest, .byte = -1},
                            "a model of format %lld, or with features that this semid lacks; it reads format %d",
                            (long long)major, FORMAT_MAJOR);
    return SID_OK;
}

static sid_status check_file(const opening *o, const char *name, sid_error *err)
{
    unsigned char digest[SID__SHA256_SIZE];
    char path[PATH_MAX], hex[SID__SHA256_HEX_SIZE];
    const json_t *entry = json_object_get(json_object_get(o->tree, "files"), name);
    const char *wanted = json_string_value(json_object_get(entry, "sha256"));
    int64_t size = 0;
    SID_TRY(sid__path_join(path, sizeof path, o->directory, name, err));
    SID_TRY(sid__sha256_file(path, digest, &size, err));
    sid__sha256_hex(digest, hex);
    if (!wanted || strcmp(hex, wanted) != 0)
        return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1},
                            "SHA-256 differs from the manifest; restore or train again");
    return SID_OK;
}

static sid_status read_items(const opening *o, sid_model *m, int64_t count, sid_error *err)
{
    char path[PATH_MAX];
    char *bytes = NULL;
    int64_t size = 0, row = 0;
    sid_status status = sid__path_join(path, sizeof path, o->directory, FILE_ITEMS, err);
    if (status == SID_OK)
        status = sid__read_whole(path, ITEMS_SIZE_MAX, &bytes, &size, err);
    for (const char *at = bytes; status == SID_OK && at && at < bytes + size;) {
        size_t length = strcspn(at, "\n");
        status = sid__check_id(at, length, "item_id", (sid__place){.file = path, .row = m->items.count + 1, .byte = -1},
                               err);
        if (status == SID_OK)
            status = sid__id_list_add(&m->items, at, length, &row, err);
        at += length + 1;
    }
    if (status == SID_OK && (m->items.count != count || count == 0))
        status = sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1},
                              "%" PRId64 " different ids; %" PRId64 " are expected", m->items.count, count);
    sid__free(bytes);
    return status;
}

static sid_status take_vectors(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    const int64_t shape[2] = {m->items.count, m->dim};
    const sid__tensor *vectors = NULL;
    size_t count = (size_t)m->items.count * (size_t)m->dim;
    if (m->dim == 0)
        return SID_OK;
    SID_TRY(sid__tensor_get(set, "vectors", SID__F32, 2, shape, &vectors, err));
    SID_TRY(sid__alloc(&m->vectors, count, sizeof *m->vectors, "vectors of items", err));
    memcpy(m->vectors, vectors->data, count * sizeof *m->vectors);
    for (size_t i = 0; i < count; i++)
        if (!(m->vectors[i] >= -1.001F && m->vectors[i] <= 1.001F))
            return sid__fail(err, SID_ECORRUPT,
                             "tensor \"vectors\" holds a value that no unit vector has; train again");
    return SID_OK;
}

static sid_status read_tensors(const opening *o, sid_model *m, sid_error *err)
{
    char path[PATH_MAX];
    sid__tensor_set set = {0};
    SID_TRY(sid__path_join(path, sizeof path, o->directory, FILE_TENSORS, err));
    sid_status status = sid__safetensors_read(path, &set, err);
    if (status == SID_OK)
        status = take_vectors(m, &set, err);
    if (status == SID_OK && m->sids.levels > 0)
        status = sid__item_sids_load(m->items.count, &set, &m->sids, err);
    if (status == SID_OK && m->family->load)
        status = m->family->load(m, &set, err);
    if (status == SID_OK && m->family->learner)
        status = sid__learner_load(m, &set, err);
    sid__tensor_set_drop(&set);
    return status;
}

/* The SIDs' texts; the rest of them are tensors. */
static sid_status take_sids(const opening *o, sid__item_sids *sids, sid_error *err)
{
    const char *catalog = NULL, *codebooks = NULL, *collisions = NULL;
    int64_t levels = 0, has_end = 0;
    if (!json_object_get(o->tree, "catalog"))
        return SID_OK;
    SID_TRY(take_text(o, "catalog", &catalog, err));
    SID_TRY(take_text(o, "codebooks", &codebooks, err));
    SID_TRY(take_text(o, "collisions", &collisions, err));
    SID_TRY(take_number(o, "levels", SID_LEVELS_MAX, &levels, err));
    SID_TRY(take_number(o, "has_end", 1, &has_end, err));
    if (levels == 0)
        return fail_member(o, "levels", err);
    (void)snprintf(sids->catalog_id, sizeof sids->catalog_id, "%s", catalog);
    (void)snprintf(sids->codebooks, sizeof sids->codebooks, "%s", codebooks);
    (void)snprintf(sids->collisions, sizeof sids->collisions, "%s", collisions);
    sids->levels = (int)levels;
    sids->has_end = has_end == 1;
    return SID_OK;
}

static sid_status fill_model(const opening *o, sid_model *m, sid_error *err)
{
    const char *id = NULL, *split = NULL, *ties = NULL;
    int64_t seed = 0, items = 0, dim = 0;
    SID_TRY(take_text(o, "id", &id, err));
    SID_TRY(take_text(o, "split", &split, err));
    SID_TRY(take_text(o, "ties", &ties, err));
    SID_TRY(take_number(o, "seed", INT64_MAX, &seed, err));
    SID_TRY(take_number(o, "items", INT32_MAX, &items, err));
    SID_TRY(take_number(o, "dim", SID_DIM_MAX, &dim, err));
    SID_TRY(take_number(o, "train_events", INT64_MAX, &m->train_events, err));
    (void)snprintf(m->id, sizeof m->id, "%s", id);
    (void)snprintf(m->split, sizeof m->split, "%s", split);
    (void)snprintf(m->ties, sizeof m->ties, "%s", ties);
    m->seed = (uint64_t)seed;
    m->dim = (int)dim;
    SID_TRY(take_sids(o, &m->sids, err));
    if (m->family->needs_sids && m->sids.levels == 0)
        return fail_member(o, "catalog", err);
    for (int f = 0; f < FILE_COUNT; f++)
        SID_TRY(check_file(o, file_name[f], err));
    SID_TRY(read_items(o, m, items, err));
    SID_TRY(read_tensors(o, m, err));
    return sid__model_set_trie(m, err);
}

static sid_status read_manifest(opening *o, sid_error *err)
{
    char *bytes = NULL;
    int64_t size = 0;
    if (!sid__path_is_directory(o->directory))
        return sid__fail_at(err, SID_ENOTFOUND, (sid__place){.file = o->directory, .byte = -1},
                            "%s; semid train makes a model",
                            sid__path_exists(o->directory) ? "is no directory, so no model" : "there is no such model");
    SID_TRY(sid__path_join(o->manifest, sizeof o->manifest, o->directory, SID__FILE_MANIFEST, err));
    if (!sid__path_exists(o->manifest))
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = o->directory, .byte = -1},
                            "holds no manifest.json, so it is no model; semid train makes one");
    SID_TRY(sid__read_whole(o->manifest, MANIFEST_SIZE_MAX, &bytes, &size, err));
    sid_status status = sid__manifest_check_hash(bytes, (size_t)size, o->manifest, err);
    if (status == SID_OK)
        status = sid__json_parse(bytes, (size_t)size, o->manifest, &o->tree, err);
    sid__free(bytes);
    return status;
}

static sid_status open_model(opening *o, sid_ctx *ctx, sid_model **out, sid_error *err)
{
    const char *family = NULL, *options = NULL;
    SID_TRY(read_manifest(o, err));
    SID_TRY(check_format(o, err));
    SID_TRY(take_text(o, "family", &family, err));
    SID_TRY(take_text(o, "options", &options, err));
    SID_TRY(sid__model_create(ctx, family, options, out, err));
    return fill_model(o, *out, err);
}

sid_status sid_model_open(sid_ctx *ctx, const char *path, sid_model **out, sid_error *err)
{
    opening o = {.directory = path};
    sid_model *m = NULL;
    sid_status status = open_model(&o, ctx, &m, err);
    json_decref(o.tree);
    if (status != SID_OK) {
        sid_model_close(m);
        return status;
    }
    *out = m;
    return SID_OK;
}
