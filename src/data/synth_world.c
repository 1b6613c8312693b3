/* synth_world.c: items and users drawn, and what is shown to whom. The constants are those of spec ranking, section 5. */
#include "data/synth_world.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/philox.h"
#include "linalg/scalar.h"

enum {
    NODE_SIZE = 1 + SID__WORLD_TASTE + SID__WORLD_CONTENT, /* quality, taste, content */
    NODES = 16 + 256 + 4096,
    HALF_LIFE_H = 6 * 24,
    GRAIN = 512, /* showings a task */
    POINTS = 25  /* of the mean over what is an item's own */
};

static const double law_mu = -2.8351;
static const int64_t first_day_s = 19676LL * 86400; /* a midnight of November 2023 */

/* Share of each level in quality and taste, and in content. */
static const double level_share[SID__WORLD_LEVELS] = {.5, .3, .2};
static const double content_share[SID__WORLD_LEVELS] = {.45, .25, .15};
static const double content_noise = .15;

static uint64_t draw_index(int use, uint64_t index)
{
    return (uint64_t)use << 56 | index;
}

static double uniform(const sid__world *w, int use, uint64_t index)
{
    return sid__philox_uniform(w->options.seed, SID__STREAM_WORLD, draw_index(use, index));
}

static double gaussian(const sid__world *w, int use, uint64_t index)
{
    return sid__gaussian(w->options.seed, SID__STREAM_WORLD, draw_index(use, index));
}

static double exponential(const sid__world *w, int use, uint64_t index)
{
    return -sid__log(1 - uniform(w, use, index));
}

/* ---- The tree ---- */

/* Of the node that a path of `depth` codes leads to, level by level. */
static int64_t node_of(const uint8_t *path, int depth)
{
    static const int64_t first[SID__WORLD_LEVELS] = {0, 16, 16 + 256};
    int64_t index = 0;
    for (int l = 0; l < depth; l++)
        index = index * SID__WORLD_CHILDREN + path[l];
    return first[depth - 1] + index;
}

static double child_weight(const sid__world *w, int64_t node)
{
    return sid__exp(.5 * gaussian(w, SID__WORLD_DRAW_CHILD, (uint64_t)node));
}

/* From the root to a leaf, each child as often as its weight says. */
static void walk(const sid__world *w, uint64_t item, uint8_t *path)
{
    for (int l = 0; l < SID__WORLD_LEVELS; l++) {
        double sum[SID__WORLD_CHILDREN], total = 0;
        int child = 0;
        for (int c = 0; c < SID__WORLD_CHILDREN; c++) {
            path[l] = (uint8_t)c;
            sum[c] = total += child_weight(w, node_of(path, l + 1));
        }
        for (double u = uniform(w, SID__WORLD_DRAW_WALK, item * SID__WORLD_LEVELS + (uint64_t)l) * total;
             child < SID__WORLD_CHILDREN - 1 && u >= sum[child];)
            child++;
        path[l] = (uint8_t)child;
    }
}

/* ---- Items ---- */

static sid_status push_item(sid__world *w, const sid__world_item *item, sid_error *err)
{
    SID_TRY(sid__grow(&w->item, &w->item_capacity, w->item_count + 1, sizeof *w->item, "items of the synthetic world",
                      err));
    w->item[w->item_count++] = *item;
    return SID_OK;
}

/* Item number `number` (twins share one), born at `birth`. */
static sid_status add_item(sid__world *w, uint64_t number, double birth, double death, sid_error *err)
{
    enum { OWN = 0, POPULARITY, TWIN, DRAWS };
    sid__world_item item = {.birth = birth, .death = death, .twin = -1};
    walk(w, number, item.path);
    for (int l = 0; l < SID__WORLD_LEVELS; l++) {
        const double *node = w->node + node_of(item.path, l + 1) * NODE_SIZE;
        item.branch += sqrt(level_share[l]) * node[0];
        for (int j = 0; j < SID__WORLD_TASTE; j++)
            item.taste[j] += sqrt(level_share[l]) * node[1 + j];
    }
    item.own = gaussian(w, SID__WORLD_DRAW_ITEM, number * DRAWS + OWN);
    item.weight = sid__exp(-1.05 * sid__log(6 + 20000 * uniform(w, SID__WORLD_DRAW_ITEM, number * DRAWS + POPULARITY)));
    SID_TRY(push_item(w, &item, err));
    if (uniform(w, SID__WORLD_DRAW_ITEM, number * DRAWS + TWIN) >= .01)
        return SID_OK;
    w->item[w->item_count - 1].twin = (int32_t)w->item_count;
    item.twin = (int32_t)w->item_count - 1;
    return push_item(w, &item, err);
}

