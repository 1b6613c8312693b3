/* restore.c: a table read from a file (snapshot.h) that nobody vouches for. Its hash is checked first, over all bytes; then each
 * tensor must be the one that a table of that setup has, and every value one that it can hold. What is read goes into a table
 * of its own, which takes the old one's place when it is whole.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/mem.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/sha256.h"
#include "table/snapshot.h"

enum { BLOCK_SIZE = 1 << 20, ABOUT_MAX = 1 << 16 };

typedef struct reading {
    sid_ctx *ctx;
    const char *path;
    sid__file file;
    int64_t file_size;
    sid__safetensors_header header;
    json_t *about;
    sid_table *t;
    int64_t rows;
    char *block;
} reading;

static sid_status fail_file(const reading *r, const char *what, sid_error *err)
{
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = r->path, .byte = -1},
                        "%s; it is no snapshot of a table, or not of this kind: save one again", what);
}

/* ---- Whole, and what it says it is ---- */

static sid_status check_hash(reading *r, sid_error *err)
{
    unsigned char digest[SID__SHA256_SIZE];
    char hex[SID__SHA256_HEX_SIZE], tail[SID__SNAPSHOT_TAIL];
    int64_t end = r->file_size - SID__SNAPSHOT_TAIL;
    sid__sha256 hash;
    if (end <= 0)
        return fail_file(r, "the file is too short", err);
    sid__sha256_init(&hash);
    for (int64_t at = 0; at < end; at += BLOCK_SIZE) {
        size_t size = (size_t)(end - at < BLOCK_SIZE ? end - at : BLOCK_SIZE);
        SID_TRY(sid__file_read(&r->file, r->block, size, at, err));
        sid__sha256_update(&hash, r->block, size);
    }
    sid__sha256_final(&hash, digest);
    sid__sha256_hex(digest, hex);
    SID_TRY(sid__file_read(&r->file, tail, sizeof tail, end, err));
    if (memcmp(tail, hex, 64) != 0 || memcmp(tail + 64, "\"}", 2) != 0)
        return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = r->path, .byte = -1},
                            "the SHA-256 at its end differs from its bytes: the snapshot is damaged or cut off; take "
                            "another, or train again");
    return SID_OK;
}

static sid_status read_about(reading *r, sid_error *err)
{
    const sid__safetensors_entry *last = r->header.count ? &r->header.entry[r->header.count - 1] : NULL;
    if (!last || strcmp(last->name, "about") != 0 || last->dtype != SID__U8 || last->rank != 1 ||
        last->end - last->begin > ABOUT_MAX)
        return fail_file(r, "its last tensor is not \"about\"", err);
    size_t size = (size_t)(last->end - last->begin);
    SID_TRY(sid__file_read(&r->file, r->block, size, r->header.data_offset + last->begin, err));
    SID_TRY(sid__json_parse(r->block, size, r->path, &r->about, err));
    if (json_integer_value(json_object_get(r->about, "format")) != 1)
        return sid__fail_at(err, SID_EVERSION, (sid__place){.file = r->path, .byte = -1},
                            "a table of format 1 is expected; this one is of a newer semid");
    r->rows = json_integer_value(json_object_get(r->about, "rows"));
    if (!json_is_integer(json_object_get(r->about, "rows")) || r->rows < 0 || r->rows > SID_TABLE_ROWS_MAX)
        return fail_file(r, "member \"rows\" is missing or out of range", err);
    return SID_OK;
}

static const char *text_of(const reading *r, const char *name)
{
    const char *text = json_string_value(json_object_get(r->about, name));
    return text ? text : "";
}

static sid_status check_use(const reading *r, const char *expected, const char *advice, sid_error *err)
{
    if (strcmp(text_of(r, "use"), expected) == 0)
        return SID_OK;
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = r->path, .byte = -1}, "the table was saved for %.20s; %s",
                        text_of(r, "use"), advice);
}

