/* bundle.h: what the server answers from: a catalogue (the store) and perhaps a model, opened, checked and then exchanged as
 * one. A request holds the bundle that it began with, so a swap changes nothing under it.
 *
 * The store has two handles. `front` is the loop's: single items and short pages, never behind a long question. `work` is the
 * workers', and the one that writes. After a change the front's index is stale; until a worker has made it anew (is_stale),
 * the loop sends what it would have looked up to the workers, so that it never stands still.
 *
 * Reloading a catalogue that did not move on the disk keeps its store: two of them could not both write.
 */
#ifndef SEMID_SERVE_BUNDLE_H
#define SEMID_SERVE_BUNDLE_H

#include <pthread.h>
#include <semid.h>
#include <semid_model.h>
#include <stdatomic.h>
#include <sys/types.h>

typedef struct srv_facets srv_facets;

typedef struct srv_store {
    atomic_int users;
    sid_ctx *ctx;
    char *path;
    dev_t device;
    ino_t inode;
    sid_catalog *front, *work;
    pthread_mutex_t front_lock, work_lock; /* held over a call and the look at its version */
    sid_prefixes *view;                    /* of front; under front_lock */
    atomic_bool is_stale;
    _Atomic int64_t version, items; /* as of the last look */
    char id[64];
    int dim, levels, width;
    bool is_ordered, has_encoder, can_write;
    pthread_t labeler;
    bool has_labeler;
    _Atomic(sid_labels *) labels; /* NULL: not yet there, or none */
    sid_labels label_memory;
    const char *category, *category_separator; /* of labels; NULL: none */
    pthread_mutex_t facets_lock;
    srv_facets *facets; /* for filters, as of one version; NULL: nobody asked */
    int64_t facets_version;
    pthread_rwlock_t retriever_lock;
    sid_retriever *retriever; /* for /v1/retrieve, as of one version; NULL: nobody asked; under retriever_lock */
    int64_t retriever_version;
    char *report; /* JSON, as of one version; NULL: no level was asked for; under work_lock */
    int64_t report_version;
    _Atomic uint64_t *generation; /* the server's: what is cached belongs to one */
} srv_store;

typedef struct srv_bundle {
    atomic_int users;
    uint64_t number; /* 1, 2, ..: which bundle of this server's life */
    srv_store *store;
    char *catalog_path, *model_path; /* as given; model_path NULL: none */
    sid_model *model;                /* NULL: none */
    char model_id[40], model_family[64];
    pthread_rwlock_t model_lock; /* written to when the model takes up changes of the catalogue */
    int64_t model_version;       /* of the catalogue that it knows; under model_lock */
} srv_bundle;

typedef struct srv_bundle_request {
    sid_ctx *ctx;
    const char *catalog, *model;               /* paths; model NULL: none */
    const char *category, *category_separator; /* of labels, the caller's, kept; NULL: none */
    bool read_only;
    _Atomic uint64_t *generation;
    srv_store *running; /* kept where the catalogue is the same; NULL: none */
} srv_bundle_request;

/* Where `name` lies below `root`, to free. SID_EUSAGE: no such name may be; SID_ENOTFOUND. */
sid_status srv_bundle_path(const char *root, const char *name, char **out, sid_error *err);
/* Opens, checks and warms; users is 1. */
sid_status srv_bundle_open(const srv_bundle_request *request, srv_bundle **out, sid_error *err);
srv_bundle *srv_bundle_hold(srv_bundle *bundle);
void srv_bundle_release(srv_bundle *bundle); /* NULL is fine */

/* After a change of the items: what is cached is over. */
void srv_store_changed(srv_store *store);
/* Makes front's index anew when it is stale; a worker's job, since it takes as long as reading all codes. */
sid_status srv_store_freshen(srv_store *store, sid_error *err);
/* Looks whether another process changed the catalogue. */
sid_status srv_store_look(srv_store *store, sid_error *err);
/* A look at the store that holds together: a handle and an index of one version. */
typedef struct srv_reader {
    srv_store *store;
    sid_catalog *catalog;
    sid_prefixes *view;
    bool is_front;
} srv_reader;
/* In the loop (is_front) or in a worker; end it after SID_OK. Others wait meanwhile. */
sid_status srv_reader_begin(srv_store *store, bool is_front, srv_reader *out, sid_error *err);
/* The version that both show by now; -1: somebody changed the catalogue in between, so look again. */
int64_t srv_reader_version(const srv_reader *reader);
void srv_reader_end(srv_reader *reader);
/* Under model_lock for reading afterwards, with the model knowing the catalogue as it is; *version: that. */
sid_status srv_bundle_enter_model(srv_bundle *bundle, int64_t *version, sid_error *err);
void srv_bundle_leave_model(srv_bundle *bundle);

#endif
