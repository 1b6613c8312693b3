/* test_tiger_generate.c: a level at a time gives the bits of the whole forward. */
#include "model/tiger.h"

#include "base/mem.h"
#include "tiger_case.h"

enum { ROWS_A_HISTORY = 4, HISTORIES = 5, ROWS = HISTORIES * ROWS_A_HISTORY };

static const int32_t long_one[] = {1, 4, 7, 2, 8, 3, 5, 6, 0, 2, 3}, two[] = {6, 6}, unknown[] = {4};
static const sid__history history[HISTORIES] = {{.item = two, .count = 2},
                                                {.item = long_one, .count = 11, .user = 5},
                                                {.item = unknown, .count = 1},
                                                {.item = long_one, .count = 3, .user = 9},
                                                {.item = two, .count = 1}};

/* Logits of all levels of a path by the training's forward, in one pass with nothing kept. */
static void forward(const sid_model *m, const sid__history *of, const uint16_t *code, float *logits)
{
    const sid__tiger_net *net = m->state;
    sid__params params = m->params;
    sid__memory memory = {0};
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    sid__tiger_pass pass = {.net = net, .params = &params, .tape = &tape};
    int32_t encoder[64], decoder[WIDTH] = {net->bos, net->first_code[0] + code[0], net->first_code[1] + code[1]};
    int64_t count = sid__tiger_count_tokens(m, of);
    sid__tiger_write_tokens(m, of, count, encoder);
    const int64_t encoded[] = {0, count}, decoded[] = {0, WIDTH};
    const sid__ragged keys = {encoded, 1}, queries = {decoded, 1};
    sid__value *x = sid__tiger_decode(&pass, decoder, &queries, sid__tiger_encode(&pass, encoder, &keys), &keys);
    for (int32_t l = 0; l < WIDTH; l++) {
        const sid__value *z = sid__tiger_logits(&pass, sid__op_gather(&tape, x, &l, 1), l);
        TEST_OK(sid__tape_status(&tape, err));
        memcpy(logits, z->data, (size_t)z->columns * sizeof *logits);
        logits += z->columns;
    }
    sid__memory_drop(&memory);
}

/* Fails when the forward's logits are not PyTorch's. */
static void test_logits(void **state)
{
    (void)state;
    static const int32_t item[3][7] = {{1, 4, 7, 2, 8, 3, 5}, {0}, {5, 6, 2}};
    static const int64_t count[] = {7, 1, 3}, target[] = {6, 2, 0};
    sid_model *m = tiger_model(OPTIONS);
    for (int s = 0; s < 3; s++) {
        float logits[CODES_SUM];
        forward(m, &(sid__history){.item = item[s], .count = count[s]}, m->sids.code + target[s] * WIDTH, logits);
        case_check_scores(logits, golden[0].logits + (ptrdiff_t)s * CODES_SUM, CODES_SUM);
    }
    sid_model_close(m);
}

typedef struct path {
    int history;
    uint16_t code[2];
} path;

/* Rows of different histories between each other, as a beam does not have them. */
static path path_of(int row)
{
    return (path){.history = (row * 3) % HISTORIES, .code = {(uint16_t)(row % 5), (uint16_t)((row / 2) % 4)}};
}

static void check_forward(const char *options)
{
    static float first[ROWS][5], second[ROWS][4], third[ROWS][6];
    int32_t root[ROWS], same[ROWS];
    uint16_t code[2][ROWS];
    void *g = NULL;
    sid_model *m = tiger_model(options);
    m->sids.is_known[4] = 0;
    TEST_OK(m->family->generator->begin(ctx, m, history, HISTORIES, &g, err));
    for (int r = 0; r < ROWS; r++) {
        root[r] = path_of(r).history;
        same[r] = r;
        code[0][r] = path_of(r).code[0];
        code[1][r] = path_of(r).code[1];
    }
    TEST_OK(m->family->generator->step(g, 0, root, NULL, ROWS, first[0], err));
    for (int r = 0; r < ROWS; r += 7) /* in parts, and taken back once */
        TEST_OK(m->family->generator->step(g, 1, same + r, code[0] + r, ROWS - r < 7 ? ROWS - r : 7, second[r], err));
    m->family->generator->forget(g, 1, 7);
    TEST_OK(m->family->generator->step(g, 1, same + 7, code[0] + 7, ROWS - 7, second[7], err));
    TEST_OK(m->family->generator->step(g, 2, same, code[1], ROWS, third[0], err));
    TEST_OK(m->family->generator->step(g, 2, same, code[1], 0, third[0], err));
    for (int r = 0; r < ROWS; r++) {
        float wanted[15];
        path p = path_of(r);
        forward(m, &history[p.history], p.code, wanted);
        assert_memory_equal(first[r], wanted, sizeof first[r]);
        assert_memory_equal(second[r], wanted + 5, sizeof second[r]);
        assert_memory_equal(third[r], wanted + 9, sizeof third[r]);
    }
    m->family->generator->end(g);
    sid_model_close(m);
}