/* As many as live at any time, of whatever age; then births as they come, at the rate of the deaths. */
static sid_status make_items(sid__world *w, sid_error *err)
{
    const double mean_life = HALF_LIFE_H / sid__log(2), gap = mean_life / (double)w->options.items;
    uint64_t number = 0;
    for (; number < (uint64_t)w->options.items; number++)
        SID_TRY(add_item(w, number, -mean_life * exponential(w, SID__WORLD_DRAW_LIFE, 2 * number),
                         mean_life * exponential(w, SID__WORLD_DRAW_LIFE, 2 * number + 1), err));
    for (double now = 0;; number++) {
        now += gap * exponential(w, SID__WORLD_DRAW_LIFE, 2 * number);
        if (now >= 24. * w->options.days)
            return SID_OK;
        SID_TRY(add_item(w, number, now, now + mean_life * exponential(w, SID__WORLD_DRAW_LIFE, 2 * number + 1), err));
    }
}

void sid__world_content(const sid__world *world, int64_t begin, int64_t count, float *content)
{
    for (int64_t i = begin; i < begin + count; i++, content += SID__WORLD_CONTENT) {
        const sid__world_item *item = &world->item[i];
        uint64_t source = (uint64_t)(item->twin >= 0 && item->twin < i ? item->twin : i); /* twins are equal */
        for (int j = 0; j < SID__WORLD_CONTENT; j++) {
            double x = sqrt(content_noise) *
                       gaussian(world, SID__WORLD_DRAW_CONTENT, source * SID__WORLD_CONTENT + (uint64_t)j);
            for (int l = 0; l < SID__WORLD_LEVELS; l++)
                x += sqrt(content_share[l]) *
                     world->node[node_of(item->path, l + 1) * NODE_SIZE + 1 + SID__WORLD_TASTE + j];
            content[j] = (float)x;
        }
    }
}

/* ---- Users ---- */

static void make_users(sid__world *w)
{
    enum { DRAWS = 2 + SID__WORLD_TASTE };
    double sum = 0;
    for (int64_t u = 0; u < w->options.users; u++) {
        uint64_t at = (uint64_t)u * DRAWS;
        w->user[u].bias = gaussian(w, SID__WORLD_DRAW_USER, at);
        w->activity[u] = sum += sid__exp(gaussian(w, SID__WORLD_DRAW_USER, at + 1));
        for (int j = 0; j < SID__WORLD_TASTE; j++)
            w->user[u].taste[j] = gaussian(w, SID__WORLD_DRAW_USER, at + 2 + (uint64_t)j);
    }
}

/* ---- The world ---- */

static sid_status check(const char *name, int64_t value, int64_t most, sid_error *err)
{
    if (value >= 1 && value <= most)
        return SID_OK;
    return sid__fail(err, SID_EUSAGE, "%s is %" PRId64 "; 1 to %" PRId64 " are possible", name, value, most);
}

sid_status sid__world_make(const sid__world_options *options, sid__world *out, sid_error *err)
{
    *out = (sid__world){.options = *options};
    SID_TRY(check("the number of items", options->items, 10000000, err));
    SID_TRY(check("the number of users", options->users, 100000000, err));
    SID_TRY(check("the number of impressions a day", options->impressions, 10000000000, err));
    SID_TRY(check("the number of days", options->days, 1000, err));
    SID_TRY(
        sid__alloc(&out->node, (size_t)NODES * NODE_SIZE, sizeof *out->node, "the tree of the synthetic world", err));
    SID_TRY(sid__alloc(&out->user, (size_t)options->users, sizeof *out->user, "users of the synthetic world", err));
    SID_TRY(sid__alloc(&out->activity, (size_t)options->users, sizeof *out->activity, "activity of users", err));
    for (int64_t i = 0; i < (int64_t)NODES * NODE_SIZE; i++)
        out->node[i] = gaussian(out, SID__WORLD_DRAW_NODE, (uint64_t)i);
    make_users(out);
    return make_items(out, err);
}

void sid__world_drop(sid__world *world)
{
    sid__free(world->item);
    sid__free(world->user);
    sid__free(world->activity);
    sid__free(world->node);
    *world = (sid__world){0};
}

/* ---- What is shown ---- */

typedef struct hour_job {
    const sid__world *world;
    const int32_t *alive; /* (alive_count) items */
    const double *sum;    /* (alive_count) of their weights, up to and with each */
    double point[POINTS], point_weight[POINTS];
    int64_t alive_count, begin, count; /* begin: showings of all hours before */
    int hour;
    sid__world_shown *out;
} hour_job;

static int64_t day_before(const sid__world *w, int64_t hour_of_day)
{
    return w->options.impressions / 24 * hour_of_day + w->options.impressions % 24 * hour_of_day / 24;
}

