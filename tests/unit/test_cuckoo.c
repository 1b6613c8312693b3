/* test_cuckoo.c: a shard's map keeps every key through moves, doubling and halving. */
#include "table/cuckoo.h"

#include "base/mem.h"
#include "base/philox.h"
#include "quant_help.h"

enum { KEYS = 20000 };

static uint64_t key_of(int64_t index)
{
    return sid__philox_u64(1, SID__STREAM_TEST, (uint64_t)index);
}

static void add(sid__cuckoo *map, uint64_t key, uint32_t row)
{
    sid__slot *slot = NULL;
    TEST_OK(sid__cuckoo_add(map, key, &slot, err));
    slot->row = row;
}

static sid__slot *find(const sid__cuckoo *map, uint64_t key)
{
    return sid__cuckoo_find(map, key, sid__mix64(key));
}

/* Fails when SplitMix64's finaliser is written wrongly: every hash of a table hangs on it. Values of the reference
 * implementation: seed 0 gives 0xe220a8397b1dcdaf first. */
static void mix_is_splitmix(void **state)
{
    (void)state;
    assert_true(sid__mix64(SID__MIX_GAMMA) == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(sid__mix64(2 * SID__MIX_GAMMA) == UINT64_C(0x6e789e6aa1b965f4));
}

/* Fails when a move loses a key, when growth does, or when a key that was taken out is still found. */
static void keys_stay_until_taken_out(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__cuckoo map;
    (void)state;
    TEST_OK(sid__cuckoo_init(ctx, &map, err));
    for (int64_t i = 0; i < KEYS; i++)
        add(&map, key_of(i), (uint32_t)i);
    assert_int_equal(map.count, KEYS);
    assert_true((double)map.count <= 0.8 * (double)(map.mask + 1) * SID__BUCKET);
    for (int64_t i = 0; i < KEYS; i++)
        assert_int_equal(find(&map, key_of(i))->row, i);
    for (int64_t i = 0; i < KEYS; i += 2)
        sid__cuckoo_remove(&map, find(&map, key_of(i)));
    for (int64_t i = 0; i < KEYS; i++)
        assert_true((find(&map, key_of(i)) != NULL) == (i % 2 == 1));
    size_t before = sid__cuckoo_size(&map);
    for (int64_t i = 1; i < KEYS - 100; i += 2)
        sid__cuckoo_remove(&map, find(&map, key_of(i)));
    sid__cuckoo_shrink(&map);
    assert_true(sid__cuckoo_size(&map) < before / 32);
    for (int64_t i = KEYS - 99; i < KEYS; i += 2)
        assert_int_equal(find(&map, key_of(i))->row, i);
    sid__cuckoo_drop(&map);
    sid_ctx_free(ctx);
}

/* Fails when moves are not searched for: tables of random keys at 4 slots fill far beyond .8 before they must double. */
static void moves_fill_a_map(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__cuckoo map;
    (void)state;
    TEST_OK(sid__cuckoo_init(ctx, &map, err));
    TEST_OK(sid__cuckoo_reserve(&map, 3276, err)); /* .8 of 4,096 */
    assert_int_equal(map.mask + 1, 1024);
    for (int64_t i = 0; i < 3276; i++)
        add(&map, key_of(i), (uint32_t)i);
    assert_int_equal(map.mask + 1, 1024);
    add(&map, key_of(3276), 3276);
    assert_int_equal(map.mask + 1, 2048);
    sid__cuckoo_drop(&map);
    sid_ctx_free(ctx);
}

/* Fails when a partial key that differs in one bit is taken for equal, or an empty slot for one that holds the key 0. */
static void the_full_key_decides(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__cuckoo map;
    (void)state;
    assert_int_equal(sid__zero_bytes(0x01000100U), 0x00800080U); /* the usual trick finds all four */
    TEST_OK(sid__cuckoo_init(ctx, &map, err));
    assert_null(find(&map, 0));
    add(&map, 0, 5);
    assert_int_equal(find(&map, 0)->row, 5);
    sid__cuckoo_remove(&map, find(&map, 0));
    assert_null(find(&map, 0));
    sid__cuckoo_drop(&map);
    sid_ctx_free(ctx);
}

static uint64_t unshift(uint64_t x, int bits)
{
    uint64_t y = x;
    for (int i = 0; i < 64; i += bits)
        y = x ^ y >> bits;
    return y;
}

/* mix64 run backwards: a key of a given hash. */
static uint64_t key_with_hash(uint64_t hash)
{
    uint64_t x = unshift(hash, 31) * UINT64_C(0x319642b2d24d8ec3);
    x = unshift(x, 27) * UINT64_C(0x96de1b173f119089);
    return unshift(x, 30);
}

/* Fails when keys that were made to collide double a shard until memory is full. */
static void crafted_keys_are_refused(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__cuckoo map;
    sid__slot *slot = NULL;
    int added = 0;
    (void)state;
    TEST_OK(sid__cuckoo_init(ctx, &map, err));
    assert_true(sid__mix64(key_with_hash(12345)) == 12345);
    sid_error why = {0};
    while (sid__cuckoo_add(&map, key_with_hash(UINT64_C(0x0500000000000003) + ((uint64_t)added << 32)), &slot, &why) ==
           SID_OK)
        slot->row = (uint32_t)added++;
    assert_int_equal(why.status, SID_ENOMEM);
    assert_non_null(strstr(why.message, "collide"));
    assert_int_equal(map.count, added);
    for (int i = 0; i < added; i++)
        assert_int_equal(find(&map, key_with_hash(UINT64_C(0x0500000000000003) + ((uint64_t)i << 32)))->row, i);
    sid__cuckoo_drop(&map);
    sid_ctx_free(ctx);
}

/* Fails when a map that cannot grow loses keys, or keeps memory of the limit when freed. */
static void failing_memory_leaves_the_map(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__cuckoo map;
    sid__slot *slot = NULL;
    int64_t added = 0;
    sid_error why = {0};
    (void)state;
    sid_ctx_set_memory_limit(ctx, 8000);
    TEST_OK(sid__cuckoo_init(ctx, &map, err));
    while (sid__cuckoo_add(&map, key_of(added), &slot, &why) == SID_OK)
        slot->row = (uint32_t)added++;
    assert_int_equal(why.status, SID_ENOMEM);
    assert_true(added > 100);
    for (int64_t i = 0; i < added; i++)
        assert_int_equal(find(&map, key_of(i))->row, i);
    sid_ctx_set_memory_limit(ctx, 0);
    for (int after = 0; after < 1; after++) {
        sid__mem_fail(after, 1);
        assert_int_equal(sid__cuckoo_reserve(&map, 4 * added, &why), SID_ENOMEM);
        sid__mem_fail(-1, 0);
        assert_int_equal(map.count, added);
    }
    sid__cuckoo_drop(&map);
    assert_int_equal(atomic_load(&ctx->reserved_size), 0);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mix_is_splitmix),          cmocka_unit_test(keys_stay_until_taken_out),
        cmocka_unit_test(moves_fill_a_map),         cmocka_unit_test(the_full_key_decides),
        cmocka_unit_test(crafted_keys_are_refused), cmocka_unit_test(failing_memory_leaves_the_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
