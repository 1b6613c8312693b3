/* pieces_file.c: pieces as a directory, which appears whole or not at all, and as files for other programs.
 *
 * manifest.json   kind "pieces", format, scheme, options, codes (K of each level), fingerprint of the quantizer, rows, size and
 *                 SHA-256 of the other file; its last member is the SHA-256 of all before it, as in a catalogue
 *                 (io/manifest.h, rule 1)
 * pieces.model    of spm-unigram and spm-bpe: SentencePiece's own form
 *
 * No timestamps: equal codes, weights and options give equal bytes.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/json.h"
#include "io/manifest.h"
#include "pieces/piece_model.h"

enum { FORMAT_MAJOR = 1, MANIFEST_MOST = 1 << 20, MODEL_MOST = INT32_MAX };

#define FILE_MANIFEST "manifest.json"
#define FILE_MODEL "pieces.model"

/* ---- Written ---- */

static sid_status append_member(sid__strbuf *out, const char *name, const char *text, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(out, err, ",\n  \"%s\": ", name));
    return sid__json_append_text(out, text, err);
}

static sid_status append_codes(const sid_pieces *p, sid__strbuf *out, sid_error *err)
{
    for (int l = 0; l < p->levels; l++)
        SID_TRY(sid__strbuf_printf(out, err, "%s%d", l ? ", " : ",\n  \"codes\": [", p->codes[l]));
    return sid__strbuf_append(out, "]", 1, err);
}

static sid_status fill_manifest(const sid_pieces *p, const sid__strbuf *model, sid__strbuf *out, sid_error *err)
{
    char hex[SID__SHA256_HEX_SIZE];
    sid_pieces_info info;
    sid_pieces_get_info(p, &info);
    SID_TRY(sid__strbuf_printf(out, err, "{\n  \"kind\": \"pieces\",\n  \"format\": {\"major\": %d, \"minor\": 0}",
                               FORMAT_MAJOR));
    SID_TRY(append_member(out, "scheme", info.scheme, err));
    SID_TRY(append_member(out, "options", info.options, err));
    SID_TRY(append_codes(p, out, err));
    SID_TRY(append_member(out, "fingerprint", info.fingerprint, err));
    SID_TRY(sid__strbuf_printf(out, err, ",\n  \"rows\": %" PRId64 ",\n  \"files\": {", info.rows));
    if (p->model) {
        sid__sha256_bytes(model->text, (size_t)model->length, hex);
        SID_TRY(sid__strbuf_printf(
            out, err, "\n    \"" FILE_MODEL "\": {\"size\": %" PRId64 ", \"sha256\": \"%s\"}\n  ", model->length, hex));
    }
    SID_TRY(sid__strbuf_printf(out, err, "},\n  \"requires\": []"));
    sid__sha256_bytes(out->text, (size_t)out->length, hex);
    return sid__strbuf_printf(out, err, ",\n  \"sha256\": \"%s\"\n}\n", hex);
}

static sid_status write_file(const char *directory, const char *name, const sid__strbuf *text, sid_error *err)
{
    char path[PATH_MAX];
    SID_TRY(sid__path_join(path, sizeof path, directory, name, err));
    return sid__write_whole(path, text->text, text->length, err);
}

/* Where a directory is made before it appears: .NAME.tmp-PID beside it. */
typedef struct place {
    char target[PATH_MAX], parent[PATH_MAX], temporary[PATH_MAX];
    bool replaces;
} place;

static bool is_pieces(const char *path)
{
    char manifest[PATH_MAX];
    char *bytes = NULL;
    int64_t size = 0;
    bool is_ours = sid__path_join(manifest, sizeof manifest, path, FILE_MANIFEST, NULL) == SID_OK &&
                   sid__read_whole(manifest, MANIFEST_MOST, &bytes, &size, NULL) == SID_OK &&
                   strstr(bytes, "\"kind\": \"pieces\"") != NULL;
    sid__free(bytes);
    return is_ours;
}

