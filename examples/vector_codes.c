/* vector_codes.c: codes of vectors in memory, without a catalogue: for those who keep items in a database of their own.
 *
 *     cc vector_codes.c $(pkg-config --cflags --libs semid) -lm -o vector_codes && ./vector_codes
 */
#include <math.h>
#include <stdio.h>

#include <semid.h>

enum { N = 256, D = 2, LEVELS = 2 };

int main(void)
{
    float x[N * D], approximation[D]; /* (N, D) row-major: a spiral */
    uint16_t codes[N * LEVELS];
    char sid[SID_SID_TEXT_MAX];
    sid_error err = {0};
    sid_ctx *ctx = NULL;
    sid_quantizer *quantizer = NULL;
    for (int i = 0; i < N; i++) {
        double turn = 12.0 * i / N;
        x[i * D] = (float)(turn * cos(turn));
        x[i * D + 1] = (float)(turn * sin(turn));
    }

    sid_quantizer_options options = {.levels = LEVELS, .codes = "8", .options = "refine=2"};
    if (sid_ctx_create(&ctx, &err) || sid_quantizer_fit(ctx, &options, x, N, D, &quantizer, &err) ||
        sid_quantizer_encode(ctx, quantizer, x, N, codes, NULL, &err))
        (void)fprintf(stderr, "vector_codes: %s\n", err.message);
    for (int i = 0; i < N && !err.status; i += 32) {
        sid_format(&codes[i * LEVELS], LEVELS, sid);
        if (sid_quantizer_decode(quantizer, &codes[i * LEVELS], 1, 0, approximation, &err) == SID_OK)
            (void)printf("(%6.2f, %6.2f)\t%s\tstands for (%6.2f, %6.2f)\n", (double)x[i * D], (double)x[i * D + 1], sid,
                         (double)approximation[0], (double)approximation[1]);
    }

    sid_quantizer_free(quantizer);
    sid_ctx_free(ctx);
    return sid_status_exit_code(err.status);
}
