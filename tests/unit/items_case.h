/* items_case.h: items from a table written in the test. */
#ifndef SEMID_TEST_ITEMS_CASE_H
#define SEMID_TEST_ITEMS_CASE_H

#include "test.h"

#include <unistd.h>

/* Reads `tsv` (header first) through a temporary file. */
static inline sid_items *case_items(sid_ctx *ctx, const char *tsv)
{
    char directory[1024], path[1100];
    const char *base = getenv("TMPDIR");
    sid_items *items = NULL;
    (void)snprintf(directory, sizeof directory, "%s/semid-test-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/items.tsv", directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(tsv, file) >= 0);
    assert_int_equal(fclose(file), 0);
    TEST_OK(sid_items_read(ctx, path, NULL, &items, err));
    (void)unlink(path);
    (void)rmdir(directory);
    return items;
}

#endif
