/* table_case.h: tables for the tests of table/, and a plain one to compare with: sorted arrays, one thing at a time, nothing
 * shared with what is tested but the loop that steps a row.
 */
#ifndef SEMID_TABLE_CASE_H
#define SEMID_TABLE_CASE_H

#include "base/philox.h"
#include "quant_help.h"
#include "table/table.h"

static inline sid_table *new_table(sid_ctx *ctx, const sid_table_options *options)
{
    sid_table *table = NULL;
    TEST_OK(sid_table_create(ctx, options, &table, err));
    return table;
}

/* Growing, one slice. */
static inline sid_table *new_growing(sid_ctx *ctx, int dim, const char *optimizer, const char *options)
{
    const sid_slice slice = {.dim = dim, .optimizer = optimizer, .options = options};
    return new_table(ctx, &(sid_table_options){.slice = &slice, .slice_count = 1});
}

static inline int64_t rows_of(const sid_table *table)
{
    sid_table_info info;
    sid_table_get_info(table, &info);
    return info.rows;
}

static inline void see(sid_table *table, uint64_t key, int64_t time_s)
{
    TEST_OK(sid_table_visit(table, &key, 1, time_s, NULL, err));
}

static inline void step_one(sid_table *table, uint64_t key, const float *gradient)
{
    TEST_OK(sid_table_apply(table, &key, 1, gradient, err));
}

static inline float first_of(const sid_table *table, uint64_t key)
{
    float row[256];
    TEST_OK(sid_table_lookup(table, &key, 1, SID_UNSEEN_ZERO, row, err));
    return row[0];
}

static inline uint64_t draw_u64(uint64_t seed, int64_t index)
{
    return sid__philox_u64(seed, SID__STREAM_TEST, (uint64_t)index);
}

/* ---- The plain table ---- */

enum { PLAIN_DIM_MAX = 16, PLAIN_STATE_MAX = 40 };

typedef struct plain_row {
    uint64_t key;
    int64_t last_use, count;
    bool has_row; /* else only counted */
    float weights[PLAIN_DIM_MAX], state[PLAIN_STATE_MAX];
} plain_row;

typedef struct plain_table {
    const sid__table_setup *setup;
    plain_row *row; /* ascending by key */
    int64_t count, capacity;
} plain_table;

static inline int64_t plain_place(const plain_table *p, uint64_t key)
{
    int64_t begin = 0, end = p->count;
    while (begin < end) {
        int64_t middle = (begin + end) / 2;
        if (p->row[middle].key < key)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

static inline plain_row *plain_find(const plain_table *p, uint64_t key)
{
    int64_t at = plain_place(p, key);
    return at < p->count && p->row[at].key == key ? &p->row[at] : NULL;
}

static inline plain_row *plain_insert(plain_table *p, uint64_t key)
{
    int64_t at = plain_place(p, key);
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? 2 * p->capacity : 64;
        p->row = realloc(p->row, (size_t)p->capacity * sizeof *p->row);
        assert_non_null(p->row);
    }
    memmove(&p->row[at + 1], &p->row[at], (size_t)(p->count - at) * sizeof *p->row);
    p->row[at] = (plain_row){.key = key};
    p->count++;
    return &p->row[at];
}

static inline void plain_remove(plain_table *p, plain_row *row)
{
    int64_t at = row - p->row;
    memmove(row, row + 1, (size_t)(p->count - at - 1) * sizeof *row);
    p->count--;
}

static inline void plain_start(const plain_table *p, plain_row *row)
{
    row->has_row = true;
    sid__table_initial(p->setup, row->key, row->weights);
    for (int i = 0; i < p->setup->slice_count; i++) {
        const sid__slice *slice = &p->setup->slice[i];
        sid__rule_start(&slice->rule, slice->dim, row->weights + slice->weight_at, row->state + slice->state_at);
    }
}

/* Counts exactly, where the table's filter may forget: for tables of few keys. */
static inline void plain_visit(plain_table *p, const uint64_t *keys, int64_t count, int64_t time_s)
{
    for (int64_t i = 0; i < count; i++) {
        plain_row *row = plain_find(p, keys[i]);
        if (!row)
            row = plain_insert(p, keys[i]);
        row->count++;
    }
    for (int64_t i = 0; i < count; i++) {
        plain_row *row = plain_find(p, keys[i]);
        if (!row->has_row && row->count >= p->setup->admit_count)
            plain_start(p, row);
        if (row->has_row && row->last_use < time_s)
            row->last_use = time_s;
    }
}

static inline void plain_apply(plain_table *p, const uint64_t *keys, int64_t count, const float *gradient)
{
    int dim = p->setup->dim;
    for (int64_t i = 0; i < count; i++) {
        float sum[PLAIN_DIM_MAX];
        plain_row *row = plain_find(p, keys[i]);
        bool is_first = true;
        for (int64_t j = 0; j < i; j++)
            is_first &= keys[j] != keys[i];
        if (!row || !row->has_row || !is_first)
            continue;
        memcpy(sum, gradient + i * dim, (size_t)dim * sizeof *sum);
        for (int64_t j = i + 1; j < count; j++)
            for (int d = 0; d < dim && keys[j] == keys[i]; d++)
                sum[d] += gradient[j * dim + d];
        for (int s = 0; s < p->setup->slice_count; s++) {
            const sid__slice *slice = &p->setup->slice[s];
            slice->rule.update(&slice->rule.row, slice->dim, sum + slice->weight_at, row->weights + slice->weight_at,
                               row->state + slice->state_at);
        }
    }
}

/* Rows last used by then go. */
static inline int64_t plain_expire(plain_table *p, int64_t last_gone_use)
{
    int64_t kept = 0, gone = 0;
    for (int64_t i = 0; i < p->count; i++) {
        if (p->row[i].has_row && p->row[i].last_use <= last_gone_use)
            gone++;
        else
            p->row[kept++] = p->row[i];
    }
    p->count = kept;
    return gone;
}

/* Every row of both, by key, bit by bit. */
static inline void check_plain(const plain_table *p, const sid_table *table)
{
    int64_t rows = 0, count = 0;
    int dim = p->setup->dim;
    for (int64_t i = 0; i < p->count; i++)
        rows += p->row[i].has_row;
    uint64_t *key = malloc((size_t)(rows + 1) * sizeof *key);
    float *out = malloc((size_t)(rows + 1) * (size_t)dim * sizeof *out);
    assert_non_null(key);
    assert_non_null(out);
    TEST_OK(sid_table_keys(table, key, rows, &count, err));
    assert_int_equal(count, rows);
    TEST_OK(sid_table_lookup(table, key, rows, SID_UNSEEN_ZERO, out, err));
    for (int64_t i = 0, r = 0; i < p->count; i++) {
        if (!p->row[i].has_row)
            continue;
        assert_true(key[r] == p->row[i].key);
        assert_memory_equal(out + r * dim, p->row[i].weights, (size_t)dim * sizeof *out);
        r++;
    }
    free(key);
    free(out);
}

#endif
