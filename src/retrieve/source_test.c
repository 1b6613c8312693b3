/* source_test.c: sid_source_test: what sources of candidates find of the next day's clicks. The days before the last make the inventory
 * and the histories; everybody who clicked before and on the last day is asked.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/impressions.h"
#include "retrieve/retriever.h"

enum { POPULAR = -1, UNION = -2 }; /* sources beside the resolvers */

/* Clicks by user: those of user u are item[begin[u]] .. item[begin[u + 1] - 1], in the order of time. Items that the catalogue lacks are
 * left out. */
typedef struct clicks {
    int64_t *begin; /* (users + 1) */
    int32_t *item;
    double *age_days;
} clicks;

typedef struct testing {
    sid_ctx *ctx;
    const sid_impressions *im;
    const sid_retrieve_request *like;
    sid_retriever *retriever;
    sid__assortment *assortment; /* of the retriever */
    int64_t train_end, items, k;
    int32_t *item_of;      /* (items of the impressions) of the catalogue; -1 */
    double *first_day;     /* (items) of the first show; NaN: never */
    clicks history, asked; /* before the last day, and on it */
    const char **id;       /* (most clicks of a user) */
    uint8_t *mark;         /* (items) 1: a target, 2: was clicked before, 4: given by this source to this user */
    uint8_t *is_given;     /* (items) to anybody */
    int32_t *found;        /* (k) */
    int64_t found_count;
    double *age; /* (given) */
    int64_t age_count, age_capacity;
    sid_source_report *out;
} testing;

/* ---- Clicks ---- */

static sid_status list_clicks(testing *t, int64_t first, int64_t end, clicks *out, sid_error *err)
{
    const sid_impressions *im = t->im;
    int64_t users = im->users.count, count = 0;
    int32_t last_day = im->row[im->count - 1].day;
    SID_TRY(sid__alloc(&out->begin, (size_t)users + 2, sizeof *out->begin, "clicks of users", err));
    for (int64_t i = first; i < end; i++)
        if (im->row[i].label && t->item_of[im->row[i].item] >= 0) {
            out->begin[im->row[i].user + 2]++;
            count++;
        }
    SID_TRY(sid__alloc(&out->item, (size_t)count, sizeof *out->item, "clicks of users", err));
    SID_TRY(sid__alloc(&out->age_days, (size_t)count, sizeof *out->age_days, "clicks of users", err));
    for (int64_t u = 0; u < users; u++)
        out->begin[u + 2] += out->begin[u + 1];
    for (int64_t i = first; i < end; i++) {
        int32_t item = t->item_of[im->row[i].item];
        if (!im->row[i].label || item < 0)
            continue;
        int64_t at = out->begin[im->row[i].user + 1]++;
        out->item[at] = item;
        out->age_days[at] = last_day - im->row[i].day;
    }
    return SID_OK;
}

static sid_status read_days(testing *t, sid_error *err)
{
    const sid_impressions *im = t->im;
    int64_t most = 0;
    for (int64_t i = 0; i < im->items.count; i++)
        t->item_of[i] = (int32_t)sid__id_list_find(&t->assortment->base->ids, im->items.id[i]);
    for (int64_t i = 0; i < t->items; i++)
        t->first_day[i] = (double)NAN;
    for (int64_t i = 0; i < im->count; i++) {
        int32_t item = t->item_of[im->row[i].item];
        if (item >= 0 && isnan(t->first_day[item]))
            t->first_day[item] = im->row[i].day;
    }
    SID_TRY(list_clicks(t, 0, t->train_end, &t->history, err));
    SID_TRY(list_clicks(t, t->train_end, im->count, &t->asked, err));
    for (int64_t u = 0; u < im->users.count; u++) {
        int64_t count = t->history.begin[u + 1] - t->history.begin[u];
        most = count > most ? count : most;
    }
    return sid__alloc(&t->id, (size_t)most, sizeof *t->id, "a history", err);
}

/* ---- Sources: candidates of one user to found ---- */

static sid_status ask_prefixes(testing *t, int64_t user, const char *resolver, sid_error *err)
{
    sid_retrieve_request request = *t->like;
    sid_retrieved answer;
    int64_t begin = t->history.begin[user], count = t->history.begin[user + 1] - begin;
    for (int64_t i = 0; i < count; i++)
        t->id[i] = t->assortment->base->ids.id[t->history.item[begin + i]];
    request.history = t->id;
    request.history_count = count;
    request.age_days = t->history.age_days + begin;
    request.resolver = resolver;
    request.k = t->k;
    request.deny = request.allow = request.within = request.without = NULL;
    request.deny_count = request.allow_count = request.within_count = request.without_count = 0;
    SID_TRY(sid_retrieve(t->retriever, &request, &answer, err));
    for (int64_t i = 0; i < answer.count; i++)
        t->found[i] = (int32_t)sid__id_list_find(&t->assortment->base->ids, answer.row[i].item_id);
    t->found_count = answer.count;
    sid_retrieved_drop(&answer);
    return SID_OK;
}

