/* label_tokens.c: see label_tokens.h. */
#include "sid/label_tokens.h"

#include <string.h>

enum { WORDS_MAX = INT32_MAX };

static sid_status push(sid__label_tokens *t, int32_t token, sid_error *err)
{
    SID_TRY(sid__grow(&t->token, &t->token_capacity, t->token_count + 1, sizeof *t->token, "the items' words", err));
    t->token[t->token_count++] = token;
    return SID_OK;
}

/* The number of a word, which ends in a zero; a new one gets the next. */
static sid_status intern(sid__label_tokens *t, const char *word, size_t size, int64_t *number, sid_error *err)
{
    char *copy = NULL;
    int64_t seen = -1;
    *number = sid__id_index_find(&t->index, (sid__names){.first = t->word, .stride = sizeof *t->word}, word);
    if (*number >= 0)
        return SID_OK;
    if (t->word_count == WORDS_MAX)
        return sid__fail(err, SID_EDATA, "the items have more than %d different words", WORDS_MAX);
    SID_TRY(sid__grow(&t->word, &t->word_capacity, t->word_count + 1, sizeof *t->word, "the words", err));
    SID_TRY(sid__arena_text(&t->text, word, size, &copy, err));
    t->word[t->word_count] = copy;
    SID_TRY(sid__id_index_add(&t->index, (sid__names){.first = t->word, .stride = sizeof *t->word}, t->word_count,
                              &seen, err));
    *number = t->word_count++;
    return SID_OK;
}

static sid_status add_token(void *user, const char *token, int size, sid_error *err)
{
    sid__label_tokens *t = user;
    char word[SID__TOKEN_SIZE + 1];
    int64_t number = 0;
    memcpy(word, token, (size_t)size);
    word[size] = 0;
    SID_TRY(intern(t, word, (size_t)size, &number, err));
    return push(t, (int32_t)number, err);
}

/* ASCII marks that end a phrase. Words are the same with and without the cut: none of these is part of one. */
static const char phrase_ends[] = ",;:.()[]{}|/<>\"!?";

sid_status sid__label_tokens_add(sid__label_tokens *t, const char *text, sid_error *err)
{
    while (*text) {
        size_t size = strcspn(text, phrase_ends);
        int64_t count = t->token_count;
        SID_TRY(sid__tokenize(&t->tokenizer, text, size, add_token, t, err));
        if (t->token_count > count)
            SID_TRY(push(t, SID__LABEL_GAP, err));
        text += size + (text[size] != 0);
    }
    return SID_OK;
}

sid_status sid__label_tokens_end_item(sid__label_tokens *t, sid_error *err)
{
    SID_TRY(sid__grow(&t->start, &t->item_capacity, t->item_count + 2, sizeof *t->start, "the items' words", err));
    if (t->item_count == 0)
        t->start[0] = 0;
    t->start[++t->item_count] = t->token_count;
    return SID_OK;
}

void sid__label_tokens_drop(sid__label_tokens *t)
{
    sid__free(t->word);
    sid__free(t->token);
    sid__free(t->start);
    sid__id_index_drop(&t->index);
    sid__arena_drop(&t->text);
    sid__tokenizer_drop(&t->tokenizer);
    *t = (sid__label_tokens){0};
}
