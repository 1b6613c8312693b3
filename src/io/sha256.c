/* sha256.c: FIPS 180-4, section 6.2, straight from the text. About 200 MB/s, which is enough for files that are read from
 * a disk once. */
#include "io/sha256.h"

#include <string.h>

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

void sid__sha256_init(sid__sha256 *hash)
{
    *hash = (sid__sha256){
        .state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void sid__sha256_update(sid__sha256 *hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    hash->total_size += size;
    while (size > 0) {
        size_t room = sizeof hash->block - hash->block_used, take = size < room ? size : room;
        if (hash->block_used == 0 && take == sizeof hash->block) {
            add_block(hash->state, at);
        } else {
            memcpy(hash->block + hash->block_used, at, take);
            hash->block_used += take;
        }
        if (hash->block_used == sizeof hash->block) {
            add_block(hash->state, hash->block);
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
