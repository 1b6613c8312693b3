/* sidgpt_ask.c: sidgpt asked level by level, with what came before kept (stack_cache.h). */
#include <string.h>

#include "kernel/assign.h"
#include "model/sidgpt_net.h"
#include "model/stack_cache.h"

typedef struct asking {
    const sid__sidgpt *net;
    const sid__item_sids *sids;
    sid__params params; /* what the model has; nothing of it is changed */
    sid__stack_cache cache;
    sid__ragged prefix;
    sid__value *start;   /* item: (questions, D) the first token of each */
    sid__value *trunk;   /* item: (questions, D) the trunk's last states */
    int32_t *last;       /* flat: (questions) item whose last code is the first token; -1: BOS is */
    int32_t *item;       /* items of the histories that have a SID */
    int64_t *item_begin; /* (questions + 1) */
} asking;

static const uint16_t *code_of(const asking *a, int32_t item)
{
    return a->sids->code + (int64_t)item * a->sids->width;
}

static sid_status take_histories(asking *a, const sid__history *history, int64_t count, sid_error *err)
{
    int64_t all = 0, n = 0;
    for (int64_t q = 0; q < count; q++)
        all += history[q].count;
    SID_TRY(sid__alloc(&a->item, (size_t)all, sizeof *a->item, "histories", err));
    SID_TRY(sid__alloc(&a->item_begin, (size_t)count + 1, sizeof *a->item_begin, "histories", err));
    for (int64_t q = 0; q < count; q++) {
        int64_t first = history[q].count, known = 0;
        while (first > 0 && known < a->net->history_max)
            known += a->sids->is_known[history[q].item[--first]];
        a->item_begin[q] = n;
        for (int64_t i = first; i < history[q].count; i++)
            if (a->sids->is_known[history[q].item[i]])
                a->item[n++] = history[q].item[i];
    }
    a->item_begin[count] = n;
    return SID_OK;
}

/* ---- flat: all but the last token are the prefix ---- */

static sid_status begin_flat(asking *a, int64_t count, sid_error *err)
{
    const sid__sidgpt *net = a->net;
    sid__tape tape = sid__cache_tape(&a->cache);
    int64_t *begin = sid__tape_push(&tape, (size_t)count + 1, sizeof *begin), at = 0;
    sid__tokens tokens = sid__tokens_make(&tape, a->item_begin[count] * net->levels, net->levels);
    a->last = sid__tape_push(&tape, (size_t)count, sizeof *a->last);
    SID_TRY(sid__tape_status(&tape, err));
    for (int64_t q = 0; q < count; q++) {
        int64_t items = a->item_begin[q + 1] - a->item_begin[q];
        begin[q] = at;
        a->last[q] = items > 0 ? a->item[a->item_begin[q + 1] - 1] : -1;
        for (int64_t t = 0; t < items * net->levels; t++, at++) {
            /* Token 0 is BOS, token t code (t - 1) mod L of item (t - 1) / L. */
            int level = (int)((t + net->levels - 1) % net->levels);
            tokens.row[0][at] = t == 0 ? 0 : level + 1;
            if (t > 0)
                tokens.row[1 + level][at] = code_of(a, a->item[a->item_begin[q] + (t - 1) / net->levels])[level];
        }
    }
    begin[count] = at;
    a->prefix = (sid__ragged){.begin = begin, .count = count};
    sid__value *x =
        at > 0 ? sid__tokens_embed(&tape, &tokens, &a->params, &a->params.param[net->place].value, net->table) : NULL;
    SID_TRY(sid__tape_status(&tape, err));
    return sid__cache_prefix(&a->cache, &tape, x, &a->prefix, err);
}

static sid__value *tokens_flat(asking *a, sid__tape *tape, int level, const int32_t *parent, const uint16_t *code,
                               int64_t rows)
{
    const sid__sidgpt *net = a->net;
    sid__tokens tokens = sid__tokens_make(tape, rows, net->levels);
    for (int64_t r = 0; tape->status == SID_OK && r < rows; r++) {
        int32_t last = level == 0 ? a->last[parent[r]] : -1;
        int before = level > 0 ? level - 1 : last >= 0 ? net->levels - 1 : -1;
        tokens.row[0][r] = before + 1;
        if (before >= 0)
            tokens.row[1 + before][r] = level > 0 ? code[r] : code_of(a, last)[before];
    }
    return sid__tokens_embed(tape, &tokens, &a->params, &a->params.param[net->place].value, net->table);
}

/* ---- item: the trunk's state at the last item is the first token ---- */

static int table_of(const sid__sidgpt *net, int level)
{
    return net->items ? net->items->code_index[level] : net->table[level];
}

/* (count, D) what the trunk reads; -1: nothing, zero. An item that came after the training is its codes alone. */
static sid__value *read_items(asking *a, sid__tape *tape, const int32_t *item, int64_t count)
{
    const sid__sidgpt *net = a->net;
    int table[SID_LEVELS_MAX + 1];
    int64_t levels = net->items && !net->items->has_sid ? 0 : net->levels;
    sid__tokens tokens = sid__tokens_make(tape, count, (int)levels);
    for (int l = 0; l < levels; l++)
        table[l] = table_of(net, l);
    for (int64_t i = 0; tape->status == SID_OK && i < count; i++)
        for (int l = 0; item[i] >= net->embedded && l < levels; l++)
            tokens.row[1 + l][i] = code_of(a, item[i])[l];
    if (!net->items)
        return sid__tokens_embed(tape, &tokens, &a->params, NULL, table);
    sid__value *all = sid__tape_push(tape, 1, sizeof *all);
    for (int64_t i = 0; tape->status == SID_OK && i < count; i++)
        tokens.row[0][i] = item[i] < net->embedded ? item[i] : -1;
    if (!all)
        return NULL;
    *all = sid__value_of((float *)net->embedding, net->embedded, net->dim);
    return sid__tokens_embed(tape, &tokens, &a->params, all, table);
}

