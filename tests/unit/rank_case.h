/* rank_case.h: impressions made in memory, and inputs of rankers, for the tests of src/rank. */
#ifndef SEMID_RANK_CASE_H
#define SEMID_RANK_CASE_H

#include "test.h"

#include "base/philox.h"
#include "data/impressions.h"
#include "rank/ranker.h"

static inline double draw(uint64_t seed, int64_t index)
{
    return sid__philox_uniform(seed, SID__STREAM_TEST, (uint64_t)index);
}

/* `days` days of `count` impressions of users and items at random; a click where `clicks(user, item)` says so. */
static inline sid_impressions *new_impressions(sid_ctx *ctx, int users, int items, int days, int64_t count,
                                               double (*clicks)(int user, int item))
{
    sid__strbuf text = {0};
    sid__source source;
    sid_impressions *im = NULL;
    TEST_OK(sid__strbuf_printf(&text, err, "user_id\titem_id\tlabel\tday\n"));
    for (int64_t i = 0; i < days * count; i++) {
        int user = (int)(draw(1, i) * users), item = (int)(draw(2, i) * items);
        TEST_OK(sid__strbuf_printf(&text, err, "u%d\ti%d\t%d\t%d\n", user, item, draw(3, i) < clicks(user, item),
                                   (int)(i / count) + 1));
    }
    TEST_OK(sid__source_memory(text.text, (size_t)text.length, "x.tsv", &source, err));
    TEST_OK(sid__impressions_parse(ctx, &source, "x.tsv", NULL, &im, err));
    sid__strbuf_drop(&text);
    return im;
}

/* The number in "i12", "u7". */
static inline int number_of(const char *id)
{
    return (int)strtol(id + 1, NULL, 10);
}

enum { CASE_ROWS = 4, CASE_DIM = 3 };

/* Inputs of a batch, with numbers drawn from -1 to 1. */
typedef struct rank_case {
    sid_ctx *ctx;
    sid__memory memory;
    float linear[CASE_ROWS], user[CASE_ROWS * CASE_DIM], item[CASE_ROWS * CASE_DIM], history[CASE_ROWS * CASE_DIM],
        dense[CASE_ROWS * 2];
    sid__value value[5];
    sid__rank_inputs inputs;
} rank_case;

static inline void fill_case(float *x, int64_t count, uint64_t seed)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)(2 * draw(seed, i) - 1);
}

static inline void begin_case(rank_case *c)
{
    *c = (rank_case){0};
    TEST_OK(sid_ctx_create(&c->ctx, err));
    fill_case(c->linear, CASE_ROWS, 11);
    fill_case(c->user, CASE_ROWS * CASE_DIM, 12);
    fill_case(c->item, CASE_ROWS * CASE_DIM, 13);
    fill_case(c->history, CASE_ROWS * CASE_DIM, 14);
    fill_case(c->dense, CASE_ROWS * 2, 15);
    c->value[0] = sid__value_of(c->linear, CASE_ROWS, 1);
    c->value[1] = sid__value_of(c->user, CASE_ROWS, CASE_DIM);
    c->value[2] = sid__value_of(c->item, CASE_ROWS, CASE_DIM);
    c->value[3] = sid__value_of(c->history, CASE_ROWS, CASE_DIM);
    c->value[4] = sid__value_of(c->dense, CASE_ROWS, 2);
    c->inputs = (sid__rank_inputs){.linear = &c->value[0],
                                   .user = &c->value[1],
                                   .item = &c->value[2],
                                   .history = &c->value[3],
                                   .dense = &c->value[4]};
}

static inline void end_case(rank_case *c)
{
    sid__memory_drop(&c->memory);
    sid_ctx_free(c->ctx);
}

/* Row `i` of user | item | history | dense. */
static inline void side_by_side(const rank_case *c, int i, double *x)
{
    for (int d = 0; d < CASE_DIM; d++) {
        x[d] = (double)c->user[i * CASE_DIM + d];
        x[CASE_DIM + d] = (double)c->item[i * CASE_DIM + d];
        x[2 * CASE_DIM + d] = (double)c->history[i * CASE_DIM + d];
    }
    x[3 * CASE_DIM] = (double)c->dense[i * 2];
    x[3 * CASE_DIM + 1] = (double)c->dense[i * 2 + 1];
}
enum { CASE_WIDTH = 3 * CASE_DIM + 2 };

/* 1/2 sum_d [(sum_f e_fd)^2 - sum_f e_fd^2] of user, item, history. */
static inline double fm_term(const rank_case *c, int i)
{
    double term = 0;
    for (int d = 0; d < CASE_DIM; d++) {
        double u = (double)c->user[i * CASE_DIM + d], v = (double)c->item[i * CASE_DIM + d],
               h = (double)c->history[i * CASE_DIM + d];
        term += ((u + v + h) * (u + v + h) - u * u - v * v - h * h) / 2;
    }
    return term;
}

/* y = W x + b, ReLU where asked; w (out, in). */
static inline void dense_layer(const sid__params *params, const char *weight, const char *bias, const double *x, int in,
                               int out, bool is_relu, double *y)
{
    const float *w = params->param[sid__params_find(params, weight)].value.data;
    const float *b = params->param[sid__params_find(params, bias)].value.data;
    for (int o = 0; o < out; o++) {
        y[o] = (double)b[o];
        for (int k = 0; k < in; k++)
            y[o] += (double)w[o * in + k] * x[k];
        y[o] = is_relu && y[o] < 0 ? 0 : y[o];
    }
}

#endif
