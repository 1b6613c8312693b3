/* decode_case.h: a model that generates, without a network: logits are drawn by Philox from the history and the codes so far,
 * so that any test can work them out by itself. */
#ifndef SEMID_DECODE_CASE_H
#define SEMID_DECODE_CASE_H

#include "test.h"

#include <math.h>

#include "base/mem.h"
#include "base/philox.h"
#include "decode/decode.h"

enum { CASE_WIDTH = 3, CASE_CODES = 6, CASE_ITEMS = 120, CASE_ROWS_MAX = 200000 };

typedef struct fake_state {
    const sid_model *m;
    const sid__history *history; /* the searches keep them as long */
    uint64_t *key[CASE_WIDTH];   /* of each row: a hash of history and codes */
    int64_t rows[CASE_WIDTH];
    int64_t capacity[CASE_WIDTH];
} fake_state;

static struct {
    double step; /* logits are multiples of it: large steps make ties */
    bool gives_nan;
    int codes; /* of the first level; one more each */
    int64_t steps, rows;
} fake = {.step = 1e-3, .codes = CASE_CODES};

/* 64 bits from 64 and a code. */
static inline uint64_t fake_key(uint64_t key, uint64_t code)
{
    uint64_t x = key ^ (code + 1) * 0x9E3779B97F4A7C15U;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9U;
    return x ^ x >> 27;
}

static inline uint64_t fake_history_key(const sid__history *history)
{
    uint64_t key = 17;
    for (int64_t i = 0; i < history->count; i++)
        key = fake_key(key, (uint64_t)history->item[i]);
    return key;
}

/* In -4 .. 4 */
static inline float fake_logit(uint64_t key, int code)
{
    double u = sid__philox_uniform(3, SID__STREAM_TEST, fake_key(key, 1000 + (uint64_t)code));
    return (float)(floor((8 * u - 4) / fake.step) * fake.step);
}

static inline sid_status fake_begin(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count,
                                    void **state, sid_error *err)
{
    fake_state *s = NULL;
    (void)ctx;
    (void)count;
    SID_TRY(sid__alloc(&s, 1, sizeof *s, "a state", err));
    s->m = m;
    s->history = history;
    *state = s;
    return SID_OK;
}

static inline sid_status fake_step(void *state, int level, const int32_t *parent, const uint16_t *code, int64_t rows,
                                   float *logits, sid_error *err)
{
    fake_state *s = state;
    int codes = s->m->sids.codes[level];
    SID_TRY(sid__grow(&s->key[level], &s->capacity[level], s->rows[level] + rows, sizeof *s->key[level], "rows", err));
    for (int64_t r = 0; r < rows; r++) {
        assert_true(level == 0 || parent[r] < s->rows[level - 1]);
        uint64_t key =
            level == 0 ? fake_history_key(&s->history[parent[r]]) : fake_key(s->key[level - 1][parent[r]], code[r]);
        s->key[level][s->rows[level]++] = key;
        for (int c = 0; c < codes; c++)
            logits[r * codes + c] = fake.gives_nan ? NAN : fake_logit(key, c);
    }
    fake.steps++;
    fake.rows += rows;
    return SID_OK;
}

static inline void fake_forget(void *state, int level, int64_t rows)
{
    ((fake_state *)state)->rows[level] = rows;
}

static inline void fake_end(void *state)
{
    fake_state *s = state;
    for (int l = 0; s && l < CASE_WIDTH; l++)
        sid__free(s->key[l]);
    sid__free(s);
}

static const sid__generator fake_generator = {
    .begin = fake_begin, .step = fake_step, .forget = fake_forget, .end = fake_end};
static const sid__model_class fake_class = {.info = {.name = "fake"}, .generator = &fake_generator};

