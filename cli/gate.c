/* gate.c: see gate.h. A gate is PATH OPERATOR VALUE; paths are those of the tsv form ("level.1.perplexity"), and names of
 * checks. A figure that was not computed fails its gate: silence would look like success.
 */
#include "gate.h"

#include <stdlib.h>
#include <string.h>

#include "flatten.h"

typedef struct gate {
    const char *path, *operator, * limit;
} gate;

static const char *const operator_list[] = {"<=", ">=", "==", "!=", "<", ">"};

static sid_status parse(cli_app *app, const char *text, gate *out)
{
    *out = (gate){"", "", ""};
    size_t length = strcspn(text, "<>=!");
    for (int i = 0; i < CLI_COUNT(operator_list); i++) {
        size_t size = strlen(operator_list[i]);
        if (strncmp(text + length, operator_list[i], size) != 0)
            continue;
        const char *limit = text + length + size;
        limit += strspn(limit, " ");
        while (length > 0 && text[length - 1] == ' ')
            length--;
        if (length == 0 || !*limit)
            break;
        *out = (gate){cli_keep(app, "%.*s", (int)length, text), operator_list[i], limit};
        return SID_OK;
    }
    return cli_fail(app, SID_EUSAGE,
                    "--fail-on is \"%s\"; a figure, one of < <= > >= == != and a value are expected, as in "
                    "'unique_rate<0.7'",
                    text);
}

static sid_status check_limit(cli_app *app, const gate *g)
{
    char *end = NULL;
    (void)strtod(g->limit, &end);
    bool is_equality = g->operator[1] == '=' && strchr("=!", g->operator[0]);
    if (!*end || is_equality)
        return SID_OK;
    return cli_fail(app, SID_EUSAGE, "--fail-on %s%s%s: \"%s\" is no number; words go with == and != only", g->path,
                    g->operator, g->limit, g->limit);
}

sid_status cli_gates_check(cli_app *app, const cli_setting *gates)
{
    gate g;
    for (int i = 0; gates && i < gates->count; i++) {
        CLI_TRY(parse(app, gates->text[i], &g));
        CLI_TRY(check_limit(app, &g));
    }
    return SID_OK;
}

static const cli_leaf *find_leaf(cli_app *app, const cli_leaves *leaves, const char *path)
{
    const char *as_check = cli_keep(app, "checks.%s.value", path);
    for (int i = 0; i < leaves->count; i++)
        if (strcmp(leaves->row[i].path, path) == 0 || strcmp(leaves->row[i].path, as_check) == 0)
            return &leaves->row[i];
    return NULL;
}

static sid_status unknown_figure(cli_app *app, const cli_leaves *leaves, const char *path)
{
    const char **names = cli_alloc((size_t)leaves->count, sizeof *names);
    for (int i = 0; i < leaves->count; i++)
        names[i] = leaves->row[i].path;
    const char *near = sid_closest(path, names, leaves->count);
    sid_status status = cli_fail(
        app, SID_EUSAGE, "--fail-on: the report has no figure \"%s\" (semid inspect --format tsv lists them)%s%s%s",
        path, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    free(names);
    return status;
}

static bool compare(double value, const char *operator, double limit)
{
    switch (operator[0]) {
    case '<':
        return operator[1] ? value <= limit : value<limit;
    case '>':
        return operator[1] ? value >= limit : value> limit;
    default: /* exactly as written, as the form promises */
        return (value < limit || value > limit) == (operator[0] == '!');
    }
}

static bool holds(const gate *g, const json_t *value)
{
    char *end = NULL;
    double limit = strtod(g->limit, &end);
    if (json_is_number(value) && !*end)
        return compare(json_number_value(value), g->operator, limit);
    char text[64];
    bool is_same = strcmp(cli_leaf_text(value, text, sizeof text), g->limit) == 0;
    return is_same == (g->operator[0] == '=');
}

static sid_status apply(cli_app *app, const gate *g, const cli_leaves *leaves)
{
    char text[64];
    const cli_leaf *leaf = find_leaf(app, leaves, g->path);
    if (!leaf)
        return unknown_figure(app, leaves, g->path);
    if (json_is_null(leaf->value))
        return cli_fail(app, SID_EDATA, "gate failed: %s was not computed, so %s%s%s cannot be judged", g->path,
                        g->path, g->operator, g->limit);
    if (holds(g, leaf->value))
        return cli_fail(app, SID_EDATA, "gate failed: %s is %s (--fail-on '%s%s%s')", g->path,
                        cli_leaf_text(leaf->value, text, sizeof text), g->path, g->operator, g->limit);
    return SID_OK;
}

sid_status cli_gates_apply(cli_app *app, const cli_setting *gates, const json_t *report)
{
    cli_leaves leaves = {0};
    gate g;
    sid_status status = SID_OK;
    cli_flatten(report, &leaves);
    for (int i = 0; gates && status == SID_OK && i < gates->count; i++) {
        status = parse(app, gates->text[i], &g);
        if (status == SID_OK)
            status = apply(app, &g, &leaves);
    }
    cli_leaves_drop(&leaves);
    return status;
}