/* The options that hold the first difference: "rate=0.1" of "adagrad rate=0.1,decay=0". */
static void first_difference(const char **a, const char **b, int *a_length, int *b_length)
{
    size_t at = 0;
    while ((*a)[at] && (*a)[at] == (*b)[at])
        at++;
    while (at > 0 && !strchr(" ,", (*a)[at - 1]))
        at--;
    *a += at;
    *b += at;
    *a_length = (int)strcspn(*a, " ,");
    *b_length = (int)strcspn(*b, " ,");
}

static sid_status check_setup(const reading *r, const sid__table_setup *expected, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status = sid__table_setup_text(expected, &text, err);
    if (status == SID_OK && strcmp(text_of(r, "setup"), text.text) != 0) {
        const char *seen = text_of(r, "setup"), *here = text.text;
        int seen_length = 0, here_length = 0;
        first_difference(&seen, &here, &seen_length, &here_length);
        status = sid__fail_at(err, SID_EDATA, (sid__place){.file = r->path, .byte = -1},
                              "the snapshot is of other options: \"%.*s\", here \"%.*s\"; make a table of the same",
                              seen_length < 99 ? seen_length : 99, seen, here_length, here);
    }
    sid__strbuf_drop(&text);
    return status;
}

/* ---- Tensors ---- */

static sid_status check_columns(const reading *r, const sid__column *column, int count, sid_error *err)
{
    if (r->header.count != count + 1)
        return fail_file(r, "it has other tensors than such a table", err);
    for (int i = 0; i < count; i++) {
        const sid__safetensors_entry *entry = &r->header.entry[i];
        bool is_same = strcmp(entry->name, column[i].name) == 0 && strcmp(entry->dtype_name, column[i].dtype) == 0 &&
                       entry->rank == column[i].rank;
        for (int d = 0; is_same && d < entry->rank; d++)
            is_same = entry->shape[d] == column[i].shape[d];
        if (!is_same)
            return fail_file(r, "a tensor has another name, type or shape than such a table's", err);
    }
    return SID_OK;
}

static sid_status add_keys(reading *r, const uint64_t *key, int64_t begin, int64_t count, uint64_t *last,
                           sid_error *err)
{
    for (int64_t i = 0; i < count; i++) {
        uint64_t hash = sid__mix64(key[i]);
        sid__slot *slot = NULL;
        if (begin + i > 0 && key[i] <= *last)
            return fail_file(r, "its keys do not ascend", err);
        *last = key[i];
        SID_TRY(sid__cuckoo_add(&r->t->shard[sid__shard_of(hash)], key[i], &slot, err));
        slot->row = (uint32_t)(begin + i);
        *(uint64_t *)sid__slab_row(&r->t->keys, slot->row) = key[i];
    }
    return SID_OK;
}

static sid_status set_uses(reading *r, const uint32_t *use, int64_t begin, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint64_t key = *(uint64_t *)sid__slab_row(&r->t->keys, (uint32_t)(begin + i)), hash = sid__mix64(key);
        sid__cuckoo_find(&r->t->shard[sid__shard_of(hash)], key, hash)->last_use = use[i];
    }
    return SID_OK;
}

static sid_status set_counts(reading *r, const uint32_t *seen, int64_t begin, int64_t count, sid_error *err)
{
    for (int64_t i = 0; i < count; i++) {
        if (seen[i] == 0)
            return fail_file(r, "a row was never seen", err);
        r->t->capped.count[begin + i] = seen[i];
    }
    return SID_OK;
}

static bool is_finite(const sid__column *column, const char *bytes)
{
    for (size_t at = 0; at < column->row_size && strcmp(column->dtype, "F32") == 0; at += sizeof(float)) {
        float value;
        memcpy(&value, bytes + at, sizeof value);
        if (!isfinite(value))
            return false;
    }
    return true;
}

static const sid__slice *slice_of(const sid_table *t, const sid__column *column)
{
    return &t->setup.slice[column->name[6] - '0']; /* slice.I. */
}

