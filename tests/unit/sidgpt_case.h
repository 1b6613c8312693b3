/* sidgpt_case.h: a small net whose numbers come from the formula of tests/golden/make_sidgpt.py. */
#ifndef SEMID_SIDGPT_CASE_H
#define SEMID_SIDGPT_CASE_H

#include "test.h"

#include <math.h>

#include "base/mem.h"
#include "model/sidgpt_net.h"

/* CASE_RICH: the layout item with a trunk that reads codes and vectors, and the loss over items. */
enum { CASE_ITEM = SID__SIDGPT_ITEM, CASE_FLAT = SID__SIDGPT_FLAT, CASE_RICH, CASE_NETS };
enum { CASE_LEVELS = 3, CASE_ITEMS = 8, CASE_TOKENS = 11, CASE_SEQUENCES = 3, CASE_DIM = 8, CASE_VECTOR_DIM = 5 };
static const int case_codes[CASE_LEVELS] = {5, 4, 6};
static const int32_t case_item[CASE_TOKENS] = {0, 3, 1, 6, 2, 5, 4, 1, 0, 7, 3};
static const int64_t case_begin[CASE_SEQUENCES + 1] = {0, 4, 6, 11};

typedef struct sidgpt_case {
    sid_ctx *ctx;
    sid__item_sids sids;
    uint16_t code[CASE_ITEMS * CASE_LEVELS];
    uint8_t is_known[CASE_ITEMS];
    int64_t train_count[CASE_ITEMS];
    sid__sidgpt net;
    sid__params params;
    int32_t target[CASE_TOKENS];
    sid__ragged sequences;
    sid__sidgpt_batch batch;
    sid_model m; /* CASE_RICH: what the table of items is made of */
    float vector[CASE_ITEMS * CASE_VECTOR_DIM], embedding[CASE_ITEMS * CASE_DIM];
    sid__item_table items;
} sidgpt_case;

static inline void case_weights(sid__params *params)
{
    for (int p = 0; p < params->count; p++) {
        const sid__param *param = &params->param[p];
        for (int64_t i = 0; i < param->value.rows * param->value.columns; i++) {
            double x = (double)i;
            param->value.data[i] = (float)(sin(1.3 * p + 0.7 * x + 0.01 * x * x) * 0.3 + (param->is_vector ? 1 : 0));
        }
    }
}

static inline void case_items(sidgpt_case *c)
{
    const sid__split split = {.item_count = CASE_ITEMS, .train_count = c->train_count};
    for (int i = 0; i < CASE_ITEMS; i++) {
        c->train_count[i] = 1;
        for (int d = 0; d < CASE_VECTOR_DIM; d++)
            c->vector[i * CASE_VECTOR_DIM + d] = (float)sin(0.9 * i + 1.7 * d);
    }
    c->m = (sid_model){.ctx = c->ctx, .sids = c->sids, .vectors = c->vector, .dim = CASE_VECTOR_DIM};
    TEST_OK(sid__item_table_build(&c->items, &c->m, "sid,content", CASE_DIM, &split, &c->params, err));
    c->net.items = &c->items;
    c->net.embedding = c->embedding;
    c->net.embedded = CASE_ITEMS;
    c->net.dense = 0.5;
}

static inline void case_make(sidgpt_case *c, int net)
{
    *c = (sidgpt_case){.sids = {.count = CASE_ITEMS, .levels = CASE_LEVELS, .width = CASE_LEVELS},
                       .net = {.layout = net == CASE_FLAT ? SID__SIDGPT_FLAT : SID__SIDGPT_ITEM,
                               .dim = CASE_DIM,
                               .heads = 2,
                               .layers = 2,
                               .hidden = 12,
                               .depth_layers = 1,
                               .history_max = 50},
                       .sequences = {.begin = case_begin, .count = CASE_SEQUENCES}};
    c->sids.code = c->code;
    c->sids.is_known = c->is_known;
    c->sids.train_count = c->train_count;
    for (int l = 0; l < CASE_LEVELS; l++)
        c->sids.codes[l] = case_codes[l];
    for (int i = 0; i < CASE_ITEMS; i++) {
        c->is_known[i] = 1;
        for (int l = 0; l < CASE_LEVELS; l++)
            c->code[i * CASE_LEVELS + l] = (uint16_t)((3 * i + i * i * l + 2 * l) % case_codes[l]);
    }
    for (int s = 0; s < CASE_SEQUENCES; s++)
        for (int64_t t = case_begin[s]; t < case_begin[s + 1]; t++)
            c->target[t] = t + 1 < case_begin[s + 1] ? case_item[t + 1] : -1;
    c->batch = (sid__sidgpt_batch){.sequences = &c->sequences, .item = case_item, .target = c->target};
    TEST_OK(sid_ctx_create(&c->ctx, err));
    if (net == CASE_RICH)
        case_items(c);
    TEST_OK(sid__sidgpt_declare(&c->net, &c->sids, &c->params, err));
    TEST_OK(sid__params_seal(&c->params, err));
    case_weights(&c->params);
    if (net == CASE_RICH) {
        c->m.params = c->params;
        TEST_OK(sid__item_table_all(&c->items, &c->m, c->embedding, err));
    }
}

static inline void case_drop(sidgpt_case *c)
{
    sid__item_table_drop(&c->items);
    sid__params_drop(&c->params);
    sid_ctx_free(c->ctx);
}

#endif
