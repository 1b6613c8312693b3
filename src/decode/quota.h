/* quota.h: at most n items below one prefix of p codes, "p:n", so that a list is not ten of a kind. */
#ifndef SEMID_DECODE_QUOTA_H
#define SEMID_DECODE_QUOTA_H

#include "decode/decode.h"

typedef struct sid__quota {
    int depth;    /* codes of a prefix; 0: no quota */
    int64_t most; /* items below one */
} sid__quota;

/* "1:2"; NULL: none. SID_EUSAGE: another word, deeper than SIDs, a model that writes none. */
sid_status sid__quota_parse(const sid_model *m, const char *text, sid__quota *out, sid_error *err);
/* As sid__decode, without ties: the best list that the quota allows, item by item. */
sid_status sid__decode_quota(sid_ctx *ctx, const sid_model *m, const sid__decode_options *options,
                             const sid__quota *quota, const sid__question *question, int64_t count, sid__answer *answer,
                             sid_error *err);

#endif
