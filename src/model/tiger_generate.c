/* tiger_generate.c: tiger asked level by level. The encoder and the keys and values of cross attention are made once a
 * history; each row of a level keeps its q | k | v of every layer, and reads those of the rows it came from. The ops are those
 * of training, on a tape that does not record, so that equal inputs have equal bits.
 */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "model/tiger.h"

/* Rows of a level, appended step by step. */
typedef struct kept_level {
    int32_t *parent, *history;         /* (rows) row of the level before; root */
    float *qkv[SID__TIGER_LAYERS_MAX]; /* (rows, 3 H dh) */
    int64_t rows;
    int64_t parent_capacity, history_capacity, capacity[SID__TIGER_LAYERS_MAX];
} kept_level;

typedef struct generating {
    sid_ctx *ctx;
    const sid_model *m;
    sid__params params; /* the model's, by value: reading changes nothing */
    int64_t histories;
    sid__memory kept, scratch; /* of begin, and of a step */
    sid__ragged encoded;
    sid__value *kv[SID__TIGER_LAYERS_MAX]; /* (tokens, 2 H dh) */
    kept_level level[SID__TIGER_LEVELS_MAX];
} generating;

static void end(void *state)
{
    generating *g = state;
    if (!g)
        return;
    for (int l = 0; l < SID__TIGER_LEVELS_MAX; l++) {
        sid__free(g->level[l].parent);
        sid__free(g->level[l].history);
        for (int i = 0; i < SID__TIGER_LAYERS_MAX; i++)
            sid__free(g->level[l].qkv[i]);
    }
    sid__memory_drop(&g->kept);
    sid__memory_drop(&g->scratch);
    sid__free(g);
}

/* ---- Once a history ---- */

static sid_status encode(generating *g, const sid__history *history, sid__tape *tape)
{
    sid__tiger_pass pass = {.net = g->m->state, .params = &g->params, .tape = tape};
    int64_t *begin = sid__tape_push(tape, (size_t)g->histories + 1, sizeof *begin);
    if (!begin)
        return tape->status;
    begin[0] = 0;
    for (int64_t h = 0; h < g->histories; h++)
        begin[h + 1] = begin[h] + sid__tiger_count_tokens(g->m, &history[h]);
    g->encoded = (sid__ragged){.begin = begin, .count = g->histories};
    int32_t *token = sid__tape_push(tape, (size_t)begin[g->histories], sizeof *token);
    if (!token)
        return tape->status;
    for (int64_t h = 0; h < g->histories; h++)
        sid__tiger_write_tokens(g->m, &history[h], begin[h + 1] - begin[h], token + begin[h]);
    sid__value *memory = sid__tiger_encode(&pass, token, &g->encoded);
    for (int i = 0; i < pass.net->shape.layers; i++)
        g->kv[i] = sid__tiger_cross_kv(&pass, i, memory);
    return tape->status;
}

static sid_status begin(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, void **state,
                        sid_error *err)
{
    generating *g = NULL;
    SID_TRY(sid__alloc(&g, 1, sizeof *g, "a request", err));
    g->ctx = ctx;
    g->m = m;
    g->params = m->params;
    g->histories = count;
    sid__tape tape = sid__tape_begin(ctx, &g->kept, false);
    if (encode(g, history, &tape) != SID_OK) {
        sid_status status = sid__tape_status(&tape, err);
        end(g);
        return status;
    }
    *state = g;
    return SID_OK;
}

/* ---- A level ---- */

static sid_status append(generating *g, int level, const int32_t *parent, int64_t rows, sid_error *err)
{
    const sid__tiger_net *net = g->m->state;
    kept_level *k = &g->level[level];
    size_t row_size = 3 * (size_t)net->shape.heads * (size_t)net->shape.head_size * sizeof(float);
    int64_t wanted = k->rows + rows;
    SID_TRY(sid__grow(&k->parent, &k->parent_capacity, wanted, sizeof *k->parent, "rows of a level", err));
    SID_TRY(sid__grow(&k->history, &k->history_capacity, wanted, sizeof *k->history, "rows of a level", err));
    for (int i = 0; i < net->shape.layers; i++)
        SID_TRY(sid__grow(&k->qkv[i], &k->capacity[i], wanted, row_size, "rows of a level", err));
    for (int64_t r = 0; r < rows; r++) {
        k->parent[k->rows + r] = parent[r];
        k->history[k->rows + r] = level == 0 ? parent[r] : g->level[level - 1].history[parent[r]];
    }
    return SID_OK;
}

/* What the ops of a step read: made once, for all layers. */
typedef struct step_plan {
    int level;
    int64_t rows, first;    /* first: of the new rows in the level */
    sid__ragged paths;      /* a sequence a row: what it came from, then itself */
    int32_t *last;          /* (rows) of a path */
    sid__ragged queries;    /* rows by history */
    int32_t *order, *place; /* (rows) row at a place of that order, and back */
} step_plan;

static bool make_room(sid__tape *tape, const generating *g, step_plan *p, int64_t **paths, int64_t **queries)
{
    *paths = sid__tape_push(tape, (size_t)p->rows + 1, sizeof **paths);
    *queries = sid__tape_push(tape, (size_t)g->histories + 1, sizeof **queries);
    p->last = sid__tape_push(tape, (size_t)p->rows, sizeof *p->last);
    p->order = sid__tape_push(tape, (size_t)p->rows, sizeof *p->order);
    p->place = sid__tape_push(tape, (size_t)p->rows, sizeof *p->place);
    p->paths = (sid__ragged){.begin = *paths, .count = p->rows};
    p->queries = (sid__ragged){.begin = *queries, .count = g->histories};
    return tape->status == SID_OK;
}

