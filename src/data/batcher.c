/* batcher.c: see batcher.h. */
#include "data/batcher.h"

#include <assert.h>
#include <string.h>

#include "base/philox.h"

enum { WINDOW_BATCHES = 64 };

/* Sequences that a batch may have. */
static int64_t users_of(const sid__batcher *b)
{
    int64_t users = b->options.batch_users;
    return users > 0 && users < b->sample_count ? users : b->sample_count;
}

/* ---- Samples ------------------------------------------------------------------------------------------------------ */

static int64_t count_samples(const sid__split *split, bool is_prefix)
{
    int64_t count = 0;
    for (int64_t u = 0; u < split->user_count; u++) {
        int64_t targets = split->train_end[u] - split->begin[u] - 1;
        count += targets < 1 ? 0 : is_prefix ? targets : 1;
    }
    return count;
}

static void list_samples(sid__batcher *b)
{
    const sid__split *split = b->split;
    bool is_prefix = b->options.augment == SID__AUGMENT_PREFIX;
    int64_t n = 0;
    for (int64_t u = 0; u < split->user_count; u++) {
        int64_t begin = split->begin[u], end = split->train_end[u];
        for (int64_t at = is_prefix ? begin + 2 : end; at <= end && at - begin >= 2; at++)
            b->sample[n++] = (sid__sample){.begin = begin, .end = at, .user = (int32_t)u};
    }
    assert(n == b->sample_count);
}

static int64_t longest_run(const sid__split *split)
{
    int64_t longest = 0;
    for (int64_t u = 0; u < split->user_count; u++)
        if (split->train_end[u] - split->begin[u] > longest)
            longest = split->train_end[u] - split->begin[u];
    return longest;
}

static sid_status make_room(sid__batcher *b, sid_error *err)
{
    const sid__batcher_options *o = &b->options;
    int64_t longest = longest_run(b->split), most = o->history_max < longest ? o->history_max + 1 : longest;
    int64_t users = users_of(b);
    size_t samples = (size_t)b->sample_count;
    b->tokens_max = users * most;
    if (o->batch_tokens > 0 && o->batch_tokens < b->tokens_max)
        b->tokens_max = o->batch_tokens > most ? o->batch_tokens : most;
    SID_TRY(sid__alloc(&b->sample, samples, sizeof *b->sample, "samples", err));
    SID_TRY(sid__alloc(&b->window, samples, sizeof *b->window, "windows of samples", err));
    SID_TRY(sid__alloc(&b->order, samples, sizeof *b->order, "an order of samples", err));
    SID_TRY(sid__alloc(&b->sorted, samples, sizeof *b->sorted, "an order of samples", err));
    SID_TRY(sid__alloc(&b->batch_begin, samples, sizeof *b->batch_begin, "batches", err));
    SID_TRY(sid__alloc(&b->batch_end, samples, sizeof *b->batch_end, "batches", err));
    SID_TRY(sid__alloc(&b->first_token, (size_t)users + 1, sizeof *b->first_token, "a batch", err));
    SID_TRY(sid__alloc(&b->user, (size_t)users, sizeof *b->user, "a batch", err));
    SID_TRY(sid__alloc(&b->item, (size_t)b->tokens_max, sizeof *b->item, "a batch", err));
    SID_TRY(sid__alloc(&b->target, (size_t)b->tokens_max, sizeof *b->target, "a batch", err));
    return sid__alloc(&b->run, (size_t)longest, sizeof *b->run, "events of a user", err);
}

sid_status sid__batcher_create(const sid__split *split, const sid__batcher_options *options, sid__batcher *out,
                               sid_error *err)
{
    *out = (sid__batcher){.split = split, .options = *options, .epoch = -1};
    if (options->batch_users == 0 && options->batch_tokens == 0)
        return sid__fail(
            err, SID_EUSAGE,
            "batch_users and batch_tokens are both 0, any number; one of them must say how much a step takes, "
            "batch_tokens=1024 for one");
    out->sample_count = count_samples(split, options->augment == SID__AUGMENT_PREFIX);
    if (out->sample_count == 0)
        return sid__fail(err, SID_EDATA,
                         "none of the %lld users has two events that train, so there is no next item to learn; take "
                         "another split or more events",
                         (long long)split->user_count);
    sid_status status = make_room(out, err);
    if (status == SID_OK)
        list_samples(out);
    else
        sid__batcher_drop(out);
    return status;
}

