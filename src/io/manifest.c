/* manifest.c: see manifest.h. The tree that jansson makes becomes a plain struct at once. */
#include "io/manifest.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/json.h"

/* The end of every manifest: rule (1) of manifest.h. */
#define HASH_HEAD ",\n  \"sha256\": \""
#define HASH_TAIL "\"\n}\n"
enum { HASH_HEAD_SIZE = sizeof HASH_HEAD - 1, HASH_TAIL_SIZE = sizeof HASH_TAIL - 1, HASH_HEX_SIZE = 64 };

/* Features that this version knows and a manifest may require. */
static const char *const known_features[] = {SID__FEATURE_COLLISION_OPTIONS};

/* ---- Writing ------------------------------------------------------------------------------------------------------ */

static sid_status append_member(sid__strbuf *out, const char *before, const char *text, sid_error *err)
{
    SID_TRY(sid__strbuf_append(out, before, strlen(before), err));
    return sid__json_append_text(out, text, err);
}

static sid_status append_quantizer(const sid__manifest *m, sid__strbuf *out, sid_error *err)
{
    SID_TRY(append_member(out, ",\n  \"quantizer\": {\"family\": ", m->family, err));
    SID_TRY(append_member(out, ", \"options\": ", m->options, err));
    SID_TRY(sid__strbuf_printf(out, err, ", \"levels\": %d, \"codes\": [", m->levels));
    for (int i = 0; i < m->levels; i++)
        SID_TRY(sid__strbuf_printf(out, err, "%s%d", i ? ", " : "", m->codes[i]));
    SID_TRY(sid__strbuf_printf(out, err, "], \"seed\": %" PRId64 "}", m->seed));
    SID_TRY(sid__strbuf_printf(out, err, ",\n  \"dim\": %d,\n  \"prepared_dim\": %d", m->dim, m->prepared_dim));
    SID_TRY(append_member(out, ",\n  \"normalization\": ", m->normalization, err));
    SID_TRY(append_member(out, ",\n  \"collisions\": {\"policy\": ", m->collisions, err));
    SID_TRY(append_member(out, ", \"style\": ", m->digit_style, err));
    if (m->collision_options[0])
        SID_TRY(append_member(out, ", \"options\": ", m->collision_options, err));
    return sid__strbuf_printf(out, err, ", \"digit_codes\": %d}", m->digit_codes);
}

static sid_status append_encoder(const sid__manifest *m, sid__strbuf *out, sid_error *err)
{
    if (!m->has_encoder)
        return sid__strbuf_printf(out, err, ",\n  \"encoder\": null");
    SID_TRY(append_member(out, ",\n  \"encoder\": {\"name\": ", m->encoder, err));
    SID_TRY(append_member(out, ", \"fields\": ", m->encoder_fields, err));
    SID_TRY(append_member(out, ", \"options\": ", m->encoder_options, err));
    SID_TRY(sid__strbuf_printf(out, err, ", \"seed\": %" PRId64, m->encoder_seed));
    SID_TRY(append_member(out, ", \"fingerprint\": ", m->encoder_fingerprint, err));
    return sid__strbuf_printf(out, err, "}");
}

static sid_status append_files(const sid__manifest *m, sid__strbuf *out, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(out, err, ",\n  \"files\": {"));
    for (int i = 0; i < m->file_count; i++) {
        const sid__manifest_file *file = &m->file[i];
        SID_TRY(append_member(out, i ? ",\n    " : "\n    ", file->name, err));
        SID_TRY(
            sid__strbuf_printf(out, err, ": {\"size\": %" PRId64 ", \"sha256\": \"%s\"}", file->size, file->sha256));
    }
    SID_TRY(sid__strbuf_printf(out, err, "\n  },\n  \"requires\": ["));
    for (int i = 0; i < m->feature_count; i++)
        SID_TRY(append_member(out, i ? ", " : "", m->feature[i], err));
    return sid__strbuf_printf(out, err, "]");
}

