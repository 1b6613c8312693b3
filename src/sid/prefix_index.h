/* prefix_index.h: the CSR trie over SIDs: which items lie below a prefix, in O(levels) binary searches, without
 * touching the database. Immutable and counted, so that readers keep theirs while a newer one takes its place; built from items.db; stored as index.bin.
 *
 * Items are sorted by SID (a SID that ends earlier comes first), ties by row. A position is a place in that order; the
 * items below a prefix are one run of positions.
 */
#ifndef SEMID_SID_PREFIX_INDEX_H
#define SEMID_SID_PREFIX_INDEX_H

#include "base/error.h"

typedef struct sid__prefix_index sid__prefix_index;

/* codes (count, width): row i holds length[i] <= width codes, the rest is ignored; row[i]: the item's row in
 * items.db. */
sid_status sid__prefix_index_build(const uint16_t *codes, const uint8_t *length, const int64_t *row, int64_t count,
                                   int width, sid__prefix_index **out, sid_error *err);
/* One more owner, from any thread; each calls free once. */
sid__prefix_index *sid__prefix_index_share(sid__prefix_index *index);
void sid__prefix_index_free(sid__prefix_index *index);
int64_t sid__prefix_index_count(const sid__prefix_index *index);
int sid__prefix_index_width(const sid__prefix_index *index);
/* Items below prefix (depth codes; 0: all): positions begin <= p < end; false and an empty run when there are none. */
bool sid__prefix_index_find(const sid__prefix_index *index, const uint16_t *prefix, int depth, int64_t *begin,
                            int64_t *end);
/* A prefix of one code more, and the positions of the items below it. */
typedef struct sid__index_child {
    uint16_t code;
    int64_t begin, end;
} sid__index_child;
/* Of those below prefix (depth codes; 0: all) the one with the lowest code >= least; false when there is none. */
bool sid__prefix_index_next(const sid__prefix_index *index, const uint16_t *prefix, int depth, int least,
                            sid__index_child *out);
int64_t sid__prefix_index_row(const sid__prefix_index *index, int64_t position);
/* The rows at positions begin <= p < end to row; their number. */
int64_t sid__prefix_index_rows(const sid__prefix_index *index, int64_t begin, int64_t end, int64_t *row);
/* Distinct prefixes of `depth` codes. */
int64_t sid__prefix_index_prefixes(const sid__prefix_index *index, int depth);

/* ---- prefix_walk.c: the whole of it, from left to right ---------------------------------------------------------- */

/* items[c] = items whose code of level_index is c, for c < codes; level_index is below the length of every SID. */
void sid__prefix_index_use(const sid__prefix_index *index, int level_index, int codes, int64_t *items);
/* is_new[p] = 1 where the first `depth` codes at position p differ from those before it; depth is at most the length of
 * every SID. is_new (count), zeroed. */
void sid__prefix_index_marks(const sid__prefix_index *index, int depth, uint8_t *is_new);
/* The first `depth` codes at a position. */
void sid__prefix_index_codes(const sid__prefix_index *index, int64_t position, int depth, uint16_t *codes);

/* Bytes it takes in memory; the target is <= 16 an item at 4 levels. */
size_t sid__prefix_index_size(const sid__prefix_index *index);

/* The state of items.db that an index was built from. The digest covers rows, version and the catalogue's id, so an index
 * of another catalogue differs in it also where the version is the same. */
typedef struct sid__index_source {
    int64_t version; /* >= 0 */
    uint64_t digest_high, digest_low;
} sid__index_source;

/* index.bin: magic, format version, source, arrays, SHA-256 of all before it (the offset table stands in
 * prefix_index_file.c). parse: SID_ECORRUPT names what is wrong; *source tells staleness. */
sid_status sid__prefix_index_write(const sid__prefix_index *index, const sid__index_source *source, const char *path,
                                   sid_error *err);
sid_status sid__prefix_index_read(const char *path, sid__index_source *source, sid__prefix_index **out, sid_error *err);
/* The same from memory, for the fuzzer. */
sid_status sid__prefix_index_parse(const void *bytes, size_t size, const char *path, sid__index_source *source,
                                   sid__prefix_index **out, sid_error *err);

#endif
