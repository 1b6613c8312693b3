/* catalog_open.c: from a directory to a handle and back. Each file that never changes is hashed and compared with the
 * manifest first, so that nothing damaged is believed; then parsed; then the parts are compared with each other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "catalog/catalog.h"
#include "io/safetensors.h"
#include "io/vectors.h"

enum {
    ADOPTION_MS = 10000, /* another thread of the child may be reopening the database */
    ADOPTION_STEP_MS = 5,
    METRICS_SIZE_MAX = 16 << 20,
    OPEN_TRIES = 100 /* each is in vain only when a writer came, went or replaced the catalogue meanwhile */
};

static sid_status path_of(const sid_catalog *catalog, const char *name, char path[PATH_MAX], sid_error *err)
{
    return sid__path_join(path, PATH_MAX, catalog->path, name, err);
}

/* A file whose content our parser refuses although its hash is right was not written by us. */
static sid_status as_corrupt(sid_status status, sid_error *err)
{
    if (status != SID_EDATA && status != SID_EUSAGE)
        return status;
    if (err)
        err->status = SID_ECORRUPT;
    return SID_ECORRUPT;
}

/* ---- Parts -------------------------------------------------------------------------------------------------------- */

static sid_status load_tensors(const sid_catalog *catalog, const char *name, sid__tensor_set *set, sid_error *err)
{
    char path[PATH_MAX];
    SID_TRY(path_of(catalog, name, path, err));
    if (!sid__manifest_find(&catalog->manifest, name))
        return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = catalog->path, .byte = -1},
                            "the manifest does not list %s; restore or refit", name);
    return sid__safetensors_read(path, set, err);
}

static sid_status check_quantizer(const sid_catalog *catalog, sid_error *err)
{
    const sid__manifest *m = &catalog->manifest;
    const sid_quantizer *q = catalog->quantizer;
    bool is_same = sid_quantizer_levels(q) == m->levels && q->dim == m->dim && q->prepared_dim == m->prepared_dim &&
                   strcmp(q->options.normalize ? "l2" : "none", m->normalization) == 0;
    for (int l = 0; is_same && l < m->levels; l++)
        is_same = sid_quantizer_codes(q, l) == m->codes[l];
    return is_same ? SID_OK
                   : sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = catalog->path, .byte = -1},
                                  "%s and %s disagree about the quantizer's sizes; restore or refit",
                                  SID__FILE_QUANTIZER, SID__FILE_MANIFEST);
}

static sid_status load_quantizer(sid_catalog *catalog, sid_error *err)
{
    const sid__manifest *m = &catalog->manifest;
    sid__strbuf codes = {0};
    sid__tensor_set set = {0};
    sid_status status = SID_OK;
    for (int l = 0; l < m->levels && status == SID_OK; l++)
        status = sid__strbuf_printf(&codes, err, "%s%d", l ? "," : "", m->codes[l]);
    if (status == SID_OK)
        status = load_tensors(catalog, SID__FILE_QUANTIZER, &set, err);
    const sid_quantizer_options options = {.quantizer = m->family,
                                           .levels = m->levels,
                                           .codes = codes.text,
                                           .options = m->options,
                                           .seed = (uint64_t)m->seed};
    if (status == SID_OK)
        status = sid__quantizer_load(&options, m->dim, &set, &catalog->quantizer, err);
    sid__tensor_set_drop(&set);
    sid__strbuf_drop(&codes);
    return status == SID_OK ? check_quantizer(catalog, err) : status;
}

