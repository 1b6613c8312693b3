/* handle_recommend.c: the next items after a history. Requests that wait together are asked together, which a model answers
 * faster and with the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "filters.h"
#include "json_body.h"
#include "route_table.h"
#include "server.h"

enum { K_USUAL = 10 };

typedef struct asked {
    srv_request *request;
    json_t *body;
    const char **history;
    int64_t history_count, k, beam;
    bool keep_history, wants_trace, is_right;
    sid_trace trace;
    srv_filter filter;
    srv_lists lists;
} asked;

static bool asked_read(srv_request *request, asked *a)
{
    static const char *const names[] = {"history", "k", "beam", "keep_history", "filter", "trace", NULL};
    *a = (asked){.request = request};
    if (!request->bundle)
        request->bundle = srv_server_bundle(request->server);
    if (!request->bundle->model)
        return srv_fail(request, 404, SID_ENOTFOUND, "no model is loaded; start the server with --model");
    a->body = srv_json_read(request);
    if (!a->body || !srv_json_check(request, a->body, "", names) ||
        !srv_json_texts(request, a->body, "", "history", SRV_K_MAX, &a->history, &a->history_count) ||
        !srv_json_int(request, a->body, "", "k", K_USUAL, 1, SRV_K_MAX, &a->k) ||
        !srv_json_int(request, a->body, "", "beam", 0, 0, SRV_K_MAX, &a->beam) ||
        !srv_json_bool(request, a->body, "", "keep_history", &a->keep_history) ||
        !srv_json_bool(request, a->body, "", "trace", &a->wants_trace) ||
        !srv_filter_read(request, a->body, &a->filter))
        return false;
    return a->history_count > 0 || srv_fail_at(request, 400, SID_EUSAGE, "/history",
                                               "an array of 1 to %d ids is expected, oldest first", SRV_K_MAX);
}

static void asked_drop(asked *a)
{
    free(a->history);
    sid_trace_drop(&a->trace);
    srv_filter_drop(&a->filter);
    json_decref(a->body);
}

/* ---- Answers ------------------------------------------------------------------------------------------------------ */

static sid_status find_titles(srv_store *store, const sid_recommendations *found, sid_hits *out, sid_error *err)
{
    const char **id = calloc((size_t)found->count + 1, sizeof *id);
    if (!id) {
        *err = (sid_error){.status = SID_ENOMEM, .message = "out of memory; ask again"};
        return SID_ENOMEM;
    }
    for (int64_t i = 0; i < found->count; i++)
        id[i] = found->row[i].item_id;
    (void)pthread_mutex_lock(&store->work_lock);
    sid_status status = sid_catalog_find(store->work, id, found->count, out, err);
    (void)pthread_mutex_unlock(&store->work_lock);
    free(id);
    return status;
}

static void put_step(srv_text *text, const sid_trace_step *step)
{
    srv_printf(text, "{\"candidates\":%lld,\"masked\":", (long long)step->candidates);
    srv_put_number(text, step->masked);
    srv_puts(text, ",\"left_out\":");
    srv_put_number(text, step->left_out);
    srv_puts(text, ",\"beams\":[");
    for (int64_t i = 0; i < step->beam_count; i++) {
        srv_printf(text, "%s{\"prefix\":\"%s\",\"score\":", i ? "," : "", step->beam[i].prefix);
        srv_put_number(text, step->beam[i].score);
        srv_puts(text, "}");
    }
    srv_puts(text, "]}");
}

static void put_trace(srv_text *text, const sid_trace *trace)
{
    srv_puts(text, ",\"trace\":{\"steps\":[");
    for (int i = 0; i < trace->step_count; i++) {
        srv_puts(text, i ? "," : "");
        put_step(text, &trace->step[i]);
    }
    srv_puts(text, "]}");
}

static void put_results(const asked *a, const sid_recommendations *found, const sid_hits *titles, int64_t version)
{
    srv_text *text = srv_answer_begin(a->request);
    srv_puts(text, "\"results\":[");
    for (int64_t i = 0; i < found->count; i++) {
        const sid_recommendation *r = &found->row[i];
        const sid_item *item = &titles->row[i];
        bool is_there = item->row >= 0;
        srv_puts(text, i ? ",{\"item_id\":" : "{\"item_id\":");
        srv_put_string(text, r->item_id);
        srv_puts(text, ",\"sid\":");
        srv_put_string(text, is_there ? item->sid : r->sid);
        srv_puts(text, ",\"title\":");
        srv_put_string(text, is_there ? item->title : NULL);
        srv_puts(text, ",\"score\":");
        srv_put_number(text, r->score);
        srv_puts(text, "}");
    }
    srv_printf(text, "],\"unknown\":%lld,\"exact\":%s", (long long)found->unknown, found->is_exact ? "true" : "false");
    if (a->wants_trace)
        put_trace(text, &a->trace);
    srv_answer_end(a->request, version);
}

