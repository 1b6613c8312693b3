/* item_table.c: see item_table.h. */
#include "model/item_table.h"

#include <stdio.h>
#include <string.h>

#include "linalg/gemm.h"

/* ---- Parts -------------------------------------------------------------------------------------------------------- */

static sid_status take_part(sid__item_table *table, const char *word, size_t length, sid_error *err)
{
    static const char *const names[] = {"id", "sid", "content"};
    bool *const parts[] = {&table->has_id, &table->has_sid, &table->has_content};
    for (int i = 0; i < 3; i++)
        if (strlen(names[i]) == length && memcmp(names[i], word, length) == 0) {
            *parts[i] = true;
            return SID_OK;
        }
    return sid__fail(err, SID_EUSAGE, "item_embedding has a part \"%.*s\"; id, sid and content are known, with commas",
                     (int)length, word);
}

static sid_status take_parts(sid__item_table *table, const sid_model *m, const char *parts, sid_error *err)
{
    for (const char *at = parts;; at++) {
        size_t length = strcspn(at, ",");
        SID_TRY(take_part(table, at, length, err));
        at += length;
        if (!*at)
            break;
    }
    if (table->has_sid && m->sids.levels == 0)
        return sid__fail(err, SID_EUSAGE,
                         "item_embedding=%s wants SIDs: pass the catalogue that holds them, --catalog DIR", parts);
    if (table->has_content && !m->vectors)
        return sid__fail(
            err, SID_EUSAGE,
            "item_embedding=%s wants vectors: --vectors FILE, or --catalog DIR of a catalogue that keeps them", parts);
    return SID_OK;
}

bool sid__item_table_wants_vectors(const char *parts)
{
    return strstr(parts, "content") != NULL;
}

/* ---- Rows --------------------------------------------------------------------------------------------------------- */

static sid_status make_rows(sid__item_table *table, int64_t items, int64_t rows, sid_error *err)
{
    table->items = items;
    table->rows = rows;
    SID_TRY(sid__alloc(&table->warm, (size_t)rows, sizeof *table->warm, "items with events", err));
    return sid__alloc(&table->row, (size_t)items, sizeof *table->row, "rows of items", err);
}

static void index_rows(sid__item_table *table)
{
    for (int64_t i = 0; i < table->items; i++)
        table->row[i] = -1;
    for (int64_t r = 0; r < table->rows; r++)
        table->row[table->warm[r]] = (int32_t)r;
}

static sid_status find_warm(sid__item_table *table, const sid__split *split, sid_error *err)
{
    int64_t rows = 0;
    for (int64_t i = 0; i < split->item_count; i++)
        rows += split->train_count[i] > 0;
    SID_TRY(make_rows(table, split->item_count, rows, err));
    for (int64_t i = 0, r = 0; i < split->item_count; i++)
        if (split->train_count[i] > 0)
            table->warm[r++] = (int32_t)i;
    index_rows(table);
    return SID_OK;
}

static sid_status declare_codes(sid__item_table *table, const sid_model *m, sid__params *params, sid_error *err)
{
    const sid__item_sids *sids = &m->sids;
    table->levels = sids->width;
    for (int l = 0; l < sids->width; l++) {
        char name[SID__PARAM_NAME_SIZE];
        (void)snprintf(name, sizeof name, "items.code.%d", l + 1);
        SID_TRY(sid__learner_add(params, name, sids->codes[l] + 1, table->dim, false, &table->code_index[l], err));
        SID_TRY(sid__alloc(&table->code[l], (size_t)table->rows, sizeof *table->code[l], "codes of items", err));
        for (int64_t r = 0; r < table->rows; r++) {
            int64_t item = table->warm[r];
            table->code[l][r] = sids->is_known[item] ? sids->code[item * sids->width + l] : sids->codes[l];
        }
    }
    return SID_OK;
}

static bool has_vector(const sid_model *m, int64_t item)
{
    const float *x = m->vectors + item * m->dim;
    for (int d = 0; d < m->dim; d++)
        if (x[d] < 0 || x[d] > 0)
            return true;
    return false;
}