/* All but the hash. */
static sid_status append_body(const sid__manifest *m, sid__strbuf *out, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(out, err, "{\n  \"format\": {\"major\": %d, \"minor\": %d}", m->major, m->minor));
    SID_TRY(append_member(out, ",\n  \"id\": ", m->id, err));
    if (m->parent[0])
        SID_TRY(append_member(out, ",\n  \"parent\": ", m->parent, err));
    else
        SID_TRY(sid__strbuf_printf(out, err, ",\n  \"parent\": null"));
    SID_TRY(append_quantizer(m, out, err));
    SID_TRY(append_encoder(m, out, err));
    SID_TRY(sid__strbuf_printf(out, err, ",\n  \"items\": {\"count\": %" PRId64 ", \"digest\": \"%s\"", m->fitted_items,
                               m->fitted_digest));
    SID_TRY(sid__strbuf_printf(out, err, ", \"largest_bucket\": %" PRId64 ", \"mean_residual\": ", m->largest_bucket));
    SID_TRY(sid__json_append_exact(out, m->mean_residual, err));
    SID_TRY(sid__strbuf_printf(out, err, "}"));
    return append_files(m, out, err);
}

sid_status sid__manifest_text(const sid__manifest *manifest, sid__strbuf *out, sid_error *err)
{
    char hex[SID__SHA256_HEX_SIZE];
    int64_t begin = out->length;
    SID_TRY(append_body(manifest, out, err));
    sid__sha256_bytes(out->text + begin, (size_t)(out->length - begin), hex);
    return sid__strbuf_printf(out, err, HASH_HEAD "%s" HASH_TAIL, hex);
}

sid_status sid__manifest_set_id(sid__manifest *manifest, sid_error *err)
{
    char hex[SID__SHA256_HEX_SIZE];
    sid__strbuf text = {0};
    manifest->id[0] = 0;
    sid_status status = append_body(manifest, &text, err);
    if (status == SID_OK) {
        sid__sha256_bytes(text.text, (size_t)text.length, hex);
        (void)snprintf(manifest->id, sizeof manifest->id, "%.32s", hex);
    }
    sid__strbuf_drop(&text);
    return status;
}

sid_status sid__manifest_record(sid__manifest *manifest, const char *directory, const char *name, sid_error *err)
{
    if (manifest->file_count == SID__MANIFEST_FILES_MAX)
        return sid__fail(err, SID_EINTERNAL, "a manifest holds at most %d files", SID__MANIFEST_FILES_MAX);
    char path[4096];
    unsigned char digest[SID__SHA256_SIZE];
    sid__manifest_file *file = &manifest->file[manifest->file_count];
    SID_TRY(sid__path_join(path, sizeof path, directory, name, err));
    SID_TRY(sid__sha256_file(path, digest, &file->size, err));
    sid__sha256_hex(digest, file->sha256);
    (void)snprintf(file->name, sizeof file->name, "%s", name);
    manifest->file_count++;
    return SID_OK;
}

const sid__manifest_file *sid__manifest_find(const sid__manifest *manifest, const char *name)
{
    for (int i = 0; i < manifest->file_count; i++)
        if (strcmp(manifest->file[i].name, name) == 0)
            return &manifest->file[i];
    return NULL;
}

sid_status sid__manifest_write(const sid__manifest *manifest, const char *path, sid_error *err)
{
    sid__strbuf text = {0};
    sid__file file = {.fd = -1};
    sid_status status = sid__manifest_text(manifest, &text, err);
    if (status == SID_OK)
        status = sid__file_create(path, &file, err);
    if (status == SID_OK) {
        status = sid__file_write(&file, text.text, (size_t)text.length, err);
        if (status == SID_OK)
            status = sid__file_sync(&file, err);
        sid__file_close(&file);
    }
    sid__strbuf_drop(&text);
    return status;
}

