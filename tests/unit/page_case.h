/* page_case.h: a part of the page as the JSON that it is, for the tests of report/. */
#ifndef SEMID_TEST_PAGE_CASE_H
#define SEMID_TEST_PAGE_CASE_H

#include "catalog_fixture.h"

#include <jansson.h>

#include "report/page.h"

static const sid_page_options page_case_options = {.name = "c"};

__attribute__((unused)) static sid__page_source page_case_source(sid_catalog *catalog)
{
    sid__page_source from = {.catalog = catalog, .options = &page_case_options};
    TEST_OK(sid_catalog_prefixes(catalog, &from.prefixes, err));
    sid_catalog_get_info(catalog, &from.info);
    return from;
}

/* json_decref it. */
__attribute__((unused)) static json_t *page_case_part(sid_catalog *catalog,
                                                      void (*put)(const sid__page_source *, sid__page_text *))
{
    sid_error error = {0};
    sid__page_source from = page_case_source(catalog);
    sid__page_text to = {.err = &error};
    json_error_t why;
    put(&from, &to);
    if (to.status != SID_OK)
        fail_msg("%s", error.message);
    json_t *json = json_loads(to.html.text, JSON_REJECT_DUPLICATES, &why);
    if (!json)
        fail_msg("no JSON: %s at byte %d", why.text, why.position);
    assert_null(strchr(to.html.text, '<'));
    sid__page_drop(&to);
    sid_prefixes_free(from.prefixes);
    return json;
}

/* Memory runs out at every place of the part: it says so and leaks nothing. */
__attribute__((unused)) static void page_case_memory(sid_catalog *catalog,
                                                     void (*put)(const sid__page_source *, sid__page_text *))
{
    sid__page_source from = page_case_source(catalog);
    sid_status status = SID_ENOMEM;
    for (int fail = 0; status != SID_OK && fail < 3000; fail += 1 + fail / 12) {
        sid__page_text to = {0};
        sid__mem_fail(fail, -1);
        put(&from, &to);
        sid__mem_fail(-1, 0);
        status = to.status;
        assert_true(status == SID_OK || status == SID_ENOMEM);
        sid__page_drop(&to);
    }
    assert_int_equal(status, SID_OK);
    sid_prefixes_free(from.prefixes);
}

__attribute__((unused)) static int64_t int_at(const json_t *list, size_t index)
{
    const json_t *value = json_array_get(list, index);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

#endif
