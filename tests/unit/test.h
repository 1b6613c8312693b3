/* test.h: what every unit test includes: cmocka in the order it wants, and a few helpers. */
#ifndef SEMID_TEST_H
#define SEMID_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "semid.h"

/* A call that must succeed; prints its message when not. */
#define TEST_OK(call)                                                                                                  \
    do {                                                                                                               \
        sid_error test_err_ = {0};                                                                                     \
        sid_error *err = &test_err_;                                                                                   \
        if ((call) != SID_OK)                                                                                          \
            fail_msg("%s: %s", sid_status_name(test_err_.status), test_err_.message);                                  \
    } while (0)

/* A call that must fail with `wanted` and a message that contains `part`. */
#define TEST_FAILS(call, wanted, part)                                                                                 \
    do {                                                                                                               \
        sid_error test_err_ = {0};                                                                                     \
        sid_error *err = &test_err_;                                                                                   \
        assert_int_equal((call), (wanted));                                                                            \
        assert_int_equal(test_err_.status, (wanted));                                                                  \
        if (!strstr(test_err_.message, (part)))                                                                        \
            fail_msg("message \"%s\" lacks \"%s\"", test_err_.message, (part));                                        \
    } while (0)

#endif