static sid_status load_encoder(sid_catalog *catalog, sid_error *err)
{
    const sid__manifest *m = &catalog->manifest;
    sid__tensor_set set = {0};
    if (!m->has_encoder)
        return SID_OK;
    const sid_encoder_options options = {.encoder = m->encoder,
                                         .fields = m->encoder_fields[0] ? m->encoder_fields : NULL,
                                         .options = m->encoder_options,
                                         .seed = (uint64_t)m->encoder_seed};
    sid_status status = load_tensors(catalog, SID__FILE_ENCODER, &set, err);
    if (status == SID_OK)
        status = sid__encoder_load(&options, &set, &catalog->encoder, err);
    sid__tensor_set_drop(&set);
    if (status != SID_OK)
        return status;
    if (sid_encoder_dim(catalog->encoder) != m->dim)
        return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = catalog->path, .byte = -1},
                            "the encoder gives %d numbers, the quantizer takes %d; restore or refit",
                            sid_encoder_dim(catalog->encoder), m->dim);
    const char *fingerprint = sid__encoder_fingerprint(catalog->encoder);
    if (strcmp(fingerprint, m->encoder_fingerprint) != 0)
        sid__ctx_warn(catalog->ctx,
                      "this catalogue's texts were encoded by \"%s\", new ones would be by \"%s\": equal texts may get "
                      "different SIDs",
                      m->encoder_fingerprint, fingerprint);
    return SID_OK;
}

static sid_status load_fusion(sid_catalog *catalog, sid_error *err)
{
    sid__tensor_set set = {0};
    if (!sid__manifest_find(&catalog->manifest, SID__FILE_FUSION))
        return SID_OK;
    sid_status status = load_tensors(catalog, SID__FILE_FUSION, &set, err);
    if (status == SID_OK)
        status = sid__fusion_load(&set, &catalog->fusion, err);
    sid__tensor_set_drop(&set);
    if (status != SID_OK || sid_fusion_dim(catalog->fusion) == catalog->manifest.dim)
        return status;
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = catalog->path, .byte = -1},
                        "the fusion gives %d numbers, the quantizer takes %d; restore or refit",
                        sid_fusion_dim(catalog->fusion), catalog->manifest.dim);
}

static sid_status vectors_time(const sid_catalog *catalog, struct timespec *out, sid_error *err)
{
    struct stat info;
    if (fstat(catalog->vectors.file.fd, &info) != 0)
        return sid__fail_errno(err, catalog->vectors_path, "cannot read", errno);
    *out = info.st_mtim;
    return SID_OK;
}

sid_status sid__catalog_vectors_check(const sid_catalog *catalog, sid_error *err)
{
    struct timespec now = {0};
    if (!catalog->has_vectors)
        return SID_OK;
    SID_TRY(vectors_time(catalog, &now, err));
    if (now.tv_sec == catalog->vectors_changed.tv_sec && now.tv_nsec == catalog->vectors_changed.tv_nsec)
        return SID_OK;
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = catalog->vectors_path, .byte = -1},
                        "was written to after it was opened; restore it, then open the catalogue anew");
}

static sid_status load_vectors(sid_catalog *catalog, sid_error *err)
{
    const sid__manifest *m = &catalog->manifest;
    char path[PATH_MAX];
    if (!sid__manifest_find(m, SID__FILE_VECTORS))
        return SID_OK;
    SID_TRY(path_of(catalog, SID__FILE_VECTORS, path, err));
    SID_TRY(sid__strdup(&catalog->vectors_path, path, err));
    SID_TRY(sid__npy_open(catalog->vectors_path, &catalog->vectors, err));
    catalog->has_vectors = true;
    SID_TRY(vectors_time(catalog, &catalog->vectors_changed, err));
    if (catalog->vectors.rows == m->fitted_items && catalog->vectors.dim == m->dim)
        return SID_OK;
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1},
                        "%" PRId64 " x %d numbers; the manifest says %" PRId64 " x %d; restore or refit",
                        catalog->vectors.rows, catalog->vectors.dim, m->fitted_items, m->dim);
}

static sid_status load_metrics(sid_catalog *catalog, sid_error *err)
{
    const sid__manifest_file *file = sid__manifest_find(&catalog->manifest, SID__FILE_METRICS);
    char path[PATH_MAX], hex[SID__SHA256_HEX_SIZE];
    if (!file)
        return SID_OK;
    SID_TRY(path_of(catalog, SID__FILE_METRICS, path, err));
    SID_TRY(sid__read_whole(path, METRICS_SIZE_MAX, &catalog->metrics, &catalog->metrics_size, err));
    sid__sha256_bytes(catalog->metrics, (size_t)catalog->metrics_size, hex);
    return strcmp(hex, file->sha256) == 0 ? SID_OK
                                          : sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1},
                                                         "SHA-256 differs from the manifest; restore or refit");
}

