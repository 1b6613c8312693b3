/* sidgpt_net.c: what sidgpt declares, and its pass over whole histories. */
#include "model/sidgpt_net.h"

#include <stdio.h>

/* ---- Parameters ---- */

static sid_status declare(sid__params *params, const char *name, int level, int64_t rows, int columns, bool is_decayed,
                          int *index, sid_error *err)
{
    char text[SID__PARAM_NAME_SIZE];
    const sid__param like = {.value = {.rows = rows, .columns = columns}, .is_decayed = is_decayed};
    if (level >= 0)
        (void)snprintf(text, sizeof text, "%s.%d", name, level + 1);
    else
        (void)snprintf(text, sizeof text, "%s", name);
    *index = params->count;
    return sid__params_add(params, &like, text, err);
}

sid_status sid__sidgpt_declare(sid__sidgpt *net, const sid__item_sids *sids, sid__params *params, sid_error *err)
{
    net->levels = sids->width;
    net->trunk = (sid__stack){.layers = net->layers, .dim = net->dim, .heads = net->heads, .hidden = net->hidden};
    for (int l = 0; l < net->levels && !net->items; l++)
        SID_TRY(declare(params, "code", l, sids->codes[l], net->dim, false, &net->table[l], err));
    SID_TRY(sid__stack_declare(&net->trunk, params, "trunk", err));
    if (net->layout == SID__SIDGPT_FLAT)
        return declare(params, "place", -1, 1 + net->levels, net->dim, false, &net->place, err);
    net->depth = net->trunk;
    net->depth.layers = net->depth_layers;
    SID_TRY(declare(params, "bridge.weight", -1, net->dim, net->dim, true, &net->bridge, err));
    for (int l = 0; l < net->levels; l++)
        SID_TRY(declare(params, "depth.code", l, sids->codes[l], net->dim, false, &net->depth_table[l], err));
    return sid__stack_declare(&net->depth, params, "depth", err);
}

/* ---- Tokens ---- */

sid__tokens sid__tokens_make(sid__tape *tape, int64_t count, int tables)
{
    sid__tokens tokens = {.count = count, .tables = tables};
    tokens.begin = sid__tape_push(tape, (size_t)count + 1, sizeof *tokens.begin);
    for (int64_t t = 0; tokens.begin && t <= count; t++)
        tokens.begin[t] = t;
    for (int i = 0; i <= tables; i++) {
        tokens.row[i] = sid__tape_push(tape, (size_t)count, sizeof **tokens.row);
        for (int64_t t = 0; tokens.row[i] && t < count; t++)
            tokens.row[i][t] = -1;
    }
    return tokens;
}

sid__value *sid__tokens_embed(sid__tape *tape, const sid__tokens *tokens, sid__params *params, sid__value *start,
                              const int *table)
{
    sid__value *x = NULL;
    for (int i = start ? 0 : 1; tape->status == SID_OK && i <= tokens->tables; i++) {
        sid__bags *bags = sid__tape_push(tape, 1, sizeof *bags);
        if (!bags)
            return NULL;
        *bags = (sid__bags){.begin = tokens->begin, .row = tokens->row[i], .count = tokens->count};
        sid__value *part = sid__op_bag(tape, i == 0 ? start : &params->param[table[i - 1]].value, bags);
        x = x ? sid__op_add(tape, x, part) : part;
    }
    return x;
}

/* ---- Which items are there, and which count ---- */

/* The items of a batch that have a SID. */
typedef struct kept_items {
    int64_t *begin;       /* (sequences + 1) */
    int32_t *item;        /* (begin[sequences]) */
    uint8_t *is_asked;    /* likewise: its codes count */
    int64_t asked, count; /* sequences */
} kept_items;