/* ---- Reading ------------------------------------------------------------------------------------------------------ */

/* What the member readers share. */
typedef struct reader {
    const char *path;
    sid_error *err;
} reader;

static sid_status bad_member(const reader *r, const char *name, const char *expected)
{
    return sid__fail_at(r->err, SID_ECORRUPT, (sid__place){.file = r->path, .byte = -1},
                        "member \"%s\": %s is expected; restore or refit", name, expected);
}

static sid_status get_object(const reader *r, const json_t *parent, const char *name, json_t **out)
{
    *out = json_object_get(parent, name);
    return json_is_object(*out) ? SID_OK : bad_member(r, name, "an object");
}

static sid_status get_integer(const reader *r, const json_t *parent, const char *name, int64_t min, int64_t max,
                              int64_t *out)
{
    const json_t *value = json_object_get(parent, name);
    char expected[80];
    if (json_is_integer(value) && json_integer_value(value) >= min && json_integer_value(value) <= max) {
        *out = json_integer_value(value);
        return SID_OK;
    }
    (void)snprintf(expected, sizeof expected, "a whole number from %" PRId64 " to %" PRId64, min, max);
    return bad_member(r, name, expected);
}

static sid_status get_int(const reader *r, const json_t *parent, const char *name, int min, int max, int *out)
{
    int64_t value = 0;
    SID_TRY(get_integer(r, parent, name, min, max, &value));
    *out = (int)value;
    return SID_OK;
}

static sid_status copy_text(const reader *r, const json_t *value, const char *name, char *out, size_t size)
{
    char expected[80];
    if (json_is_string(value) && json_string_length(value) < size &&
        strlen(json_string_value(value)) == json_string_length(value)) {
        memcpy(out, json_string_value(value), json_string_length(value) + 1);
        return SID_OK;
    }
    (void)snprintf(expected, sizeof expected, "a text below %zu bytes", size);
    return bad_member(r, name, expected);
}

static sid_status get_text(const reader *r, const json_t *parent, const char *name, char *out, size_t size)
{
    return copy_text(r, json_object_get(parent, name), name, out, size);
}

/* Exactly size - 1 lower-case hexadecimal digits. */
static sid_status get_hex(const reader *r, const json_t *parent, const char *name, char *out, size_t size)
{
    SID_TRY(get_text(r, parent, name, out, size));
    if (strlen(out) == size - 1 && strspn(out, "0123456789abcdef") == size - 1)
        return SID_OK;
    return bad_member(r, name, size == SID__CATALOG_ID_SIZE ? "32 hexadecimal digits" : "64 hexadecimal digits");
}

static sid_status read_quantizer(const reader *r, const json_t *root, sid__manifest *m)
{
    json_t *q = NULL, *collisions = NULL;
    SID_TRY(get_object(r, root, "quantizer", &q));
    SID_TRY(get_text(r, q, "family", m->family, sizeof m->family));
    SID_TRY(get_text(r, q, "options", m->options, sizeof m->options));
    SID_TRY(get_int(r, q, "levels", 1, SID_LEVELS_MAX, &m->levels));
    SID_TRY(get_integer(r, q, "seed", 0, INT64_MAX, &m->seed));
    const json_t *codes = json_object_get(q, "codes");
    if (!json_is_array(codes) || json_array_size(codes) != (size_t)m->levels)
        return bad_member(r, "codes", "one number a level");
    for (int i = 0; i < m->levels; i++) {
        const json_t *k = json_array_get(codes, (size_t)i);
        if (!json_is_integer(k) || json_integer_value(k) < 2 || json_integer_value(k) > SID_CODES_MAX)
            return bad_member(r, "codes", "numbers from 2 to 65536");
        m->codes[i] = (int)json_integer_value(k);
    }
    SID_TRY(get_int(r, root, "dim", 1, SID_DIM_MAX, &m->dim));
    SID_TRY(get_int(r, root, "prepared_dim", 1, SID_DIM_MAX, &m->prepared_dim));
    SID_TRY(get_text(r, root, "normalization", m->normalization, sizeof m->normalization));
    SID_TRY(get_object(r, root, "collisions", &collisions));
    SID_TRY(get_text(r, collisions, "policy", m->collisions, sizeof m->collisions));
    SID_TRY(get_text(r, collisions, "style", m->digit_style, sizeof m->digit_style));
    if (json_object_get(collisions, "options"))
        SID_TRY(get_text(r, collisions, "options", m->collision_options, sizeof m->collision_options));
    return get_int(r, collisions, "digit_codes", 0, SID_CODES_MAX, &m->digit_codes);
}

