/* policy.h: what happens to items that share their base codes (spec/quantizers.md §4). A policy is a row of a table. */
#ifndef SEMID_SID_POLICY_H
#define SEMID_SID_POLICY_H

#include "base/error.h"

enum { SID__DIGIT_NONE = -1, SID__DIGIT_CODES_MIN = 16 };

typedef struct sid__policy {
    const char *name, *style; /* "digit", "tiger"; style "" where there is one kind only */
    const char *summary;
    bool adds_code; /* an item may get one more code, its digit */
    /* At creation: digit of the item at `rank` (0-based) of a bucket of `size`. */
    int64_t (*first)(int64_t rank, int64_t size);
    /* Later: digit of a new item in a bucket that ever held `given` items (removed ones count: digits are not reused),
     * the largest digit being `largest` (SID__DIGIT_NONE: none). */
    int64_t (*next)(int64_t given, int64_t largest);
} sid__policy;

/* Rows in the order of help texts. */
extern const sid__policy sid__policy_table[];
extern const int sid__policy_count;
/* NULL names mean the defaults ("keep"; "tiger"). SID_EUSAGE lists the policies, with a did-you-mean. */
sid_status sid__policy_find(const char *name, const char *style, const sid__policy **out, sid_error *err);
/* K of the added level: max(2 x largest bucket, 16), at most SID_CODES_MAX. */
int sid__digit_codes(int64_t largest_bucket);

/* Digits of all items at creation. `codes` (count, levels) base codes, `distance` (count) to the reconstruction, `id`
 * (count): in a bucket, rank is by distance, then id (bytes). digit (count) gets the result. */
sid_status sid__policy_assign(const sid__policy *policy, const uint16_t *codes, int64_t count, int levels,
                              const double *distance, const char *const *id, int32_t *digit, int64_t *largest_bucket,
                              sid_error *err);

#endif
