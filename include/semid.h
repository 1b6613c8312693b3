/* semid.h: semantic IDs (SIDs) from items or vectors, kept in a catalogue on disk.
 *
 * A SID is a short tuple of codes, coarse to fine, written `12-153-87`; similar items share a prefix. The way through
 * this header:
 *
 *     items, text ──sid_encoder──▶ sid_vectors ──sid_catalog_fit──▶ sid_catalog ──▶ neighbours, SIDs, export
 *
 * Simple calls come first, then explicit objects (encoder, quantizer), then introspection.
 *
 * Conventions
 *  - Every call that can fail returns a sid_status; 0 is success. It then fills `err` (NULL is allowed) with what failed,
 *    where, the value seen, the value expected and the next step. A failed call leaves its object as it was.
 *  - Options structs: zero means default, so that `&(sid_fit_options){.levels = 3}` is complete. Each ends in reserved
 *    zeroes for later fields.
 *  - `create`, `open`, `read`, `fit` give an object that the caller owns; the matching `free` or `close` takes NULL.
 *  - Strings are UTF-8. A returned `const char *` belongs to the object it came from and lives as long, unless said.
 *  - Threads: (1) calls that only read may run together on one handle; (2) calls that change a handle need it alone;
 *    (3) sid_ctx_cancel may be called from anywhere, also from a signal handler.
 */
#ifndef SEMID_H
#define SEMID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SID_VERSION_MAJOR 0
#define SID_VERSION_MINOR 1
#define SID_VERSION_PATCH 0

#if defined(__GNUC__)
#define SID_API __attribute__((visibility("default")))
#define SID_MUST_CHECK __attribute__((warn_unused_result))
#else
#define SID_API
#define SID_MUST_CHECK
#endif

/* "0.1.0" */
SID_API const char *sid_version(void);

/* ---- Limits, each with its reason -------------------------------------------------------------------------------- */

#define SID_LEVELS_MAX 64    /* what pq and opq use at most; a SID fits a fixed buffer */
#define SID_CODES_MAX 65536  /* a stored code is a uint16_t */
#define SID_ITEM_ID_MAX 255  /* bytes: an id fits a fixed buffer and a file name */
#define SID_DIM_MAX 65536    /* keeps every bound of spec "filter" below 1 and a row below 256 KiB */
#define SID_SID_TEXT_MAX 400 /* 65 codes of at most 5 digits, the dashes and a final zero */
#define SID_VALUE_MAX 1e15   /* larger magnitudes are refused: squared norms stay finite in fp32 */

/* ---- Status and errors ------------------------------------------------------------------------------------------- */

/* name, process exit code, text. Exit codes: 1 runtime, 2 usage, 3 bad data, 4 interrupted. */
#define SID_STATUS_LIST(X)                                                                                             \
    X(OK, 0, "ok")                                                                                                     \
    X(EIO, 1, "input or output failed")                                                                                \
    X(ENOMEM, 1, "out of memory, or over the memory limit")                                                            \
    X(ELOCKED, 1, "another process is writing")                                                                        \
    X(EREADONLY, 1, "opened read-only")                                                                                \
    X(EINTERNAL, 1, "internal error")                                                                                  \
    X(EUSAGE, 2, "wrong arguments")                                                                                    \
    X(EEXISTS, 2, "output exists")                                                                                     \
    X(EDATA, 3, "bad data")                                                                                            \
    X(ENOTFOUND, 3, "not found")                                                                                       \
    X(ECORRUPT, 3, "damaged file")                                                                                     \
    X(EVERSION, 3, "needs a newer semid")                                                                              \
    X(ECANCELED, 4, "interrupted")

typedef enum sid_status {
#define SID_STATUS_ENUM_(name, exit_code, text) SID_##name,
    SID_STATUS_LIST(SID_STATUS_ENUM_)
#undef SID_STATUS_ENUM_
        SID_STATUS_COUNT
} sid_status;

SID_API const char *sid_status_name(sid_status status);    /* "SID_EDATA" */
SID_API const char *sid_status_message(sid_status status); /* "bad data" */
SID_API int sid_status_exit_code(sid_status status);

typedef struct sid_error {
    sid_status status;
    int64_t row;        /* line of a text file (the header is line 1), 0-based row of an array; -1: none */
    int64_t byte;       /* offset in the file; -1: none */
    char file[256];     /* "" : none; the end of a longer path */
    char message[1024]; /* complete: file, place, seen, expected, next step */
} sid_error;

/* ---- Context: what long calls share ------------------------------------------------------------------------------ */

typedef struct sid_ctx sid_ctx;

/* A context with the CPUs this process may use (cgroup quota and affinity) and no memory limit. */
SID_API SID_MUST_CHECK sid_status sid_ctx_create(sid_ctx **out, sid_error *err);
/* Free what was made with it first: items and vectors give their memory back to its limit. */
SID_API void sid_ctx_free(sid_ctx *ctx);
/* 1..1024; 0: as many as the process may use. Results never depend on it. */
SID_API SID_MUST_CHECK sid_status sid_ctx_set_threads(sid_ctx *ctx, int threads, sid_error *err);
SID_API int sid_ctx_threads(const sid_ctx *ctx);
/* Large buffers beyond this many bytes together are refused with SID_ENOMEM; 0: no limit. */
SID_API void sid_ctx_set_memory_limit(sid_ctx *ctx, size_t limit_size);
/* Forces a kernel path: "portable", "avx2", "avx512", "avx512bf16"; NULL: the best this CPU has. Results never depend on it.
 * SID_EUSAGE when the CPU lacks it. SEMID_ISA in the environment does the same at creation. */
SID_API SID_MUST_CHECK sid_status sid_ctx_set_isa(sid_ctx *ctx, const char *isa, sid_error *err);
SID_API const char *sid_ctx_isa(const sid_ctx *ctx);

typedef struct sid_progress {
    const char *stage;   /* "level 2: k-means, 32 dims" */
    int64_t done, total; /* total 0: not known */
    const char *unit;    /* "rows", "sweeps" */
    double loss;         /* NaN: none */
    const char *note;    /* "best NDCG@10 0.0512 of epoch 7"; NULL: none */
} sid_progress;
typedef void sid_progress_fn(void *user, const sid_progress *progress);
SID_API void sid_ctx_on_progress(sid_ctx *ctx, sid_progress_fn *fn, void *user);

typedef enum sid_log_level { SID_LOG_INFO, SID_LOG_WARNING } sid_log_level;
typedef void sid_log_fn(void *user, sid_log_level level, const char *message);
SID_API void sid_ctx_on_log(sid_ctx *ctx, sid_log_fn *fn, void *user);

