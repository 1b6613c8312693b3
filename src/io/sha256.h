/* sha256.h: SHA-256 (FIPS 180-4), for finding damage. */
#ifndef SEMID_IO_SHA256_H
#define SEMID_IO_SHA256_H

#include "base/vfs.h"

enum { SID__SHA256_SIZE = 32, SID__SHA256_HEX_SIZE = 65, SID__SHA256_BLOCK = 64 };

typedef struct sid__sha256 {
    uint32_t state[8];
    uint64_t total_size;
    unsigned char block[SID__SHA256_BLOCK];
    size_t block_used;
    bool by_instructions; /* the CPU has them; asking it takes long on virtual machines */
} sid__sha256;

void sid__sha256_init(sid__sha256 *hash);
void sid__sha256_update(sid__sha256 *hash, const void *bytes, size_t size);
void sid__sha256_final(sid__sha256 *hash, unsigned char digest[SID__SHA256_SIZE]);
void sid__sha256_hex(const unsigned char digest[SID__SHA256_SIZE], char hex[SID__SHA256_HEX_SIZE]);
/* Takes `count` blocks into the state: by instructions for it, which the CPU must have, or as it is written. */
void sid__sha256_blocks(uint32_t state[8], const unsigned char *block, size_t count, bool by_instructions);
void sid__sha256_blocks_portable(uint32_t state[8], const unsigned char *block, size_t count);
/* Of bytes in memory, as text. */
void sid__sha256_bytes(const void *bytes, size_t size, char hex[SID__SHA256_HEX_SIZE]);
/* Reads the file in blocks. */
sid_status sid__sha256_file(const char *path, unsigned char digest[SID__SHA256_SIZE], int64_t *size, sid_error *err);

#endif