static sid_status begin_item(asking *a, int64_t count, sid_error *err)
{
    const sid__sidgpt *net = a->net;
    sid__tape tape = sid__cache_tape(&a->cache);
    int64_t *begin = sid__tape_push(&tape, (size_t)count + 1, sizeof *begin), at = 0;
    int32_t *last = sid__tape_push(&tape, (size_t)count, sizeof *last);
    int32_t *item = sid__tape_push(&tape, (size_t)(a->item_begin[count] + count), sizeof *item);
    SID_TRY(sid__tape_status(&tape, err));
    for (int64_t q = 0; q < count; q++) {
        begin[q] = at;
        for (int64_t i = a->item_begin[q]; i < a->item_begin[q + 1]; i++)
            item[at++] = a->item[i];
        if (at == begin[q]) /* a history without an item is read as one that is no item: zero */
            item[at++] = -1;
        last[q] = (int32_t)(at - 1);
    }
    begin[count] = at;
    a->prefix = (sid__ragged){.begin = begin, .count = count};
    sid__stack_pass pass = {.params = &a->params, .tape = &tape, .sequences = &a->prefix};
    sid__value *x = read_items(a, &tape, item, at);
    x = sid__stack_run(&net->trunk, &pass, x, NULL);
    a->trunk = x ? sid__op_gather(&tape, x, last, count) : NULL;
    a->start = sid__op_linear(&tape, a->trunk, &a->params.param[net->bridge].value, NULL, SID__NO_ACTIVATION);
    return sid__tape_status(&tape, err);
}

static sid__value *tokens_item(asking *a, sid__tape *tape, int level, const int32_t *parent, const uint16_t *code,
                               int64_t rows)
{
    const sid__sidgpt *net = a->net;
    sid__tokens tokens = sid__tokens_make(tape, rows, net->levels);
    for (int64_t r = 0; tape->status == SID_OK && r < rows; r++)
        tokens.row[level][r] = level == 0 ? parent[r] : code[r];
    return sid__tokens_embed(tape, &tokens, &a->params, a->start, net->depth_table);
}

/* ---- The generator ---- */

static sid_status begin(asking *a, sid_ctx *ctx, const sid__history *history, int64_t count, sid_error *err)
{
    bool is_flat = a->net->layout == SID__SIDGPT_FLAT;
    SID_TRY(take_histories(a, history, count, err));
    SID_TRY(sid__cache_create(is_flat ? &a->net->trunk : &a->net->depth, &a->params, ctx, count, a->net->levels,
                              &a->cache, err));
    return is_flat ? begin_flat(a, count, err) : begin_item(a, count, err);
}

sid_status sid__sidgpt_begin(sid_ctx *ctx, const sid__sidgpt *net, const sid__item_sids *sids,
                             const sid__params *params, const sid__history *history, int64_t count, void **state,
                             sid_error *err)
{
    asking *a = NULL;
    SID_TRY(sid__alloc(&a, 1, sizeof *a, "a request", err));
    a->net = net;
    a->sids = sids;
    a->params = *params;
    sid_status status = begin(a, ctx, history, count, err);
    if (status != SID_OK) {
        sid__sidgpt_end(a);
        return status;
    }
    *state = a;
    return SID_OK;
}

sid_status sid__sidgpt_step(void *state, int level, const int32_t *parent, const uint16_t *code, int64_t rows,
                            float *logits, sid_error *err)
{
    asking *a = state;
    const sid__sidgpt *net = a->net;
    bool is_flat = net->layout == SID__SIDGPT_FLAT;
    sid__tape tape = sid__cache_begin_step(&a->cache);
    sid__value *hidden = NULL, *x = is_flat ? tokens_flat(a, &tape, level, parent, code, rows)
                                            : tokens_item(a, &tape, level, parent, code, rows);
    SID_TRY(sid__cache_step(&a->cache, &tape, level, x, parent, &hidden, err));
    int table = is_flat ? net->table[level] : net->depth_table[level];
    sid__value *out = sid__op_linear(&tape, hidden, &a->params.param[table].value, NULL, SID__NO_ACTIVATION);
    SID_TRY(sid__tape_status(&tape, err));
    memcpy(logits, out->data, (size_t)(rows * out->columns) * sizeof *logits);
    return SID_OK;
}

/* An item that came after the training is its codes alone, as in histories. */
static double product(const asking *a, const float *state, int32_t item)
{
    const sid__sidgpt *net = a->net;
    double sum = 0;
    if (item < net->embedded)
        return sid__dot_exact(state, net->embedding + (int64_t)item * net->dim, net->dim);
    for (int l = 0; net->items->has_sid && l < net->levels; l++)
        sum += sid__dot_exact(
            state, a->params.param[net->items->code_index[l]].value.data + (int64_t)code_of(a, item)[l] * net->dim,
            net->dim);
    return sum;
}

void sid__sidgpt_rank(const void *state, int64_t question, const int32_t *item, int64_t count, double *score)
{
    const asking *a = state;
    for (int64_t i = 0; i < count; i++)
        score[i] = product(a, a->trunk->data + question * a->net->dim, item[i]);
}

void sid__sidgpt_forget(void *state, int level, int64_t rows)
{
    sid__cache_forget(&((asking *)state)->cache, level, rows);
}

void sid__sidgpt_end(void *state)
{
    asking *a = state;
    if (!a)
        return;
    sid__cache_drop(&a->cache);
    sid__free(a->item);
    sid__free(a->item_begin);
    sid__free(a);
}