/* Makes the running call, and every later one on this context, return SID_ECANCELED soon. Async-signal-safe. */
SID_API void sid_ctx_cancel(sid_ctx *ctx);
/* Takes a cancellation back: later calls run again. For those who keep a context or a catalogue after one, once the call that
 * was to stop has returned. */
SID_API void sid_ctx_resume(sid_ctx *ctx);

/* ---- Items: ids and the text columns ----------------------------------------------------------------------------- */

typedef enum sid_on_error { SID_ON_ERROR_FAIL, SID_ON_ERROR_SKIP, SID_ON_ERROR_QUARANTINE } sid_on_error;

typedef struct sid_read_options {
    sid_on_error on_error;       /* what to do with a bad row; default: fail */
    const char *quarantine_path; /* bad rows go here, the reasons to `<path>.why` */
    void *reserved[4];
} sid_read_options;

typedef struct sid_items sid_items;

/* Reads .tsv, .csv (RFC 4180), .jsonl, RecBole `.item`; "-" is standard input (tsv). The first column is `item_id`.
 * SID_EDATA names file, line and column of a bad row; SID_EIO. */
SID_API SID_MUST_CHECK sid_status sid_items_read(sid_ctx *ctx, const char *path, const sid_read_options *options,
                                                 sid_items **out, sid_error *err);
/* Items in memory: names of columns (column_count, without item_id); cell (count, 1 + column_count) row-major: the id, then
 * the values, NULL where there is none. All is copied. SID_EDATA: a bad or repeated id or name. */
SID_API SID_MUST_CHECK sid_status sid_items_create(sid_ctx *ctx, const char *const *columns, int column_count,
                                                   const char *const *cell, int64_t count, sid_items **out,
                                                   sid_error *err);
SID_API void sid_items_free(sid_items *items);
SID_API int64_t sid_items_count(const sid_items *items);
SID_API int64_t sid_items_skipped(const sid_items *items); /* rows left out by on_error */
SID_API const char *sid_items_id(const sid_items *items, int64_t row);
SID_API int64_t sid_items_find(const sid_items *items, const char *item_id); /* row, or -1 */
SID_API int sid_items_column_count(const sid_items *items);                  /* without item_id */
SID_API const char *sid_items_column_name(const sid_items *items, int column);
SID_API const char *sid_items_value(const sid_items *items, int64_t row, int column); /* "" when absent */
/* What people are shown: column `title`, else the first text column, else "". */
SID_API const char *sid_items_title(const sid_items *items, int64_t row);
/* The row's columns as a JSON object, as the catalogue keeps them; the caller frees it with sid_text_free. */
SID_API SID_MUST_CHECK sid_status sid_items_metadata(const sid_items *items, int64_t row, char **json, sid_error *err);
SID_API void sid_text_free(char *text);

/* ---- Vectors: ids and N x D floats ------------------------------------------------------------------------------- */

typedef struct sid_vectors sid_vectors;

/* `path`: x.npy, x.npz[:array], or x.safetensors[:tensor] (float16, 32, 64; N x D; either order). `ids_path`: one id
 * a line, or NULL: ids are the 0-based rows. NaN, Inf and |value| > SID_VALUE_MAX are SID_EDATA with row and column.
 * Under a memory limit, vectors that need more than a quarter of it stay in their file, which must not change while they
 * live; fit, encode and add read it in blocks, with the same results. Only a compressed .npz must fit in memory. */
SID_API SID_MUST_CHECK sid_status sid_vectors_read(sid_ctx *ctx, const char *path, const char *ids_path,
                                                   sid_vectors **out, sid_error *err);
/* The same with more said: ids from `ids_path`, else row by row from `items` (both NULL: row numbers); bad rows as
 * `options` says (NULL: fail): left out, their ids to the quarantine file, one a line, the reasons to `<path>.why`.
 * `skipped` (NULL allowed) counts them. */
SID_API SID_MUST_CHECK sid_status sid_vectors_read_with(sid_ctx *ctx, const char *path, const char *ids_path,
                                                        const sid_items *items, const sid_read_options *options,
                                                        sid_vectors **out, int64_t *skipped, sid_error *err);
/* Copies `data` (count, dim) row-major and `ids` (NULL: row numbers), with the same checks. */
SID_API SID_MUST_CHECK sid_status sid_vectors_create(sid_ctx *ctx, const float *data, int64_t count, int dim,
                                                     const char *const *ids, sid_vectors **out, sid_error *err);
/* The same without a copy of `data`, which must outlive the vectors unchanged; `ids` are copied. */
SID_API SID_MUST_CHECK sid_status sid_vectors_wrap(sid_ctx *ctx, const float *data, int64_t count, int dim,
                                                   const char *const *ids, sid_vectors **out, sid_error *err);
/* The "vector" members of a .jsonl file of items. SID_ENOTFOUND: not one item has one (text may be embedded instead);
 * SID_EDATA: some have, but not all, or of unequal length. */
SID_API SID_MUST_CHECK sid_status sid_vectors_from_items(sid_ctx *ctx, const sid_items *items, sid_vectors **out,
                                                         sid_error *err);
/* Row i gets the id of items row i; SID_EDATA when the counts differ. */
SID_API SID_MUST_CHECK sid_status sid_vectors_set_ids(sid_vectors *vectors, const sid_items *items, sid_error *err);
SID_API void sid_vectors_free(sid_vectors *vectors);
SID_API int64_t sid_vectors_count(const sid_vectors *vectors);
SID_API int sid_vectors_dim(const sid_vectors *vectors);
/* (count, dim) row-major; NULL where they stay in their file: sid_vectors_rows reads both. */
SID_API const float *sid_vectors_data(const sid_vectors *vectors);
/* Copies rows begin .. begin+count-1 to `out` (count, dim). SID_EDATA, SID_EIO: their file was cut off or written to. */
SID_API SID_MUST_CHECK sid_status sid_vectors_rows(const sid_vectors *vectors, int64_t begin, int64_t count, float *out,
                                                   sid_error *err);
SID_API const char *sid_vectors_id(const sid_vectors *vectors, int64_t row);
/* Writes `path` (npy float32) and, when `ids_path` is given, one id a line. */
SID_API SID_MUST_CHECK sid_status sid_vectors_write(sid_ctx *ctx, const sid_vectors *vectors, const char *path,
                                                    const char *ids_path, sid_error *err);