void sid__batcher_drop(sid__batcher *b)
{
    sid__free(b->sample);
    sid__free(b->window);
    sid__free(b->order);
    sid__free(b->sorted);
    sid__free(b->batch_begin);
    sid__free(b->batch_end);
    sid__free(b->first_token);
    sid__free(b->user);
    sid__free(b->item);
    sid__free(b->target);
    sid__free(b->run);
    *b = (sid__batcher){0};
}

/* ---- An epoch ----------------------------------------------------------------------------------------------------- */

/* Fisher and Yates; `key` tells the shuffles of an epoch apart. */
static void shuffle(const sid__batcher *b, int64_t epoch, uint64_t key, int64_t count, int64_t *a, int64_t *beside)
{
    for (int64_t i = 0; i + 1 < count; i++) {
        uint64_t index = (uint64_t)epoch << 40 | (key + (uint64_t)i);
        int64_t j = i + (int64_t)sid__philox_below(b->options.seed, SID__STREAM_BATCHES, index, (uint64_t)(count - i));
        int64_t kept = a[i];
        a[i] = a[j];
        a[j] = kept;
        if (beside) {
            kept = beside[i];
            beside[i] = beside[j];
            beside[j] = kept;
        }
    }
}

/* The part of a sample that is taken: for crops a length of 2 .. n and a place, each as likely; then what a history holds. */
static sid__sample_window draw_window(const sid__batcher *b, int64_t epoch, int64_t sample)
{
    const sid__batcher_options *o = &b->options;
    const sid__sample *s = &b->sample[sample];
    sid__sample_window window = {s->begin, s->end};
    uint64_t index = ((uint64_t)epoch << 32 | (uint64_t)sample) << 2, count = (uint64_t)(s->end - s->begin);
    if (o->augment == SID__AUGMENT_CROP && sid__philox_uniform(o->seed, SID__STREAM_CROP, index) < o->crop_rate) {
        uint64_t length = 2 + sid__philox_below(o->seed, SID__STREAM_CROP, index + 1, count - 1);
        window.begin += (int64_t)sid__philox_below(o->seed, SID__STREAM_CROP, index + 2, count - length + 1);
        window.end = window.begin + (int64_t)length;
    }
    if (window.end - window.begin > o->history_max + 1)
        window.begin = window.end - o->history_max - 1;
    return window;
}

static int64_t tokens_of(const sid__batcher *b, int64_t sample)
{
    return b->window[sample].end - b->window[sample].begin - (b->options.samples == SID__SAMPLES_NEXT);
}

/* order[begin .. end - 1] by length, equal lengths as they were: a merge sort from below. */
static void sort_by_length(sid__batcher *b, int64_t begin, int64_t end)
{
    for (int64_t width = 1; width < end - begin; width *= 2) {
        for (int64_t low = begin; low < end; low += 2 * width) {
            int64_t middle = low + width < end ? low + width : end, high = middle + width < end ? middle + width : end;
            for (int64_t i = low, j = middle, out = low; out < high; out++) {
                bool takes_right = i >= middle || (j < high && tokens_of(b, b->order[j]) < tokens_of(b, b->order[i]));
                b->sorted[out] = b->order[takes_right ? j++ : i++];
            }
        }
        memcpy(b->order + begin, b->sorted + begin, (size_t)(end - begin) * sizeof *b->order);
    }
}

static void cut_batches(sid__batcher *b, int64_t begin, int64_t end)
{
    const sid__batcher_options *o = &b->options;
    int64_t users = users_of(b);
    for (int64_t at = begin; at < end;) {
        int64_t first = at, tokens = 0;
        while (at < end && at - first < users) {
            tokens += tokens_of(b, b->order[at]);
            if (o->batch_tokens > 0 && tokens > o->batch_tokens && at > first)
                break;
            at++;
        }
        b->batch_begin[b->batch_count] = first;
        b->batch_end[b->batch_count++] = at;
    }
}

