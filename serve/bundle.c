/* bundle.c: see bundle.h. */
#define _GNU_SOURCE
#include "bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "failing.h"
#include "filters.h"

enum { LABEL_DEPTH = 2, LOCK_TRIES = 50, LOCK_STEP_MS = 100 };

static sid_status no_memory(sid_error *err)
{
    return srv_error(err, SID_ENOMEM, "out of memory for %s", "a bundle");
}

/* ---- Paths -------------------------------------------------------------------------------------------------------- */

/* A name below --root: one part, which does not begin with a dot. */
static bool is_plain_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t length = strlen(name);
    return length > 0 && length <= 255 && name[0] != '.' && name[0] != '-' && strspn(name, letters) == length;
}

/* Links may lead about below the root, and not out of it. */
static sid_status check_below(const char *root, const char *path, const char *name, sid_error *err)
{
    char *real_root = realpath(root, NULL), *real_path = realpath(path, NULL);
    size_t length = real_root ? strlen(real_root) : 0;
    bool is_found = real_root && real_path;
    bool is_below = is_found && strncmp(real_root, real_path, length) == 0 && real_path[length] == '/';
    free(real_root);
    free(real_path);
    if (!is_found)
        return srv_error(err, SID_ENOTFOUND, "there is no \"%.100s\" below the root", name);
    return is_below ? SID_OK : srv_error(err, SID_EUSAGE, "\"%.100s\" leads out of the root", name);
}

sid_status srv_bundle_path(const char *root, const char *name, char **out, sid_error *err)
{
    char *path = NULL;
    if (!is_plain_name(name))
        return srv_error(err, SID_EUSAGE, "\"%.100s\" is no name of what lies below the root: letters, digits, _ . -",
                         name);
    if (asprintf(&path, "%s/%s", root, name) < 0)
        return no_memory(err);
    sid_status status = check_below(root, path, name, err);
    if (status != SID_OK) {
        free(path);
        return status;
    }
    *out = path;
    return SID_OK;
}

/* ---- The store ---------------------------------------------------------------------------------------------------- */

static void store_free(srv_store *store)
{
    if (store->has_labeler)
        (void)pthread_join(store->labeler, NULL);
    sid_labels_drop(&store->label_memory);
    srv_facets_free(store->facets);
    sid_retriever_free(store->retriever);
    (void)pthread_rwlock_destroy(&store->retriever_lock);
    sid_prefixes_free(store->view);
    sid_catalog_close(store->front);
    sid_catalog_close(store->work);
    sid_text_free(store->report);
    (void)pthread_mutex_destroy(&store->front_lock);
    (void)pthread_mutex_destroy(&store->work_lock);
    (void)pthread_mutex_destroy(&store->facets_lock);
    free(store->path);
    free(store);
}

static void store_release(srv_store *store)
{
    if (store && atomic_fetch_sub(&store->users, 1) == 1)
        store_free(store);
}

/* Reads every item, so it has a handle and a thread of its own; answers are without words until it is done. */
static void *make_labels(void *arg)
{
    srv_store *store = arg;
    sid_catalog *catalog = NULL;
    sid_error err = {0};
    if (sid_catalog_open(store->ctx, store->path, SID_OPEN_READ, &catalog, &err) != SID_OK)
        return NULL;
    sid_label_options options = {.depth = store->levels < LABEL_DEPTH ? store->levels : LABEL_DEPTH,
                                 .category = store->category,
                                 .category_separator = store->category_separator};
    sid_status status = sid_catalog_labels(catalog, &options, &store->label_memory, &err);
    if (status == SID_EUSAGE && store->category) { /* a catalogue that was swapped in may lack the column */
        options.category = NULL;
        status = sid_catalog_labels(catalog, &options, &store->label_memory, &err);
    }
    if (status == SID_OK) {
        atomic_store(&store->labels, &store->label_memory);
        atomic_fetch_add(store->generation, 1);
    }
    sid_catalog_close(catalog);
    return NULL;
}

/* A bundle that goes may hold the lock until its last request ends. */
static sid_status open_writer(srv_store *store, sid_error *err)
{
    const struct timespec step = {.tv_nsec = LOCK_STEP_MS * 1000000L};
    sid_status status = sid_catalog_open(store->ctx, store->path, SID_OPEN_WRITE, &store->work, err);
    for (int i = 0; status == SID_ELOCKED && i < LOCK_TRIES; i++) {
        (void)nanosleep(&step, NULL);
        status = sid_catalog_open(store->ctx, store->path, SID_OPEN_WRITE, &store->work, err);
    }
    return status;
}

