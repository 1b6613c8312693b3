/* fuzz_options.c: option texts "a=1,b=x,flag". Oracle: what was read, written out and read again, is the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "fuzz.h"

typedef struct trial {
    int64_t count;
    double rate;
    bool flag;
    int choice;
    char text[SID__OPTION_TEXT_SIZE];
} trial;

static const sid_option option[] = {
    {"count", SID_OPTION_INT, "3", -1e15, 1e15, NULL, "a number", offsetof(trial, count)},
    {"rate", SID_OPTION_FLOAT, "0.5", -1e300, 1e300, NULL, "a rate", offsetof(trial, rate)},
    {"no_flag", SID_OPTION_FLAG, "false", 0, 0, NULL, "a flag", offsetof(trial, flag)},
    {"choice", SID_OPTION_CHOICE, "none", 0, 0, "none|l2|longer", "a choice", offsetof(trial, choice)},
    {"text", SID_OPTION_TEXT, "", 0, 0, NULL, "a text", offsetof(trial, text)},
};
static const sid_family family = {.name = "trial", .options = option, .option_count = 5};

static sid_status set(void *user, const char *name, const char *value, sid_error *err)
{
    bool is_known = false;
    SID_TRY(sid__options_set(&family, user, name, value, &is_known, err));
    return is_known ? SID_OK : sid__fail(err, SID_EUSAGE, "unknown option %s", name);
}

static void check_round_trip(const trial *first)
{
    static trial second;
    FUZZ_CHECK(sid__options_default(&family, &second, NULL) == SID_OK);
    for (int i = 0; i < family.option_count; i++) {
        char text[SID__OPTION_TEXT_SIZE];
        sid__option_text(&option[i], first, text);
        FUZZ_CHECK(set(&second, option[i].name, text, NULL) == SID_OK);
    }
    FUZZ_CHECK(second.count == first->count && second.rate == first->rate && second.flag == first->flag);
    FUZZ_CHECK(second.choice == first->choice && strcmp(second.text, first->text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(size + 1, 1);
    trial *read = calloc(1, sizeof *read);
    if (text && read) {
        if (size)
            memcpy(text, data, size);
        FUZZ_CHECK(sid__options_default(&family, read, NULL) == SID_OK);
        sid_error err = {0};
        if (sid__options_split(text, set, read, &err) == SID_OK)
            check_round_trip(read);
        else
            FUZZ_CHECK(err.status == SID_EUSAGE && err.message[0]);
    }
    free(text);
    free(read);
    return 0;
}
