/* inputs.c: see inputs.h. */
#include "inputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "signals.h"

sid_status cli_on_error_parse(cli_app *app, sid_read_options *out)
{
    static const char quarantine[] = "quarantine=";
    const char *text = cli_text(app, "on-error");
    if (strcmp(text, "fail") == 0)
        out->on_error = SID_ON_ERROR_FAIL;
    else if (strcmp(text, "skip") == 0)
        out->on_error = SID_ON_ERROR_SKIP;
    else if (strncmp(text, quarantine, sizeof quarantine - 1) == 0 && text[sizeof quarantine - 1]) {
        out->on_error = SID_ON_ERROR_QUARANTINE;
        out->quarantine_path = text + sizeof quarantine - 1;
    } else
        return cli_fail(app, SID_EUSAGE, "--on-error is \"%s\"; fail, skip or quarantine=FILE is expected", text);
    return SID_OK;
}

sid_status cli_items_read(cli_app *app, const char *path, sid_items **out)
{
    sid_read_options options = {0};
    CLI_TRY(cli_on_error_parse(app, &options));
    if (strcmp(path, "-") == 0)
        cli_signals_pause();
    sid_status status = sid_items_read(app->ctx, path, &options, out, &app->err);
    cli_signals_resume(app->ctx);
    CLI_TRY(status);
    if (sid_items_skipped(*out) > 0 && options.quarantine_path) /* the library has said how many */
        cli_note(app, "bad rows are in %s, the reasons in %s.why", options.quarantine_path, options.quarantine_path);

    return SID_OK;
}

sid_status cli_items_path(cli_app *app, int object_index, const char **path)
{
    const char *object = app->object_count > object_index ? app->object[object_index] : NULL;
    const char *option = cli_text(app, "items");
    if (object && option)
        return cli_fail(app, SID_EUSAGE, "items are given twice: \"%s\" and --items %s; give one", object, option);
    *path = object ? object : option;
    return SID_OK;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), size = strlen(ending);
    return length >= size && strcmp(text + length - size, ending) == 0;
}

const char *cli_ids_path(cli_app *app, const char *path)
{
    size_t length = strlen(path);
    return cli_keep(app, "%.*s.ids.txt", (int)(length > 4 && ends_with(path, ".npy") ? length - 4 : length), path);
}

bool cli_is_vectors_path(const char *path)
{
    static const char *const ending[] = {".npy", ".npz", ".safetensors"};
    for (int i = 0; i < CLI_COUNT(ending); i++)
        if (ends_with(path, ending[i]))
            return true;
    return strstr(path, ".npz:") || strstr(path, ".safetensors:");
}

/* Where ":IDS" begins in FILE[:IDS], or NULL. A file of the whole name wins; "x.npz:name" and "x.safetensors:name" have a
 * colon of their own. */
static const char *find_ids_colon(const char *spec)
{
    static const char *const named[] = {".npz:", ".safetensors:"};
    const char *mark;
    if (access(spec, F_OK) == 0)
        return NULL;
    for (int i = 0; i < CLI_COUNT(named); i++)
        if ((mark = strstr(spec, named[i])) != NULL)
            return strchr(mark + strlen(named[i]), ':');
    mark = strstr(spec, ".npy:");
    return mark ? mark + 4 : NULL;
}

sid_status cli_vectors_read(cli_app *app, const sid_items *items, sid_vectors **out)
{
    return cli_vectors_read_from(app, cli_text(app, "vectors"), items, out);
}

sid_status cli_vectors_read_from(cli_app *app, const char *spec, const sid_items *items, sid_vectors **out)
{
    const char *colon = find_ids_colon(spec), *ids = cli_text(app, "ids");
    const char *path = colon ? cli_keep(app, "%.*s", (int)(colon - spec), spec) : spec;
    if (colon && ids)
        return cli_fail(app, SID_EUSAGE, "ids are given twice: by --vectors %s and --ids %s; give one", spec, ids);
    if (colon)
        ids = colon + 1;
    sid_read_options options = {0};
    int64_t skipped = 0;
    CLI_TRY(cli_on_error_parse(app, &options));
    if (options.quarantine_path && items) /* FILE itself holds the bad rows of the items */
        options.quarantine_path = cli_keep(app, "%s.vectors", options.quarantine_path);
    CLI_TRY(sid_vectors_read_with(app->ctx, path, ids, ids ? NULL : items, &options, out, &skipped, &app->err));
    if (skipped > 0 && options.quarantine_path)
        cli_note(app, "the ids of bad rows are in %s, the reasons in %s.why", options.quarantine_path,
                 options.quarantine_path);
    return SID_OK;
}

sid_status cli_output_check(cli_app *app, const char *path)
{
    if (app->is_forced || strcmp(path, "-") == 0 || access(path, F_OK) != 0)
        return SID_OK;
    return cli_fail(app, SID_EEXISTS, "%s exists; pass --force to replace it", path);
}

sid_status cli_with_catalog(cli_app *app, cli_catalog_fn *fn, const void *user)
{
    sid_catalog *catalog = NULL;
    CLI_TRY(sid_catalog_open(app->ctx, app->object[0], SID_OPEN_READ, &catalog, &app->err));
    sid_status status = fn(app, catalog, user);
    sid_catalog_close(catalog);
    return status;
}

sid_status cli_output_path(cli_app *app, const char **path)
{
    *path = cli_text(app, "output");
    return *path ? SID_OK : cli_fail(app, SID_EUSAGE, "%s needs an output: -o PATH", app->command->name);
}

static void append_line(cli_lines *lines, int64_t *room, const char *text)
{
    if (lines->count == *room) {
        *room = *room ? 2 * *room : 64;
        char **grown = cli_alloc((size_t)*room, sizeof *grown);
        if (lines->count)
            memcpy(grown, lines->line, (size_t)lines->count * sizeof *grown);
        free(lines->line);
        lines->line = grown;
    }
    char *copy = cli_alloc(strlen(text) + 1, 1);
    lines->line[lines->count++] = memcpy(copy, text, strlen(text));
}

sid_status cli_lines_read(cli_app *app, const char *path, cli_lines *out)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    int64_t room = 0;
    if (!file)
        return cli_fail(app, SID_EIO, "%s: %s", path, strerror(errno));
    if (file == stdin)
        cli_signals_pause();

    for (ssize_t length; (length = getline(&line, &size, file)) > 0;) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            line[--length] = 0;
        if (length > 0)
            append_line(out, &room, line);
    }
    bool is_failed = ferror(file) != 0;
    int errno_value = errno;
    cli_signals_resume(app->ctx);
    free(line);
    if (file != stdin)
        (void)fclose(file);
    if (!is_failed)
        return SID_OK;
    cli_lines_drop(out);
    return cli_fail(app, SID_EIO, "%s: %s", path, strerror(errno_value));
}

void cli_lines_drop(cli_lines *lines)
{
    for (int64_t i = 0; i < lines->count; i++)
        free(lines->line[i]);
    free(lines->line);
    *lines = (cli_lines){0};
}
