/* test_prefix_walk.c: walks over the whole prefix index, against a linear scan of the items it was made of. */
#include "test.h"

#include "base/mem.h"
#include "base/philox.h"
#include "sid/prefix_index.h"

enum { ITEMS = 700, WIDTH = 4, LEVELS = 3 };

/* Sorted by nothing; the last of the WIDTH codes is a digit that some lack. `k` codes: few make nodes, many columns. */
typedef struct case_items {
    uint16_t codes[ITEMS * WIDTH];
    uint8_t length[ITEMS];
    int64_t row[ITEMS];
    sid__prefix_index *index;
} case_items;

static case_items *make_case(uint64_t k)
{
    case_items *made = test_calloc(1, sizeof *made);
    for (int64_t i = 0; i < ITEMS; i++) {
        for (int l = 0; l < WIDTH; l++)
            made->codes[i * WIDTH + l] =
                (uint16_t)sid__philox_below(5, SID__STREAM_TEST, (uint64_t)(i * WIDTH + l), l == 0 ? 4 : k);
        made->length[i] = (uint8_t)(LEVELS + i % 2);
        made->row[i] = i;
    }
    TEST_OK(sid__prefix_index_build(made->codes, made->length, made->row, ITEMS, WIDTH, &made->index, err));
    return made;
}

static void drop_case(case_items *made)
{
    sid__prefix_index_free(made->index);
    test_free(made);
}

static int64_t count_below(const case_items *made, const uint16_t *prefix, int depth)
{
    int64_t count = 0;
    for (int64_t i = 0; i < ITEMS; i++)
        count +=
            made->length[i] >= depth && memcmp(made->codes + i * WIDTH, prefix, (size_t)depth * sizeof *prefix) == 0;
    return count;
}

/* All children of all prefixes, by next: their items add up to those of the prefix that go on. */
static int64_t walk(const case_items *made, uint16_t *prefix, int depth)
{
    int64_t nodes = 0, items = 0;
    sid__index_child child = {0};
    int before = -1;
    for (int least = 0; sid__prefix_index_next(made->index, prefix, depth, least, &child); least = child.code + 1) {
        assert_true(child.code > before);
        before = prefix[depth] = child.code;
        assert_int_equal(child.end - child.begin, count_below(made, prefix, depth + 1));
        items += child.end - child.begin;
        nodes += 1 + (depth + 1 < WIDTH ? walk(made, prefix, depth + 1) : 0);
    }
    int64_t going_on = 0;
    for (int64_t i = 0; i < ITEMS; i++)
        going_on +=
            made->length[i] > depth && memcmp(made->codes + i * WIDTH, prefix, (size_t)depth * sizeof *prefix) == 0;
    assert_int_equal(items, going_on);
    return nodes;
}

/* Fails when a child is left out, given twice, has wrong items, or when SIDs that end at the prefix are taken for one. */
static void children_are_those_of_a_scan(void **state)
{
    (void)state;
    for (uint64_t k = 2; k <= 300; k *= 7) {
        uint16_t prefix[WIDTH + 1] = {0};
        case_items *made = make_case(k);
        int64_t nodes = 0;
        for (int depth = 1; depth <= WIDTH; depth++)
            nodes += sid__prefix_index_prefixes(made->index, depth);
        assert_int_equal(walk(made, prefix, 0), nodes);
        sid__index_child child;
        assert_false(sid__prefix_index_next(made->index, (uint16_t[]){65535}, 1, 0, &child));
        assert_false(sid__prefix_index_next(made->index, prefix, WIDTH, 0, &child));
        assert_false(sid__prefix_index_next(made->index, prefix, 0, 65536, &child));
        drop_case(made);
    }
}

/* Fails when an item is counted at another code, or a code beyond `codes` is written. */
static void use_counts_every_item_once(void **state)
{
    (void)state;
    for (uint64_t k = 2; k <= 300; k *= 7) {
        case_items *made = make_case(k);
        for (int l = 0; l < LEVELS; l++) {
            int64_t items[301], few[2] = {7, 7};
            sid__prefix_index_use(made->index, l, 301, items);
            for (int code = 0; code < 301; code++) {
                int64_t wanted = 0;
                for (int64_t i = 0; i < ITEMS; i++)
                    wanted += made->codes[i * WIDTH + l] == code;
                assert_int_equal(items[code], wanted);
            }
            sid__prefix_index_use(made->index, l, 1, few);
            assert_int_equal(few[0], items[0]);
            assert_int_equal(few[1], 7);
        }
        drop_case(made);
    }
}

/* Fails when a run of equal codes is cut or two are taken together, or codes of a position are another's. */
static void marks_and_codes_are_those_of_the_rows(void **state)
{
    (void)state;
    for (uint64_t k = 2; k <= 300; k *= 7) {
        case_items *made = make_case(k);
        uint8_t is_new[ITEMS] = {0};
        uint16_t codes[LEVELS];
        const uint16_t *before = NULL;
        sid__prefix_index_marks(made->index, LEVELS, is_new);
        for (int64_t p = 0; p < ITEMS; p++) {
            const uint16_t *wanted = made->codes + sid__prefix_index_row(made->index, p) * WIDTH;
            sid__prefix_index_codes(made->index, p, LEVELS, codes);
            assert_memory_equal(codes, wanted, sizeof codes);
            assert_int_equal(is_new[p], !before || memcmp(before, wanted, sizeof codes) != 0);
            before = wanted;
        }
        drop_case(made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(children_are_those_of_a_scan),
                                       cmocka_unit_test(use_counts_every_item_once),
                                       cmocka_unit_test(marks_and_codes_are_those_of_the_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