static sid_status check_place(const char *path, bool force, place *at, sid_error *err)
{
    size_t length = strlen(path);
    *at = (place){.target = ""};
    while (length > 1 && path[length - 1] == '/')
        length--;
    const char *slash = NULL;
    for (size_t i = 0; i < length; i++)
        slash = path[i] == '/' ? path + i : slash;
    size_t before = slash ? (size_t)(slash - path) + 1 : 0;
    int used = snprintf(at->temporary, sizeof at->temporary, "%.*s.%.*s.tmp-%ld", (int)before, path,
                        (int)(length - before), path + before, (long)getpid());
    if (length == 0 || length >= PATH_MAX || used < 0 || (size_t)used >= sizeof at->temporary)
        return sid__fail(err, SID_EUSAGE, "\"%.80s\" is no path for pieces: shorter than %d bytes is expected", path,
                         PATH_MAX);
    (void)snprintf(at->target, sizeof at->target, "%.*s", (int)length, path);
    (void)snprintf(at->parent, sizeof at->parent, "%.*s", (int)(before ? before : 1), before ? path : ".");
    at->replaces = sid__path_exists(at->target);
    if (at->replaces && !force)
        return sid__fail_at(err, SID_EEXISTS, (sid__place){.file = at->target, .byte = -1},
                            "exists; --force replaces it");
    if (at->replaces && !is_pieces(at->target))
        return sid__fail_at(err, SID_EEXISTS, (sid__place){.file = at->target, .byte = -1},
                            "holds no pieces, so --force does not replace it; remove it, or choose another place");
    return SID_OK;
}

static sid_status write_all(const sid_pieces *p, const place *at, const sid__strbuf *model, sid_error *err)
{
    sid__strbuf manifest = {0};
    SID_TRY(sid__remove_tree(at->temporary, err));
    SID_TRY(sid__directory_create(at->temporary, err));
    sid_status status = fill_manifest(p, model, &manifest, err);
    if (status == SID_OK && p->model)
        status = write_file(at->temporary, FILE_MODEL, model, err);
    if (status == SID_OK)
        status = write_file(at->temporary, FILE_MANIFEST, &manifest, err);
    sid__strbuf_drop(&manifest);
    if (status == SID_OK)
        status = sid__directory_sync(at->temporary, err);
    if (status == SID_OK)
        status = sid__rename(at->temporary, at->target, at->replaces, err);
    if (status != SID_OK) {
        (void)sid__remove_tree(at->temporary, NULL);
        return status;
    }
    return sid__directory_sync(at->parent, err);
}

sid_status sid_pieces_save(const sid_pieces *p, const char *path, bool force, sid_error *err)
{
    place at;
    sid__strbuf model = {0};
    SID_TRY(check_place(path, force, &at, err));
    sid_status status = p->model ? sid__piece_proto_write(p->model, &model, err) : SID_OK;
    if (status == SID_OK)
        status = write_all(p, &at, &model, err);
    sid__strbuf_drop(&model);
    if (status == SID_OK && at.replaces) /* what stood at the target before */
        return sid__remove_tree(at.temporary, err);
    return status;
}

/* ---- Read ---- */

typedef struct opening {
    const char *directory;
    char manifest[PATH_MAX], model[PATH_MAX];
    json_t *tree;
    sid_pieces_options options;
    int codes[SID_LEVELS_MAX];
} opening;

static sid_status fail_member(const opening *o, const char *name, sid_error *err)
{
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = o->manifest, .byte = -1},
                        "member \"%s\" is missing or no such value; train again", name);
}

static sid_status take_text(const opening *o, const char *name, const char **out, sid_error *err)
{
    *out = json_string_value(json_object_get(o->tree, name));
    return *out ? SID_OK : fail_member(o, name, err);
}

