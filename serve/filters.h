/* filters.h: which items an answer may hold: {"exclude": [id], "within": [prefix], "without": [prefix], "where": {"brand": ["OPI"]}}.
 * Neighbours are judged one by one; a model gets lists of ids, made by a pass over all items, of which the values of the
 * columns asked for are kept until the catalogue changes.
 */
#ifndef SEMID_SERVE_FILTERS_H
#define SEMID_SERVE_FILTERS_H

#include <jansson.h>
#include <semid.h>

typedef struct srv_request srv_request;
typedef struct srv_store srv_store;
typedef struct srv_facets srv_facets;

typedef struct srv_filter {
    const char **exclude, **within, **without; /* sorted; texts belong to the JSON */
    int64_t exclude_count, within_count, without_count;
    const json_t *where; /* NULL: none */
    bool is_there;
} srv_filter;

/* Of the member "filter" of `body`, which must outlive it. False with a problem. Drop it in any case. */
bool srv_filter_read(srv_request *request, const json_t *body, srv_filter *out);
void srv_filter_drop(srv_filter *filter);
bool srv_filter_takes(const srv_filter *filter, const sid_item *item);

/* Ids that a filter allows or denies, to be freed with drop; they belong to the facets, so the store's lock is held from make to
 * drop. allow NULL: all but deny. */
typedef struct srv_lists {
    srv_store *store;
    const char **allow, **deny;
    int64_t allow_count, deny_count;
} srv_lists;
sid_status srv_lists_make(srv_store *store, int64_t version, const srv_filter *filter, srv_lists *out, sid_error *err);
void srv_lists_drop(srv_lists *lists);

void srv_facets_free(srv_facets *facets);

#endif
