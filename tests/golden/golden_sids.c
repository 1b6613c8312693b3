/* golden_sids.c: the same SIDs on every machine. golden_sids [EXPECTED [THREADS]]
 *
 * Fits quantizers on seeded data and prints, a line a case, the SHA-256 of the codebooks and of the SIDs. Each case runs on
 * every kernel path of this CPU, with 1, 2 and 7 threads (or THREADS alone): all must agree. EXPECTED is a file of such lines to compare with;
 * tests/golden/golden_sids.txt holds those that gcc, clang and aarch64 must give (cross.sh). A changed line there moves
 * users' SIDs: the commit says why.
 *
 * Needs base, kernel, linalg, tensor, quant, io/tensor_set, io/id_index, io/rows, io/vectors and io/sha256 only, and no checkpoints, so that
 * it links without any library. The data
 * comes from Philox integers by additions and powers of two: exact everywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "io/sha256.h"
#include "quant/quantizer.h"

enum { ROWS = 3000, DIM = 40, CENTERS = 60, LEVELS = 3, LINE_SIZE = 256 };

#define RQVAE                                                                                                          \
    "steps=40,warm_steps=10,batch=256,hidden=(32),dim=12,watch_every=20,warmup=5,lr=0.003,settle=3,tune_steps=10"

#define FSQ_MLP "projection=mlp,steps=20,batch=256,hidden=(24),watch_every=10,warmup=5,lr=0.003,tune_steps=5"
#define RQKMEANS_PLUS "steps=20,batch=256,hidden=(24),watch_every=10,warmup=5,lr=0.001,settle=2,tune_steps=5"

static const struct golden_case {
    const char *name, *codes, *options, *quantizer; /* quantizer NULL: rkmeans */
} golden_case[] = {
    {"progressive", "64", "init=progressive", NULL},
    {"progressive_refined", "64", "init=progressive,refine=1", NULL},
    {"greedy", "64", "init=greedy", NULL},
    {"greedy_refined", "64", "init=greedy,refine=1", NULL},
    {"uneven_codes", "32,64,16", "", NULL},
    {"beam", "64", "beam=4", NULL},
    {"beam_refined", "64", "refine=1,beam=4", NULL},
    {"pca", "32", "pca=16", NULL},
    {"unit_length", "32", "normalize=l2", NULL},
    {"not_centered", "32", "no_center", NULL},
    {"residual_unit_length", "32", "normalize_residual", NULL},
    {"sample", "32", "sample=1000", NULL},
    {"fsq", NULL, "", "fsq"},
    {"fsq_paper", NULL, "fsq_levels=(8,5,5),shift=tan", "fsq"},
    {"fsq_residual", NULL, "fsq_levels=(4,4,4,3),residual", "fsq"},
    {"fsq_after_kmeans", NULL, "kmeans_levels=1", "fsq"},
    {"fsq_mlp", NULL, FSQ_MLP, "fsq"},
    {"fsq_mlp_after_kmeans", NULL, FSQ_MLP ",kmeans_levels=1", "fsq"},
    {"pq", "64", "", "pq"},
    {"opq", "64", "", "opq"},
    {"opq_whitened", "32,64,16", "whiten,init=progressive", "opq"},
    {"balanced_price", "16", "", "balanced"},
    {"balanced_flow", "16", "method=flow", "balanced"},
    {"balanced_greedy", "16", "method=greedy", "balanced"},
    {"rqvae", "16", RQVAE, "rqvae"},
    {"rqvae_rotation_ema", "16", RQVAE ",estimator=rotation,codebook=ema,standardize=scale", "rqvae"},
    {"rqvae_simvq", "16", RQVAE ",codebook=simvq,reduction=mean", "rqvae"},
    {"rqvae_gumbel_adagrad", "16", RQVAE ",estimator=gumbel,optimizer=adagrad", "rqvae"},
    {"rqvae_dense_transport", "16", RQVAE ",estimator=dense,sinkhorn_eps=0.01", "rqvae"},
    {"rqkmeans_plus", "16", RQKMEANS_PLUS, "rqkmeans-plus"},
    {"rqkmeans_plus_balanced", "16", RQKMEANS_PLUS ",start=balanced,codebook=ema", "rqkmeans-plus"},
    {"rqvae_bf16", "16", RQVAE ",precision=bf16", "rqvae"},
    {"rvq", "16", "steps=40,batch=256,watch_every=20", "rvq"},
    {"rvq_ema", "16", "steps=40,batch=256,watch_every=20,update=ema,settle=2", "rvq"},
};
enum { CASE_COUNT = sizeof golden_case / sizeof *golden_case };

/* x (ROWS, DIM): one of CENTERS corners plus noise, both multiples of 2^-8; falling spread by dimension. */
static void make_data(float *x)
{
    for (int64_t i = 0; i < (int64_t)ROWS * DIM; i++) {
        int64_t row = i / DIM, column = i % DIM;
        uint64_t center = sid__philox_below(7, SID__STREAM_TEST, (uint64_t)row, CENTERS);
        uint64_t corner = sid__philox_u64(8, SID__STREAM_TEST, center * DIM + (uint64_t)column);
        uint64_t noise = sid__philox_u64(9, SID__STREAM_TEST, (uint64_t)i);
        int spread = column < 8 ? 4 : column < 20 ? 2 : 1;
        int value = ((int)(corner & 1023) - 512) * spread + (int)(noise & 255) - 128 + (int)((noise >> 8) & 255) - 128;
        x[i] = (float)value * 0x1p-8F;
    }
}

