/* test_piece_lattice.c: expectations and best cuts over all SIDs, by blocks. */
#include "lattice_case.h"

/* Over all cuts of every SID, one by one. */
static void expect_slowly(const lattice_case *c, double *expected, int64_t *used)
{
    for (int64_t item = 0; item < c->corpus.count; item++) {
        double all = 0, best = 0;
        int64_t best_piece[LEVELS], piece[LEVELS];
        int best_count = 0;
        for (int round = 0; round < 2; round++)
            for (unsigned borders = 0; borders < 1U << (LEVELS - 1); borders++) {
                double chance = 1, score = 0;
                int count = list_cut(c, item, 0, LEVELS, borders, piece);
                for (int i = 0; i < count; i++) {
                    chance *= c->live.chance[piece[i]];
                    score += c->live.score[piece[i]];
                }
                if (count > 0 && round == 0) {
                    all += chance;
                    if (best_count == 0 || score > best) {
                        best = score;
                        best_count = count;
                        memcpy(best_piece, piece, sizeof piece);
                    }
                }
                for (int i = 0; i < count && round == 1; i++)
                    expected[piece[i]] += (double)c->corpus.weight[item] * chance / all;
            }
        for (int i = 0; i < best_count; i++)
            used[best_piece[i]] += c->corpus.weight[item];
    }
}

static void check_passes(const lattice_case *c, const sid__lattice *lattice)
{
    sid__live_pieces live = c->live;
    size_t count = (size_t)live.count;
    double *expected = calloc(count, sizeof *expected), *scratch = calloc(count * SID__LATTICE_CHUNKS, sizeof *scratch);
    int64_t *used = calloc(count, sizeof *used);
    expect_slowly(c, expected, used);
    sid__lattice_expect(lattice, &live, scratch);
    sid__lattice_best(lattice, &live, (int64_t *)(void *)scratch);
    for (size_t i = 0; i < count; i++) {
        assert_true(fabs(live.expected[i] - expected[i]) < 1e-9 * (1 + expected[i]));
        assert_int_equal(live.used[i], used[i]);
    }
    free(expected);
    free(scratch);
    free(used);
}

/* Fails when a block loses a cut, counts one twice, or single codes between blocks are forgotten. */
static void test_all_cuts(void **state)
{
    (void)state;
    for (int keep_of = 1; keep_of <= 16; keep_of *= 4) {
        lattice_case c;
        sid__lattice lattice;
        make_case(&c, keep_of);
        TEST_OK(sid__lattice_create(&c.corpus, &c.live, &lattice, err));
        check_passes(&c, &lattice);
        sid__lattice_drop(&lattice);
        drop_case(&c);
    }
}

/* Every third longer piece goes. */
static void remove_pieces(sid__live_pieces *live, uint32_t *renamed)
{
    int64_t count = live->symbols;
    for (int64_t i = 0; i < live->count; i++) {
        renamed[i] = (uint32_t)i;
        if (i < live->symbols)
            continue;
        bool is_gone = i % 3 == 0;
        renamed[i] = is_gone ? 0 : (uint32_t)count;
        live->of_node[live->node[i]] = renamed[i];
        if (is_gone)
            continue;
        live->node[count] = live->node[i];
        live->score[count] = live->score[i];
        live->chance[count++] = live->chance[i];
    }
    live->count = count;
}

/* Fails when blocks made of blocks differ from blocks made of SIDs. */
static void test_shrink(void **state)
{
    lattice_case c;
    sid__lattice lattice;
    (void)state;
    make_case(&c, 1);
    TEST_OK(sid__lattice_create(&c.corpus, &c.live, &lattice, err));
    for (int round = 0; round < 5; round++) {
        int64_t before = lattice.blocks.edge_count;
        uint32_t *renamed = calloc((size_t)c.live.count, sizeof *renamed);
        remove_pieces(&c.live, renamed);
        TEST_OK(sid__lattice_shrink(&lattice, renamed, c.live.symbols, err));
        assert_true(lattice.blocks.edge_count < before);
        check_passes(&c, &lattice);
        free(renamed);
    }
    sid__lattice_drop(&lattice);
    drop_case(&c);
}

/* Fails when a chance of zero, as pieces have that went within a round, makes anything but zero. */
static void test_gone_within_a_round(void **state)
{
    lattice_case c;
    sid__lattice lattice;
    (void)state;
    make_case(&c, 1);
    TEST_OK(sid__lattice_create(&c.corpus, &c.live, &lattice, err));
    for (int64_t i = c.live.symbols; i < c.live.count; i += 2) {
        c.live.chance[i] = 0;
        c.live.score[i] = -(double)INFINITY;
    }
    check_passes(&c, &lattice);
    sid__lattice_drop(&lattice);
    drop_case(&c);
}

/* Fails when memory that runs out leaks. */
static void test_no_memory(void **state)
{
    lattice_case c;
    sid__lattice lattice;
    sid_status status = SID_ENOMEM;
    (void)state;
    make_case(&c, 2);
    for (int after = 0; status != SID_OK && after < 200; after++) {
        sid__mem_fail(after, 1);
        status = sid__lattice_create(&c.corpus, &c.live, &lattice, NULL);
        sid__mem_fail(-1, 0);
    }
    assert_int_equal(status, SID_OK);
    sid__lattice_drop(&lattice);
    drop_case(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_cuts), cmocka_unit_test(test_shrink),
                                       cmocka_unit_test(test_gone_within_a_round), cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
