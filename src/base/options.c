/* options.c: one reader for every family's options, so that flags, JSON and Python fail with the same words. */
#include "base/options.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A program may have called setlocale: where it writes 0,5 our files and flags must still read and write 0.5. */
static locale_t enter_c_locale(locale_t *c)
{
    *c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return *c ? uselocale(*c) : (locale_t)0;
}

static void leave_c_locale(locale_t c, locale_t old)
{
    if (!c)
        return;
    (void)uselocale(old);
    freelocale(c);
}

static sid_status set_int(const sid_option *option, int64_t *field, const char *value, sid_error *err)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno || end == value || *end || (double)number < option->min || (double)number > option->max)
        return sid__fail(err, SID_EUSAGE, "%s is \"%s\"; a whole number from %.0f to %.0f is expected", option->name,
                         value, option->min, option->max);
    *field = number;
    return SID_OK;
}

static sid_status set_float(const sid_option *option, double *field, const char *value, sid_error *err)
{
    char *end = NULL;
    locale_t c, old = enter_c_locale(&c);
    double number = strtod(value, &end);
    leave_c_locale(c, old);
    if (end == value || *end || !(number >= option->min && number <= option->max))
        return sid__fail(err, SID_EUSAGE, "%s is \"%s\"; a number from %g to %g is expected", option->name, value,
                         option->min, option->max);
    *field = number;
    return SID_OK;
}

static sid_status set_flag(const sid_option *option, bool *field, const char *value, sid_error *err)
{
    static const char *const word[] = {"true", "1", "yes", "", "false", "0", "no"};
    for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
        if (strcmp(value, word[i]) == 0) {
            *field = i < 4;
            return SID_OK;
        }
    }
    return sid__fail(err, SID_EUSAGE, "%s is \"%s\"; true or false is expected", option->name, value);
}

static sid_status set_choice(const sid_option *option, int *field, const char *value, sid_error *err)
{
    int index = 0;
    for (const char *at = option->choices; *at; index++) {
        size_t length = strcspn(at, "|");
        if (strlen(value) == length && memcmp(at, value, length) == 0) {
            *field = index;
            return SID_OK;
        }
        at += length + (at[length] == '|');
    }
    return sid__fail(err, SID_EUSAGE, "%s is \"%s\"; one of %s is expected", option->name, value, option->choices);
}

static sid_status set_text(const sid_option *option, char *field, const char *value, sid_error *err)
{
    if (strlen(value) >= SID__OPTION_TEXT_SIZE)
        return sid__fail(err, SID_EUSAGE, "%s is longer than %d bytes", option->name, SID__OPTION_TEXT_SIZE - 1);
    (void)snprintf(field, SID__OPTION_TEXT_SIZE, "%s", value);
    return SID_OK;
}

static sid_status set_field(const sid_option *option, void *options, const char *value, sid_error *err)
{
    void *field = (char *)options + option->offset;
    switch (option->type) {
    case SID_OPTION_INT:
        return set_int(option, field, value, err);
    case SID_OPTION_FLOAT:
        return set_float(option, field, value, err);
    case SID_OPTION_FLAG:
        return set_flag(option, field, value, err);
    case SID_OPTION_CHOICE:
        return set_choice(option, field, value, err);
    case SID_OPTION_TEXT:
        return set_text(option, field, value, err);
    }
    return sid__fail(err, SID_EINTERNAL, "option %s has an unknown type", option->name);
}

sid_status sid__options_default(const sid_family *family, void *options, sid_error *err)
{
    for (int i = 0; i < family->option_count; i++)
        SID_TRY(set_field(&family->options[i], options, family->options[i].default_text, err));
    return SID_OK;
}

static bool is_same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
            return false;
    return *a == *b;
}

sid_status sid__options_set(const sid_family *family, void *options, const char *name, const char *value,
                            bool *is_known, sid_error *err)
{
    *is_known = false;
    for (int i = 0; i < family->option_count; i++) {
        if (!is_same_name(family->options[i].name, name))
            continue;
        *is_known = true;
        return set_field(&family->options[i], options, value, err);
    }
    return SID_OK;
}

