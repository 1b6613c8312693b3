/* lsa_tokens.c: see lsa_tokens.h. Called once per text, twice per fit; most text is ASCII, which skips the Unicode
 * tables. Composition, lower case and categories are libutf8proc's.
 */
#include "embed/lsa_tokens.h"

#include <string.h>
#include <utf8proc.h>

enum {
    COMPOSED_BELOW = 0x300, /* text of smaller code points is in composed form already */
    DECOMPOSED_MAX = 18,    /* code points that one decomposes to, at most (U+FDFA) */
    MARKS_MAX = 30          /* that one mark moves past: more in a row are no text (UAX 15, stream-safe format) */
};

/* Scripts written without spaces between words, first and last code point, rising. */
static const struct {
    int32_t first, last;
} cut_range[] = {
    {0x0E00, 0x0E7F},   /* Thai */
    {0x0E80, 0x0EFF},   /* Lao */
    {0x1000, 0x109F},   /* Burmese */
    {0x1100, 0x11FF},   /* Hangul letters */
    {0x1780, 0x17FF},   /* Khmer */
    {0x2E80, 0x2FDF},   /* Han radicals */
    {0x3005, 0x3007},   /* Han iteration mark, zero */
    {0x3021, 0x3029},   /* Han numerals */
    {0x3031, 0x3035},   /* Kana repeat marks */
    {0x3038, 0x303C},   /* Han numerals */
    {0x3040, 0x30FF},   /* Hiragana, Katakana */
    {0x3130, 0x318F},   /* Hangul letters, compatible */
    {0x31F0, 0x31FF},   /* Katakana extensions */
    {0x3400, 0x4DBF},   /* Han extension A */
    {0x4E00, 0x9FFF},   /* Han */
    {0xA960, 0xA97F},   /* Hangul letters A */
    {0xA9E0, 0xA9FF},   /* Burmese B */
    {0xAA60, 0xAA7F},   /* Burmese A */
    {0xAC00, 0xD7FF},   /* Hangul syllables, letters B */
    {0xF900, 0xFAFF},   /* Han, compatible */
    {0xFF66, 0xFFDC},   /* half-width Katakana, Hangul */
    {0x1AFF0, 0x1B16F}, /* Kana supplements */
    {0x20000, 0x323AF}, /* Han extensions B to H */
};

void sid__tokenizer_drop(sid__tokenizer *t)
{
    sid__free(t->code);
    *t = (sid__tokenizer){0};
}

static bool is_cut_script(int32_t code)
{
    if (code < cut_range[0].first)
        return false;
    for (size_t i = 0; i < sizeof cut_range / sizeof *cut_range && code >= cut_range[i].first; i++)
        if (code <= cut_range[i].last)
            return true;
    return false;
}

static bool is_word_code(int32_t code)
{
    if (code < 128)
        return (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z');
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
        return true;
    default:
        return false;
    }
}

/* Code points of the text; a byte that begins no valid sequence becomes a space. Bytes of one broken sequence (a lead
 * byte and the continuation bytes after it) count once. */
static sid_status decode(sid__tokenizer *t, const char *text, size_t size, int64_t *count, sid_error *err)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + size;
    int64_t filled = 0;
    SID_TRY(sid__grow(&t->code, &t->capacity, (int64_t)size + 1, sizeof *t->code, "a text's characters", err));
    while (at < end) {
        utf8proc_int32_t code = *at;
        utf8proc_ssize_t length = code < 128 ? 1 : utf8proc_iterate(at, end - at, &code);
        if (length < 1) {
            t->bad_count++;
            for (length = 1; at + length < end && (at[length] & 0xC0) == 0x80;)
                length++;
            code = ' ';
        }
        t->code[filled++] = code;
        at += length;
    }
    *count = filled;
    return SID_OK;
}

/* Marks after a base character in the order of their combining classes, equal ones as they stand (Unicode, D109). The
 * bound keeps a text of nothing but marks from taking quadratic time. */
static void order_marks(int32_t *code, int64_t count)
{
    for (int64_t i = 1; i < count; i++) {
        int32_t mark = code[i];
        int rank = utf8proc_get_property(mark)->combining_class;
        int64_t place = i, first = i > MARKS_MAX ? i - MARKS_MAX : 0;
        for (; rank && place > first && utf8proc_get_property(code[place - 1])->combining_class > rank; place--)
            code[place] = code[place - 1];
        code[place] = mark;
    }
}