static sid_status take_codes(opening *o, sid_error *err)
{
    const json_t *codes = json_object_get(o->tree, "codes");
    size_t levels = json_array_size(codes);
    if (levels < 1 || levels > SID_LEVELS_MAX)
        return fail_member(o, "codes", err);
    for (size_t l = 0; l < levels; l++) {
        json_int_t k = json_integer_value(json_array_get(codes, l));
        if (k < 1 || k > SID_CODES_MAX)
            return fail_member(o, "codes", err);
        o->codes[l] = (int)k;
    }
    o->options.codes = o->codes;
    o->options.levels = (int)levels;
    return SID_OK;
}

static sid_status read_manifest(opening *o, sid_error *err)
{
    char *bytes = NULL;
    int64_t size = 0;
    if (!sid__path_is_directory(o->directory))
        return sid__fail_at(
            err, SID_ENOTFOUND, (sid__place){.file = o->directory, .byte = -1}, "%s; semid pieces train makes them",
            sid__path_exists(o->directory) ? "is no directory, so no pieces" : "there are no such pieces");
    SID_TRY(sid__path_join(o->manifest, sizeof o->manifest, o->directory, FILE_MANIFEST, err));
    SID_TRY(sid__path_join(o->model, sizeof o->model, o->directory, FILE_MODEL, err));
    if (!sid__path_exists(o->manifest))
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = o->directory, .byte = -1},
                            "holds no " FILE_MANIFEST ", so it has no pieces; semid pieces train makes them");
    SID_TRY(sid__read_whole(o->manifest, MANIFEST_MOST, &bytes, &size, err));
    sid_status status = sid__manifest_check_hash(bytes, (size_t)size, o->manifest, err);
    if (status == SID_OK)
        status = sid__json_parse(bytes, (size_t)size, o->manifest, &o->tree, err);
    sid__free(bytes);
    return status;
}

static sid_status check_kind(const opening *o, sid_error *err)
{
    const char *kind = json_string_value(json_object_get(o->tree, "kind"));
    json_int_t major = json_integer_value(json_object_get(json_object_get(o->tree, "format"), "major"));
    if (!kind || strcmp(kind, "pieces") != 0)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = o->directory, .byte = -1},
                            "is a %s, and pieces are expected; semid pieces train makes them",
                            kind && strcmp(kind, "model") == 0 ? "model" : "catalogue");
    if (major != FORMAT_MAJOR || json_array_size(json_object_get(o->tree, "requires")) > 0)
        return sid__fail_at(err, SID_EVERSION, (sid__place){.file = o->manifest, .byte = -1},
                            "pieces of format %lld, or with features that this semid lacks; it reads format %d",
                            (long long)major, FORMAT_MAJOR);
    return SID_OK;
}

/* The model's bytes must be those that the manifest knows. */
static sid_status read_model(const opening *o, sid_pieces *p, sid_error *err)
{
    const json_t *entry = json_object_get(json_object_get(o->tree, "files"), FILE_MODEL);
    const char *wanted = json_string_value(json_object_get(entry, "sha256"));
    char *bytes = NULL, hex[SID__SHA256_HEX_SIZE];
    int64_t size = 0;
    SID_TRY(sid__read_whole(o->model, MODEL_MOST, &bytes, &size, err));
    sid__sha256_bytes(bytes, (size_t)size, hex);
    sid_status status = wanted && strcmp(hex, wanted) == 0
                            ? sid__piece_proto_read(p, bytes, (size_t)size, o->model, &p->model, err)
                            : sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = o->model, .byte = -1},
                                           "SHA-256 differs from the manifest; restore or train again");
    sid__free(bytes);
    if (status == SID_OK && p->model->is_bpe != (p->scheme->train == sid__piece_bpe_train))
        return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = o->model, .byte = -1},
                            "is a model of another scheme than %s; restore or train again", p->scheme->info.name);
    return status;
}

static sid_status open_pieces(opening *o, sid_ctx *ctx, sid_pieces **out, sid_error *err)
{
    SID_TRY(read_manifest(o, err));
    SID_TRY(check_kind(o, err));
    SID_TRY(take_text(o, "scheme", &o->options.scheme, err));
    SID_TRY(take_text(o, "options", &o->options.options, err));
    SID_TRY(take_text(o, "fingerprint", &o->options.fingerprint, err));
    SID_TRY(take_codes(o, err));
    SID_TRY(sid__pieces_create(ctx, &o->options, out, err));
    return (*out)->scheme->train ? read_model(o, *out, err) : SID_OK;
}

