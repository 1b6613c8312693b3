/* test_gemm_bf16.c: bf16 products against the chain of their definition, bit by bit, in the three arrangements of a layer, on
 * every path and thread count. */
#include "bf16_case.h"

static uint16_t *case_words(int64_t count)
{
    uint16_t *x = case_alloc(count, sizeof *x);
    memset(x, 0x5A, (size_t)count * sizeof *x); /* what rounding leaves alone must not matter */
    return x;
}

static sid__bf16_copy new_copy(const sid_ctx *ctx, const float *x, int64_t rows, int columns)
{
    sid__bf16_copy copy = {.row_count = rows, .columns = columns};
    copy.rows = case_words(rows * sid__bf16_row_step(columns));
    copy.pairs = case_words(sid__bf16_pairs_count(rows, columns));
    sid__bf16_round(ctx, x, &copy);
    return copy;
}

static void free_copy(sid__bf16_copy *copy)
{
    sid__free(copy->rows);
    sid__free(copy->pairs);
}

/* c = (c) + a b, element (p, i) of a at a[p * a_depth + i * a_lane]. */
typedef struct plain {
    const float *a, *b;
    int64_t a_depth, a_lane, b_depth, b_lane, rows, depth;
    int columns;
    bool is_added;
} plain;

static float rounded(const float *x, int64_t at)
{
    return from_bf16(to_bf16(x[at]));
}

static void plain_product(const plain *p, float *c)
{
    for (int64_t i = 0; i < p->rows; i++)
        for (int j = 0; j < p->columns; j++) {
            float sum = p->is_added ? c[i * p->columns + j] : 0;
            for (int64_t d = 0; d < p->depth; d += 2) {
                float a[2] = {0}, b[2] = {0};
                for (int k = 0; k < 2 && d + k < p->depth; k++) {
                    a[k] = rounded(p->a, (d + k) * p->a_depth + i * p->a_lane);
                    b[k] = rounded(p->b, (d + k) * p->b_depth + j * p->b_lane);
                }
                sum = bf16_step(sum, a, b);
            }
            c[i * p->columns + j] = sum;
        }
}

typedef struct layer {
    int64_t rows;
    int in, out;
    float *x, *w, *dy;                        /* (rows, in), (out, in), (rows, out) */
    float *start, *y, *dw, *dx;               /* wanted */
    float *got_y, *got_dw, *got_dx, *touched; /* touched: 1 where finish was told of the element */
} layer;

static layer new_layer(int64_t rows, int in, int out)
{
    layer l = {.rows = rows, .in = in, .out = out};
    l.x = case_floats(rows * in, 1);
    l.w = case_floats((int64_t)out * in, 2);
    l.dy = case_floats(rows * out, 3);
    l.start = case_floats((int64_t)out * in, 4);
    l.y = case_alloc(rows * out, sizeof *l.y);
    l.dw = case_alloc((int64_t)out * in, sizeof *l.dw);
    l.dx = case_alloc(rows * in, sizeof *l.dx);
    l.got_y = case_alloc(rows * out, sizeof *l.y);
    l.got_dw = case_alloc((int64_t)out * in, sizeof *l.dw);
    l.got_dx = case_alloc(rows * in, sizeof *l.dx);
    l.touched = case_alloc(rows * out, sizeof *l.y);
    memcpy(l.dw, l.start, (size_t)(out * in) * sizeof *l.dw);
    plain_product(&(plain){l.x, l.w, 1, in, 1, in, rows, in, out, false}, l.y);
    plain_product(&(plain){l.dy, l.x, out, 1, in, 1, out, rows, in, true}, l.dw);
    plain_product(&(plain){l.dy, l.w, 1, out, in, 1, rows, out, in, false}, l.dx);
    return l;
}

static void free_layer(layer *l)
{
    float *all[] = {l->x, l->w, l->dy, l->start, l->y, l->dw, l->dx, l->got_y, l->got_dw, l->got_dx, l->touched};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sid__free(all[i]);
}

static void touch(void *user, int64_t row, int64_t row_end, int column, int column_end)
{
    layer *l = user;
    for (int64_t i = row; i < row_end; i++)
        for (int j = column; j < column_end; j++)
            l->touched[i * l->out + j] += l->got_y[i * l->out + j] == l->y[i * l->out + j] ? 1 : 100;
}

static void run_layer(const sid_ctx *ctx, layer *l)
{
    sid__bf16_copy x = new_copy(ctx, l->x, l->rows, l->in), dy = new_copy(ctx, l->dy, l->rows, l->out);
    sid__bf16_weights w = {.by_lane = case_words(sid__bf16_pairs_count(l->in, l->out)),
                           .by_depth = case_words(sid__bf16_pairs_count(l->out, l->in))};
    sid__bf16_round_weights(ctx, l->w, l->out, l->in, &w);
    memset(l->touched, 0, (size_t)(l->rows * l->out) * sizeof(float));
    memcpy(l->got_dw, l->start, (size_t)(l->out * l->in) * sizeof(float));
    const sid__bf16_product forward = {
        sid__bf16_by_row(&x), w.by_lane, l->got_y, l->rows, l->in, l->out, false, touch, l};
    const sid__bf16_product back[] = {
        {sid__bf16_by_column(&dy), x.pairs, l->got_dw, l->out, l->rows, l->in, true, NULL, NULL},
        {sid__bf16_by_row(&dy), w.by_depth, l->got_dx, l->rows, l->out, l->in, false, NULL, NULL}};
    sid__gemm_bf16(ctx, &forward, 1);
    sid__gemm_bf16(ctx, back, 2);
    sid__free(w.by_lane);
    sid__free(w.by_depth);
    free_copy(&x);
    free_copy(&dy);
}

static void check_layer(int64_t rows, int in, int out)
{
    layer l = new_layer(rows, in, out);
    for (int i = 0; i < SID__ISA_COUNT * 3; i++) {
        static const int threads[] = {1, 2, 7};
        sid_ctx *ctx = case_ctx(threads[i % 3], (sid__isa)(i / 3));
        if (!ctx)
            continue;
        run_layer(ctx, &l);
        assert_memory_equal(l.got_y, l.y, (size_t)(rows * out) * sizeof(float));
        assert_memory_equal(l.got_dw, l.dw, (size_t)(out * in) * sizeof(float));
        assert_memory_equal(l.got_dx, l.dx, (size_t)(rows * in) * sizeof(float));
        for (int64_t j = 0; j < rows * out; j++)
            assert_true(l.touched[j] == 1);
        sid_ctx_free(ctx);
    }
    free_layer(&l);
}

/* Fails when an element of one of the three products of a layer is not its chain, whatever the blocks, the threads or the path;
 * when a block is reported before it is done, twice, or not at all. */
static void a_layer_is_three_chains(void **state)
{
    (void)state;
    check_layer(1, 1, 1);
    check_layer(5, 3, 17);
    check_layer(33, 70, 31); /* odd sizes: pairs with nothing beside them */
    check_layer(140, 40, 210);
    check_layer(300, 100, 20);
}

/* Fails when a depth that is walked in steps is summed otherwise, or weights wider than what is rounded at a time are. */
static void long_depths_go_in_steps(void **state)
{
    (void)state;
    check_layer(20, 2100, 3);
    check_layer(1100, 7, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_layer_is_three_chains),
                                       cmocka_unit_test(long_depths_go_in_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
