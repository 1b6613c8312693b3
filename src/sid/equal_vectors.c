/* equal_vectors.c: see equal_vectors.h. Rows are sorted by hash, then id; in a run of one hash each row is compared with
 * the firsts before it, of which there is one but for chance, so that N equal rows cost N reads.
 */
#include "sid/equal_vectors.h"

#include <string.h>

#include "base/mem.h"
#include "sid/sort_rows.h"

typedef struct finder {
    sid__read_row_fn *read;
    void *user;
    int64_t count;
    int dim;
    const char *const *id;
    uint64_t *hash;  /* (count) */
    int64_t *order;  /* (count) */
    float *x, *seen; /* (dim) */
} finder;

/* FNV-1a on 4-byte words with a final mix. It only groups rows that are then compared. */
static uint64_t hash_row(const float *x, int dim)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int d = 0; d < dim; d++) {
        uint32_t word;
        memcpy(&word, &x[d], sizeof word);
        hash = (hash ^ word) * UINT64_C(0x100000001b3);
    }
    return hash ^ hash >> 29;
}

static int compare(const void *context, int64_t a, int64_t b)
{
    const finder *f = context;
    if (f->hash[a] != f->hash[b])
        return f->hash[a] < f->hash[b] ? -1 : 1;
    return strcmp(f->id[a], f->id[b]);
}

/* The rows order[begin] .. order[end - 1], of one hash. */
static sid_status settle_run(finder *f, int64_t begin, int64_t end, int64_t *first, int64_t *equal, sid_error *err)
{
    for (int64_t i = begin; i < end; i++) {
        int64_t row = f->order[i];
        first[row] = row;
        if (i > begin)
            SID_TRY(f->read(f->user, row, f->x, err));
        for (int64_t j = begin; j < i && first[row] == row; j++) {
            int64_t other = f->order[j];
            if (first[other] != other)
                continue;
            SID_TRY(f->read(f->user, other, f->seen, err));
            if (memcmp(f->x, f->seen, (size_t)f->dim * sizeof *f->x) == 0)
                first[row] = other;
        }
        *equal += first[row] != row;
    }
    return SID_OK;
}

static sid_status find(finder *f, int64_t *first, int64_t *equal, sid_error *err)
{
    SID_TRY(sid__alloc(&f->hash, (size_t)f->count, sizeof *f->hash, "hashes of vectors", err));
    SID_TRY(sid__alloc(&f->order, (size_t)f->count, sizeof *f->order, "the order of vectors", err));
    SID_TRY(sid__alloc(&f->x, (size_t)f->dim, sizeof *f->x, "a vector", err));
    SID_TRY(sid__alloc(&f->seen, (size_t)f->dim, sizeof *f->seen, "a vector", err));
    for (int64_t row = 0; row < f->count; row++) {
        SID_TRY(f->read(f->user, row, f->x, err));
        f->hash[row] = hash_row(f->x, f->dim);
    }
    SID_TRY(sid__sort_rows(f->order, f->count, compare, f, err));
    for (int64_t begin = 0, end; begin < f->count; begin = end) {
        for (end = begin + 1; end < f->count && f->hash[f->order[begin]] == f->hash[f->order[end]];)
            end++;
        SID_TRY(settle_run(f, begin, end, first, equal, err));
    }
    return SID_OK;
}

sid_status sid__equal_vectors(sid__read_row_fn *read, void *user, int64_t count, int dim, const char *const *id,
                              int64_t *first, int64_t *equal, sid_error *err)
{
    finder f = {.read = read, .user = user, .count = count, .dim = dim, .id = id};
    int64_t found = 0;
    sid_status status = find(&f, first, &found, err);
    sid__free(f.hash);
    sid__free(f.order);
    sid__free(f.x);
    sid__free(f.seen);
    *equal = found;
    return status;
}