static void read_info(srv_store *store)
{
    sid_catalog_info info;
    sid_catalog_get_info(store->front, &info);
    (void)snprintf(store->id, sizeof store->id, "%s", info.id);
    store->dim = info.dim;
    store->levels = info.levels;
    store->width = info.levels + 1;
    store->is_ordered = info.ordered;
    store->has_encoder = info.encoder != NULL;
    atomic_store(&store->version, info.version);
    atomic_store(&store->items, info.items);
}

static sid_status store_fill(srv_store *store, bool read_only, sid_error *err)
{
    struct stat info;
    if (stat(store->path, &info) != 0)
        return srv_error(err, errno == ENOENT ? SID_ENOTFOUND : SID_EIO, "%s cannot be opened", store->path);
    store->device = info.st_dev;
    store->inode = info.st_ino;
    store->can_write = !read_only;
    SRV_TRY(sid_catalog_open(store->ctx, store->path, SID_OPEN_READ, &store->front, err));
    if (read_only)
        SRV_TRY(sid_catalog_open(store->ctx, store->path, SID_OPEN_READ, &store->work, err));
    else
        SRV_TRY(open_writer(store, err));
    SRV_TRY(sid_catalog_prefixes(store->front, &store->view, err));
    read_info(store);
    if (store->is_ordered)
        store->has_labeler = pthread_create(&store->labeler, NULL, make_labels, store) == 0;
    return SID_OK;
}

static bool is_same_directory(const srv_store *running, const char *path)
{
    struct stat info;
    return running && stat(path, &info) == 0 && info.st_dev == running->device && info.st_ino == running->inode;
}

static sid_status store_open(const srv_bundle_request *request, srv_store **out, sid_error *err)
{
    char *path = NULL;
    if (is_same_directory(request->running, request->catalog)) {
        atomic_fetch_add(&request->running->users, 1);
        *out = request->running;
        return srv_store_look(*out, err);
    }
    srv_store *store = calloc(1, sizeof *store);
    path = strdup(request->catalog);
    if (!store || !path) {
        free(store);
        free(path);
        return no_memory(err);
    }
    store->users = 1;
    store->ctx = request->ctx;
    store->path = path;
    store->category = request->category;
    store->category_separator = request->category_separator;
    store->generation = request->generation;
    (void)pthread_mutex_init(&store->front_lock, NULL);
    (void)pthread_mutex_init(&store->work_lock, NULL);
    (void)pthread_mutex_init(&store->facets_lock, NULL);
    (void)pthread_rwlock_init(&store->retriever_lock, NULL);
    sid_status status = store_fill(store, request->read_only, err);
    if (status != SID_OK) {
        store_free(store);
        return status;
    }
    *out = store;
    return SID_OK;
}

void srv_store_changed(srv_store *store)
{
    atomic_store(&store->is_stale, true);
    atomic_fetch_add(store->generation, 1);
}

static void take_version(srv_store *store, const sid_catalog *catalog)
{
    sid_catalog_info info;
    sid_catalog_get_info(catalog, &info);
    atomic_store(&store->version, info.version);
    atomic_store(&store->items, info.items);
}

sid_status srv_store_freshen(srv_store *store, sid_error *err)
{
    sid_prefixes *view = NULL;
    if (!atomic_load(&store->is_stale))
        return SID_OK;
    (void)pthread_mutex_lock(&store->front_lock);
    atomic_store(&store->is_stale, false); /* before the look: a change during it makes it stale again */
    sid_status status = sid_catalog_prefixes(store->front, &view, err);
    if (status == SID_OK) {
        sid_prefixes_free(store->view);
        store->view = view;
        take_version(store, store->front);
    } else {
        atomic_store(&store->is_stale, true);
    }
    (void)pthread_mutex_unlock(&store->front_lock);
    return status;
}

sid_status srv_store_look(srv_store *store, sid_error *err)
{
    sid_prefixes *view = NULL;
    (void)pthread_mutex_lock(&store->work_lock);
    sid_status status = sid_catalog_prefixes(store->work, &view, err);
    bool is_changed = status == SID_OK && sid_prefixes_version(view) != atomic_load(&store->version);
    sid_prefixes_free(view);
    (void)pthread_mutex_unlock(&store->work_lock);
    if (!is_changed)
        return status;
    srv_store_changed(store);
    return srv_store_freshen(store, err);
}

/* ---- Looking ------------------------------------------------------------------------------------------------------ */

