/* test_gemm_tile.c: the loops of the product on every path, against the plain chain. */
#include "linalg_case.h"

#include "kernel/gemm_tile.h"

/* Packed b (groups, depth, 16) of `columns` random columns, zeroes beyond. */
static float *packed_columns(int columns, int depth, uint64_t seed)
{
    int groups = (columns + 15) / 16;
    float *b = case_floats((int64_t)groups * depth * 16, seed);
    for (int p = 0; p < depth; p++)
        for (int j = columns; j < groups * 16; j++)
            b[((int64_t)(j / 16) * depth + p) * 16 + j % 16] = 0;
    return b;
}

static void check_block(const sid__gemm_tile *tile, int rows, int columns, int depth, bool is_added)
{
    int64_t c_step = columns + 3;
    float *a = case_floats((int64_t)rows * SID__GEMM_A_STEP, 1), *b = packed_columns(columns, depth, 2);
    float *c = case_floats(rows * c_step, 3), *got = case_alloc(rows * c_step, sizeof *got);
    memcpy(got, c, (size_t)(rows * c_step) * sizeof *got);
    tile->block(&(sid__gemm_block){.a = a,
                                   .a_step = SID__GEMM_A_STEP,
                                   .b = b,
                                   .b_step = (int64_t)depth * 16,
                                   .c = got,
                                   .c_step = c_step,
                                   .rows = rows,
                                   .columns = columns,
                                   .depth = depth,
                                   .is_added = is_added});
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < c_step; j++) {
            float sum = j >= columns || is_added ? c[i * c_step + j] : 0;
            for (int p = 0; p < depth && j < columns; p++)
                sum = fmaf(a[i * SID__GEMM_A_STEP + p], b[((int64_t)(j / 16) * depth + p) * 16 + j % 16], sum);
            assert_memory_equal(&got[i * c_step + j], &sum, sizeof sum);
        }
    }
    sid__free(a);
    sid__free(b);
    sid__free(c);
    sid__free(got);
}

/* Fails when an element is not exactly one fused chain in depth order, when a tile of any height or a last, partial
 * group reads or writes a wrong place, or when a column past the last is touched. */
static void block_is_one_fused_chain(void **state)
{
    (void)state;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        const sid__gemm_tile *tile = sid__gemm_tile_for((sid__isa)isa);
        for (int rows = 1; rows <= 27; rows++)
            for (int columns = 1; columns <= 70; columns += rows % 3 + 9)
                check_block(tile, rows, columns, 1 + (rows * columns) % 9, (rows + columns) % 2);
        check_block(tile, 96, 40, SID__GEMM_DEPTH, false);
        check_block(tile, 5, 80, 0, false);
    }
}

/* Fails when a quarter is swapped wrongly, when the padding is not zero, or when a row of the target past the columns
 * is written. */
static void transpose_is_exact(void **state)
{
    (void)state;
    float *from = case_floats(16 * 19, 4), to[17 * 18];
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        for (int rows = 1; rows <= 16; rows++) {
            for (int columns = 1; columns <= 16; columns++) {
                for (int i = 0; i < 17 * 18; i++)
                    to[i] = 7;
                sid__gemm_tile_for((sid__isa)isa)->transpose(from, 19, rows, columns, to, 18);
                for (int j = 0; j < 17; j++)
                    for (int i = 0; i < 18; i++) {
                        float wanted = j >= columns || i >= 16 ? 7 : i < rows ? from[i * 19 + j] : 0;
                        assert_memory_equal(&to[j * 18 + i], &wanted, sizeof wanted);
                    }
            }
        }
    }
    sid__free(from);
}

/* Fails when a row's padding is not zero, or anything past it is read or written. */
static void copy_pads_with_zeroes(void **state)
{
    (void)state;
    float to[3 * 50];
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        for (int columns = 0; columns <= 48; columns++) {
            float *from = case_floats(2 * 50 + columns, 5); /* its end is the end of the memory */
            for (int i = 0; i < 3 * 50; i++)
                to[i] = 7;
            sid__gemm_tile_for((sid__isa)isa)->copy(from, 50, 3, columns, to, 50);
            for (int i = 0; i < 3 * 50; i++) {
                int column = i % 50, padded = (columns + 15) / 16 * 16;
                float wanted = column < columns ? from[i] : column < padded ? 0 : 7;
                assert_memory_equal(&to[i], &wanted, sizeof wanted);
            }
            sid__free(from);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_is_one_fused_chain),
        cmocka_unit_test(transpose_is_exact),
        cmocka_unit_test(copy_pads_with_zeroes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
