/* catalog.h: the open catalogue, and what the files of this room share.
 *
 *   item_db, item_row      items.db                   catalog_files   names, lock, new directory, hashes
 *   items_sum              the hash of items.db at rest
 *   fit_estimate           what a fit takes
 *   catalog_fit            vectors to a draft          catalog_write   a draft to a directory
 *   catalog_open           directory to a handle       catalog_index   items.db to the trie, index.bin
 *   catalog_change         add, remove                 catalog_place   the SID of a new item
 *   catalog_query          show, items, decode, neighbors
 *   catalog_report, catalog_verify                     interchange     export; catalog_import: SIDs made elsewhere
 *   catalog_prefixes       look-ups without SQLite
 *   hits                   lists of items for callers  row_vectors     vectors of rows, wherever they lie; their ids
 *   wal_guard              the bound on items.db-wal
 */
#ifndef SEMID_CATALOG_CATALOG_H
#define SEMID_CATALOG_CATALOG_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <time.h>

#include "catalog/catalog_files.h"
#include "catalog/item_db.h"
#include "embed/encoder.h"
#include "embed/fusion.h"
#include "io/id_index.h"
#include "io/npy.h"
#include "quant/quantizer.h"
#include "sid/prefix_index.h"

/* What the outside of items.db and its WAL says: differs after any commit or checkpoint. */
typedef struct sid__items_state {
    struct timespec changed;
    int64_t size, wal_size; /* wal_size -1: none */
    ino_t inode;
} sid__items_state;

/* Threads: quantizer, encoder, manifest and vectors never change after open and are read without the mutex; db, index,
 * version and items are used under it. Invariant: index is NULL or was built from index_source of items.db. */
struct sid_catalog {
    sid_ctx *ctx;
    char *path;
    int directory_fd; /* the directory that was opened, also when another one stands at `path` by now */
    sid_open_mode mode;
    _Atomic pid_t
        owner; /* the process that db and lock_fd belong to; a child after fork adopts the handle for reading */
    sid__manifest manifest;
    sid__policy policy;
    sid_quantizer *quantizer;
    sid_encoder *encoder;            /* NULL: none */
    sid_fusion *fusion;              /* NULL: none */
    char *vectors_path;              /* the reader borrows it */
    sid__npy_reader vectors;         /* when has_vectors */
    struct timespec vectors_changed; /* vectors.npy's last change as of open: written in place, it is not believed */
    bool has_vectors;
    char *metrics; /* metrics.json as its hash says; read at open, since it may be gone later */
    int64_t metrics_size;
    int lock_fd; /* -1 when open for reading */
    pthread_mutex_t mutex;
    sid__item_db *db;
    sid__item_db_mode db_mode; /* as it was opened */
    sid__items_state db_state; /* of the files of an immutable one, so that a change is seen */
    sid__prefix_index *index;
    sid__index_source index_source; /* the state of items.db that `index` shows */
    bool is_index_stored;           /* index.bin holds just this index */
    bool is_index_rebuilt;          /* since open: it was stale, missing or damaged */
    int64_t version, items;         /* as of the last look; items: live */

    /* wal_guard.c; warned: the size at the last warning, else 0 */
    int64_t wal_warn_size, wal_refuse_size, wal_warned_size;
};

/* Codes of a SID with its digit, at most. */
static inline int sid__catalog_width(const sid_catalog *catalog)
{
    return catalog->manifest.levels + (catalog->manifest.digit_codes > 0);
}

/* ---- catalog_write.c ---------------------------------------------------------------------------------------------- */

/* All that a new catalogue is made of; row i of each array is row i of items.db and of vectors.npy. */
typedef struct sid__draft {
    const sid_quantizer *quantizer;
    const sid_encoder *encoder; /* NULL: none */
    const sid_fusion *fusion;   /* NULL: none */
    sid__policy policy;
    const sid_vectors *vectors;
    const sid_items *items; /* titles and metadata by id; NULL: none */
    const char *parent;     /* NULL: none */
    bool drop_vectors;
    int64_t count;
    uint16_t *codes;   /* (count, levels) */
    uint8_t *assigned; /* (count) sid__assigned */
    uint8_t *is_zero;  /* (count) 1: a zero vector */
    double *distance;  /* (count) to the reconstruction */
    int32_t *digit;    /* (count) */
    int64_t largest_bucket;
    int digit_codes; /* 0: none */
    double mean_residual;
    size_t reserved_size;
} sid__draft;

/* Acquires the arrays; free with drop. */
sid_status sid__draft_init(sid_ctx *ctx, sid__draft *draft, sid_error *err);
void sid__draft_drop(sid_ctx *ctx, sid__draft *draft);
/* Bytes an item of it, with what the steps from collisions to the health report take for a while. */
static inline size_t sid__draft_item_size(int levels)
{
    enum { OWN = 8 + 4 + 1 + 1, TRANSIENT = 64 }; /* SQLite sorting the ids for its index takes the most */
    return (size_t)levels * sizeof(uint16_t) + OWN + TRANSIENT;
}
/* distance, is_zero and mean_residual from codes. */
sid_status sid__draft_measure(const sid_ctx *ctx, sid__draft *draft, sid_error *err);
/* Writes every file of the catalogue into the new directory and commits it. The directory is consumed either way. */
sid_status sid__draft_write(sid_ctx *ctx, const sid__draft *draft, sid__new_directory *directory, sid_error *err);

