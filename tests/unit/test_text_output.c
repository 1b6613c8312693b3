/* test_text_output.c: text in pieces, whole or not at all. */
#include <unistd.h>

#include "io/text_output.h"
#include "test.h"

static sid_status write_lines(const char *path, int lines, sid_status end, sid_error *err)
{
    sid__text_output out;
    SID_TRY(sid__text_open(path, &out, err));
    sid_status status = SID_OK;
    for (int i = 0; status == SID_OK && i < lines; i++) {
        status = sid__strbuf_printf(&out.text, err, "%015d\n", i);
        if (status == SID_OK)
            status = sid__text_pass(&out, err);
        assert_true(out.text.length < (1 << 20)); /* no more than a piece gathers */
    }
    if (status == SID_OK && end != SID_OK)
        status = sid__fail(err, end, "stopped");
    return sid__text_finish(&out, status, err);
}

/* Fails when a piece is written twice, or the last one not at all. */
static void test_pieces(void **state)
{
    enum { LINES = 150000 };
    char path[] = "test_text_output.tsv", *bytes = NULL;
    int64_t size = 0;
    (void)state;
    TEST_OK(write_lines(path, LINES, SID_OK, err));
    TEST_OK(sid__read_whole(path, 1 << 30, &bytes, &size, err));
    assert_int_equal(size, 16 * LINES);
    for (int i = 0; i < LINES; i += 1013)
        assert_int_equal(strtol(bytes + 16 * i, NULL, 10), i);
    sid__free(bytes);
    /* Fails when a failure leaves half a file, or takes the old one: it stays as it was. */
    TEST_FAILS(write_lines(path, 3, SID_EDATA, err), SID_EDATA, "stopped");
    TEST_OK(sid__read_whole(path, 1 << 30, &bytes, &size, err));
    assert_int_equal(size, 16 * LINES);
    sid__free(bytes);
    assert_int_equal(unlink(path), 0);
    TEST_FAILS(write_lines("nowhere/x.tsv", 3, SID_OK, err), SID_EIO, "nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
