/* handle_retrieve.c: a history to items of the prefixes that it is of, for a ranker. The lists that the answers come from are made of
 * all items, once for each state of the catalogue, by the first who asks.
 */
#include <stdlib.h>
#include <string.h>

#include "filters.h"
#include "json_body.h"
#include "route_table.h"
#include "server.h"

enum { K_USUAL = 100 };

typedef struct retrieving {
    json_t *body;
    const char **history;
    int64_t history_count, k, prefixes, items;
    bool keep_history;
    srv_filter filter;
    srv_lists lists;
} retrieving;

/* "10x100": prefixes and items of each. */
static bool read_budget(srv_request *request, retrieving *r)
{
    const char *text = NULL;
    if (!srv_json_text(request, r->body, "", "budget", &text))
        return false;
    if (!text)
        return true;
    const char *cross = strchr(text, 'x');
    bool is_plain = cross && strlen(text) < 16 && strspn(text, "0123456789") == (size_t)(cross - text) && cross[1] &&
                    strspn(cross + 1, "0123456789") == strlen(cross + 1);
    long long prefixes = is_plain ? strtoll(text, NULL, 10) : 0, items = is_plain ? strtoll(cross + 1, NULL, 10) : 0;
    if (prefixes < 1 || prefixes > SID_BUDGET_PREFIXES_MAX || items < 1)
        return srv_fail_at(request, 400, SID_EUSAGE, "/budget",
                           "\"%.40s\" is no budget; 1 to %d prefixes and items of each are expected, as in 10x100",
                           text, SID_BUDGET_PREFIXES_MAX);
    r->prefixes = prefixes;
    r->items = items;
    return true;
}

static bool read_body(srv_request *request, retrieving *r)
{
    static const char *const names[] = {"history", "k", "budget", "keep_history", "filter", NULL};
    r->body = srv_json_read(request);
    if (!r->body || !srv_json_check(request, r->body, "", names) ||
        !srv_json_texts(request, r->body, "", "history", SRV_K_MAX, &r->history, &r->history_count) ||
        !srv_json_int(request, r->body, "", "k", K_USUAL, 1, SRV_K_MAX, &r->k) || !read_budget(request, r) ||
        !srv_json_bool(request, r->body, "", "keep_history", &r->keep_history) ||
        !srv_filter_read(request, r->body, &r->filter))
        return false;
    return r->history_count > 0 || srv_fail_at(request, 400, SID_EUSAGE, "/history",
                                               "an array of 1 to %d ids is expected, oldest first", SRV_K_MAX);
}

/* ---- The lists ---------------------------------------------------------------------------------------------------- */

static sid_status renew(srv_store *store, sid_error *err)
{
    const sid_retriever_options options = {0};
    sid_retriever *made = NULL;
    sid_catalog_info info;
    (void)pthread_rwlock_wrlock(&store->retriever_lock);
    (void)pthread_mutex_lock(&store->work_lock);
    sid_status status = sid_retriever_create(store->work, &options, &made, err);
    sid_catalog_get_info(store->work, &info);
    (void)pthread_mutex_unlock(&store->work_lock);
    if (status == SID_OK) {
        sid_retriever_free(store->retriever);
        store->retriever = made;
        store->retriever_version = info.version;
    }
    (void)pthread_rwlock_unlock(&store->retriever_lock);
    return status;
}

/* Under retriever_lock for reading afterwards, with lists of the catalogue as it is. */
static sid_status enter(srv_store *store, sid_error *err)
{
    for (;;) {
        int64_t wanted = atomic_load(&store->version);
        (void)pthread_rwlock_rdlock(&store->retriever_lock);
        if (store->retriever && store->retriever_version >= wanted)
            return SID_OK;
        (void)pthread_rwlock_unlock(&store->retriever_lock);
        sid_status status = renew(store, err);
        if (status != SID_OK)
            return status;
    }
}

/* ---- The answer --------------------------------------------------------------------------------------------------- */

static void put_results(srv_request *request, const sid_retrieved *found, int64_t version)
{
    srv_text *text = srv_answer_begin(request);
    srv_puts(text, "\"prefixes\":[");
    for (int64_t i = 0; i < found->prefix_count; i++) {
        srv_printf(text, "%s{\"prefix\":\"%s\",\"weight\":", i ? "," : "", found->prefix[i].prefix);
        srv_put_number(text, found->prefix[i].weight);
        srv_puts(text, "}");
    }
    srv_puts(text, "],\"results\":[");
    for (int64_t i = 0; i < found->count; i++) {
        srv_puts(text, i ? ",{\"item_id\":" : "{\"item_id\":");
        srv_put_string(text, found->row[i].item_id);
        srv_printf(text, ",\"sid\":\"%s\",\"title\":", found->row[i].sid);
        srv_put_string(text, found->row[i].title);
        srv_puts(text, ",\"score\":");
        srv_put_number(text, found->row[i].score);
        srv_puts(text, "}");
    }
    srv_printf(text, "],\"unknown\":%lld", (long long)found->unknown);
    srv_answer_end(request, version);
}

/* Under retriever_lock. */
static void answer(srv_request *request, retrieving *r)
{
    srv_store *store = request->bundle->store;
    sid_retrieved found = {0};
    sid_error err = {0};
    sid_status status = SID_OK;
    if (r->filter.is_there)
        status = srv_lists_make(store, store->retriever_version, &r->filter, &r->lists, &err);
    const sid_retrieve_request asked = {.history = r->history,
                                        .history_count = r->history_count,
                                        .k = r->k,
                                        .prefixes = r->prefixes,
                                        .items = r->items,
                                        .keep_history = r->keep_history,
                                        .deny = r->lists.deny,
                                        .deny_count = r->lists.deny_count,
                                        .allow = r->lists.allow,
                                        .allow_count = r->lists.allow_count};
    if (status == SID_OK)
        status = sid_retrieve(store->retriever, &asked, &found, &err);
    srv_lists_drop(&r->lists);
    if (status != SID_OK)
        (void)srv_fail_error(request, &err, NULL);
    else if (found.unknown == r->history_count)
        (void)srv_fail_at(request, 404, SID_ENOTFOUND, "/history",
                          "the catalogue knows none of the %lld ids of the history", (long long)r->history_count);
    else
        put_results(request, &found, store->retriever_version);
    sid_retrieved_drop(&found);
}

void srv_run_retrieve(srv_request *request)
{
    srv_store *store = request->bundle->store;
    retrieving r = {0};
    sid_error err = {0};
    if (read_body(request, &r)) {
        if (enter(store, &err) == SID_OK) {
            answer(request, &r);
            (void)pthread_rwlock_unlock(&store->retriever_lock);
        } else {
            (void)srv_fail_error(request, &err, NULL);
        }
    }
    free(r.history);
    srv_filter_drop(&r.filter);
    json_decref(r.body);
}