void sid__batcher_begin(sid__batcher *b, int64_t epoch)
{
    int64_t users = users_of(b), step = users < b->sample_count ? users * WINDOW_BATCHES : b->sample_count;
    if (epoch == b->epoch)
        return;
    for (int64_t i = 0; i < b->sample_count; i++) {
        b->order[i] = i;
        b->window[i] = draw_window(b, epoch, i);
    }
    shuffle(b, epoch, 0, b->sample_count, b->order, NULL);
    b->batch_count = 0;
    for (int64_t begin = 0; begin < b->sample_count; begin += step) {
        int64_t end = begin + step < b->sample_count ? begin + step : b->sample_count, first = b->batch_count;
        sort_by_length(b, begin, end);
        cut_batches(b, begin, end);
        shuffle(b, epoch, (uint64_t)b->sample_count + (uint64_t)begin, b->batch_count - first, b->batch_begin + first,
                b->batch_end + first);
    }
    b->epoch = epoch;
}

int64_t sid__batcher_steps(sid__batcher *b, int64_t epochs)
{
    int64_t steps = 0;
    if (b->options.batch_tokens == 0) { /* lengths do not matter */
        sid__batcher_begin(b, 0);
        return b->batch_count * epochs;
    }
    for (int64_t e = 0; e < epochs; e++) {
        sid__batcher_begin(b, e);
        steps += b->batch_count;
    }
    return steps;
}

/* ---- A batch ------------------------------------------------------------------------------------------------------ */

/* run (end - begin) = the events of the sample in the order of this epoch. */
static void permute_ties(const sid__batcher *b, const sid__sample *s)
{
    const sid__split *split = b->split;
    int64_t train_end = split->train_end[s->user];
    memcpy(b->run, split->item + s->begin, (size_t)(train_end - s->begin) * sizeof *b->run);
    for (int64_t first = s->begin, last; first < train_end; first = last) {
        for (last = first + 1; last < train_end && split->is_tied[last];)
            last++;
        for (int64_t i = last - 1; i > first; i--) {
            uint64_t index = (uint64_t)b->epoch << 40 | (uint64_t)i;
            int64_t j = first + (int64_t)sid__philox_below(b->options.seed, SID__STREAM_TIES_AGAIN, index,
                                                           (uint64_t)(i - first) + 1);
            int32_t kept = b->run[i - s->begin];
            b->run[i - s->begin] = b->run[j - s->begin];
            b->run[j - s->begin] = kept;
        }
    }
}

/* Writes a sequence at token `at`; how many of its targets count. */
static int64_t write_sequence(const sid__batcher *b, int64_t sample, int64_t at)
{
    const sid__sample *s = &b->sample[sample];
    const sid__sample_window *w = &b->window[sample];
    const int32_t *event = b->split->item + w->begin;
    int64_t tokens = tokens_of(b, sample), last = w->end - w->begin - 2, counted = 0;
    if (b->options.ties_augment) {
        permute_ties(b, s);
        event = b->run + (w->begin - s->begin);
    }
    for (int64_t i = 0; i < tokens; i++) {
        bool counts = i <= last && (b->options.augment != SID__AUGMENT_PREFIX || i == last);
        b->item[at + i] = event[i];
        b->target[at + i] = counts ? event[i + 1] : -1;
        counted += counts;
    }
    return counted;
}

sid__batch sid__batcher_get(sid__batcher *b, int64_t index)
{
    int64_t begin = b->batch_begin[index], count = b->batch_end[index] - begin, tokens = 0, counted = 0;
    assert(b->epoch >= 0 && index < b->batch_count);
    for (int64_t i = 0; i < count; i++) {
        int64_t sample = b->order[begin + i];
        b->first_token[i] = tokens;
        b->user[i] = b->sample[sample].user;
        counted += write_sequence(b, sample, tokens);
        tokens += tokens_of(b, sample);
    }
    b->first_token[count] = tokens;
    assert(tokens <= b->tokens_max);
    return (sid__batch){.sequences = {.begin = b->first_token, .count = count},
                        .tokens = tokens,
                        .item = b->item,
                        .target = b->target,
                        .target_count = counted,
                        .user = b->user,
                        .user_id = b->split->events ? b->split->events->users.id : NULL,
                        .seed = b->options.seed};
}
