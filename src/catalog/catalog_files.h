/* catalog_files.h: the directory of a catalogue: names, a new directory that appears whole or not at all, the writer's
 * lock, hashes compared at open.
 */
#ifndef SEMID_CATALOG_CATALOG_FILES_H
#define SEMID_CATALOG_CATALOG_FILES_H

#include <limits.h>

#include "base/ctx.h"
#include "io/manifest.h"

#define SID__FILE_MANIFEST "manifest.json"
#define SID__FILE_QUANTIZER "quantizer.safetensors"
#define SID__FILE_ENCODER "encoder.safetensors"
#define SID__FILE_FUSION "fusion.safetensors"
#define SID__FILE_VECTORS "vectors.npy"
#define SID__FILE_ITEMS "items.db"
#define SID__FILE_INDEX "index.bin"
#define SID__FILE_METRICS "metrics.json"
#define SID__FILE_SUM "items.sum"
#define SID__FILE_LOCK "lock"

/* ---- Lock --------------------------------------------------------------------------------------------------------- */

/* Takes the writer's lock of a catalogue directory: an OFD lock on its file `lock`, which goes when the process does, with
 * pid and program written in it. SID_ELOCKED names the holder. */
sid_status sid__lock_take(const char *directory, int *lock_fd, sid_error *err);
/* -1 is fine. */
void sid__lock_drop(int lock_fd);

/* ---- New directory ------------------------------------------------------------------------------------------------ */

typedef struct sid__new_directory {
    char target[PATH_MAX], temporary[PATH_MAX], parent[PATH_MAX];
    bool replaces;                 /* an old catalogue or an empty directory stands at target; its lock is held */
    bool replaces_empty;           /* the latter */
    int lock_fd, replaced_lock_fd; /* -1: none; lock_fd is of the new directory and survives the rename */
} sid__new_directory;

/* Checks that a catalogue may be made at `path`: the parent exists and can be written to, nothing is in the way unless
 * `force`, and then only a catalogue or an empty directory. SID_EEXISTS, SID_EIO, SID_EREADONLY. */
sid_status sid__new_directory_check(const char *path, bool force, sid__new_directory *out, sid_error *err);
/* The same, then clears what dead writers left and makes `.NAME.tmp-PID` beside the target, locked. */
sid_status sid__new_directory_begin(const char *path, bool force, sid__new_directory *out, sid_error *err);
/* Syncs, renames, removes what was replaced. On success the caller owns lock_fd. On failure nothing is left behind. */
sid_status sid__new_directory_commit(const sid_ctx *ctx, sid__new_directory *directory, sid_error *err);
/* Removes the temporary directory. */
void sid__new_directory_abandon(sid__new_directory *directory);

/* ---- items.sum ---------------------------------------------------------------------------------------------------- */

/* Hashes items.db as its closing writer left it, for `version`. Nothing is written while a WAL waits or when it is there
 * already. Call it under the writer's lock, with the database closed. */
sid_status sid__items_sum_write(const char *directory, int64_t version, sid_error *err);
/* SID_ECORRUPT when items.db or items.sum is not as the writer left it. A sum of an older version, or none, says nothing:
 * its writer was killed. Call it within a snapshot of `version`, so that no checkpoint changes the file meanwhile. */
sid_status sid__items_sum_check(const char *directory, int64_t version, sid_error *err);

/* ---- Files -------------------------------------------------------------------------------------------------------- */

/* SID_ECORRUPT when a file of the catalogue is a link or no plain file: one that came from elsewhere must not make us read
 * or write outside of it. */
sid_status sid__files_check_plain(const char *directory, sid_error *err);
/* Size and SHA-256 of each recorded file. SID_ECORRUPT names the first that differs. */
sid_status sid__files_check(const char *directory, const sid__manifest *manifest, sid_error *err);
sid_status sid__file_sync_path(const char *path, sid_error *err);
/* This process may make files in it (false on a read-only mount). */
bool sid__directory_is_writable(const char *path);
/* SQLite's locks and shared memory do not work there. */
bool sid__directory_is_remote(const char *path);
/* SID_ENOTFOUND / SID_EDATA when `path` is no catalogue. */
sid_status sid__catalog_directory_check(const char *path, sid_error *err);

#endif
