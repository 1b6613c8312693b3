/* source_test.c: sid_source_test: what sources of candidates find of the next day's clicks. The days before the last make the inventory
 * and the histories; everybody who clicked before and on the last day is asked. sid_source_probes: what probing finds, for them, of
 * what the vectors hold to be best.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/impressions.h"
#include "retrieve/retriever.h"

enum { POPULAR = -1, UNION = -2, PROBE = -3, UNION_OF_ALL = -4, UNITED_MAX = 3, PROBED_MAX = 2000, DAY_S = 86400 };

/* Sources beside the resolvers; those by vectors come last. */
static const struct {
    const char *name;
    int source, of[UNITED_MAX], of_count; /* of: what is given in turn; 0 is "score" */
    bool needs_vectors;
} more_sources[] = {{"popular", POPULAR, {0}, 0, false},
                    {"union", UNION, {0, POPULAR}, 2, false},
                    {"probe", PROBE, {0}, 0, true},
                    {"union+probe", UNION_OF_ALL, {0, POPULAR, PROBE}, 3, true}};
enum { MORE_SOURCES = sizeof more_sources / sizeof *more_sources };

/* Clicks by user: those of user u are item[begin[u]] .. item[begin[u + 1] - 1], in the order of time. Items that the catalogue lacks are
 * left out. */
typedef struct clicks {
    int64_t *begin; /* (users + 1) */
    int32_t *item;
    double *age_days;   /* by the number of the day */
    double *since_days; /* until the last day's first moment, where there are times; else the same */
} clicks;

