/* keeper.c: the thread that looks after the server: shuts connections that dawdle, exchanges bundles, frees those that no
 * request holds any more, and notices when another process changed the catalogue.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server.h"

enum { OPEN_TRIES = 2000, OPEN_PAUSE_NS = 5000000 }; /* ten seconds */

bool srv_swap_ask(srv_server *server, char *catalog, char *model)
{
    (void)pthread_mutex_lock(&server->swap_lock);
    srv_swap *swap = &server->swap;
    bool is_taken = !swap->is_asked;
    if (is_taken) {
        swap->is_asked = true;
        swap->catalog = catalog;
        swap->model = model;
        (void)snprintf(swap->state, sizeof swap->state, "loading");
        swap->detail[0] = 0;
        (void)pthread_cond_signal(&server->swap_more);
    }
    (void)pthread_mutex_unlock(&server->swap_lock);
    return is_taken;
}

static void retire(srv_server *server, srv_bundle *old)
{
    srv_bundle **more = realloc(server->retired, (size_t)(server->retired_count + 1) * sizeof(srv_bundle *));
    if (!more) { /* whoever ends with it last frees it */
        srv_bundle_release(old);
        return;
    }
    server->retired = more;
    server->retired[server->retired_count++] = old;
}

static void free_retired(srv_server *server)
{
    int left = 0;
    for (int i = 0; i < server->retired_count; i++) {
        if (atomic_load(&server->retired[i]->users) == 1)
            srv_bundle_release(server->retired[i]);
        else
            server->retired[left++] = server->retired[i];
    }
    server->retired_count = left;
    if (left > 0)
        return;
    free(server->retired);
    server->retired = NULL;
}

/* The bundle from before. */
static srv_bundle *exchange(srv_server *server, srv_bundle *next)
{
    (void)pthread_mutex_lock(&server->bundle_lock);
    srv_bundle *old = server->bundle;
    next->number = old->number + 1;
    server->bundle = next;
    (void)pthread_mutex_unlock(&server->bundle_lock);
    atomic_fetch_add(&server->generation, 1);
    srv_metrics_count(&server->metrics, SRV_COUNT_SWAP);
    return old;
}

/* With `next` exchanges it. Both at once for who asks: whoever sees the new bundle may ask for another. Gives the old one. */
static srv_bundle *finish(srv_server *server, srv_bundle *next, const char *state, const char *detail)
{
    (void)pthread_mutex_lock(&server->swap_lock);
    srv_bundle *old = next ? exchange(server, next) : NULL;
    server->swap.is_asked = false;
    free(server->swap.catalog);
    free(server->swap.model);
    server->swap.catalog = server->swap.model = NULL;
    (void)snprintf(server->swap.state, sizeof server->swap.state, "%s", state);
    (void)snprintf(server->swap.detail, sizeof server->swap.detail, "%.500s", detail);
    (void)pthread_mutex_unlock(&server->swap_lock);
    return old;
}

static bool is_ending(srv_server *server)
{
    (void)pthread_mutex_lock(&server->swap_lock);
    bool ending = server->is_ending;
    (void)pthread_mutex_unlock(&server->swap_lock);
    return ending;
}

/* A bundle from before whose last requests are not answered yet may still hold the writer's lock of what is opened again. */
static sid_status open_next(srv_server *server, const srv_bundle_request *request, srv_bundle **next, sid_error *err)
{
    for (int left = OPEN_TRIES;; left--) {
        free_retired(server);
        bool is_held = server->retired_count > 0;
        sid_status status = srv_bundle_open(request, next, err);
        if (status != SID_ELOCKED || !is_held || left == 0 || is_ending(server))
            return status;
        (void)nanosleep(&(struct timespec){.tv_nsec = OPEN_PAUSE_NS}, NULL);
    }
}

static void swap(srv_server *server)
{
    srv_bundle *running = srv_server_bundle(server), *next = NULL;
    char *catalog = server->swap.catalog,
         *model = server->swap.model; /* nobody else changes them while one is asked for */
    sid_error err = {0};
    const srv_bundle_request request = {.ctx = server->ctx,
                                        .catalog = catalog ? catalog : running->catalog_path,
                                        .model = catalog ? model : running->model_path,
                                        .category = server->options.category,
                                        .category_separator = server->options.category_separator,
                                        .read_only = server->options.read_only,
                                        .generation = &server->generation,
                                        .running = running->store};
    sid_status status = open_next(server, &request, &next, &err);
    srv_bundle_release(running);
    if (status == SID_OK) {
        retire(server, finish(server, next, "done", ""));
        srv_note(server, false, "bundle %llu is served", (unsigned long long)next->number);
    } else {
        srv_metrics_count(&server->metrics, SRV_COUNT_SWAP_FAILED);
        srv_note(server, true, "the bundle was not exchanged: %s", err.message);
        (void)finish(server, NULL, "failed", sid_status_message(status));
    }
}

/* Only others can change what is served for reading. */
static void look_at_changes(srv_server *server)
{
    sid_error err = {0};
    if (!server->options.read_only)
        return;
    srv_bundle *bundle = srv_server_bundle(server);
    if (srv_store_look(bundle->store, &err) != SID_OK)
        srv_note(server, true, "%s", err.message);
    srv_bundle_release(bundle);
}

/* Until a swap is asked for, the end, or the next look. Under the lock. */
static void wait_for_news(srv_server *server)
{
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += SRV_REAPER_MS * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000L;
    end.tv_nsec %= 1000000000L;
    if (!server->is_ending && !server->swap.is_asked)
        (void)pthread_cond_timedwait(&server->swap_more, &server->swap_lock, &end);
}

void *srv_keeper_run(void *arg)
{
    srv_server *server = arg;
    bool is_over = false;
    while (!is_over) {
        (void)pthread_mutex_lock(&server->swap_lock);
        wait_for_news(server);
        is_over = server->is_ending;
        bool is_asked = server->swap.is_asked;
        (void)pthread_mutex_unlock(&server->swap_lock);
        if (is_asked && !is_over)
            swap(server);
        srv_connections_reap(&server->connections, srv_now_us());
        free_retired(server);
        if (!is_over)
            look_at_changes(server);
    }
    return NULL;
}
