/* self_test.c: what `semid doctor` runs: every kernel path of this CPU against the scalar reference, on data made to be
 * hard: integer lattice points full of ties, points half-way between two codes, large offsets, denormals. And bf16 products,
 * whose instruction the library takes to do what is written in bf16_tile.h.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/philox.h"
#include "kernel/assign.h"
#include "kernel/bf16_tile.h"

enum { ROWS = 768, DIM = 37, CODES = 70, CASES = 4, GROUPS = (CODES + SID__GROUP - 1) / SID__GROUP };

typedef struct self_test {
    float *x, *code, *score; /* (ROWS, DIM), (CODES, DIM), a block's scores */
    int *index;
    uint16_t *label;
    sid__codebook book;
} self_test;

static int64_t draw(int test, int64_t index, uint64_t bound)
{
    return (int64_t)sid__philox_below((uint64_t)test, SID__STREAM_TEST, (uint64_t)index, bound);
}

static uint64_t draw_bits(int test, int64_t index)
{
    return sid__philox_u64((uint64_t)test, SID__STREAM_TEST, (uint64_t)index);
}

static void make_case(self_test *t, int test)
{
    static const float unit[CASES] = {1.0f, 0.25f, 1.0e12f, 1.0e-42f};
    for (int64_t i = 0; i < CODES * DIM; i++)
        t->code[i] = (float)(draw(test, i, 5) - 2) * unit[test];
    for (int64_t i = 0; i < ROWS * DIM; i++)
        t->x[i] = (float)(draw(test, CODES * DIM + i, 5) - 2) * unit[test];
    for (int i = 0; i < ROWS && test == 1; i++) { /* half-way between two codes */
        const float *a = t->code + draw(test, 1000000 + i, CODES) * DIM;
        const float *b = t->code + draw(test, 2000000 + i, CODES) * DIM;
        for (int d = 0; d < DIM; d++)
            t->x[i * DIM + d] = (a[d] + b[d]) / 2;
    }
    sid__codebook_pack(&t->book);
}

static sid_status run_case(self_test *t, sid__isa isa, int test, sid_error *err)
{
    make_case(t, test);
    sid__assign_rows(sid__kernels_for(isa), &t->book, t->x, ROWS, t->score, t->index, t->label);
    for (int i = 0; i < ROWS; i++) {
        uint16_t expected = sid__assign_reference(&t->book, t->x + (int64_t)i * DIM, NULL);
        if (t->label[i] != expected)
            return sid__fail(err, SID_EINTERNAL,
                             "self-test: the %s path gives label %d for row %d of case %d, the reference gives %d; "
                             "use SEMID_ISA=portable and report this CPU",
                             sid__isa_name(isa), t->label[i], i, test, expected);
    }
    return SID_OK;
}

enum { TILE_ROWS = 8, TILE_COLUMNS = 48, TILE_PAIRS = 16, TILE_SPREADS = 4 };

/* Numbers of a spread: of usual size, with sums that cancel, or products near 2^-126. */
static void fill_bf16(uint16_t *x, int count, int spread, uint64_t part)
{
    static const unsigned low[TILE_SPREADS] = {120, 127, 61, 64}, range[TILE_SPREADS] = {12, 1, 5, 1};
    for (int i = 0; i < count; i++) {
        unsigned draw = (unsigned)draw_bits(spread, (int64_t)(part << 32) + i);
        x[i] = (uint16_t)((draw & 0x807F) | (low[spread] + (draw >> 16) % range[spread]) << 7);
    }
}

/* Bit by bit: 0 and -0 differ. */
static bool are_same_bits(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size) == 0;
}

static sid_status run_products(sid__isa isa, sid_error *err)
{
    uint16_t a[TILE_ROWS * TILE_PAIRS * 2], b[TILE_COLUMNS * TILE_PAIRS * 2];
    float expected[TILE_ROWS * TILE_COLUMNS], c[TILE_ROWS * TILE_COLUMNS];
    sid__bf16_block block = {.a = a, .a_lane = 2 * TILE_PAIRS, .a_pair = 2, .b = b, .c_step = TILE_COLUMNS};
    block.b_group = (int64_t)TILE_PAIRS * 2 * SID__BF16_GROUP;
    block.rows = TILE_ROWS;
    block.columns = TILE_COLUMNS;
    block.pairs = TILE_PAIRS;
    for (int spread = 0; spread < TILE_SPREADS; spread++) {
        fill_bf16(a, TILE_ROWS * TILE_PAIRS * 2, spread, 1);
        fill_bf16(b, TILE_COLUMNS * TILE_PAIRS * 2, spread, 2);
        block.c = expected;
        sid__bf16_tile_portable.block(&block);
        block.c = c;
        sid__bf16_tile_for(isa)->block(&block);
        if (!are_same_bits(c, expected, sizeof c))
            return sid__fail(err, SID_EINTERNAL,
                             "self-test: bf16 products of the %s path differ from the reference; leave out --precision "
                             "bf16 and report this CPU",
                             sid__isa_name(isa));
    }
    return SID_OK;
}

static sid_status alloc_test(self_test *t, sid_error *err)
{
    size_t padded = (size_t)GROUPS * SID__GROUP;
    SID_TRY(sid__alloc(&t->x, ROWS, DIM * sizeof(float), "self-test rows", err));
    SID_TRY(sid__alloc(&t->code, CODES, DIM * sizeof(float), "self-test codes", err));
    SID_TRY(sid__alloc(&t->score, SID__BLOCK_ROWS, padded * sizeof(float), "self-test scores", err));
    SID_TRY(sid__alloc(&t->index, padded, sizeof(int), "self-test codes", err));
    SID_TRY(sid__alloc(&t->label, ROWS, sizeof(uint16_t), "self-test labels", err));
    t->book = (sid__codebook){.codes = CODES, .dim = DIM, .groups = GROUPS, .code = t->code};
    SID_TRY(sid__alloc(&t->book.packed, padded, DIM * sizeof(float), "self-test codes", err));
    if (sid__isa_is_supported(SID__ISA_AVX512BF16))
        SID_TRY(sid__alloc(&t->book.packed_bf16, padded, (DIM + 1) * sizeof(uint16_t), "self-test codes", err));
    SID_TRY(sid__alloc(&t->book.half, padded, sizeof(float), "self-test norms", err));
    SID_TRY(sid__alloc(&t->book.norm, padded, sizeof(float), "self-test norms", err));
    return sid__alloc(&t->book.half_exact, padded, sizeof(double), "self-test norms", err);
}

static void drop_test(self_test *t)
{
    sid__free(t->x);
    sid__free(t->code);
    sid__free(t->score);
    sid__free(t->index);
    sid__free(t->label);
    sid__free(t->book.packed);
    sid__free(t->book.packed_bf16);
    sid__free(t->book.half);
    sid__free(t->book.norm);
    sid__free(t->book.half_exact);
}

sid_status sid_self_test(sid_ctx *ctx, sid_error *err)
{
    self_test t = {0};
    sid_status status = alloc_test(&t, err);
    for (int isa = 0; isa < SID__ISA_COUNT && status == SID_OK; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        for (int test = 0; test < CASES && status == SID_OK; test++)
            status = run_case(&t, (sid__isa)isa, test, err);
        if (status == SID_OK)
            status = run_products((sid__isa)isa, err);
        sid__ctx_progress(ctx, "self-test", isa + 1, SID__ISA_COUNT, "kernel paths", (double)NAN);
    }
    drop_test(&t);
    return status;
}
