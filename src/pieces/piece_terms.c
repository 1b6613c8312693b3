/* piece_terms.c: rows of an item by counting: n-grams and prefixes of its codes, each an index, and the index hashed to the rows
 * there are. Called for every item of every batch, so the loop has no branch on the scheme: a scheme is a list of terms.
 *
 * Departures from the papers: (1) levels may have unequal K, so offsets are sums of products and not powers (the powers would
 * give two prefixes one number); (2) `mod` is Horner's rule with the remainder taken at each code, since K^L overflows 64 bits
 * at six levels of 2048; (3) `mix`, the default, hashes the codes themselves, so that rows that share a divisor with K lose
 * nothing.
 */
#include <inttypes.h>

#include "pieces/pieces.h"

/* The odd number nearest to 2^64 / golden ratio. */
static const uint64_t GOLDEN = 0x9e3779b97f4a7c15U;

/* SplitMix64's finaliser. */
static uint64_t mix64(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return x ^ x >> 31;
}

/* ---- Which codes ---- */

static void add_term(sid_pieces *p, int first, int count, int group)
{
    p->term[p->term_count++] = (sid__piece_term){.first = first, .count = count, .group = group};
}

sid_status sid__piece_plan_unigram(sid_pieces *p, sid_error *err)
{
    (void)err;
    for (int l = 0; l < p->levels; l++)
        add_term(p, l, 1, l);
    return SID_OK;
}

/* A number of levels from 1 to all; 0 means all. */
static sid_status take_levels(const sid_pieces *p, const char *name, int64_t given, int *out, sid_error *err)
{
    if (given > p->levels)
        return sid__fail(err, SID_EUSAGE, "%s is %" PRId64 "; SIDs have %d levels, so 1 to %d are possible (0: all)",
                         name, given, p->levels, p->levels);
    *out = given == 0 ? p->levels : (int)given;
    return SID_OK;
}

sid_status sid__piece_plan_ngram(sid_pieces *p, sid_error *err)
{
    int n = 0, depth = 0, group = 0;
    SID_TRY(take_levels(p, "n", p->settings.n, &n, err));
    SID_TRY(take_levels(p, "depth", p->settings.depth, &depth, err));
    for (int l = 0; l < depth; l += n)
        add_term(p, l, l + n <= depth ? n : depth - l, group++);
    return SID_OK;
}

sid_status sid__piece_plan_bigrams(sid_pieces *p, sid_error *err)
{
    if (p->levels < 2)
        return sid__fail(err, SID_EUSAGE, "all-bigrams needs SIDs of 2 levels or more, and these have 1; take unigram");
    for (int l = 0; l + 1 < p->levels; l++)
        add_term(p, l, 2, l);
    return SID_OK;
}

sid_status sid__piece_plan_prefix(sid_pieces *p, sid_error *err)
{
    int n = 0;
    SID_TRY(take_levels(p, "n", p->settings.n, &n, err));
    for (int l = 0; l < n; l++) {
        add_term(p, 0, l + 1, 0);
        p->term[l].goes_on = l > 0;
    }
    return SID_OK;
}

/* ---- How many rows ---- */

/* a + b, a x b; false when 128 bits do not hold it. */
static bool add_wide(sid__u128 *a, sid__u128 b)
{
    return !__builtin_add_overflow(*a, b, a);
}

static bool multiply_wide(sid__u128 *a, sid__u128 b)
{
    return !__builtin_mul_overflow(*a, b, a);
}

/* Where the term's indices end; false when 128 bits do not hold it. */
static bool end_of_term(const sid_pieces *p, const sid__piece_term *term, sid__u128 offset, sid__u128 *end)
{
    sid__u128 size = 1;
    for (int l = term->first; l < term->first + term->count; l++)
        if (!multiply_wide(&size, (sid__u128)p->codes[l]))
            return false;
    *end = offset;
    return add_wide(end, size);
}

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* (a x b) mod m */
static uint64_t multiply_mod(uint64_t a, uint64_t b, uint64_t m)
{
    return (uint64_t)((sid__u128)a * b % m);
}

/* A divisor that H and K share makes deep rows forget the first codes: with K = 2048 and H = 2^20 depth 3 no longer sees c_1. */
static void warn_of_divisor(const sid_pieces *p)
{
    for (int l = 1; l < p->levels; l++) {
        uint64_t shared = greatest_divisor((uint64_t)p->settings.rows, (uint64_t)p->codes[l]);
        if (shared > 1 && p->term_count > 0) {
            sid__ctx_warn(p->ctx,
                          "hash=mod: %" PRId64 " rows and the %d codes of level %d share the divisor %" PRIu64
                          ", so rows of several codes forget the first of them; take an odd prime, or hash=mix",
                          p->settings.rows, p->codes[l], l + 1, shared);
            return;
        }
    }
}

