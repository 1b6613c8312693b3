/* new_items.c: see new_items.h. */
#include "new_items.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_body.h"
#include "route_table.h"
#include "server.h"

enum { COLUMNS_MAX = 256 };
static const char title[] = "title";

static bool no_memory(srv_request *request)
{
    return srv_fail(request, 503, SID_ENOMEM, "out of memory; ask again");
}

/* ---- Read --------------------------------------------------------------------------------------------------------- */

static bool grow_one(void **array, int64_t room, size_t size)
{
    void *more = realloc(*array, (size_t)room * size);
    if (more)
        *array = more;
    return more != NULL;
}

static bool make_room(srv_new_items *items, int64_t count)
{
    int64_t room = items->room ? items->room : 16;
    if (count <= items->room)
        return true;
    while (room < count)
        room *= 2;
    if (!grow_one((void **)&items->id, room, sizeof *items->id) ||
        !grow_one((void **)&items->text, room, sizeof *items->text) ||
        !grow_one((void **)&items->field, room, sizeof *items->field) ||
        !grow_one((void **)&items->has_vector, room, sizeof *items->has_vector) ||
        !grow_one((void **)&items->is_textless, room, sizeof *items->is_textless) ||
        !grow_one((void **)&items->x, room, (size_t)items->dim * sizeof *items->x))
        return false;
    items->room = room;
    return true;
}

void srv_new_items_drop(srv_new_items *items)
{
    free(items->id);
    free(items->text);
    free(items->field);
    free(items->has_vector);
    free(items->is_textless);
    free(items->x);
    sid_items_free(items->items);
    *items = (srv_new_items){0};
}

static bool check_fields(srv_request *request, const json_t *fields, const char *pointer)
{
    char at[SRV_POINTER_MAX];
    const char *name;
    json_t *value;
    if (!fields)
        return true;
    (void)snprintf(at, sizeof at, "%s/fields", pointer);
    if (!json_is_object(fields) || json_object_size(fields) > COLUMNS_MAX)
        return srv_fail_at(request, 400, SID_EDATA, at, "an object of at most %d strings is expected", COLUMNS_MAX);
    json_object_foreach((json_t *)(uintptr_t)fields, name, value)
    {
        (void)snprintf(at, sizeof at, "%s/fields/%.40s", pointer, name);
        if (!json_is_string(value))
            return srv_fail_at(request, 400, SID_EDATA, at, "a string is expected");
        if (strcmp(name, "item_id") == 0)
            return srv_fail_at(request, 400, SID_EDATA, at, "item_id is no field");
        if (!srv_json_id(request, name, at)) /* the same rule for names of columns */
            return false;
    }
    return true;
}

bool srv_new_items_add(srv_request *request, srv_new_items *out, const char *id, const json_t *object,
                       const char *pointer)
{
    const json_t *vector = json_object_get(object, "vector"), *fields = json_object_get(object, "fields");
    const char *text = NULL;
    char at[SRV_POINTER_MAX];
    out->dim = request->bundle->store->dim;
    if (!srv_json_text(request, object, pointer, "text", &text) || !check_fields(request, fields, pointer))
        return false;
    if (!vector && !text && !fields)
        return srv_fail_at(request, 400, SID_EUSAGE, pointer, "none of vector, text, fields is there");
    if (text && fields)
        return srv_fail_at(request, 400, SID_EUSAGE, pointer,
                           "text and fields are there; text stands for the field title");
    if (!make_room(out, out->count + 1))
        return no_memory(request);
    float *x = out->x + out->count * out->dim;
    memset(x, 0, (size_t)out->dim * sizeof *x);
    (void)snprintf(at, sizeof at, "%s/vector", pointer);
    if (vector && !srv_json_vector(request, vector, at, out->dim, x))
        return false;
    if (!vector && !request->bundle->store->has_encoder)
        return srv_fail_at(request, 422, SID_EUSAGE, pointer,
                           "this catalogue was fitted from vectors and has no encoder: give a vector");
    out->id[out->count] = id;
    out->text[out->count] = text;
    out->field[out->count] = fields;
    out->has_vector[out->count] = vector != NULL;
    out->is_textless[out->count++] = vector == NULL;
    return true;
}

static bool read_one(srv_request *request, const json_t *object, size_t i, bool may_lack_id, srv_new_items *out)
{
    static const char *const bare[] = {"item_id", "vector", "text", NULL};
    static const char *const full[] = {"item_id", "vector", "text", "fields", NULL};
    char pointer[SRV_POINTER_MAX], at[SRV_POINTER_MAX + 16];
    const char *id = NULL;
    (void)snprintf(pointer, sizeof pointer, "/items/%zu", i);
    (void)snprintf(at, sizeof at, "%s/item_id", pointer);
    if (!json_is_object(object))
        return srv_fail_at(request, 400, SID_EDATA, pointer, "an object is expected");
    if (!srv_json_check(request, object, pointer, may_lack_id ? bare : full) ||
        !srv_json_text(request, object, pointer, "item_id", &id) || (id && !srv_json_id(request, id, at)))
        return false;
    if (!id && !may_lack_id)
        return srv_fail_at(request, 400, SID_EDATA, pointer, "there is no item_id");
    return srv_new_items_add(request, out, id, object, pointer);
}