static kept_items keep_items(const sid__sidgpt *net, sid__tape *tape, const sid__item_sids *sids,
                             const sid__sidgpt_batch *batch)
{
    const sid__ragged *all = batch->sequences;
    size_t items = (size_t)all->begin[all->count];
    kept_items kept = {.count = all->count};
    int64_t n = 0;
    kept.begin = sid__tape_push(tape, (size_t)all->count + 1, sizeof *kept.begin);
    kept.item = sid__tape_push(tape, items, sizeof *kept.item);
    kept.is_asked = sid__tape_push(tape, items, 1);
    if (tape->status != SID_OK)
        return kept;
    for (int64_t s = 0; s < all->count; s++) {
        kept.begin[s] = n;
        for (int64_t t = all->begin[s]; t < all->begin[s + 1]; t++) {
            if (!sids->is_known[batch->item[t]])
                continue;
            kept.is_asked[n] = n > kept.begin[s] ? batch->target[t - 1] >= 0 : net->asks_first;
            kept.asked += kept.is_asked[n];
            kept.item[n++] = batch->item[t];
        }
    }
    kept.begin[all->count] = n;
    return kept;
}

static const uint16_t *code_of(const sid__item_sids *sids, int32_t item)
{
    return sids->code + (int64_t)item * sids->width;
}

/* ---- The pass ---- */

/* Hidden states that predict codes, and which: rows of `hidden`, by level. */
typedef struct predicted {
    sid__value *hidden, *dense;       /* dense: the loss over items, or NULL */
    const int *table;                 /* heads */
    int64_t asked;                    /* of each level */
    int32_t *row[SID_LEVELS_MAX + 1]; /* (levels) of (asked) */
    int32_t *target[SID_LEVELS_MAX + 1];
} predicted;

static predicted make_predicted(sid__tape *tape, const sid__sidgpt *net, const sid__item_sids *sids,
                                const kept_items *kept, const int *table)
{
    predicted p = {.table = table, .asked = kept->asked};
    for (int l = 0; l < net->levels; l++) {
        p.row[l] = sid__tape_push(tape, (size_t)kept->asked + 1, sizeof **p.row);
        p.target[l] = sid__tape_push(tape, (size_t)kept->asked + 1, sizeof **p.target);
    }
    for (int64_t i = 0, n = 0; tape->status == SID_OK && i < kept->begin[kept->count]; i++) {
        for (int l = 0; kept->is_asked[i] && l < net->levels; l++)
            p.target[l][n] = code_of(sids, kept->item[i])[l];
        n += kept->is_asked[i];
    }
    return p;
}

static sid__ragged *make_ragged(sid__tape *tape, int64_t count, int64_t **begin)
{
    sid__ragged *ragged = sid__tape_push(tape, 1, sizeof *ragged);
    *begin = sid__tape_push(tape, (size_t)count + 1, sizeof **begin);
    if (ragged)
        *ragged = (sid__ragged){.begin = *begin, .count = count};
    return ragged;
}

/* A history of n items is n L tokens: BOS and all codes but the last. */
static predicted run_flat(const sid__sidgpt *net, const sid__item_sids *sids, sid__stack_pass *pass,
                          const kept_items *kept)
{
    int64_t *begin = NULL, at = 0, n = 0, levels = net->levels, count = kept->begin[kept->count] * levels;
    sid__tape *tape = pass->tape;
    pass->sequences = make_ragged(tape, kept->count, &begin);
    sid__tokens tokens = sid__tokens_make(tape, count, net->levels);
    predicted p = make_predicted(tape, net, sids, kept, net->table);
    if (tape->status != SID_OK)
        return p;
    for (int64_t s = 0; s < kept->count; s++) {
        begin[s] = at;
        for (int64_t i = kept->begin[s]; i < kept->begin[s + 1]; i++) {
            for (int l = 0; l < net->levels; l++, at++) {
                /* This token predicts code l of the item; it is the code before. */
                const uint16_t *code = code_of(sids, kept->item[l > 0 ? i : i > kept->begin[s] ? i - 1 : i]);
                int before = l > 0 ? l - 1 : i > kept->begin[s] ? net->levels - 1 : -1;
                tokens.row[0][at] = before + 1;
                if (before >= 0)
                    tokens.row[1 + before][at] = code[before];
                if (kept->is_asked[i])
                    p.row[l][n] = (int32_t)at;
            }
            n += kept->is_asked[i];
        }
    }
    begin[kept->count] = at;
    sid__value *x = sid__tokens_embed(tape, &tokens, pass->params, &pass->params->param[net->place].value, net->table);
    p.hidden = sid__stack_run(&net->trunk, pass, sid__stack_drop(pass, x), NULL);
    return p;
}

