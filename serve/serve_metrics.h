/* serve_metrics.h: counters, and Prometheus's text of them. */
#ifndef SEMID_SERVE_SERVE_METRICS_H
#define SEMID_SERVE_SERVE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "json_text.h"

enum { SRV_ROUTES_MAX = 40, SRV_TIME_BUCKETS = 12 };

/* what, help */
#define SRV_COUNT_LIST(X)                                                                                              \
    X(FULL, "refused_full", "Requests refused since the queue was full")                                               \
    X(SHARE, "refused_share", "Requests refused since their client had its share in flight")                           \
    X(EARLY, "refused_deadline", "Requests refused since their deadline could not be met")                             \
    X(DRAINED, "refused_draining", "Requests refused since the server was closing")                                    \
    X(LATE, "deadline_passed", "Requests whose deadline passed while they waited")                                     \
    X(GONE, "client_gone", "Requests dropped since their client had gone")                                             \
    X(BAD, "refused_front", "Requests refused before any handler saw them")                                            \
    X(HIT, "cache_hits", "Answers taken from the cache")                                                               \
    X(MISS, "cache_misses", "Answers of cacheable kind that were made")                                                \
    X(SWAP, "swaps", "Bundles exchanged")                                                                              \
    X(SWAP_FAILED, "swaps_failed", "Bundles that failed their check")                                                  \
    X(ADDED, "items_added", "Items added or replaced")                                                                 \
    X(REMOVED, "items_removed", "Items removed")                                                                       \
    X(COMMIT, "commits", "Transactions that changed items")                                                            \
    X(BATCH, "batches", "Batches of requests to recommend or encode")                                                  \
    X(BATCHED, "batched_requests", "Requests in them")

typedef enum srv_count {
#define SRV_COUNT_ENUM_(id, name, help) SRV_COUNT_##id,
    SRV_COUNT_LIST(SRV_COUNT_ENUM_)
#undef SRV_COUNT_ENUM_
        SRV_COUNT_COUNT
} srv_count;

typedef struct srv_route_metrics {
    _Atomic uint64_t status[6]; /* 1xx .. 5xx, by the hundreds */
    _Atomic uint64_t bucket[SRV_TIME_BUCKETS + 1];
    _Atomic uint64_t sum_us;
} srv_route_metrics;

typedef struct srv_metrics {
    _Atomic uint64_t count[SRV_COUNT_COUNT];
    srv_route_metrics route[SRV_ROUTES_MAX + 1]; /* the last: no route */
} srv_metrics;

void srv_metrics_count(srv_metrics *metrics, srv_count what);
void srv_metrics_add(srv_metrics *metrics, srv_count what, uint64_t by);
/* route -1: none. */
void srv_metrics_request(srv_metrics *metrics, int route, int status, int64_t time_us);

/* Figures of the moment. */
typedef struct srv_gauges {
    int connections, queued[3], running[3];
    int64_t items, version, reaped, cache_size, cache_entries, bodies_size;
    uint64_t bundle;
    bool is_ready;
    double uptime_s;
} srv_gauges;
extern const char *const srv_queue_name[3];
void srv_metrics_put(srv_text *text, srv_metrics *metrics, const srv_gauges *gauges);

#endif
