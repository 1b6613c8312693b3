/* policy.h: what happens to items that share their base codes (spec/quantizers.md §4). A policy is a row of a table: name,
 * summary, paper, options, and what it does with codes. policy_move.h changes codes at creation; digits (one more code)
 * are given here, so that creation, import and later changes agree.
 */
#ifndef SEMID_SID_POLICY_H
#define SEMID_SID_POLICY_H

#include "base/options.h"

enum { SID__DIGIT_NONE = -1, SID__DIGIT_CODES_MIN = 16 };

/* Orders of the choices in the option tables of policy.c. */
typedef enum sid__style { SID__STYLE_TIGER, SID__STYLE_GRID } sid__style;
typedef enum sid__duplicates { SID__DUPLICATES_KEEP, SID__DUPLICATES_MERGE, SID__DUPLICATES_ERROR } sid__duplicates;
typedef enum sid__overflow { SID__OVERFLOW_ERROR, SID__OVERFLOW_BEAM, SID__OVERFLOW_DIGIT } sid__overflow;
typedef enum sid__then { SID__THEN_KEEP, SID__THEN_DIGIT, SID__THEN_SUFFIX, SID__THEN_REASSIGN } sid__then;

typedef struct sid__policy_options {
    int64_t cap;
    double epsilon;
    int style, duplicates, overflow, then;
} sid__policy_options;

/* How an added code is given. */
typedef enum sid__digits {
    SID__DIGITS_NONE,
    SID__DIGITS_TIGER,  /* all get 0..n-1 by rank */
    SID__DIGITS_GRID,   /* 0 if alone, else 1..n */
    SID__DIGITS_SUFFIX, /* those that a SID has room for stay as they are, the others get 1, 2, .. */
    SID__DIGITS_LATER   /* none at creation; later as SUFFIX */
} sid__digits;

struct sid__moving;
typedef struct sid__policy_class {
    sid_family info; /* options into sid__policy_options */
    /* At creation, moves items to other codes; NULL: base codes stay as the quantizer chose them. */
    sid_status (*move)(struct sid__moving *moving, sid_error *err);
    int64_t room; /* items that a SID holds before the policy acts; 0: as `cap` says */
} sid__policy_class;

/* A policy with its options; a plain value. */
typedef struct sid__policy {
    const sid__policy_class *class;
    sid__policy_options options;
    sid__digits digits;
    int64_t room; /* > 0 */
} sid__policy;

/* Rows in the order of help texts. */
extern const sid__policy_class *const sid__policy_table[];
extern const int sid__policy_count;
/* NULL: "keep"; "tiger"; no options ("cap=3,overflow=beam"). SID_EUSAGE lists what there is, with a did-you-mean. */
sid_status sid__policy_create(const char *name, const char *style, const char *options, sid__policy *out,
                              sid_error *err);
/* "tiger", "grid", or "" where there is one kind only. */
const char *sid__policy_style(const sid__policy *policy);
/* Options that differ from their defaults, without the style: what the manifest keeps and create takes. */
sid_status sid__policy_options_text(const sid__policy *policy, sid__strbuf *out, sid_error *err);
/* Whether an item may get one more code, its digit, now or later. */
static inline bool sid__policy_adds_code(const sid__policy *policy)
{
    return policy->digits != SID__DIGITS_NONE;
}
/* "digit" or "suffix": what tells items of equal codes apart; NULL: nothing. */
const char *sid__policy_digit_name(const sid__policy *policy);

/* At creation: digit of the item at `rank` (0-based) of a bucket of `size`. */
int64_t sid__digit_first(const sid__policy *policy, int64_t rank, int64_t size);
/* Later: digit of a new item in a bucket that ever held `given` items (removed ones count: digits are not reused), the
 * largest digit being `largest` (SID__DIGIT_NONE: none). */
int64_t sid__digit_next(const sid__policy *policy, int64_t given, int64_t largest);
/* K of the added level: max(2 x largest bucket, 16), at most SID_CODES_MAX. */
int sid__digit_codes(int64_t largest_bucket);

/* Digits of all items at creation. `codes` (count, levels), `distance` (count) to the reconstruction, `id` (count): in a
 * bucket, rank is by distance, then id (bytes). `first` (count): the row whose SID a row shares since their vectors are
 * equal, else itself; NULL: each itself. digit (count) gets the result, *largest_bucket counts all rows of a bucket. */
sid_status sid__policy_assign(const sid__policy *policy, const uint16_t *codes, int64_t count, int levels,
                              const double *distance, const char *const *id, const int64_t *first, int32_t *digit,
                              int64_t *largest_bucket, sid_error *err);

#endif
