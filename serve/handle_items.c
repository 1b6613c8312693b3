/* handle_items.c: one item looked up, and the changes: add, replace, remove. Changes go through one worker in the order in which
 * they came; neighbours in the queue that replace single items share a transaction, and each is answered once it is committed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_body.h"
#include "new_items.h"
#include "route_table.h"
#include "server.h"

/* ---- One item ----------------------------------------------------------------------------------------------------- */

/* What stands there is JSON unless the catalogue is damaged or hostile. */
static bool is_object(const char *metadata)
{
    json_t *root = json_loads(metadata, JSON_REJECT_DUPLICATES, NULL);
    bool is_one = json_is_object(root);
    json_decref(root);
    return is_one;
}

void srv_run_item_get(srv_request *request)
{
    srv_store *store = request->bundle->store;
    bool is_front = request->step != SRV_STEP_WAITS;
    pthread_mutex_t *lock = is_front ? &store->front_lock : &store->work_lock;
    sid_catalog *catalog = is_front ? store->front : store->work;
    const char *id = request->param;
    sid_hits hits = {0};
    sid_error err = {0};
    sid_catalog_info info;
    (void)pthread_mutex_lock(lock);
    sid_status status = sid_catalog_find(catalog, &id, 1, &hits, &err);
    sid_catalog_get_info(catalog, &info);
    (void)pthread_mutex_unlock(lock);
    if (info.version !=
        atomic_load(&store->version)) /* another process changed it: what is shown next must not be older */
        srv_store_changed(store);
    if (status != SID_OK) {
        (void)srv_fail_error(request, &err, NULL);
        return;
    }
    const sid_item *item = &hits.row[0];
    if (item->row < 0) {
        (void)srv_fail(request, 404, SID_ENOTFOUND, "no item \"%s\" in the catalogue", id);
    } else {
        srv_text *text = srv_answer_begin(request);
        srv_puts(text, "\"item_id\":");
        srv_put_string(text, item->item_id);
        srv_printf(text, ",\"sid\":\"%s\",\"title\":", item->sid);
        srv_put_string(text, item->title);
        srv_printf(text, ",\"state\":\"%s\",\"assigned\":\"%s\",\"fields\":", item->state, item->assigned);
        srv_puts(text, is_object(item->metadata) ? item->metadata : "{}");
        srv_answer_end(request, info.version);
    }
    sid_hits_drop(&hits);
}

/* ---- A change ----------------------------------------------------------------------------------------------------- */

typedef enum change_kind { CHANGE_PUT, CHANGE_POST, CHANGE_REMOVE } change_kind;

typedef struct change {
    srv_request *request;
    json_t *body;
    change_kind kind;
    sid_if_exists if_exists;
    srv_new_items items;
    bool is_right; /* else it has its answer */
} change;

static const struct {
    const char *name;
    sid_if_exists value;
} if_exists_table[] = {{"fail", SID_IF_EXISTS_FAIL}, {"skip", SID_IF_EXISTS_SKIP}, {"replace", SID_IF_EXISTS_REPLACE}};

static bool read_if_exists(change *c)
{
    const char *name = NULL;
    if (!srv_json_text(c->request, c->body, "", "if_exists", &name))
        return false;
    for (size_t i = 0; i < sizeof if_exists_table / sizeof *if_exists_table; i++)
        if (!name || strcmp(name, if_exists_table[i].name) == 0) {
            c->if_exists = if_exists_table[i].value;
            return true;
        }
    return srv_fail_at(c->request, 400, SID_EUSAGE, "/if_exists", "fail, skip or replace is expected");
}

static bool read_put(change *c)
{
    static const char *const names[] = {"vector", "text", "fields", NULL};
    c->if_exists = SID_IF_EXISTS_REPLACE;
    return srv_json_id(c->request, c->request->param, "") && srv_json_check(c->request, c->body, "", names) &&
           srv_new_items_add(c->request, &c->items, c->request->param, c->body, "");
}

static bool read_post(change *c)
{
    static const char *const names[] = {"items", "if_exists", NULL};
    return srv_json_check(c->request, c->body, "", names) && read_if_exists(c) &&
           srv_new_items_read(c->request, json_object_get(c->body, "items"), false, &c->items);
}

static bool change_read(srv_request *request, change *out)
{
    sid_error err = {0};
    *out = (change){.request = request};
    out->kind = strcmp(request->method, "DELETE") == 0 ? CHANGE_REMOVE
                : strcmp(request->method, "PUT") == 0  ? CHANGE_PUT
                                                       : CHANGE_POST;
    if (out->kind == CHANGE_REMOVE)
        return true;
    out->body = srv_json_read(request);
    return out->body && (out->kind == CHANGE_PUT ? read_put(out) : read_post(out)) &&
           srv_new_items_embed(request, &out->items, &err);
}