/* Over all items that have a vector: content is known of cold ones too. */
static void take_mean(sid__item_table *table, const sid_model *m, double *sum)
{
    int64_t count = 0;
    for (int64_t i = 0; i < table->items; i++) {
        if (!has_vector(m, i))
            continue;
        count++;
        for (int d = 0; d < m->dim; d++)
            sum[d] += (double)m->vectors[i * m->dim + d];
    }
    for (int d = 0; d < m->dim; d++)
        table->mean[d] = count > 0 ? (float)(sum[d] / (double)count) : 0;
}

static void center(const sid__item_table *table, const sid_model *m, int64_t item, float *out)
{
    bool is_there = has_vector(m, item);
    for (int d = 0; d < m->dim; d++)
        out[d] = is_there ? m->vectors[item * m->dim + d] - table->mean[d] : 0;
}

static sid_status declare_content(sid__item_table *table, const sid_model *m, sid__params *params, sid_error *err)
{
    double *sum = NULL;
    table->content_dim = m->dim;
    SID_TRY(sid__learner_add(params, "items.content.weight", table->dim, m->dim, true, &table->map_index, err));
    SID_TRY(sid__alloc(&table->mean, (size_t)m->dim, sizeof *table->mean, "mean of vectors", err));
    SID_TRY(sid__alloc(&table->content, (size_t)table->rows, (size_t)m->dim * sizeof *table->content,
                       "vectors of items", err));
    SID_TRY(sid__alloc(&sum, (size_t)m->dim, sizeof *sum, "sum of vectors", err));
    take_mean(table, m, sum);
    sid__free(sum);
    for (int64_t r = 0; r < table->rows; r++)
        center(table, m, table->warm[r], table->content + r * m->dim);
    return SID_OK;
}

sid_status sid__item_table_build(sid__item_table *table, const sid_model *m, const char *parts, int dim,
                                 const sid__split *split, sid__params *params, sid_error *err)
{
    table->dim = dim;
    SID_TRY(take_parts(table, m, parts, err));
    if (split)
        SID_TRY(find_warm(table, split, err));
    if (table->has_id)
        SID_TRY(sid__learner_add(params, "items.id", table->rows, dim, false, &table->id_index, err));
    if (table->has_sid)
        SID_TRY(declare_codes(table, m, params, err));
    return table->has_content ? declare_content(table, m, params, err) : SID_OK;
}

/* The row for no SID starts, and without such items stays, at zero. */
static void clear_last(sid__params *params, int index)
{
    const sid__value *value = &params->param[index].value;
    memset(value->data + (value->rows - 1) * value->columns, 0, (size_t)value->columns * sizeof *value->data);
}

void sid__item_table_start(const sid__item_table *table, sid__params *params, uint64_t seed, double deviation)
{
    if (table->has_id)
        sid__param_normal(params, table->id_index, seed, deviation);
    for (int l = 0; l < table->levels; l++) {
        sid__param_normal(params, table->code_index[l], seed, deviation);
        clear_last(params, table->code_index[l]);
    }
    if (table->has_content)
        sid__param_normal(params, table->map_index, seed, deviation);
}

void sid__item_table_drop(sid__item_table *table)
{
    for (int l = 0; l < table->levels; l++)
        sid__free(table->code[l]);
    sid__free(table->row);
    sid__free(table->warm);
    sid__free(table->content);
    sid__free(table->mean);
    *table = (sid__item_table){0};
}

/* ---- Values ------------------------------------------------------------------------------------------------------- */

static sid__value *plus(sid__tape *tape, sid__value *sum, sid__value *part)
{
    return sum ? sid__op_add(tape, sum, part) : part;
}

sid__value *sid__item_table_value(const sid__item_table *table, sid__params *params, sid__tape *tape)
{
    sid__value *sum = table->has_id ? &params->param[table->id_index].value : NULL;
    for (int l = 0; l < table->levels; l++)
        sum = plus(tape, sum,
                   sid__op_gather(tape, &params->param[table->code_index[l]].value, table->code[l], table->rows));
    if (!table->has_content)
        return sum;
    sid__value *content = sid__tape_push(tape, 1, sizeof *content);
    if (!content)
        return NULL;
    *content = sid__value_of(table->content, table->rows, table->content_dim);
    return plus(tape, sum,
                sid__op_linear(tape, content, &params->param[table->map_index].value, NULL, SID__NO_ACTIVATION));
}

