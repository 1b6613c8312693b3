/* test_sequence.c: the loops of sequence models: every path against the portable one, and that against libm in double. */
#include "kernel/sequence.h"

#include "quant_help.h"

enum { COLUMNS_MAX = 67, ROOM = 80, OUTPUTS = 13 };

static void run_all(const sid__sequence_kernels *k, int columns, float out[OUTPUTS][ROOM])
{
    float x[ROOM], bias[ROOM], most = -INFINITY, tops[ROOM], parts[ROOM];
    double sum = 0;
    const sid__drop how = {.seed = 3, .first = 5, .stream = SID__STREAM_TEST, .least = 1u << 30};
    fill_uniform(x, ROOM, 1);
    fill_uniform(bias, ROOM, 2);
    fill_uniform(tops, ROOM, 3);
    memset(out, 0, OUTPUTS * sizeof *out);
    for (int i = 0; i < ROOM; i++) {
        for (int o = 0; o < 5; o++)
            out[o][i] = 30 * x[i];
        parts[i] = i < columns ? bias[i] * bias[i] : 0;
        tops[i] += 33;
    }
    k->softmax(columns, columns, 0.7f, NULL, out[0]);
    k->softmax(columns / 2 + 1, columns, 1.3f, bias, out[1]);
    memcpy(out[5], out[1], sizeof out[5]);
    k->softmax_back(columns, out[1], out[2]);
    out[6][0] = k->absorb(columns, bias, out[3], &most, &sum);
    out[6][1] = k->absorb(columns, NULL, out[3], &most, &sum);
    out[6][2] = most;
    out[6][3] = (float)sum;
    out[6][4] = k->shares(columns, 0.25f, tops, parts, out[4]);
    k->mark(columns, &how, 8, out[5]);
    k->drop(columns, 1.5f, out[5], out[7]);
    k->drop_back(columns, 1.5f, out[5], out[2]);
    k->dropout(columns, &how, 3, 1.5f, false, x, out[8]);
    k->dropout(columns, &how, 17, 1.5f, true, x, out[8]);
    for (int is_centered = 0; is_centered < 2; is_centered++) {
        sid__norm_row row;
        k->norm(columns, is_centered, 1e-6, x, tops, is_centered ? bias : NULL, &row, out[9]);
        k->norm_back(columns, is_centered, is_centered, x, tops, bias, &row, out[10]);
        k->norm_sums(1, columns, x, bias, &row, out[11], out[12]);
    }
}

/* Fails when a path rounds or sums in another order at any length. */
static void paths_agree(void **state)
{
    float expected[OUTPUTS][ROOM], seen[OUTPUTS][ROOM];
    (void)state;
    for (int columns = 1; columns <= COLUMNS_MAX; columns++) {
        run_all(&sid__sequence_portable, columns, expected);
        for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
            if (!sid__isa_is_supported((sid__isa)isa))
                continue;
            run_all(sid__sequence_for((sid__isa)isa), columns, seen);
            assert_memory_equal(expected, seen, sizeof seen);
        }
    }
}

/* Fails when rows do not sum to 1, what is hidden or stands after the end has a share, or the bias is forgotten. */
static void softmax_is_that_of_libm(void **state)
{
    (void)state;
    for (int columns = 1; columns <= COLUMNS_MAX; columns++) {
        float row[ROOM], bias[ROOM], x[ROOM];
        int visible = columns / 2 + 1;
        double total = 0;
        fill_uniform(x, ROOM, 4);
        fill_uniform(bias, ROOM, 5);
        for (int j = 0; j < ROOM; j++)
            row[j] = x[j] *= 40;
        for (int j = 0; j < visible; j++)
            total += exp((double)x[j] * 0.5 + (double)bias[j]);
        sid__sequence_portable.softmax(visible, columns, 0.5f, bias, row);
        for (int j = 0; j < sid__row_step(columns); j++)
            assert_near(row[j], j < visible ? exp((double)x[j] * 0.5 + (double)bias[j]) / total : 0, 2e-6);
    }
}