/* Rows by history, in the order they came in: counted, then placed. */
static void sort_by_history(const generating *g, step_plan *p, int64_t *begin)
{
    const int32_t *history = g->level[p->level].history + p->first;
    memset(begin, 0, ((size_t)g->histories + 1) * sizeof *begin);
    for (int64_t r = 0; r < p->rows; r++)
        begin[history[r] + 1]++;
    for (int64_t h = 0; h < g->histories; h++)
        begin[h + 1] += begin[h];
    for (int64_t r = 0; r < p->rows; r++) {
        p->place[r] = (int32_t)begin[history[r]]++;
        p->order[p->place[r]] = (int32_t)r;
    }
    for (int64_t h = g->histories; h > 0; h--)
        begin[h] = begin[h - 1];
    begin[0] = 0;
}

static bool plan_step(const generating *g, sid__tape *tape, step_plan *p)
{
    int64_t *paths = NULL, *queries = NULL;
    if (!make_room(tape, g, p, &paths, &queries))
        return false;
    for (int64_t r = 0; r <= p->rows; r++)
        paths[r] = r * (p->level + 1);
    for (int64_t r = 0; r < p->rows; r++)
        p->last[r] = (int32_t)(paths[r + 1] - 1);
    sort_by_history(g, p, queries);
    return true;
}

/* q | k | v of each new row's path, (rows (level + 1), 3 H dh): new ones from `qkv`, which is kept too. */
static sid__value *gather_paths(generating *g, const step_plan *p, int layer, const sid__value *qkv, sid__tape *tape)
{
    size_t columns = (size_t)qkv->columns;
    sid__value *paths = sid__tape_value(tape, p->rows * (p->level + 1), qkv->columns, false);
    memcpy(g->level[p->level].qkv[layer] + (size_t)p->first * columns, qkv->data,
           (size_t)p->rows * columns * sizeof(float));
    for (int64_t r = 0; paths && r < p->rows; r++) {
        int64_t row = p->first + r;
        for (int l = p->level; l >= 0; l--) {
            memcpy(paths->data + (size_t)(r * (p->level + 1) + l) * columns,
                   g->level[l].qkv[layer] + (size_t)row * columns, columns * sizeof(float));
            row = g->level[l].parent[row];
        }
    }
    return paths;
}

static sid__value *run_layer(generating *g, sid__tiger_pass *pass, const step_plan *p, int layer, sid__value *x)
{
    const sid__tiger_layer *of = &pass->net->decoder.layer[layer];
    sid__tape *tape = pass->tape;
    sid__value *qkv = sid__tiger_qkv(pass, of, x);
    sid__value *paths = qkv ? gather_paths(g, p, layer, qkv, tape) : NULL;
    sid__value *y = sid__tiger_attend(pass, paths, &p->paths);
    x = sid__tiger_after_attention(pass, of, x, sid__op_gather(tape, y, p->last, p->rows));
    x = sid__tiger_cross(pass, of, sid__op_gather(tape, x, p->order, p->rows), g->kv[layer], &p->queries, &g->encoded);
    return sid__tiger_feed(pass, of, sid__op_gather(tape, x, p->place, p->rows));
}

static sid__value *run(generating *g, sid__tape *tape, int level, const uint16_t *code, int64_t rows)
{
    sid__tiger_pass pass = {.net = g->m->state, .params = &g->params, .tape = tape};
    step_plan p = {.level = level, .rows = rows, .first = g->level[level].rows};
    int32_t *token = sid__tape_push(tape, (size_t)rows, sizeof *token);
    if (!token || !plan_step(g, tape, &p))
        return NULL;
    for (int64_t r = 0; r < rows; r++)
        token[r] = level == 0 ? pass.net->bos : pass.net->first_code[level - 1] + code[r];
    sid__value *x = sid__op_gather(tape, &g->params.param[pass.net->embedding].value, token, rows);
    for (int i = 0; i < pass.net->shape.layers; i++)
        x = run_layer(g, &pass, &p, i, x);
    return sid__tiger_logits(&pass, sid__tiger_last_norm(&pass, &pass.net->decoder, x), level);
}

static sid_status step(void *state, int level, const int32_t *parent, const uint16_t *code, int64_t rows, float *logits,
                       sid_error *err)
{
    generating *g = state;
    if (rows == 0)
        return SID_OK;
    SID_TRY(append(g, level, parent, rows, err));
    sid__tape tape = sid__tape_begin(g->ctx, &g->scratch, false);
    const sid__value *answer = run(g, &tape, level, code, rows);
    SID_TRY(sid__tape_status(&tape, err));
    memcpy(logits, answer->data, (size_t)rows * (size_t)answer->columns * sizeof *logits);
    g->level[level].rows += rows;
    return SID_OK;
}

static void forget(void *state, int level, int64_t rows)
{
    generating *g = state;
    assert(rows <= g->level[level].rows);
    g->level[level].rows = rows;
}

const sid__generator sid__tiger_generator = {.begin = begin, .step = step, .forget = forget, .end = end};