static void set_offset_mod(sid_pieces *p)
{
    uint64_t rows = (uint64_t)p->settings.rows, offset = 0;
    for (int t = 0; t < p->term_count; t++) {
        sid__piece_term *term = &p->term[t];
        uint64_t size = 1 % rows;
        term->offset_mod = offset;
        for (int l = term->first; l < term->first + term->count; l++)
            size = multiply_mod(size, (uint64_t)p->codes[l] % rows, rows);
        offset = (offset + size) % rows;
    }
}

static sid_status take_all_rows(sid_pieces *p, bool is_exact, sid__u128 end, sid_error *err)
{
    if (!is_exact || end > (sid__u128)SID_PIECE_ROWS_MAX)
        return sid__fail(err, SID_EUSAGE,
                         "hash=none needs a row for each index, and there are more than %lld; take hash=mix with rows",
                         (long long)SID_PIECE_ROWS_MAX);
    if (p->has_rows && p->settings.rows != (int64_t)end)
        return sid__fail(err, SID_EUSAGE,
                         "rows is %" PRId64 ", and hash=none has %" PRId64
                         " rows here: leave rows out, or take hash=mix",
                         p->settings.rows, (int64_t)end);
    p->settings.rows = (int64_t)end;
    return SID_OK;
}

sid_status sid__piece_plan_hash(sid_pieces *p, sid_error *err)
{
    sid__u128 offset = 0, end = 0;
    bool is_exact = true; /* so far 128 bits hold all indices */
    for (int t = 0; t < p->term_count; t++) {
        sid__piece_term *term = &p->term[t];
        is_exact = is_exact && end_of_term(p, term, offset, &end);
        term->offset = (uint64_t)offset;
        term->fits = is_exact && end - 1 <= UINT64_MAX;
        offset = end;
    }
    p->item_rows_max = p->term_count;
    if (p->settings.hash == SID__HASH_NONE)
        return take_all_rows(p, is_exact, end, err);
    if (p->settings.hash == SID__HASH_MOD) {
        warn_of_divisor(p);
        set_offset_mod(p);
    }
    return SID_OK;
}

/* ---- Rows ---- */

bool sid__piece_index(const sid_pieces *p, int term, const uint16_t *codes, sid__u128 *out)
{
    sid__u128 offset = 0, v = 0;
    for (int t = 0; t < term; t++)
        if (!end_of_term(p, &p->term[t], offset, &offset))
            return false;
    for (int i = 0; i < p->term[term].count; i++) {
        int l = p->term[term].first + i;
        if (!multiply_wide(&v, (sid__u128)p->codes[l]) || !add_wide(&v, codes[l]))
            return false;
    }
    *out = offset;
    return add_wide(out, v);
}

static void rows_mix(const sid_pieces *p, const uint16_t *codes, uint64_t *rows)
{
    uint64_t g = 0;
    for (int t = 0, l = 0; t < p->term_count; t++) {
        const sid__piece_term *term = &p->term[t];
        if (!term->goes_on) {
            g = mix64((uint64_t)p->settings.seed + GOLDEN * ((uint64_t)term->group + 1));
            l = term->first;
        }
        for (; l < term->first + term->count; l++)
            g = mix64(g + ((uint64_t)codes[l] + 1) * GOLDEN);
        rows[t] = (uint64_t)((sid__u128)g * (uint64_t)p->settings.rows >> 64);
    }
}

static void rows_mod(const sid_pieces *p, const uint16_t *codes, uint64_t *rows)
{
    uint64_t modulus = (uint64_t)p->settings.rows, v = 0; /* v < 2^47 and K <= 2^16, so v x K + c < 2^63 */
    for (int t = 0, l = 0; t < p->term_count; t++) {
        const sid__piece_term *term = &p->term[t];
        if (!term->goes_on) {
            v = 0;
            l = term->first;
        }
        for (; l < term->first + term->count; l++)
            v = (v * (uint64_t)p->codes[l] + codes[l]) % modulus;
        rows[t] = (term->offset_mod + v) % modulus;
    }
}

/* The index itself, where 64 bits hold all of the term's; else, for hash=key, what hash=mix makes of the codes. */
static void rows_exact(const sid_pieces *p, const uint16_t *codes, uint64_t *rows)
{
    uint64_t v = 0, g = 0;
    for (int t = 0, l = 0; t < p->term_count; t++) {
        const sid__piece_term *term = &p->term[t];
        if (!term->goes_on) {
            v = 0;
            g = mix64((uint64_t)p->settings.seed + GOLDEN * ((uint64_t)term->group + 1));
            l = term->first;
        }
        for (; l < term->first + term->count; l++) {
            v = v * (uint64_t)p->codes[l] + codes[l];
            g = mix64(g + ((uint64_t)codes[l] + 1) * GOLDEN);
        }
        rows[t] = term->fits ? term->offset + v : g;
    }
}

void sid__piece_rows(const sid_pieces *p, const uint16_t *codes, uint64_t *rows)
{
    switch (p->settings.hash) {
    case SID__HASH_MIX:
        rows_mix(p, codes, rows);
        return;
    case SID__HASH_MOD:
        rows_mod(p, codes, rows);
        return;
    default:
        rows_exact(p, codes, rows);
        return;
    }
}