/* Nothing that was clicked before, as of the prefixes. */
static int64_t next_popular(const testing *t, int64_t at)
{
    const int32_t *best = t->assortment->base->inventory.depth[0].item[SID__BY_SCORE];
    while (at < t->items && (t->mark[best[at]] & (t->like->keep_history ? 4 : 6)))
        at++;
    return at;
}

static void ask_popular(testing *t)
{
    const int32_t *best = t->assortment->base->inventory.depth[0].item[SID__BY_SCORE];
    t->found_count = 0;
    for (int64_t at = next_popular(t, 0); at < t->items && t->found_count < t->k; at = next_popular(t, at + 1))
        t->found[t->found_count++] = best[at];
}

/* One of the prefixes, one of the best of all, in turn. `found` holds those of the prefixes. */
static sid_status unite(testing *t, sid_error *err)
{
    const int32_t *best = t->assortment->base->inventory.depth[0].item[SID__BY_SCORE];
    int32_t *own = NULL;
    int64_t own_count = t->found_count, taken = 0, at = 0, count = 0;
    SID_TRY(sid__alloc(&own, (size_t)own_count, sizeof *own, "candidates", err));
    memcpy(own, t->found, (size_t)own_count * sizeof *own);
    while (count < t->k && (taken < own_count || at < t->items)) {
        while (taken < own_count && (t->mark[own[taken]] & 4))
            taken++;
        if (taken < own_count) {
            t->mark[own[taken]] |= 4;
            t->found[count++] = own[taken++];
        }
        at = next_popular(t, at);
        if (at < t->items && count < t->k) {
            t->mark[best[at]] |= 4;
            t->found[count++] = best[at];
        }
    }
    for (int64_t i = 0; i < count; i++)
        t->mark[t->found[i]] &= (uint8_t)~4;
    t->found_count = count;
    sid__free(own);
    return SID_OK;
}

/* ---- Scores ---- */

/* Of one user: targets are those that were not clicked before, each once. */
typedef struct user_score {
    int64_t targets, hits, new_targets, new_hits;
} user_score;

static void mark_user(testing *t, int64_t user, bool is_on)
{
    for (int64_t i = t->history.begin[user]; i < t->history.begin[user + 1]; i++)
        t->mark[t->history.item[i]] = is_on ? 2 : 0;
    for (int64_t i = t->asked.begin[user]; i < t->asked.begin[user + 1]; i++)
        if (!is_on)
            t->mark[t->asked.item[i]] = 0;
        else if (!(t->mark[t->asked.item[i]] & 2))
            t->mark[t->asked.item[i]] = 1;
}

static bool is_new(const testing *t, int32_t item)
{
    return t->first_day[item] == t->im->row[t->im->count - 1].day;
}

static user_score score_user(testing *t, int64_t user)
{
    user_score s = {0};
    for (int64_t i = 0; i < t->found_count; i++)
        t->mark[t->found[i]] |= 4;
    for (int64_t i = t->asked.begin[user]; i < t->asked.begin[user + 1]; i++) {
        int32_t item = t->asked.item[i];
        if (!(t->mark[item] & 1))
            continue;
        bool is_hit = t->mark[item] & 4, is_of_new = is_new(t, item);
        s.targets++;
        s.hits += is_hit;
        s.new_targets += is_of_new;
        s.new_hits += is_of_new && is_hit;
        t->mark[item] = (uint8_t)(t->mark[item] & ~1) | 8; /* clicked twice, it counts once */
    }
    for (int64_t i = t->asked.begin[user]; i < t->asked.begin[user + 1]; i++)
        if (t->mark[t->asked.item[i]] & 8)
            t->mark[t->asked.item[i]] = 1;
    for (int64_t i = 0; i < t->found_count; i++)
        t->mark[t->found[i]] &= (uint8_t)~4;
    return s;
}

static sid_status note_given(testing *t, sid_error *err)
{
    int32_t last = t->im->row[t->im->count - 1].day;
    SID_TRY(sid__grow(&t->age, &t->age_capacity, t->age_count + t->found_count, sizeof *t->age, "ages", err));
    for (int64_t i = 0; i < t->found_count; i++) {
        double first = t->first_day[t->found[i]];
        t->is_given[t->found[i]] = 1;
        if (!isnan(first))
            t->age[t->age_count++] = last - first;
    }
    return SID_OK;
}

