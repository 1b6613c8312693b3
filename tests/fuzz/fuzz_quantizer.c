/* fuzz_quantizer.c: quantizer.safetensors whose hash is right but whose content is not ours; the first byte chooses levels and
 * dimensions. Oracles: a loaded quantizer, saved and loaded again, gives the same codes; they are in range, and decode.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "io/safetensors.h"
#include "quant/quantizer.h"

enum { ROWS = 3, DIM_MAX = 8, CODES = 4, LEVELS_MAX = 4 };

static void check_same_codes(sid_ctx *ctx, const sid_quantizer *first, const sid_quantizer *second, int dim)
{
    float x[ROWS * DIM_MAX], back[ROWS * DIM_MAX];
    uint16_t a[ROWS * LEVELS_MAX], b[ROWS * LEVELS_MAX];
    int levels = sid_quantizer_levels(first);
    for (int i = 0; i < ROWS * dim; i++)
        x[i] = (float)(i * 7 % 11) - 5.0f;
    sid_status status = sid_quantizer_encode(ctx, first, x, ROWS, a, NULL, NULL);
    FUZZ_CHECK(status == sid_quantizer_encode(ctx, second, x, ROWS, b, NULL, NULL));
    if (status != SID_OK)
        return;
    FUZZ_CHECK(memcmp(a, b, (size_t)(ROWS * levels) * sizeof *a) == 0);
    for (int i = 0; i < ROWS * levels; i++)
        FUZZ_CHECK(a[i] < sid_quantizer_codes(first, i % levels));
    FUZZ_CHECK(sid_quantizer_decode(first, a, ROWS, 0, back, NULL) == SID_OK);
}

static void load(sid_ctx *ctx, const sid_quantizer_options *options, int dim, const sid__tensor_set *set)
{
    sid_error err = {0};
    sid_quantizer *first = NULL, *second = NULL;
    sid__tensor_set again = {0};
    if (sid__quantizer_load(options, dim, set, &first, &err) != SID_OK) {
        FUZZ_CHECK(err.message[0] && sid_status_exit_code(err.status) >= 2);
        return;
    }
    FUZZ_CHECK(sid__quantizer_save(first, &again, NULL) == SID_OK);
    FUZZ_CHECK(sid__quantizer_load(options, dim, &again, &second, NULL) == SID_OK);
    check_same_codes(ctx, first, second, dim);
    sid_quantizer_free(second);
    sid_quantizer_free(first);
    sid__tensor_set_drop(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const extra[] = {"", "no_center", "pca=2", "beam=2"};
    static sid_ctx *ctx; /* one for all runs: its threads are costly */
    sid__tensor_set set = {0};
    if (!ctx)
        FUZZ_CHECK(sid_ctx_create(&ctx, NULL) == SID_OK && sid_ctx_set_threads(ctx, 1, NULL) == SID_OK);
    if (size < 2)
        return 0;
    const sid_quantizer_options options = {.quantizer =
                                               sid_quantizer_family(data[1] % sid_quantizer_family_count())->name,
                                           .levels = 1 + data[0] % LEVELS_MAX,
                                           .codes = "4",
                                           .options = extra[(data[0] >> 2) % 4]};
    int dim = 1 + (data[0] >> 4) % DIM_MAX;
    if (sid__safetensors_parse((const char *)data + 2, size - 2, "fuzz", &set, NULL) == SID_OK)
        load(ctx, &options, dim, &set);
    sid__tensor_set_drop(&set);
    return 0;
}
