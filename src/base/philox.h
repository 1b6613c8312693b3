/* philox.h: all randomness. Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 * a counter-based generator, so that draw `index` of stream `stream` is the same on any thread in any order.
 */
#ifndef SEMID_BASE_PHILOX_H
#define SEMID_BASE_PHILOX_H

#include <stdint.h>

/* One number a use, so that two uses of one seed never share draws. Add at the end only: the numbers are part of what
 * makes a seed reproducible. */
enum sid__stream {
    SID__STREAM_SAMPLE = 1, /* rows of the fit sample */
    SID__STREAM_INIT,       /* k-means start; + 64 a level is added by the caller through `index` */
    SID__STREAM_SUBSPACE,   /* start of subspace iteration */
    SID__STREAM_SVD,        /* randomised SVD */
    SID__STREAM_SYNTH,
    SID__STREAM_QUERY, /* seeded queries of the health report */
    SID__STREAM_VERIFY,
    SID__STREAM_ID,
    SID__STREAM_TEST,
    SID__STREAM_SHUFFLE,  /* categories, for what purity is by chance */
    SID__STREAM_ORDER,    /* turns of balanced greedy codes */
    SID__STREAM_ADVISE,   /* rows that trials are fitted on */
    SID__STREAM_MAP,      /* items on the map */
    SID__STREAM_WEIGHTS,  /* start of networks */
    SID__STREAM_EPOCH,    /* order of rows in training */
    SID__STREAM_HELD,     /* rows held out */
    SID__STREAM_REVIVAL,  /* rows that dead codes become */
    SID__STREAM_TIES,     /* order of events of one moment */
    SID__STREAM_RESAMPLE, /* users of a bootstrap */
    SID__STREAM_DROPOUT,
    SID__STREAM_WORLD,      /* the synthetic world */
    SID__STREAM_NEGATIVE,   /* items drawn against the right one */
    SID__STREAM_NOISE,      /* of soft codes */
    SID__STREAM_BATCHES,    /* order of samples and batches */
    SID__STREAM_CROP,       /* windows of histories */
    SID__STREAM_TIES_AGAIN, /* order of events of one moment, by epoch */
    SID__STREAM_TABLE,      /* initial rows of tables; + 256 a block of four elements */
    SID__STREAM_ADMIT,      /* chance of a key to get a row */
    SID__STREAM_MASK,       /* items hidden in training */
    SID__STREAM_IGNORED,    /* items shown with a click and ignored */
    SID__STREAM_COLD,       /* items whose train events are left out */
    SID__STREAM_TWINS,      /* users that twins are shown to */
    SID__STREAM_PREFIXES,   /* prefixes of a history */
    SID__STREAM_USERS       /* samples whose user is left out */
};

/* Four 32-bit words of counter `index` in `stream`. */
void sid__philox(uint64_t seed, uint32_t stream, uint64_t index, uint32_t out[4]);
/* 64 bits. */
uint64_t sid__philox_u64(uint64_t seed, uint32_t stream, uint64_t index);
/* [0, 1), 53 bits. */
double sid__philox_uniform(uint64_t seed, uint32_t stream, uint64_t index);
/* 0..bound-1 without bias worth a name (64-bit multiply-shift; bias < bound / 2^64). */
uint64_t sid__philox_below(uint64_t seed, uint32_t stream, uint64_t index, uint64_t bound);

#endif