int64_t sid__world_hour_count(const sid__world *world, int hour)
{
    return day_before(world, hour % 24 + 1) - day_before(world, hour % 24);
}

static double sigmoid(double x)
{
    return 1 / (1 + sid__exp(-x));
}

/* The first index whose sum is beyond `u`. */
static int64_t find(const double *sum, int64_t count, double u)
{
    int64_t low = 0, high = count - 1;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (sum[middle] > u)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The logit, but for what is the item's own. */
static double known_logit(const hour_job *job, const sid__world_shown *shown)
{
    const sid__world_item *item = &job->world->item[shown->item];
    const sid__world_user *user = &job->world->user[shown->user];
    double affinity = 0;
    for (int j = 0; j < SID__WORLD_TASTE; j++)
        affinity += user->taste[j] * item->taste[j];
    return law_mu + sqrt(.25) * user->bias + sqrt(.35) * item->branch + sqrt(.45) * affinity / sqrt(8.) +
           sqrt(.05) * (2 - shown->position) / sqrt(2.) +
           sqrt(.05) * sqrt(2.) * sid__cos_2pi((double)(job->hour % 24) / 24 - .25);
}

static void show(void *arg, int64_t begin, int64_t end, int worker)
{
    enum { ITEM = 0, USER, POSITION, LABEL, DRAWS };
    const hour_job *job = arg;
    const sid__world *w = job->world;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        uint64_t at = (uint64_t)(job->begin + i) * DRAWS;
        sid__world_shown *shown = &job->out[i];
        double u = uniform(w, SID__WORLD_DRAW_SHOWN, at + ITEM) * job->sum[job->alive_count - 1];
        shown->item = job->alive[find(job->sum, job->alive_count, u)];
        u = uniform(w, SID__WORLD_DRAW_SHOWN, at + USER) * w->activity[w->options.users - 1];
        shown->user = (int32_t)find(w->activity, w->options.users, u);
        shown->position = (uint8_t)(uniform(w, SID__WORLD_DRAW_SHOWN, at + POSITION) * 5);
        shown->timestamp = first_day_s + (int64_t)job->hour * 3600 + i * 3600 / job->count;
        double known = known_logit(job, shown);
        shown->p = sigmoid(known + sqrt(.70) * w->item[shown->item].own);
        shown->label = uniform(w, SID__WORLD_DRAW_SHOWN, at + LABEL) < shown->p;
        shown->p_content = 0;
        for (int k = 0; k < POINTS; k++)
            shown->p_content += job->point_weight[k] * sigmoid(known + sqrt(.70) * job->point[k]);
    }
}

/* The mean over a standard normal: the trapezoid rule from -6 to 6 errs by less than 1e-8 for such smooth functions. */
static void set_points(hour_job *job)
{
    double total = 0;
    for (int k = 0; k < POINTS; k++) {
        job->point[k] = -6 + 12. * k / (POINTS - 1);
        job->point_weight[k] = sid__exp(-.5 * job->point[k] * job->point[k]);
        total += job->point_weight[k];
    }
    for (int k = 0; k < POINTS; k++)
        job->point_weight[k] /= total;
}

static void find_alive(const sid__world *w, int hour, int32_t *alive, double *sum, int64_t *count)
{
    double total = 0;
    *count = 0;
    for (int64_t i = 0; i < w->item_count && w->item[i].birth <= hour; i++)
        if (w->item[i].death > hour) {
            alive[*count] = (int32_t)i;
            sum[(*count)++] = total += w->item[i].weight;
        }
}

sid_status sid__world_hour(const sid_ctx *ctx, const sid__world *world, int hour, sid__world_shown *out, sid_error *err)
{
    int32_t *alive = NULL;
    double *sum = NULL;
    hour_job job = {.world = world, .hour = hour, .out = out, .count = sid__world_hour_count(world, hour)};
    job.begin = world->options.impressions * (hour / 24) + day_before(world, hour % 24);
    SID_TRY(sid__alloc(&alive, (size_t)world->item_count, sizeof *alive, "items alive", err));
    sid_status status = sid__alloc(&sum, (size_t)world->item_count, sizeof *sum, "weights of items", err);
    if (status == SID_OK) {
        find_alive(world, hour, alive, sum, &job.alive_count);
        job.alive = alive;
        job.sum = sum;
        if (job.alive_count == 0)
            status = sid__fail(err, SID_EDATA, "no item is alive in hour %d; ask for more than %" PRId64 " items", hour,
                               world->options.items);
    }
    if (status == SID_OK) {
        set_points(&job);
        sid__ctx_for(ctx, job.count, GRAIN, show, &job);
    }
    sid__free(alive);
    sid__free(sum);
    return status;
}
