/* fuzz_report.c: metrics.json from bytes that are not trusted. A report that is taken is written, read again and written
 * again as the same bytes; judging it again works whatever its figures.
 */
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "sid/health.h"

/* The report's JSON; the caller frees it with sid__free. */
static char *write_report(const sid_report *report)
{
    char *json = NULL;
    FUZZ_CHECK(sid_report_json(report, &json, NULL) == SID_OK);
    return json;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sid_report first = {0}, second = {0};
    sid_error err = {0};
    sid_status status = sid__report_parse((const char *)data, size, "fuzz", &first, &err);
    if (status != SID_OK) {
        FUZZ_CHECK(status == SID_EDATA && err.message[0] && !first.memory);
        return 0;
    }
    char *written = write_report(&first);
    FUZZ_CHECK(sid__report_parse(written, strlen(written), "again", &second, NULL) == SID_OK);
    char *again = write_report(&second);
    FUZZ_CHECK(strcmp(written, again) == 0);
    FUZZ_CHECK(sid__health_judge(&second, NULL) == SID_OK);
    sid__free(written);
    sid__free(again);
    sid_report_drop(&first);
    sid_report_drop(&second);
    return 0;
}
