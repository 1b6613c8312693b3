/* handle_query.c: what stands near an item, a prefix, a vector, a text; and the workers that read. Nothing here writes. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters.h"
#include "json_body.h"
#include "route_table.h"
#include "server.h"

enum { FETCH_TIMES = 4, FETCH_MAX = 1 << 20, K_USUAL = 10 };

/* ---- Neighbours --------------------------------------------------------------------------------------------------- */

typedef struct question {
    sid_query query;
    int64_t k, min_shared;
    srv_filter filter;
    float *vector;
} question;

static bool read_vector(srv_request *request, const json_t *vector, question *q)
{
    int dim = request->bundle->store->dim;
    if (!vector)
        return true;
    q->vector = calloc((size_t)dim, sizeof *q->vector);
    if (!q->vector)
        return srv_fail(request, 503, SID_ENOMEM, "out of memory; ask again");
    q->query.vector = q->vector;
    q->query.vector_dim = dim;
    return srv_json_vector(request, vector, "/vector", dim, q->vector);
}

static bool read_question(srv_request *request, const json_t *body, question *q)
{
    static const char *const names[] = {"item", "prefix", "vector", "text", "k", "min_shared", "filter", NULL};
    uint16_t codes[SID_LEVELS_MAX + 1];
    int depth = 0;
    sid_error err = {0};
    if (!srv_json_check(request, body, "", names) || !srv_json_text(request, body, "", "item", &q->query.item) ||
        !srv_json_text(request, body, "", "prefix", &q->query.prefix) ||
        !srv_json_text(request, body, "", "text", &q->query.text) ||
        !read_vector(request, json_object_get(body, "vector"), q) ||
        !srv_json_int(request, body, "", "k", K_USUAL, 1, SRV_K_MAX, &q->k) ||
        !srv_json_int(request, body, "", "min_shared", 0, 0, SID_LEVELS_MAX, &q->min_shared) ||
        !srv_filter_read(request, body, &q->filter))
        return false;
    int asked = !!q->query.item + !!q->query.prefix + !!q->query.vector + !!q->query.text;
    if (asked != 1)
        return srv_fail(request, 400, SID_EUSAGE, "%d of item, prefix, vector, text are given; exactly one is expected",
                        asked);
    if (q->query.prefix && sid_parse(q->query.prefix, request->bundle->store->width, codes, &depth, &err) != SID_OK)
        return srv_fail_at(request, 400, SID_EUSAGE, "/prefix", "%s", err.message);
    return true;
}

static bool is_taken(const question *q, const sid_item *item)
{
    return item->shared >= q->min_shared && (!q->filter.is_there || srv_filter_takes(&q->filter, item));
}

static int64_t count_taken(const question *q, const sid_hits *hits)
{
    int64_t count = 0;
    for (int64_t i = 0; i < hits->count; i++)
        count += is_taken(q, &hits->row[i]);
    return count;
}

/* The library knows no filter: more are fetched until k are left over, or there are no more. */
static sid_status fetch(srv_request *request, question *q, sid_hits *hits, int64_t *version, sid_error *err)
{
    srv_store *store = request->bundle->store;
    bool is_enough = false;
    for (q->query.k = (int)q->k; !is_enough;) {
        sid_catalog_info info;
        (void)pthread_mutex_lock(&store->work_lock);
        sid_status status = sid_catalog_neighbors(store->work, &q->query, hits, err);
        sid_catalog_get_info(store->work, &info);
        (void)pthread_mutex_unlock(&store->work_lock);
        *version = info.version;
        if (status != SID_OK)
            return status;
        bool is_short = hits->count > 0 && hits->row[hits->count - 1].shared < q->min_shared;
        is_enough = hits->count < q->query.k || is_short || q->query.k >= FETCH_MAX || count_taken(q, hits) >= q->k;
        q->query.k *= FETCH_TIMES;
        if (!is_enough)
            sid_hits_drop(hits);
    }
    return SID_OK;
}

static void put_neighbors(srv_request *request, const question *q, const sid_hits *hits, int64_t version)
{
    int64_t given = 0;
    srv_text *text = srv_answer_begin(request);
    srv_puts(text, "\"results\":[");
    for (int64_t i = 0; i < hits->count && given < q->k; i++) {
        if (!is_taken(q, &hits->row[i]))
            continue;
        srv_puts(text, given++ ? "," : "");
        srv_put_hit(text, &hits->row[i]);
        srv_printf(text, ",\"shared\":%d,\"distance\":", hits->row[i].shared);
        srv_put_number(text, hits->row[i].distance);
        srv_puts(text, "}");
    }
    srv_puts(text, "]");
    srv_answer_end(request, version);
}

void srv_run_neighbors(srv_request *request)
{
    question q = {0};
    sid_hits hits = {0};
    sid_error err = {0};
    int64_t version = 0;
    json_t *body = srv_json_read(request);
    if (body && read_question(request, body, &q)) {
        if (fetch(request, &q, &hits, &version, &err) == SID_OK)
            put_neighbors(request, &q, &hits, version);
        else
            (void)srv_fail_error(request, &err,
                                 q.query.item     ? "/item"
                                 : q.query.prefix ? "/prefix"
                                 : q.query.text   ? "/text"
                                                  : "/vector");
    }
    sid_hits_drop(&hits);
    srv_filter_drop(&q.filter);
    free(q.vector);
    json_decref(body);
}

/* ---- The reading workers ------------------------------------------------------------------------------------------ */

static bool is_fresh(srv_request *request)
{
    sid_error err = {0};
    if (!request->bundle)
        request->bundle = srv_server_bundle(request->server);
    return srv_store_freshen(request->bundle->store, &err) == SID_OK || srv_fail_error(request, &err, NULL);
}

bool srv_reads_join(const srv_request *first, const srv_request *next)
{
    return srv_encode_joins(first) && srv_encode_joins(next);
}

/* More than one: texts and vectors that are encoded together. */
void srv_work_read(srv_request **batch, int count)
{
    int fresh = 0;
    for (int i = 0; i < count; i++) {
        srv_request *request = batch[i];
        if (!is_fresh(request))
            srv_request_done(request);
        else
            batch[fresh++] = request;
    }
    if (fresh > 1)
        srv_encode_together(batch, fresh);
    else if (fresh == 1)
        batch[0]->route->run(batch[0]);
    for (int i = 0; i < fresh; i++)
        srv_request_done(batch[i]);
}
