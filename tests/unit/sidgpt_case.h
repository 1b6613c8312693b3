/* sidgpt_case.h: a small net whose numbers come from the formula of tests/golden/make_sidgpt.py. */
#ifndef SEMID_SIDGPT_CASE_H
#define SEMID_SIDGPT_CASE_H

#include "test.h"

#include <math.h>

#include "base/mem.h"
#include "model/sidgpt_net.h"

enum { CASE_LEVELS = 3, CASE_ITEMS = 8, CASE_TOKENS = 11, CASE_SEQUENCES = 3 };
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

static inline void case_make(sidgpt_case *c, sid__sidgpt_layout layout)
{
    *c = (sidgpt_case){
        .sids = {.count = CASE_ITEMS, .levels = CASE_LEVELS, .width = CASE_LEVELS},
        .net =
            {.layout = layout, .dim = 8, .heads = 2, .layers = 2, .hidden = 12, .depth_layers = 1, .history_max = 50},
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
    TEST_OK(sid__sidgpt_declare(&c->net, &c->sids, &c->params, err));
    TEST_OK(sid__params_seal(&c->params, err));
    case_weights(&c->params);
}

static inline void case_drop(sidgpt_case *c)
{
    sid__params_drop(&c->params);
    sid_ctx_free(c->ctx);
}

#endif
