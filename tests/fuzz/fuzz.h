/* fuzz.h: what a fuzz target is: one function that takes any bytes and returns 0.
 *
 * A target must not crash, leak, hang or read past `size`, whatever the bytes; beside that it holds an oracle: a round
 * trip, or equal answers by two paths, checked with FUZZ_CHECK. libFuzzer calls it, or replay.c with the kept corpus.
 */
#ifndef SEMID_TESTS_FUZZ_H
#define SEMID_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process where libFuzzer and ctest see it, also with NDEBUG. */
#define FUZZ_CHECK(condition)                                                                                          \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            __builtin_trap();                                                                                          \
    } while (0)

#endif
