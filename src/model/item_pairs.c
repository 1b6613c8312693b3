/* item_pairs.c: pairs are never written down. For each item its occurrences are walked, in the order of users, and what stands
 * up to ten places before and behind each is added up, so memory is that of the events, and the sums have one order. */
#include "model/item_pairs.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

enum { ITEMS_A_CHUNK = 64 };

typedef struct counting {
    const sid__split *split;
    const sid__pair_options *options;
    const int64_t *occurrence_begin; /* (items + 1) */
    const int64_t *occurrence;       /* (train events) place of an event in split->item, by item */
    const int64_t *run_end;          /* (events of the split) end of the train run of the event's user */
    const int64_t *run_begin;
    const double *root; /* (items) n^1/4 */
    double *sum;        /* (threads, items) zero between items */
    int32_t *touched;   /* (threads, items) */
    int32_t *neighbor;  /* (items, neighbors) */
    float *similarity;  /* (items, neighbors) */
    int64_t *found;     /* (items) */
} counting;

/* ---- Occurrences ---- */

typedef struct occurrences {
    int64_t *begin, *place, *run_begin, *run_end;
} occurrences;

static void drop_occurrences(occurrences *o)
{
    sid__free(o->begin);
    sid__free(o->place);
    sid__free(o->run_begin);
    sid__free(o->run_end);
}

/* run_begin, run_end are by occurrence: the train run that it stands in. */
static sid_status find_occurrences(const sid__split *split, occurrences *o, sid_error *err)
{
    int64_t count = split->info.train_events;
    int64_t *next = NULL;
    SID_TRY(sid__alloc(&o->begin, (size_t)split->item_count + 1, sizeof *o->begin, "occurrences of items", err));
    SID_TRY(sid__alloc(&o->place, (size_t)count, sizeof *o->place, "occurrences of items", err));
    SID_TRY(sid__alloc(&o->run_begin, (size_t)count, sizeof *o->run_begin, "occurrences of items", err));
    SID_TRY(sid__alloc(&o->run_end, (size_t)count, sizeof *o->run_end, "occurrences of items", err));
    SID_TRY(sid__alloc(&next, (size_t)split->item_count, sizeof *next, "occurrences of items", err));
    for (int64_t i = 0; i < split->item_count; i++) {
        next[i] = o->begin[i];
        o->begin[i + 1] = o->begin[i] + split->train_count[i];
    }
    for (int64_t u = 0; u < split->user_count; u++)
        for (int64_t e = split->begin[u]; e < split->train_end[u]; e++) {
            int64_t at = next[split->item[e]]++;
            o->place[at] = e;
            o->run_begin[at] = split->begin[u];
            o->run_end[at] = split->train_end[u];
        }
    sid__free(next);
    return SID_OK;
}

/* ---- One item ---- */

static int64_t add_pair(double *sum, int32_t *touched, int64_t count, int32_t item, double weight)
{
    if (!(weight > 0))
        return count;
    if (!(sum[item] > 0))
        touched[count++] = item;
    sum[item] += weight;
    return count;
}

/* Adds what stands near the occurrence at `place`; how many items are touched now. */
static int64_t add_near(const counting *c, int64_t at, double *sum, int32_t *touched, int64_t count)
{
    const int32_t *item = c->split->item;
    int64_t place = c->occurrence[at];
    for (int64_t d = 1; d <= SID__PAIR_DISTANCE_MAX; d++) {
        if (place + d < c->run_end[at])
            count = add_pair(sum, touched, count, item[place + d], 1. / (double)d);
        if (place - d >= c->run_begin[at])
            count = add_pair(sum, touched, count, item[place - d], (1 - c->options->forward) / (double)d);
    }
    return count;
}

/* Puts (item, similarity) into the sorted list of at most `most`. */
static int64_t insert(int32_t *neighbor, float *similarity, int64_t n, int64_t most, int32_t item, float value)
{
    if (n == most && !(value > similarity[n - 1] || (value >= similarity[n - 1] && item < neighbor[n - 1])))
        return n;
    int64_t at = n < most ? n++ : n - 1;
    for (; at > 0 && (similarity[at - 1] < value || (similarity[at - 1] <= value && neighbor[at - 1] > item)); at--) {
        neighbor[at] = neighbor[at - 1];
        similarity[at] = similarity[at - 1];
    }
    neighbor[at] = item;
    similarity[at] = value;
    return n;
}

