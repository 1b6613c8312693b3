/* test_matching.c: the assignment problem, against the specification and scipy's linear_sum_assignment. */
#include "policy_case.h"

#include "sid/matching.h"

enum { SIDE_MAX = 24 };

typedef struct golden {
    int rows, columns;
    double total;
    int column[SIDE_MAX];
} golden;

/* tests/oracle/policy_oracle.py: costs hash_uniform(s, i, j) for problem s. */
static const golden scipy_least[] = {
    {3, 3, 0.953843823866919, {1, 0, 2}},
    {4, 11, 0.266970175085589, {2, 8, 6, 4}},
    {5, 10, 0.63215332175605, {8, 0, 2, 1, 9}},
    {6, 9, 0.349221435142681, {7, 3, 8, 6, 4, 2}},
    {7, 8, 0.900887130061164, {1, 2, 3, 4, 5, 6, 7}},
    {8, 16, 0.385704039828852, {6, 8, 13, 3, 4, 14, 10, 0}},
    {9, 15, 1.18051749421284, {13, 6, 1, 14, 9, 10, 7, 12, 3}},
    {10, 14, 0.787586349062622, {12, 11, 13, 9, 5, 7, 8, 2, 6, 1}},
    {11, 13, 0.877880728570744, {8, 2, 9, 5, 10, 0, 7, 6, 4, 11, 3}},
    {12, 12, 0.976767820538953, {11, 4, 2, 9, 6, 7, 3, 8, 10, 5, 0, 1}},
    {3, 10, 0.219751323573291, {0, 8, 9}},
    {4, 9, 0.711020771646872, {3, 8, 2, 0}},
    {5, 8, 0.692517199087888, {3, 5, 0, 7, 4}},
    {6, 7, 0.943376268725842, {4, 6, 1, 2, 0, 5}},
    {7, 15, 0.559007899835706, {4, 14, 0, 11, 13, 9, 2}},
    {8, 14, 0.492887544678524, {0, 10, 1, 8, 7, 6, 9, 5}},
    {9, 13, 0.509002707665786, {2, 9, 11, 0, 10, 1, 8, 5, 4}},
    {10, 12, 0.876927044941112, {8, 9, 4, 1, 5, 11, 0, 10, 2, 6}},
    {11, 11, 0.948869356885552, {1, 10, 9, 6, 5, 3, 0, 8, 4, 2, 7}},
    {12, 19, 0.60895178723149, {0, 3, 2, 6, 15, 14, 7, 13, 9, 17, 16, 1}},
    {3, 8, 0.344434381695464, {7, 4, 6}},
    {4, 7, 0.339219975750893, {4, 6, 2, 5}},
    {5, 6, 0.570093853399158, {4, 0, 5, 1, 3}},
    {6, 14, 0.273377192905173, {13, 10, 2, 5, 3, 9}},
};

/* The same with cost M[j != c_i] + d, M = n max d + 1; problem s from 100, c_i = floor(hash_uniform(s, i, 999) 4). */
static const struct {
    int rows, columns, moves;
    double total;
    int column[SIDE_MAX];
} scipy_moves[] = {
    {5, 10, 2, 1.46823069849052, {7, 4, 3, 2, 0}},
    {6, 16, 3, 0.399008598644286, {10, 9, 0, 1, 7, 3}},
    {7, 11, 3, 2.07247218978591, {0, 7, 9, 1, 3, 2, 8}},
    {8, 17, 5, 1.47516851476394, {3, 16, 2, 4, 15, 12, 0, 14}},
    {9, 12, 5, 1.60933506954461, {11, 8, 1, 4, 0, 2, 5, 6, 3}},
    {10, 18, 6, 0.868204142199829, {9, 4, 0, 13, 2, 5, 10, 3, 1, 15}},
    {11, 13, 7, 2.3626458896324, {9, 11, 5, 12, 2, 4, 1, 8, 3, 10, 0}},
    {12, 19, 8, 1.56478219130076, {1, 0, 18, 7, 14, 2, 17, 4, 3, 8, 9, 13}},
    {4, 5, 1, 1.98358081211336, {3, 4, 1, 2}},
    {5, 11, 2, 1.17505800141953, {9, 0, 3, 2, 6}},
    {6, 6, 2, 1.93117602635175, {2, 5, 3, 1, 0, 4}},
    {7, 12, 3, 1.97302853409201, {3, 6, 1, 9, 0, 2, 7}},
    {8, 18, 6, 1.03140532318503, {4, 3, 10, 11, 2, 14, 17, 13}},
    {9, 13, 5, 2.1268687993288, {11, 7, 3, 1, 12, 0, 9, 4, 2}},
    {10, 19, 7, 1.05368517432362, {9, 16, 6, 5, 12, 0, 2, 1, 8, 15}},
    {11, 14, 7, 1.940921532223, {5, 0, 9, 2, 6, 4, 13, 11, 3, 7, 1}},
};

/* A full graph. */
typedef struct problem {
    int64_t begin[SIDE_MAX + 1];
    sid__edge edge[SIDE_MAX * SIDE_MAX];
    int rows, columns, column[SIDE_MAX];
    sid__cost dual[SIDE_MAX];
} problem;

static void add_edge(problem *p, int column, int64_t moves, double distance)
{
    p->edge[p->begin[p->rows + 1]++] = (sid__edge){column, {moves, distance}};
}

static void end_row(problem *p)
{
    p->rows++;
    p->begin[p->rows + 1] = p->begin[p->rows];
}

