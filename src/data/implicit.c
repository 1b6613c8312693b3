/* implicit.c: see implicit.h. */
#include "data/implicit.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "base/philox.h"
#include "linalg/scalar.h"

enum { TRIES = 32 /* draws before the next item that will do is taken: a power of two */ };

#define AT(field) offsetof(sid__implicit, field)
static const sid_option option_table[] = {
    {"n", SID_OPTION_INT, "4", 1, 1000, NULL, "items shown and ignored with each click", AT(ignored)},
    {"alpha", SID_OPTION_FLOAT, "0.5", 0, 4, NULL, "drawn in proportion to clicks^alpha", AT(alpha)}};
#undef AT
static const sid_family options = {.name = "implicit", .options = option_table, .option_count = 2};

static sid_status set_option(void *user, const char *name, const char *value, sid_error *err)
{
    bool is_known = false;
    SID_TRY(sid__options_set(&options, user, name, value, &is_known, err));
    return is_known ? SID_OK : sid__fail(err, SID_EUSAGE, "implicit has no option \"%s\"; n and alpha are known", name);
}

sid_status sid__implicit_parse(const char *text, sid__implicit *out, sid_error *err)
{
    SID_TRY(sid__options_default(&options, out, err));
    return sid__options_split(text, set_option, out, err);
}

/* ---- A day ---- */

/* Invariant: clicks is zero but for the day's items; sum[i] adds the weights of item[0 .. i]. */
typedef struct day {
    const sid_impressions *im;
    sid__implicit of;
    uint64_t seed;
    int64_t *clicks; /* (items) */
    int32_t *item;   /* (item_count) clicked that day, ascending */
    double *sum;     /* (item_count) */
    int64_t item_count;
    uint64_t *pair; /* (pair_count) user and item of the day's clicks, ascending */
    int64_t pair_count;
} day;

static uint64_t pair_of(int32_t user, int32_t item)
{
    return (uint64_t)user << 32 | (uint32_t)item;
}