typedef struct summing {
    const sid__item_table *table;
    const sid_model *m;
    float *out;
} summing;

/* Id and codes onto what the map of the vectors gave, in the order of the training's sum. */
static void sum_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const summing *s = arg;
    const sid__item_table *t = s->table;
    const sid__item_sids *sids = &s->m->sids;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        for (int d = 0; d < t->dim; d++) {
            float content = s->out[i * t->dim + d], sum = 0;
            if (t->has_id && t->row[i] >= 0)
                sum = s->m->params.param[t->id_index].value.data[t->row[i] * (int64_t)t->dim + d];
            for (int l = 0; l < t->levels; l++) {
                int64_t code = sids->is_known[i] ? sids->code[i * sids->width + l] : sids->codes[l];
                sum += s->m->params.param[t->code_index[l]].value.data[code * t->dim + d];
            }
            s->out[i * t->dim + d] = sum + content;
        }
}

static sid_status map_contents(const sid__item_table *table, const sid_model *m, float *out, sid_error *err)
{
    float *content = NULL;
    SID_TRY(sid__alloc(&content, (size_t)table->items, (size_t)m->dim * sizeof *content, "vectors of items", err));
    for (int64_t i = 0; i < table->items; i++)
        center(table, m, i, content + i * m->dim);
    sid__gemm(m->ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(content, m->dim),
                                           .b = sid__gemm_by_lane(m->params.param[table->map_index].value.data, m->dim),
                                           .c = out,
                                           .c_step = table->dim,
                                           .rows = table->items,
                                           .columns = table->dim,
                                           .depth = m->dim});
    sid__free(content);
    return SID_OK;
}

sid_status sid__item_table_all(const sid__item_table *table, const sid_model *m, float *out, sid_error *err)
{
    if (table->has_content)
        SID_TRY(map_contents(table, m, out, err));
    else
        memset(out, 0, (size_t)table->items * (size_t)table->dim * sizeof *out);
    sid__ctx_for(m->ctx, table->items, 256, sum_chunk, &(summing){table, m, out});
    return SID_OK;
}

bool sid__item_table_knows(const sid__item_table *table, const sid_model *m, int64_t item)
{
    return table->row[item] >= 0 || (table->has_sid && m->sids.is_known[item]) ||
           (table->has_content && has_vector(m, item));
}

/* ---- Kept --------------------------------------------------------------------------------------------------------- */

sid_status sid__item_table_save(const sid__item_table *table, sid__tensor_set *set, sid_error *err)
{
    int32_t *warm = NULL;
    SID_TRY(sid__tensor_add(set, "items.warm", SID__I32, 1, &table->rows, &warm, err));
    memcpy(warm, table->warm, (size_t)table->rows * sizeof *warm);
    return SID_OK;
}

sid_status sid__item_table_load(sid__item_table *table, int64_t items, const sid__tensor_set *set, sid_error *err)
{
    const int64_t any = -1;
    const sid__tensor *tensor = NULL;
    SID_TRY(sid__tensor_get(set, "items.warm", SID__I32, 1, &any, &tensor, err));
    const int32_t *warm = tensor->data;
    int64_t rows = tensor->shape[0];
    for (int64_t r = 0; r < rows; r++)
        if (warm[r] < 0 || warm[r] >= items || (r > 0 && warm[r] <= warm[r - 1]))
            return sid__fail(err, SID_ECORRUPT,
                             "items.warm[%lld] is %d; rising rows below %lld are expected; train again", (long long)r,
                             (int)warm[r], (long long)items);
    SID_TRY(make_rows(table, items, rows, err));
    memcpy(table->warm, warm, (size_t)rows * sizeof *warm);
    index_rows(table);
    return SID_OK;
}