bool srv_new_items_read(srv_request *request, const json_t *array, bool may_lack_id, srv_new_items *out)
{
    const json_t *object;
    size_t i;
    if (!json_is_array(array) || json_array_size(array) == 0 || json_array_size(array) > SRV_ITEMS_MAX)
        return srv_fail_at(request, 400, SID_EDATA, "/items", "an array of 1 to %d objects is expected", SRV_ITEMS_MAX);
    json_array_foreach(array, i, object) if (!read_one(request, object, i, may_lack_id, out)) return false;
    return true;
}

/* ---- Texts to vectors --------------------------------------------------------------------------------------------- */

/* All columns that any item has. */
typedef struct columns {
    const char *name[COLUMNS_MAX];
    int count;
} columns;

static bool add_column(columns *all, const char *name)
{
    for (int c = 0; c < all->count; c++)
        if (strcmp(all->name[c], name) == 0)
            return true;
    if (all->count == COLUMNS_MAX)
        return false;
    all->name[all->count++] = name;
    return true;
}

static bool gather_columns(const srv_new_items *items, columns *all)
{
    const char *name;
    json_t *value;
    for (int64_t i = 0; i < items->count; i++) {
        if (items->text[i] && !add_column(all, title))
            return false;
        json_object_foreach((json_t *)(uintptr_t)items->field[i], name, value) if (!add_column(all, name)) return false;
    }
    return true;
}

/* ids (count): unique ones, as the library wants. */
static bool make_items(srv_request *request, srv_new_items *items, const columns *all, const char *const *id,
                       sid_error *err)
{
    size_t width = (size_t)all->count + 1;
    const char **cell = calloc((size_t)items->count * width, sizeof *cell);
    if (!cell)
        return no_memory(request);
    for (int64_t i = 0; i < items->count; i++) {
        const char **row = cell + (size_t)i * width;
        row[0] = id[i];
        for (int c = 0; c < all->count; c++) {
            const char *field = json_string_value(json_object_get(items->field[i], all->name[c]));
            row[c + 1] = items->text[i] && strcmp(all->name[c], title) == 0 ? items->text[i] : field;
        }
    }
    sid_status status =
        sid_items_create(request->server->ctx, all->name, all->count, cell, items->count, &items->items, err);
    free(cell);
    return status == SID_OK || srv_fail_error(request, err, "/items");
}

static bool embed(srv_request *request, srv_new_items *items, sid_error *err)
{
    sid_vectors *vectors = NULL;
    int64_t textless = 0;
    size_t row_size = (size_t)items->dim * sizeof *items->x;
    sid_status status = sid_catalog_embed(request->bundle->store->work, items->items, &vectors, &textless, err);
    for (int64_t i = 0; i < items->count && status == SID_OK; i++) {
        float *x = items->x + i * items->dim;
        if (items->has_vector[i])
            continue;
        status = sid_vectors_rows(vectors, i, 1, x, err);
        items->is_textless[i] = true;
        for (size_t d = 0; d < row_size / sizeof *x; d++)
            items->is_textless[i] = items->is_textless[i] && x[d] == 0;
    }
    sid_vectors_free(vectors);
    return status == SID_OK || srv_fail_error(request, err, "/items");
}

/* Requests to encode may repeat an id, or have none: rows are named by their numbers then. */
static bool embed_as(srv_request *request, srv_new_items *items, const columns *all, sid_error *err)
{
    bool needs_encoder = false;
    char(*number)[24] = calloc((size_t)items->count, sizeof *number);
    const char **id = calloc((size_t)items->count, sizeof *id);
    bool is_stored = strcmp(request->route->path, "/v1/encode") != 0;
    for (int64_t i = 0; number && id && i < items->count; i++) {
        (void)snprintf(number[i], sizeof number[i], "%lld", (long long)i);
        id[i] = is_stored ? items->id[i] : number[i];
        needs_encoder = needs_encoder || !items->has_vector[i];
    }
    bool is_made =
        (number && id && make_items(request, items, all, id, err)) || (!(number && id) && no_memory(request));
    free(number);
    free(id);
    return is_made && (!needs_encoder || embed(request, items, err));
}

bool srv_new_items_embed(srv_request *request, srv_new_items *items, sid_error *err)
{
    columns all = {0};
    if (!gather_columns(items, &all))
        return srv_fail_at(request, 422, SID_EDATA, "/items", "the items have more than %d fields together",
                           COLUMNS_MAX);
    return all.count == 0 || embed_as(request, items, &all, err);
}
