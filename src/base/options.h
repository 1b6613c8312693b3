/* options.h: option tables (semid.h: sid_option) read and written. A family's options struct holds int64_t for INT,
 * double for FLOAT, bool for FLAG, int for CHOICE (index into `choices`) and char[SID__OPTION_TEXT_SIZE] for TEXT.
 */
#ifndef SEMID_BASE_OPTIONS_H
#define SEMID_BASE_OPTIONS_H

#include "base/strbuf.h"

enum { SID__OPTION_TEXT_SIZE = 1024 };

sid_status sid__options_default(const sid_family *family, void *options, sid_error *err);
/* Finds `name` ('-' and '_' alike) in the table and sets it. *is_known false and SID_OK when the table lacks it. */
sid_status sid__options_set(const sid_family *family, void *options, const char *name, const char *value,
                            bool *is_known, sid_error *err);
/* Splits "a=1,b=x,flag" and calls `set` for each pair; a value may hold commas when it is written in ( ). */
typedef sid_status sid__option_set_fn(void *user, const char *name, const char *value, sid_error *err);
sid_status sid__options_split(const char *text, sid__option_set_fn *set, void *user, sid_error *err);
/* The value of one option as text, for manifests and help; `text` has SID__OPTION_TEXT_SIZE bytes. */
void sid__option_text(const sid_option *option, const void *options, char *text);

#endif