/* Length of the value at `at`: to the next comma outside ( ); -1 when a ( stays open. */
static int64_t value_length(const char *at)
{
    int64_t depth = 0, length = 0;
    for (; at[length] && (at[length] != ',' || depth > 0); length++)
        depth += at[length] == '(' ? 1 : at[length] == ')' && depth > 0 ? -1 : 0;
    return depth > 0 ? -1 : length;
}

/* Whether the ( that opens the value is closed by its last byte: not so in "(a)(b)". */
static bool is_wrapped(const char *at, int64_t length)
{
    int64_t depth = 0;
    for (int64_t i = 0; i + 1 < length; i++) {
        depth += (at[i] == '(') - (at[i] == ')');
        if (depth <= 0)
            return false;
    }
    return length > 1 && at[length - 1] == ')';
}

sid_status sid__options_split(const char *text, sid__option_set_fn *set, void *user, sid_error *err)
{
    char name[64], value[SID__OPTION_TEXT_SIZE];
    for (const char *at = text ? text : ""; *at;) {
        size_t name_length = strcspn(at, "=,");
        bool has_value = at[name_length] == '=';
        const char *start = at + name_length + has_value;
        int64_t length = has_value ? value_length(start) : 0;
        if (name_length == 0)
            return sid__fail(err, SID_EUSAGE, "options: name=value pairs separated by commas are expected at \"%s\"",
                             at);
        if (length < 0)
            return sid__fail(err, SID_EUSAGE, "options: a ) is expected for the ( of \"%s\"", at);
        int64_t wrapping = is_wrapped(start, length), kept = length - 2 * wrapping;
        if (name_length >= sizeof name || kept >= (int64_t)sizeof value)
            return sid__fail(err, SID_EUSAGE, "options: a name has at most %zu bytes and a value %zu; longer at \"%s\"",
                             sizeof name - 1, sizeof value - 1, at);
        memcpy(name, at, name_length);
        name[name_length] = 0;
        memcpy(value, start + wrapping, (size_t)kept);
        value[kept] = 0;
        SID_TRY(set(user, name, value, err));
        at = start + length;
        at += *at == ',';
    }
    return SID_OK;
}

static void choice_text(const char *choices, int index, char *text)
{
    for (; index > 0 && *choices; index--) {
        choices += strcspn(choices, "|");
        choices += *choices == '|';
    }
    (void)snprintf(text, SID__OPTION_TEXT_SIZE, "%.*s", (int)strcspn(choices, "|"), choices);
}

/* The shortest form that reads back to the same number. */
static void float_text(double value, char *text)
{
    locale_t c, old = enter_c_locale(&c);
    bool is_same = false;
    for (int digits = 1; digits <= 17 && !is_same; digits++) {
        (void)snprintf(text, SID__OPTION_TEXT_SIZE, "%.*g", digits, value);
        double back = strtod(text, NULL);
        is_same = !(back < value) && !(back > value);
    }
    leave_c_locale(c, old);
}

void sid__option_text(const sid_option *option, const void *options, char *text)
{
    const void *field = (const char *)options + option->offset;
    switch (option->type) {
    case SID_OPTION_INT:
        (void)snprintf(text, SID__OPTION_TEXT_SIZE, "%" PRId64, *(const int64_t *)field);
        break;
    case SID_OPTION_FLOAT:
        float_text(*(const double *)field, text);
        break;
    case SID_OPTION_FLAG:
        (void)snprintf(text, SID__OPTION_TEXT_SIZE, "%s", *(const bool *)field ? "true" : "false");
        break;
    case SID_OPTION_CHOICE:
        choice_text(option->choices, *(const int *)field, text);
        break;
    case SID_OPTION_TEXT:
        (void)snprintf(text, SID__OPTION_TEXT_SIZE, "%s", (const char *)field);
        break;
    }
}
