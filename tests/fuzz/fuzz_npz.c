/* fuzz_npz.c: zip directories, deflate streams and the arrays in them. Oracle: two readings give the same floats. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "io/npz.h"

enum { ELEMENTS_MAX = 1 << 16 };

/* The array, or NULL; *count gets its elements. */
static float *read_array(const uint8_t *data, size_t size, size_t *count)
{
    sid__npz_reader reader = {0};
    sid_error err = {0};
    float *out = NULL;
    if (sid__npz_parse((const char *)data, size, "fuzz", NULL, &reader, &err) != SID_OK) {
        FUZZ_CHECK(err.status == SID_EDATA && err.message[0]);
        return NULL;
    }
    if (reader.rows <= ELEMENTS_MAX && reader.rows * reader.dim <= ELEMENTS_MAX) {
        *count = (size_t)(reader.rows * reader.dim);
        out = calloc(*count + 1, sizeof *out);
        if (out && sid__npz_read(&reader, out, &err) != SID_OK) {
            FUZZ_CHECK(err.status == SID_EDATA);
            free(out);
            out = NULL;
        }
    }
    sid__npz_close(&reader);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t first_count = 0, second_count = 0;
    float *first = read_array(data, size, &first_count), *second = read_array(data, size, &second_count);
    FUZZ_CHECK(!first == !second);
    if (first && second)
        FUZZ_CHECK(first_count == second_count && memcmp(first, second, first_count * sizeof *first) == 0);
    free(first);
    free(second);
    return 0;
}
