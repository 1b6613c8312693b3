/* decode.c: what the searches share, and the blocks of questions that they run on. */
#include "decode/decode.h"
#include "decode/cold.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kernel/sequence.h"
#include "linalg/scalar.h"

enum { BLOCK_MOST = 64, LOGITS_MOST = 1 << 22 /* floats of a block's widest level */, WIDTH_LEAST = 50 };

/* ---- Shared by the searches ---- */

double sid__log_sum(const sid__search *search, int level, const float *logits)
{
    double most, sum = sid__sequence_for(search->ctx->isa)->exp_sum(search->m->sids.codes[level], logits, &most);
    return most + sid__log(sum);
}

/* The same over the codes of the children. */
static double log_sum_below(const sid__trie_level *own, const float *logits, const int32_t *child, int64_t count)
{
    double largest = (double)-INFINITY, sum = 0;
    for (int64_t i = 0; i < count; i++) {
        float x = logits[own->code[child[i]]];
        if (!(fabsf(x) < INFINITY))
            return (double)NAN;
        largest = (double)x > largest ? (double)x : largest;
    }
    for (int64_t i = 0; i < count; i++)
        sum += sid__exp((double)logits[own->code[child[i]]] - largest);
    return largest + sid__log(sum);
}

void sid__expand(const sid__search *search, const sid__live *live, int level, const sid__candidate *parent, int32_t row,
                 const float *logits, int32_t *child, sid__candidate *out, int64_t *count)
{
    const sid__trie_level *own = &search->trie->level[level];
    int64_t n = sid__live_children(live, level - 1, parent->node, child);
    double all = search->options->normalize == SID__NORMALIZE_OPEN ? sid__log_sum(search, level, logits)
                                                                   : log_sum_below(own, logits, child, n);
    assert(n > 0); /* a node without a live item is no candidate */
    for (int64_t i = 0; i < n; i++)
        out[i] = (sid__candidate){
            .score = parent->score + ((double)logits[own->code[child[i]]] - all), .node = child[i], .row = row};
    *count = all > (double)-INFINITY && all < (double)INFINITY ? n : -1;
}

sid_status sid__fail_logits(const sid__search *search, sid_error *err)
{
    return sid__fail(err, SID_ECORRUPT, "model %s gives logits that are no numbers; train again",
                     search->m->family->info.name);
}

static int best_first(const void *a, const void *b)
{
    const sid__candidate *x = a, *y = b;
    return sid__is_better(x, y) ? -1 : sid__is_better(y, x);
}

void sid__sort_candidates(sid__candidate *candidate, int64_t count)
{
    if (count > 1)
        qsort(candidate, (size_t)count, sizeof *candidate, best_first);
}

sid_status sid__answer_push(sid__answer *answer, int32_t item, double score, sid_error *err)
{
    if (answer->count == answer->capacity) {
        int64_t room = answer->capacity; /* both arrays grow alike */
        SID_TRY(sid__grow(&answer->item, &room, answer->count + 1, sizeof *answer->item, "answers", err));
        SID_TRY(sid__grow(&answer->score, &answer->capacity, answer->count + 1, sizeof *answer->score, "answers", err));
    }
    answer->item[answer->count] = item;
    answer->score[answer->count++] = score;
    return SID_OK;
}

sid_status sid__resolve(const sid__search *search, const sid__live *live, const sid__candidate *leaf, int64_t count,
                        sid__answer *answer, sid_error *err)
{
    const sid__trie *trie = search->trie;
    const int32_t *begin = trie->level[trie->width - 1].item_begin;
    int64_t most = search->options->how == SID__DECODE_ORACLE ? INT64_MAX : search->options->k;
    for (int64_t i = 0; i < count; i++) {
        bool is_tied =
            search->options->with_ties && answer->count > 0 && leaf[i].score >= answer->score[answer->count - 1];
        if (answer->count >= most && !is_tied)
            break;
        for (int32_t p = begin[leaf[i].node]; p < begin[leaf[i].node + 1]; p++) {
            if (answer->count >= most && !search->options->with_ties)
                break;
            if (sid__live_item(live, p))
                SID_TRY(sid__answer_push(answer, trie->item[p], leaf[i].score, err));
        }
    }
    return SID_OK;
}

void sid__answer_drop(sid__answer *answer)
{
    sid__free(answer->item);
    sid__free(answer->score);
    *answer = (sid__answer){0};
}

/* ---- What is asked for ---- */

static sid_status take_word(const char *what, const char *word, const char *const *known, int count, int *out,
                            sid_error *err)
{
    *out = 0;
    for (int i = 0; word && i < count; i++)
        if (strcmp(known[i], word) == 0) {
            *out = i;
            return SID_OK;
        }
    return word ? sid__fail(err, SID_EUSAGE, "%s is \"%.40s\"; %s, %s%s%s %s expected", what, word, known[0], known[1],
                            count > 2 ? " or " : "", count > 2 ? known[2] : "", count > 2 ? "is" : "are")
                : SID_OK;
}

