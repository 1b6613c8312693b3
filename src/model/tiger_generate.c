/* tiger_generate.c: tiger asked level by level. The encoder and the keys and values of cross attention are made once a
 * history; each row of a level keeps its k | v of every layer, and reads those of the rows it came from. The ops are those
 * of training, on a tape that does not record, so that equal inputs have equal bits.
 *
 * Threads share histories and, in a step, rows: a task goes through the whole network with memory of its own, which stays in the
 * caches, and no thread waits for another between ops. The memory of a request waits with the model for the next.
 */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "model/tiger.h"
#include "model/tiger_attend.h"

enum {
    TOKENS_A_TASK = 320, /* of histories that are encoded together */
    ROWS_A_TASK = 192,   /* of a step: weights are read from afar once for them */
    ROWS_LEAST = 48,     /* fewer are not worth a thread */
    SPARE_MOST = 1 << 28 /* bytes that may wait for the next request */
};

/* Rows of a level, appended step by step. */
typedef struct kept_level {
    int32_t *parent, *history; /* (rows) row of the level before; root */
    float *kv;                 /* (rows, layers, 2 H dh) */
    int64_t rows;
    int64_t parent_capacity, history_capacity, capacity;
} kept_level;

typedef struct generating {
    sid_ctx *ctx;
    const sid_model *m;
    const sid__tiger_net *net;
    sid__params params; /* the model's, by value: reading changes nothing */
    int64_t histories;
    int threads;
    sid__memory kept, plan, *scratch; /* of a request, of a step, and (threads) of a task */
    int64_t *begin, *padded;          /* (histories + 1) as sid__tiger_memory has them */
    int64_t *task, task_count;        /* (tasks + 1) histories */
    sid__tiger_memory memory;
    kept_level level[SID__TIGER_LEVELS_MAX];
} generating;

/* ---- Its memory ---- */

static void drop(void *state)
{
    generating *g = state;
    if (!g)
        return;
    for (int l = 0; l < SID__TIGER_LEVELS_MAX; l++) {
        sid__free(g->level[l].parent);
        sid__free(g->level[l].history);
        sid__free(g->level[l].kv);
    }
    sid__memory_drop(&g->kept);
    sid__memory_drop(&g->plan);
    for (int t = 0; t < g->threads && g->scratch; t++)
        sid__memory_drop(&g->scratch[t]);
    sid__free(g->scratch);
    sid__free(g);
}

static size_t row_count(const generating *g)
{
    return (size_t)g->net->shape.layers * 2 * (size_t)g->net->shape.heads * (size_t)g->net->shape.head_size;
}

static size_t size_of(const generating *g)
{
    size_t size = g->kept.blocks_size + g->plan.blocks_size;
    for (int t = 0; t < g->threads; t++)
        size += g->scratch[t].blocks_size;
    for (int l = 0; l < SID__TIGER_LEVELS_MAX; l++)
        size += (size_t)g->level[l].capacity * row_count(g) * sizeof(float);
    return size;
}

static void end(void *state)
{
    generating *g = state;
    if (!g)
        return;
    drop(size_of(g) <= SPARE_MOST ? sid__model_swap_spare(g->m, g) : g);
}

static sid_status start(sid_ctx *ctx, const sid_model *m, generating **out, sid_error *err)
{
    generating *g = sid__model_swap_spare(m, NULL);
    if (g && g->threads != sid_ctx_threads(ctx)) {
        drop(g);
        g = NULL;
    }
    if (!g) {
        SID_TRY(sid__alloc(&g, 1, sizeof *g, "a request", err));
        sid_status status = sid__alloc(&g->scratch, (size_t)sid_ctx_threads(ctx), sizeof *g->scratch, "a request", err);
        if (status != SID_OK) {
            drop(g);
            return status;
        }
        g->threads = sid_ctx_threads(ctx);
    }
    sid__memory_reset(&g->kept);
    for (int l = 0; l < SID__TIGER_LEVELS_MAX; l++)
        g->level[l].rows = 0;
    g->ctx = ctx;
    g->m = m;
    g->net = m->state;
    g->params = m->params;
    *out = g;
    return SID_OK;
}

