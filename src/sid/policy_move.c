/* policy_move.c: see policy_move.h. Equal vectors first, then the policy, then what is left, then the count of changes. */
#include "sid/policy_move.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "sid/code_order.h"
#include "sid/policy_groups.h"
#include "sid/sid_counts.h"
#include "sid/sort_rows.h"

/* ---- Rows for which no last code was free ------------------------------------------------------------------------- */

static int compare_left(const void *context, int64_t a, int64_t b)
{
    const sid__moving *m = context;
    if (m->is_left[a] != m->is_left[b])
        return m->is_left[a] ? -1 : 1;
    int by_codes = sid__codes_compare(m->codes + a * m->levels, m->codes + b * m->levels, m->levels);
    return by_codes ? by_codes : sid__rank_compare(m, a, b);
}

static sid_status place_row(sid__moving *m, int64_t row, sid__sid_counts *taken, float *x, sid_error *err)
{
    uint16_t nearest[SID__NEAREST_SIDS * SID_LEVELS_MAX], *codes = m->codes + row * m->levels;
    char text[SID_SID_TEXT_MAX];
    int count = 0;
    SID_TRY(m->read(m->read_user, row, x, err));
    SID_TRY(sid__nearest_sids(m->quantizer, x, SID__NEAREST_SIDS, nearest, &count, err));
    for (int i = 0; i < count; i++) {
        int64_t *held = sid__sid_count(taken, nearest + i * m->levels);
        if (*held >= m->policy->room)
            continue;
        ++*held;
        --*sid__sid_count(taken, codes);
        memcpy(codes, nearest + i * m->levels, (size_t)m->levels * sizeof *codes);
        return SID_OK;
    }
    sid_format(codes, m->levels, text);
    return sid__fail(
        err, SID_EDATA,
        "no SID is free for \"%s\": the last codes beside %s are all taken, and so are the %d SIDs nearest "
        "to it; take more levels or codes, or --collisions-overflow digit",
        m->id[row], text, count);
}

static sid_status place_all(sid__moving *m, const int64_t *order, int64_t left, sid_error *err)
{
    sid__sid_counts taken = {0};
    float *x = NULL;
    sid_status status = sid__alloc(&x, (size_t)m->quantizer->dim, sizeof *x, "a vector", err);
    /* Each row has one SID and, when it moved, looked at 32 more. */
    if (status == SID_OK)
        status = sid__sid_counts_init(m->count + left * SID__NEAREST_SIDS, m->levels, &taken, err);
    for (int64_t row = 0; status == SID_OK && row < m->count; row++)
        *sid__sid_count(&taken, m->codes + row * m->levels) += !sid__is_merged(m, row);
    for (int64_t i = 0; i < left && status == SID_OK; i++) {
        status = sid__ctx_check(m->ctx, err);
        if (status == SID_OK)
            status = place_row(m, order[i], &taken, x, err);
    }
    sid__sid_counts_drop(&taken);
    sid__free(x);
    return status;
}

sid_status sid__place_left(sid__moving *m, sid_error *err)
{
    int64_t *order = NULL, left = 0;
    for (int64_t row = 0; row < m->count; row++)
        left += m->is_left[row];
    if (m->policy->options.overflow != SID__OVERFLOW_BEAM) {
        m->left += left;
        return SID_OK;
    }
    if (left == 0)
        return SID_OK;
    SID_TRY(sid__alloc(&order, (size_t)m->count, sizeof *order, "the order of items", err));
    sid_status status = sid__sort_rows(order, m->count, compare_left, m, err);
    if (status == SID_OK)
        status = place_all(m, order, left, err);
    sid__free(order);
    return status;
}

/* ---- Equal vectors ------------------------------------------------------------------------------------------------ */

static sid_status refuse_equal(const sid__moving *m, sid_error *err)
{
    int64_t row = 0;
    while (m->first[row] == row)
        row++;
    return sid__fail(err, SID_EDATA,
                     "the vectors of \"%s\" and \"%s\" are equal; items with the vector of another: %" PRId64
                     "; remove them, or take --collisions-duplicates merge or keep",
                     m->id[m->first[row]], m->id[row], m->equal);
}