typedef struct testing {
    sid_ctx *ctx;
    const sid_impressions *im;
    const sid_retrieve_request *like;
    const sid_retriever_vectors *vectors; /* NULL: no vectors of requests */
    float *query;                         /* (dim) */
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
    int32_t *list;         /* (UNITED_MAX, k) */
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
    SID_TRY(sid__alloc(&out->since_days, (size_t)count, sizeof *out->since_days, "clicks of users", err));
    for (int64_t u = 0; u < users; u++)
        out->begin[u + 2] += out->begin[u + 1];
    for (int64_t i = first; i < end; i++) {
        int32_t item = t->item_of[im->row[i].item];
        if (!im->row[i].label || item < 0)
            continue;
        int64_t at = out->begin[im->row[i].user + 1]++;
        out->item[at] = item;
        out->age_days[at] = last_day - im->row[i].day;
        out->since_days[at] = im->has_time ? (im->row[t->train_end].time - im->row[i].time) / DAY_S : out->age_days[at];
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

static int64_t list_history(const testing *t, int64_t user)
{
    int64_t begin = t->history.begin[user], count = t->history.begin[user + 1] - begin;
    for (int64_t i = 0; i < count; i++)
        t->id[i] = t->assortment->base->ids.id[t->history.item[begin + i]];
    return count;
}

/* `id` holds the history. */
static sid_status make_query(const testing *t, int64_t user, float *out, sid_error *err)
{
    int64_t begin = t->history.begin[user], count = t->history.begin[user + 1] - begin;
    return t->vectors->request(t->vectors->user, t->im->users.id[user], t->id, t->history.since_days + begin, count,
                               out, err);
}

/* By prefixes, or by partitions where resolver is NULL. */
static sid_status ask_retriever(testing *t, int64_t user, const char *resolver, bool needs_vectors, sid_error *err)
{
    sid_retrieve_request request = *t->like;
    sid_retrieved answer;
    request.history_count = list_history(t, user);
    request.history = t->id;
    request.age_days = t->history.age_days + t->history.begin[user];
    request.resolver = resolver;
    request.k = t->k;
    request.deny = request.allow = request.within = request.without = NULL;
    request.deny_count = request.allow_count = request.within_count = request.without_count = 0;
    request.query = needs_vectors ? t->query : NULL;
    request.probe = resolver ? 0 : t->like->probe > 0 ? t->like->probe : INT64_MAX;
    if (needs_vectors)
        SID_TRY(make_query(t, user, t->query, err));
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

static sid_status ask_one(testing *t, int64_t user, int source, sid_error *err)
{
    if (source == PROBE)
        return ask_retriever(t, user, NULL, true, err);
    if (source >= 0)
        return ask_retriever(t, user, sid_resolver(source)->name, sid__resolver_registry[source]->needs_vectors, err);
    ask_popular(t);
    return SID_OK;
}

/* One of each list in turn, none twice. */
static void deal(testing *t, const int64_t *size, int lists)
{
    int64_t at[UNITED_MAX] = {0}, left = 1;
    t->found_count = 0;
    while (left > 0 && t->found_count < t->k) {
        left = 0;
        for (int s = 0; s < lists && t->found_count < t->k; s++) {
            const int32_t *list = t->list + s * t->k;
            while (at[s] < size[s] && (t->mark[list[at[s]]] & 4))
                at[s]++;
            if (at[s] == size[s])
                continue;
            t->mark[list[at[s]]] |= 4;
            t->found[t->found_count++] = list[at[s]++];
            left++;
        }
    }
    for (int64_t i = 0; i < t->found_count; i++)
        t->mark[t->found[i]] &= (uint8_t)~4;
}

static sid_status unite(testing *t, int64_t user, const int *of, int lists, sid_error *err)
{
    int64_t size[UNITED_MAX];
    for (int s = 0; s < lists; s++) {
        SID_TRY(ask_one(t, user, of[s], err));
        memcpy(t->list + s * t->k, t->found, (size_t)t->found_count * sizeof *t->found);
        size[s] = t->found_count;
    }
    deal(t, size, lists);
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
    for (int i = 0; i < MORE_SOURCES; i++)
        if (more_sources[i].source == source && more_sources[i].of_count > 0)
            return unite(t, user, more_sources[i].of, more_sources[i].of_count, err);
    return ask_one(t, user, source, err);
}

static bool is_asked(const testing *t, int64_t user)
{
    return t->history.begin[user] < t->history.begin[user + 1] && t->asked.begin[user] < t->asked.begin[user + 1];
}

static sid_status test_source(testing *t, int source, sid_source_score *out, sid_error *err)
{
    int64_t users = 0, new_users = 0, given = 0;
    sid_source_report *report = t->out;
    memset(t->is_given, 0, (size_t)t->items);
    t->age_count = 0;
    report->targets = report->new_targets = 0;
    for (int64_t u = 0; u < t->im->users.count; u++) {
        if (!is_asked(t, u))
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

/* Sources in order, and their names; gives how many. source, name (resolvers + MORE_SOURCES). */
static int list_sources(const testing *t, int *source, const char **name)
{
    int count = 0;
    for (int r = 0; r < sid__resolver_registry_count; r++)
        if (t->vectors || !sid__resolver_registry[r]->needs_vectors) {
            name[count] = sid__resolver_registry[r]->info.name;
            source[count++] = r;
        }
    for (int i = 0; i < MORE_SOURCES; i++)
        if (t->vectors || !more_sources[i].needs_vectors) {
            name[count] = more_sources[i].name;
            source[count++] = more_sources[i].source;
        }
    return count;
}

static sid_status test_all(testing *t, sid_error *err)
{
    int source[16];
    const char *name[16];
    int count = list_sources(t, source, name);
    SID_TRY(sid__alloc(&t->out->row, (size_t)count, sizeof *t->out->row, "a report", err));
    t->out->memory = t->out->row;
    t->out->count = count;
    for (int s = 0; s < count; s++) {
        t->out->row[s].source = name[s];
        sid__ctx_progress(t->ctx, name[s], s, count, "sources", (double)NAN);
        SID_TRY(test_source(t, source[s], &t->out->row[s], err));
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
    SID_TRY(sid__alloc(&t->list, (size_t)(t->k > 0 ? t->k : 0), UNITED_MAX * sizeof *t->list, what, err));
    t->vectors = known.vectors && known.vectors->request ? known.vectors : NULL;
    if (t->vectors)
        SID_TRY(sid__alloc(&t->query, (size_t)t->vectors->dim, sizeof *t->query, what, err));
    return read_days(t, err);
}

static void drop_clicks(clicks *c)
{
    sid__free(c->begin);
    sid__free(c->item);
    sid__free(c->age_days);
    sid__free(c->since_days);
}

static void drop_testing(testing *t)
{
    sid__assortment_leave(t->assortment);
    sid_retriever_free(t->retriever);
    drop_clicks(&t->history);
    drop_clicks(&t->asked);
    sid__free(t->item_of);
    sid__free(t->first_day);
    sid__free(t->id);
    sid__free(t->mark);
    sid__free(t->is_given);
    sid__free(t->found);
    sid__free(t->list);
    sid__free(t->query);
    sid__free(t->age);
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
    drop_testing(&t);
    if (status != SID_OK)
        sid_source_report_drop(out);
    return status;
}

void sid_source_report_drop(sid_source_report *report)
{
    sid__free(report->memory);
    *report = (sid_source_report){0};
}

/* ---- What probing finds ----------------------------------------------------------------------------------------------- */

/* Of all who are asked, or of PROBED_MAX of them at equal steps. */
static sid_status list_queries(const testing *t, float **query, int64_t *count, sid_error *err)
{
    int64_t dim = t->vectors->dim, asked = 0;
    for (int64_t u = 0; u < t->im->users.count; u++)
        asked += is_asked(t, u);
    int64_t step = (asked + PROBED_MAX - 1) / PROBED_MAX;
    SID_TRY(sid__alloc(query, (size_t)asked, (size_t)dim * sizeof **query, "vectors of requests", err));
    for (int64_t u = 0, at = 0; u < t->im->users.count; u++)
        if (is_asked(t, u) && at++ % step == 0) {
            (void)list_history(t, u);
            SID_TRY(make_query(t, u, *query + (*count)++ * dim, err));
        }
    return *count > 0
               ? SID_OK
               : sid__fail(err, SID_EDATA, "nobody clicked items of the catalogue both before the last day and on it");
}

sid_status sid_source_probes(sid_ctx *ctx, sid_catalog *catalog, const sid_impressions *impressions,
                             const sid_retriever_options *options, const sid_retrieve_request *like,
                             sid_probe_report *out, sid_error *err)
{
    static const sid_retrieve_request usual;
    testing t = {.ctx = ctx, .im = impressions, .like = like ? like : &usual};
    float *query = NULL;
    int64_t count = 0;
    *out = (sid_probe_report){0};
    if (!options || !options->vectors || !options->vectors->request)
        return sid__fail(err, SID_EUSAGE, "probing wants vectors of items and of requests");
    sid_status status = prepare(&t, catalog, options, err);
    if (status == SID_OK)
        status = list_queries(&t, &query, &count, err);
    if (status == SID_OK)
        status = sid_probe_test(ctx, t.retriever, t.k, query, count, out, err);
    sid__free(query);
    drop_testing(&t);
    return status;
}