/* A mixture of Gaussians for trials and benchmarks: `centers` means N(0,1), noise `spread`. */
SID_API SID_MUST_CHECK sid_status sid_vectors_synth(sid_ctx *ctx, int64_t count, int dim, int centers, double spread,
                                                    uint64_t seed, sid_vectors **out, sid_error *err);

/* ---- Text encoder: items to vectors ------------------------------------------------------------------------------ */

typedef struct sid_encoder sid_encoder;

typedef struct sid_encoder_options {
    const char *encoder; /* default "lsa" */
    const char *fields;  /* "title:2,brand:1": columns and integer weights; default: title 2, the others 1 */
    const char *options; /* the encoder's own, "dim=128,vocab=50000" (sid_encoder_family lists them) */
    uint64_t seed;       /* 0: 42 */
    void *reserved[4];
} sid_encoder_options;

SID_API SID_MUST_CHECK sid_status sid_encoder_fit(sid_ctx *ctx, const sid_items *items,
                                                  const sid_encoder_options *options, sid_encoder **out,
                                                  sid_error *err);
SID_API void sid_encoder_free(sid_encoder *encoder);
SID_API int sid_encoder_dim(const sid_encoder *encoder);
SID_API const char *sid_encoder_name(const sid_encoder *encoder);
/* Encodes every item; `no_text_count` (NULL allowed) gets how many had no known token and are zero vectors. */
SID_API SID_MUST_CHECK sid_status sid_encoder_encode(sid_ctx *ctx, const sid_encoder *encoder, const sid_items *items,
                                                     sid_vectors **out, int64_t *no_text_count, sid_error *err);
/* Encodes one text, as if it were a title; `out` has sid_encoder_dim floats. */
SID_API SID_MUST_CHECK sid_status sid_encoder_encode_text(const sid_encoder *encoder, const char *text, float *out,
                                                          sid_error *err);

/* ---- Fusion: several vectors of an item into one ------------------------------------------------------------------ */

#define SID_MODALITIES_MAX 16 /* image, audio, text, ...: few are known */

/* What one source says of the items. Items are joined by id; one may be missing here. */
typedef struct sid_modality {
    const char *name; /* letters, digits, '_', '-' */
    const sid_vectors *vectors;
    double weight; /* 0: 1 */
    void *reserved[2];
} sid_modality;

typedef struct sid_fusion sid_fusion;
typedef struct sid_fusion_options {
    const char *
        method; /* "concat" (default): one after the other, then principal directions; "sum": those of each, added; "separate": all
                         * is kept, and fit gives each modality levels of its own */
    int dim;       /* of the fused vectors; 0: 256, or as many as there are */
    uint64_t seed; /* 0: 42 */
    void *reserved[4];
} sid_fusion_options;

/* Fits on the items of all modalities: each is centred and divided by its root mean square norm, then weighted. SID_EUSAGE,
 * SID_EDATA (a modality whose rows are all equal), SID_ENOMEM. */
SID_API SID_MUST_CHECK sid_status sid_fusion_fit(sid_ctx *ctx, const sid_fusion_options *options,
                                                 const sid_modality *modality, int count, sid_fusion **out,
                                                 sid_error *err);
SID_API void sid_fusion_free(sid_fusion *fusion);
/* (items, sid_fusion_dim) with the ids of all items: those of the first modality as fitted, then those that only later ones have.
 * What is missing is zero, and the rest larger by as much. Weights are those of the fit. */
SID_API SID_MUST_CHECK sid_status sid_fusion_apply(sid_ctx *ctx, const sid_fusion *fusion, const sid_modality *modality,
                                                   int count, sid_vectors **out, sid_error *err);
SID_API int sid_fusion_dim(const sid_fusion *fusion);
/* "concat of image:1, audio:0.5" */
SID_API const char *sid_fusion_text(const sid_fusion *fusion);

/* ---- Catalogue: the artefact on disk ----------------------------------------------------------------------------- */

typedef struct sid_catalog sid_catalog;

typedef struct sid_fit_options {
    const char *quantizer;      /* default "rkmeans"; sid_quantizer_family lists them */
    int levels;                 /* 0: 3 */
    const char *codes;          /* "256", or one number a level "256,256,128" */
    const char *options;        /* further quantizer options, "refine=3,beam=4" */
    uint64_t seed;              /* 0: 42 */
    const char *collisions;     /* default "keep"; sid_policy_family lists them */
    const char *digit_style;    /* "tiger" (default): all get 0..n-1; "grid": 0 if alone, else 1..n */
    const sid_items *items;     /* titles and metadata, joined by id; NULL: none */
    const sid_encoder *encoder; /* kept in the catalogue so that new texts encode later; NULL: none */
    const char *fit_rows_path;  /* ids, one a line: fit on these, encode all; NULL: fit on all */
    const char *parent;         /* id of the catalogue this one follows; NULL: that of init_from, if any */
    const char *init_from; /* a catalogue to go on from: its codebooks, moved to fit these vectors, its numbering, and
                                 * quantizer, codes, options, policy, encoder where none are given; NULL: none. The vectors
                                 * must be of the same encoder: see sid_catalog_embed. */
    bool drop_vectors;     /* do not keep vectors.npy */
    bool force;            /* replace an existing catalogue */
    /* The collision policy's own, "cap=3,overflow=beam" (sid_policy_family lists them); the style is digit_style's. */
    const char *collision_options;
    const sid_fusion
        *fusion; /* kept in the catalogue so that new items with several vectors are fused alike; NULL: none */
    /* Go on from `<path>.checkpoint`, which a quantizer that trains (rqvae) leaves when it is interrupted; with the same
     * options and vectors it gives the same bytes as without the interruption. */
    bool resume;
    void *reserved[1];
} sid_fit_options;

/* Fits a quantizer on `vectors`, gives every vector a SID and writes the catalogue directory `path` (all or nothing).
 * `out` (NULL allowed) gets it opened for writing. SID_EUSAGE, SID_EEXISTS, SID_EDATA, SID_EIO, SID_ENOMEM, SID_ECANCELED. */
SID_API SID_MUST_CHECK sid_status sid_catalog_fit(sid_ctx *ctx, const sid_fit_options *options,
                                                  const sid_vectors *vectors, const char *path, sid_catalog **out,
                                                  sid_error *err);
/* Checks everything sid_catalog_fit would and estimates time and memory; writes nothing. */
typedef struct sid_fit_estimate {
    int64_t items;
    int dim;
    double fit_s;       /* a rough guess for this machine */
    size_t memory_size; /* bytes at the peak, beside the vectors, or beside their ids where they stay in their file */
    size_t disk_size;
} sid_fit_estimate;
SID_API SID_MUST_CHECK sid_status sid_catalog_fit_check(sid_ctx *ctx, const sid_fit_options *options,
                                                        const sid_vectors *vectors, const char *path,
                                                        sid_fit_estimate *out, sid_error *err);