/* ---- Once a history ---- */

/* Where tokens of histories stand, and which histories are encoded together. */
static void lay_histories(generating *g, const sid__history *history)
{
    g->begin[0] = g->padded[0] = g->task[0] = g->task_count = 0;
    for (int64_t h = 0; h < g->histories; h++) {
        int64_t tokens = sid__tiger_count_tokens(g->m, &history[h]);
        g->begin[h + 1] = g->begin[h] + tokens;
        g->padded[h + 1] = g->padded[h] + sid__row_step(tokens);
        int64_t first = g->task[g->task_count];
        if (h > first && g->begin[h + 1] - g->begin[first] > TOKENS_A_TASK)
            g->task[++g->task_count] = h;
    }
    g->task[++g->task_count] = g->histories;
}

static sid_status make_memory(generating *g, const sid__history *history, sid_error *err)
{
    size_t histories = (size_t)g->histories + 1;
    SID_TRY(sid__memory_push(&g->kept, histories, sizeof *g->begin, &g->begin, err));
    SID_TRY(sid__memory_push(&g->kept, histories, sizeof *g->padded, &g->padded, err));
    SID_TRY(sid__memory_push(&g->kept, histories, sizeof *g->task, &g->task, err));
    lay_histories(g, history);
    g->memory = (sid__tiger_memory){
        .heads = g->net->shape.heads, .size = g->net->shape.head_size, .begin = g->begin, .padded = g->padded};
    for (int i = 0; i < g->net->shape.layers; i++) {
        SID_TRY(sid__memory_push(&g->kept, sid__tiger_k_count(&g->memory, g->histories), sizeof(float), &g->memory.k[i],
                                 err));
        SID_TRY(sid__memory_push(&g->kept, sid__tiger_v_count(&g->memory, g->histories), sizeof(float), &g->memory.v[i],
                                 err));
    }
    return SID_OK;
}

typedef struct encoding {
    generating *g;
    const sid__history *history;
} encoding;

static sid_status encode_some(const encoding *e, int64_t first, int64_t end, sid__tape *tape, sid_error *err)
{
    generating *g = e->g;
    sid__tiger_pass pass = {.net = g->net, .params = &g->params, .tape = tape};
    int64_t tokens = g->begin[end] - g->begin[first];
    int64_t *begin = sid__tape_push(tape, (size_t)(end - first) + 1, sizeof *begin);
    int32_t *token = sid__tape_push(tape, (size_t)tokens, sizeof *token);
    if (!begin || !token)
        return sid__tape_status(tape, err);
    for (int64_t h = first; h <= end; h++)
        begin[h - first] = g->begin[h] - g->begin[first];
    for (int64_t h = first; h < end; h++)
        sid__tiger_write_tokens(g->m, &e->history[h], g->begin[h + 1] - g->begin[h], token + begin[h - first]);
    sid__value *memory = sid__tiger_encode(&pass, token, &(sid__ragged){.begin = begin, .count = end - first});
    for (int i = 0; i < g->net->shape.layers; i++) {
        const sid__value *kv = sid__tiger_cross_kv(&pass, i, memory);
        for (int64_t h = first; kv && h < end; h++)
            sid__tiger_remember(g->ctx, &g->memory, i, h, kv->data + begin[h - first] * kv->columns);
    }
    return sid__tape_status(tape, err);
}

static sid_status encode_task(void *arg, int64_t begin, int64_t end, int worker, sid_error *err)
{
    const encoding *e = arg;
    for (int64_t t = begin; t < end; t++) {
        sid__tape tape = sid__tape_begin(e->g->ctx, &e->g->scratch[worker], false);
        SID_TRY(encode_some(e, e->g->task[t], e->g->task[t + 1], &tape, err));
    }
    return SID_OK;
}

static sid_status begin(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, void **state,
                        sid_error *err)
{
    generating *g = NULL;
    SID_TRY(start(ctx, m, &g, err));
    g->histories = count;
    sid_status status = make_memory(g, history, err);
    if (status == SID_OK)
        status = sid__ctx_try_for(ctx, g->task_count, 1, encode_task, &(encoding){.g = g, .history = history}, err);
    if (status != SID_OK) {
        drop(g);
        return status;
    }
    *state = g;
    return SID_OK;
}

