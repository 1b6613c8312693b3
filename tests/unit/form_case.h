/* form_case.h: what the tests of the forms share: three items to write, texts to read. */
#ifndef SEMID_FORM_CASE_H
#define SEMID_FORM_CASE_H

#include "catalog_fixture.h"

#include "catalog/interchange.h"
#include "io/items.h"

/* Two items of one bucket and one alone; digits as the policy says. */
__attribute__((unused)) static sid_catalog *fit_three(fixture *f, const char *collisions)
{
    const float x[] = {0, 0, 9};
    const char *const ids[] = {"a", "b\"\\", "c"};
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    TEST_OK(sid_vectors_create(f->ctx, x, 3, 1, ids, &vectors, err));
    const sid_fit_options options = {.levels = 1, .codes = "2", .collisions = collisions};
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, &catalog, err));
    sid_vectors_free(vectors);
    return catalog;
}

__attribute__((unused)) static void expect_text(const char *path, const char *wanted)
{
    char *text = NULL;
    int64_t size = 0;
    TEST_OK(sid__read_whole(path, 1 << 16, &text, &size, err));
    assert_string_equal(text, wanted);
    sid__free(text);
}

/* Reads `text`, as a file of that ending, by a form. */
__attribute__((unused)) static sid_status read_as(fixture *f, const char *form, const char *ending, const char *text,
                                                  const sid_import_options *options, sid__imported *out, sid_error *err)
{
    static char path[PATH_MAX + 32]; /* `out` borrows it */
    sid__form which = SID__FORM_TSV;
    (void)snprintf(path, sizeof path, "%s%s", f->path, ending);
    SID_TRY(sid__replace_whole(path, text, strlen(text), err));
    SID_TRY(sid__form_find(form, path, &which, err));
    *out = (sid__imported){0};
    return sid__import_read(f->ctx, path, which, options, out, err);
}

/* A file beside the catalogue's place: `ending` is appended to its path. */
__attribute__((unused)) static void put_file(const fixture *f, const char *ending, const char *text)
{
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s%s", f->path, ending);
    TEST_OK(sid__replace_whole(path, text, strlen(text), err));
}

__attribute__((unused)) static void expect_file(const fixture *f, const char *ending, const char *wanted)
{
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s%s", f->path, ending);
    expect_text(path, wanted);
}

/* Exports to the catalogue's path with `ending`. */
__attribute__((unused)) static sid_status
export_as(const fixture *f, sid_catalog *catalog, const sid_export_options *options, const char *ending, sid_error *err)
{
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s%s", f->path, ending);
    return sid_catalog_export_as(catalog, options, path, err);
}

/* "0 1-2 3-4/5": codes, and after / the digit, of each row. */
__attribute__((unused)) static const char *rows_text(const sid__imported *in, char *text, size_t size)
{
    size_t used = 0;
    for (int64_t i = 0; i < in->count; i++) {
        char sid[SID_SID_TEXT_MAX];
        sid_format(in->codes + i * in->levels, in->levels, sid);
        used += (size_t)snprintf(text + used, size - used, "%s%s=%s", i ? " " : "", in->id[i], sid);
        if (in->digit && in->digit[i] != SID__DIGIT_NONE)
            used += (size_t)snprintf(text + used, size - used, "/%d", in->digit[i]);
    }
    return text;
}

#endif