static void count_item(const counting *c, int64_t item, double *sum, int32_t *touched)
{
    int64_t most = c->options->neighbors, n = 0, count = 0;
    int32_t *neighbor = c->neighbor + item * most;
    float *similarity = c->similarity + item * most;
    for (int64_t at = c->occurrence_begin[item]; at < c->occurrence_begin[item + 1]; at++)
        count = add_near(c, at, sum, touched, count);
    for (int64_t t = 0; t < count; t++) {
        int32_t j = touched[t];
        float value = (float)(sum[j] / (c->root[item] * c->root[j] + c->options->shrink));
        n = insert(neighbor, similarity, n, most, j, value);
        sum[j] = 0;
    }
    c->found[item] = n;
}

static void count_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const counting *c = arg;
    int64_t items = c->split->item_count;
    for (int64_t i = begin; i < end; i++)
        count_item(c, i, c->sum + worker * items, c->touched + worker * items);
}

/* ---- All ---- */

static sid_status pack(const counting *c, sid__item_pairs *out, sid_error *err)
{
    int64_t items = c->split->item_count, most = c->options->neighbors;
    SID_TRY(sid__alloc(&out->begin, (size_t)items + 1, sizeof *out->begin, "neighbours", err));
    for (int64_t i = 0; i < items; i++)
        out->begin[i + 1] = out->begin[i] + c->found[i];
    SID_TRY(sid__alloc(&out->neighbor, (size_t)out->begin[items], sizeof *out->neighbor, "neighbours", err));
    SID_TRY(sid__alloc(&out->similarity, (size_t)out->begin[items], sizeof *out->similarity, "neighbours", err));
    for (int64_t i = 0; i < items; i++) {
        memcpy(out->neighbor + out->begin[i], c->neighbor + i * most, (size_t)c->found[i] * sizeof *out->neighbor);
        memcpy(out->similarity + out->begin[i], c->similarity + i * most,
               (size_t)c->found[i] * sizeof *out->similarity);
    }
    out->item_count = items;
    return SID_OK;
}

static sid_status count_all(sid_ctx *ctx, counting *c, double *root, sid__item_pairs *out, sid_error *err)
{
    size_t items = (size_t)c->split->item_count, threads = (size_t)sid__pool_threads(ctx->pool);
    size_t kept = (size_t)c->options->neighbors;
    SID_TRY(sid__alloc(&c->sum, items * threads, sizeof *c->sum, "sums of pairs", err));
    SID_TRY(sid__alloc(&c->touched, items * threads, sizeof *c->touched, "items of pairs", err));
    SID_TRY(sid__alloc(&c->neighbor, items, kept * sizeof *c->neighbor, "neighbours", err));
    SID_TRY(sid__alloc(&c->similarity, items, kept * sizeof *c->similarity, "neighbours", err));
    SID_TRY(sid__alloc(&c->found, items, sizeof *c->found, "neighbours", err));
    for (size_t i = 0; i < items; i++)
        root[i] = sqrt(sqrt((double)c->split->train_count[i]));
    sid__ctx_for(ctx, c->split->item_count, ITEMS_A_CHUNK, count_chunk, c);
    SID_TRY(sid__ctx_check(ctx, err));
    return pack(c, out, err);
}

sid_status sid__item_pairs_make(sid_ctx *ctx, const sid__split *split, const sid__pair_options *options,
                                sid__item_pairs *out, sid_error *err)
{
    occurrences o = {0};
    double *root = NULL;
    size_t size = (size_t)split->item_count * (size_t)options->neighbors * 2 * (sizeof(int32_t) + sizeof(float));
    *out = (sid__item_pairs){0};
    SID_TRY(sid__ctx_reserve(ctx, size, "neighbours of items", err));
    sid_status status = find_occurrences(split, &o, err);
    if (status == SID_OK)
        status = sid__alloc(&root, (size_t)split->item_count, sizeof *root, "roots of counts", err);
    counting c = {.split = split,
                  .options = options,
                  .occurrence_begin = o.begin,
                  .occurrence = o.place,
                  .run_begin = o.run_begin,
                  .run_end = o.run_end,
                  .root = root};
    if (status == SID_OK)
        status = count_all(ctx, &c, root, out, err);
    sid__free(root);
    sid__free(c.sum);
    sid__free(c.touched);
    sid__free(c.neighbor);
    sid__free(c.similarity);
    sid__free(c.found);
    drop_occurrences(&o);
    sid__ctx_release(ctx, size);
    if (status != SID_OK)
        sid__item_pairs_drop(out);
    return status;
}

