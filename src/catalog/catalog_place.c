/* catalog_place.c: which SID a new item gets under the catalogue's policy. Live items keep theirs, so only what is free
 * counts: a last code that no live item of the prefix has, a digit that was never given. Codes of removed items are free
 * again, since they say where in space an item lies; digits are not, since they name an item.
 *
 * Equal vectors are looked for among the live items of the same prefix (all codes but the last, which is what policies
 * change) and, where `overflow` is beam, of the SIDs nearest to the item.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "catalog/catalog.h"
#include "sid/last_codes.h"

/* One item being placed. */
typedef struct placing {
    sid_catalog *catalog;
    const float *x;     /* (dim) */
    sid__db_item *item; /* codes and digit are what is looked for */
    float *other;       /* (dim) the vector of an item compared with */
    int64_t *live;      /* (K of the last level) live items of the prefix */
    sid__db_item equal; /* row, codes, digit of the equal item; equal.row -1: none */
    char equal_id[SID_ITEM_ID_MAX + 1];
    int64_t counted;
} placing;

static void set_digit(sid__db_item *item, int64_t digit)
{
    item->digit = (int32_t)digit;
    if (digit != SID__DIGIT_NONE)
        item->codes[item->levels] = (uint16_t)digit;
}

/* ---- Equal vectors ------------------------------------------------------------------------------------------------ */

static sid_status compare_vector(void *user, const sid__db_item *item, sid_error *err)
{
    placing *p = user;
    size_t size = (size_t)p->catalog->manifest.dim * sizeof *p->x;
    if (p->equal.row >= 0)
        return SID_OK;
    SID_TRY(sid__row_vector(p->catalog, item, p->other, err));
    if (memcmp(p->x, p->other, size) != 0)
        return SID_OK;
    p->equal = *item;
    (void)snprintf(p->equal_id, sizeof p->equal_id, "%s", item->item_id);
    return SID_OK;
}

static sid_status find_equal(placing *p, sid_error *err)
{
    sid_catalog *catalog = p->catalog;
    int levels = catalog->manifest.levels, count = 0;
    uint16_t nearest[SID__NEAREST_SIDS * SID_LEVELS_MAX];
    bool is_moving = catalog->policy.class->move != NULL;
    SID_TRY(sid__alloc(&p->other, (size_t)catalog->manifest.dim, sizeof *p->other, "a vector", err));
    SID_TRY(
        sid__item_db_scan_prefix(catalog->db, p->item->codes, is_moving ? levels - 1 : levels, compare_vector, p, err));
    if (p->equal.row >= 0 || catalog->policy.options.overflow != SID__OVERFLOW_BEAM)
        return SID_OK;
    SID_TRY(sid__nearest_sids(catalog->quantizer, p->x, SID__NEAREST_SIDS, nearest, &count, err));
    for (int i = 0; i < count && p->equal.row < 0; i++)
        SID_TRY(sid__item_db_scan_prefix(catalog->db, nearest + i * levels, levels, compare_vector, p, err));
    return SID_OK;
}

/* *is_placed: the item shares the SID of an equal one. */
static sid_status meet_equal(placing *p, bool *is_placed, sid_error *err)
{
    int duplicates = p->catalog->policy.options.duplicates;
    *is_placed = false;
    if (duplicates == SID__DUPLICATES_KEEP)
        return SID_OK;
    SID_TRY(find_equal(p, err));
    if (p->equal.row < 0)
        return SID_OK;
    if (duplicates == SID__DUPLICATES_ERROR)
        return sid__fail(err, SID_EDATA,
                         "\"%s\" has the vector of \"%s\", and this catalogue refuses equal vectors; leave it out",
                         p->item->item_id, p->equal_id);
    memcpy(p->item->codes, p->equal.codes, sizeof p->equal.codes);
    p->item->digit = p->equal.digit;
    *is_placed = true;
    return SID_OK;
}

