/* real_product.c: see real_product.h. */
#include "tensor/real_product.h"

#ifdef SEMID_REAL_IS_DOUBLE

size_t sid__panel_count(int64_t rows, int columns, int depth)
{
    (void)rows;
    (void)columns;
    (void)depth;
    return 0;
}

static double element(const sid__real_factor *factor, int64_t depth, int64_t lane)
{
    return factor->data[factor->is_by_depth ? depth * factor->step + lane : lane * factor->step + depth];
}

/* Packed or not, the product looks at b itself. */
void sid__pack_real(const sid_ctx *ctx, sid__real_factor b, int depth, int columns, sid__real *panel)
{
    (void)ctx;
    (void)b;
    for (size_t i = 0; i < sid__packed_count(depth, columns); i++)
        panel[i] = 0;
}

void sid__multiply_real(const sid_ctx *ctx, const sid__real_product *product)
{
    (void)ctx;
    for (int64_t i = 0; i < product->rows; i++)
        for (int j = 0; j < product->columns; j++) {
            double *c = &product->c[i * (product->c_step ? product->c_step : product->columns) + j],
                   sum = product->is_added ? *c : 0;
            for (int p = 0; p < product->depth; p++)
                sum += element(&product->a, p, i) * element(&product->b, p, j);
            *c = sum;
        }
}

#else

#include <string.h>

#include "linalg/gemm.h"

static sid__gemm_factor factor_of(const sid__real_factor *factor)
{
    return (sid__gemm_factor){.data = factor->data, .step = factor->step, .is_by_depth = factor->is_by_depth};
}

/* The product packs b anew for every 96 rows. */
size_t sid__panel_count(int64_t rows, int columns, int depth)
{
    return rows > 96 ? sid__gemm_panel_count(depth, columns) : 0;
}

void sid__pack_real(const sid_ctx *ctx, sid__real_factor b, int depth, int columns, sid__real *panel)
{
    (void)sid__gemm_pack_into(ctx, factor_of(&b), depth, columns, panel);
}

void sid__multiply_real(const sid_ctx *ctx, const sid__real_product *product)
{
    sid__gemm_packed packed = {.columns = product->columns, .depth = product->depth};
    memcpy(&packed.panel, &product->packed, sizeof packed.panel); /* read only from here on */
    if (product->panel)
        packed = sid__gemm_pack_into(ctx, factor_of(&product->b), product->depth, product->columns, product->panel);
    sid__gemm(ctx, &(sid__gemm_product){.a = factor_of(&product->a),
                                        .b = factor_of(&product->b),
                                        .packed = product->panel || product->packed ? &packed : NULL,
                                        .c = product->c,
                                        .c_step = product->c_step ? product->c_step : product->columns,
                                        .rows = product->rows,
                                        .columns = product->columns,
                                        .depth = product->depth,
                                        .is_added = product->is_added});
}

#endif
