/* test_piece_prune.c: which pieces go first. */
#include "lattice_case.h"

/* The loss by the formula of the specification, the best cut looked for among all. */
static double loss_slowly(const lattice_case *c, int64_t piece, double total)
{
    uint32_t node = c->live.node[piece];
    int span = sid__piece_node_span(&c->corpus, node);
    int first = c->corpus.span[span].first, length = c->corpus.span[span].length;
    int64_t item = sid__piece_node_item(&c->corpus, node, span), part[LEVELS], best_part[LEVELS];
    double best = -1e300, f = (double)c->live.used[piece], sum = 0;
    int best_count = 0;
    for (unsigned borders = 1; borders < 1U << (length - 1); borders++) { /* 0 would be the piece itself */
        int count = list_cut(c, item, first, first + length, borders, part);
        double score = 0;
        for (int i = 0; i < count; i++)
            score += c->live.score[part[i]];
        if (count > 0 && score > best) {
            best = score;
            best_count = count;
            memcpy(best_part, part, sizeof part);
        }
    }
    if (c->live.used[piece] == 0 || best > c->live.score[piece])
        return -1;
    for (int i = 0; i < best_count; i++)
        sum += log(((double)c->live.used[best_part[i]] + f) / (total + f * (best_count - 1)));
    return f / total * (log(f / total) - sum);
}

/* Fails when a loss is not the formula's, or a piece that is better cut is not among the first. */
static void test_losses(void **state)
{
    lattice_case c;
    double total = 0;
    int negative = 0;
    (void)state;
    make_case(&c, 2);
    int64_t longer = c.live.count - c.live.symbols;
    sid__piece_loss *loss = calloc((size_t)longer, sizeof *loss);
    for (int64_t i = 0; i < c.live.count; i++) {
        c.live.used[i] = (int64_t)sid__philox_below(9, SID__STREAM_TEST, (uint64_t)i, 20) + (i < c.live.symbols);
        total += (double)c.live.used[i];
    }
    sid__piece_losses(&c.corpus, &c.live, loss);
    for (int64_t i = 0; i < longer; i++) {
        double expected = loss_slowly(&c, c.live.symbols + i, total);
        assert_int_equal(loss[i].piece, c.live.symbols + i);
        if (expected < 0 && !(expected > -0.9)) {
            assert_true(loss[i].loss < 0);
            negative++;
        } else {
            assert_true(fabs(loss[i].loss - (expected > 0 ? expected : 0)) < 1e-12);
        }
    }
    assert_in_range(negative, 1, longer - 1);
    free(loss);
    drop_case(&c);
}

static int compare(const void *a, const void *b)
{
    const sid__piece_loss *x = a, *y = b;
    if (x->loss < y->loss || x->loss > y->loss)
        return x->loss < y->loss ? -1 : 1;
    if (x->score < y->score || x->score > y->score)
        return x->score < y->score ? -1 : 1;
    return x->piece > y->piece ? -1 : 1;
}

/* Fails when those at the front are not the ones that a full sort puts there, ties by the last piece first. */
static void test_select(void **state)
{
    enum { MANY = 500 };
    (void)state;
    for (int count = 0; count <= MANY; count += 25) {
        sid__piece_loss loss[MANY], sorted[MANY];
        for (uint32_t i = 0; i < MANY; i++)
            loss[i] = (sid__piece_loss){.loss = (double)sid__philox_below(1, SID__STREAM_TEST, i, 20) - 1,
                                        .score = -(double)sid__philox_below(2, SID__STREAM_TEST, i, 5),
                                        .piece = i};
        memcpy(sorted, loss, sizeof loss);
        qsort(sorted, MANY, sizeof *sorted, compare);
        sid__piece_losses_select(loss, MANY, count);
        qsort(loss, (size_t)count, sizeof *loss, compare);
        for (int i = 0; i < count; i++)
            assert_int_equal(loss[i].piece, sorted[i].piece);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_losses), cmocka_unit_test(test_select)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