typedef enum sid_open_mode { SID_OPEN_READ, SID_OPEN_WRITE } sid_open_mode;
/* SID_ELOCKED names the process that writes; SID_ECORRUPT names the damaged file; a damaged index is rebuilt with a
 * warning. The catalogue keeps `ctx`, which must outlive it. */
SID_API SID_MUST_CHECK sid_status sid_catalog_open(sid_ctx *ctx, const char *path, sid_open_mode mode,
                                                   sid_catalog **out, sid_error *err);
SID_API void sid_catalog_close(sid_catalog *catalog);

typedef struct sid_catalog_info {
    const char *id, *parent, *quantizer, *collisions, *digit_style, *encoder; /* parent, encoder: NULL when none */
    int64_t version;                                                          /* of items.db: each change advances it */
    int64_t items;                                                            /* live */
    int dim, levels;                                                          /* levels without an added digit */
    const int *codes;                                                         /* (levels) K of each level */
    bool has_vectors, ordered;
    int64_t fitted_items;    /* rows below it are of the fit, the others were added later */
    const char *fusion;      /* sid_fusion_text; NULL: none */
    const char *fingerprint; /* SHA-256 of the quantizer: catalogues of equal ones give equal vectors equal codes */
} sid_catalog_info;
SID_API void sid_catalog_get_info(const sid_catalog *catalog, sid_catalog_info *out);

/* (count, dim) floats to (count, levels) base codes, without looking at or changing the items. SID_EDATA: another dim, or a
 * value that is NaN, infinite or beyond SID_VALUE_MAX, with row and column; some of `codes` are written then. */
SID_API SID_MUST_CHECK sid_status sid_catalog_encode(const sid_catalog *catalog, const float *x, int64_t count, int dim,
                                                     uint16_t *codes, sid_error *err);
/* How sure a code is, measured where the quantizer measures (after its centring and scaling). */
typedef struct sid_margin {
    int runner_up;   /* the other code of this level that would come nearest in its place, the smaller of equals */
    double residual; /* how far the vector is from what its codes up to this level stand for */
    double gap;      /* how much further with the runner-up; below 0 where the nearest code was not taken */
} sid_margin;
/* x (count, dim) and their codes (count, levels), as encode gives them -> out (count, levels). Every other code of every
 * level is tried, so this is for a few vectors that somebody looks at. SID_EDATA: another dim, a code out of range, a
 * value that is not finite. */
SID_API SID_MUST_CHECK sid_status sid_catalog_margins(const sid_catalog *catalog, const float *x, int64_t count,
                                                      int dim, const uint16_t *codes, sid_margin *out, sid_error *err);
/* The same for vectors, also those that stay in their file. */
SID_API SID_MUST_CHECK sid_status sid_catalog_encode_vectors(const sid_catalog *catalog, const sid_vectors *vectors,
                                                             uint16_t *codes, sid_error *err);
/* Text items to vectors by the stored encoder; SID_EUSAGE when the catalogue was made from vectors. */
SID_API SID_MUST_CHECK sid_status sid_catalog_embed(const sid_catalog *catalog, const sid_items *items,
                                                    sid_vectors **out, int64_t *no_text_count, sid_error *err);

/* Several vectors an item to one by the stored fusion; SID_EUSAGE when the catalogue has none. */
SID_API SID_MUST_CHECK sid_status sid_catalog_fuse(const sid_catalog *catalog, const sid_modality *modality, int count,
                                                   sid_vectors **out, sid_error *err);

typedef enum sid_if_exists { SID_IF_EXISTS_FAIL, SID_IF_EXISTS_SKIP, SID_IF_EXISTS_REPLACE } sid_if_exists;

/* One item as the catalogue holds it. assigned: "argmin" the quantizer's own choice for the vector; "fit" given while fitting
 * or importing, another than encoding would choose; "policy" changed by a collision policy. */
typedef struct sid_item {
    const char *item_id, *sid, *title, *metadata; /* metadata: a JSON object or "" */
    const char *state;                            /* "ok" or "no_text" */
    const char *assigned;                         /* "argmin", "fit" or "policy" */
    int64_t row;
    double distance; /* neighbours: to the query; decode: to the reconstruction; else NaN */
    int shared;      /* neighbours: levels of common prefix; else 0 */
} sid_item;

/* A list of items; strings belong to it. Drop it when done; dropping a zeroed one is fine. */
typedef struct sid_hits {
    sid_item *row;
    int64_t count;
    void *memory;
} sid_hits;
SID_API void sid_hits_drop(sid_hits *hits);

typedef struct sid_add_options {
    sid_if_exists if_exists;
    const sid_items *items; /* titles and metadata, joined by id; NULL: none */
    int64_t commit_every;   /* 0: all in one transaction, all or none */
    void *reserved[4];
} sid_add_options;
/* Stores new items; SIDs of old ones never move. `hits` (NULL allowed) gets what was stored, in input order. */
SID_API SID_MUST_CHECK sid_status sid_catalog_add(sid_catalog *catalog, const sid_vectors *vectors,
                                                  const sid_add_options *options, sid_hits *hits, sid_error *err);
/* Removes items in one transaction; SID_ENOTFOUND names an unknown id and removes none. */
SID_API SID_MUST_CHECK sid_status sid_catalog_remove(sid_catalog *catalog, const char *const *item_ids, int64_t count,
                                                     sid_error *err);

/* The item first, then its bucket mates (items of the same base codes). */
SID_API SID_MUST_CHECK sid_status sid_catalog_show(sid_catalog *catalog, const char *item_id, sid_hits *hits,
                                                   sid_error *err);
/* Items by their ids, in that order, without bucket mates. One that is not there has row -1 and an empty SID. */
SID_API SID_MUST_CHECK sid_status sid_catalog_find(sid_catalog *catalog, const char *const *item_ids, int64_t count,
                                                   sid_hits *hits, sid_error *err);
/* All items, by row. */
SID_API SID_MUST_CHECK sid_status sid_catalog_items(sid_catalog *catalog, sid_hits *hits, sid_error *err);
/* `exact`: items whose SID starts with `prefix`, by SID; `nearest` (NULL allowed): the k items nearest to its
 * reconstruction, any SID. */
