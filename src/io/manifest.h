/* manifest.h: manifest.json of a catalogue: what it is, how it was made, and the size and SHA-256 of each file that never
 * changes. Written once, read at every open.
 *
 * Format rules. (1) The text ends with the member "sha256", a hash of every byte before the comma in front of it, so that
 * any flipped bit is found; this rule holds for every major version. (2) A reader takes every minor version of its major
 * and ignores members it does not know. (3) What a reader must know stands by name in "requires"; an unknown name is
 * SID_EVERSION. (4) No timestamps: equal data, options and seed give equal bytes.
 */
#ifndef SEMID_IO_MANIFEST_H
#define SEMID_IO_MANIFEST_H

#include "base/options.h"
#include "io/sha256.h"

enum {
    SID__MANIFEST_MAJOR = 1,
    SID__MANIFEST_MINOR = 0,
    SID__MANIFEST_SIZE_MAX = 1 << 20, /* ours take some 3 KiB; 64 levels and long options stay below 16 KiB */
    SID__MANIFEST_FILES_MAX = 16,
    SID__MANIFEST_FEATURES_MAX = 16,
    SID__MANIFEST_NAME_SIZE = 64,
    SID__CATALOG_ID_SIZE = 33 /* 128 bits in hex and a zero */
};

/* Required when the collision policy has options that are not its defaults: how new items get SIDs depends on them. */
#define SID__FEATURE_COLLISION_OPTIONS "collision-options"

typedef struct sid__manifest_file {
    char name[SID__MANIFEST_NAME_SIZE]; /* in the catalogue's directory; no slash, not hidden */
    int64_t size;
    char sha256[SID__SHA256_HEX_SIZE];
} sid__manifest_file;

/* Invariants: 1 <= levels <= SID_LEVELS_MAX; digit_codes is 0 when no digit is added; file names are distinct. */
typedef struct sid__manifest {
    int major, minor;
    char id[SID__CATALOG_ID_SIZE], parent[SID__CATALOG_ID_SIZE]; /* parent "": none */
    char family[SID__MANIFEST_NAME_SIZE], options[SID__OPTION_TEXT_SIZE];
    int levels, codes[SID_LEVELS_MAX]; /* K of each level */
    int64_t seed;
    int dim, prepared_dim;
    char normalization[SID__MANIFEST_NAME_SIZE];
    char collisions[SID__MANIFEST_NAME_SIZE], digit_style[SID__MANIFEST_NAME_SIZE];
    char collision_options[SID__OPTION_TEXT_SIZE]; /* "": defaults, and not written */
    int digit_codes;                               /* K of the added level; 0: none */
    bool has_encoder;
    char encoder[SID__MANIFEST_NAME_SIZE], encoder_fields[SID__OPTION_TEXT_SIZE],
        encoder_options[SID__OPTION_TEXT_SIZE];
    int64_t encoder_seed;
    char encoder_fingerprint[SID__OPTION_TEXT_SIZE];
    int64_t fitted_items;                     /* rows 0 .. fitted_items-1 of items.db, those of vectors.npy */
    char fitted_digest[SID__CATALOG_ID_SIZE]; /* of their rows in items.db at creation; makes `id` cover them */
    int64_t largest_bucket;                   /* at creation */
    double mean_residual;                     /* mean |x - reconstruction| at creation */
    sid__manifest_file file[SID__MANIFEST_FILES_MAX];
    int file_count;
    char feature[SID__MANIFEST_FEATURES_MAX][SID__MANIFEST_NAME_SIZE]; /* "requires" */
    int feature_count;
} sid__manifest;

/* Sets `id` from everything else that is there: call it when all files but the derived metrics.json are recorded. */
sid_status sid__manifest_set_id(sid__manifest *manifest, sid_error *err);
/* Adds name, size and hash of directory/name. */
sid_status sid__manifest_record(sid__manifest *manifest, const char *directory, const char *name, sid_error *err);
/* NULL when absent. */
const sid__manifest_file *sid__manifest_find(const sid__manifest *manifest, const char *name);

/* The whole text, its hash included. */
sid_status sid__manifest_text(const sid__manifest *manifest, sid__strbuf *out, sid_error *err);
sid_status sid__manifest_write(const sid__manifest *manifest, const char *path, sid_error *err); /* fsync'd */
/* Reads, checks the hash, parses. SID_ECORRUPT: damaged; SID_EVERSION: another major or an unknown feature, by name. */
sid_status sid__manifest_read(const char *path, sid__manifest *out, sid_error *err);
/* Rule (1) on bytes in memory. */
sid_status sid__manifest_check_hash(const char *bytes, size_t size, const char *path, sid_error *err);
/* Members to struct without a look at the hash, for fuzzing. */
sid_status sid__manifest_parse(const char *bytes, size_t size, const char *path, sid__manifest *out, sid_error *err);

#endif