static void change_drop(change *c)
{
    srv_new_items_drop(&c->items);
    json_decref(c->body);
}

/* After a commit; under work_lock. What comes next sees it. */
static int64_t take_commit(srv_request *request)
{
    srv_store *store = request->bundle->store;
    sid_catalog_info info;
    sid_catalog_get_info(store->work, &info);
    atomic_store(&store->version, info.version);
    srv_store_changed(store);
    srv_metrics_count(&request->server->metrics, SRV_COUNT_COMMIT);
    return info.version;
}

/* ---- Several ------------------------------------------------------------------------------------------------------ */

static bool refuse_existing(srv_request *request, const srv_new_items *items, const sid_hits *found)
{
    char at[SRV_POINTER_MAX];
    for (int64_t i = 0; i < items->count; i++)
        if (found->row[i].row >= 0) {
            (void)snprintf(at, sizeof at, "/items/%lld/item_id", (long long)i);
            return srv_fail_at(request, 409, SID_EEXISTS, at,
                               "item \"%s\" is in the catalogue already; nothing was added (if_exists may be skip or "
                               "replace)",
                               items->id[i]);
        }
    return true;
}

static void answer_post(srv_request *request, const sid_hits *stored, int64_t asked, int64_t version)
{
    srv_text *text = srv_answer_begin(request);
    srv_puts(text, "\"results\":[");
    for (int64_t i = 0; i < stored->count; i++) {
        srv_puts(text, i ? ",{\"item_id\":" : "{\"item_id\":");
        srv_put_string(text, stored->row[i].item_id);
        srv_printf(text, ",\"sid\":\"%s\"}", stored->row[i].sid);
    }
    srv_printf(text, "],\"skipped\":%" PRId64, asked - stored->count);
    srv_answer_end(request, version);
    srv_metrics_add(&request->server->metrics, SRV_COUNT_ADDED, (uint64_t)stored->count);
}

static sid_status add(srv_store *store, const srv_new_items *items, sid_if_exists if_exists, sid_hits *stored,
                      sid_error *err)
{
    sid_vectors *vectors = NULL;
    const sid_add_options options = {.if_exists = if_exists, .items = items->items};
    sid_status status = sid_vectors_create(store->ctx, items->x, items->count, items->dim, items->id, &vectors, err);
    if (status == SID_OK)
        status = sid_catalog_add(store->work, vectors, &options, stored, err);
    sid_vectors_free(vectors);
    return status;
}

static void run_post(change *c)
{
    srv_request *request = c->request;
    srv_store *store = request->bundle->store;
    sid_hits found = {0}, stored = {0};
    sid_error err = {0};
    int64_t version = 0;
    (void)pthread_mutex_lock(&store->work_lock);
    sid_status status = sid_catalog_find(store->work, c->items.id, c->items.count, &found, &err);
    bool is_free =
        status == SID_OK && (c->if_exists != SID_IF_EXISTS_FAIL || refuse_existing(request, &c->items, &found));
    if (is_free)
        status = add(store, &c->items, c->if_exists, &stored, &err);
    if (is_free && status == SID_OK)
        version = take_commit(request);
    (void)pthread_mutex_unlock(&store->work_lock);
    if (status != SID_OK)
        (void)srv_fail_error(request, &err, "/items");
    else if (is_free)
        answer_post(request, &stored, c->items.count, version);
    sid_hits_drop(&found);
    sid_hits_drop(&stored);
}

/* ---- One removed -------------------------------------------------------------------------------------------------- */

static void run_remove(change *c)
{
    srv_request *request = c->request;
    srv_store *store = request->bundle->store;
    const char *id = request->param;
    sid_error err = {0};
    (void)pthread_mutex_lock(&store->work_lock);
    sid_status status = sid_catalog_remove(store->work, &id, 1, &err);
    if (status == SID_OK)
        (void)take_commit(request);
    (void)pthread_mutex_unlock(&store->work_lock);
    if (status == SID_ENOTFOUND) {
        (void)srv_fail(request, 404, SID_ENOTFOUND, "no item \"%s\" in the catalogue", id);
    } else if (status != SID_OK) {
        (void)srv_fail_error(request, &err, NULL);
    } else {
        srv_answer_drop(&request->answer);
        request->answer.status = 204;
        srv_metrics_count(&request->server->metrics, SRV_COUNT_REMOVED);
    }
}

/* ---- Single ones replaced, together ------------------------------------------------------------------------------- */

