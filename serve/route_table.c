/* route_table.c: see route_table.h. */
#include "route_table.h"

#include <stdio.h>
#include <string.h>

#include "schemas.h"
#include "serve_metrics.h"

#define TEXT "text/plain; version=0.0.4; charset=utf-8"

const srv_route srv_route_table[] = {
    {.method = "GET",
     .path = "/livez",
     .summary = "The process answers",
     .run = srv_run_live,
     .answer_schema = S_STATUS_ANSWER,
     .success = 200},
    {.method = "GET",
     .path = "/readyz",
     .summary = "New requests are welcome; 503 while the server drains",
     .run = srv_run_ready,
     .answer_schema = S_STATUS_ANSWER,
     .success = 200},
    {.method = "GET",
     .path = "/healthz",
     .summary = "The same as /readyz",
     .run = srv_run_ready,
     .answer_schema = S_STATUS_ANSWER,
     .success = 200},
    {.method = "GET",
     .path = "/v1/items/{id}",
     .summary = "One item: its SID, title and fields",
     .lane = SRV_LANE_LOOK,
     .right = SRV_RIGHT_READ,
     .run = srv_run_item_get,
     .is_short = srv_is_fresh,
     .param_schema = S_ID,
     .answer_schema = S_ITEM_ANSWER,
     .success = 200},
    {.method = "GET",
     .path = "/v1/prefix/{p}",
     .summary = "The items below a prefix, by SID, page by page; its siblings, and what its items have in common",
     .lane = SRV_LANE_LOOK,
     .right = SRV_RIGHT_READ,
     .run = srv_run_prefix,
     .is_short = srv_is_short_page,
     .query = {"limit", "cursor"},
     .param_schema = S_PREFIX,
     .answer_schema = S_PREFIX_ANSWER,
     .success = 200},
    {.method = "GET",
     .path = "/v1/tree",
     .summary = "The prefixes of one code more, by code",
     .lane = SRV_LANE_LOOK,
     .right = SRV_RIGHT_READ,
     .run = srv_run_tree,
     .is_short = srv_is_fresh,
     .query = {"prefix", "limit", "from"},
     .answer_schema = S_TREE_ANSWER,
     .success = 200},
    {.method = "POST",
     .path = "/v1/neighbors",
     .summary =
         "What stands near an item, a prefix, a vector or a text: the longest shared prefix first, then by distance",
     .lane = SRV_LANE_READ,
     .right = SRV_RIGHT_READ,
     .run = srv_run_neighbors,
     .body_schema = S_NEIGHBORS_BODY,
     .answer_schema = S_NEIGHBORS_ANSWER,
     .success = 200},
    {.method = "POST",
     .path = "/v1/encode",
     .summary = "Vectors or texts to SIDs; nothing is stored",
     .lane = SRV_LANE_READ,
     .right = SRV_RIGHT_READ,
     .run = srv_run_encode,
     .body_schema = S_ENCODE_BODY,
     .takes_npy = true,
     .answer_schema = S_ENCODE_ANSWER,
     .success = 200},
    {.method = "POST",
     .path = "/v1/recommend",
     .summary = "The next items after a history, oldest first, by the model that is loaded",
     .lane = SRV_LANE_RECOMMEND,
     .right = SRV_RIGHT_READ,
     .body_schema = S_RECOMMEND_BODY,
     .answer_schema = S_RECOMMEND_ANSWER,
     .success = 200},
    {.method = "POST",
     .path = "/v1/retrieve",
     .summary = "Items of the prefixes that a history is of, one of each in turn: candidates for a ranker",
     .lane = SRV_LANE_READ,
     .right = SRV_RIGHT_READ,
     .run = srv_run_retrieve,
     .body_schema = S_RETRIEVE_BODY,
     .answer_schema = S_RETRIEVE_ANSWER,
     .success = 200},
    {.method = "PUT",
     .path = "/v1/items/{id}",
     .summary = "Adds or replaces an item; answered once it is on the disk",
     .lane = SRV_LANE_WRITE,
     .right = SRV_RIGHT_WRITE,
     .param_schema = S_ID,
     .body_schema = S_PUT_BODY,
     .answer_schema = S_PUT_ANSWER,
     .success = 200,
     .success_too = 201},
    {.method = "DELETE",
     .path = "/v1/items/{id}",
     .summary = "Removes an item; answered once that is on the disk",
     .lane = SRV_LANE_WRITE,
     .right = SRV_RIGHT_WRITE,
     .param_schema = S_ID,
     .success = 204},
    {.method = "POST",
     .path = "/v1/items",
     .summary = "Adds items in one transaction, all or none",
     .lane = SRV_LANE_WRITE,
     .right = SRV_RIGHT_WRITE,
     .body_schema = S_POST_BODY,
     .answer_schema = S_POST_ANSWER,
     .success = 200},
    {.method = "GET",
     .path = "/v1/info",
     .summary = "What is served, its limits, and how the last exchange of a bundle went",
     .right = SRV_RIGHT_READ,
     .run = srv_run_info,
     .answer_schema = S_INFO_ANSWER,
     .success = 200},
    {.method = "GET",
     .path = "/v1/report",
     .summary = "The health report of the catalogue",
     .lane = SRV_LANE_LOOK,
     .right = SRV_RIGHT_READ,
     .run = srv_run_report,
     .is_short = srv_is_never_short,
     .answer_schema = S_REPORT_ANSWER,
     .success = 200},
    {.method = "GET",
     .path = "/v1/collisions",
     .summary = "Buckets of items that share their codes, the largest first",
     .lane = SRV_LANE_LOOK,
     .right = SRV_RIGHT_READ,
     .run = srv_run_collisions,
     .is_short = srv_is_never_short,
     .query = {"limit", "cursor"},
     .answer_schema = S_COLLISIONS_ANSWER,
     .success = 200},
    {.method = "GET",
     .path = "/v1/level/{l}",
     .summary = "How a level uses its codes, the most used first",
     .lane = SRV_LANE_LOOK,
     .right = SRV_RIGHT_READ,
     .run = srv_run_level,
     .is_short = srv_is_never_short,
     .param_schema = S_INT("1", "64"),
     .answer_schema = S_LEVEL_ANSWER,
     .success = 200},
    {.method = "GET",
     .path = "/v1/map",
     .summary = "Items on the plane of their first two principal components",
     .lane = SRV_LANE_LOOK,
     .right = SRV_RIGHT_READ,
     .run = srv_run_map,
     .is_short = srv_is_never_short,
     .query = {"prefix", "limit"},
     .answer_schema = S_MAP_ANSWER,
     .success = 200},
    {.method = "GET",
     .path = "/v1/compare",
     .summary = "What moved between another catalogue below --root and this one",
     .lane = SRV_LANE_READ,
     .right = SRV_RIGHT_READ,
     .run = srv_run_compare,
     .query = {"with", "depth"},
     .answer_schema = S_COMPARE_ANSWER,
     .success = 200},
    {.method = "PUT",
     .path = "/v1/admin/bundle",
     .summary = "Loads another catalogue or model below --root and then exchanges them at once; /v1/info says when",
     .lane = SRV_LANE_WRITE,
     .right = SRV_RIGHT_WRITE,
     .run = srv_run_bundle,
     .body_schema = S_BUNDLE_BODY,
     .answer_schema = S_BUNDLE_ANSWER,
     .success = 202},
    {.method = "GET",
     .path = "/metrics",
     .summary = "Counters for Prometheus",
     .right = SRV_RIGHT_READ,
     .run = srv_run_metrics,
     .content_type = TEXT,
     .answer_schema = S_STRING,
     .success = 200},
    {.method = "GET",
     .path = "/openapi.json",
     .summary = "This description",
     .run = srv_run_openapi,
     .answer_schema = "{'type':'object'}",
     .success = 200},
};
const int srv_route_count = (int)(sizeof srv_route_table / sizeof *srv_route_table);
_Static_assert(sizeof srv_route_table / sizeof *srv_route_table <= SRV_ROUTES_MAX, "metrics have no place for them");