/* ---- items.db ----------------------------------------------------------------------------------------------------- */

static sid__items_state items_state(const sid_catalog *catalog)
{
    char path[PATH_MAX];
    struct stat info;
    sid__items_state state = {.size = -1, .wal_size = -1};
    if (path_of(catalog, SID__FILE_ITEMS, path, NULL) == SID_OK && stat(path, &info) == 0) {
        state.changed = info.st_mtim;
        state.size = info.st_size;
        state.inode = info.st_ino;
    }
    if (path_of(catalog, SID__FILE_ITEMS "-wal", path, NULL) == SID_OK && stat(path, &info) == 0)
        state.wal_size = info.st_size;
    return state;
}

static bool is_same_state(const sid__items_state *a, const sid__items_state *b)
{
    return a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec && a->size == b->size &&
           a->wal_size == b->wal_size && a->inode == b->inode;
}

/* A reader who may not make files can read a WAL database in the usual way only while its -shm file is there, that is,
 * while somebody writes, or after a crash. Else SQLite must take it as immutable, without locks; another user may write
 * to it nevertheless, so its state is kept and compared at each call (sid__catalog_db_renew). */
static sid__item_db_mode database_mode(const sid_catalog *catalog, const sid__items_state *state)
{
    if (catalog->mode == SID_OPEN_WRITE)
        return SID__ITEM_DB_WRITE;
    return state->wal_size >= 0 || sid__directory_is_writable(catalog->path) ? SID__ITEM_DB_READ
                                                                             : SID__ITEM_DB_IMMUTABLE;
}

/* A writer may come or go between the look and the opening, so the look is repeated. */
static sid_status open_db(sid_catalog *catalog, sid_error *err)
{
    const sid__manifest *m = &catalog->manifest;
    char path[PATH_MAX];
    SID_TRY(path_of(catalog, SID__FILE_ITEMS, path, err));
    for (int i = 0;; i++) {
        sid_error why = {0};
        catalog->db_state = items_state(catalog);
        catalog->db_mode = database_mode(catalog, &catalog->db_state);
        sid_status status = sid__item_db_open(path, m->levels, m->id, catalog->db_mode, &catalog->db, &why);
        sid__items_state now = items_state(catalog);
        bool is_still =
            catalog->mode == SID_OPEN_WRITE || i == OPEN_TRIES - 1 || is_same_state(&now, &catalog->db_state);
        if (status == SID_OK && (is_still || catalog->db_mode != SID__ITEM_DB_IMMUTABLE))
            return SID_OK;
        if (status != SID_OK && is_still) {
            if (err)
                *err = why;
            return status;
        }
        sid__item_db_close(catalog->db);
        catalog->db = NULL;
    }
}

sid_status sid__catalog_db_renew(sid_catalog *catalog, sid_error *err)
{
    if (catalog->db && catalog->db_mode != SID__ITEM_DB_IMMUTABLE)
        return SID_OK;
    sid__items_state now = items_state(catalog);
    if (catalog->db && (is_same_state(&now, &catalog->db_state) || !sid__catalog_is_in_place(catalog)))
        return SID_OK;
    sid__item_db_close(catalog->db);
    catalog->db = NULL; /* stays so when it cannot be opened; the next call tries again */
    return open_db(catalog, err);
}

static sid_status load_items(sid_catalog *catalog, sid_error *err)
{
    char path[PATH_MAX];
    SID_TRY(path_of(catalog, SID__FILE_ITEMS, path, err));
    if (!sid__path_exists(path))
        return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1}, "missing; restore or refit");
    SID_TRY(open_db(catalog, err));
    SID_TRY(sid__catalog_index_load(catalog, err));
    SID_TRY(sid__catalog_enter(catalog, err));
    sid__catalog_leave(catalog);
    sid__catalog_index_store(catalog);
    return SID_OK;
}

