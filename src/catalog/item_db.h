/* item_db.h: items.db, the truth about the items of a catalogue. A SQLite file in WAL mode that only this code writes.
 *
 * Invariants: (1) live item ids are unique; (2) a row is never deleted nor its SID changed: a removed item keeps its row,
 * so that its digit is not given again; (3) `version` starts at 1 and each change transaction adds 1; (4) `digest`, the
 * sum mod 2^128 of the first 16 bytes of the SHA-256 of every row, version and catalogue id included, changes in the same
 * transaction as the rows. A scan recomputes it: damage that SQLite cannot see is found there.
 *
 * One handle, one thread at a time; the catalogue holds its mutex around every call.
 */
#ifndef SEMID_CATALOG_ITEM_DB_H
#define SEMID_CATALOG_ITEM_DB_H

#include "base/arena.h"
#include "sid/policy.h"

typedef struct sid__item_db sid__item_db;

#define SID__ASSIGNED_LIST(X)                                                                                          \
    X(ARGMIN, "argmin") /* the quantizer's own choice for the vector */                                                \
    X(FIT, "fit")       /* given while fitting or importing, another than the quantizer would choose */                \
    X(POLICY, "policy") /* base codes changed by a collision policy */
#define SID__STATE_LIST(X)                                                                                             \
    X(OK, "ok")                                                                                                        \
    X(NO_TEXT, "no_text") /* the encoder knew no word of it: a zero vector */                                          \
    X(REMOVED, "removed")

typedef enum sid__assigned {
#define SID__ASSIGNED_ENUM_(name, text) SID__ASSIGNED_##name,
    SID__ASSIGNED_LIST(SID__ASSIGNED_ENUM_)
#undef SID__ASSIGNED_ENUM_
        SID__ASSIGNED_COUNT
} sid__assigned;

typedef enum sid__state {
#define SID__STATE_ENUM_(name, text) SID__STATE_##name,
    SID__STATE_LIST(SID__STATE_ENUM_)
#undef SID__STATE_ENUM_
        SID__STATE_COUNT
} sid__state;

const char *sid__assigned_name(sid__assigned assigned);
const char *sid__state_name(sid__state state);

/* Invariant: digit is SID__DIGIT_NONE or codes[levels]. */
typedef struct sid__db_item {
    int64_t row;
    const char *item_id, *title, *metadata;
    uint16_t codes[SID_LEVELS_MAX + 1]; /* base codes, then the digit when there is one */
    int levels;
    int32_t digit;
    sid__assigned assigned;
    sid__state state;
} sid__db_item;

/* Codes of the whole SID. */
static inline int sid__db_item_width(const sid__db_item *item)
{
    return item->levels + (item->digit != SID__DIGIT_NONE);
}

typedef struct sid__digest {
    uint64_t high, low;
} sid__digest;

enum { SID__DIGEST_TEXT_SIZE = 33 };
void sid__digest_text(sid__digest digest, char text[SID__DIGEST_TEXT_SIZE]);

/* A new file, filled in one transaction without a journal, since nobody sees it before it is whole. */
sid_status sid__item_db_create(const char *path, int levels, sid__item_db **out, sid_error *err);
/* Ends the creation: version 1, digest, the catalogue's id, WAL mode. Sync the file afterwards. */
sid_status sid__item_db_seal(sid__item_db *db, const char *catalog_id, sid_error *err);
/* The digest of the rows inserted so far, before version and id are added. */
sid__digest sid__item_db_rows_digest(const sid__item_db *db);

typedef enum sid__item_db_mode {
    SID__ITEM_DB_WRITE,
    SID__ITEM_DB_READ,
    SID__ITEM_DB_IMMUTABLE /* a medium that nobody can write to: no locks, no -shm file */
} sid__item_db_mode;
/* Compares the stored schema with ours text by text, and the catalogue id. SID_ECORRUPT when either differs. */
sid_status sid__item_db_open(const char *path, int levels, const char *catalog_id, sid__item_db_mode mode,
                             sid__item_db **out, sid_error *err);
void sid__item_db_close(sid__item_db *db);
/* In a child after fork, with no call running: closes the parent's connection and leaves its files as they are. */
void sid__item_db_abandon(sid__item_db *db);

/* Copies the log back into the file and empties it. *is_held: for longer than wait_ms a reader of an old state kept it from
 * that. Outside of a transaction. */
sid_status sid__item_db_clear_wal(sid__item_db *db, int wait_ms, bool *is_held, sid_error *err);

/* A read snapshot; every reading call stands between these. end never fails. */
sid_status sid__item_db_read_begin(sid__item_db *db, int64_t *version, sid_error *err);
void sid__item_db_read_end(sid__item_db *db);
/* The stored digest, which names this state of this catalogue. Within a snapshot or a transaction. */
sid_status sid__item_db_stored_digest(sid__item_db *db, sid__digest *digest, sid_error *err);

/* A change transaction: begin, changes, commit or rollback. commit adds 1 to the version. After a failed commit the
 * handle refuses changes (SID_EREADONLY) until the catalogue is opened anew. */
sid_status sid__item_db_begin(sid__item_db *db, sid_error *err);
sid_status sid__item_db_commit(sid__item_db *db, int64_t *version, sid_error *err);
void sid__item_db_rollback(sid__item_db *db);

/* Within a transaction or a creation. */
sid_status sid__item_db_insert(sid__item_db *db, const sid__db_item *item, sid_error *err);
sid_status sid__item_db_remove(sid__item_db *db, const sid__db_item *item, sid_error *err);
sid_status sid__item_db_vector_put(sid__item_db *db, int64_t row, const float *x, int dim, sid_error *err);

/* Within a snapshot or a transaction. Strings go to `arena`. *is_found false when there is no such (live) item. */
sid_status sid__item_db_find(sid__item_db *db, const char *item_id, sid__arena *arena, sid__db_item *out,
                             bool *is_found, sid_error *err);
sid_status sid__item_db_get(sid__item_db *db, int64_t row, sid__arena *arena, sid__db_item *out, bool *is_found,
                            sid_error *err);
sid_status sid__item_db_vector_get(sid__item_db *db, int64_t row, float *x, int dim, bool *is_found, sid_error *err);
/* Rows that ever had these base codes, removed ones too, and their largest digit (SID__DIGIT_NONE: none). */
sid_status sid__item_db_bucket(sid__item_db *db, const uint16_t *codes, int64_t *given, int64_t *largest,
                               sid_error *err);
/* Gives every live row whose first `depth` base codes are those, by base codes, then row (strings live during the call). */
typedef sid_status sid__item_fn(void *user, const sid__db_item *item, sid_error *err);
sid_status sid__item_db_scan_prefix(sid__item_db *db, const uint16_t *codes, int depth, sid__item_fn *fn, void *user,
                                    sid_error *err);
sid_status sid__item_db_next_row(sid__item_db *db, int64_t *row, sid_error *err);
sid_status sid__item_db_live_count(sid__item_db *db, int64_t *count, sid_error *err);

/* Gives every row, removed ones too, in row order (strings live during the call), then compares the digest:
 * SID_ECORRUPT when it differs. */
sid_status sid__item_db_scan(sid__item_db *db, sid__item_fn *fn, void *user, sid_error *err);

/* SQLite's own look at pages and indexes. */
sid_status sid__item_db_integrity(sid__item_db *db, sid_error *err);

#endif