SID_API SID_MUST_CHECK sid_status sid_catalog_decode(sid_catalog *catalog, const char *prefix, int k, sid_hits *exact,
                                                     sid_hits *nearest, sid_error *err);

/* Exactly one of item, prefix, vector, text. */
typedef struct sid_query {
    const char *item;   /* neighbours of this item, never itself */
    const char *prefix; /* items below it, by distance to its reconstruction */
    const float *vector;
    int vector_dim;
    const char *text; /* by the stored encoder */
    int k;            /* 0: 10 */
    void *reserved[4];
} sid_query;
/* Order: longest shared prefix, true distance (L2; of reconstructions where vectors were dropped), row. k results
 * whenever k other items exist (a prefix query: items below it only). */
SID_API SID_MUST_CHECK sid_status sid_catalog_neighbors(sid_catalog *catalog, const sid_query *query, sid_hits *hits,
                                                        sid_error *err);

/* The words of a query text that the stored encoder does not know and that therefore count for nothing, "foo, bar"; NULL:
 * none, or the encoder has no words. Free with sid_text_free. */
SID_API SID_MUST_CHECK sid_status sid_catalog_unknown_words(const sid_catalog *catalog, const char *text, char **words,
                                                            sid_error *err);

/* ---- Labels ------------------------------------------------------------------------------------------------------ */

typedef struct sid_label_options {
    int depth;                      /* prefixes of up to so many codes; 0: 2, or all levels where there are fewer */
    const char *category;           /* a column of the items: what most of a prefix and not of its parent is of comes
                                     * first; NULL: none */
    const char *category_separator; /* between the parts of its values; NULL: " > " */
    void *reserved[4];
} sid_label_options;

/* What the items below a prefix have in common and its siblings lack: up to three words or pairs of words, "nail polish,
 * opi, lacquer"; where none is left, the title that is nearest to their mean. */
typedef struct sid_label {
    const char *prefix; /* "12-153" */
    const char *words;  /* "" where the items have no text */
    int64_t items;
    int depth;
    double purity;        /* with a category: the share of `category` among the items that have one; else NaN */
    const char *category; /* the commonest of `depth` parts, after those that all items share; NULL: none */
} sid_label;

/* All prefixes, depth by depth, each by its codes. Drop it when done; dropping a zeroed one is fine. */
typedef struct sid_labels {
    sid_label *row;
    int64_t count;
    void *memory;
} sid_labels;
/* Reads every item. SID_EUSAGE: no such depth or column, or an unordered quantizer, whose prefixes mean nothing. */
SID_API SID_MUST_CHECK sid_status sid_catalog_labels(sid_catalog *catalog, const sid_label_options *options,
                                                     sid_labels *out, sid_error *err);
/* The label of the first `depth` codes of a SID or prefix; NULL: none. */
SID_API const sid_label *sid_labels_find(const sid_labels *labels, const char *sid, int depth);
SID_API void sid_labels_drop(sid_labels *labels);

/* ---- Prefix look-up: what serving asks, within a microsecond ------------------------------------------------------ */

/* The prefix index of a catalogue as of one version: it never changes, takes no lock and asks no database, so that any
 * number of threads may share it. After changes take a new one; the old one stays right for its version. */
typedef struct sid_prefixes sid_prefixes;
/* Owned by the caller; it may outlive the catalogue. */
SID_API SID_MUST_CHECK sid_status sid_catalog_prefixes(sid_catalog *catalog, sid_prefixes **out, sid_error *err);
SID_API void sid_prefixes_free(sid_prefixes *prefixes);
SID_API int64_t sid_prefixes_version(const sid_prefixes *prefixes); /* as in sid_catalog_info */
SID_API int64_t sid_prefixes_count(const sid_prefixes *prefixes);   /* items */
SID_API size_t sid_prefixes_size(const sid_prefixes *prefixes);     /* bytes in memory */
/* Items whose SID starts with the `depth` codes of `prefix` (0: all), by SID: the rows of a page of them, from the
 * first-th (0-based), at most `max`, go to `row`. Gives the number of items on all pages. Never fails. */
SID_API int64_t sid_prefixes_find(const sid_prefixes *prefixes, const uint16_t *prefix, int depth, int64_t first,
                                  int64_t max, int64_t *row);
/* A prefix of one code more than the one asked about. */
typedef struct sid_child {
    uint16_t code;
    int64_t items, prefixes; /* below it; prefixes: of one code more again, 0 where there are none */
} sid_child;
/* The children of `prefix` (depth codes; 0: all) by code: those with code >= first_code, at most `max`, go to `out`. Gives
 * how many; fewer than `max`: those were the last. Never fails. */
SID_API int64_t sid_prefixes_children(const sid_prefixes *prefixes, const uint16_t *prefix, int depth, int first_code,
                                      int64_t max, sid_child *out);
/* How the items use the codes of a level (0-based): items (codes), by code. False when there is no such level, or the
 * level is that of an added digit. Reads all of the level. */
SID_API bool sid_prefixes_level(const sid_prefixes *prefixes, int level_index, int codes, int64_t *items);
/* The items of `count` rows, in that order; SID_ENOTFOUND names a row that holds none (any more). */
SID_API SID_MUST_CHECK sid_status sid_catalog_rows(sid_catalog *catalog, const int64_t *row, int64_t count,
                                                   sid_hits *hits, sid_error *err);

/* ---- Drawings: what a page or an explorer shows of a catalogue --------------------------------------------------- */

/* Items that share their base codes. */
typedef struct sid_bucket {
    const char *sid; /* without an added digit */
    int64_t size;    /* items */
    int64_t
        distinct; /* of the vectors that were looked at; -1: vectors were dropped. 1: nothing tells the items apart */
    int64_t measured; /* vectors looked at: all, but at most SID_BUCKET_MEASURED, by row */
    double spread;    /* root mean square distance of these to their mean; NaN: vectors were dropped */
} sid_bucket;

#define SID_BUCKET_MEASURED 1024 /* a bucket of a million equal items is known after these */
#define SID_SIZE_BINS 40

/* Drop it when done; dropping a zeroed one is fine. */
typedef struct sid_buckets {
    sid_bucket *row;
    int64_t count;
    int64_t shared;                 /* buckets of two or more items, on all pages */
    int64_t by_size[SID_SIZE_BINS]; /* buckets of 2^b to 2^(b+1) - 1 items */
    const char *resolved_by;        /* as in sid_report: what tells items of a bucket apart; NULL: nothing */
    void *memory;
} sid_buckets;
/* A page of the buckets of two or more items: from the first-th (0-based), at most `max`, largest first, then by SID. */
SID_API SID_MUST_CHECK sid_status sid_catalog_buckets(sid_catalog *catalog, int64_t first, int64_t max,
                                                      sid_buckets *out, sid_error *err);