static sid_status read_encoder(const reader *r, const json_t *root, sid__manifest *m)
{
    json_t *encoder = json_object_get(root, "encoder");
    m->has_encoder = !json_is_null(encoder);
    if (!m->has_encoder)
        return SID_OK;
    if (!json_is_object(encoder))
        return bad_member(r, "encoder", "an object or null");
    SID_TRY(get_text(r, encoder, "name", m->encoder, sizeof m->encoder));
    SID_TRY(get_text(r, encoder, "fields", m->encoder_fields, sizeof m->encoder_fields));
    SID_TRY(get_text(r, encoder, "options", m->encoder_options, sizeof m->encoder_options));
    SID_TRY(get_integer(r, encoder, "seed", 0, INT64_MAX, &m->encoder_seed));
    return get_text(r, encoder, "fingerprint", m->encoder_fingerprint, sizeof m->encoder_fingerprint);
}

static sid_status read_items(const reader *r, const json_t *root, sid__manifest *m)
{
    json_t *items = NULL;
    SID_TRY(get_object(r, root, "items", &items));
    SID_TRY(get_integer(r, items, "count", 1, INT64_MAX / SID_DIM_MAX, &m->fitted_items));
    SID_TRY(get_hex(r, items, "digest", m->fitted_digest, sizeof m->fitted_digest));
    SID_TRY(get_integer(r, items, "largest_bucket", 1, m->fitted_items, &m->largest_bucket));
    const json_t *residual = json_object_get(items, "mean_residual");
    m->mean_residual = json_number_value(residual);
    if (!json_is_number(residual) || !isfinite(m->mean_residual) || m->mean_residual < 0)
        return bad_member(r, "mean_residual", "a number that is not negative");
    return SID_OK;
}

static sid_status read_files(const reader *r, json_t *root, sid__manifest *m)
{
    json_t *files = NULL, *value = NULL;
    const char *name = NULL;
    SID_TRY(get_object(r, root, "files", &files));
    if (json_object_size(files) > SID__MANIFEST_FILES_MAX)
        return bad_member(r, "files", "16 files or fewer");
    json_object_foreach(files, name, value)
    {
        sid__manifest_file *file = &m->file[m->file_count];
        /* A name is joined to the directory, so it must not lead out of it. */
        if (!json_is_object(value) || strlen(name) >= sizeof file->name || name[0] == 0 || name[0] == '.' ||
            strchr(name, '/'))
            return bad_member(r, "files", "plain file names, each with size and sha256");
        (void)snprintf(file->name, sizeof file->name, "%s", name);
        SID_TRY(get_integer(r, value, "size", 0, INT64_MAX, &file->size));
        SID_TRY(get_hex(r, value, "sha256", file->sha256, sizeof file->sha256));
        m->file_count++;
    }
    return SID_OK;
}

static bool is_known_feature(const char *name)
{
    for (size_t i = 0; i < sizeof known_features / sizeof *known_features; i++)
        if (strcmp(known_features[i], name) == 0)
            return true;
    return false;
}

