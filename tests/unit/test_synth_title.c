/* test_synth_title.c: titles tell the branch and nothing of the item's own. */
#include "data/synth_title.h"
#include "test.h"

static const char *after_words(const char *title, int count)
{
    for (; count > 0; count--)
        title = strchr(title, ' ') + 1;
    return title;
}

/* Fails when nodes share a word, when items below one do not, or when a twin is called otherwise. */
static void test_words_follow_the_tree(void **state)
{
    sid__world world;
    (void)state;
    TEST_OK(sid__world_make(&(sid__world_options){.items = 400, .users = 1, .impressions = 24, .days = 1, .seed = 3},
                            &world, err));
    for (int64_t i = 0; i < 60; i++)
        for (int64_t j = 0; j < 60; j++) {
            char a[SID__SYNTH_TITLE_SIZE], b[SID__SYNTH_TITLE_SIZE];
            sid__synth_title(&world, i, a);
            sid__synth_title(&world, j, b);
            assert_true(strlen(a) < SID__SYNTH_TITLE_SIZE);
            for (int depth = 1; depth <= SID__WORLD_LEVELS; depth++) {
                size_t size = (size_t)(after_words(a, depth) - a);
                bool is_same = memcmp(world.item[i].path, world.item[j].path, (size_t)depth) == 0;
                assert_int_equal(strncmp(a, b, size) == 0, is_same);
            }
            if (world.item[i].twin == j)
                assert_string_equal(a, b);
            else if (i != j)
                assert_string_not_equal(a, b);
        }
    sid__world_drop(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words_follow_the_tree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