/* What the trunk reads; *all: of all items that train, where that is more than their codes. */
static sid__value *read_items(const sid__sidgpt *net, const sid__item_sids *sids, const sid__stack_pass *pass,
                              const kept_items *kept, sid__value **all)
{
    sid__tape *tape = pass->tape;
    int64_t count = kept->begin[kept->count];
    if (net->items) {
        int32_t *row = sid__tape_push(tape, (size_t)count + 1, sizeof *row);
        for (int64_t i = 0; row && i < count; i++)
            row[i] = net->items->row[kept->item[i]];
        *all = sid__item_table_value(net->items, pass->params, tape);
        return row && *all ? sid__op_gather(tape, *all, row, count) : NULL;
    }
    sid__tokens tokens = sid__tokens_make(tape, count, net->levels);
    for (int64_t i = 0; tape->status == SID_OK && i < count; i++)
        for (int l = 0; l < net->levels; l++)
            tokens.row[1 + l][i] = code_of(sids, kept->item[i])[l];
    return sid__tokens_embed(tape, &tokens, pass->params, NULL, net->table);
}

/* -log p of the items that are asked, by products with the states before them. */
static sid__value *dense_loss(const sid__sidgpt *net, sid__tape *tape, const kept_items *kept, sid__value *state,
                              sid__value *all, const sid__batch *batch)
{
    int32_t *target = sid__tape_push(tape, (size_t)kept->asked + 1, sizeof *target);
    int64_t n = 0;
    for (int64_t i = 0; target && i < kept->begin[kept->count]; i++)
        if (kept->is_asked[i])
            target[n++] = net->items->row[kept->item[i]];
    return sid__op_scale(tape, sid__item_loss_of(&net->dense_loss, tape, state, all, NULL, target, kept->asked, batch),
                         net->dense);
}

/* States of the trunk at the items before those that are asked, through the bridge. */
static sid__value *run_trunk(const sid__sidgpt *net, const sid__item_sids *sids, sid__stack_pass *pass,
                             const kept_items *kept, const sid__batch *batch, sid__value **dense)
{
    int64_t *begin = NULL, n = 0;
    sid__tape *tape = pass->tape;
    sid__value *all = NULL;
    int32_t *before = sid__tape_push(tape, (size_t)kept->asked + 1, sizeof *before);
    pass->sequences = make_ragged(tape, kept->count, &begin);
    if (tape->status != SID_OK)
        return NULL;
    for (int64_t s = 0; s <= kept->count; s++)
        begin[s] = kept->begin[s];
    for (int64_t i = 0; i < kept->begin[kept->count]; i++)
        if (kept->is_asked[i])
            before[n++] = (int32_t)(i - 1);
    sid__value *x = read_items(net, sids, pass, kept, &all);
    x = sid__stack_run(&net->trunk, pass, sid__stack_drop(pass, x), NULL);
    x = x ? sid__op_gather(tape, x, before, kept->asked) : NULL;
    *dense = net->dense > 0 ? dense_loss(net, tape, kept, x, all, batch) : NULL;
    return sid__op_linear(tape, x, &pass->params->param[net->bridge].value, NULL, SID__NO_ACTIVATION);
}