static sid_status load_manifest(sid_catalog *catalog, sid_error *err)
{
    char path[PATH_MAX];
    const sid__manifest *m = &catalog->manifest;
    SID_TRY(path_of(catalog, SID__FILE_MANIFEST, path, err));
    SID_TRY(sid__manifest_read(path, &catalog->manifest, err));
    SID_TRY(sid__files_check(catalog->path, m, err));
    SID_TRY(sid__policy_create(m->collisions, m->digit_style, m->collision_options, &catalog->policy, err));
    if (sid__policy_adds_code(&catalog->policy) == (m->digit_codes > 0))
        return SID_OK;
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1},
                        "collisions %s with %d digit codes; restore or refit", m->collisions, m->digit_codes);
}

/* ---- Open, close -------------------------------------------------------------------------------------------------- */

static sid_status lock_for_writing(sid_catalog *catalog, sid_error *err)
{
    if (catalog->mode != SID_OPEN_WRITE || catalog->lock_fd >= 0)
        return SID_OK;
    const sid__place place = {.file = catalog->path, .byte = -1};
    if (!sid__directory_is_writable(catalog->path))
        return sid__fail_at(err, SID_EREADONLY, place, "cannot be written to; open it for reading, or copy it");
    if (sid__directory_is_remote(catalog->path))
        return sid__fail_at(err, SID_EREADONLY, place,
                            "on a network file system, whose locks cannot be relied on; copy it to a local disk");
    return sid__lock_take(catalog->path, &catalog->lock_fd, err);
}