/* ---- catalog_open.c ----------------------------------------------------------------------------------------------- */

/* As sid_catalog_open for a directory that is locked already: lock_fd is consumed (-1: takes the lock when writing). */
sid_status sid__catalog_open_locked(sid_ctx *ctx, const char *path, sid_open_mode mode, int lock_fd, sid_catalog **out,
                                    sid_error *err);

/* False when another catalogue was put at the path since open: then files are not read or written by name. */
bool sid__catalog_is_in_place(const sid_catalog *catalog);
/* Where a reader had to open items.db as immutable and a writer changed it since: opens it anew. Under the mutex. */
sid_status sid__catalog_db_renew(sid_catalog *catalog, sid_error *err);
/* SID_ECORRUPT when vectors.npy was written to since open. */
sid_status sid__catalog_vectors_check(const sid_catalog *catalog, sid_error *err);
/* Locks the mutex; in a child after fork, first reopens the database, for reading: SQLite's connections do not pass a fork.
 * SID_EUSAGE when the parent was inside a call on another thread at the fork. */
sid_status sid__catalog_lock(sid_catalog *catalog, sid_error *err);

/* ---- catalog_index.c ---------------------------------------------------------------------------------------------- */

/* Reads index.bin; stale, missing or damaged (with a warning) it is left for sid__catalog_refresh to rebuild. */
sid_status sid__catalog_index_load(sid_catalog *catalog, sid_error *err);
/* Within a snapshot of `version`: makes the index show it. */
sid_status sid__catalog_refresh(sid_catalog *catalog, int64_t version, sid_error *err);
/* Stores the index when index.bin is not it and the directory can be written to; a failure is only logged. */
void sid__catalog_index_store(sid_catalog *catalog);
/* The live items as a scan gives them, ascending by row; the scan compares the digest. */
typedef struct sid__live_items {
    int width; /* codes of a SID at most */
    int64_t count, capacity, without_text;
    uint16_t *codes;   /* (count, width) */
    uint8_t *length;   /* (count) codes of the row's SID */
    int64_t *row;      /* (count) */
    uint8_t *assigned; /* (count) sid__assigned */
    size_t reserved_size;
} sid__live_items;
sid_status sid__live_items_read(sid_ctx *ctx, sid__item_db *db, int width, sid__live_items *out, sid_error *err);
void sid__live_items_drop(sid_ctx *ctx, sid__live_items *live);
/* An index over the live items, and which state of items.db it shows. Within a snapshot of `version`. */
sid_status sid__catalog_index_build(sid_ctx *ctx, sid__item_db *db, int64_t version, int width, sid__prefix_index **out,
                                    sid__index_source *source, sid_error *err);

/* A reading call: locks, begins a snapshot, refreshes the index. leave undoes it; call it only after SID_OK. */
sid_status sid__catalog_enter(sid_catalog *catalog, sid_error *err);
void sid__catalog_leave(sid_catalog *catalog);

/* ---- row_vectors.c ------------------------------------------------------------------------------------------------ */

/* The vector of a live row: from vectors.npy, items.db, or the reconstruction where vectors were dropped. `item` needs
 * row and codes. x (dim). */
sid_status sid__row_vector(sid_catalog *catalog, const sid__db_item *item, float *x, sid_error *err);
/* |x - vector of row|, in double, in element order, for `count` rows in ascending order. */
sid_status sid__row_distances(sid_catalog *catalog, const float *x, const int64_t *row, int64_t count, double *distance,
                              sid_error *err);
/* What an encoder gives for a text of which it knows no word. */
bool sid__is_zero(const float *x, int dim);
/* |a - b| in double, in element order. */
double sid__distance(const float *a, const float *b, int dim);

/* From the ids of vectors to their rows; the vectors must outlive it. Drop it in any case. */
typedef struct sid__vector_ids {
    const char **id; /* (count) */
    sid__id_index index;
} sid__vector_ids;
sid_status sid__vector_ids_init(const sid_vectors *vectors, sid__vector_ids *out, sid_error *err);
/* -1: none. */
int64_t sid__vector_ids_find(const sid__vector_ids *ids, const char *id);
void sid__vector_ids_drop(sid__vector_ids *ids);

/* ---- wal_guard.c -------------------------------------------------------------------------------------------------- */

void sid__wal_guard_init(sid_catalog *catalog);
/* Before a change, under the mutex, outside of a transaction. SID_ELOCKED names the reader because of whom the log is too
 * long. */
sid_status sid__wal_guard(sid_catalog *catalog, sid_error *err);

/* ---- catalog_place.c ---------------------------------------------------------------------------------------------- */

/* Completes the SID of a new item with vector x (dim), whose base codes are what the quantizer chose: the policy may give
 * it others, or one code more. Within a transaction. SID_EDATA: its prefix is full, or an equal vector is refused. */
sid_status sid__catalog_place(sid_catalog *catalog, const float *x, sid__db_item *item, sid_error *err);

/* ---- hits.c ------------------------------------------------------------------------------------------------------- */

/* Appends an item; its strings are copied. */
sid_status sid__hits_push(sid_hits *hits, int64_t *capacity, const sid__db_item *item, double distance, int shared,
                          sid_error *err);
/* The arena of a list, made on first use; NULL when out of memory. */
sid__arena *sid__hits_arena(sid_hits *hits, sid_error *err);

#endif
