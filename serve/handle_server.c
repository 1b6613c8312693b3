/* handle_server.c: about the server itself: up, ready, metrics, what it is, its report, exchange of its bundle. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json_body.h"
#include "route_table.h"
#include "server.h"

static void give_plain(srv_request *request, const char *body, size_t size)
{
    request->answer =
        (srv_answer){.status = 200, .content_type = SRV_JSON, .fixed = body, .fixed_size = size, .is_plain = true};
}

void srv_run_live(srv_request *request)
{
    static const char body[] = "{\"status\":\"up\"}\n";
    give_plain(request, body, sizeof body - 1);
}

void srv_run_ready(srv_request *request)
{
    static const char body[] = "{\"status\":\"ready\"}\n";
    if (srv_server_is_ready(request->server))
        give_plain(request, body, sizeof body - 1);
    else
        (void)srv_fail(request, 503, SID_ECANCELED, "the server is draining");
}

void srv_run_metrics(srv_request *request)
{
    srv_server *server = request->server;
    srv_bundle *bundle = request->bundle = srv_server_bundle(server);
    srv_gauges gauges = {.connections = srv_connections_count(&server->connections),
                         .items = atomic_load(&bundle->store->items),
                         .version = atomic_load(&bundle->store->version),
                         .reaped = atomic_load(&server->connections.reaped),
                         .cache_size = server->cache.size,
                         .cache_entries = server->cache.count,
                         .bodies_size = atomic_load(&server->bodies_size),
                         .bundle = bundle->number,
                         .is_ready = srv_server_is_ready(server),
                         .uptime_s = (double)(srv_now_us() - server->begin_us) * 1e-6};
    for (int i = 0; i < SRV_QUEUE_COUNT; i++)
        gauges.queued[i] = srv_queue_waiting(&server->queue[i], &gauges.running[i]);
    request->answer = (srv_answer){.status = 200, .content_type = "text/plain; version=0.0.4; charset=utf-8"};
    srv_metrics_put(&request->answer.text, &server->metrics, &gauges);
}

void srv_run_openapi(srv_request *request)
{
    const srv_text *text = &request->server->openapi;
    request->answer =
        (srv_answer){.status = 200, .content_type = SRV_JSON, .fixed = text->bytes, .fixed_size = text->size};
}

/* No path leaves the server: the last part of it is the name. */
static const char *last_part(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash && slash[1] ? slash + 1 : path;
}

static void put_limits(srv_text *text, const srv_options *o)
{
    srv_printf(text,
               ",\"limits\":{\"items\":%d,\"k\":%d,\"list\":%d,\"page\":%d,\"json_size\":%d,\"npy_size\":%d,"
               "\"queue\":%d,\"client\":%d,\"batch\":%d,\"deadline_ms\":%d}",
               SRV_ITEMS_MAX, SRV_K_MAX, SRV_LIST_MAX, SRV_PAGE_MAX, SRV_BODY_MAX, SRV_NPY_MAX, o->queue_max,
               o->client_max, o->batch_max, o->deadline_ms);
}

void srv_run_info(srv_request *request)
{
    srv_server *server = request->server;
    srv_bundle *bundle = request->bundle = srv_server_bundle(server);
    sid_catalog_info info;
    sid_catalog_get_info(bundle->store->front, &info);
    srv_text *text = srv_answer_begin(request);
    srv_printf(text, "\"semid\":\"%s\",\"bundle\":%" PRIu64 ",\"catalog\":{\"name\":", sid_version(), bundle->number);
    srv_put_string(text, last_part(bundle->catalog_path));
    srv_printf(text,
               ",\"quantizer\":\"%s\",\"collisions\":\"%s\",\"items\":%" PRId64 ",\"dim\":%d,\"levels\":%d,\"codes\":[",
               info.quantizer, info.collisions, atomic_load(&bundle->store->items), info.dim, info.levels);
    for (int l = 0; l < info.levels; l++)
        srv_printf(text, "%s%d", l ? "," : "", info.codes[l]);
    srv_puts(text, "],\"encoder\":");
    srv_put_string(text, info.encoder);
    srv_puts(text, ",\"category\":");
    srv_put_string(text, server->options.category);
    srv_printf(text, ",\"ordered\":%s,\"writable\":%s},\"model\":", info.ordered ? "true" : "false",
               bundle->store->can_write ? "true" : "false");
    if (bundle->model) {
        srv_puts(text, "{\"name\":");
        srv_put_string(text, last_part(bundle->model_path));
        srv_printf(text, ",\"family\":\"%s\"}", bundle->model_family);
    } else {
        srv_puts(text, "null");
    }
    put_limits(text, &server->options);
    (void)pthread_mutex_lock(&server->swap_lock);
    srv_printf(text, ",\"swap\":{\"state\":\"%s\",\"detail\":", server->swap.state);
    srv_put_string(text, server->swap.detail);
    (void)pthread_mutex_unlock(&server->swap_lock);
    srv_puts(text, "}");
    srv_answer_end(request, atomic_load(&bundle->store->version));
}