/* Whether `path` is of this route; *param: where its parameter begins, or NULL. */
static bool is_path(const srv_route *route, const char *path, const char **param)
{
    const char *brace = strchr(route->path, '{');
    *param = NULL;
    if (!brace)
        return strcmp(route->path, path) == 0;
    size_t length = (size_t)(brace - route->path);
    if (strncmp(route->path, path, length) != 0 || !path[length] || strchr(path + length, '/'))
        return false;
    *param = path + length;
    return true;
}

static const char *allowed_methods(const char *path, char *out, size_t room)
{
    const char *param;
    size_t length = 0;
    out[0] = 0;
    for (int i = 0; i < srv_route_count; i++)
        if (is_path(&srv_route_table[i], path, &param) && length < room)
            length +=
                (size_t)snprintf(out + length, room - length, "%s%s%s", length ? ", " : "", srv_route_table[i].method,
                                 strcmp(srv_route_table[i].method, "GET") == 0 ? ", HEAD" : "");
    return out;
}

static const srv_route *refuse(srv_request *request, const char *method, const char *path)
{
    char methods[64];
    if (!*allowed_methods(path, methods, sizeof methods)) {
        (void)srv_fail(request, 404, SID_ENOTFOUND, "there is nothing at this path; /openapi.json says what there is");
        return NULL;
    }
    (void)srv_fail(request, 405, SID_EUSAGE, "%.20s is not for this path; %s is", method, methods);
    memcpy(request->answer.allow, methods, sizeof methods);
    return NULL;
}

const srv_route *srv_route_find(srv_request *request, const char *method, const char *path)
{
    const char *param = NULL;
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    for (int i = 0; i < srv_route_count; i++) {
        const srv_route *route = &srv_route_table[i];
        if (strcmp(route->method, wanted) != 0 || !is_path(route, path, &param))
            continue;
        if (!param || srv_percent_decode(param, strlen(param), request->param, sizeof request->param))
            return route;
        (void)srv_fail(request, 400, SID_EUSAGE, "the last part of the path is too long or badly escaped");
        return NULL;
    }
    return refuse(request, method, path);
}

bool srv_is_never_short(const srv_request *request)
{
    (void)request;
    return false;
}