SID_API void sid_buckets_drop(sid_buckets *buckets);

typedef struct sid_map_options {
    const char *prefix; /* items below it only; NULL or "": all */
    int64_t max;        /* points; 0: 10000. More items are sampled */
    uint64_t seed;      /* of the sample; 0: 42 */
    void *reserved[4];
} sid_map_options;

/* Items on the plane of their first two principal components. Drop it when done; dropping a zeroed one is fine. */
typedef struct sid_map {
    sid_hits items;  /* in a drawn order: the first of them are a smaller sample */
    float *xy;       /* (items.count, 2), from the mean of the items that the components are of */
    int64_t of;      /* items below the prefix */
    double share[2]; /* of the variance that x and y show */
    double spread;   /* root mean square distance of the items to their mean, in all dimensions */
    bool is_decoded; /* vectors were dropped: these are reconstructions from the codes */
} sid_map;
/* The components are those of up to 2,048 of the items. SID_EUSAGE: no prefix, or one of unordered codes; SID_ENOTFOUND:
 * no item is below it. */
SID_API SID_MUST_CHECK sid_status sid_catalog_map(sid_catalog *catalog, const sid_map_options *options, sid_map *out,
                                                  sid_error *err);
SID_API void sid_map_drop(sid_map *map);

typedef struct sid_page_options {
    const char *name;     /* what commands on the page call the catalogue; NULL: CATALOG */
    const char *category; /* as in sid_report_options and sid_label_options */
    const char *category_separator;
    void *reserved[4];
} sid_page_options;

#define SID_PAGE_SIZE_MAX 5000000 /* bytes: what a browser opens at once and a mail still takes */

/* Writes the report with its drawings as one HTML file that needs nothing else: level use, bucket sizes, errors, a map, the
 * prefix tree, the largest buckets, items added since. At most SID_PAGE_SIZE_MAX bytes whatever the catalogue's size: it
 * says what it left out. `path` is replaced as a whole; "-": standard output. `size` (NULL allowed): bytes written.
 * SID_EUSAGE: no such category; SID_EIO, SID_ENOMEM, SID_ECANCELED. */
SID_API SID_MUST_CHECK sid_status sid_catalog_page(sid_catalog *catalog, const sid_page_options *options,
                                                   const char *path, int64_t *size, sid_error *err);

/* ---- Health report ----------------------------------------------------------------------------------------------- */

/* A figure that was not computed or does not apply is NaN (duplicate_vectors: -1; JSON: null), and out of the
 * verdict. */
typedef struct sid_level_report {
    int index, codes, used, dead;
    double perplexity, entropy, entropy_given_prefix, gini, gini_used, top_rate, top1pct_rate;
    int64_t prefixes;
    double relative_mse, cosine, residual_ratio, knn_recall, knn_lift;
    double purity, purity_shuffled, nmi, ami; /* with the category given; shuffled: what purity is by chance */
} sid_level_report;

typedef struct sid_check {
    const char *name; /* "unique_rate", "level.2.perplexity_rate" */
    double value;
    const char *verdict;  /* healthy | look | broken | n/a */
    const char *next;     /* NULL when healthy */
    double healthy, look; /* the worst values that are still called so */
    bool is_at_least;     /* larger is better */
} sid_check;

typedef struct sid_report {
    const char *id, *parent, *quantizer, *collisions, *verdict;
    int64_t version, items, items_without_text;
    int dim, levels, codes; /* codes: the largest K */
    int64_t unique_sids;
    double unique_rate, colliding_items_rate, colliding_distinct_rate;
    int64_t duplicate_vectors, largest_bucket;
    const char *largest_bucket_sid;
    double bucket_seen, bucket_p50, bucket_p99, mse, relative_mse, lcp_ratio;
    sid_level_report *level; /* (levels) */
    sid_check *checks;
    int check_count;
    const char **warnings;
    int warning_count;
    const char *const *at_creation; /* names of the figures that are from the fit, not live */
    int at_creation_count;
    int64_t added_items;
    double added_residual_ratio, added_largest_bucket_growth;
    const char *added_advice;
    int64_t changed_items; /* whose codes the collision policy changed */
    const char
        *resolved_by; /* "digit", "suffix": the added code that tells items of equal codes apart; NULL: nothing */
    void *memory;
} sid_report;
/* Formulas and thresholds: docs/guide/health.md. Counts are live; figures from creation are named in `at_creation`. */
SID_API SID_MUST_CHECK sid_status sid_catalog_report(sid_catalog *catalog, sid_report *out, sid_error *err);
typedef struct sid_report_options {
    const char *category;           /* a column of the items to compare prefixes with; NULL: none */
    const char *category_separator; /* between the parts of its values; NULL: " > " */
    void *reserved[4];
} sid_report_options;
/* The same, with purity, nmi and ami. SID_EUSAGE: there is no such column. */
SID_API SID_MUST_CHECK sid_status sid_catalog_report_with(sid_catalog *catalog, const sid_report_options *options,
                                                          sid_report *out, sid_error *err);
SID_API SID_MUST_CHECK sid_status sid_report_json(const sid_report *report, char **json, sid_error *err);
SID_API void sid_report_drop(sid_report *report);

/* ---- Versions ---------------------------------------------------------------------------------------------------- */

typedef struct sid_compare_options {
    const char *map_path;    /* gets item_id, old, new, first_changed_level (0: none) of the common items; NULL: none */
    const char *codes_path;  /* gets level, old_code, new_code, overlap, share; NULL: none */
    const char *events_path; /* tsv: an item counts as often as it stands in the column item_id; NULL: all alike */
    void *reserved[4];
} sid_compare_options;

/* Shares of the common items whose first `depth` codes differ; NaN without items, and where prefixes mean nothing. */
typedef struct sid_compare_level {
    int depth;
    double raw;    /* as they are */
    double level;  /* after the best renaming of each level's codes: what permuting a model's rows can follow */
    double prefix; /* after the best renaming of the children of each matched prefix, from the root */
    double ami;    /* of the two groupings: 1 where they are equal, 0 by chance */
} sid_compare_level;

