/* philox.c: Philox4x32-10, Salmon, Moraes, Dror, Shaw (SC 2011), section 3.2. Key = seed; counter = index, stream.
 * Checked against the known-answer vectors of the paper's reference library in tests/unit/test_philox.c.
 */
#include "base/philox.h"

#define MULTIPLIER_0 0xD2511F53u
#define MULTIPLIER_1 0xCD9E8D57u
#define WEYL_0 0x9E3779B9u
#define WEYL_1 0xBB67AE85u

void sid__philox(uint64_t seed, uint32_t stream, uint64_t index, uint32_t out[4])
{
    uint32_t key_0 = (uint32_t)seed, key_1 = (uint32_t)(seed >> 32);
    uint32_t c0 = (uint32_t)index, c1 = (uint32_t)(index >> 32), c2 = stream, c3 = 0;
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)MULTIPLIER_0 * c0, p1 = (uint64_t)MULTIPLIER_1 * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ key_0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ key_1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        key_0 += WEYL_0;
        key_1 += WEYL_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint64_t sid__philox_u64(uint64_t seed, uint32_t stream, uint64_t index)
{
    uint32_t word[4];
    sid__philox(seed, stream, index, word);
    return (uint64_t)word[1] << 32 | word[0];
}

double sid__philox_uniform(uint64_t seed, uint32_t stream, uint64_t index)
{
    return (double)(sid__philox_u64(seed, stream, index) >> 11) * 0x1p-53;
}

uint64_t sid__philox_below(uint64_t seed, uint32_t stream, uint64_t index, uint64_t bound)
{
    __extension__ typedef unsigned __int128 u128;
    return (uint64_t)(((u128)sid__philox_u64(seed, stream, index) * bound) >> 64);
}
