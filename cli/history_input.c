/* history_input.c: see history_input.h. */
#include "history_input.h"

#include <stdlib.h>
#include <string.h>

#include "inputs.h"
#include "output.h"

static void split_list(cli_app *app, const char *text, cli_history *out)
{
    char *list = cli_keep(app, "%s", text);
    out->id = cli_alloc(strlen(text) + 1, sizeof *out->id);
    for (char *at = list; *at;) {
        size_t length = strcspn(at, ",");
        char *next = at + length + (at[length] == ',');
        at[length] = 0;
        if (length > 0)
            out->id[out->count++] = at;
        at = next;
    }
}

static sid_status bad_line(cli_app *app, const char *path, int64_t line, const char *why)
{
    return cli_fail(app, SID_EDATA,
                    "%s, line %lld: %s; a,b,c, or {\"user_id\": \"u\", \"history\": [\"a\", \"b\"]}, is expected", path,
                    (long long)line, why);
}

static const char *id_text(cli_app *app, const json_t *value)
{
    if (json_is_integer(value))
        return cli_keep(app, "%lld", (long long)json_integer_value(value));
    return json_is_string(value) ? cli_keep(app, "%s", json_string_value(value)) : NULL;
}

static sid_status take_json(cli_app *app, const char *path, int64_t line, const char *text, cli_history *out)
{
    json_error_t why;
    json_t *tree = json_loads(text, 0, &why);
    const json_t *list = json_is_object(tree) ? json_object_get(tree, "history") : tree;
    const json_t *user = json_is_object(tree) ? json_object_get(tree, "user_id") : NULL;
    sid_status status = SID_OK;
    if (!tree)
        status = bad_line(app, path, line, why.text);
    else if (!json_is_array(list))
        status = bad_line(app, path, line, "there is no list \"history\"");
    out->id = cli_alloc(json_array_size(list) + 1, sizeof *out->id);
    for (size_t i = 0; status == SID_OK && i < json_array_size(list); i++) {
        out->id[out->count] = id_text(app, json_array_get(list, i));
        if (!out->id[out->count++])
            status = bad_line(app, path, line, "an id is neither a text nor a whole number");
    }
    if (user && id_text(app, user)) {
        out->user = id_text(app, user);
        out->is_named = true;
    }
    json_decref(tree);
    return status;
}

static sid_status take_line(cli_app *app, const char *path, int64_t line, const char *text, cli_history *out)
{
    const char *tab = strchr(text, '\t');
    out->user = cli_keep(app, "%lld", (long long)line);
    if (text[0] == '{' || text[0] == '[')
        return take_json(app, path, line, text, out);
    if (tab)
        out->user = cli_keep(app, "%.*s", (int)(tab - text), text);
    out->is_named = tab != NULL;
    split_list(app, tab ? tab + 1 : text, out);
    return out->count > 0 ? SID_OK : bad_line(app, path, line, "no id");
}

static sid_status read_file(cli_app *app, const char *path, cli_histories *out)
{
    cli_lines lines = {0};
    CLI_TRY(cli_lines_read(app, path, &lines));
    sid_status status = SID_OK;
    out->row = cli_alloc((size_t)lines.count + 1, sizeof *out->row);
    out->count = lines.count;
    for (int64_t i = 0; status == SID_OK && i < lines.count; i++)
        status = take_line(app, path, i + 1, lines.line[i], &out->row[i]);
    if (status == SID_OK && lines.count == 0)
        status = cli_fail(app, SID_EDATA, "%s holds no history; one a line is expected", path);
    cli_lines_drop(&lines);
    return status;
}

/* Ids that hold commas can be named only so. An id that begins like JSON and is none stays an id. */
static bool is_json(const char *text)
{
    json_t *tree = text[0] == '{' || text[0] == '[' ? json_loads(text, 0, NULL) : NULL;
    json_decref(tree);
    return tree != NULL;
}

sid_status cli_histories_read(cli_app *app, const char *text, cli_histories *out)
{
    if (text[0] == '@')
        return read_file(app, text + 1, out);
    out->row = cli_alloc(1, sizeof *out->row);
    out->count = 1;
    if (is_json(text))
        return take_json(app, "--history", 1, text, &out->row[0]);
    split_list(app, text, &out->row[0]);
    return SID_OK;
}

void cli_histories_drop(cli_histories *histories)
{
    for (int64_t i = 0; i < histories->count; i++)
        free(histories->row[i].id);
    free(histories->row);
    *histories = (cli_histories){0};
}

const char *cli_history_word(cli_app *app, const char *id)
{
    const char *text = id;
    if (strchr("@[{", id[0]) || strchr(id, ',')) {
        json_t *list = json_pack("[o]", cli_json_text(id));
        char *json = json_dumps(list, 0);
        text = json ? cli_keep(app, "%s", json) : id;
        free(json);
        json_decref(list);
    }
    return cli_keep(app, "%c%s", text[0] == '-' ? '=' : ' ', cli_keep_word(app, text));
}