typedef struct sid_comparison {
    const char *old_id, *new_id;
    bool is_child; /* the new one's parent is the old one */
    bool is_weighted;
    int64_t common, added, removed;
    double sid_changed; /* whole SIDs, digits included */
    int levels;         /* that both have */
    sid_compare_level *level;
    void *memory;
} sid_comparison;
/* What moved between two versions. Drop it when done; dropping a zeroed one is fine. */
SID_API SID_MUST_CHECK sid_status sid_catalog_compare(sid_catalog *before, sid_catalog *after,
                                                      const sid_compare_options *options, sid_comparison *out,
                                                      sid_error *err);
SID_API void sid_comparison_drop(sid_comparison *comparison);

/* Points the symlink `link` at a catalogue, in one step: who opens the link sees the old one or the new one. The catalogue
 * is opened first; what stands at `link` and is no link is refused with SID_EEXISTS. `check_only`: changes nothing. */
SID_API SID_MUST_CHECK sid_status sid_catalog_use(sid_ctx *ctx, const char *link, const char *catalog, bool check_only,
                                                  sid_error *err);

/* ---- Verify, export, import -------------------------------------------------------------------------------------- */

typedef struct sid_verify_result {
    int files_checked;
    int64_t items_walked, items_reencoded, items_without_vector;
    bool index_rebuilt;
} sid_verify_result;
/* Hashes, digest, every item through the trie, a re-encoded sample (`full`: all). SID_ECORRUPT names what is wrong. */
SID_API SID_MUST_CHECK sid_status sid_catalog_verify(sid_ctx *ctx, const char *path, bool full, sid_verify_result *out,
                                                     sid_error *err);

/* Forms of sid_catalog_export and _import: id, name, what it is. docs/guide/interchange.md shows each. "csv" is tsv with commas
 * (import), "lcrec" another name of letters. */
#define SID_FORM_LIST(X)                                                                                               \
    X(TSV, "tsv", "item_id, sid, c1 .. cL, with a header")                                                             \
    X(JSONL, "jsonl", "{\"item_id\",\"sid\",\"codes\"} a line")                                                        \
    X(NPY, "npy", "(N, L) uint16, ids in FILE.ids.txt")                                                                \
    X(LETTERS, "letters", "LC-Rec's index.json, {\"0\":[\"<a_12>\",\"<b_153>\"]}, ids in FILE.item2id.tsv")            \
    X(ONEREC, "onerec", "item_id and <|sid_begin|><s_a_12><s_b_153><|sid_end|>")                                       \
    X(FLAT, "flat", "item_id and <|sid_start|><|sid_12|><|sid_153|><|sid_end|>")                                       \
    X(OFFSET, "offset", "item_id and numbers l*K + c + 1 for l = 0, 1, ..; 0 pads")                                    \
    X(INFO, "info", "MiniOneRec's <a_12><b_153>, title, row, ids in FILE.item2id.tsv")                                 \
    X(GRID, "grid", "GRID's (L, N) as int64 in safetensors, a digit as last row, ids in FILE.ids.txt")                 \
    X(RECBOLE, "recbole", "an .item file, the SID as token_seq 1_12 2_153")                                            \
    X(TEMPLATE, "template", "item_id and a text of your own, such as <{letter}_{code}>, for each level")               \
    X(TOKENS, "tokens", "the tokens of another form, a line an item, ids in FILE.ids.txt")

typedef struct sid_export_options {
    const char *form;  /* NULL: by the path's ending */
    const char *digit; /* NULL: as stored; "none": base codes; "tiger", "grid", "suffix": items of a bucket are told
                             * apart by such a digit */
    const char *token_form;    /* tokens: "letters" (default), "onerec", "flat", "offset", "template" */
    const char *template_text; /* template: holds {code}, and {level} (from 1) or {letter} (from a) where wanted */
    void *reserved[4];
} sid_export_options;
/* Writes all items to `path`; "-" is standard output, but for the forms with a second file (tokens then go without it).
 * letters, info and grid need a SID an item: shared ones are SID_EUSAGE unless `digit` says what to do ("none": write them
 * shared). SID_EUSAGE lists the forms. */
SID_API SID_MUST_CHECK sid_status sid_catalog_export_as(sid_catalog *catalog, const sid_export_options *options,
                                                        const char *path, sid_error *err);
/* The same with nothing but a form. */
SID_API SID_MUST_CHECK sid_status sid_catalog_export(sid_catalog *catalog, const char *form, const char *path,
                                                     sid_error *err);
/* The second file that a form writes beside `path`; "" when there is none. SID_EUSAGE: unknown form, a form
 * that needs one and `path` "-", or over `size`. */
SID_API SID_MUST_CHECK sid_status sid_export_beside(const char *form, const char *path, char *out, size_t size,
                                                    sid_error *err);

typedef struct sid_import_options {
    const char *form;                       /* NULL: by the file's ending */
    const sid_vectors *vectors;             /* needed: centroids are means of residuals */
    const sid_items *items;                 /* titles and metadata, and for forms without ids those; NULL: none */
    bool digit_column_last;                 /* the last column (the last code of a row) is an added digit */
    const char *codes;                      /* offset: K of each level, "256" or "256,256,16"; NULL: not known */
    const char *token_form, *template_text; /* as for export */
    const char *codebooks; /* safetensors with codebook.1 .. (K, D) and mean (D): a quantizer made elsewhere, in
                                             * place of means of residuals; NULL: none */
    bool force;
    void *reserved[4];
} sid_import_options;
/* Makes a catalogue from SIDs made elsewhere; checks ranges and ids: SID_EDATA names file and line. `file` NULL: the
 * codebooks choose the SIDs. */
SID_API SID_MUST_CHECK sid_status sid_catalog_import(sid_ctx *ctx, const char *file, const sid_import_options *options,
                                                     const char *path, sid_catalog **out, sid_error *err);

/* ---- SIDs as text ------------------------------------------------------------------------------------------------ */

/* Writes `12-153-87` and a final zero; `text` has at least SID_SID_TEXT_MAX bytes. */
SID_API void sid_format(const uint16_t *codes, int count, char *text);
/* Reads at most `max` codes; SID_EUSAGE names the place. */
SID_API SID_MUST_CHECK sid_status sid_parse(const char *text, int max, uint16_t *codes, int *count, sid_error *err);

/* ---- Quantizer: without a catalogue ------------------------------------------------------------------------------ */

typedef struct sid_quantizer sid_quantizer;

typedef struct sid_quantizer_options {
    const char *quantizer; /* as in sid_fit_options */
    int levels;
    const char *codes;
    const char *options;
    uint64_t seed;
    void *reserved[4];
} sid_quantizer_options;
SID_API SID_MUST_CHECK sid_status sid_quantizer_fit(sid_ctx *ctx, const sid_quantizer_options *options, const float *x,
                                                    int64_t count, int dim, sid_quantizer **out, sid_error *err);
