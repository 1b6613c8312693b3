/* sha256.c: FIPS 180-4, section 6.2, straight from the text; where the CPU has instructions for it (SHA-NI), by those: a
 * catalogue's files are hashed at each open, so this is what opening a large one takes. */
#include "io/sha256.h"

#include <string.h>

#include "base/cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { READ_SIZE = 1 << 18 };

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes (§4.2.2). */
static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, int by)
{
    return x >> by | x << (32 - by);
}

static uint32_t load_big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void store_big_endian(uint32_t value, unsigned char *at)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static void make_schedule(const unsigned char *block, uint32_t w[64])
{
    for (int t = 0; t < 16; t++)
        w[t] = load_big_endian(block + 4 * t);
    for (int t = 16; t < 64; t++) {
        uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
}

static void add_block(uint32_t state[8], const unsigned char *block)
{
    uint32_t w[64], v[8];
    make_schedule(block, w);
    memcpy(v, state, sizeof v);
    for (int t = 0; t < 64; t++) {
        uint32_t sum1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t t1 = v[7] + sum1 + choice + round_constant[t] + w[t];
        uint32_t sum0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + sum0 + majority;
    }
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

void sid__sha256_blocks_portable(uint32_t state[8], const unsigned char *block, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_block(state, block + i * SID__SHA256_BLOCK);
}

#if defined(__x86_64__)
#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))

/* Words 16 and on, four at a time: w[t] from the words 16, 12, 8 and 4 before. */
WITH_SHA static inline __m128i next_words(__m128i w16, __m128i w12, __m128i w8, __m128i w4)
{
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w16, w12), _mm_alignr_epi8(w4, w8, 4));
    return _mm_sha256msg2_epu32(sum, w4);
}

/* The instructions want the state as (a, b, e, f) and (c, d, g, h), highest lane first, and do two rounds each. */
WITH_SHA static void blocks_by_instructions(uint32_t state[8], const unsigned char *block, size_t count)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0xB1);
    __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(state + 4)), 0x1B);
    __m128i abef = _mm_alignr_epi8(badc, hgfe, 8), cdgh = _mm_blend_epi16(hgfe, badc, 0xF0);
    for (; count > 0; count--, block += SID__SHA256_BLOCK) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4];
#pragma GCC unroll 16
        for (int g = 0; g < 16; g++) {
            if (g < 4)
                w[g] =
                    _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(block + (ptrdiff_t)16 * g)), swap);
            else
                w[g % 4] = next_words(w[g % 4], w[(g + 1) % 4], w[(g + 2) % 4], w[(g + 3) % 4]);
            __m128i key = _mm_loadu_si128((const __m128i *)(const void *)(round_constant + (ptrdiff_t)4 * g));
            __m128i sum = _mm_add_epi32(w[g % 4], key);
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    __m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}
#endif

void sid__sha256_blocks(uint32_t state[8], const unsigned char *block, size_t count, bool by_instructions)
{
#if defined(__x86_64__)
    if (by_instructions) {
        blocks_by_instructions(state, block, count);
        return;
    }
#endif
    (void)by_instructions;
    sid__sha256_blocks_portable(state, block, count);
}

void sid__sha256_init(sid__sha256 *hash)
{
    *hash = (sid__sha256){
        .by_instructions = sid__cpu_has_sha(),
        .state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void sid__sha256_update(sid__sha256 *hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    hash->total_size += size;
    while (size > 0) {
        size_t room = sizeof hash->block - hash->block_used, take = size < room ? size : room;
        if (hash->block_used == 0 && take == sizeof hash->block) {
            take = size - size % sizeof hash->block;
            sid__sha256_blocks(hash->state, at, take / sizeof hash->block, hash->by_instructions);
        } else {
            memcpy(hash->block + hash->block_used, at, take);
            hash->block_used += take;
        }
        if (hash->block_used == sizeof hash->block) {
            sid__sha256_blocks(hash->state, hash->block, 1, hash->by_instructions);
            hash->block_used = 0;
        }
        at += take;
        size -= take;
    }
}

void sid__sha256_final(sid__sha256 *hash, unsigned char digest[SID__SHA256_SIZE])
{
    static const unsigned char padding[64] = {0x80};
    uint64_t bit_count = hash->total_size * 8;
    size_t used = hash->block_used;
    unsigned char length[8];
    store_big_endian((uint32_t)(bit_count >> 32), length);
    store_big_endian((uint32_t)bit_count, length + 4);
    sid__sha256_update(hash, padding, used < 56 ? 56 - used : 120 - used);
    sid__sha256_update(hash, length, sizeof length);
    for (int i = 0; i < 8; i++)
        store_big_endian(hash->state[i], digest + 4 * i);
}

void sid__sha256_hex(const unsigned char digest[SID__SHA256_SIZE], char hex[SID__SHA256_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < SID__SHA256_SIZE; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * SID__SHA256_SIZE] = 0;
}

static sid_status hash_file(const sid__file *file, int64_t size, sid__sha256 *hash, sid_error *err)
{
    char *buffer = NULL;
    sid_status status = sid__alloc(&buffer, READ_SIZE, 1, "a read buffer", err);
    for (int64_t offset = 0; status == SID_OK && offset < size;) {
        size_t step = size - offset < READ_SIZE ? (size_t)(size - offset) : READ_SIZE;
        status = sid__file_read(file, buffer, step, offset, err);
        if (status == SID_OK)
            sid__sha256_update(hash, buffer, step);
        offset += (int64_t)step;
    }
    sid__free(buffer);
    return status;
}

void sid__sha256_bytes(const void *bytes, size_t size, char hex[SID__SHA256_HEX_SIZE])
{
    unsigned char digest[SID__SHA256_SIZE];
    sid__sha256 hash;
    sid__sha256_init(&hash);
    sid__sha256_update(&hash, bytes, size);
    sid__sha256_final(&hash, digest);
    sid__sha256_hex(digest, hex);
}

sid_status sid__sha256_file(const char *path, unsigned char digest[SID__SHA256_SIZE], int64_t *size, sid_error *err)
{
    sid__file file = {.fd = -1};
    int64_t file_size = 0;
    sid__sha256 hash;
    SID_TRY(sid__file_open(path, &file, &file_size, err));
    sid__sha256_init(&hash);
    sid_status status = hash_file(&file, file_size, &hash, err);
    sid__file_close(&file);
    if (status != SID_OK)
        return status;
    sid__sha256_final(&hash, digest);
    if (size)
        *size = file_size;
    return SID_OK;
}