static void hash_tensors(const sid__tensor_set *set, char hex[SID__SHA256_HEX_SIZE])
{
    unsigned char digest[SID__SHA256_SIZE];
    sid__sha256 hash;
    sid__sha256_init(&hash);
    for (int64_t i = 0; i < set->count; i++) {
        const sid__tensor *tensor = &set->tensor[i];
        size_t size = sid__dtype_size(tensor->dtype);
        for (int axis = 0; axis < tensor->rank; axis++)
            size *= (size_t)tensor->shape[axis];
        sid__sha256_update(&hash, tensor->name, strlen(tensor->name));
        sid__sha256_update(&hash, tensor->data, size);
    }
    sid__sha256_final(&hash, digest);
    sid__sha256_hex(digest, hex);
}

static void hash_codes(const uint16_t *codes, char hex[SID__SHA256_HEX_SIZE])
{
    unsigned char digest[SID__SHA256_SIZE];
    sid__sha256 hash;
    sid__sha256_init(&hash);
    sid__sha256_update(&hash, codes, sizeof *codes * ROWS * LEVELS);
    sid__sha256_final(&hash, digest);
    sid__sha256_hex(digest, hex);
}

/* Fits and encodes; `line` becomes "name tensors codes". */
static sid_status run_once(sid_ctx *ctx, const struct golden_case *trial, const float *x, uint16_t *codes,
                           char line[LINE_SIZE], sid_error *err)
{
    sid_quantizer_options options = {
        .quantizer = trial->quantizer, .levels = LEVELS, .codes = trial->codes, .options = trial->options, .seed = 42};
    uint8_t is_fit[ROWS] = {0};
    sid_quantizer *quantizer = NULL;
    sid__tensor_set set = {0};
    char tensors_hex[SID__SHA256_HEX_SIZE], codes_hex[SID__SHA256_HEX_SIZE];
    sid_status status = sid_quantizer_fit(ctx, &options, x, ROWS, DIM, &quantizer, err);
    if (status == SID_OK)
        status = sid_quantizer_encode(ctx, quantizer, x, ROWS, codes, NULL, err);
    if (status == SID_OK)
        status = sid__quantizer_save(quantizer, &set, err);
    if (status == SID_OK) {
        sid__quantizer_fit_codes(quantizer, codes, is_fit);
        hash_tensors(&set, tensors_hex);
        hash_codes(codes, codes_hex);
        (void)snprintf(line, LINE_SIZE, "%s %s %s", trial->name, tensors_hex, codes_hex);
    }
    sid__tensor_set_drop(&set);
    sid_quantizer_free(quantizer);
    return status;
}

/* Every kernel path and number of threads; false when one differs from the first. */
static bool run_case(sid_ctx *ctx, const struct golden_case *trial, const float *x, uint16_t *codes, int threads_only,
                     char first[LINE_SIZE])
{
    static const int threads_all[] = {1, 2, 7};
    const int *threads = threads_only ? &threads_only : threads_all;
    bool is_same = true;
    first[0] = 0;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        for (int i = 0; i < (threads_only ? 1 : 3); i++) {
            sid_error err = {0};
            char line[LINE_SIZE];
            if (sid_ctx_set_isa(ctx, sid__isa_name((sid__isa)isa), &err) != SID_OK ||
                sid_ctx_set_threads(ctx, threads[i], &err) != SID_OK ||
                run_once(ctx, trial, x, codes, line, &err) != SID_OK) {
                (void)fprintf(stderr, "%s: %s\n", trial->name, err.message);
                return false;
            }
            if (!first[0])
                memcpy(first, line, sizeof line);
            if (strcmp(first, line) != 0) {
                (void)fprintf(stderr, "%s with %d threads differs:\n  %s\n  %s\n", sid__isa_name((sid__isa)isa),
                              threads[i], first, line);
                is_same = false;
            }
        }
    }
    return is_same;
}

/* Is `line` a line of the text? */
static bool is_expected(const char *expected, const char *line)
{
    size_t length = strlen(line);
    for (const char *at = strstr(expected, line); at; at = strstr(at + 1, line))
        if ((at == expected || at[-1] == '\n') && (at[length] == '\n' || at[length] == 0))
            return true;
    (void)fprintf(stderr, "not as expected: %s\n", line);
    return false;
}

int main(int argc, char **argv)
{
    sid_error err = {0};
    sid_ctx *ctx = NULL;
    char *expected = NULL;
    int64_t expected_size = 0;
    if (sid_ctx_create(&ctx, &err) != SID_OK ||
        (argc > 1 && sid__read_whole(argv[1], 1 << 20, &expected, &expected_size, &err) != SID_OK)) {
        (void)fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    int threads_only = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
    float *x = calloc((size_t)ROWS * DIM, sizeof *x);
    uint16_t *codes = calloc((size_t)ROWS * LEVELS, sizeof *codes);
    bool is_good = x && codes;
    if (is_good)
        make_data(x);
    for (int i = 0; x && codes && i < CASE_COUNT; i++) {
        char line[LINE_SIZE];
        is_good = run_case(ctx, &golden_case[i], x, codes, threads_only, line) && is_good;
        (void)printf("%s\n", line);
        is_good = (!expected || is_expected(expected, line)) && is_good;
    }
    free(x);
    free(codes);
    sid__free(expected);
    sid_ctx_free(ctx);
    return is_good ? 0 : 1;
}