SID_API void sid_quantizer_free(sid_quantizer *quantizer);
SID_API int sid_quantizer_levels(const sid_quantizer *quantizer);
SID_API int sid_quantizer_codes(const sid_quantizer *quantizer, int level_index); /* K, 0-based level */
SID_API int sid_quantizer_dim(const sid_quantizer *quantizer);
/* x (count, dim) -> codes (count, levels); `margins` (count, levels) or NULL: second best - best score; fsq: how
 * far the nearest channel may move, in its standard deviations, until the code changes. SID_EDATA: a value that is NaN,
 * infinite or beyond SID_VALUE_MAX, with row and column; some of `codes` are written then. */
SID_API SID_MUST_CHECK sid_status sid_quantizer_encode(sid_ctx *ctx, const sid_quantizer *quantizer, const float *x,
                                                       int64_t count, uint16_t *codes, double *margins, sid_error *err);
/* codes (count, levels) -> x (count, dim); the first `depth` levels only (0: all). SID_EDATA: a code out of range. */
SID_API SID_MUST_CHECK sid_status sid_quantizer_decode(const sid_quantizer *quantizer, const uint16_t *codes,
                                                       int64_t count, int depth, float *x, sid_error *err);

/* ---- Advice: which quantizer, and how large ----------------------------------------------------------------------- */

/* A quantizer to try; members as in sid_fit_options. */
typedef struct sid_trial {
    const char *quantizer;
    int levels;
    const char *codes, *options;
} sid_trial;

typedef struct sid_advise_options {
    const sid_trial *trial; /* (trial_count) */
    int trial_count;        /* 0: a list that suits the number of items */
    int64_t sample;         /* seeded rows to fit on and to measure errors by; 0: 20,000; never more than there are */
    uint64_t seed;          /* 0: 42 */
    bool any_order;         /* may choose quantizers whose codes have no order, so that SIDs have no prefixes */
    const sid_items *items; /* joined by id, for `category`; NULL: none */
    const char *category, *category_separator; /* as in sid_report_options */
    void *reserved[4];
} sid_advise_options;

typedef struct sid_advice_row {
    const char *quantizer, *codes, *options; /* codes: as they are, "256,240,240"; options: as tried, "" none */
    int levels;
    const char *refused; /* why it cannot be fitted here; NULL: it was, and what follows is filled */
    bool is_ordered;
    sid_report report;   /* unique_rate, buckets, use of codes: of `counted` items; what needs vectors: of the sample */
    double sample_fit_s; /* measured */
    double fit_s;        /* fitting and encoding all items, from it: a guess unless all were fitted on */
    double encode_rate;  /* items a second, measured */
    int sid_bits;        /* of a SID packed */
    size_t quantizer_size; /* bytes of codebooks, rotations and what else encoding needs */
} sid_advice_row;

typedef struct sid_advice {
    int64_t items, sample, counted; /* counted: the items that all trials encoded, 1,000,000 at most */
    sid_advice_row *row;
    int row_count;
    int chosen;      /* the row to take; -1: none is of use */
    const char *why; /* a sentence */
    void *memory;
} sid_advice;
/* Tries each quantizer on a sample, encodes all items (beyond a million: so many, so that uniqueness is then optimistic)
 * and chooses: ordered codes first, then the best verdict, then the fewest failing checks, then the shortest SIDs among errors
 * within a tenth of the least. Writes nothing. Drop the advice when done; dropping a zeroed one is fine. SID_EUSAGE: a
 * trial's quantizer or option is unknown; one that the data refuses is a row that says why. */
SID_API SID_MUST_CHECK sid_status sid_advise(sid_ctx *ctx, const sid_vectors *vectors,
                                             const sid_advise_options *options, sid_advice *out, sid_error *err);
/* What it would take: fit_s seconds in all, memory_size at the peak beside the vectors. */
SID_API SID_MUST_CHECK sid_status sid_advise_check(sid_ctx *ctx, const sid_vectors *vectors,
                                                   const sid_advise_options *options, sid_fit_estimate *out,
                                                   sid_error *err);
SID_API void sid_advice_drop(sid_advice *advice);

/* ---- Introspection: options are tables --------------------------------------------------------------------------- */

typedef enum sid_option_type {
    SID_OPTION_INT,
    SID_OPTION_FLOAT,
    SID_OPTION_FLAG,   /* false unless given */
    SID_OPTION_CHOICE, /* one of `choices`, separated by | */
    SID_OPTION_TEXT
} sid_option_type;

typedef struct sid_option {
    const char *name; /* "normalize_residual"; as a flag --normalize-residual */
    sid_option_type type;
    const char *default_text;
    double min, max;     /* INT and FLOAT */
    const char *choices; /* CHOICE: "none|l2" */
    const char *help;
    size_t offset; /* into the family's options struct */
} sid_option;

typedef struct sid_family {
    const char *name, *summary, *paper;
    const sid_option *options;
    int option_count;
} sid_family;

SID_API int sid_quantizer_family_count(void);
SID_API const sid_family *sid_quantizer_family(int index);
SID_API const sid_family *sid_quantizer_common(void); /* the options all quantizers share */
SID_API int sid_encoder_family_count(void);
SID_API const sid_family *sid_encoder_family(int index);
SID_API int sid_policy_family_count(void); /* collision policies */
SID_API const sid_family *sid_policy_family(int index);

/* The best of `names` for a mistyped `word`, or NULL when none is near. */
SID_API const char *sid_closest(const char *word, const char *const *names, int count);

/* ---- The machine ------------------------------------------------------------------------------------------------- */

typedef struct sid_machine {
    char cpu[128];
    int cpus_online, cpus_allowed;         /* allowed: affinity and cgroup quota */
    size_t memory_size, memory_limit_size; /* cgroup limit; 0: none */
    char isa_best[16], isa_list[64];       /* "avx512", "portable avx2 avx512" */
    char libraries[160];                   /* loaded: "sqlite 3.40.1, jansson 2.14, utf8proc 2.8.0, zlib 1.2.13" */
} sid_machine;
/* What is known; a figure that the system does not tell is 0 or "unknown". Never fails; thread-safe. */
SID_API void sid_machine_get(sid_machine *out);
/* All kernel paths of this CPU give the same labels on seeded hard cases; SID_EINTERNAL names the path that differs. */
SID_API SID_MUST_CHECK sid_status sid_self_test(sid_ctx *ctx, sid_error *err);

#ifdef __cplusplus
}
#endif
#endif