/* ---- A level ---- */

static sid_status append(generating *g, int level, const int32_t *parent, int64_t rows, sid_error *err)
{
    kept_level *k = &g->level[level];
    int64_t wanted = k->rows + rows;
    SID_TRY(sid__grow(&k->parent, &k->parent_capacity, wanted, sizeof *k->parent, "rows of a level", err));
    SID_TRY(sid__grow(&k->history, &k->history_capacity, wanted, sizeof *k->history, "rows of a level", err));
    SID_TRY(sid__grow(&k->kv, &k->capacity, wanted, row_count(g) * sizeof *k->kv, "rows of a level", err));
    for (int64_t r = 0; r < rows; r++) {
        k->parent[k->rows + r] = parent[r];
        k->history[k->rows + r] = level == 0 ? parent[r] : g->level[level - 1].history[parent[r]];
    }
    return SID_OK;
}

/* What the tasks of a step read. Rows are looked at by history, so that those of one share its keys. */
typedef struct step_plan {
    generating *g;
    int level;
    int64_t rows, first;  /* first: of the new rows in the level */
    int64_t task_count;   /* each as many rows */
    int64_t *place;       /* (histories + 1) */
    int32_t *order;       /* (rows) the row at a place */
    const uint16_t *code; /* as step has them, as `logits` */
    float *logits;
} step_plan;

/* Counted, then placed in the order they came in. */
static void sort_by_history(step_plan *p)
{
    const int32_t *history = p->g->level[p->level].history + p->first;
    memset(p->place, 0, ((size_t)p->g->histories + 1) * sizeof *p->place);
    for (int64_t r = 0; r < p->rows; r++)
        p->place[history[r] + 1]++;
    for (int64_t h = 0; h < p->g->histories; h++)
        p->place[h + 1] += p->place[h];
    for (int64_t r = 0; r < p->rows; r++)
        p->order[p->place[history[r]]++] = (int32_t)r;
}

static sid_status plan_step(step_plan *p, sid_error *err)
{
    generating *g = p->g;
    int64_t full = (p->rows + ROWS_A_TASK - 1) / ROWS_A_TASK, small = (p->rows + ROWS_LEAST - 1) / ROWS_LEAST;
    sid__memory_reset(&g->plan);
    SID_TRY(sid__memory_push(&g->plan, (size_t)g->histories + 1, sizeof *p->place, &p->place, err));
    SID_TRY(sid__memory_push(&g->plan, (size_t)p->rows, sizeof *p->order, &p->order, err));
    sort_by_history(p);
    small = small < g->threads ? small : g->threads;
    p->task_count = full > small ? full : small;
    return SID_OK;
}

/* Rows of a task, in the plan's order. */
typedef struct task_rows {
    const step_plan *plan;
    const int32_t *row; /* (count) */
    int64_t count;
    sid__tiger_run *runs; /* (run_count) */
    int64_t run_count;
    const float **path; /* (count, level + 1) k | v of a layer */
} task_rows;

static bool make_runs(task_rows *t, sid__tape *tape)
{
    const step_plan *p = t->plan;
    const int32_t *history = p->g->level[p->level].history + p->first;
    t->runs = sid__tape_push(tape, (size_t)t->count, sizeof *t->runs);
    t->path = sid__tape_push(tape, (size_t)(t->count * (p->level + 1)), sizeof *t->path);
    for (int64_t r = 0; r < t->count && t->runs; r++) {
        if (r == 0 || history[t->row[r]] != t->runs[t->run_count - 1].history)
            t->runs[t->run_count++] = (sid__tiger_run){.history = history[t->row[r]], .first = r};
        t->runs[t->run_count - 1].count++;
    }
    return tape->status == SID_OK;
}

static float *kv_of(const generating *g, int level, int64_t row, int layer)
{
    int64_t size = 2 * (int64_t)g->net->shape.heads * g->net->shape.head_size;
    return g->level[level].kv + (row * g->net->shape.layers + layer) * size;
}

