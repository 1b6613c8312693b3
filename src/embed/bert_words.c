/* bert_words.c: see bert_words.h. One pass over the text, character by character, as Hugging Face's fast tokenizers define
 * the steps: clean, split Han, decompose (NFD) and drop nonspacing marks, lower, split at white space and punctuation.
 * Categories, decomposition and lower case are libutf8proc's.
 *
 * Departures: (1) "[SEP]" and the like in a text are plain characters, not the special tokens: what an item's text says must
 * not end a sequence. (2) Marks that are not nonspacing keep the order of the text where NFD would sort them.
 */
#include "embed/bert_words.h"

#include <string.h>
#include <utf8proc.h>

enum { DECOMPOSED_MAX = 18 /* code points that one decomposes to, at most */ };

typedef struct splitter {
    const sid__bert_rules *rules;
    sid__bert_word_fn *emit;
    void *user;
    int size, chars; /* of the word so far */
    bool has_ended;  /* no more words are wanted */
    char word[SID__BERT_WORD_SIZE];
} splitter;

static const struct {
    int32_t first, last;
} han_range[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},   {0x20000, 0x2A6DF},
                 {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};

static bool is_han(int32_t code)
{
    for (size_t i = 0; i < sizeof han_range / sizeof *han_range && code >= han_range[i].first; i++)
        if (code <= han_range[i].last)
            return true;
    return false;
}

static bool is_space(int32_t code)
{
    switch (code) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case 0x2028: /* line separator */
    case 0x2029: /* paragraph separator */
        return true;
    default:
        return code >= 0x80 && utf8proc_category(code) == UTF8PROC_CATEGORY_ZS;
    }
}

static bool is_dropped(int32_t code)
{
    if (code < 0x80)
        return code < ' ' || code == 0x7F;
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
        return true;
    default:
        return code == 0xFFFD;
    }
}

static bool is_punctuation(int32_t code)
{
    if (code < 0x80)
        return (code > ' ' && code < '0') || (code > '9' && code < 'A') || (code > 'Z' && code < 'a') ||
               (code > 'z' && code < 0x7F);
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
        return true;
    default:
        return false;
    }
}

static void end_word(splitter *s)
{
    char *bytes = s->word + SID__BERT_WORD_ROOM;
    if (s->chars > 0 && !s->has_ended) {
        bytes[s->size] = 0;
        s->has_ended = !s->emit(s->user, bytes, s->size, s->chars > SID__BERT_WORD_CHARS);
    }
    s->size = s->chars = 0;
}

static void append(splitter *s, int32_t code)
{
    if (s->chars < SID__BERT_WORD_CHARS)
        s->size += (int)utf8proc_encode_char(code, (utf8proc_uint8_t *)s->word + SID__BERT_WORD_ROOM + s->size);
    s->chars += s->chars <= SID__BERT_WORD_CHARS;
}

static void append_lone(splitter *s, int32_t code)
{
    end_word(s);
    append(s, code);
    end_word(s);
}

/* A character that is cleaned and decomposed. */
static void take_part(splitter *s, int32_t code)
{
    bool is_dotted_i = code == 0x130; /* the one character whose lower case is two */
    if (s->rules->is_lower)
        code = is_dotted_i ? 'i' : code < 0x80 ? code + 32 * (code >= 'A' && code <= 'Z') : utf8proc_tolower(code);
    if (is_punctuation(code))
        append_lone(s, code);
    else
        append(s, code);
    if (s->rules->is_lower && is_dotted_i)
        append(s, 0x307);
}

static void take_decomposed(splitter *s, int32_t code)
{
    int32_t part[DECOMPOSED_MAX];
    int boundary = 0;
    utf8proc_ssize_t count =
        utf8proc_decompose_char(code, part, DECOMPOSED_MAX, UTF8PROC_DECOMPOSE | UTF8PROC_STABLE, &boundary);
    for (utf8proc_ssize_t i = 0; i < count && i < DECOMPOSED_MAX; i++)
        if (utf8proc_category(part[i]) != UTF8PROC_CATEGORY_MN)
            take_part(s, part[i]);
}

static void take(splitter *s, int32_t code)
{
    bool is_lone = s->rules->splits_han && is_han(code);
    if (is_space(code) || is_lone)
        end_word(s);
    else if (is_dropped(code))
        return;
    if (is_space(code))
        return;
    if (code >= 0x80 && s->rules->strips_accents)
        take_decomposed(s, code);
    else
        take_part(s, code);
    if (is_lone)
        end_word(s);
}

void sid__bert_split(const sid__bert_rules *rules, const char *text, size_t size, sid__bert_word_fn *emit, void *user)
{
    splitter s = {.rules = rules, .emit = emit, .user = user};
    for (size_t at = 0; at < size && !s.has_ended;) {
        int32_t code = -1;
        utf8proc_ssize_t step =
            utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(size - at), &code);
        if (step > 0)
            take(&s, code);
        at += step > 0 ? (size_t)step : 1;
    }
    end_word(&s);
}
