/* item_db_internal.h: what item_db.c (connection, transactions) and item_row.c (rows) share, and nobody else. */
#ifndef SEMID_CATALOG_ITEM_DB_INTERNAL_H
#define SEMID_CATALOG_ITEM_DB_INTERNAL_H

#include <sqlite3.h>

#include "base/strbuf.h"
#include "catalog/item_db.h"

typedef enum sid__statement {
    SID__STMT_INSERT,
    SID__STMT_REMOVE,
    SID__STMT_FIND,
    SID__STMT_GET,
    SID__STMT_SCAN,
    SID__STMT_BUCKET,
    SID__STMT_PREFIX,
    SID__STMT_NEXT_ROW,
    SID__STMT_LIVE,
    SID__STMT_VECTOR_PUT,
    SID__STMT_VECTOR_GET,
    SID__STMT_VECTOR_DELETE,
    SID__STMT_VECTOR_SCAN,
    SID__STMT_META_GET,
    SID__STMT_META_SET,
    SID__STMT_COUNT
} sid__statement;

struct sid__item_db {
    sqlite3 *sqlite;
    char *path;
    int levels;
    char catalog_id[SID__DIGEST_TEXT_SIZE];
    bool is_read_only, is_new, has_failed, in_transaction; /* is_new: made by this handle */
    int64_t version;                                       /* as of the last begin */
    sid__digest digest; /* of the rows, without version and id; kept while a transaction or a creation runs */
    sqlite3_stmt *statement[SID__STMT_COUNT];
};

/* Maps a SQLite result code to a status and a message. */
sid_status sid__item_db_fail(const sid__item_db *db, int rc, const char *what, sid_error *err);
/* A column that is NULL may be so for want of memory. */
static inline bool sid__item_db_lacks_memory(const sid__item_db *db)
{
    return (sqlite3_errcode(db->sqlite) & 0xff) == SQLITE_NOMEM;
}

/* Prepared once; the caller resets it. */
sid_status sid__item_db_statement(sid__item_db *db, sid__statement which, sqlite3_stmt **out, sid_error *err);

static inline sid__digest sid__digest_add(sid__digest a, sid__digest b)
{
    uint64_t low = a.low + b.low;
    return (sid__digest){.high = a.high + b.high + (low < a.low), .low = low};
}

static inline sid__digest sid__digest_subtract(sid__digest a, sid__digest b)
{
    return (sid__digest){.high = a.high - b.high - (a.low < b.low), .low = a.low - b.low};
}

sid__digest sid__digest_of_version(int64_t version, const char *catalog_id);
/* Compares the digest of all rows, as a scan summed it up, with the stored one. */
sid_status sid__item_db_check_digest(sid__item_db *db, sid__digest rows, sid_error *err);

#endif