/* k | v of the new rows are kept; then those of each row's path are found. */
static void find_paths(const task_rows *t, int layer, const sid__value *qkv)
{
    const step_plan *p = t->plan;
    int inner = qkv->columns / 3;
    for (int64_t r = 0; r < t->count; r++) {
        int64_t row = p->first + t->row[r];
        memcpy(kv_of(p->g, p->level, row, layer), qkv->data + r * qkv->columns + inner,
               2 * (size_t)inner * sizeof(float));
        for (int l = p->level; l >= 0; l--) {
            t->path[r * (p->level + 1) + l] = kv_of(p->g, l, row, layer);
            row = p->g->level[l].parent[row];
        }
    }
}

static sid__value *run_layer(const task_rows *t, sid__tiger_pass *pass, int layer, sid__value *x)
{
    const step_plan *p = t->plan;
    const sid__tiger_layer *of = &pass->net->decoder.layer[layer];
    const sid__value *bias = &pass->params->param[pass->net->decoder.bias].value;
    const sid__value *qkv = sid__tiger_qkv(pass, of, x);
    if (qkv)
        find_paths(t, layer, qkv);
    sid__value *y = sid__tiger_attend_path(pass->tape, qkv, pass->net->shape.heads, t->path, p->level + 1, bias);
    x = sid__tiger_after_attention(pass, of, x, y);
    y = sid__tiger_attend_memory(pass->tape, &p->g->memory, layer, sid__tiger_cross_q(pass, of, x), t->runs,
                                 t->run_count);
    return sid__tiger_feed(pass, of, sid__tiger_after_cross(pass, of, x, y));
}

static sid__value *run(task_rows *t, sid__tape *tape)
{
    const step_plan *p = t->plan;
    generating *g = p->g;
    sid__tiger_pass pass = {.net = g->net, .params = &g->params, .tape = tape};
    int32_t *token = sid__tape_push(tape, (size_t)t->count, sizeof *token);
    if (!token || !make_runs(t, tape))
        return NULL;
    for (int64_t r = 0; r < t->count; r++)
        token[r] = p->level == 0 ? g->net->bos : g->net->first_code[p->level - 1] + p->code[t->row[r]];
    sid__value *x = sid__op_gather(tape, &g->params.param[g->net->embedding].value, token, t->count);
    for (int i = 0; i < g->net->shape.layers; i++)
        x = run_layer(t, &pass, i, x);
    return sid__tiger_logits(&pass, sid__tiger_last_norm(&pass, &g->net->decoder, x), p->level);
}

static sid_status step_task(void *arg, int64_t begin, int64_t end, int worker, sid_error *err)
{
    const step_plan *p = arg;
    for (int64_t i = begin; i < end; i++) {
        int64_t first = p->rows * i / p->task_count, past = p->rows * (i + 1) / p->task_count;
        task_rows t = {.plan = p, .row = p->order + first, .count = past - first};
        sid__tape tape = sid__tape_begin(p->g->ctx, &p->g->scratch[worker], false);
        const sid__value *answer = run(&t, &tape);
        SID_TRY(sid__tape_status(&tape, err));
        for (int64_t r = 0; r < t.count; r++)
            memcpy(p->logits + t.row[r] * (int64_t)answer->columns, answer->data + r * answer->columns,
                   (size_t)answer->columns * sizeof *p->logits);
    }
    return SID_OK;
}

static sid_status step(void *state, int level, const int32_t *parent, const uint16_t *code, int64_t rows, float *logits,
                       sid_error *err)
{
    generating *g = state;
    step_plan p = {.g = g, .level = level, .rows = rows, .first = g->level[level].rows, .code = code, .logits = logits};
    if (rows == 0)
        return SID_OK;
    SID_TRY(append(g, level, parent, rows, err));
    SID_TRY(plan_step(&p, err));
    SID_TRY(sid__ctx_try_for(g->ctx, p.task_count, 1, step_task, &p, err));
    g->level[level].rows += rows;
    return SID_OK;
}

static void forget(void *state, int level, int64_t rows)
{
    generating *g = state;
    assert(rows <= g->level[level].rows);
    g->level[level].rows = rows;
}

const sid__generator sid__tiger_generator = {.begin = begin, .step = step, .forget = forget, .end = end, .drop = drop};
