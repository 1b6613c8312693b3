/* churn.c: see churn.h. Only pairs of codes that share items matter; overlaps are whole numbers, so the best renaming is
 * exact up to 4096 codes. Beyond, an auction comes within a sixteenth of an item a code.
 */
#include "sid/churn.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/auction.h"
#include "sid/code_order.h"
#include "sid/matching.h"
#include "sid/pair_table.h"
#include "sid/partition.h"
#include "sid/sort_rows.h"

enum { EXACT_MAX = 4096, CODE_NONE = -1 };

/* The best renaming of the codes of some items at one level. */
typedef struct matching {
    sid__pair_table both;           /* (old code, new code): items */
    int32_t *old_index, *new_index; /* (SID_CODES_MAX) place among the codes that occur; CODE_NONE elsewhere */
    int32_t *old_code, *new_code;   /* (old_count), (new_count) */
    int64_t old_count, new_count;
    sid__bidding *pair; /* (pair_count) pairs that occur, by place: old, then new */
    int64_t pair_count, pair_capacity;
    sid__edge *edge; /* of the exact matching */
    int64_t *begin;
    sid__cost *dual;
    int64_t edge_capacity, begin_capacity, dual_capacity;
    int *match;       /* (SID_CODES_MAX) by place: old to new; CODE_NONE: none */
    int32_t *renamed; /* (SID_CODES_MAX) the new code of an old one that occurs; CODE_NONE: none */
} matching;

static sid_status matching_init(matching *m, sid_error *err)
{
    int32_t **const list[] = {&m->old_index, &m->new_index, &m->old_code, &m->new_code, &m->match, &m->renamed};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        SID_TRY(sid__alloc(list[i], SID_CODES_MAX, sizeof **list[i], "codes", err));
        for (int k = 0; k < SID_CODES_MAX; k++)
            (*list[i])[k] = CODE_NONE;
    }
    return SID_OK;
}

static void matching_drop(matching *m)
{
    sid__pair_table_drop(&m->both);
    sid__free(m->old_index);
    sid__free(m->new_index);
    sid__free(m->old_code);
    sid__free(m->new_code);
    sid__free(m->match);
    sid__free(m->renamed);
    sid__free(m->pair);
    sid__free(m->edge);
    sid__free(m->begin);
    sid__free(m->dual);
}

static int by_code(const void *a, const void *b)
{
    return *(const int32_t *)a - *(const int32_t *)b;
}

/* Places of the codes that occur, by rising code, so that the order of the items does not show. */
static void place_codes(int32_t *code, int64_t count, int32_t *index)
{
    qsort(code, (size_t)count, sizeof *code, by_code);
    for (int64_t i = 0; i < count; i++)
        index[code[i]] = (int32_t)i;
}

static sid_status count_overlaps(const sid__churn_input *in, const int64_t *row, int64_t count, int level, matching *m,
                                 sid_error *err)
{
    for (int64_t i = 0; i < m->old_count; i++)
        m->old_index[m->old_code[i]] = CODE_NONE;
    for (int64_t i = 0; i < m->new_count; i++)
        m->new_index[m->new_code[i]] = CODE_NONE;
    sid__pair_table_clear(&m->both);
    m->old_count = m->new_count = 0;
    for (int64_t i = 0; i < count; i++) {
        sid__pair_count *both = NULL;
        int32_t old = in->before[row[i] * in->levels + level], new = in->after[row[i] * in->levels + level];
        SID_TRY(sid__pair_table_add(&m->both, sid__pair_key(old, new), &both, err));
        both->count++;
        if (m->old_index[old] == CODE_NONE)
            m->old_code[m->old_count++] = old;
        if (m->new_index[new] == CODE_NONE)
            m->new_code[m->new_count++] = new;
        m->old_index[old] = m->new_index[new] = 0;
    }
    place_codes(m->old_code, m->old_count, m->old_index);
    place_codes(m->new_code, m->new_count, m->new_index);
    return SID_OK;
}