/* Fails when a part with larger logits does not scale what was, or shares are not those of the whole. */
static void parts_make_the_whole(void **state)
{
    enum { COUNT = 60, PART = 20 };
    float x[ROOM], row[ROOM], most = -INFINITY, tops[32], parts[32];
    double sum = 0, total = 0;
    (void)state;
    fill_uniform(x, COUNT, 6);
    for (int j = 0; j < COUNT; j++) {
        x[j] = x[j] * 20 + (float)j;
        total += exp((double)x[j]);
    }
    for (int part = 0; part < COUNT; part += PART) {
        memcpy(row, x + part, PART * sizeof *x);
        float factor = sid__sequence_portable.absorb(PART, NULL, row, &most, &sum);
        assert_true(part == 0 ? factor == 0 : factor >= 0 && factor <= 1);
    }
    assert_near(log(sum) + (double)most, log(total), 1e-6);
    for (int j = 0; j < 32; j++) {
        tops[j] = most;
        parts[j] = j < PART ? (float)(2 / sum) : 0;
    }
    memcpy(row, x + 40, PART * sizeof *x);
    float whole = sid__sequence_portable.shares(PART, 0, tops, parts, row);
    for (int j = 0; j < PART; j++) {
        assert_near(row[j], 2 * exp((double)x[40 + j]) / total, 1e-6);
        whole -= row[j];
    }
    assert_near(whole, 0, 1e-6);
}

/* Fails when a number that is none gets lost on the way to the loss. */
static void nan_stays(void **state)
{
    (void)state;
    for (int at = 0; at < 18; at += 17) {
        float row[32] = {0}, most = -INFINITY;
        double sum = 0;
        row[at] = NAN;
        sid__sequence_portable.softmax(18, 18, 1, NULL, row);
        assert_true(isnan(row[3]));
        memset(row, 0, sizeof row);
        row[at] = NAN;
        (void)sid__sequence_portable.absorb(18, NULL, row, &most, &sum);
        assert_true(isnan(sum));
    }
}

/* Fails when draws are not Philox's by element, or a mark is lost. */
static void marks_are_counted(void **state)
{
    const sid__drop how = {.seed = 9, .first = 1ull << 32, .stream = SID__STREAM_DROPOUT, .least = 0x40000000};
    float p[37], used[37], g[37];
    (void)state;
    for (int j = 0; j < 37; j++)
        p[j] = g[j] = 0.5f;
    sid__sequence_portable.mark(37, &how, 48, p);
    sid__sequence_portable.drop(37, 4.0f / 3, p, used);
    for (int j = 0; j < 37; j++) {
        uint32_t word[4];
        sid__philox(9, SID__STREAM_DROPOUT, (1ull << 32) + (uint64_t)(48 + j) / 4, word);
        assert_true((p[j] < 0) == (word[j % 4] < 0x40000000));
        assert_near(used[j], p[j] < 0 ? 0 : 2.0 / 3, 1e-6);
    }
    sid__sequence_portable.drop_back(37, 4.0f / 3, p, g);
    for (int j = 0; j < 37; j++)
        assert_true(g[j] == used[j] && p[j] == 0.5f);
}

/* Fails when an element takes another's word, at any place of the first one. */
static void dropout_is_counted(void **state)
{
    enum { COUNT = 150 };
    const sid__drop how = {.seed = 9, .first = 7ull << 32, .stream = SID__STREAM_DROPOUT, .least = 0x80000000};
    float x[COUNT], y[COUNT];
    (void)state;
    for (int j = 0; j < COUNT; j++)
        x[j] = 1;
    for (uint64_t first = 0; first < 9; first++) {
        memset(y, 0, sizeof y);
        sid__sequence_portable.dropout(COUNT, &how, first, 2, false, x, y);
        for (int j = 0; j < COUNT; j++) {
            uint32_t word[4];
            sid__philox(9, SID__STREAM_DROPOUT, (7ull << 32) + (first + (uint64_t)j) / 4, word);
            assert_true(y[j] == (word[(first + (uint64_t)j) % 4] < 0x80000000 ? 0 : 2));
        }
    }
}

/* Fails when a mean or a square takes in what stands past the row's end, or a formula is another. */
static void norm_is_that_of_double(void **state)
{
    (void)state;
    for (int columns = 1; columns <= COLUMNS_MAX; columns += 11) {
        float x[ROOM], gain[ROOM], y[ROOM];
        double mean = 0, square = 0;
        sid__norm_row row;
        fill_uniform(x, ROOM, 7);
        fill_uniform(gain, ROOM, 8);
        for (int j = 0; j < columns; j++)
            mean += (double)(x[j] += 5) / columns;
        for (int j = 0; j < columns; j++)
            square += ((double)x[j] - mean) * ((double)x[j] - mean) / columns;
        sid__sequence_portable.norm(columns, true, 1e-5, x, gain, gain, &row, y);
        for (int j = 0; j < columns; j++)
            assert_near(y[j], ((double)x[j] - mean) / sqrt(square + 1e-5) * (double)gain[j] + (double)gain[j], 4e-6);
    }
}

