/* test_sha256.c: against the vectors of FIPS 180-4 and files. */
#include "base/cpu.h"
#include "io/sha256.h"
#include "io_help.h"

static void check(const void *bytes, size_t size, size_t step, const char *expected)
{
    sid__sha256 hash;
    unsigned char digest[SID__SHA256_SIZE];
    char hex[SID__SHA256_HEX_SIZE];
    sid__sha256_init(&hash);
    for (size_t i = 0; i < size; i += step)
        sid__sha256_update(&hash, (const char *)bytes + i, size - i < step ? size - i : step);
    sid__sha256_final(&hash, digest);
    sid__sha256_hex(digest, hex);
    assert_string_equal(hex, expected);
}

/* Fails when a round constant, a rotation or the padding is wrong. */
static void test_fips_vectors(void **state)
{
    (void)state;
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    check("", 0, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check("abc", 3, 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(two_blocks, strlen(two_blocks), 64, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* Fails when a block that starts in the middle of an update is dropped or hashed twice. */
static void test_million_in_odd_steps(void **state)
{
    (void)state;
    char *bytes = malloc(1000000);
    memset(bytes, 'a', 1000000);
    const char *expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    check(bytes, 1000000, 1000000, expected);
    check(bytes, 1000000, 977, expected);
    check(bytes, 1000000, 64, expected);
    free(bytes);
}

/* Fails when the CPU's instructions do not give what is written, for one block or more, from any state. */
static void test_instructions(void **state)
{
    (void)state;
    unsigned char bytes[7 * SID__SHA256_BLOCK];
    uint32_t fast[8], plain[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * i * 31 + i / 3);
    for (size_t i = 0; i < 8; i++)
        fast[i] = plain[i] = (uint32_t)(i * 0x9E3779B9u + 7);
    for (size_t count = 1; count <= 7; count++) {
        sid__sha256_blocks(fast, bytes, count, sid__cpu_has_sha());
        sid__sha256_blocks_portable(plain, bytes, count);
        assert_memory_equal(fast, plain, sizeof fast);
    }
}

/* Fails when the file's end, or a file larger than the read buffer, is hashed wrongly. */
static void test_file(void **state)
{
    (void)state;
    char hex[SID__SHA256_HEX_SIZE];
    unsigned char digest[SID__SHA256_SIZE];
    int64_t size = 0;
    char *bytes = malloc(1000000);
    memset(bytes, 'a', 1000000);
    const char *path = write_temporary("a", bytes, 1000000);
    free(bytes);
    TEST_OK(sid__sha256_file(path, digest, &size, err));
    sid__sha256_hex(digest, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_int_equal(size, 1000000);
    TEST_FAILS(sid__sha256_file(temporary_path("absent"), digest, NULL, err), SID_EIO, "absent");
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__sha256_file(path, digest, NULL, err), SID_ENOMEM, "read buffer");
    sid__mem_fail(-1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fips_vectors), cmocka_unit_test(test_instructions),
                                       cmocka_unit_test(test_million_in_odd_steps), cmocka_unit_test(test_file)};
    return cmocka_run_group_tests(tests, NULL, remove_temporary);
}