/* Fails when caches, the order of rows, other histories of a request, threads or kernels change a bit of what training computes. */
static void test_equals_forward(void **state)
{
    (void)state;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        TEST_OK(sid_ctx_set_isa(ctx, sid__isa_name((sid__isa)isa), err));
        check_forward(OPTIONS);
        check_forward(OPTIONS ",users=6");
    }
    TEST_OK(sid_ctx_set_isa(ctx, NULL, err));
}

/* Fails when an answer depends on who is asked beside, on threads, on packed weights, or on what the request before left behind. */
static void test_equals_alone(void **state)
{
    enum { MANY = 40, BEAMS = 5, LONG = 20 };
    static int32_t item[MANY][LONG], root[MANY * BEAMS], zero[BEAMS], same[MANY * BEAMS];
    static float first[2][MANY * BEAMS][5], second[2][MANY * BEAMS][4], alone_first[BEAMS][5], alone_second[BEAMS][4];
    static uint16_t code[MANY * BEAMS];
    static sid__history many[MANY];
    (void)state;
    sid_model *m = tiger_model(OPTIONS);
    for (int h = 0; h < MANY; h++) {
        for (int i = 0; i < LONG; i++)
            item[h][i] = (h + i * (h % 7 + 1)) % CASE_ITEMS_MAX;
        many[h] = (sid__history){.item = item[h], .count = h % 5 == 3 ? 0 : LONG - h % 11};
    }
    for (int r = 0; r < MANY * BEAMS; r++) {
        root[r] = r / BEAMS;
        same[r] = r;
        code[r] = (uint16_t)(r % 5);
    }
    for (int threads = 1; threads <= 2; threads++) {
        void *g = NULL;
        TEST_OK(sid_ctx_set_threads(ctx, threads, err));
        TEST_OK(m->family->generator->begin(ctx, m, many, MANY, &g, err));
        TEST_OK(m->family->generator->step(g, 0, root, NULL, MANY * BEAMS, first[threads - 1][0], err));
        TEST_OK(m->family->generator->step(g, 1, same, code, MANY * BEAMS, second[threads - 1][0], err));
        m->family->generator->end(g);
    }
    assert_memory_equal(first[0], first[1], sizeof first[0]);
    assert_memory_equal(second[0], second[1], sizeof second[0]);
    TEST_OK(sid__params_settle(ctx, &m->params, err));
    for (int h = 0; h < MANY; h++) {
        void *g = NULL;
        TEST_OK(m->family->generator->begin(ctx, m, &many[h], 1, &g, err));
        TEST_OK(m->family->generator->step(g, 0, zero, NULL, BEAMS, alone_first[0], err));
        TEST_OK(m->family->generator->step(g, 1, same, code + h * BEAMS, BEAMS, alone_second[0], err));
        m->family->generator->end(g);
        assert_memory_equal(alone_first, first[0][h * BEAMS], sizeof alone_first);
        assert_memory_equal(alone_second, second[0][h * BEAMS], sizeof alone_second);
    }
    sid_model_close(m);
}

/* Fails when memory that is missing leaks or crashes. */
static void test_no_memory(void **state)
{
    (void)state;
    sid_model *m = tiger_model(OPTIONS);
    const int32_t root[] = {0, 1};
    float logits[2][5];
    sid_status status = SID_ENOMEM;
    for (int64_t after = 0; status != SID_OK; after++) {
        void *g = NULL;
        sid__mem_fail(after, -1);
        status = m->family->generator->begin(ctx, m, history, 2, &g, NULL);
        if (status == SID_OK)
            status = m->family->generator->step(g, 0, root, NULL, 2, logits[0], NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        m->family->generator->end(g);
    }
    sid_model_close(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_logits), cmocka_unit_test(test_equals_forward),
                                       cmocka_unit_test(test_equals_alone), cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
