/* sid_tokens.h: SIDs as the tokens that language models are trained on. A style is three texts: what begins a SID, what
 * stands for each level, what ends it. In the middle one {code} is the code, {letter} a, b, .. and {level} 1, 2, .. by
 * level, {offset} the code's number when the levels' codes are counted on from 1.
 */
#ifndef SEMID_SID_SID_TOKENS_H
#define SEMID_SID_SID_TOKENS_H

#include "base/strbuf.h"

enum { SID__TOKEN_SIZE_MAX = 200, SID__TOKEN_LETTERS = 26 };

typedef struct sid__token_style {
    const char *name, *begin, *token, *end;
    const char *separator; /* between tokens when they are not asked to stand apart */
    const int *codes;      /* {offset}: K of each level, (levels); else not used */
    int levels;            /* with a digit's */
    bool end_is_optional;  /* on reading */
} sid__token_style;

/* "letters", "onerec", "flat", "offset", or "template" with its text. `levels` and `codes` (levels) as in the struct; codes
 * NULL when they are not known. SID_EUSAGE: unknown name, more levels than letters, a template that would not read back. */
sid_status sid__token_style_find(const char *name, const char *template_text, int levels, const int *codes,
                                 sid__token_style *out, sid_error *err);

/* Appends the tokens of a SID; `separator` NULL: the style's own. */
sid_status sid__tokens_append(const sid__token_style *style, const uint16_t *codes, int count, const char *separator,
                              sid__strbuf *out, sid_error *err);
/* Reads them back, single spaces between tokens allowed; {offset} 0 at the end is padding. At most `max` codes. SID_EDATA
 * names the byte and what is expected there. */
sid_status sid__tokens_parse(const sid__token_style *style, const char *text, int max, uint16_t *codes, int *count,
                             sid_error *err);

#endif
