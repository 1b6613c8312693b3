/* bert_vocab.c: see bert_vocab.h. */
#include "embed/bert_vocab.h"

#include <inttypes.h>
#include <string.h>

#include "io/utf8.h"

static sid__names names_of(const sid__bert_vocab *vocab)
{
    return (sid__names){.first = vocab->piece, .stride = sizeof *vocab->piece};
}

int sid__bert_vocab_find(const sid__bert_vocab *vocab, const char *piece)
{
    return (int)sid__id_index_find(&vocab->index, names_of(vocab), piece);
}

/* Cuts vocab->text into lines, "\n" or "\r\n", and fills vocab->piece where it is there; gives their number. */
static int64_t cut_lines(sid__bert_vocab *vocab, size_t size)
{
    int64_t count = 0;
    for (size_t at = 0; at < size; count++) {
        char *line = vocab->text + at, *end = memchr(line, '\n', size - at);
        size_t length = end ? (size_t)(end - line) : size - at;
        at += length + 1;
        if (!vocab->piece)
            continue;
        vocab->piece[count] = line;
        line[length] = 0;
        if (length > 0 && line[length - 1] == '\r')
            line[length - 1] = 0;
    }
    return count;
}

static sid_status index_pieces(sid__bert_vocab *vocab, const char *path, sid_error *err)
{
    for (int i = 0; i < vocab->count; i++) {
        int64_t seen;
        SID_TRY(sid__id_index_add(&vocab->index, names_of(vocab), i, &seen, err));
        if (seen >= 0)
            return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .row = i + 1, .byte = -1},
                                "the piece \"%.100s\" stands at line %" PRId64
                                " already; each line of a vocabulary is another piece",
                                vocab->piece[i], seen + 1);
    }
    return SID_OK;
}

static sid_status find_special(const sid__bert_vocab *vocab, const char *path, const char *name, int *out,
                               sid_error *err)
{
    *out = sid__bert_vocab_find(vocab, name);
    if (*out >= 0)
        return SID_OK;
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                        "the vocabulary of %d pieces lacks the special token %s; is it the one that belongs to the "
                        "weights?",
                        vocab->count, name);
}

static sid_status parse_into(const char *bytes, size_t size, const char *path, const sid__bert_specials *specials,
                             sid__bert_vocab *vocab, sid_error *err)
{
    size_t valid = sid__utf8_valid_size(bytes, size);
    if (valid < size || memchr(bytes, 0, size))
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = (int64_t)valid},
                            "the vocabulary is not UTF-8 text");
    SID_TRY(sid__alloc(&vocab->text, size + 1, 1, "the vocabulary", err));
    memcpy(vocab->text, bytes, size);
    int64_t count = cut_lines(vocab, size);
    if (count > SID__BERT_VOCAB_MAX)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                            "the vocabulary has %" PRId64 " lines; at most %d are possible", count,
                            SID__BERT_VOCAB_MAX);
    SID_TRY(sid__alloc(&vocab->piece, (size_t)count, sizeof *vocab->piece, "the vocabulary", err));
    vocab->count = (int)cut_lines(vocab, size);
    SID_TRY(index_pieces(vocab, path, err));
    SID_TRY(find_special(vocab, path, specials->cls, &vocab->cls, err));
    SID_TRY(find_special(vocab, path, specials->sep, &vocab->sep, err));
    return find_special(vocab, path, specials->unk, &vocab->unk, err);
}

sid_status sid__bert_vocab_parse(const char *bytes, size_t size, const char *path, const sid__bert_specials *specials,
                                 sid__bert_vocab *out, sid_error *err)
{
    sid__bert_vocab vocab = {0};
    sid_status status = parse_into(bytes, size, path, specials, &vocab, err);
    if (status != SID_OK)
        sid__bert_vocab_drop(&vocab);
    else
        *out = vocab;
    return status;
}

void sid__bert_vocab_drop(sid__bert_vocab *vocab)
{
    sid__id_index_drop(&vocab->index);
    sid__free(vocab->piece);
    sid__free(vocab->text);
    *vocab = (sid__bert_vocab){0};
}

/* ---- Text to ids -------------------------------------------------------------------------------------------------- */

typedef struct tokens {
    const sid__bert_vocab *vocab;
    int32_t *id;
    int count, most; /* without [SEP] */
} tokens;

/* The longest piece that begins at `at`; its end, or NULL. The bytes before `at` are free when it goes on a word. */
static char *match(const sid__bert_vocab *vocab, char *at, char *word_end, bool goes_on, int *id)
{
    char *name = goes_on ? at - SID__BERT_WORD_ROOM : at;
    if (goes_on)
        memcpy(name, "##", 2);
    for (char *end = word_end; end > at; end--) {
        char kept = *end;
        if (((unsigned char)kept & 0xC0) == 0x80) /* within a character */
            continue;
        *end = 0;
        *id = sid__bert_vocab_find(vocab, name);
        *end = kept;
        if (*id >= 0)
            return end;
    }
    return NULL;
}

/* sid__bert_word_fn */
static bool take_word(void *user, char *bytes, int size, bool is_long)
{
    tokens *t = user;
    int32_t piece[SID__BERT_WORD_CHARS];
    int count = 0;
    char *at = is_long ? NULL : bytes;
    while (at && at < bytes + size) {
        int id = -1;
        at = match(t->vocab, at, bytes + size, at > bytes, &id);
        piece[count++] = id;
    }
    if (!at) { /* a word with a part that no piece covers is unknown as a whole */
        piece[0] = t->vocab->unk;
        count = 1;
    }
    for (int i = 0; i < count && t->count < t->most; i++)
        t->id[t->count++] = piece[i];
    return t->count < t->most;
}

int sid__bert_tokenize(const sid__bert_vocab *vocab, const sid__bert_rules *rules, const char *text, size_t size,
                       int most, int32_t *out)
{
    tokens t = {.vocab = vocab, .id = out, .count = 1, .most = most - 1};
    out[0] = vocab->cls;
    if (t.most > 1)
        sid__bert_split(rules, text, size, take_word, &t);
    out[t.count] = vocab->sep;
    return t.count + 1;
}
