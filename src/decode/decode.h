/* decode.h: from a model that generates SIDs to items: constrained to the trie of live items, so that what comes back exists.
 *
 *   beam     the usual way: all beams of all questions in one step a level; says whether its answer is the true one
 *   exact    best-first: the true k best, mostly after a small part of the tree
 *   oracle   every item, for evaluation and as what the others are tested against
 *
 * score of an item = sum over levels, from the first on, of log p(code | history, codes before), in double. All three give
 * the same bits where they give the same items, for any number of questions at once and any number of threads. Order: by
 * (score, then SID, then train events, then row). Scores only fall along a path, which is what certificate and search rest on.
 * A model that knows items beside their codes puts what was found in another order at the end (rerank.c).
 */
#ifndef SEMID_DECODE_DECODE_H
#define SEMID_DECODE_DECODE_H

#include "decode/live.h"
#include "model/model.h"

typedef enum sid__decode_how { SID__DECODE_BEAM, SID__DECODE_EXACT, SID__DECODE_ORACLE } sid__decode_how;
/* Of what log p is: of all codes of a level, as the loss has it, or of those that lead to a live item. */
typedef enum sid__normalize { SID__NORMALIZE_OPEN, SID__NORMALIZE_TRIE } sid__normalize;

/* Places for items that nothing trained (cold.h). */
typedef enum sid__cold_kind { SID__COLD_NONE, SID__COLD_QUOTA, SID__COLD_RERANK } sid__cold_kind;
typedef struct sid__cold {
    sid__cold_kind kind;
    int64_t quota; /* 1 .. k */
} sid__cold;

typedef struct sid__decode_options {
    int64_t k;     /* items, >= 1; the oracle gives all */
    int64_t width; /* beams; 0: max(2 k, 50); never below k */
    sid__decode_how how;
    sid__normalize normalize;
    bool with_ties; /* the list goes on through all that score as its last */
    sid__cold cold; /* of sid__decode_cold alone */
} sid__decode_options;

typedef struct sid__question {
    sid__history history;
    sid__filter filter;
    sid_trace *trace; /* zeroed; a beam search adds its steps, and the caller drops it in any case; NULL: nobody asks */
} sid__question;

/* Best first; min(k, live items) of them. */
typedef struct sid__answer {
    int32_t *item; /* (count) rows */
    double *score; /* (count) */
    int64_t count, capacity;
    bool is_exact; /* these are the k best of all, proven */
    int64_t rows;  /* that the model was asked for */
} sid__answer;

/* Words to options. SID_EUSAGE names the word. */
sid_status sid__decode_plan(const sid_search_options *options, int64_t k, sid__decode_options *out, sid_error *err);
/* answer (count): zeroed by the caller, dropped by him in any case. The model is a generator. */
sid_status sid__decode(sid_ctx *ctx, const sid_model *m, const sid__decode_options *options,
                       const sid__question *question, int64_t count, sid__answer *answer, sid_error *err);
sid_status sid__answer_push(sid__answer *answer, int32_t item, double score, sid_error *err);
void sid__answer_drop(sid__answer *answer);

/* ---- Parts -------------------------------------------------------------------------------------------------------- */

/* A node of the level that is looked at, or a leaf. */
typedef struct sid__candidate {
    double score;
    int32_t node, row; /* row: that gave the logits, of the level before */
} sid__candidate;

static inline bool sid__is_better(const sid__candidate *a, const sid__candidate *b)
{
    return a->score > b->score || (a->score >= b->score && a->node < b->node);
}

/* What a search works with; the live items of each question. */
typedef struct sid__search {
    sid_ctx *ctx;
    const sid_model *m;
    const sid__trie *trie;
    const sid__decode_options *options;
    int64_t width;                 /* of the beam */
    int64_t wanted;                /* items that are asked for; options->k of them are looked for */
    const sid__question *question; /* (count) of a block */
    const sid__live *live;         /* (count) */
    int64_t count;
    void *state;         /* the generator's, for these questions */
    sid__answer *answer; /* (count) */
} sid__search;

sid_status sid__beam_search(const sid__search *search, sid_error *err);
/* For searches of one question. */
sid_status sid__best_first(const sid__search *search, sid_error *err);
/* Whether what the searches find is put in another order: then they look for as many items as they have beams, and the k best
 * remain (rerank.c). */
bool sid__reranks(const sid_model *m);
/* Beams of a search by those options. */
int64_t sid__beam_width(const sid__decode_options *options);
sid_status sid__rerank(const sid__search *search, int64_t k, sid_error *err);
sid_status sid__score_all(const sid__search *search, sid_error *err);

/* The candidates below a node of `level` - 1 (-1: the root) with that score, by logits of `level`, to out (codes of the
 * level); child is scratch as large. *count < 0: logits that are no numbers. */
void sid__expand(const sid__search *search, const sid__live *live, int level, const sid__candidate *parent, int32_t row,
                 const float *logits, int32_t *child, sid__candidate *out, int64_t *count);
/* log sum exp of a level's logits; not finite where one is not. */
double sid__log_sum(const sid__search *search, int level, const float *logits);
sid_status sid__fail_logits(const sid__search *search, sid_error *err);
/* Items of leaves (count) that stand best first. */
sid_status sid__resolve(const sid__search *search, const sid__live *live, const sid__candidate *leaf, int64_t count,
                        sid__answer *answer, sid_error *err);
void sid__sort_candidates(sid__candidate *candidate, int64_t count);

#endif