sid_status srv_reader_begin(srv_store *store, bool is_front, srv_reader *out, sid_error *err)
{
    *out = (srv_reader){.store = store, .is_front = is_front, .catalog = is_front ? store->front : store->work};
    (void)pthread_mutex_lock(is_front ? &store->front_lock : &store->work_lock);
    if (is_front) {
        out->view = store->view;
        return SID_OK;
    }
    sid_status status = sid_catalog_prefixes(store->work, &out->view, err);
    if (status != SID_OK)
        (void)pthread_mutex_unlock(&store->work_lock);
    return status;
}

int64_t srv_reader_version(const srv_reader *reader)
{
    sid_catalog_info info;
    sid_catalog_get_info(reader->catalog, &info);
    return info.version == sid_prefixes_version(reader->view) ? info.version : -1;
}

void srv_reader_end(srv_reader *reader)
{
    if (!reader->is_front)
        sid_prefixes_free(reader->view);
    (void)pthread_mutex_unlock(reader->is_front ? &reader->store->front_lock : &reader->store->work_lock);
}

/* ---- The bundle --------------------------------------------------------------------------------------------------- */

static void bundle_free(srv_bundle *bundle)
{
    sid_model_close(bundle->model);
    store_release(bundle->store);
    (void)pthread_rwlock_destroy(&bundle->model_lock);
    free(bundle->catalog_path);
    free(bundle->model_path);
    free(bundle);
}

srv_bundle *srv_bundle_hold(srv_bundle *bundle)
{
    atomic_fetch_add(&bundle->users, 1);
    return bundle;
}

void srv_bundle_release(srv_bundle *bundle)
{
    if (bundle && atomic_fetch_sub(&bundle->users, 1) == 1)
        bundle_free(bundle);
}

/* The model takes up the catalogue's items; under model_lock for writing, or before anybody else has the bundle. */
static sid_status model_use(srv_bundle *bundle, sid_error *err)
{
    sid_catalog_info info;
    (void)pthread_mutex_lock(&bundle->store->work_lock);
    sid_status status = sid_model_use_catalog(bundle->model, bundle->store->work, err);
    sid_catalog_get_info(bundle->store->work, &info);
    (void)pthread_mutex_unlock(&bundle->store->work_lock);
    if (status == SID_OK)
        bundle->model_version = info.version;
    return status;
}

static sid_status open_model(srv_bundle *bundle, const srv_bundle_request *request, sid_error *err)
{
    sid_model_info info;
    SRV_TRY(sid_model_open(request->ctx, request->model, &bundle->model, err));
    sid_model_get_info(bundle->model, &info);
    (void)snprintf(bundle->model_id, sizeof bundle->model_id, "%s", info.id);
    (void)snprintf(bundle->model_family, sizeof bundle->model_family, "%s", info.family);
    return model_use(bundle, err);
}

static sid_status bundle_fill(srv_bundle *bundle, const srv_bundle_request *request, sid_error *err)
{
    bundle->catalog_path = strdup(request->catalog);
    bundle->model_path = request->model ? strdup(request->model) : NULL;
    if (!bundle->catalog_path || (request->model && !bundle->model_path))
        return no_memory(err);
    SRV_TRY(store_open(request, &bundle->store, err));
    return request->model ? open_model(bundle, request, err) : SID_OK;
}

sid_status srv_bundle_open(const srv_bundle_request *request, srv_bundle **out, sid_error *err)
{
    srv_bundle *bundle = calloc(1, sizeof *bundle);
    if (!bundle)
        return no_memory(err);
    bundle->users = 1;
    (void)pthread_rwlock_init(&bundle->model_lock, NULL);
    sid_status status = bundle_fill(bundle, request, err);
    if (status != SID_OK) {
        bundle_free(bundle);
        return status;
    }
    *out = bundle;
    return SID_OK;
}

static sid_status renew_model(srv_bundle *bundle, sid_error *err)
{
    (void)pthread_rwlock_wrlock(&bundle->model_lock);
    sid_status status = model_use(bundle, err);
    (void)pthread_rwlock_unlock(&bundle->model_lock);
    return status;
}

sid_status srv_bundle_enter_model(srv_bundle *bundle, int64_t *version, sid_error *err)
{
    for (;;) {
        int64_t wanted = atomic_load(&bundle->store->version);
        (void)pthread_rwlock_rdlock(&bundle->model_lock);
        *version = bundle->model_version;
        if (*version >= wanted)
            return SID_OK;
        (void)pthread_rwlock_unlock(&bundle->model_lock);
        SRV_TRY(renew_model(bundle, err));
    }
}

void srv_bundle_leave_model(srv_bundle *bundle)
{
    (void)pthread_rwlock_unlock(&bundle->model_lock);
}