/* The small stack: for each item that is asked, L tokens. */
static predicted run_item(const sid__sidgpt *net, const sid__item_sids *sids, sid__stack_pass *pass,
                          const kept_items *kept, const sid__sidgpt_batch *batch)
{
    int64_t *begin = NULL, levels = net->levels;
    sid__tape *tape = pass->tape;
    sid__value *dense = NULL, *start = run_trunk(net, sids, pass, kept, batch->batch, &dense);
    predicted p = make_predicted(tape, net, sids, kept, net->depth_table);
    sid__tokens tokens = sid__tokens_make(tape, kept->asked * levels, net->levels);
    pass->sequences = make_ragged(tape, kept->asked, &begin);
    if (tape->status != SID_OK || !begin || !tokens.row[0])
        return p;
    for (int64_t i = 0; i <= kept->asked; i++)
        begin[i] = i * levels;
    for (int64_t i = 0; i < kept->asked; i++) {
        tokens.row[0][i * levels] = (int32_t)i;
        for (int l = 0; l < net->levels; l++) {
            p.row[l][i] = (int32_t)(i * levels + l);
            if (l > 0)
                tokens.row[l][i * levels + l] = p.target[l - 1][i]; /* row[1 + (l - 1)] */
        }
    }
    p.dense = dense;
    pass->dropout.rate = batch->depth_dropout;
    sid__value *x = sid__tokens_embed(tape, &tokens, pass->params, start, net->depth_table);
    p.hidden = sid__stack_run(&net->depth, pass, sid__stack_drop(pass, x), NULL);
    return p;
}

static predicted run(const sid__sidgpt *net, const sid__item_sids *sids, sid__params *params, sid__tape *tape,
                     const sid__sidgpt_batch *batch)
{
    sid__stack_pass pass = {
        .params = params, .tape = tape, .dropout = {.rate = batch->dropout, .seed = batch->seed, .step = batch->step}};
    kept_items kept = keep_items(net, tape, sids, batch);
    if (tape->status != SID_OK || kept.asked == 0)
        return (predicted){0};
    return net->layout == SID__SIDGPT_FLAT ? run_flat(net, sids, &pass, &kept)
                                           : run_item(net, sids, &pass, &kept, batch);
}

/* A loss that is 0, for a batch of items without SIDs. */
static sid__value *no_loss(const sid__sidgpt *net, sid__params *params, sid__tape *tape)
{
    int32_t *row = sid__tape_push(tape, 2, sizeof *row);
    if (!row)
        return NULL;
    row[0] = 0;
    row[1] = -1;
    sid__value *table = &params->param[net->layout == SID__SIDGPT_FLAT ? net->table[0] : net->depth_table[0]].value;
    return sid__op_catalog_loss(tape, sid__op_gather(tape, table, row, 1), table, NULL, row + 1, 1);
}

sid__value *sid__sidgpt_loss(const sid__sidgpt *net, const sid__item_sids *sids, sid__params *params, sid__tape *tape,
                             const sid__sidgpt_batch *batch)
{
    predicted p = run(net, sids, params, tape, batch);
    sid__value *sum = p.dense;
    if (tape->status == SID_OK && p.asked == 0)
        return no_loss(net, params, tape);
    for (int l = 0; l < net->levels && p.hidden; l++) {
        sid__value *hidden = sid__op_gather(tape, p.hidden, p.row[l], p.asked);
        sid__value *loss = sid__op_catalog_loss(tape, hidden, &params->param[p.table[l]].value, NULL, p.target[l],
                                                1. / (double)(p.asked * net->levels));
        if (batch->level_loss && loss)
            batch->level_loss[l] = (double)loss->data[0] * net->levels;
        sum = sum ? sid__op_add(tape, sum, loss) : loss;
    }
    return tape->status == SID_OK ? sum : NULL;
}

sid__value *sid__sidgpt_logits(const sid__sidgpt *net, const sid__item_sids *sids, sid__params *params, sid__tape *tape,
                               const sid__sidgpt_batch *batch, int level)
{
    predicted p = run(net, sids, params, tape, batch);
    sid__value *hidden = p.hidden ? sid__op_gather(tape, p.hidden, p.row[level], p.asked) : NULL;
    return sid__op_linear(tape, hidden, hidden ? &params->param[p.table[level]].value : NULL, NULL, SID__NO_ACTIVATION);
}