void sid__item_pairs_drop(sid__item_pairs *pairs)
{
    sid__free(pairs->begin);
    sid__free(pairs->neighbor);
    sid__free(pairs->similarity);
    *pairs = (sid__item_pairs){0};
}

void sid__item_pairs_add(const sid__item_pairs *pairs, int64_t item, float weight, float *score)
{
    for (int64_t n = pairs->begin[item]; n < pairs->begin[item + 1]; n++)
        score[pairs->neighbor[n]] += weight * pairs->similarity[n];
}

/* ---- Kept ---- */

sid_status sid__item_pairs_save(const sid__item_pairs *pairs, sid__tensor_set *set, sid_error *err)
{
    const int64_t rows = pairs->item_count + 1, count = pairs->begin[pairs->item_count];
    int64_t *begin = NULL;
    int32_t *neighbor = NULL;
    float *similarity = NULL;
    SID_TRY(sid__tensor_add(set, "pairs.begin", SID__I64, 1, &rows, &begin, err));
    SID_TRY(sid__tensor_add(set, "pairs.neighbor", SID__I32, 1, &count, &neighbor, err));
    SID_TRY(sid__tensor_add(set, "pairs.similarity", SID__F32, 1, &count, &similarity, err));
    memcpy(begin, pairs->begin, (size_t)rows * sizeof *begin);
    memcpy(neighbor, pairs->neighbor, (size_t)count * sizeof *neighbor);
    memcpy(similarity, pairs->similarity, (size_t)count * sizeof *similarity);
    return SID_OK;
}

static bool is_valid(int64_t item_count, int64_t count, const int64_t *begin, const int32_t *neighbor,
                     const float *similarity)
{
    if (begin[0] != 0 || begin[item_count] != count)
        return false;
    for (int64_t i = 0; i < item_count; i++)
        if (begin[i] > begin[i + 1] || begin[i] < 0)
            return false;
    for (int64_t n = 0; n < count; n++)
        if (neighbor[n] < 0 || neighbor[n] >= item_count || !(similarity[n] > 0) || isinf(similarity[n]))
            return false;
    return true;
}

static sid_status copy(void *out, const sid__tensor *tensor, size_t size, sid_error *err)
{
    void *data = NULL;
    SID_TRY(sid__alloc(&data, (size_t)tensor->shape[0], size, "neighbours", err));
    memcpy(data, tensor->data, (size_t)tensor->shape[0] * size);
    memcpy(out, &data, sizeof data);
    return SID_OK;
}

sid_status sid__item_pairs_load(int64_t item_count, const sid__tensor_set *set, sid__item_pairs *out, sid_error *err)
{
    const int64_t rows = item_count + 1, any = -1;
    const sid__tensor *begin = NULL, *neighbor = NULL, *similarity = NULL;
    *out = (sid__item_pairs){.item_count = item_count};
    SID_TRY(sid__tensor_get(set, "pairs.begin", SID__I64, 1, &rows, &begin, err));
    SID_TRY(sid__tensor_get(set, "pairs.neighbor", SID__I32, 1, &any, &neighbor, err));
    SID_TRY(sid__tensor_get(set, "pairs.similarity", SID__F32, 1, &neighbor->shape[0], &similarity, err));
    if (!is_valid(item_count, neighbor->shape[0], begin->data, neighbor->data, similarity->data))
        return sid__fail(err, SID_ECORRUPT, "the neighbours of the model are out of range; train again");
    sid_status status = copy(&out->begin, begin, sizeof(int64_t), err);
    if (status == SID_OK)
        status = copy(&out->neighbor, neighbor, sizeof(int32_t), err);
    if (status == SID_OK)
        status = copy(&out->similarity, similarity, sizeof(float), err);
    if (status != SID_OK)
        sid__item_pairs_drop(out);
    return status;
}
