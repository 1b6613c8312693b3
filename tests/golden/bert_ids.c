/* bert_ids.c: bert_ids WEIGHTS MOST: the token ids of each line of standard input by the model's vocabulary, a line each, for
 * compare_bert.py.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "embed/bert_model.h"

enum { LINE_SIZE = 1 << 20 };

static void print_ids(const sid__bert_model *model, char *line, int most)
{
    int32_t id[SID__BERT_TOKENS_MAX];
    int count = sid__bert_tokenize(&model->vocab, &model->rules.split, line, strcspn(line, "\n"), most, id);
    for (int i = 0; i < count; i++)
        printf("%s%" PRId32, i ? " " : "", id[i]);
    printf("\n");
}

int main(int count, char **argument)
{
    static char line[LINE_SIZE];
    sid_ctx ctx = {.isa = sid__isa_best()};
    sid_error err = {0};
    sid__bert_model model = {0};
    long most = count == 3 ? strtol(argument[2], NULL, 10) : 0;
    if (most < 2 || most > SID__BERT_TOKENS_MAX) {
        (void)fprintf(stderr, "usage: bert_ids WEIGHTS MOST\n");
        return 2;
    }
    if (sid__bert_model_read(&ctx, argument[1], &model, &err) != SID_OK) {
        (void)fprintf(stderr, "bert_ids: %s\n", err.message);
        return 1;
    }
    while (fgets(line, sizeof line, stdin))
        print_ids(&model, line, (int)most);
    sid__bert_model_drop(&model);
    return 0;
}
