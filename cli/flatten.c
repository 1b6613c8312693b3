/* flatten.c: see flatten.h. */
#include "flatten.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* "path.name", or "path.number" without a name; a malloc'd text. */
static char *join(const char *path, const char *name, size_t number)
{
    size_t size = strlen(path) + (name ? strlen(name) : 20) + 2;
    char *text = cli_alloc(size, 1);
    const char *dot = *path && !(name && !*name) ? "." : "";
    if (name)
        (void)snprintf(text, size, "%s%s%s", path, dot, name);
    else
        (void)snprintf(text, size, "%s%s%zu", path, dot, number);
    return text;
}

static void append(cli_leaves *leaves, const char *path, const json_t *value)
{
    if (leaves->count == leaves->room) {
        int room = leaves->room ? 2 * leaves->room : 64;
        cli_leaf *grown = cli_alloc((size_t)room, sizeof *grown);
        if (leaves->count)
            memcpy(grown, leaves->row, (size_t)leaves->count * sizeof *grown);
        free(leaves->row);
        leaves->row = grown;
        leaves->room = room;
    }
    leaves->row[leaves->count++] = (cli_leaf){join(path, "", 0), value};
}

/* Documents are ours or bounded by jansson's depth limit, so that recursion is too. */
static void flatten(const json_t *value, const char *path, cli_leaves *leaves)
{
    const char *name;
    json_t *member;
    size_t index;
    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, name, member)
        {
            char *below = join(path, name, 0);
            flatten(member, below, leaves);
            free(below);
        }
    } else if (json_is_array(value)) {
        json_array_foreach(value, index, member)
        {
            const char *own = json_string_value(json_object_get(member, "name"));
            char *below = join(path, own, index + 1);
            flatten(member, below, leaves);
            free(below);
        }
    } else {
        append(leaves, path, value);
    }
}

void cli_flatten(const json_t *value, cli_leaves *leaves)
{
    flatten(value, "", leaves);
}

void cli_leaves_drop(cli_leaves *leaves)
{
    for (int i = 0; i < leaves->count; i++)
        free(leaves->row[i].path);
    free(leaves->row);
    *leaves = (cli_leaves){0};
}

const char *cli_leaf_text(const json_t *value, char *text, size_t size)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return json_string_value(value);
    case JSON_INTEGER:
        (void)snprintf(text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return text;
    case JSON_REAL:
        (void)snprintf(text, size, "%.6g", json_real_value(value));
        return text;
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    default:
        return "null";
    }
}
