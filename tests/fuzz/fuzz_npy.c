/* fuzz_npy.c: npy headers. Oracle: what is accepted has exactly the size that its shape and dtype say. */

#include "fuzz.h"
#include "io/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sid__npy_header header;
    sid_error err = {0};
    if (sid__npy_parse_header((const char *)data, size, (int64_t)size, "fuzz", &header, &err) != SID_OK) {
        FUZZ_CHECK(err.status == SID_EDATA && err.message[0]);
        return 0;
    }
    size_t data_size = 0;
    FUZZ_CHECK(header.rank >= 0 && header.rank <= SID__RANK_MAX);
    FUZZ_CHECK(sid__shape_size(header.dtype, header.rank, header.shape, &data_size));
    FUZZ_CHECK((size_t)header.data_offset + data_size == size);
    if (sid__npy_check_matrix(&header, "fuzz", NULL) == SID_OK)
        FUZZ_CHECK(header.rank == 2 && header.shape[1] >= 1 && header.shape[1] <= SID_DIM_MAX);
    return 0;
}
