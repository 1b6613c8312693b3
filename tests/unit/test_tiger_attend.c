/* test_tiger_attend.c: attention of a step beside the op of training. */
#include "model/tiger_attend.h"

#include "tensor/ops_sequence.h"
#include "tensor/positions.h"
#include "tensor_case.h"

enum { HEADS = 3, SIZE = 5, INNER = HEADS * SIZE, TOKENS = 23, QUERIES = 9, SPLIT = 19 };

static const int64_t begin[] = {0, SPLIT, SPLIT, TOKENS}, padded_begin[] = {0, 32, 32, 48};

/* Fails when keys of a history are laid out so that another product comes out than from rows, or a history without tokens gives
 * anything but zeroes. */
static void check_memory(sid_ctx *ctx)
{
    float kv[TOKENS * 2 * INNER], numbers[QUERIES * INNER];
    static const int64_t asked[] = {0, 4, 5, QUERIES};
    static const sid__tiger_run runs[] = {{0, 0, 3}, {0, 3, 1}, {1, 4, 1}, {2, 5, 4}};
    const sid__ragged queries = {asked, 3}, keys = {begin, 3};
    sid__tiger_memory memory = {.heads = HEADS, .size = SIZE, .begin = begin, .padded = padded_begin};
    sid__memory step = {0};
    fill_uniform(kv, TOKENS * 2 * INNER, 1);
    fill_uniform(numbers, QUERIES * INNER, 2);
    sid__tape tape = sid__tape_begin(ctx, &step, false);
    sid__value q = sid__value_of(numbers, QUERIES, INNER), tokens = sid__value_of(kv, TOKENS, 2 * INNER);
    memory.k[1] = sid__tape_push(&tape, sid__tiger_k_count(&memory, 3), sizeof(float));
    memory.v[1] = sid__tape_push(&tape, sid__tiger_v_count(&memory, 3), sizeof(float));
    for (int64_t h = 0; h < 3; h++)
        sid__tiger_remember(ctx, &memory, 1, h, kv + begin[h] * 2 * INNER);
    const sid__value *wanted = sid__op_cross_attention(
        &tape, &q, &tokens, &(sid__attention){.heads = HEADS, .scale = 1, .queries = &queries, .keys = &keys});
    const sid__value *seen = sid__tiger_attend_memory(&tape, &memory, 1, &q, runs, 4);
    TEST_OK(sid__tape_status(&tape, err));
    assert_memory_equal(seen->data, wanted->data, sizeof numbers);
    sid__memory_drop(&step);
}

/* Fails when the last row of a path is given other bits than by causal attention over the whole. */
static void check_path(sid_ctx *ctx)
{
    enum { KEYS = 4 };
    float rows[KEYS * 3 * INNER], buckets[SID__BUCKETS * HEADS];
    const float *path[KEYS];
    static const int64_t whole[] = {0, KEYS};
    const sid__ragged sequence = {whole, 1};
    sid__memory step = {0};
    fill_uniform(rows, KEYS * 3 * INNER, 3);
    fill_uniform(buckets, SID__BUCKETS * HEADS, 4);
    sid__tape tape = sid__tape_begin(ctx, &step, false);
    sid__value qkv = sid__value_of(rows, KEYS, 3 * INNER), bias = sid__value_of(buckets, SID__BUCKETS, HEADS);
    const sid__value *wanted = sid__op_attention(
        &tape, &qkv,
        &(sid__attention){.heads = HEADS, .scale = 1, .is_causal = true, .queries = &sequence, .bias = &bias});
    for (int j = 0; j < KEYS; j++)
        path[j] = rows + j * 3 * INNER + INNER;
    for (int keys = 1; keys <= KEYS; keys++) {
        sid__value last = sid__value_of(rows + (ptrdiff_t)(keys - 1) * 3 * INNER, 1, 3 * INNER);
        const sid__value *seen = sid__tiger_attend_path(&tape, &last, HEADS, path, keys, &bias);
        TEST_OK(sid__tape_status(&tape, err));
        assert_memory_equal(seen->data, wanted->data + (ptrdiff_t)(keys - 1) * INNER, INNER * sizeof(float));
    }
    sid__memory_drop(&step);
}

static void memory_is_cross_attention(void **state)
{
    (void)state;
    FOR_EACH_CTX(ctx)
    check_memory(ctx);
}

static void path_is_causal_attention(void **state)
{
    (void)state;
    FOR_EACH_CTX(ctx)
    check_path(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_is_cross_attention),
                                       cmocka_unit_test(path_is_causal_attention)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
