/* test_click_model_file.c: rankers saved, damaged, gone on with. */
#include "click_model_case.h"

static char *whole(const char *path, int64_t *size)
{
    char *bytes = NULL;
    TEST_OK(sid__read_whole(path, 1 << 26, &bytes, size, err));
    return bytes;
}

/* The first `size` bytes, one of them flipped; -1: none. */
static void put(const char *path, char *bytes, int64_t size, int64_t flipped)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    if (flipped >= 0)
        bytes[flipped] ^= 1;
    assert_int_equal(fwrite(bytes, 1, (size_t)size, file), size);
    if (flipped >= 0)
        bytes[flipped] ^= 1;
    assert_int_equal(fclose(file), 0);
}

static void same_files(const char *a, const char *b, const char *name)
{
    char path[2][2 * PATH_MAX];
    int64_t size[2];
    (void)snprintf(path[0], sizeof path[0], "%s/%s", a, name);
    (void)snprintf(path[1], sizeof path[1], "%s/%s", b, name);
    char *left = whole(path[0], &size[0]), *right = whole(path[1], &size[1]);
    if (size[0] != size[1] || memcmp(left, right, (size_t)size[0]) != 0)
        fail_msg("%s differs", name);
    sid__free(left);
    sid__free(right);
}

/* Days 1 to 4 at once, and with a save, an end and an opening after the second. */
static void resume_of(const char *features)
{
    static const char *const files[] = {"manifest.json",
                                        "users.txt",
                                        "items.txt",
                                        "state.safetensors",
                                        "table-user.safetensors",
                                        "table-item.safetensors",
                                        "table-site.safetensors"};
    char once[PATH_MAX], half[PATH_MAX], twice[PATH_MAX];
    sid_ranker *straight = trained(features, 1, 4), *first = trained(features, 1, 2), *second = NULL;
    (void)snprintf(once, sizeof once, "%s/once", folder);
    (void)snprintf(half, sizeof half, "%s/half", folder);
    (void)snprintf(twice, sizeof twice, "%s/twice", folder);
    TEST_OK(sid_ranker_save(straight, once, true, err));
    TEST_OK(sid_ranker_save(first, half, true, err));
    sid_ranker_free(first);
    TEST_OK(sid_ranker_open(ctx, half, &second, err));
    sid_impressions *im = read_for(second, write_days("im.tsv", 1, 4));
    TEST_OK(sid_ranker_train(second, im, &(sid_ranker_days){.skip_seen = true}, err));
    TEST_OK(sid_ranker_save(second, twice, true, err));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        same_files(once, twice, files[i]);
    sid_impressions_free(im);
    sid_ranker_free(straight);
    sid_ranker_free(second);
}

/* Fails when anything that the next step depends on is not saved: what went on is not what was never interrupted, to the byte. */
static void test_resume(void **state)
{
    (void)state;
    resume_of(write_case("f.json", usual_features));
    resume_of(features_with("\"deepfm\",\"options\":{\"mlp\":\"8\"}", "\"two-tower\",\"options\":{\"mlp\":\"8\"}"));
}

/* Fails when a file with a flipped byte, a short one or none is taken, or what is no ranker. */
static void test_damage(void **state)
{
    static const char *const files[] = {"manifest.json", "items.txt", "state.safetensors", "table-item.safetensors"};
    sid_ranker *ranker = trained(write_case("f.json", usual_features), 1, 1), *again = NULL;
    char place[PATH_MAX], path[2 * PATH_MAX];
    (void)state;
    (void)snprintf(place, sizeof place, "%s/damaged", folder);
    TEST_OK(sid_ranker_save(ranker, place, false, err));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int64_t size;
        (void)snprintf(path, sizeof path, "%s/%s", place, files[i]);
        char *bytes = whole(path, &size);
        for (int kind = 0; kind < 3; kind++) {
            if (kind == 2)
                assert_int_equal(unlink(path), 0);
            else
                put(path, bytes, kind ? size / 2 : size, kind ? -1 : size / 2);
            assert_int_not_equal(sid_ranker_open(ctx, place, &again, NULL), SID_OK);
        }
        put(path, bytes, size, -1);
        sid__free(bytes);
    }
    TEST_OK(sid_ranker_open(ctx, place, &again, err));
    sid_ranker_free(again);
    TEST_FAILS(sid_ranker_open(ctx, path_of("nothing"), &again, err), SID_ENOTFOUND, "there is no ranker");
    TEST_FAILS(sid_ranker_save(ranker, place, false, err), SID_EEXISTS, "exists");
    sid_ranker_free(ranker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_resume), cmocka_unit_test(test_damage)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
