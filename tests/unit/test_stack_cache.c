/* test_stack_cache.c: token by token is as whole sequences, to the bit. */
#include "model/stack_cache.h"

#include "test.h"

#include <string.h>

#include "base/philox.h"
#include "linalg/scalar.h"

enum { DIM = 12, HEADS = 2, HIDDEN = 20, LAYERS = 2, QUESTIONS = 3, LEVELS = 3, TOKENS_MAX = 40 };

typedef struct small {
    sid_ctx *ctx;
    sid__params params;
    sid__stack stack;
} small;

static void make(small *s)
{
    *s = (small){.stack = {.layers = LAYERS, .dim = DIM, .heads = HEADS, .hidden = HIDDEN}};
    TEST_OK(sid_ctx_create(&s->ctx, err));
    TEST_OK(sid__stack_declare(&s->stack, &s->params, "s", err));
    TEST_OK(sid__params_seal(&s->params, err));
    for (int p = 0; p < s->params.count; p++)
        for (int64_t i = 0; i < s->params.param[p].value.rows * s->params.param[p].value.columns; i++)
            s->params.param[p].value.data[i] =
                (float)(0.5 * sid__gaussian(1, SID__STREAM_TEST, (uint64_t)(p * 10000 + i)));
}

static void drop(small *s)
{
    sid__params_drop(&s->params);
    sid_ctx_free(s->ctx);
}

/* Token t of the tree: any two differ. */
static void fill_token(uint64_t t, float *x)
{
    for (int d = 0; d < DIM; d++)
        x[d] = (float)sid__gaussian(2, SID__STREAM_TEST, t * DIM + (uint64_t)d);
}

/* Of one path: the history's tokens, then one a level. Gives the state at the last. */
static void run_whole(small *s, const uint64_t *token, int64_t count, float *out)
{
    float x[TOKENS_MAX * DIM];
    sid__memory memory = {0};
    sid__tape tape = sid__tape_begin(s->ctx, &memory, true); /* as training does */
    const int64_t begin[2] = {0, count};
    const sid__ragged sequences = {.begin = begin, .count = 1};
    sid__stack_pass pass = {.params = &s->params, .tape = &tape, .sequences = &sequences};
    for (int64_t t = 0; t < count; t++)
        fill_token(token[t], x + t * DIM);
    sid__value in = sid__value_of(x, count, DIM);
    sid__value *h = sid__stack_run(&s->stack, &pass, &in, NULL);
    TEST_OK(sid__tape_status(&tape, err));
    memcpy(out, h->data + (count - 1) * DIM, DIM * sizeof *out);
    sid__memory_drop(&memory);
}

/* Histories of 5, 0 and 17 tokens; each row of a level has two below it, the second of a level's rows is forgotten and asked
 * anew. Fails when a cached step differs from the whole sequence in a bit. */
static void test_same_bits(void **state)
{
    (void)state;
    static const int64_t begin[QUESTIONS + 1] = {0, 5, 5, 22};
    static uint64_t path[LEVELS][64][TOKENS_MAX];
    static float prefix[22 * DIM];
    const sid__ragged sequences = {.begin = begin, .count = QUESTIONS};
    small s;
    sid__stack_cache cache;
    make(&s);
    TEST_OK(sid__cache_create(&s.stack, &s.params, s.ctx, QUESTIONS, LEVELS, &cache, err));
    for (uint64_t t = 0; t < 22; t++)
        fill_token(t, prefix + t * DIM);
    sid__value x = sid__value_of(prefix, 22, DIM);
    sid__tape history = sid__cache_tape(&cache);
    TEST_OK(sid__cache_prefix(&cache, &history, &x, &sequences, err));
    for (int level = 0; level < LEVELS; level++) {
        int32_t parent[64];
        static float token[64 * DIM];
        int64_t rows = level == 0 ? QUESTIONS : 2 * cache.level[level - 1].count;
        for (int round = 0; round < 2; round++) { /* the second time after forgetting all but one */
            int64_t first = round * 1, count = rows - first;
            sid__tape tape = sid__cache_begin_step(&cache);
            sid__value *h = NULL;
            if (round == 1)
                sid__cache_forget(&cache, level, 1);
            for (int64_t r = first; r < rows; r++) {
                int64_t above = level == 0 ? r : r / 2,
                        question = level == 0 ? r : cache.level[level - 1].question[above];
                int64_t known = begin[question + 1] - begin[question] + level;
                for (int64_t t = 0; t < known; t++)
                    path[level][r][t] = level == 0 ? (uint64_t)(begin[question] + t) : path[level - 1][above][t];
                path[level][r][known] = 1000 + (uint64_t)(level * 100 + r);
                parent[r - first] = (int32_t)above;
                fill_token(path[level][r][known], token + (r - first) * DIM);
            }
            sid__value in = sid__value_of(token, count, DIM);
            TEST_OK(sid__cache_step(&cache, &tape, level, &in, parent, &h, err));
            for (int64_t r = first; r < rows; r++) {
                float whole[DIM];
                int64_t question = cache.level[level].question[r];
                run_whole(&s, path[level][r], begin[question + 1] - begin[question] + level + 1, whole);
                assert_memory_equal(whole, h->data + (r - first) * DIM, sizeof whole);
            }
        }
    }
    sid__cache_drop(&cache);
    drop(&s);
}

/* Fails when missing memory leaks or crashes. */
static void test_no_memory(void **state)
{
    (void)state;
    static const int64_t begin[2] = {0, 4};
    const sid__ragged sequences = {.begin = begin, .count = 1};
    const int32_t parent[1] = {0};
    float tokens[4 * DIM] = {0};
    small s;
    make(&s);
    for (int64_t after = 0;; after++) {
        sid__stack_cache cache;
        sid__value x = sid__value_of(tokens, 4, DIM), one = sid__value_of(tokens, 1, DIM), *h = NULL;
        TEST_OK(sid__cache_create(&s.stack, &s.params, s.ctx, 1, 1, &cache, err));
        sid__mem_fail(after, -1);
        sid__tape history = sid__cache_tape(&cache);
        sid_status status = sid__cache_prefix(&cache, &history, &x, &sequences, NULL);
        sid__tape tape = sid__cache_begin_step(&cache);
        if (status == SID_OK)
            status = sid__cache_step(&cache, &tape, 0, &one, parent, &h, NULL);
        sid__mem_fail(-1, 0);
        sid__cache_drop(&cache);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits), cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