static int by_place(const void *a, const void *b)
{
    const sid__bidding *x = a, *y = b;
    return x->row != y->row ? x->row - y->row : x->column - y->column;
}

static sid_status list_pairs(matching *m, sid_error *err)
{
    int64_t count = m->pair_count = m->both.used_count;
    SID_TRY(sid__grow(&m->pair, &m->pair_capacity, count, sizeof *m->pair, "overlaps of codes", err));
    for (int64_t i = 0; i < count; i++) {
        const sid__pair_count *both = &m->both.slot[m->both.used[i]];
        m->pair[i] = (sid__bidding){.row = m->old_index[sid__pair_first(both->key)],
                                    .column = m->new_index[sid__pair_second(both->key)],
                                    .worth = (double)both->count};
    }
    if (count > 0)
        qsort(m->pair, (size_t)count, sizeof *m->pair, by_place);
    return SID_OK;
}

/* The largest overlap of each old code less its overlap with each new one; a column of its own stands for going alone, so
 * that each row has one. */
static void fill_graph(matching *m)
{
    int64_t filled = 0;
    for (int64_t i = 0, at = 0, end; i < m->old_count; i++, at = end) {
        double most = 0;
        for (end = at; end < m->pair_count && m->pair[end].row == i; end++)
            most = m->pair[end].worth > most ? m->pair[end].worth : most;
        m->begin[i] = filled;
        for (int64_t p = at; p < end; p++)
            m->edge[filled++] =
                (sid__edge){.column = m->pair[p].column, .cost.moves = (int64_t)(most - m->pair[p].worth)};
        m->edge[filled++] = (sid__edge){.column = (int)(m->new_count + i), .cost.moves = (int64_t)most};
    }
    m->begin[m->old_count] = filled;
}

static sid_status match_exactly(matching *m, sid_error *err)
{
    bool is_complete = false;
    SID_TRY(sid__grow(&m->edge, &m->edge_capacity, m->pair_count + m->old_count, sizeof *m->edge, "overlaps", err));
    SID_TRY(sid__grow(&m->begin, &m->begin_capacity, m->old_count + 1, sizeof *m->begin, "overlaps", err));
    SID_TRY(sid__grow(&m->dual, &m->dual_capacity, m->old_count, sizeof *m->dual, "overlaps", err));
    fill_graph(m);
    const sid__graph graph = {
        .rows = (int)m->old_count, .columns = (int)(m->old_count + m->new_count), .begin = m->begin, .edge = m->edge};
    SID_TRY(sid__match(&graph, m->match, m->dual, &is_complete, err));
    assert(is_complete);
    return SID_OK;
}

/* renamed[] of the old codes of these rows at one level. */
static sid_status match(const sid__churn_input *in, const int64_t *row, int64_t count, int level, matching *m,
                        sid_error *err)
{
    SID_TRY(count_overlaps(in, row, count, level, m, err));
    for (int64_t i = 0; i < m->old_count; i++)
        m->renamed[m->old_code[i]] = CODE_NONE;
    SID_TRY(list_pairs(m, err));
    if (m->old_count > EXACT_MAX || m->new_count > EXACT_MAX)
        SID_TRY(sid__auction(m->pair, m->pair_count, m->old_count, m->new_count, m->match, err));
    else
        SID_TRY(match_exactly(m, err));
    for (int64_t i = 0; i < m->old_count; i++)
        if (m->match[i] >= 0 && m->match[i] < m->new_count)
            m->renamed[m->old_code[i]] = m->new_code[m->match[i]];
    return SID_OK;
}

/* ---- Shares ------------------------------------------------------------------------------------------------------- */

typedef struct churner {
    const sid__churn_input *in;
    sid__churn *out;
    matching m;
    int64_t *row;           /* (count) all, then those whose prefix is matched so far, group by group */
    int64_t *group, groups; /* (groups + 1) where the groups begin in row */
    int64_t *next_group, *order, *moved;
    uint8_t *raw, *level, *prefix; /* (count) whether a code up to this level differs */
    int32_t *old_part, *new_part;
} churner;