static sid_status set_bytes(reading *r, const sid__column *column, const char *bytes, int64_t begin, int64_t count,
                            sid_error *err)
{
    bool is_state = column->source == SID__COLUMN_STATE;
    const sid__slice *slice = slice_of(r->t, column);
    const sid__slab *slab = is_state ? &r->t->state : &r->t->weights;
    for (int64_t i = 0; i < count; i++, bytes += column->row_size) {
        const float *state = (const void *)bytes;
        bool is_good = is_state ? sid__rule_state_is_valid(&slice->rule, slice->dim, state) : is_finite(column, bytes);
        if (!is_good)
            return fail_file(r, "a row holds what no row can hold", err);
        memcpy((char *)sid__slab_row(slab, (uint32_t)(begin + i)) + column->at, bytes, column->row_size);
    }
    return SID_OK;
}

static sid_status read_column(reading *r, const sid__column *column, int64_t offset, sid_error *err)
{
    int64_t step = BLOCK_SIZE / (int64_t)column->row_size;
    uint64_t last = 0;
    if (column->source == SID__COLUMN_WHOLE)
        return sid__file_read(&r->file, column->whole, column->row_size, offset, err);
    for (int64_t begin = 0; begin < r->rows; begin += step) {
        int64_t count = r->rows - begin < step ? r->rows - begin : step;
        const void *block = r->block;
        SID_TRY(sid__file_read(&r->file, r->block, (size_t)count * column->row_size,
                               offset + begin * (int64_t)column->row_size, err));
        if (column->source == SID__COLUMN_KEY)
            SID_TRY(add_keys(r, block, begin, count, &last, err));
        else if (column->source == SID__COLUMN_LAST_USE)
            SID_TRY(set_uses(r, block, begin, count));
        else if (column->source == SID__COLUMN_COUNT)
            SID_TRY(set_counts(r, block, begin, count, err));
        else
            SID_TRY(set_bytes(r, column, block, begin, count, err));
    }
    return SID_OK;
}

static sid_status check_filter(const reading *r, sid_error *err)
{
    for (int s = 0; s < r->t->filter.shards && r->t->filter.cells; s++)
        if (r->t->filter.newest[s] >= SID__GENERATIONS)
            return fail_file(r, "a generation of its filter is out of range", err);
    return SID_OK;
}

static sid_status fill(reading *r, sid_error *err)
{
    sid__column column[SID__COLUMNS_MAX];
    sid_table *t = r->t;
    int count = sid__snapshot_columns(t, r->rows, t->is_serving, column);
    if ((sid__table_is_addressed(t) && r->rows != t->setup.rows) || (t->capped.rows && r->rows > t->capped.rows))
        return fail_file(r, "it has another number of rows than such a table can have", err);
    SID_TRY(check_columns(r, column, count, err));
    SID_TRY(sid__table_reserve_rows(t, r->rows, err));
    for (int i = 0; i < count; i++)
        SID_TRY(read_column(r, &column[i], r->header.data_offset + r->header.entry[i].begin, err));
    SID_TRY(check_filter(r, err));
    t->rows = r->rows;
    t->sights = json_integer_value(json_object_get(r->about, "sights"));
    t->steps = json_integer_value(json_object_get(r->about, "steps"));
    sid__filter_recount(&t->filter);
    sid__table_reorder(t);
    return SID_OK;
}

/* ---- The table that it makes ---- */

static uint64_t number_of(const reading *r, const char *name)
{
    return strtoull(text_of(r, name), NULL, 10);
}

