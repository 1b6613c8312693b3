/* route_table.h: what there is to ask, in one table: who answers, where it runs, who may, what goes in and out. /openapi.json
 * is printed from it, and tests ask what that says.
 */
#ifndef SEMID_SERVE_ROUTE_TABLE_H
#define SEMID_SERVE_ROUTE_TABLE_H

#include "api_keys.h"
#include "request.h"

typedef enum srv_lane {
    SRV_LANE_LOOP,      /* at once */
    SRV_LANE_LOOK,      /* in the loop where that is short (`is_short`), else by a worker; its bodies are cached */
    SRV_LANE_READ,      /* by a worker */
    SRV_LANE_RECOMMEND, /* in batches */
    SRV_LANE_WRITE      /* one after the other, grouped into transactions */
} srv_lane;

enum { SRV_ROUTE_QUERY_MAX = 5 };

typedef void srv_run_fn(srv_request *request);

struct srv_route {
    const char *method, *path; /* "/v1/items/{id}": one part may be a parameter, the last */
    const char *summary;
    srv_lane lane;
    srv_right right;
    srv_run_fn *run; /* NULL: by its lane's batch */
    bool (*is_short)(const srv_request *request);
    const char *query[SRV_ROUTE_QUERY_MAX]; /* names, see query_schema of openapi.c; NULL ends */
    const char *param_schema;
    const char *body_schema; /* JSON Schema; NULL: takes no body */
    const char *answer_schema;
    const char *content_type; /* of the answer; NULL: JSON */
    int success, success_too; /* success_too: 0: none */
    bool takes_npy;
};

extern const srv_route srv_route_table[];
extern const int srv_route_count;

/* The route of method and path; NULL with the request's problem: 404, or 405 with what is allowed. Fills request->param. */
const srv_route *srv_route_find(srv_request *request, const char *method, const char *path);
/* /openapi.json. */
void srv_openapi_put(srv_text *text, bool has_keys);

/* ---- Who answers -------------------------------------------------------------------------------------------------- */

void srv_run_live(srv_request *request);
void srv_run_ready(srv_request *request);
void srv_run_metrics(srv_request *request);
void srv_run_openapi(srv_request *request);
void srv_run_info(srv_request *request);
void srv_run_report(srv_request *request);
void srv_run_bundle(srv_request *request);
void srv_run_item_get(srv_request *request);
void srv_run_prefix(srv_request *request);
void srv_run_tree(srv_request *request);
void srv_run_level(srv_request *request);
void srv_run_collisions(srv_request *request);
void srv_run_map(srv_request *request);
void srv_run_compare(srv_request *request);
void srv_run_encode(srv_request *request);
void srv_run_neighbors(srv_request *request);
void srv_run_retrieve(srv_request *request);
bool srv_is_fresh(const srv_request *request);
bool srv_is_short_page(const srv_request *request);
bool srv_is_never_short(const srv_request *request);
/* Batches. */
void srv_work_read(srv_request **batch, int count);
/* Whether a reading worker takes both at once. */
bool srv_reads_join(const srv_request *first, const srv_request *next);
/* Small bodies to be encoded; answers them all. */
bool srv_encode_joins(const srv_request *request);
void srv_encode_together(srv_request **batch, int count);
void srv_work_recommend(srv_request **batch, int count);
void srv_work_write(srv_request **batch, int count);

#endif