static sid_status read_features(const reader *r, const json_t *root, sid__manifest *m)
{
    const json_t *features = json_object_get(root, "requires");
    if (!json_is_array(features) || json_array_size(features) > SID__MANIFEST_FEATURES_MAX)
        return bad_member(r, "requires", "a list of at most 16 names");
    for (size_t i = 0; i < json_array_size(features); i++) {
        SID_TRY(copy_text(r, json_array_get(features, i), "requires", m->feature[i], sizeof m->feature[i]));
        m->feature_count++;
        if (!is_known_feature(m->feature[i]))
            return sid__fail_at(
                r->err, SID_EVERSION, (sid__place){.file = r->path, .byte = -1},
                "requires the feature \"%s\" (format %d.%d), which semid %s does not know; read it with "
                "the version that wrote it or a later one",
                m->feature[i], m->major, m->minor, sid_version());
    }
    return SID_OK;
}

static sid_status read_version(const reader *r, const json_t *root, sid__manifest *m)
{
    json_t *format = NULL;
    SID_TRY(get_object(r, root, "format", &format));
    SID_TRY(get_int(r, format, "major", 1, INT32_MAX, &m->major));
    SID_TRY(get_int(r, format, "minor", 0, INT32_MAX, &m->minor));
    if (m->major != SID__MANIFEST_MAJOR)
        return sid__fail_at(r->err, SID_EVERSION, (sid__place){.file = r->path, .byte = -1},
                            "format %d.%d; semid %s reads %d.x; use a later semid", m->major, m->minor, sid_version(),
                            SID__MANIFEST_MAJOR);
    return SID_OK;
}

static sid_status read_root(const reader *r, json_t *root, sid__manifest *m)
{
    if (!json_is_object(root))
        return bad_member(r, "", "an object");
    SID_TRY(read_version(r, root, m));
    SID_TRY(read_features(r, root, m));
    SID_TRY(get_hex(r, root, "id", m->id, sizeof m->id));
    if (!json_is_null(json_object_get(root, "parent")))
        SID_TRY(get_hex(r, root, "parent", m->parent, sizeof m->parent));
    SID_TRY(read_quantizer(r, root, m));
    SID_TRY(read_encoder(r, root, m));
    SID_TRY(read_items(r, root, m));
    return read_files(r, root, m);
}

sid_status sid__manifest_parse(const char *bytes, size_t size, const char *path, sid__manifest *out, sid_error *err)
{
    json_t *root = NULL;
    *out = (sid__manifest){0};
    SID_TRY(sid__json_parse(bytes, size, path, &root, err));
    sid_status status = read_root(&(reader){.path = path, .err = err}, root, out);
    json_decref(root);
    return status;
}

sid_status sid__manifest_check_hash(const char *bytes, size_t size, const char *path, sid_error *err)
{
    enum { END_SIZE = HASH_HEAD_SIZE + HASH_HEX_SIZE + HASH_TAIL_SIZE };
    char hex[SID__SHA256_HEX_SIZE], wanted[END_SIZE + 1];
    if (size > END_SIZE) {
        sid__sha256_bytes(bytes, size - END_SIZE, hex);
        (void)snprintf(wanted, sizeof wanted, HASH_HEAD "%s" HASH_TAIL, hex);
        if (memcmp(bytes + size - END_SIZE, wanted, END_SIZE) == 0)
            return SID_OK;
    }
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1},
                        "SHA-256 differs from the file's last member; restore or refit");
}

sid_status sid__manifest_read(const char *path, sid__manifest *out, sid_error *err)
{
    char *bytes = NULL;
    int64_t size = 0;
    SID_TRY(sid__read_whole(path, SID__MANIFEST_SIZE_MAX, &bytes, &size, err));
    sid_status status = sid__manifest_check_hash(bytes, (size_t)size, path, err);
    if (status == SID_OK)
        status = sid__manifest_parse(bytes, (size_t)size, path, out, err);
    sid__free(bytes);
    return status;
}
