/* sid_text.c: SIDs as people write them, `12-153-87`. Strict, so that one SID has one text: decimal codes without
 * leading zeros, single dashes between them, nothing around them.
 */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>

#include "base/error.h"

static char *put_code(char *at, uint16_t code)
{
    char digits[5];
    int count = 0;
    unsigned rest = code;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

void sid_format(const uint16_t *codes, int count, char *text)
{
    assert(count >= 0 && count <= SID_LEVELS_MAX + 1);
    char *at = text;
    for (int i = 0; i < count; i++) {
        if (i > 0)
            *at++ = '-';
        at = put_code(at, codes[i]);
    }
    *at = 0;
}

/* The message quotes the text only as far as the place and a little more: ids and prefixes come from anywhere. */
static sid_status fail_place(sid_error *err, const char *text, size_t place, const char *expected)
{
    unsigned char seen = (unsigned char)text[place];
    char found[32];
    if (seen == 0)
        (void)snprintf(found, sizeof found, "the text ends");
    else if (isprint(seen))
        (void)snprintf(found, sizeof found, "'%c' stands", seen);
    else
        (void)snprintf(found, sizeof found, "byte 0x%02x stands", seen);
    (void)sid__fail(err, SID_EUSAGE,
                    "not a SID: %s is expected at byte %zu, where %s; write codes joined by single dashes, such as "
                    "12-153-87",
                    expected, place, found);
    if (err)
        err->byte = (int64_t)place;
    return SID_EUSAGE;
}

/* Reads one code at *place and moves behind it. */
static sid_status read_code(const char *text, size_t *place, uint16_t *code, sid_error *err)
{
    size_t begin = *place, at = begin;
    unsigned value = 0;
    while (text[at] >= '0' && text[at] <= '9') {
        value = value * 10 + (unsigned)(text[at] - '0');
        if (value >= SID_CODES_MAX)
            return fail_place(err, text, begin, "a code of at most 65535");
        at++;
    }
    if (at == begin)
        return fail_place(err, text, begin, "a code (digits)");
    if (text[begin] == '0' && at > begin + 1)
        return fail_place(err, text, begin, "a code without leading zeros");
    *code = (uint16_t)value;
    *place = at;
    return SID_OK;
}

/* Checks the whole text; codes NULL: counts only. */
static sid_status read_codes(const char *text, int max, uint16_t *codes, int *count, sid_error *err)
{
    size_t place = 0;
    for (int n = 0;; place++) {
        uint16_t code = 0;
        if (n == max)
            return sid__fail(err, SID_EUSAGE, "the SID has more than %d codes, which is all that fit here; shorten it",
                             max);
        SID_TRY(read_code(text, &place, &code, err));
        if (codes)
            codes[n] = code;
        n++;
        if (text[place] == 0) {
            *count = n;
            return SID_OK;
        }
        if (text[place] != '-')
            return fail_place(err, text, place, "a dash or the end");
    }
}

sid_status sid_parse(const char *text, int max, uint16_t *codes, int *count, sid_error *err)
{
    int seen_count = 0;
    SID_TRY(read_codes(text, max, NULL, &seen_count, err)); /* first without writing: a failed call changes nothing */
    return read_codes(text, max, codes, count, err);
}