/* Fails when a sum of exponentials is not libm's, differs between paths, or hides what is not finite. */
static void exp_sum_is_that_of_libm(void **state)
{
    float row[COLUMNS_MAX];
    (void)state;
    for (int columns = 1; columns <= COLUMNS_MAX; columns++) {
        double wanted = 0, most, first, largest;
        fill_uniform(row, COLUMNS_MAX, (uint64_t)columns);
        for (int j = 0; j < columns; j++)
            row[j] = j % 9 == 8 ? -3e38f : 40 * row[j];
        first = sid__sequence_portable.exp_sum(columns, row, &largest);
        most = (double)row[0];
        for (int j = 1; j < columns; j++)
            most = (double)row[j] > most ? (double)row[j] : most;
        for (int j = 0; j < columns; j++)
            wanted += exp((double)row[j] - most);
        assert_near(first / wanted, 1, 1e-14);
        assert_true(largest >= most && largest <= most);
        for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
            if (!sid__isa_is_supported((sid__isa)isa))
                continue;
            const sid__sequence_kernels *k = sid__sequence_for((sid__isa)isa);
            double sum = k->exp_sum(columns, row, &largest);
            assert_memory_equal(&sum, &first, sizeof sum);
            for (int bad = 0; bad < 3; bad++) {
                float kept = row[columns / 2];
                row[columns / 2] = bad == 0 ? NAN : bad == 1 ? INFINITY : -INFINITY;
                assert_true(isnan(k->exp_sum(columns, row, &largest)));
                row[columns / 2] = kept;
            }
        }
    }
}

/* Fails when scores or sums over a path are no chains in the order of the numbers. */
static void paths_are_chains(void **state)
{
    enum { HEADS = 3, SIZE = 5, KEYS_MAX = 6, STEP = 16 };
    float q[HEADS * SIZE], k[KEYS_MAX][HEADS * SIZE], score[HEADS * STEP], out[HEADS * SIZE];
    const float *of[KEYS_MAX];
    (void)state;
    fill_uniform(q, HEADS * SIZE, 1);
    for (int j = 0; j < KEYS_MAX; j++) {
        fill_uniform(k[j], HEADS * SIZE, (uint64_t)(2 + j));
        of[j] = k[j];
    }
    for (int isa = 0; isa < SID__ISA_COUNT; isa++)
        for (int keys = 1; keys <= KEYS_MAX && sid__isa_is_supported((sid__isa)isa); keys++) {
            const sid__sequence_kernels *kernels = sid__sequence_for((sid__isa)isa);
            kernels->path_scores(HEADS, SIZE, keys, q, of, STEP, score);
            kernels->path_sums(HEADS, SIZE, keys, score, STEP, of, out);
            for (int h = 0; h < HEADS; h++) {
                float sum[SIZE] = {0};
                for (int j = 0; j < keys; j++) {
                    float wanted = 0;
                    for (int d = 0; d < SIZE; d++)
                        wanted = fmaf(q[h * SIZE + d], k[j][h * SIZE + d], wanted);
                    assert_memory_equal(&score[h * STEP + j], &wanted, sizeof wanted);
                    for (int d = 0; d < SIZE; d++)
                        sum[d] = fmaf(wanted, k[j][h * SIZE + d], sum[d]);
                }
                assert_memory_equal(out + (ptrdiff_t)h * SIZE, sum, sizeof sum);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths_agree),
                                       cmocka_unit_test(exp_sum_is_that_of_libm),
                                       cmocka_unit_test(paths_are_chains),
                                       cmocka_unit_test(dropout_is_counted),
                                       cmocka_unit_test(norm_is_that_of_double),
                                       cmocka_unit_test(softmax_is_that_of_libm),
                                       cmocka_unit_test(parts_make_the_whole),
                                       cmocka_unit_test(nan_stays),
                                       cmocka_unit_test(marks_are_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