/* The items of `count` changes as those of one. Texts still belong to theirs. */
static bool join(change *const *changes, int count, srv_new_items *out)
{
    int dim = changes[0]->items.dim;
    *out = (srv_new_items){.count = count, .room = count, .dim = dim};
    out->id = calloc((size_t)count, sizeof *out->id);
    out->x = calloc((size_t)count, (size_t)dim * sizeof *out->x);
    if (!out->id || !out->x)
        return false;
    for (int i = 0; i < count; i++) {
        out->id[i] = changes[i]->items.id[0];
        memcpy(out->x + (size_t)i * (size_t)dim, changes[i]->items.x, (size_t)dim * sizeof *out->x);
    }
    return true;
}

static void answer_put(change *c, const sid_item *item, bool is_new, int64_t version)
{
    srv_text *text = srv_answer_begin(c->request);
    srv_puts(text, "\"item_id\":");
    srv_put_string(text, item->item_id);
    srv_printf(text, ",\"sid\":\"%s\"", item->sid);
    srv_answer_end(c->request, version);
    c->request->answer.status = c->request->answer.status == 200 && is_new ? 201 : c->request->answer.status;
    srv_metrics_count(&c->request->server->metrics, SRV_COUNT_ADDED);
}

/* One transaction; false: nothing was stored, with the reason. */
static bool put_together(change *const *changes, int count, const srv_new_items *items, sid_error *err)
{
    srv_store *store = changes[0]->request->bundle->store;
    sid_hits found = {0}, stored = {0};
    int64_t version = 0;
    (void)pthread_mutex_lock(&store->work_lock);
    sid_status status = sid_catalog_find(store->work, items->id, items->count, &found, err);
    if (status == SID_OK)
        status = add(store, items, SID_IF_EXISTS_REPLACE, &stored, err);
    if (status == SID_OK)
        version = take_commit(changes[0]->request);
    (void)pthread_mutex_unlock(&store->work_lock);
    for (int i = 0; i < count && status == SID_OK; i++)
        answer_put(changes[i], &stored.row[i], found.row[i].row < 0, version);
    sid_hits_drop(&found);
    sid_hits_drop(&stored);
    return status == SID_OK;
}

static void put_alone(change *c)
{
    sid_error err = {0};
    if (!put_together(&c, 1, &c->items, &err))
        (void)srv_fail_error(c->request, &err, NULL);
}

/* What has titles or fields has items of its own for the library and goes alone; one that fails must not fail the others. */
static void run_puts(change *const *changes, int count)
{
    srv_new_items together = {0};
    sid_error err = {0};
    bool is_done = count > 1 && join(changes, count, &together) && put_together(changes, count, &together, &err);
    for (int i = 0; i < count && !is_done; i++)
        put_alone(changes[i]);
    srv_new_items_drop(&together);
}

/* ---- The writing worker ------------------------------------------------------------------------------------------- */

static bool can_join(change *const *group, int count, const change *next)
{
    if (next->kind != CHANGE_PUT || next->items.items ||
        (count > 0 && group[0]->request->bundle->store != next->request->bundle->store))
        return false;
    for (int i = 0; i < count; i++) /* the same item twice: one after the other */
        if (strcmp(group[i]->items.id[0], next->items.id[0]) == 0)
            return false;
    return true;
}

static void run_change(change *c)
{
    switch (c->kind) {
    case CHANGE_PUT:
        run_puts(&c, 1);
        break;
    case CHANGE_POST:
        run_post(c);
        break;
    case CHANGE_REMOVE:
        run_remove(c);
        break;
    }
}

static void run_all(change *changes, int count, change **group)
{
    int grouped = 0;
    for (int i = 0; i < count; i++) {
        change *next = &changes[i];
        if (!next->is_right)
            continue;
        if (can_join(group, grouped, next)) {
            group[grouped++] = next;
            continue;
        }
        if (grouped > 0)
            run_puts(group, grouped);
        grouped = 0;
        if (can_join(group, 0, next))
            group[grouped++] = next;
        else
            run_change(next);
    }
    if (grouped > 0)
        run_puts(group, grouped);
}

void srv_work_write(srv_request **batch, int count)
{
    change *changes = calloc((size_t)count, sizeof *changes);
    change **group = calloc((size_t)count, sizeof(change *));
    bool has_memory = changes && group;
    for (int i = 0; i < count; i++) {
        batch[i]->bundle = srv_server_bundle(batch[i]->server);
        if (!has_memory)
            (void)srv_fail(batch[i], 503, SID_ENOMEM, "out of memory; ask again");
        else if (batch[i]->route->run) /* not about items */
            batch[i]->route->run(batch[i]);
        else
            changes[i].is_right = change_read(batch[i], &changes[i]);
    }
    if (has_memory)
        run_all(changes, count, group);
    for (int i = 0; i < count; i++) {
        if (has_memory)
            change_drop(&changes[i]);
        srv_request_done(batch[i]);
    }
    free(changes);
    free(group);
}