/* NFC of the `count` code points, in place: decomposed behind them, ordered, then composed. */
static sid_status compose(sid__tokenizer *t, int64_t *count, sid_error *err)
{
    int64_t filled = 0, room = *count;
    for (int64_t i = 0; i < *count; i++) {
        int boundary = 0;
        SID_TRY(sid__grow(&t->code, &t->capacity, room + filled + DECOMPOSED_MAX, sizeof *t->code,
                          "a text's characters", err));
        utf8proc_ssize_t length = utf8proc_decompose_char(t->code[i], t->code + room + filled, DECOMPOSED_MAX,
                                                          UTF8PROC_DECOMPOSE | UTF8PROC_STABLE, &boundary);
        filled += length > 0 ? length : 0;
    }
    memmove(t->code, t->code + room, (size_t)filled * sizeof *t->code);
    order_marks(t->code, filled);
    *count = utf8proc_normalize_utf32(t->code, filled, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    return SID_OK;
}

/* Leaves the text's composed, lowered code points in t->code. */
static sid_status prepare(sid__tokenizer *t, const char *text, size_t size, int64_t *count, sid_error *err)
{
    SID_TRY(decode(t, text, size, count, err));
    int32_t largest = 0;
    for (int64_t i = 0; i < *count; i++)
        largest = t->code[i] > largest ? t->code[i] : largest;
    if (largest >= COMPOSED_BELOW)
        SID_TRY(compose(t, count, err));
    for (int64_t i = 0; i < *count; i++) {
        int32_t code = t->code[i];
        t->code[i] = code >= 128 ? utf8proc_tolower(code) : code >= 'A' && code <= 'Z' ? code + 32 : code;
    }
    return SID_OK;
}

/* The code points as UTF-8 in t->bytes; gives the size. At most SID__PHRASE_CHARS of them. */
static int encode(sid__tokenizer *t, int size, const int32_t *code, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        size += (int)utf8proc_encode_char(code[i], (utf8proc_uint8_t *)t->bytes + size);
    return size;
}

static sid_status emit_pairs(sid__tokenizer *t, const int32_t *code, int64_t count, sid__token_fn *emit, void *user,
                             sid_error *err)
{
    if (count == 1)
        return emit(user, t->bytes, encode(t, 0, code, 1), err);
    for (int64_t i = 0; i + 1 < count; i++)
        SID_TRY(emit(user, t->bytes, encode(t, 0, code + i, 2), err));
    return SID_OK;
}

/* One maximal run of letters, marks and digits: stretches of one kind of script each. */
static sid_status emit_run(sid__tokenizer *t, const int32_t *code, int64_t count, sid__token_fn *emit, void *user,
                           sid_error *err)
{
    for (int64_t start = 0, end; start < count; start = end) {
        bool is_cut = is_cut_script(code[start]);
        for (end = start + 1; end < count && is_cut_script(code[end]) == is_cut; end++)
            continue;
        if (is_cut)
            SID_TRY(emit_pairs(t, code + start, end - start, emit, user, err));
        else if (end - start > 1 && end - start <= SID__TOKEN_CHARS)
            SID_TRY(emit(user, t->bytes, encode(t, 0, code + start, end - start), err));
    }
    return SID_OK;
}

/* The next run at or after `start`; false when there is none. */
static bool next_run(const sid__tokenizer *t, int64_t count, int64_t *start, int64_t *end)
{
    while (*start < count && !is_word_code(t->code[*start]))
        ++*start;
    for (*end = *start; *end < count && is_word_code(t->code[*end]);)
        ++*end;
    return *start < count;
}

sid_status sid__tokenize(sid__tokenizer *t, const char *text, size_t size, sid__token_fn *emit, void *user,
                         sid_error *err)
{
    int64_t count = 0;
    SID_TRY(prepare(t, text, size, &count, err));
    for (int64_t start = 0, end; next_run(t, count, &start, &end); start = end)
        SID_TRY(emit_run(t, t->code + start, end - start, emit, user, err));
    return SID_OK;
}

sid_status sid__tokenize_phrase(sid__tokenizer *t, const char *text, size_t size, sid__token_fn *emit, void *user,
                                sid_error *err)
{
    int64_t count = 0, chars = 0;
    int filled = 0;
    SID_TRY(prepare(t, text, size, &count, err));
    for (int64_t start = 0, end; next_run(t, count, &start, &end); start = end) {
        chars += end - start + (filled > 0);
        if (chars > SID__PHRASE_CHARS)
            return SID_OK;
        if (filled > 0)
            t->bytes[filled++] = ' ';
        filled = encode(t, filled, t->code + start, end - start);
    }
    return filled > 0 ? emit(user, t->bytes, filled, err) : SID_OK;
}