static double share(const sid__churn_input *in, const uint8_t *is_changed)
{
    double changed = 0, all = 0;
    for (int64_t i = 0; i < in->count; i++) {
        double weight = in->weight ? in->weight[i] : 1;
        changed += is_changed[i] ? weight : 0;
        all += weight;
    }
    return all > 0 ? changed / all : (double)NAN;
}

static void push_moves(churner *c, int level)
{
    const matching *m = &c->m;
    for (int64_t i = 0; i < m->old_count; i++) {
        int32_t old = m->old_code[i], new = m->renamed[old];
        const sid__pair_count *both = new < 0 ? NULL : sid__pair_table_find(&m->both, sid__pair_key(old, new));
        c->out->move[c->out->move_count++] =
            (sid__code_move){.level = level + 1, .before = old, .after = new, .overlap = both ? both->count : 0};
    }
    for (int64_t i = 0; i < m->both.used_count; i++) {
        const sid__pair_count *both = &m->both.slot[m->both.used[i]];
        int64_t at = c->out->move_count - m->old_count + m->old_index[sid__pair_first(both->key)];
        c->out->move[at].items += both->count;
    }
}

/* Codes renamed level by level, all items together. */
static sid_status rename_level(churner *c, int level, sid_error *err)
{
    const sid__churn_input *in = c->in;
    SID_TRY(match(in, c->order, in->count, level, &c->m, err));
    SID_TRY(sid__grow(&c->out->move, &c->out->move_capacity, c->out->move_count + c->m.old_count, sizeof *c->out->move,
                      "moves of codes", err));
    push_moves(c, level);
    for (int64_t i = 0; i < in->count; i++) {
        int32_t old = in->before[i * in->levels + level], new = in->after[i * in->levels + level];
        c->raw[i] |= old != new;
        c->level[i] |= c->m.renamed[old] != new;
    }
    return SID_OK;
}

typedef struct code_context {
    const sid__churn_input *in;
    const int64_t *row;
    int level;
} code_context;

static int compare_codes(const void *context, int64_t a, int64_t b)
{
    const code_context *c = context;
    return (int)c->in->before[c->row[a] * c->in->levels + c->level] -
           (int)c->in->before[c->row[b] * c->in->levels + c->level];
}

/* The matched rows of a group, by their old code, appended to `moved` as groups of their own; the others have changed. */
static sid_status split_group(churner *c, int64_t begin, int64_t end, int level, int64_t *filled, int64_t *groups,
                              sid_error *err)
{
    const sid__churn_input *in = c->in;
    int64_t kept = 0, *row = c->row + begin;
    SID_TRY(match(in, row, end - begin, level, &c->m, err));
    for (int64_t i = 0; i < end - begin; i++) {
        int64_t at = row[i] * in->levels + level;
        if (c->m.renamed[in->before[at]] == in->after[at])
            row[kept++] = row[i];
        else
            c->prefix[row[i]] = 1;
    }
    code_context context = {in, row, level};
    SID_TRY(sid__sort_rows(c->order, kept, compare_codes, &context, err));
    for (int64_t i = 0; i < kept; i++) {
        if (i == 0 || compare_codes(&context, c->order[i - 1], c->order[i]) != 0)
            c->next_group[(*groups)++] = *filled;
        c->moved[(*filled)++] = row[c->order[i]];
    }
    return SID_OK;
}

static sid_status split_groups(churner *c, int level, sid_error *err)
{
    int64_t filled = 0, groups = 0;
    for (int64_t g = 0; g < c->groups; g++)
        SID_TRY(split_group(c, c->group[g], c->group[g + 1], level, &filled, &groups, err));
    memcpy(c->row, c->moved, (size_t)filled * sizeof *c->row);
    memcpy(c->group, c->next_group, (size_t)groups * sizeof *c->group);
    c->group[groups] = filled;
    c->groups = groups;
    return SID_OK;
}

