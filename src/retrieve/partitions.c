/* partitions.c: see partitions.h. */
#include "retrieve/partitions.h"

#include <string.h>

static const char what[] = "partitions of items";

/* Nodes of base have numbers 2^32 apart, so that those of over alone fit between them. */
static int64_t number_of(int64_t base_node, int64_t among)
{
    return base_node * ((int64_t)1 << 32) + among;
}

static const sid__inventory_depth *nodes_of(const sid__tower *tower)
{
    return &tower->inventory->depth[tower->shape.depth];
}

static const uint16_t *prefix_at(const sid__tower *tower, int64_t node)
{
    return tower->inventory->code +
           (int64_t)sid__tower_item(tower, nodes_of(tower)->begin[node]) * tower->inventory->levels;
}

/* ---- Changed ones ------------------------------------------------------------------------------------------------------- */

static int compare(const uint16_t *a, const uint16_t *b, int depth)
{
    for (int l = 0; l < depth; l++)
        if (a[l] != b[l])
            return a[l] < b[l] ? -1 : 1;
    return 0;
}

/* The node that a place of base is in. */
static int64_t node_of(const sid__tower *tower, int64_t place)
{
    const sid__inventory_depth *nodes = nodes_of(tower);
    int64_t low = 0, high = nodes->count - 1;
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if (nodes->begin[middle] <= place)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static void mark_gone(const sid__lists *lists, uint8_t *is_patched)
{
    const sid__tower *base = lists->tower[0];
    for (int64_t word = 0; lists->gone && word <= lists->base->count / 64; word++)
        for (uint64_t left = lists->gone[word]; left; left &= left - 1)
            is_patched[node_of(base, base->place[word * 64 + __builtin_ctzll(left)])] = 1;
}

/* Both in the order of their codes: nodes of over, and those of base with something gone. patch NULL: counts. */
static int64_t list_patches(const sid__lists *lists, const uint8_t *is_patched, sid__patch *patch)
{
    const sid__tower *base = lists->tower[0], *over = lists->tower[1];
    int64_t bases = nodes_of(base)->count, overs = nodes_of(over)->count, count = 0;
    for (int64_t b = 0, o = 0; b < bases || o < overs;) {
        int order = b == bases   ? 1
                    : o == overs ? -1
                                 : compare(prefix_at(base, b), prefix_at(over, o), base->shape.depth);
        if (order >= 0 || is_patched[b]) {
            if (patch)
                patch[count] = (sid__patch){.node = {order <= 0 ? (int32_t)b : -1, order >= 0 ? (int32_t)o : -1},
                                            .number = number_of(b, order > 0 ? o : INT32_MAX)};
            count++;
        }
        b += order <= 0;
        o += order >= 0;
    }
    return count;
}

static void run_of(const sid__lists *lists, const int32_t node[2], int64_t begin[2], int64_t end[2])
{
    for (int i = 0; i < 2; i++) {
        begin[i] = node[i] >= 0 ? nodes_of(lists->tower[i])->begin[node[i]] : 0;
        end[i] = node[i] >= 0 ? nodes_of(lists->tower[i])->begin[node[i] + 1] : 0;
    }
}

static sid_status make_means(const sid__lists *lists, sid__partitions *out, sid_error *err)
{
    int dim = lists->tower[0]->shape.dim;
    size_t groups = (size_t)(out->count + SID__GROUP - 1) / SID__GROUP;
    sid__tower_sum sum = {0};
    SID_TRY(sid__alloc(&out->mean, groups * SID__GROUP, (size_t)dim * sizeof *out->mean, what, err));
    SID_TRY(sid__alloc(&sum.sum, (size_t)dim, sizeof *sum.sum + sizeof(float), what, err));
    for (int64_t i = 0; i < out->count; i++) {
        int64_t begin[2], end[2];
        run_of(lists, out->patch[i].node, begin, end);
        memset(sum.sum, 0, (size_t)dim * sizeof *sum.sum);
        sum.count = 0;
        for (int k = 0; k < 2; k++)
            sid__tower_add(lists->tower[k], begin[k], end[k], k == 0 ? lists->gone : NULL,
                           (float *)(void *)(sum.sum + dim), &sum);
        sid__tower_put_mean(&sum, dim, i, out->mean);
        out->patch[i].known = sum.count;
    }
    sid__free(sum.sum);
    return SID_OK;
}

sid_status sid__partitions_create(const sid__lists *lists, sid__partitions *out, sid_error *err)
{
    *out = (sid__partitions){0};
    if (!lists->over)
        return SID_OK;
    SID_TRY(sid__alloc(&out->is_patched, (size_t)nodes_of(lists->tower[0])->count, 1, what, err));
    mark_gone(lists, out->is_patched);
    out->count = list_patches(lists, out->is_patched, NULL);
    SID_TRY(sid__alloc(&out->patch, (size_t)out->count, sizeof *out->patch, what, err));
    (void)list_patches(lists, out->is_patched, out->patch);
    for (int64_t i = 0; i < out->count; i++)
        if (out->patch[i].node[0] >= 0)
            out->is_patched[out->patch[i].node[0]] = 1;
    return make_means(lists, out, err);
}

void sid__partitions_drop(sid__partitions *partitions)
{
    sid__free(partitions->patch);
    sid__free(partitions->mean);
    sid__free(partitions->is_patched);
    *partitions = (sid__partitions){0};
}

/* ---- Chosen ------------------------------------------------------------------------------------------------------------- */

int64_t sid__partitions_room(const sid__lists *lists, const sid__partitions *of, int64_t most)
{
    int64_t all = nodes_of(lists->tower[0])->count + of->count;
    return most < all ? most : all;
}

/* Whether item i of base (which 0) or over may come. */
static bool may_come(const sid__lists *lists, const uint8_t *is_out, int which, int32_t item)
{
    if (which == 0 && lists->gone && (lists->gone[item / 64] >> item % 64 & 1))
        return false;
    return !is_out || !is_out[which == 0 ? item : lists->base->count + item];
}

static bool has_some(const sid__lists *lists, const sid__probe *probe, const int32_t node[2])
{
    int64_t begin[2], end[2];
    run_of(lists, node, begin, end);
    for (int k = 0; k < 2; k++)
        for (int64_t p = begin[k]; p < end[k]; p++)
            if (lists->tower[k]->is_known[p] && may_come(lists, probe->is_out, k, sid__tower_item(lists->tower[k], p)))
                return true;
    return false;
}

/* `of` of a leader: a node of base, or -1 - a patch. */
static void nodes_at(const sid__partitions *of, int64_t which, int32_t node[2])
{
    node[0] = which >= 0 ? (int32_t)which : of->patch[-1 - which].node[0];
    node[1] = which >= 0 ? -1 : of->patch[-1 - which].node[1];
}

static void consider(const sid__lists *lists, const sid__partitions *of, const sid__probe *probe,
                     const sid__leader *one, sid__leaders *best)
{
    int32_t node[2];
    nodes_at(of, one->of, node);
    if (has_some(lists, probe, node))
        sid__leaders_add(best, one);
}

static void choose(const sid__lists *lists, const sid__partitions *of, const sid__probe *probe, float *score,
                   sid__leaders *best)
{
    const sid__tower *base = lists->tower[0];
    int64_t bases = nodes_of(base)->count;
    sid__tower_score_means(base, probe->query, score);
    for (int64_t b = 0; b < bases; b++)
        if (base->known[b] > 0 && !(of->is_patched && of->is_patched[b]))
            consider(lists, of, probe, &(sid__leader){score[b], number_of(b, INT32_MAX), b, 0}, best);
    if (of->count > 0)
        base->shape.kernels->project(probe->query, 1, base->shape.dim, of->mean,
                                     (int)((of->count + SID__GROUP - 1) / SID__GROUP), score);
    for (int64_t i = 0; i < of->count; i++)
        if (of->patch[i].known > 0)
            consider(lists, of, probe, &(sid__leader){score[i], of->patch[i].number, -1 - i, 0}, best);
}

static void tell(const sid__lists *lists, const sid__partitions *of, const sid__leader *one, sid__probed *out)
{
    int32_t node[2];
    nodes_at(of, one->of, node);
    run_of(lists, node, out->begin, out->end);
    out->score = one->score;
    out->prefix = node[0] >= 0 ? prefix_at(lists->tower[0], node[0]) : prefix_at(lists->tower[1], node[1]);
}

sid_status sid__partitions_choose(const sid__lists *lists, const sid__partitions *of, const sid__probe *probe,
                                  sid__probed *out, int64_t *found, sid_error *err)
{
    int64_t bases = nodes_of(lists->tower[0])->count, most = sid__partitions_room(lists, of, probe->most);
    size_t room = (size_t)(bases > of->count ? bases : of->count) + SID__GROUP;
    sid__leaders best = {.most = most};
    float *score = NULL;
    *found = 0;
    sid_status status = sid__alloc(&best.row, (size_t)most, sizeof *best.row, what, err);
    if (status == SID_OK)
        status = sid__alloc(&score, room, sizeof *score, what, err);
    if (status == SID_OK) {
        choose(lists, of, probe, score, &best);
        sid__leaders_sort(&best);
        for (; *found < best.count; ++*found)
            tell(lists, of, &best.row[*found], &out[*found]);
    }
    sid__free(best.row);
    sid__free(score);
    return status;
}

/* ---- Searched ----------------------------------------------------------------------------------------------------------- */

/* Of base (which 0) or over, in chosen[from]. */
static int64_t scan(const sid__lists *lists, const sid__probe *probe, const sid__probed *chosen, int64_t from,
                    int which, float *score, sid__leaders *best)
{
    const sid__tower *tower = lists->tower[which];
    int64_t begin = chosen[from].begin[which], end = chosen[from].end[which], count = 0;
    if (begin == end)
        return 0;
    sid__tower_score(tower, probe->query, begin, end, score);
    for (int64_t p = begin; p < end; p++) {
        int32_t item = sid__tower_item(tower, p);
        if (!tower->is_known[p] || !may_come(lists, probe->is_out, which, item))
            continue;
        sid__leaders_add(best, &(sid__leader){.score = score[p - sid__tower_first(begin)],
                                              .number = which == 0 ? item : lists->order[item],
                                              .of = which == 0 ? item : lists->base->count + item,
                                              .from = from});
        count++;
    }
    return count;
}

sid_status sid__partitions_search(const sid__lists *lists, const sid__probe *probe, const sid__probed *chosen,
                                  int64_t count, sid__leaders *best, int64_t *scored, sid_error *err)
{
    size_t room = 0;
    float *score = NULL;
    int64_t all = 0;
    for (int64_t i = 0; i < count; i++)
        for (int k = 0; k < 2; k++) {
            size_t size = sid__tower_room(chosen[i].begin[k], chosen[i].end[k]);
            room = size > room ? size : room;
        }
    SID_TRY(sid__alloc(&score, room, sizeof *score, what, err));
    for (int64_t i = 0; i < count; i++)
        for (int k = 0; k < 2; k++)
            all += scan(lists, probe, chosen, i, k, score, best);
    if (scored)
        *scored = all;
    sid__free(score);
    return SID_OK;
}