static void give(const asked *a, const sid_recommendations *found, int64_t version)
{
    sid_hits titles = {0};
    sid_error err = {0};
    if (found->unknown == a->history_count)
        (void)srv_fail_at(a->request, 404, SID_ENOTFOUND, "/history",
                          "the model knows none of the %lld ids of the history", (long long)a->history_count);
    else if (find_titles(a->request->bundle->store, found, &titles, &err) == SID_OK)
        put_results(a, found, &titles, version);
    else
        (void)srv_fail_error(a->request, &err, NULL);
    sid_hits_drop(&titles);
}

/* ---- Asked together ----------------------------------------------------------------------------------------------- */

static sid_request request_of(asked *a)
{
    return (sid_request){.history = a->history,
                         .history_count = a->history_count,
                         .k = (int)a->k,
                         .keep_history = a->keep_history,
                         .deny = a->lists.deny,
                         .deny_count = a->lists.deny_count,
                         .allow = a->lists.allow,
                         .allow_count = a->lists.allow_count,
                         .trace = a->wants_trace ? &a->trace : NULL,
                         .search = {.beam = (int)(a->beam == 0 || a->beam >= a->k ? a->beam : a->k)}};
}

static void fail_all(asked *const *group, int count, const sid_error *err)
{
    for (int i = 0; i < count; i++)
        (void)srv_fail_error(group[i]->request, err, NULL);
}

/* Of one bundle, k and beam. */
static void ask_together(asked *const *group, int count)
{
    srv_bundle *bundle = group[0]->request->bundle;
    sid_request *request = calloc((size_t)count, sizeof *request);
    sid_recommendations *found = calloc((size_t)count, sizeof *found);
    sid_error err = {.status = SID_ENOMEM, .message = "out of memory; ask again"};
    int64_t version = 0;
    sid_status status = request && found ? srv_bundle_enter_model(bundle, &version, &err) : SID_ENOMEM;
    if (status == SID_OK) {
        if (group[0]->filter.is_there)
            status = srv_lists_make(bundle->store, version, &group[0]->filter, &group[0]->lists, &err);
        for (int i = 0; i < count && status == SID_OK; i++)
            request[i] = request_of(group[i]);
        if (status == SID_OK)
            status = sid_model_recommend_many(bundle->model, request, count, found, &err);
        srv_lists_drop(&group[0]->lists);
        srv_bundle_leave_model(bundle);
    }
    if (status != SID_OK)
        fail_all(group, count, &err);
    for (int i = 0; i < count && status == SID_OK; i++) {
        give(group[i], &found[i], version);
        sid_recommendations_drop(&found[i]);
    }
    srv_metrics_count(&group[0]->request->server->metrics, SRV_COUNT_BATCH);
    srv_metrics_add(&group[0]->request->server->metrics, SRV_COUNT_BATCHED, (uint64_t)count);
    free(request);
    free(found);
}

/* A filter's lists hold a lock, so what has one goes alone. */
static bool can_join(const asked *first, const asked *next)
{
    return first->request->bundle == next->request->bundle && first->k == next->k && first->beam == next->beam &&
           !first->filter.is_there && !next->filter.is_there;
}

static void ask_all(asked *all, int count, asked **group)
{
    for (int i = 0; i < count; i++) {
        int grouped = 0;
        if (!all[i].is_right)
            continue;
        for (int j = i; j < count; j++)
            if (all[j].is_right && (j == i || can_join(&all[i], &all[j]))) {
                group[grouped++] = &all[j];
                all[j].is_right = false;
            }
        ask_together(group, grouped);
    }
}

void srv_work_recommend(srv_request **batch, int count)
{
    asked *all = calloc((size_t)count, sizeof *all);
    asked **group = calloc((size_t)count, sizeof(asked *));
    bool has_memory = all && group;
    for (int i = 0; i < count; i++) {
        if (has_memory)
            all[i].is_right = asked_read(batch[i], &all[i]);
        else
            (void)srv_fail(batch[i], 503, SID_ENOMEM, "out of memory; ask again");
    }
    if (has_memory)
        ask_all(all, count, group);
    for (int i = 0; i < count; i++) {
        if (has_memory)
            asked_drop(&all[i]);
        srv_request_done(batch[i]);
    }
    free(all);
    free(group);
}