/* Options of a served table, from what the file says; they are checked as a caller's are. */
static sid_status served_setup(const reading *r, sid__table_setup *out, sid_error *err)
{
    sid_slice slice[SID_SLICES_MAX] = {{0}};
    const json_t *list = json_object_get(r->about, "slices");
    sid_table_options options = {.kind = text_of(r, "kind"), .seed = number_of(r, "seed"), .slice = slice};
    options.rows = json_integer_value(json_object_get(r->about, "row_max"));
    options.hash_seed = number_of(r, "hash_seed");
    options.by_row = json_is_true(json_object_get(r->about, "by_row"));
    options.slice_count = json_array_size(list) <= SID_SLICES_MAX ? (int)json_array_size(list) : 0;
    for (int i = 0; i < options.slice_count; i++) {
        const json_t *one = json_array_get(list, (size_t)i);
        json_int_t dim = json_integer_value(json_object_get(one, "dim"));
        slice[i].dim = dim > 0 && dim <= SID_DIM_MAX ? (int)dim : 0;
        slice[i].range = json_number_value(json_object_get(one, "range"));
        slice[i].initializer = slice[i].range > 0 ? "uniform" : "zero";
        slice[i].serving = json_string_value(json_object_get(one, "serving"));
    }
    if (sid__table_setup_init(r->ctx, &options, out, err) != SID_OK)
        return fail_file(r, "it says options that no table has", err);
    return SID_OK;
}

static sid_status open_table(reading *r, const sid__table_setup *expected, sid_error *err)
{
    sid__table_setup setup;
    SID_TRY(sid__alloc(&r->block, BLOCK_SIZE, 1, "a block of a snapshot", err));
    SID_TRY(check_hash(r, err));
    SID_TRY(sid__safetensors_read_header(&r->file, r->file_size, &r->header, err));
    SID_TRY(read_about(r, err));
    if (expected) {
        SID_TRY(check_use(r, "training", "sid_table_open_serving opens it", err));
        SID_TRY(check_setup(r, expected, err));
        setup = *expected;
    } else {
        SID_TRY(check_use(r, "serving", "sid_table_save_serving makes what can be served", err));
        SID_TRY(served_setup(r, &setup, err));
    }
    SID_TRY(sid__table_make(r->ctx, &setup, !expected, &r->t, err));
    return fill(r, err);
}

sid_status sid__snapshot_open(const char *path, const sid__table_setup *expected, sid_ctx *ctx, sid_table **out,
                              sid_error *err)
{
    reading r = {.ctx = ctx, .path = path, .file = {.fd = -1}};
    SID_TRY(sid__file_open(path, &r.file, &r.file_size, err));
    sid_status status = open_table(&r, expected, err);
    sid__file_close(&r.file);
    sid__safetensors_header_drop(&r.header);
    json_decref(r.about);
    sid__free(r.block);
    if (status != SID_OK)
        sid_table_free(r.t);
    else
        *out = r.t;
    return status;
}

sid_status sid_table_open_serving(sid_ctx *ctx, const char *path, sid_table **out, sid_error *err)
{
    return sid__snapshot_open(path, NULL, ctx, out, err);
}

/* All but the locks, and whoever waits at them, change places. */
static void exchange(sid_table *a, sid_table *b)
{
    sid_table kept = *a;
    memcpy(a->shard, b->shard, sizeof a->shard);
    memcpy(b->shard, kept.shard, sizeof b->shard);
#define EXCHANGE(member)                                                                                               \
    a->member = b->member;                                                                                             \
    b->member = kept.member
    EXCHANGE(rows);
    EXCHANGE(weights);
    EXCHANGE(state);
    EXCHANGE(keys);
    EXCHANGE(filter);
    EXCHANGE(capped);
    EXCHANGE(sights);
    EXCHANGE(steps);
#undef EXCHANGE
}

sid_status sid_table_restore(sid_table *table, const char *path, sid_error *err)
{
    sid_table *made = NULL;
    SID_TRY(sid__table_begin_change(table, err));
    sid_status status = sid__snapshot_open(path, &table->setup, table->ctx, &made, err);
    if (status == SID_OK) {
        (void)pthread_rwlock_wrlock(&table->lock);
        exchange(table, made);
        (void)pthread_rwlock_unlock(&table->lock);
    }
    (void)pthread_mutex_unlock(&table->writer);
    sid_table_free(made);
    return status;
}
