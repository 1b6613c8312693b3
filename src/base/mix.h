/* mix.h: SplitMix64's finaliser (Steele, Lea, Flood, OOPSLA 2014): a bijection of 64 bits whose every output bit depends on
 * every input bit. What tables and pieces hash with; part of their formats.
 */
#ifndef SEMID_BASE_MIX_H
#define SEMID_BASE_MIX_H

#include <stdint.h>

#define SID__MIX_GAMMA UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / the golden ratio, odd */

static inline uint64_t sid__mix64(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* (x * bound) >> 64: 0 .. bound - 1. */
static inline uint64_t sid__scale64(uint64_t x, uint64_t bound)
{
    __extension__ typedef unsigned __int128 u128;
    return (uint64_t)(((u128)x * bound) >> 64);
}

#endif