static sid_status solve(problem *p, bool *is_complete, sid_error *err)
{
    const sid__graph graph = {.rows = p->rows, .columns = p->columns, .begin = p->begin, .edge = p->edge};
    return sid__match(&graph, p->column, p->dual, is_complete, err);
}

static void check(problem *p, const int *wanted)
{
    bool is_complete = false;
    TEST_OK(solve(p, &is_complete, err));
    assert_true(is_complete);
    for (int i = 0; i < p->rows; i++)
        assert_int_equal(p->column[i], wanted[i]);
}

static void test_scipy_least(void **state)
{
    /* Fails when a matching is not the cheapest. */
    (void)state;
    for (size_t s = 0; s < sizeof scipy_least / sizeof *scipy_least; s++) {
        const golden *g = &scipy_least[s];
        problem p = {.columns = g->columns};
        double total = 0;
        for (int i = 0; i < g->rows; i++, end_row(&p))
            for (int j = 0; j < g->columns; j++)
                add_edge(&p, j, 0, hash_uniform((uint32_t)s, (uint32_t)i, (uint32_t)j));
        check(&p, g->column);
        for (int i = 0; i < g->rows; i++)
            total += hash_uniform((uint32_t)s, (uint32_t)i, (uint32_t)p.column[i]);
        assert_true(total - g->total < 1e-12 && g->total - total < 1e-12);
    }
}

static void test_scipy_fewest_moves(void **state)
{
    /* Fails when a cheaper matching with more moves wins, or of those with the fewest not the cheapest. */
    (void)state;
    for (size_t s = 0; s < sizeof scipy_moves / sizeof *scipy_moves; s++) {
        uint32_t seed = (uint32_t)(100 + s);
        problem p = {.columns = scipy_moves[s].columns};
        int current[SIDE_MAX], moves = 0;
        for (int i = 0; i < scipy_moves[s].rows; i++, end_row(&p)) {
            current[i] = (int)(hash_uniform(seed, (uint32_t)i, 999) * 4);
            for (int j = 0; j < p.columns; j++)
                add_edge(&p, j, j != current[i], hash_uniform(seed, (uint32_t)i, (uint32_t)j));
        }
        check(&p, scipy_moves[s].column);
        for (int i = 0; i < p.rows; i++)
            moves += p.column[i] != current[i];
        assert_int_equal(moves, scipy_moves[s].moves);
    }
}

static void test_specification(void **state)
{
    /* Fails when the golden of spec/quantizers.md §8 does not hold: one move, not the two of least cost alone. */
    (void)state;
    static const double d[3][3] = {{.1, .2, .9}, {.15, .6, .8}, {.5, .3, .45}};
    static const int current[] = {0, 0, 1};
    problem p = {.columns = 3}, least = {.columns = 3};
    for (int i = 0; i < 3; i++, end_row(&p), end_row(&least))
        for (int j = 0; j < 3; j++) {
            add_edge(&p, j, j != current[i], d[i][j]);
            add_edge(&least, j, 0, d[i][j]);
        }
    check(&p, (const int[]){0, 2, 1});
    check(&least, (const int[]){1, 0, 2});
}

static void test_ties_and_holes(void **state)
{
    /* Fails when ties are not broken by row and column, or a graph without a matching is called solved. */
    (void)state;
    problem tied = {.columns = 4}, hole = {.columns = 3}, empty = {.columns = 3};
    bool is_complete = true;
    for (int i = 0; i < 3; i++, end_row(&tied))
        for (int j = 3; j >= 0; j--)
            add_edge(&tied, j, 0, 1);
    check(&tied, (const int[]){0, 1, 2});
    for (int i = 0; i < 3; i++, end_row(&hole))
        for (int j = 0; j < 2; j++)
            add_edge(&hole, j, 0, i + j);
    TEST_OK(solve(&hole, &is_complete, err));
    assert_false(is_complete);
    TEST_OK(solve(&empty, &is_complete, err));
    assert_true(is_complete);
}

static void test_duals(void **state)
{
    /* Fails when a dual does not prove the matching: an edge to a free column cheaper than u would improve it. */
    (void)state;
    for (uint32_t s = 0; s < 20; s++) {
        problem p = {.columns = 14};
        bool is_complete = false, is_taken[SIDE_MAX] = {false};
        for (int i = 0; i < 8; i++, end_row(&p))
            for (int j = 0; j < p.columns; j++)
                add_edge(&p, j, 0, hash_uniform(s, (uint32_t)i, (uint32_t)j));
        TEST_OK(solve(&p, &is_complete, err));
        for (int i = 0; i < p.rows; i++)
            is_taken[p.column[i]] = true;
        for (int i = 0; i < p.rows; i++)
            for (int j = 0; j < p.columns; j++)
                if (!is_taken[j])
                    assert_true(p.edge[p.begin[i] + j].cost.distance >= p.dual[i].distance - 1e-12);
    }
}

static void test_faults(void **state)
{
    /* Fails when an allocation that fails is not reported, or leaks (under ASan). */
    (void)state;
    bool is_complete = false;
    for (int after = 0; after < 6; after++) {
        problem p = {.columns = 2};
        add_edge(&p, 1, 0, 1);
        end_row(&p);
        sid__mem_fail(after, 1);
        TEST_FAILS(solve(&p, &is_complete, err), SID_ENOMEM, "a matching");
        sid__mem_fail(-1, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scipy_least),   cmocka_unit_test(test_scipy_fewest_moves),
        cmocka_unit_test(test_specification), cmocka_unit_test(test_ties_and_holes),
        cmocka_unit_test(test_duals),         cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