/* ---- Digits ------------------------------------------------------------------------------------------------------- */

/* The next digit of the bucket of item->codes; *is_full when there is none. */
static sid_status next_digit(const placing *p, int64_t *given, bool *is_full, sid_error *err)
{
    int64_t largest = SID__DIGIT_NONE;
    SID_TRY(sid__item_db_bucket(p->catalog->db, p->item->codes, given, &largest, err));
    int64_t digit = sid__digit_next(&p->catalog->policy, *given, largest);
    *is_full = digit >= p->catalog->manifest.digit_codes;
    if (!*is_full)
        set_digit(p->item, digit);
    return SID_OK;
}

static sid_status fail_digits(const placing *p, int64_t given, sid_error *err)
{
    char prefix[SID_SID_TEXT_MAX];
    sid_format(p->item->codes, p->item->levels, prefix);
    return sid__fail(err, SID_EDATA,
                     "%s is full: %" PRId64 " items had it and the digits 0 to %d are given, removed items' too; "
                     "\"%s\" was not added; fit again with more levels or codes, or with collisions keep",
                     prefix, given, p->catalog->manifest.digit_codes - 1, p->item->item_id);
}

/* ---- Last codes --------------------------------------------------------------------------------------------------- */

static sid_status count_item(void *user, const sid__db_item *item, sid_error *err)
{
    placing *p = user;
    (void)err;
    p->counted++;
    if (p->live)
        p->live[item->codes[item->levels - 1]]++;
    return SID_OK;
}

/* Live items of a SID. */
static sid_status count_live(placing *p, const uint16_t *codes, int64_t *count, sid_error *err)
{
    int64_t *live = p->live;
    p->live = NULL;
    p->counted = 0;
    sid_status status =
        sid__item_db_scan_prefix(p->catalog->db, codes, p->catalog->manifest.levels, count_item, p, err);
    p->live = live;
    *count = p->counted;
    return status;
}

/* The nearest last code with room, ties to the lowest, becomes the item's; *is_full: there is none. */
static sid_status take_last_code(placing *p, const sid__last_codes *last, const double *distance, bool *is_full,
                                 sid_error *err)
{
    int best = -1;
    SID_TRY(sid__item_db_scan_prefix(p->catalog->db, p->item->codes, last->levels - 1, count_item, p, err));
    for (int k = 0; k < last->codes; k++)
        if (p->live[k] < p->catalog->policy.room && (best < 0 || distance[k] < distance[best]))
            best = k;
    *is_full = best < 0;
    if (best >= 0)
        p->item->codes[last->levels - 1] = (uint16_t)best;
    return SID_OK;
}

static sid_status find_last_code(placing *p, bool *is_full, sid_error *err)
{
    sid__last_codes last = {0};
    double *distance = NULL;
    SID_TRY(sid__last_codes_init(p->catalog->quantizer, &last, err));
    sid_status status = sid__alloc(&distance, (size_t)last.codes, sizeof *distance, "distances", err);
    if (status == SID_OK)
        status = sid__alloc(&p->live, (size_t)last.codes, sizeof *p->live, "counts of codes", err);
    if (status == SID_OK) {
        sid__last_codes_set(&last, p->item->codes);
        sid__last_codes_distances(&last, p->x, distance);
        status = take_last_code(p, &last, distance, is_full, err);
    }
    sid__free(distance);
    sid__last_codes_drop(&last);
    return status;
}

/* ---- When a prefix is full ---------------------------------------------------------------------------------------- */

static sid_status fail_prefix(const placing *p, sid_error *err)
{
    char prefix[SID_SID_TEXT_MAX] = "";
    int levels = p->item->levels, codes = p->catalog->manifest.codes[levels - 1];
    int64_t live = 0;
    for (int k = 0; k < codes; k++)
        live += p->live[k];
    sid_format(p->item->codes, levels - 1, prefix);
    return sid__fail(err, SID_EDATA,
                     "%s%s is full: %" PRId64 " items for %d last codes of %" PRId64
                     " each; \"%s\" was not added; fit again with more levels or codes, or with "
                     "--collisions-overflow beam or digit",
                     *prefix ? "prefix " : "the only level", prefix, live, codes, p->catalog->policy.room,
                     p->item->item_id);
}

