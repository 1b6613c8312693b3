/* fuzz_safetensors.c: tensor files. Oracle: a set that was read, written and read again is the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "io/safetensors.h"

static void check_equal(const sid__tensor_set *a, const sid__tensor_set *b)
{
    FUZZ_CHECK(a->count == b->count);
    for (int64_t i = 0; i < a->count; i++) {
        const sid__tensor *left = &a->tensor[i], *right = sid__tensor_find(b, left->name);
        size_t size = 0;
        FUZZ_CHECK(right && left->dtype == right->dtype && left->rank == right->rank);
        FUZZ_CHECK(memcmp(left->shape, right->shape, sizeof left->shape) == 0);
        FUZZ_CHECK(sid__shape_size(left->dtype, left->rank, left->shape, &size));
        FUZZ_CHECK(size == 0 || memcmp(left->data, right->data, size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sid__tensor_set set = {0}, again = {0};
    sid_error err = {0};
    if (sid__safetensors_parse((const char *)data, size, "fuzz", &set, &err) != SID_OK) {
        FUZZ_CHECK(err.status == SID_EDATA && err.message[0]);
        return 0;
    }
    char path[64];
    (void)snprintf(path, sizeof path, "/tmp/semid-fuzz-%ld", (long)getpid());
    FUZZ_CHECK(sid__safetensors_write(&set, path, NULL) == SID_OK);
    FUZZ_CHECK(sid__safetensors_read(path, &again, NULL) == SID_OK);
    (void)unlink(path);
    check_equal(&set, &again);
    sid__tensor_set_drop(&again);
    sid__tensor_set_drop(&set);
    return 0;
}
