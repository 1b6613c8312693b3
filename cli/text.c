/* text.c: see text.h. Widths follow Unicode's East Asian Width by its large blocks, which is what terminals do. */
#include "text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

typedef struct range {
    int32_t first, last;
} range;

static const range wide_range[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
                                   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
                                   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
                                   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};
static const range zero_range[] = {
    {0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
/* C1 controls, and marks that turn the direction of what follows. */
static const range hidden_range[] = {{0x80, 0x9F}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}};

static bool is_in(int32_t code, const range *ranges, int count)
{
    for (int i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* Bytes of the sequence that `lead` opens; 0: it opens none. */
static int sequence_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead < 0xE0)
        return 2;
    if (lead >= 0xE0 && lead < 0xF0)
        return 3;
    return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

int32_t cli_utf8_next(const char *text, int *length)
{
    static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)text;
    int count = sequence_length(byte[0]);
    *length = 1;
    if (count <= 1)
        return count == 1 ? byte[0] : -1;
    int32_t code = byte[0] & (0xFF >> (count + 1));
    for (int i = 1; i < count; i++) {
        if ((byte[i] & 0xC0) != 0x80)
            return -1;
        code = code << 6 | (byte[i] & 0x3F);
    }
    if (code < least[count] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return -1;
    *length = count;
    return code;
}

int cli_width(const char *text)
{
    int width = 0, length;
    for (; *text; text += length) {
        int32_t code = cli_utf8_next(text, &length);
        if (!is_in(code, zero_range, CLI_COUNT(zero_range)))
            width += is_in(code, wide_range, CLI_COUNT(wide_range)) ? 2 : 1;
    }
    return width;
}

/* Writes the shown form of the character at `text` into `out` (16 bytes); gives its length in `text`. */
static int show_character(const char *text, char *out)
{
    int length;
    int32_t code = cli_utf8_next(text, &length);
    unsigned char byte = (unsigned char)*text;
    if (code == '\t' || code == '\n' || code == '\r')
        (void)snprintf(out, 16, "\\%c", code == '\t' ? 't' : code == '\n' ? 'n' : 'r');
    else if (code < 0x20 || code == 0x7F)
        (void)snprintf(out, 16, "\\x%02x", byte);
    else if (is_in(code, hidden_range, CLI_COUNT(hidden_range)))
        (void)snprintf(out, 16, "\\u%04x", (unsigned)code);
    else
        (void)snprintf(out, 16, "%.*s", length, text);
    return length;
}

char *cli_escape(const char *text)
{
    char piece[16], *copy = cli_alloc(6 * strlen(text) + 1, 1), *at = copy;
    while (*text) {
        text += show_character(text, piece);
        size_t size = strlen(piece);
        memcpy(at, piece, size + 1);
        at += size;
    }
    return copy;
}

void cli_print_escaped(FILE *file, const char *text)
{
    char piece[16];
    while (*text) {
        text += show_character(text, piece);
        (void)fputs(piece, file);
    }
}

char *cli_valid_utf8(const char *text)
{
    char *copy = cli_alloc(3 * strlen(text) + 1, 1), *at = copy;
    int length;
    for (; *text; text += length) {
        int32_t code = cli_utf8_next(text, &length);
        size_t size = code < 0 ? 3 : (size_t)length;
        memcpy(at, code < 0 ? "\xEF\xBF\xBD" : text, size);
        at += size;
    }
    return copy;
}

char *cli_group(int64_t number, char *text)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number < 0 ? -number : number), at = 0;
    if (number < 0)
        text[at++] = '-';
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = 0;
    return text;
}

char *cli_shell_word(const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+,-";
    char *word = cli_alloc(4 * strlen(text) + 3, 1), *at = word;
    if (*text && strspn(text, plain) == strlen(text))
        return memcpy(word, text, strlen(text));
    *at++ = '\'';
    for (; *text; text++) {
        if (*text == '\'')
            at = (char *)memcpy(at, "'\\''", 4) + 4;
        else
            *at++ = *text;
    }
    *at = '\'';
    return word;
}
