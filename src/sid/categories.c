/* categories.c: see categories.h. */
#include "sid/categories.h"

#include <string.h>

enum { NODES_MAX = INT32_MAX };

static sid__names names_of(const sid__categories *c)
{
    return (sid__names){.first = &c->node->path, .stride = sizeof *c->node};
}

/* The node of a path that is known already, or -1. */
static int32_t find(const sid__categories *c, const char *path)
{
    return c->count ? (int32_t)sid__id_index_find(&c->index, names_of(c), path) : -1;
}

/* The node of a path whose last part begins at `name`; made when it is new. */
static sid_status intern(sid__categories *c, const char *path, size_t name, int32_t parent, int32_t *out,
                         sid_error *err)
{
    char *copy = NULL;
    int64_t seen = -1;
    int32_t known = find(c, path);
    if (known >= 0) {
        *out = known;
        return SID_OK;
    }
    if (c->count == NODES_MAX)
        return sid__fail(err, SID_EDATA, "there are more than %d categories", NODES_MAX);
    SID_TRY(sid__grow(&c->node, &c->capacity, c->count + 1, sizeof *c->node, "the categories", err));
    SID_TRY(sid__arena_text(&c->text, path, strlen(path), &copy, err));
    c->node[c->count] = (sid__category){
        .path = copy, .name = copy + name, .parent = parent, .depth = parent < 0 ? 1 : c->node[parent].depth + 1};
    SID_TRY(sid__id_index_add(&c->index, names_of(c), c->count, &seen, err));
    *out = (int32_t)c->count++;
    return SID_OK;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Appends the part at[0] .. at[size - 1] to the path, trimmed; false when nothing is left of it. */
static bool append_part(const sid__categories *c, char *path, size_t *length, const char *at, size_t size, size_t *name)
{
    while (size > 0 && is_space(at[0])) {
        at++;
        size--;
    }
    while (size > 0 && is_space(at[size - 1]))
        size--;
    if (size == 0)
        return false;
    if (*length > 0) {
        memcpy(path + *length, c->separator, strlen(c->separator));
        *length += strlen(c->separator);
    }
    *name = *length;
    memcpy(path + *length, at, size);
    *length += size;
    path[*length] = 0;
    return true;
}

/* `path` has room for the whole of text. */
static sid_status add_parts(sid__categories *c, const char *text, char *path, int32_t *node, sid_error *err)
{
    size_t length = 0, name = 0;
    *node = -1;
    for (const char *at = text; *at;) {
        int depth = *node < 0 ? 0 : c->node[*node].depth;
        const char *end = depth < SID__CATEGORY_DEPTH_MAX - 1 ? strstr(at, c->separator) : NULL;
        size_t size = end ? (size_t)(end - at) : strlen(at);
        if (append_part(c, path, &length, at, size, &name))
            SID_TRY(intern(c, path, name, *node, node, err));
        at += size + (end ? strlen(c->separator) : 0);
    }
    return SID_OK;
}

sid_status sid__categories_add(sid__categories *c, const char *path, sid_error *err)
{
    char *clean = NULL;
    int32_t node = path && *path ? find(c, path) : -1;
    sid_status status = SID_OK;
    if (path && *path && node < 0) {
        status = sid__alloc(&clean, strlen(path) + 1, 1, "a category", err);
        if (status == SID_OK)
            status = add_parts(c, path, clean, &node, err);
        sid__free(clean);
    }
    if (status == SID_OK)
        status = sid__grow(&c->item, &c->item_capacity, c->item_count + 1, sizeof *c->item, "the categories", err);
    if (status == SID_OK)
        c->item[c->item_count++] = node;
    return status;
}

int32_t sid__categories_at(const sid__categories *c, int32_t node, int depth)
{
    while (node >= 0 && c->node[node].depth > depth)
        node = c->node[node].parent;
    return node;
}

/* Whether all items that have a category have the same one at `depth`, and some go on. */
static bool is_common(const sid__categories *c, int depth)
{
    int32_t seen = -1;
    bool goes_on = false;
    for (int64_t i = 0; i < c->item_count; i++) {
        int32_t node = sid__categories_at(c, c->item[i], depth);
        if (node >= 0 && seen >= 0 && node != seen)
            return false;
        seen = node >= 0 ? node : seen;
        goes_on = goes_on || (node >= 0 && c->item[i] != node);
    }
    return goes_on;
}

int sid__categories_common(const sid__categories *c)
{
    int depth = 0;
    while (is_common(c, depth + 1))
        depth++;
    return depth;
}

void sid__categories_drop(sid__categories *c)
{
    sid__free(c->node);
    sid__free(c->item);
    sid__id_index_drop(&c->index);
    sid__arena_drop(&c->text);
    *c = (sid__categories){.separator = c->separator};
}