static int by_value(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static int by_item(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    return (a > b) - (a < b);
}

static void begin_day(day *d, int64_t begin, int64_t end)
{
    double total = 0;
    for (int64_t i = 0; i < d->item_count; i++)
        d->clicks[d->item[i]] = 0;
    d->item_count = d->pair_count = 0;
    for (int64_t i = begin; i < end; i++) {
        const sid__impression *row = &d->im->row[i];
        if (d->clicks[row->item]++ == 0)
            d->item[d->item_count++] = row->item;
        d->pair[d->pair_count++] = pair_of(row->user, row->item);
    }
    qsort(d->item, (size_t)d->item_count, sizeof *d->item, by_item);
    qsort(d->pair, (size_t)d->pair_count, sizeof *d->pair, by_value);
    for (int64_t i = 0; i < d->item_count; i++) {
        total += sid__exp(d->of.alpha * sid__log((double)d->clicks[d->item[i]]));
        d->sum[i] = total;
    }
}

static bool is_clicked(const day *d, int32_t user, int32_t item)
{
    uint64_t pair = pair_of(user, item);
    return bsearch(&pair, d->pair, (size_t)d->pair_count, sizeof pair, by_value) != NULL;
}

/* The first item whose sum is beyond u of all. */
static int64_t place_at(const day *d, double u)
{
    double wanted = u * d->sum[d->item_count - 1];
    int64_t low = 0, high = d->item_count - 1;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (d->sum[middle] > wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* -1: the user clicked all there are. */
static int32_t draw(const day *d, int32_t user, uint64_t index)
{
    int64_t at = 0;
    for (uint64_t t = 0; t < TRIES; t++) {
        at = place_at(d, sid__philox_uniform(d->seed, SID__STREAM_IGNORED, index * TRIES + t));
        if (!is_clicked(d, user, d->item[at]))
            return d->item[at];
    }
    for (int64_t i = 0; i < d->item_count; i++, at++)
        if (!is_clicked(d, user, d->item[at % d->item_count]))
            return d->item[at % d->item_count];
    return -1;
}

/* ---- All of them ---- */

typedef struct adding {
    day today;
    sid__impression *row;
    float *dense;
    int64_t count, capacity;
} adding;

static void put(adding *a, int64_t like, int32_t item, uint8_t label)
{
    const sid_impressions *im = a->today.im;
    size_t width = (size_t)im->dense_count;
    a->row[a->count] = im->row[like];
    a->row[a->count].item = item;
    a->row[a->count].label = label;
    if (width > 0)
        memcpy(a->dense + (size_t)a->count * width, im->dense + (size_t)like * width, width * sizeof *a->dense);
    a->count++;
}

static sid_status add_all(adding *a, int64_t *short_of, sid_error *err)
{
    enum { CHECK_EVERY = 1 << 14 };
    const sid_impressions *im = a->today.im;
    int64_t ignored = a->today.of.ignored, end = 0;
    for (int64_t i = 0; i < im->count; i++) {
        if (i == end) {
            while (end < im->count && im->row[end].day == im->row[i].day)
                end++;
            begin_day(&a->today, i, end);
        }
        if (i % CHECK_EVERY == 0)
            SID_TRY(sid__ctx_check(im->ctx, err));
        for (int64_t n = 0; n < ignored; n++) {
            int32_t item = draw(&a->today, im->row[i].user, (uint64_t)(i * ignored + n));
            if (item >= 0)
                put(a, i, item, 0);
            *short_of += item < 0;
        }
        put(a, i, im->row[i].item, 1);
    }
    return SID_OK;
}

static sid_status acquire(adding *a, sid_error *err)
{
    static const char what[] = "items shown and ignored";
    day *d = &a->today;
    size_t count = (size_t)d->im->count, per_click = (size_t)d->of.ignored + 1;
    SID_TRY(sid__alloc(&a->row, count, per_click * sizeof *a->row, what, err));
    SID_TRY(sid__alloc(&a->dense, count * per_click, (size_t)d->im->dense_count * sizeof *a->dense, what, err));
    SID_TRY(sid__alloc(&d->clicks, (size_t)d->im->items.count, sizeof *d->clicks, what, err));
    SID_TRY(sid__alloc(&d->item, (size_t)d->im->items.count, sizeof *d->item, what, err));
    SID_TRY(sid__alloc(&d->sum, (size_t)d->im->items.count, sizeof *d->sum, what, err));
    return sid__alloc(&d->pair, count, sizeof *d->pair, what, err);
}

static void drop(adding *a)
{
    sid__free(a->row);
    sid__free(a->dense);
    sid__free(a->today.clicks);
    sid__free(a->today.item);
    sid__free(a->today.sum);
    sid__free(a->today.pair);
}

/* Counted as sid_impressions_free gives it back. */
static sid_status reserve(sid_impressions *im, int64_t capacity, sid_error *err)
{
    size_t size = (size_t)(capacity - im->count) *
                  (sizeof *im->row + (size_t)im->dense_count * sizeof *im->dense + sizeof(int64_t));
    SID_TRY(sid__ctx_reserve(im->ctx, size, "items shown and ignored", err));
    im->reserved_size += size;
    return SID_OK;
}

sid_status sid__implicit_add(sid_impressions *im, const sid__implicit *of, uint64_t seed, int64_t *short_of,
                             sid_error *err)
{
    adding a = {.today = {.im = im, .of = *of, .seed = seed}};
    int64_t per_click = of->ignored + 1;
    *short_of = 0;
    if (im->count > INT64_MAX / per_click / TRIES)
        return sid__fail(err, SID_EUSAGE, "%" PRId64 " clicks with %" PRId64 " items each are too many", im->count,
                         of->ignored);
    a.capacity = im->count * per_click;
    SID_TRY(reserve(im, a.capacity, err));
    sid_status status = acquire(&a, err);
    if (status == SID_OK)
        status = add_all(&a, short_of, err);
    if (status == SID_OK) {
        sid__impression *row = im->row;
        float *dense = im->dense;
        im->row = a.row;
        im->dense = a.dense;
        im->count = a.count;
        im->capacity = a.capacity;
        im->dense_capacity = a.capacity * im->dense_count;
        im->ignored = of->ignored;
        im->alpha = of->alpha;
        im->seed = seed;
        a.row = row;
        a.dense = dense;
    }
    drop(&a);
    return status;
}