bool sid__catalog_is_in_place(const sid_catalog *catalog)
{
    struct stat opened, named;
    return fstat(catalog->directory_fd, &opened) == 0 && stat(catalog->path, &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/* Held open, the directory's inode is not given to another one, so that the two can be told apart. */
static sid_status hold_directory(sid_catalog *catalog, sid_error *err)
{
    catalog->directory_fd = open(catalog->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return catalog->directory_fd >= 0 ? SID_OK : sid__fail_errno(err, catalog->path, "cannot open", errno);
}

static sid_status load(sid_catalog *catalog, sid_error *err)
{
    SID_TRY(sid__catalog_directory_check(catalog->path, err));
    SID_TRY(sid__files_check_plain(catalog->path, err));
    SID_TRY(lock_for_writing(catalog, err));
    SID_TRY(hold_directory(catalog, err));
    SID_TRY(as_corrupt(load_manifest(catalog, err), err));
    SID_TRY(as_corrupt(load_quantizer(catalog, err), err));
    SID_TRY(as_corrupt(load_encoder(catalog, err), err));
    SID_TRY(as_corrupt(load_fusion(catalog, err), err));
    SID_TRY(as_corrupt(load_vectors(catalog, err), err));
    SID_TRY(as_corrupt(load_metrics(catalog, err), err));
    SID_TRY(load_items(catalog, err));
    /* A change to damaged items would be acknowledged and then lost with them. */
    return catalog->mode == SID_OPEN_WRITE ? sid__items_sum_check(catalog->path, catalog->version, err) : SID_OK;
}

static sid_status open_once(sid_ctx *ctx, const char *path, sid_open_mode mode, int lock_fd, sid_catalog **out,
                            bool *is_replaced, sid_error *err)
{
    sid_catalog *catalog = NULL;
    sid_status status = sid__alloc(&catalog, 1, sizeof *catalog, "the catalogue", err);
    if (status != SID_OK) {
        sid__lock_drop(lock_fd);
        return status;
    }
    catalog->ctx = ctx;
    catalog->mode = mode;
    catalog->lock_fd = lock_fd;
    catalog->directory_fd = -1;
    sid__wal_guard_init(catalog);
    atomic_store(&catalog->owner, getpid());
    (void)pthread_mutex_init(&catalog->mutex, NULL);
    status = sid__strdup(&catalog->path, path, err);
    if (status == SID_OK)
        status = load(catalog, err);
    *is_replaced = catalog->directory_fd >= 0 && !sid__catalog_is_in_place(catalog);
    if (status != SID_OK) {
        sid_catalog_close(catalog);
        return status;
    }
    *out = catalog;
    return SID_OK;
}

sid_status sid__catalog_open_locked(sid_ctx *ctx, const char *path, sid_open_mode mode, int lock_fd, sid_catalog **out,
                                    sid_error *err)
{
    /* Files are opened by name, one after the other: where fit --force put another catalogue there meanwhile, they are of
     * two. A writer's lock keeps others from doing so. */
    for (int i = 1;; i++) {
        sid_error why = {0};
        sid_catalog *catalog = NULL;
        bool is_replaced = false;
        sid_status status = open_once(ctx, path, mode, lock_fd, &catalog, &is_replaced, &why);
        if (!is_replaced || i == OPEN_TRIES || lock_fd >= 0) {
            if (status == SID_OK)
                *out = catalog;
            else if (err)
                *err = why;
            return status;
        }
        sid_catalog_close(catalog);
    }
}

sid_status sid_catalog_open(sid_ctx *ctx, const char *path, sid_open_mode mode, sid_catalog **out, sid_error *err)
{
    return sid__catalog_open_locked(ctx, path, mode, -1, out, err);
}

/* Under the mutex. */
static sid_status adopt(sid_catalog *catalog, sid_error *err)
{
    if (atomic_load(&catalog->owner) == getpid())
        return SID_OK;
    catalog->mode = SID_OPEN_READ;
    sid__lock_drop(catalog->lock_fd); /* the parent's end of it keeps the lock */
    catalog->lock_fd = -1;
    sid__item_db_abandon(catalog->db);
    catalog->db = NULL;
    SID_TRY(open_db(catalog, err));
    atomic_store(&catalog->owner, getpid());
    return SID_OK;
}

static int64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A mutex that another thread of the parent held at the fork stays locked for ever in the child. pthread_mutex_timedlock
 * would go by the wall clock, which jumps. */
static int lock_in_child(sid_catalog *catalog)
{
    const struct timespec step = {.tv_nsec = ADOPTION_STEP_MS * 1000000L};
    int64_t start_ms = now_ms();
    int busy;
    while ((busy = pthread_mutex_trylock(&catalog->mutex)) != 0 && now_ms() - start_ms < ADOPTION_MS)
        (void)nanosleep(&step, NULL);
    return busy;
}

sid_status sid__catalog_lock(sid_catalog *catalog, sid_error *err)
{
    if (atomic_load(&catalog->owner) == getpid()) {
        (void)pthread_mutex_lock(&catalog->mutex);
        return SID_OK;
    }
    if (lock_in_child(catalog) != 0)
        return sid__fail_at(err, SID_EUSAGE, (sid__place){.file = catalog->path, .byte = -1},
                            "another thread was using this handle at the fork; open the catalogue in this process");
    sid_status status = adopt(catalog, err);
    if (status != SID_OK)
        (void)pthread_mutex_unlock(&catalog->mutex);
    return status;
}

/* A handle of the parent's, closed in a child that never used it. */
static void abandon(sid_catalog *catalog)
{
    if (pthread_mutex_trylock(&catalog->mutex) != 0)
        return; /* in a call at the fork: its connection is left alone */
    (void)pthread_mutex_unlock(&catalog->mutex);
    sid__item_db_abandon(catalog->db);
}

/* So that the next open need not build the index. */
static void store_index_of_changes(sid_catalog *catalog)
{
    if (catalog->mode != SID_OPEN_WRITE || !catalog->index || sid__catalog_enter(catalog, NULL) != SID_OK)
        return;
    sid__catalog_leave(catalog);
    sid__catalog_index_store(catalog);
}

static void store_sum(const sid_catalog *catalog)
{
    sid_error why = {0};
    if (catalog->mode == SID_OPEN_WRITE && catalog->db && catalog->version > 0 &&
        sid__items_sum_write(catalog->path, catalog->version, &why) != SID_OK)
        sid__ctx_warn(catalog->ctx, "%s; verify will not compare the bytes of %s", why.message, SID__FILE_ITEMS);
}

void sid_catalog_close(sid_catalog *catalog)
{
    if (!catalog)
        return;
    if (atomic_load(&catalog->owner) == getpid()) {
        store_index_of_changes(catalog);
        sid__item_db_close(catalog->db);
        store_sum(catalog);
    } else {
        abandon(catalog);
    }
    sid__prefix_index_free(catalog->index);
    if (catalog->has_vectors)
        sid__npy_close(&catalog->vectors);
    sid__free(catalog->vectors_path);
    sid_encoder_free(catalog->encoder);
    sid_fusion_free(catalog->fusion);
    sid_quantizer_free(catalog->quantizer);
    sid__free(catalog->metrics);
    sid__lock_drop(catalog->lock_fd);
    if (catalog->directory_fd >= 0)
        (void)close(catalog->directory_fd);
    (void)pthread_mutex_destroy(&catalog->mutex);
    sid__free(catalog->path);
    sid__free(catalog);
}

/* ---- Small questions ---------------------------------------------------------------------------------------------- */

void sid_catalog_get_info(const sid_catalog *catalog, sid_catalog_info *out)
{
    const sid__manifest *m = &catalog->manifest;
    const sid__manifest_file *quantizer = sid__manifest_find(m, SID__FILE_QUANTIZER);
    /* A reading call on another thread may be looking at a newer version just now. */
    pthread_mutex_t *mutex = (pthread_mutex_t *)(uintptr_t)&catalog->mutex;
    (void)pthread_mutex_lock(mutex);
    *out = (sid_catalog_info){.id = m->id,
                              .parent = m->parent[0] ? m->parent : NULL,
                              .quantizer = m->family,
                              .collisions = m->collisions,
                              .digit_style = m->digit_style,
                              .encoder = m->has_encoder ? m->encoder : NULL,
                              .version = catalog->version,
                              .items = catalog->items,
                              .dim = m->dim,
                              .levels = m->levels,
                              .codes = m->codes,
                              .has_vectors = catalog->has_vectors,
                              .ordered = catalog->quantizer->family->is_ordered,
                              .fitted_items = m->fitted_items,
                              .fusion = catalog->fusion ? sid_fusion_text(catalog->fusion) : NULL,
                              .fingerprint = quantizer ? quantizer->sha256 : ""};
    (void)pthread_mutex_unlock(mutex);
}

static sid_status check_dim(const sid_catalog *catalog, int dim, sid_error *err)
{
    if (dim == catalog->manifest.dim)
        return SID_OK;
    return sid__fail(err, SID_EDATA, "%d numbers, the catalogue takes %d%s%s", dim, catalog->manifest.dim,
                     catalog->fusion ? ", fused from several vectors an item: " : "",
                     catalog->fusion ? sid_fusion_text(catalog->fusion) : "");
}

sid_status sid_catalog_encode(const sid_catalog *catalog, const float *x, int64_t count, int dim, uint16_t *codes,
                              sid_error *err)
{
    SID_TRY(check_dim(catalog, dim, err));
    return sid_quantizer_encode(catalog->ctx, catalog->quantizer, x, count, codes, NULL, err);
}

sid_status sid_catalog_encode_vectors(const sid_catalog *catalog, const sid_vectors *vectors, uint16_t *codes,
                                      sid_error *err)
{
    const sid__rows rows = sid__vectors_rows(vectors);
    SID_TRY(check_dim(catalog, rows.dim, err));
    return sid__quantizer_encode_rows(catalog->ctx, catalog->quantizer, &rows, codes, NULL, err);
}

sid_status sid_catalog_margins(const sid_catalog *catalog, const float *x, int64_t count, int dim,
                               const uint16_t *codes, sid_margin *out, sid_error *err)
{
    SID_TRY(check_dim(catalog, dim, err));
    return sid__quantizer_margins(catalog->quantizer, x, count, codes, out, err);
}

sid_status sid_catalog_embed(const sid_catalog *catalog, const sid_items *items, sid_vectors **out,
                             int64_t *no_text_count, sid_error *err)
{
    if (!catalog->encoder)
        return sid__fail(err, SID_EUSAGE, "this catalogue was fitted from vectors; pass --vector or --vectors");
    return sid_encoder_encode(catalog->ctx, catalog->encoder, items, out, no_text_count, err);
}

sid_status sid_catalog_fuse(const sid_catalog *catalog, const sid_modality *modality, int count, sid_vectors **out,
                            sid_error *err)
{
    if (!catalog->fusion)
        return sid__fail(err, SID_EUSAGE,
                         "this catalogue was fitted from one vector an item, so it fuses none; pass --vectors once");
    return sid_fusion_apply(catalog->ctx, catalog->fusion, modality, count, out, err);
}