/* `items` items of random codes, so that some share all; items i % 17 == 5 have no SID. Popularity i % 7. */
static inline sid_model *fake_model(sid_ctx *ctx, int64_t items)
{
    sid_model *m = test_calloc(1, sizeof *m);
    sid__item_sids *sids = &m->sids;
    *sids = (sid__item_sids){.count = items, .levels = CASE_WIDTH, .width = CASE_WIDTH};
    m->ctx = ctx;
    m->family = &fake_class;
    TEST_OK(sid__alloc(&sids->code, (size_t)items, CASE_WIDTH * sizeof *sids->code, "", err));
    TEST_OK(sid__alloc(&sids->is_known, (size_t)items, 1, "", err));
    TEST_OK(sid__alloc(&sids->train_count, (size_t)items, sizeof *sids->train_count, "", err));
    for (int l = 0; l < CASE_WIDTH; l++)
        sids->codes[l] = fake.codes + l;
    for (int64_t i = 0; i < items; i++) {
        sids->is_known[i] = i % 17 != 5;
        sids->train_count[i] = i % 7;
        for (int l = 0; l < CASE_WIDTH; l++)
            sids->code[i * CASE_WIDTH + l] =
                (uint16_t)sid__philox_below(8, SID__STREAM_TEST, (uint64_t)(i * 8 + l),
                                            (uint64_t)(l == 1 && fake.codes == CASE_CODES ? 3 : sids->codes[l]));
    }
    TEST_OK(sid__model_set_trie(m, err));
    return m;
}

static inline void fake_model_free(sid_model *m)
{
    sid__trie_free(m->trie);
    sid__item_sids_drop(&m->sids);
    test_free(m);
}

enum { HISTORY_ITEMS = 4 };

/* History h: 0 to 4 items. */
static inline sid__question fake_question(int32_t *room, int64_t h)
{
    for (int i = 0; i < HISTORY_ITEMS; i++)
        room[i] = (int32_t)sid__philox_below(9, SID__STREAM_TEST, (uint64_t)(h * 8 + i), CASE_ITEMS);
    return (sid__question){.history = {.item = room, .count = h % (HISTORY_ITEMS + 1)}};
}

/* Score of an item by libm, from the definition. */
static inline double naive_score(const sid_model *m, const sid__history *history, int64_t item)
{
    uint64_t key = fake_history_key(history);
    double score = 0;
    for (int l = 0; l < CASE_WIDTH; l++) {
        uint16_t code = m->sids.code[item * CASE_WIDTH + l];
        double sum = 0;
        for (int c = 0; c < m->sids.codes[l]; c++)
            sum += exp((double)fake_logit(key, c));
        score += (double)fake_logit(key, code) - log(sum);
        key = fake_key(key, code);
    }
    return score;
}

static inline bool is_denied(const sid__filter *filter, int32_t item)
{
    bool is_allowed = !filter->allow, is_in = false;
    for (int64_t i = 0; i < filter->allow_count; i++)
        is_allowed = is_allowed || filter->allow[i] == item;
    for (int64_t i = 0; i < filter->deny_count; i++)
        is_in = is_in || filter->deny[i] == item;
    return is_in || !is_allowed;
}

static inline int64_t count_live(const sid_model *m, const sid__filter *filter)
{
    int64_t live = 0;
    for (int64_t i = 0; i < m->sids.count; i++)
        live += m->sids.is_known[i] && !is_denied(filter, (int32_t)i);
    return live;
}

/* The first `count` of both are the same bits. */
static inline void same_answers(const sid__answer *a, const sid__answer *b, int64_t count)
{
    assert_true(a->count >= count && b->count >= count);
    assert_memory_equal(a->item, b->item, (size_t)count * sizeof *a->item);
    assert_memory_equal(a->score, b->score, (size_t)count * sizeof *a->score);
}

static sid_ctx *ctx;

__attribute__((unused)) static int decode_setup(void **state)
{
    *state = NULL;
    fake.step = 1e-3;
    fake.gives_nan = false;
    fake.codes = CASE_CODES;
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid_ctx_set_threads(ctx, 2, err));
    return 0;
}

__attribute__((unused)) static int decode_teardown(void **state)
{
    (void)state;
    sid_ctx_free(ctx);
    return 0;
}

#define DECODE_TEST(name) cmocka_unit_test_setup_teardown(name, decode_setup, decode_teardown)

#endif
