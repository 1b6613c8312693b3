/* label_case.h: items given as lines of words, for the tests of labels. */
#ifndef SEMID_LABEL_CASE_H
#define SEMID_LABEL_CASE_H

#include "test.h"

#include "sid/label_tokens.h"

__attribute__((unused)) static sid__label_tokens tokens_of(const char *const *text, int64_t count)
{
    sid__label_tokens t = {0};
    for (int64_t i = 0; i < count; i++) {
        TEST_OK(sid__label_tokens_add(&t, text[i], err));
        TEST_OK(sid__label_tokens_end_item(&t, err));
    }
    return t;
}

#endif