sid_status sid__decode_plan(const sid_search_options *options, int64_t k, sid__decode_options *out, sid_error *err)
{
    static const char *const how[] = {"beam", "exact", "oracle"}, *const normalize[] = {"open", "trie"};
    int how_index = 0, normalize_index = 0;
    SID_TRY(take_word("search", options->search, how, 3, &how_index, err));
    SID_TRY(take_word("normalize", options->normalize, normalize, 2, &normalize_index, err));
    if (options->beam < 0)
        return sid__fail(err, SID_EUSAGE, "the beam is %d; 1 or more, or 0 for the usual, is expected", options->beam);
    *out = (sid__decode_options){.k = k,
                                 .width = options->beam,
                                 .how = (sid__decode_how)how_index,
                                 .normalize = (sid__normalize)normalize_index};
    return sid__cold_parse(options->cold, k, &out->cold, err);
}

/* ---- Blocks ---- */

static int64_t widest_level(const sid__trie *trie)
{
    int64_t most = 1;
    for (int l = 0; l < trie->width; l++)
        most = trie->level[l].count > most ? trie->level[l].count : most;
    return most;
}

int64_t sid__beam_width(const sid__decode_options *options)
{
    int64_t usual = options->k < WIDTH_LEAST / 2 ? WIDTH_LEAST : 2 * options->k;
    int64_t width = options->width > 0 ? options->width : usual;
    return width < options->k ? options->k : width;
}

static int64_t block_of(const sid_model *m, const sid__search *search)
{
    int64_t codes = 1;
    if (search->options->how != SID__DECODE_BEAM)
        return 1;
    for (int l = 0; l < m->sids.width; l++)
        codes = m->sids.codes[l] > codes ? m->sids.codes[l] : codes;
    int64_t block = LOGITS_MOST / (search->width * codes);
    return block < 1 ? 1 : block > BLOCK_MOST ? BLOCK_MOST : block;
}

static sid_status search_block(sid__search *search, sid__history *history, sid_error *err)
{
    const sid__generator *generator = search->m->family->generator;
    int64_t live = 0;
    for (int64_t i = 0; i < search->count; i++) {
        history[i] = search->question[i].history;
        live += search->live[i].live_count;
    }
    if (live == 0)
        return SID_OK; /* nothing may be answered */
    SID_TRY(generator->begin(search->ctx, search->m, history, search->count, &search->state, err));
    sid_status status = search->options->how == SID__DECODE_BEAM    ? sid__beam_search(search, err)
                        : search->options->how == SID__DECODE_EXACT ? sid__best_first(search, err)
                                                                    : sid__score_all(search, err);
    if (status == SID_OK && sid__reranks(search->m))
        status = sid__rerank(search, search->wanted, err);
    generator->end(search->state);
    search->state = NULL;
    return status;
}

static sid_status decode_block(sid__search *search, sid__live *live, sid__history *history, sid_error *err)
{
    sid_status status = SID_OK;
    int64_t made = 0;
    for (; made < search->count && status == SID_OK; made++)
        status = sid__live_make(search->trie, &search->question[made].filter, &live[made], err);
    if (status == SID_OK)
        status = search_block(search, history, err);
    for (int64_t i = 0; i < made; i++)
        sid__live_drop(&live[i]);
    return status == SID_OK ? sid__ctx_check(search->ctx, err) : status;
}

sid_status sid__decode(sid_ctx *ctx, const sid_model *m, const sid__decode_options *options,
                       const sid__question *question, int64_t count, sid__answer *answer, sid_error *err)
{
    sid__decode_options wider = *options;
    sid__search search = {.ctx = ctx, .m = m, .trie = m->trie, .options = &wider, .wanted = options->k};
    sid__live *live = NULL;
    sid__history *history = NULL;
    int64_t width = sid__beam_width(options), widest = widest_level(m->trie);
    search.width = width < widest ? width : widest; /* more beams than nodes find nothing to do */
    wider.k = sid__reranks(m) ? width : wider.k;
    int64_t block = block_of(m, &search);
    sid_status status = sid__alloc(&live, (size_t)block, sizeof *live, "filters", err);
    if (status == SID_OK)
        status = sid__alloc(&history, (size_t)block, sizeof *history, "histories", err);
    search.live = live;
    for (int64_t begin = 0; begin < count && status == SID_OK; begin += block) {
        search.count = count - begin < block ? count - begin : block;
        search.question = question + begin;
        search.answer = answer + begin;
        status = decode_block(&search, live, history, err);
    }
    sid__free(live);
    sid__free(history);
    return status;
}