static void number_prefixes(const sid__code_order *by, int depth, int32_t *part)
{
    int32_t prefixes = 0;
    for (int64_t begin = 0, end; begin < by->count; begin = end, prefixes++) {
        end = sid__code_order_run(by, begin, depth);
        for (int64_t place = begin; place < end; place++)
            part[by->order[place]] = prefixes;
    }
}

static sid_status compare_partitions(churner *c, sid_error *err)
{
    const sid__churn_input *in = c->in;
    sid__code_order before = {0}, after = {0};
    sid_status status = sid__code_order_create(in->before, in->count, in->levels, &before, err);
    if (status == SID_OK)
        status = sid__code_order_create(in->after, in->count, in->levels, &after, err);
    for (int depth = 1; depth <= in->levels && status == SID_OK; depth++) {
        sid__agreement agreement;
        number_prefixes(&before, depth, c->old_part);
        number_prefixes(&after, depth, c->new_part);
        status = sid__agreement_find(c->old_part, in->count, c->new_part, in->count, in->count, &agreement, err);
        c->out->level[depth - 1].ami = agreement.ami;
    }
    sid__code_order_free(&before);
    sid__code_order_free(&after);
    return status;
}

/* `order` is all rows until the tree is followed. */
static sid_status compare_levels(churner *c, sid_error *err)
{
    const sid__churn_input *in = c->in;
    for (int l = 0; l < in->levels; l++) {
        SID_TRY(rename_level(c, l, err));
        c->out->level[l].raw = share(in, c->raw);
        c->out->level[l].level = share(in, c->level);
        c->out->level[l].prefix = c->out->level[l].ami = (double)NAN;
    }
    for (int l = 0; l < in->levels && in->is_ordered; l++) {
        SID_TRY(split_groups(c, l, err));
        c->out->level[l].prefix = share(in, c->prefix);
    }
    return in->is_ordered ? compare_partitions(c, err) : SID_OK;
}

static sid_status init(churner *c, sid_error *err)
{
    size_t count = (size_t)c->in->count;
    int64_t **const list[] = {&c->row, &c->group, &c->next_group, &c->order, &c->moved};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        SID_TRY(sid__alloc(list[i], count + 1, sizeof **list[i], "rows", err));
    SID_TRY(sid__alloc(&c->raw, count, 1, "what changed", err));
    SID_TRY(sid__alloc(&c->level, count, 1, "what changed", err));
    SID_TRY(sid__alloc(&c->prefix, count, 1, "what changed", err));
    SID_TRY(sid__alloc(&c->old_part, count, sizeof *c->old_part, "parts", err));
    SID_TRY(sid__alloc(&c->new_part, count, sizeof *c->new_part, "parts", err));
    for (int64_t i = 0; i < c->in->count; i++)
        c->row[i] = c->order[i] = i;
    c->groups = count > 0;
    c->group[c->groups] = c->in->count;
    return matching_init(&c->m, err);
}

sid_status sid__churn_find(const sid__churn_input *in, sid__churn *out, sid_error *err)
{
    assert(in->levels >= 1 && in->levels <= SID_LEVELS_MAX);
    churner c = {.in = in, .out = out};
    *out = (sid__churn){0};
    sid_status status = init(&c, err);
    if (status == SID_OK)
        status = compare_levels(&c, err);
    int64_t *const list[] = {c.row, c.group, c.next_group, c.order, c.moved};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        sid__free(list[i]);
    sid__free(c.raw);
    sid__free(c.level);
    sid__free(c.prefix);
    sid__free(c.old_part);
    sid__free(c.new_part);
    matching_drop(&c.m);
    if (status != SID_OK)
        sid__churn_drop(out);
    return status;
}

void sid__churn_drop(sid__churn *churn)
{
    sid__free(churn->move);
    churn->move = NULL;
    churn->move_count = churn->move_capacity = 0;
}