sid_status sid_pieces_open(sid_ctx *ctx, const char *path, sid_pieces **out, sid_error *err)
{
    opening o = {.directory = path};
    sid_pieces *p = NULL;
    sid_status status = open_pieces(&o, ctx, &p, err);
    json_decref(o.tree);
    if (status != SID_OK) {
        sid_pieces_close(p);
        return status;
    }
    *out = p;
    return SID_OK;
}

/* ---- From and for other programs ---- */

sid_status sid_pieces_read_model(sid_ctx *ctx, const sid_pieces_options *options, const char *path, sid_pieces **out,
                                 sid_error *err)
{
    sid_pieces_options with = *options;
    sid_pieces *p = NULL;
    char *bytes = NULL, rows[32];
    int64_t size = 0;
    (void)snprintf(rows, sizeof rows, "rows=%d", SID__PIECES_MAX);
    with.scheme = "spm-unigram";
    with.options = rows;
    SID_TRY(sid__pieces_create(ctx, &with, &p, err));
    sid_status status = sid__read_whole(path, MODEL_MOST, &bytes, &size, err);
    if (status == SID_OK)
        status = sid__piece_proto_read(p, bytes, (size_t)size, path, &p->model, err);
    sid__free(bytes);
    if (status == SID_OK) {
        (void)snprintf(rows, sizeof rows, "rows=%" PRId64, p->model->count);
        with.scheme = p->model->is_bpe ? "spm-bpe" : "spm-unigram";
        status = sid__pieces_create(ctx, &with, out, err);
    }
    if (status == SID_OK) {
        (*out)->model = p->model;
        p->model = NULL;
    }
    sid_pieces_close(p);
    return status;
}

static sid_status check_learned(const sid_pieces *p, const char *form, sid_error *err)
{
    if (p->model)
        return SID_OK;
    return sid__fail(
        err, SID_EUSAGE,
        "scheme %s has no pieces to write as %s: its rows are counted; only spm-unigram and spm-bpe have a "
        "vocabulary",
        p->scheme->info.name, form);
}

/* row, level of the first code (from 1), codes, score */
static sid_status write_tsv(const sid_pieces *p, sid__strbuf *out, sid_error *err)
{
    char text[SID_SID_TEXT_MAX], number[SID__NUMBER_TEXT_SIZE];
    SID_TRY(sid__strbuf_printf(out, err, "row\tlevel\tcodes\tscore\n"));
    for (int64_t i = 0; i < p->model->count; i++) {
        const sid__piece *piece = &p->model->piece[i];
        if (piece->length == 0)
            continue;
        sid_format(piece->codes, piece->length, text);
        sid__number_text(number, 9, (double)piece->score);
        SID_TRY(sid__strbuf_printf(out, err, "%" PRId64 "\t%d\t%s\t%s\n", i, piece->first + 1, text, number));
    }
    return SID_OK;
}

sid_status sid_pieces_export(const sid_pieces *p, const char *form, const char *path, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status;
    SID_TRY(check_learned(p, form, err));
    if (strcmp(form, "spm") == 0)
        status = sid__piece_proto_write(p->model, &text, err);
    else if (strcmp(form, "tokenizer") == 0)
        status = sid__piece_tokenizer_write(p->model, &text, err);
    else if (strcmp(form, "tsv") == 0)
        status = write_tsv(p, &text, err);
    else
        return sid__fail(err, SID_EUSAGE, "form \"%s\" of pieces is unknown; known are spm, tokenizer, tsv", form);
    if (status == SID_OK)
        status = sid__replace_whole(path, text.text, (size_t)text.length, err);
    sid__strbuf_drop(&text);
    return status;
}