static sid_status find_equal(sid__moving *m, sid_error *err)
{
    int duplicates = m->policy->options.duplicates;
    if (duplicates == SID__DUPLICATES_KEEP && m->policy->class->move != sid__move_sinkhorn)
        return SID_OK;
    SID_TRY(sid__alloc(&m->first, (size_t)m->count, sizeof *m->first, "which vectors are equal", err));
    SID_TRY(sid__equal_vectors(m->read, m->read_user, m->count, m->quantizer->dim, m->id, m->first, &m->equal, err));
    return duplicates == SID__DUPLICATES_ERROR && m->equal > 0 ? refuse_equal(m, err) : SID_OK;
}

/* ---- All ---------------------------------------------------------------------------------------------------------- */

static void copy_merged(sid__moving *m)
{
    for (int64_t row = 0; row < m->count; row++)
        if (sid__is_merged(m, row))
            memcpy(m->codes + row * m->levels, m->codes + m->first[row] * m->levels,
                   (size_t)m->levels * sizeof *m->codes);
}

static void count_moved(sid__moving *m, const uint16_t *before)
{
    for (int64_t row = 0; row < m->count; row++) {
        int64_t at = row * m->levels;
        m->is_moved[row] = memcmp(before + at, m->codes + at, (size_t)m->levels * sizeof *before) != 0;
        m->moved += m->is_moved[row];
    }
}

static void tell(const sid__moving *m)
{
    const char *name = m->policy->class->info.name;
    if (m->moved > 0)
        sid__ctx_info(m->ctx, "%s: %" PRId64 " of %" PRId64 " items got other codes than their nearest", name, m->moved,
                      m->count);
    if (m->policy->options.duplicates == SID__DUPLICATES_MERGE && m->equal > 0)
        sid__ctx_info(m->ctx, "merge: %" PRId64 " items have the vector of another and share its SID", m->equal);
    if (m->left == 0 || m->policy->class->move != sid__move_sinkhorn)
        return;
    if (m->left_equal == m->count - 1)
        sid__ctx_warn(m->ctx,
                      "sinkhorn cannot help: all %" PRId64 " vectors are equal, and it never separates equal "
                      "ones; --collisions digit does",
                      m->count);
    else
        sid__ctx_warn(m->ctx,
                      "sinkhorn leaves %" PRId64 " items that share a SID, %" PRId64 " of them with the vector "
                      "of another, which it never separates; --collisions-then digit or reassign settles them",
                      m->left, m->left_equal);
}

static sid_status move(sid__moving *m, sid_error *err)
{
    size_t size = (size_t)m->count * (size_t)m->levels * sizeof *m->codes;
    uint16_t *before = NULL;
    SID_TRY(sid__alloc(&m->is_left, (size_t)m->count, sizeof *m->is_left, "items without a code", err));
    SID_TRY(sid__alloc(&m->is_moved, (size_t)m->count, sizeof *m->is_moved, "which items moved", err));
    SID_TRY(sid__alloc(&before, size, 1, "the codes before", err));
    memcpy(before, m->codes, size);
    sid_status status = m->policy->class->move ? m->policy->class->move(m, err) : SID_OK;
    if (status == SID_OK) {
        copy_merged(m);
        count_moved(m, before);
        tell(m);
    }
    sid__free(before);
    return status;
}

sid_status sid__policy_move(sid__moving *moving, sid_error *err)
{
    SID_TRY(find_equal(moving, err));
    /* Without a policy that moves, codes change only when rows of equal vectors came with different ones. */
    return moving->policy->class->move || moving->equal > 0 ? move(moving, err) : SID_OK;
}

void sid__moving_drop(sid__moving *moving)
{
    sid__free(moving->first);
    sid__free(moving->is_moved);
    sid__free(moving->is_left);
    moving->first = NULL;
    moving->is_moved = moving->is_left = NULL;
}
