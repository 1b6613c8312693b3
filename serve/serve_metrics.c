/* serve_metrics.c: see serve_metrics.h. Names and units are Prometheus's: _total counts, seconds, bytes. */
#include "serve_metrics.h"

#include <inttypes.h>
#include <semid.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "route_table.h"

/* Upper ends, in microseconds. */
static const int64_t bucket_us[SRV_TIME_BUCKETS] = {50,   100,   250,   500,    1000,    2500,
                                                    5000, 10000, 50000, 250000, 1000000, 10000000};
const char *const srv_queue_name[3] = {"read", "recommend", "write"};

void srv_metrics_count(srv_metrics *metrics, srv_count what)
{
    srv_metrics_add(metrics, what, 1);
}

void srv_metrics_add(srv_metrics *metrics, srv_count what, uint64_t by)
{
    atomic_fetch_add_explicit(&metrics->count[what], by, memory_order_relaxed);
}

/* The loop alone writes these: no need to lock the bus. */
static void bump(_Atomic uint64_t *count, uint64_t by)
{
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + by, memory_order_relaxed);
}

void srv_metrics_request(srv_metrics *metrics, int route, int status, int64_t time_us)
{
    srv_route_metrics *each = &metrics->route[route < 0 ? SRV_ROUTES_MAX : route];
    int bucket = 0, hundreds = status / 100;
    while (bucket < SRV_TIME_BUCKETS && time_us > bucket_us[bucket])
        bucket++;
    bump(&each->status[hundreds > 5 ? 5 : hundreds], 1);
    bump(&each->bucket[bucket], 1);
    bump(&each->sum_us, (uint64_t)time_us);
}

static void head(srv_text *text, const char *name, const char *type, const char *help)
{
    srv_printf(text, "# HELP semid_%s %s.\n# TYPE semid_%s %s\n", name, help, name, type);
}

static void put_counts(srv_text *text, srv_metrics *metrics)
{
    static const char *const name[] = {
#define NAME(id, name, help) name,
        SRV_COUNT_LIST(NAME)
#undef NAME
    };
    static const char *const help[] = {
#define HELP(id, name, help) help,
        SRV_COUNT_LIST(HELP)
#undef HELP
    };
    for (int i = 0; i < SRV_COUNT_COUNT; i++) {
        srv_printf(text, "# HELP semid_%s_total %s.\n# TYPE semid_%s_total counter\nsemid_%s_total %" PRIu64 "\n",
                   name[i], help[i], name[i], name[i], atomic_load(&metrics->count[i]));
    }
}

static void put_requests(srv_text *text, srv_metrics *metrics)
{
    head(text, "http_requests_total", "counter", "Requests answered");
    for (int r = 0; r <= srv_route_count; r++)
        for (int s = 1; s < 6; s++) {
            const srv_route_metrics *each = &metrics->route[r < srv_route_count ? r : SRV_ROUTES_MAX];
            uint64_t count = atomic_load(&each->status[s]);
            if (count > 0)
                srv_printf(text, "semid_http_requests_total{method=\"%s\",route=\"%s\",status=\"%dxx\"} %" PRIu64 "\n",
                           r < srv_route_count ? srv_route_table[r].method : "",
                           r < srv_route_count ? srv_route_table[r].path : "", s, count);
        }
}

static void put_times(srv_text *text, srv_metrics *metrics)
{
    head(text, "http_request_duration_seconds", "histogram", "From the first header to the answer");
    for (int r = 0; r < srv_route_count; r++) {
        const srv_route_metrics *each = &metrics->route[r];
        const srv_route *route = &srv_route_table[r];
        uint64_t sum = 0;
        for (int b = 0; b <= SRV_TIME_BUCKETS; b++)
            sum += atomic_load(&each->bucket[b]);
        if (sum == 0)
            continue;
        sum = 0;
        for (int b = 0; b <= SRV_TIME_BUCKETS; b++) {
            char end[32] = "+Inf";
            if (b < SRV_TIME_BUCKETS)
                (void)snprintf(end, sizeof end, "%g", (double)bucket_us[b] * 1e-6);
            sum += atomic_load(&each->bucket[b]);
            srv_printf(text,
                       "semid_http_request_duration_seconds_bucket{method=\"%s\",route=\"%s\",le=\"%s\"} %" PRIu64 "\n",
                       route->method, route->path, end, sum);
        }
        srv_printf(text, "semid_http_request_duration_seconds_sum{method=\"%s\",route=\"%s\"} %.6f\n", route->method,
                   route->path, (double)atomic_load(&each->sum_us) * 1e-6);
        srv_printf(text, "semid_http_request_duration_seconds_count{method=\"%s\",route=\"%s\"} %" PRIu64 "\n",
                   route->method, route->path, sum);
    }
}

static void gauge(srv_text *text, const char *name, const char *help, double value)
{
    head(text, name, "gauge", help);
    srv_printf(text, "semid_%s %.17g\n", name, value);
}

static double resident_size(void)
{
    char line[128] = "", *end = NULL;
    FILE *file = fopen("/proc/self/statm", "re"); /* pages of all, pages in memory, .. */
    if (!file)
        return 0;
    bool is_read = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    if (!is_read)
        return 0;
    (void)strtoll(line, &end, 10);
    return (double)strtoll(end, NULL, 10) * (double)sysconf(_SC_PAGESIZE);
}

void srv_metrics_put(srv_text *text, srv_metrics *metrics, const srv_gauges *gauges)
{
    put_requests(text, metrics);
    put_times(text, metrics);
    put_counts(text, metrics);
    head(text, "queue_waiting", "gauge", "Requests that wait for a worker");
    for (int q = 0; q < 3; q++)
        srv_printf(text, "semid_queue_waiting{queue=\"%s\"} %d\n", srv_queue_name[q], gauges->queued[q]);
    head(text, "queue_running", "gauge", "Requests that a worker has");
    for (int q = 0; q < 3; q++)
        srv_printf(text, "semid_queue_running{queue=\"%s\"} %d\n", srv_queue_name[q], gauges->running[q]);
    gauge(text, "connections", "Open connections", gauges->connections);
    head(text, "connections_reaped_total", "counter", "Connections shut since they took too long to send");
    srv_printf(text, "semid_connections_reaped_total %" PRId64 "\n", gauges->reaped);
    gauge(text, "catalog_items", "Items in the catalogue", (double)gauges->items);
    gauge(text, "catalog_version", "Version of the catalogue's items", (double)gauges->version);
    gauge(text, "bundle_number", "Which bundle of this server's life is served", (double)gauges->bundle);
    gauge(text, "cache_size_bytes", "Bodies kept for the next who asks", (double)gauges->cache_size);
    gauge(text, "cache_entries", "How many they are", (double)gauges->cache_entries);
    gauge(text, "bodies_size_bytes", "Bodies of requests in flight", (double)gauges->bodies_size);
    gauge(text, "resident_size_bytes", "Memory of this process", resident_size());
    gauge(text, "uptime_seconds", "Since the start", gauges->uptime_s);
    gauge(text, "ready", "1: /readyz says yes", gauges->is_ready);
    head(text, "build_info", "gauge", "Which semid this is");
    srv_printf(text, "semid_build_info{version=\"%s\"} 1\n", sid_version());
}
