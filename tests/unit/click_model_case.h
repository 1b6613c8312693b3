/* click_model_case.h: a feature file and impressions in a temporary folder, for the tests of src/rank/click_model*. */
#ifndef SEMID_CLICK_MODEL_CASE_H
#define SEMID_CLICK_MODEL_CASE_H

#include <limits.h>
#include <math.h>
#include <unistd.h>

#include "test.h"

#include "base/philox.h"
#include "base/strbuf.h"
#include "base/vfs.h"
#include "rank/click_model.h"

enum { CASE_DAYS = 4, CASE_DAY_COUNT = 500, CASE_USERS = 30, CASE_ITEMS = 40 };

static sid_ctx *ctx;
static char folder[64];

static const char usual_features[] =
    "{\"format\":1,\n"
    " \"tables\":{\"user\":{\"dim\":8},\"item\":{\"dim\":8,\"admit\":{\"count\":1}},\n"
    "  \"site\":{\"kind\":\"hashed\",\"dim\":4,\"rows\":16}},\n"
    " \"features\":[{\"name\":\"user\",\"kind\":\"id\",\"column\":\"user_id\",\"table\":\"user\"},\n"
    "  {\"name\":\"item\",\"kind\":\"id\",\"column\":\"item_id\",\"table\":\"item\"},\n"
    "  {\"name\":\"site\",\"kind\":\"id\",\"column\":\"site\",\"table\":\"site\"},\n"
    "  {\"name\":\"clicks\",\"kind\":\"history\",\"as\":\"item\",\"max\":5,\"pool\":\"din\"},\n"
    "  {\"name\":\"hour\",\"kind\":\"dense\",\"columns\":[\"hour\"],\"transform\":\"standard\"}],\n"
    " \"model\":{\"family\":\"deepfm\",\"options\":{\"mlp\":\"8\"}}}\n";

static inline char *path_of(const char *name)
{
    static char path[4][PATH_MAX];
    static int next;
    char *to = path[next++ % 4];
    (void)snprintf(to, PATH_MAX, "%s/%s", folder, name);
    return to;
}

static inline char *write_case(const char *name, const char *text)
{
    char *path = path_of(name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* `usual_features` with `from` replaced by `to`. */
static inline char *features_with(const char *from, const char *to)
{
    char text[2048];
    const char *at = strstr(usual_features, from);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - usual_features), usual_features, to, at + strlen(from));
    return write_case("features.json", text);
}

static inline double case_draw(uint64_t seed, int64_t i)
{
    return sid__philox_uniform(seed, SID__STREAM_TEST, (uint64_t)i);
}

/* Days first .. last of impressions: items below 10 are liked, and even users like even items. New items come each day. */
static inline char *write_days(const char *name, int first, int last)
{
    sid__strbuf text = {0};
    TEST_OK(sid__strbuf_printf(&text, err, "user_id\titem_id\tlabel\tlike\tday\ttimestamp\thour\tsite\n"));
    for (int64_t i = (first - 1) * (int64_t)CASE_DAY_COUNT; i < last * (int64_t)CASE_DAY_COUNT; i++) {
        int day = (int)(i / CASE_DAY_COUNT);
        int user = (int)(case_draw(1, i) * CASE_USERS), item = (int)(case_draw(2, i) * (CASE_ITEMS / 2 + 5 * day));
        double p = item < 10 ? .8 : user % 2 == item % 2 ? .5 : .1;
        TEST_OK(sid__strbuf_printf(&text, err, "u%d\ti%d\t%d\t%d\t%d\t%d\t%d\ts%d\n", user, item, case_draw(3, i) < p,
                                   case_draw(4, i) < .3, day + 1, 86400 * day + (int)(i % 500) * 100, (int)(i % 24),
                                   item % 3));
    }
    char *path = write_case(name, text.text);
    sid__strbuf_drop(&text);
    return path;
}

static inline sid_ranker *ranker_of(const char *features)
{
    sid_ranker *ranker = NULL;
    const sid_ranker_options options = {.batch = 64, .seed = 7};
    TEST_OK(sid_ranker_create(ctx, features, &options, &ranker, err));
    return ranker;
}

static inline sid_impressions *read_for(const sid_ranker *ranker, const char *path)
{
    sid_impressions *im = NULL;
    TEST_OK(sid_ranker_read(ranker, path, NULL, &im, err));
    return im;
}

/* A ranker that learned days first .. last. */
static inline sid_ranker *trained(const char *features, int first, int last)
{
    sid_ranker *ranker = ranker_of(features);
    sid_impressions *im = read_for(ranker, write_days("im.tsv", first, last));
    TEST_OK(sid_ranker_train(ranker, im, NULL, err));
    sid_impressions_free(im);
    return ranker;
}

static inline int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/semid-clicks-XXXXXX");
    TEST_OK(sid_ctx_create(&ctx, err));
    return mkdtemp(folder) ? 0 : -1;
}

static inline int tear_down(void **state)
{
    static const char *const rankers[] = {"once", "half", "twice", "damaged"};
    (void)state;
    sid_ctx_free(ctx);
    for (size_t i = 0; i < sizeof rankers / sizeof *rankers; i++)
        TEST_OK(sid__remove_tree(path_of(rankers[i]), err));
    return sid__remove_tree(folder, NULL) == SID_OK ? 0 : -1;
}

#endif
