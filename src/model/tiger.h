/* tiger.h: what tiger.c and tiger_generate.c share. */
#ifndef SEMID_MODEL_TIGER_H
#define SEMID_MODEL_TIGER_H

#include "model/learner.h"
#include "model/tiger_net.h"

typedef struct sid__tiger_options {
    sid__training training;
    int64_t dim, layers, heads, head_size, ff, users;
    double user_dropout;
    int preset;
} sid__tiger_options;

/* Tokens of the last history_max items that have a SID, oldest first; that of the user, where there are such, before them. */
int64_t sid__tiger_count_tokens(const sid_model *m, const sid__history *history);
/* token (count), count as above. */
void sid__tiger_write_tokens(const sid_model *m, const sid__history *history, int64_t count, int32_t *token);

extern const sid__generator sid__tiger_generator;

#endif