/* The best of the SIDs nearest to the item that has room. */
static sid_status take_nearest_sid(placing *p, sid_error *err)
{
    sid_catalog *catalog = p->catalog;
    sid__db_item *item = p->item;
    uint16_t nearest[SID__NEAREST_SIDS * SID_LEVELS_MAX], own[SID_LEVELS_MAX];
    char text[SID_SID_TEXT_MAX];
    int count = 0;
    memcpy(own, item->codes, sizeof own);
    SID_TRY(sid__nearest_sids(catalog->quantizer, p->x, SID__NEAREST_SIDS, nearest, &count, err));
    for (int i = 0; i < count; i++) {
        int64_t held = 0;
        bool is_full = false;
        memcpy(item->codes, nearest + i * item->levels, (size_t)item->levels * sizeof *item->codes);
        if (catalog->policy.class->move) {
            SID_TRY(count_live(p, item->codes, &held, err));
            is_full = held >= catalog->policy.room;
        }
        if (!is_full && catalog->manifest.digit_codes > 0)
            SID_TRY(next_digit(p, &held, &is_full, err));
        if (!is_full)
            return SID_OK;
    }
    sid_format(own, item->levels, text);
    return sid__fail(err, SID_EDATA,
                     "%s is full, and so are the %d SIDs nearest to \"%s\", which was not added; fit again with more "
                     "levels or codes",
                     text, count, item->item_id);
}

/* ---- Policies ----------------------------------------------------------------------------------------------------- */

static sid_status place_by_digit(placing *p, sid_error *err)
{
    bool is_full = false;
    int64_t given = 0;
    if (!sid__policy_adds_code(&p->catalog->policy))
        return SID_OK;
    SID_TRY(next_digit(p, &given, &is_full, err));
    if (!is_full)
        return SID_OK;
    return p->catalog->policy.options.overflow == SID__OVERFLOW_BEAM ? take_nearest_sid(p, err)
                                                                     : fail_digits(p, given, err);
}

/* An item with room gets a digit only where all do. */
static sid_status place_by_code(placing *p, sid_error *err)
{
    const sid__policy *policy = &p->catalog->policy;
    int64_t live = 0;
    bool is_full = false, is_for_all = policy->digits == SID__DIGITS_TIGER;
    SID_TRY(count_live(p, p->item->codes, &live, err));
    if (live >= policy->room)
        SID_TRY(find_last_code(p, &is_full, err));
    if (is_full && !sid__policy_adds_code(policy))
        return policy->options.overflow == SID__OVERFLOW_BEAM ? take_nearest_sid(p, err) : fail_prefix(p, err);
    return is_full || is_for_all ? place_by_digit(p, err) : SID_OK;
}

sid_status sid__catalog_place(sid_catalog *catalog, const float *x, sid__db_item *item, sid_error *err)
{
    placing p = {.catalog = catalog, .x = x, .item = item, .equal.row = -1};
    uint16_t chosen[SID_LEVELS_MAX];
    bool is_placed = false;
    memcpy(chosen, item->codes, sizeof chosen);
    set_digit(item, SID__DIGIT_NONE);
    sid_status status = meet_equal(&p, &is_placed, err);
    if (status == SID_OK && !is_placed)
        status = catalog->policy.class->move ? place_by_code(&p, err) : place_by_digit(&p, err);
    if (memcmp(chosen, item->codes, (size_t)item->levels * sizeof *chosen) != 0)
        item->assigned = SID__ASSIGNED_POLICY;
    sid__free(p.other);
    sid__free(p.live);
    return status;
}