static int by_number(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static sid_status ask(testing *t, int64_t user, int source, sid_error *err)
{
    if (source == POPULAR) {
        ask_popular(t);
        return SID_OK;
    }
    SID_TRY(ask_prefixes(t, user, source == UNION ? "score" : sid_resolver(source)->name, err));
    return source == UNION ? unite(t, err) : SID_OK;
}

static sid_status test_source(testing *t, int source, sid_source_score *out, sid_error *err)
{
    int64_t users = 0, new_users = 0, given = 0;
    sid_source_report *report = t->out;
    memset(t->is_given, 0, (size_t)t->items);
    t->age_count = 0;
    report->targets = report->new_targets = 0;
    for (int64_t u = 0; u < t->im->users.count; u++) {
        if (t->history.begin[u] == t->history.begin[u + 1] || t->asked.begin[u] == t->asked.begin[u + 1])
            continue;
        SID_TRY(sid__ctx_check(t->ctx, err));
        mark_user(t, u, true);
        sid_status status = ask(t, u, source, err);
        user_score s = status == SID_OK ? score_user(t, u) : (user_score){0};
        mark_user(t, u, false);
        SID_TRY(status);
        if (s.targets == 0)
            continue;
        SID_TRY(note_given(t, err));
        users++;
        new_users += s.new_targets > 0;
        report->targets += s.targets;
        report->new_targets += s.new_targets;
        out->recall += (double)s.hits / (double)s.targets;
        out->recall_new += s.new_targets > 0 ? (double)s.new_hits / (double)s.new_targets : 0;
    }
    if (users == 0)
        return sid__fail(err, SID_EDATA, "nobody clicked items of the catalogue both before the last day and on it");
    for (int64_t i = 0; i < t->items; i++)
        given += t->is_given[i];
    qsort(t->age, (size_t)t->age_count, sizeof *t->age, by_number);
    out->recall /= (double)users;
    out->recall_new = new_users > 0 ? out->recall_new / (double)new_users : (double)NAN;
    out->share = (double)given / (double)t->items;
    out->age_days = t->age_count > 0 ? t->age[t->age_count / 2] : (double)NAN;
    report->users = users;
    return SID_OK;
}

static sid_status test_all(testing *t, sid_error *err)
{
    int resolvers = sid_resolver_count();
    SID_TRY(sid__alloc(&t->out->row, (size_t)resolvers + 2, sizeof *t->out->row, "a report", err));
    t->out->memory = t->out->row;
    t->out->count = resolvers + 2;
    for (int s = 0; s < t->out->count; s++) {
        int source = s < resolvers ? s : resolvers - 1 - s;
        t->out->row[s].source = s < resolvers ? sid_resolver(s)->name : source == POPULAR ? "popular" : "union";
        sid__ctx_progress(t->ctx, t->out->row[s].source, s, t->out->count, "sources", (double)NAN);
        SID_TRY(test_source(t, source, &t->out->row[s], err));
    }
    return SID_OK;
}

static sid_status prepare(testing *t, sid_catalog *catalog, const sid_retriever_options *options, sid_error *err)
{
    const sid_impressions *im = t->im;
    static const char what[] = "a test of sources";
    sid_retriever_options known = options ? *options : (sid_retriever_options){0};
    if (im->day_count < 2)
        return sid__fail(err, SID_EDATA, "%s has one day; two at least are needed, the last one is the test", im->path);
    while (im->row[t->train_end].day < im->day_count - 1)
        t->train_end++;
    sid_impressions before = *im; /* the same rows, without the last day */
    before.count = t->train_end;
    known.impressions = &before;
    known.events = NULL;
    SID_TRY(sid_retriever_create(catalog, &known, &t->retriever, err));
    t->assortment = sid__retriever_enter(t->retriever);
    t->items = t->assortment->base->inventory.count;
    t->k = t->like->k ? t->like->k : 100;
    size_t items = (size_t)t->items;
    SID_TRY(sid__alloc(&t->item_of, (size_t)im->items.count, sizeof *t->item_of, what, err));
    SID_TRY(sid__alloc(&t->first_day, items, sizeof *t->first_day, what, err));
    SID_TRY(sid__alloc(&t->mark, items, 1, what, err));
    SID_TRY(sid__alloc(&t->is_given, items, 1, what, err));
    SID_TRY(sid__alloc(&t->found, (size_t)(t->k > 0 ? t->k : 0), sizeof *t->found, what, err));
    return read_days(t, err);
}

static void drop_clicks(clicks *c)
{
    sid__free(c->begin);
    sid__free(c->item);
    sid__free(c->age_days);
}

sid_status sid_source_test(sid_ctx *ctx, sid_catalog *catalog, const sid_impressions *impressions,
                           const sid_retriever_options *options, const sid_retrieve_request *like,
                           sid_source_report *out, sid_error *err)
{
    static const sid_retrieve_request usual;
    testing t = {.ctx = ctx, .im = impressions, .like = like ? like : &usual, .out = out};
    *out = (sid_source_report){0};
    sid_status status = prepare(&t, catalog, options, err);
    if (status == SID_OK)
        status = test_all(&t, err);
    sid__assortment_leave(t.assortment);
    sid_retriever_free(t.retriever);
    drop_clicks(&t.history);
    drop_clicks(&t.asked);
    sid__free(t.item_of);
    sid__free(t.first_day);
    sid__free(t.id);
    sid__free(t.mark);
    sid__free(t.is_given);
    sid__free(t.found);
    sid__free(t.age);
    if (status != SID_OK)
        sid_source_report_drop(out);
    return status;
}

void sid_source_report_drop(sid_source_report *report)
{
    sid__free(report->memory);
    *report = (sid_source_report){0};
}
