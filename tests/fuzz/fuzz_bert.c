/* fuzz_bert.c: encoder.safetensors of a BERT model whose hash is right but whose content is not ours (configuration, vocabulary,
 * weights), then a text: what stands before the first 0xff is a text, the rest the tensors. Oracles: a loaded encoder, saved
 * and loaded again, encodes the same; all that it gives is finite.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "embed/encoder.h"
#include "fuzz.h"
#include "io/safetensors.h"

enum { OUT_MAX = 4096 };

static const sid_encoder_options options = {.encoder = "bert", .options = "max_tokens=16"};

static void check_same_text(const sid_encoder *first, const sid_encoder *second, const char *text)
{
    static float a[OUT_MAX], b[OUT_MAX];
    if (sid_encoder_dim(first) > OUT_MAX)
        return;
    FUZZ_CHECK(sid_encoder_dim(first) == sid_encoder_dim(second));
    sid_status status = sid_encoder_encode_text(first, text, a, NULL);
    FUZZ_CHECK(status == sid_encoder_encode_text(second, text, b, NULL));
    if (status != SID_OK)
        return;
    FUZZ_CHECK(memcmp(a, b, (size_t)sid_encoder_dim(first) * sizeof *a) == 0);
    for (int d = 0; d < sid_encoder_dim(first); d++)
        FUZZ_CHECK(isfinite(a[d]));
}

static void check_round_trip(const sid_encoder *first, const char *text)
{
    sid__tensor_set set = {0};
    sid_encoder *second = NULL;
    FUZZ_CHECK(sid__encoder_save(first, &set, NULL) == SID_OK);
    FUZZ_CHECK(sid__encoder_load(&options, &set, &second, NULL) == SID_OK);
    check_same_text(first, second, text);
    sid_encoder_free(second);
    sid__tensor_set_drop(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *mark = size ? memchr(data, 0xff, size) : NULL;
    sid__tensor_set set = {0};
    sid_encoder *encoder = NULL;
    sid_error err = {0};
    if (!mark)
        return 0;
    size_t text_size = (size_t)(mark - data);
    char *text = calloc(text_size + 1, 1);
    FUZZ_CHECK(text);
    memcpy(text, data, text_size);
    if (sid__safetensors_parse((const char *)mark + 1, size - text_size - 1, "fuzz", &set, &err) == SID_OK) {
        if (sid__encoder_load(&options, &set, &encoder, &err) == SID_OK)
            check_round_trip(encoder, text);
        else
            FUZZ_CHECK(err.message[0] && sid_status_exit_code(err.status) >= 2);
    }
    sid_encoder_free(encoder);
    sid__tensor_set_drop(&set);
    free(text);
    return 0;
}