/* What each check compares with, in the order of the report's: [healthy, look, at least]. */
static void put_check_limits(srv_text *text, const sid_report *report)
{
    srv_puts(text, ",\"limits\":[");
    for (int i = 0; i < report->check_count; i++) {
        srv_puts(text, i ? ",[" : "[");
        srv_put_number(text, report->checks[i].healthy);
        srv_puts(text, ",");
        srv_put_number(text, report->checks[i].look);
        srv_puts(text, report->checks[i].is_at_least ? ",true]" : ",false]");
    }
    srv_puts(text, "]");
}

void srv_run_report(srv_request *request)
{
    srv_store *store = request->bundle->store;
    sid_report report = {0};
    sid_error err = {0};
    char *json = NULL;
    (void)pthread_mutex_lock(&store->work_lock);
    sid_status status = sid_catalog_report(store->work, &report, &err);
    (void)pthread_mutex_unlock(&store->work_lock);
    if (status == SID_OK)
        status = sid_report_json(&report, &json, &err);
    int64_t version = report.version;
    if (status == SID_OK) {
        srv_text *text = srv_answer_begin(request);
        srv_puts(text, "\"report\":");
        srv_puts(text, json);
        put_check_limits(text, &report);
        srv_answer_end(request, version);
    } else {
        (void)srv_fail_error(request, &err, NULL);
    }
    sid_report_drop(&report);
    sid_text_free(json);
}

/* ---- Another bundle ----------------------------------------------------------------------------------------------- */

static bool take_path(srv_request *request, const char *pointer, const char *name, char **out)
{
    sid_error err = {0};
    if (srv_bundle_path(request->server->options.root, name, out, &err) == SID_OK)
        return true;
    return srv_fail_at(request, err.status == SID_ENOTFOUND ? 404 : 422, err.status, pointer, "%s", err.message);
}

/* What a member does not name stays as it is; "model": null takes the model away. */
static bool take_names(srv_request *request, const json_t *body, char **catalog, char **model)
{
    const srv_bundle *running = request->bundle;
    const json_t *model_member = json_object_get(body, "model");
    const char *catalog_name = NULL, *model_name = NULL;
    if (!srv_json_text(request, body, "", "catalog", &catalog_name) ||
        (!json_is_null(model_member) && !srv_json_text(request, body, "", "model", &model_name)))
        return false;
    if (catalog_name ? !take_path(request, "/catalog", catalog_name, catalog)
                     : !(*catalog = strdup(running->catalog_path)))
        return false;
    if (model_name)
        return take_path(request, "/model", model_name, model);
    if (!model_member && running->model_path)
        *model = strdup(running->model_path);
    return true;
}

void srv_run_bundle(srv_request *request)
{
    static const char *const names[] = {"catalog", "model", NULL};
    char *catalog = NULL, *model = NULL;
    json_t *body = srv_json_read(request);
    if (!body)
        return;
    bool is_right = request->server->options.root
                        ? srv_json_check(request, body, "", names) && take_names(request, body, &catalog, &model)
                        : srv_fail(request, 404, SID_EUSAGE, "bundles are exchanged where the server has a --root");
    json_decref(body);
    if (is_right && !srv_swap_ask(request->server, catalog, model))
        is_right = srv_fail(request, 409, SID_ELOCKED, "another bundle is being loaded; /v1/info says when it is done");
    if (!is_right) {
        free(catalog);
        free(model);
        return;
    }
    srv_text *text = srv_answer_begin(request);
    srv_puts(text, "\"state\":\"loading\"");
    srv_answer_end(request, atomic_load(&request->bundle->store->version));
    request->answer.status = 202;
    request->answer.location = "/v1/info";
}
