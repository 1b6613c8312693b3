/* labels.c: see labels.h.
 *
 * Level by level from the root, so that what an ancestor holds is known; the children of one prefix at a time. Siblings
 * choose by falling size: a term is said once among them, where it says most. A category that most items of a prefix are
 * of, and not most of its parent's, comes first, and its words are not said again.
 */
#include "sid/labels.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/strbuf.h"
#include "sid/label_terms.h"
#include "sid/sort_rows.h"

enum { CATEGORY_WORDS_MAX = 16 };
static const double category_share = .6;

typedef struct labeler {
    const sid__label_input *in;
    sid__labels *out;
    sid__label_terms terms;
    sid__label_class *child; /* (child_capacity) children of the parent at hand */
    int64_t child_capacity;
    int64_t *by_size; /* (size_capacity) */
    int64_t size_capacity;
    sid__pair_table taken;  /* terms that an earlier sibling holds */
    int64_t *above, *below; /* (categories) items of the parent, of the child, by category and those above it */
    int64_t *exact;         /* (categories) items of the child by the category at its depth */
    int common;             /* parts that all paths share */
} labeler;

/* ---- Categories --------------------------------------------------------------------------------------------------- */

/* Adds `sign` for each item of places begin .. end to its category and to those above it. */
static void count_categories(const labeler *l, int64_t begin, int64_t end, int64_t sign, int64_t *count)
{
    const sid__categories *c = l->in->categories;
    for (int64_t place = begin; place < end; place++)
        for (int32_t node = c->item[l->out->by.order[place]]; node >= 0; node = c->node[node].parent)
            count[node] += sign;
}

/* The deepest category that enough items of the label are of and not enough of its parent's; at most one at each depth can
 * be. */
static int32_t telling_category(const labeler *l, const sid__label *label, int64_t parent_items)
{
    const sid__categories *c = l->in->categories;
    int32_t best = -1;
    for (int64_t place = label->begin; place < label->end; place++)
        for (int32_t node = c->item[l->out->by.order[place]]; node >= 0; node = c->node[node].parent)
            if ((double)l->below[node] >= category_share * (double)(label->end - label->begin) &&
                (double)l->above[node] < category_share * (double)parent_items &&
                (best < 0 || c->node[node].depth > c->node[best].depth))
                best = node;
    return best;
}

/* As the health report's purity, of one prefix: of equally common categories the first. */
static void find_purity(const labeler *l, sid__label *label)
{
    const sid__categories *c = l->in->categories;
    const int64_t *order = l->out->by.order;
    int depth = l->common + label->depth;
    int64_t known = 0;
    for (int64_t place = label->begin; place < label->end; place++) {
        int32_t node = sid__categories_at(c, c->item[order[place]], depth), best = label->commonest;
        if (node < 0)
            continue;
        known++;
        int64_t count = ++l->exact[node], most = best < 0 ? 0 : l->exact[best];
        if (count > most || (count == most && node < best))
            label->commonest = node;
    }
    if (known > 0)
        label->purity = (double)l->exact[label->commonest] / (double)known;
    for (int64_t place = label->begin; place < label->end; place++) {
        int32_t node = sid__categories_at(c, c->item[order[place]], depth);
        if (node >= 0)
            l->exact[node] = 0;
    }
}

static void choose_categories(labeler *l, int64_t first, int64_t begin, int64_t end)
{
    if (!l->in->categories)
        return;
    count_categories(l, begin, end, 1, l->above);
    for (int64_t i = first; i < l->out->count; i++) {
        sid__label *label = &l->out->row[i];
        count_categories(l, label->begin, label->end, 1, l->below);
        label->category = telling_category(l, label, end - begin);
        count_categories(l, label->begin, label->end, -1, l->below);
        find_purity(l, label);
    }
    count_categories(l, begin, end, -1, l->above);
}

/* ---- Terms -------------------------------------------------------------------------------------------------------- */

/* Words of the label's category, which its terms need not say again. */
typedef struct word_list {
    const sid__label_tokens *tokens;
    int32_t word[CATEGORY_WORDS_MAX];
    int count;
} word_list;

static sid_status push_word(void *user, const char *token, int size, sid_error *err)
{
    (void)err;
    word_list *to = user;
    char word[SID__TOKEN_SIZE + 1];
    const sid__names names = {.first = to->tokens->word, .stride = sizeof *to->tokens->word};
    memcpy(word, token, (size_t)size);
    word[size] = 0;
    int64_t number = sid__id_index_find(&to->tokens->index, names, word);
    if (number >= 0 && to->count < CATEGORY_WORDS_MAX)
        to->word[to->count++] = (int32_t)number;
    return SID_OK;
}

static sid_status category_words(const labeler *l, const sid__label *label, word_list *out, sid_error *err)
{
    sid__tokenizer tokenizer = {0};
    *out = (word_list){.tokens = l->in->tokens};
    if (label->category < 0)
        return SID_OK;
    const char *name = l->in->categories->node[label->category].name;
    sid_status status = sid__tokenize(&tokenizer, name, strlen(name), push_word, out, err);
    sid__tokenizer_drop(&tokenizer);
    return status;
}

static bool has_word(const word_list *words, int32_t word)
{
    for (int i = 0; i < words->count; i++)
        if (words->word[i] == word)
            return true;
    return false;
}

static bool is_word_held_above(const labeler *l, const sid__label *label, int32_t word)
{
    for (int64_t up = label->parent; up >= 0; up = l->out->row[up].parent) {
        const sid__label *above = &l->out->row[up];
        for (int i = 0; i < above->term_count; i++)
            if (sid__pair_first(above->term[i]) == word || sid__pair_second(above->term[i]) == word)
                return true;
    }
    return false;
}

/* Whether the labels above say each of the term's words. */
static bool is_held_above(const labeler *l, const sid__label *label, const sid__label_term *term)
{
    return is_word_held_above(l, label, term->first) &&
           (term->second < 0 || is_word_held_above(l, label, term->second));
}

static bool is_free(const labeler *l, const sid__label *label, const sid__label_term *term, const word_list *said)
{
    if (!term->is_telling)
        return false;
    if (has_word(said, term->first) && (term->second < 0 || has_word(said, term->second)))
        return false;
    return !sid__pair_table_find(&l->taken, sid__pair_key(term->first, term->second)) && !is_held_above(l, label, term);
}

static sid_status choose_terms(labeler *l, const sid__label_class *child, sid__label *label, sid_error *err)
{
    word_list said;
    SID_TRY(category_words(l, label, &said, err));
    for (int64_t i = 0; i < child->term_count && label->term_count < SID__LABEL_TERMS; i++) {
        const sid__label_term *term = &l->terms.term[child->term + i];
        sid__pair_count *taken = NULL;
        if (!is_free(l, label, term, &said))
            continue;
        label->term[label->term_count] = sid__pair_key(term->first, term->second);
        SID_TRY(sid__pair_table_add(&l->taken, label->term[label->term_count], &taken, err));
        label->term_count++;
    }
    return SID_OK;
}

/* ---- Text --------------------------------------------------------------------------------------------------------- */

static sid_status append_term(const labeler *l, uint64_t key, sid__strbuf *text, sid_error *err)
{
    const char *const *word = l->in->tokens->word;
    int32_t second = sid__pair_second(key);
    return sid__strbuf_printf(text, err, "%s%s%s%s", text->length ? ", " : "", word[sid__pair_first(key)],
                              second < 0 ? "" : " ", second < 0 ? "" : word[second]);
}

static sid_status append_title(const labeler *l, const sid__label *label, sid__strbuf *text, sid_error *err)
{
    const char *title = NULL;
    if (l->in->title)
        SID_TRY(l->in->title(l->in->title_user, l->out->by.order + label->begin, label->end - label->begin,
                             &l->out->arena, &title, err));
    if (!title || !*title)
        return SID_OK;
    return sid__strbuf_printf(text, err, "%s%s", text->length ? ": " : "", title);
}

static sid_status write_text(labeler *l, const sid__label_class *child, sid__label *label, sid_error *err)
{
    sid__strbuf text = {0};
    char *copy = NULL;
    sid_status status = SID_OK;
    if (label->category >= 0)
        status = sid__strbuf_printf(&text, err, "%s", l->in->categories->node[label->category].name);
    for (int i = 0; i < label->term_count && status == SID_OK; i++)
        status = append_term(l, label->term[i], &text, err);
    if (label->term_count == 0 && child->term_count > 0 && label->category < 0 && status == SID_OK) {
        const sid__label_term *best = &l->terms.term[child->term];
        if (best->is_telling)
            status = append_term(l, sid__pair_key(best->first, best->second), &text, err);
    }
    if (label->term_count == 0 && status == SID_OK)
        status = append_title(l, label, &text, err);
    if (status == SID_OK)
        status = sid__arena_text(&l->out->arena, text.text ? text.text : "", (size_t)text.length, &copy, err);
    label->text = copy;
    sid__strbuf_drop(&text);
    return status;
}

/* ---- The tree ----------------------------------------------------------------------------------------------------- */

/* Children of the places begin .. end, which share their first `depth` codes, as labels and as classes. */
static sid_status push_children(labeler *l, int64_t parent, int64_t begin, int64_t end, int depth, sid_error *err)
{
    int64_t count = 0;
    for (int64_t at = begin, next; at < end; at = next, count++) {
        next = sid__code_order_run(&l->out->by, at, depth + 1);
        SID_TRY(sid__grow(&l->child, &l->child_capacity, count + 1, sizeof *l->child, "prefixes", err));
        SID_TRY(sid__grow(&l->out->row, &l->out->capacity, l->out->count + 1, sizeof *l->out->row, "labels", err));
        l->child[count] = (sid__label_class){.begin = at, .end = next};
        l->out->row[l->out->count++] = (sid__label){.depth = depth + 1,
                                                    .begin = at,
                                                    .end = next,
                                                    .parent = parent,
                                                    .category = -1,
                                                    .commonest = -1,
                                                    .purity = (double)NAN};
    }
    return SID_OK;
}

static int compare_sizes(const void *context, int64_t a, int64_t b)
{
    const sid__label_class *child = context;
    int64_t x = child[a].end - child[a].begin, y = child[b].end - child[b].begin;
    return (x < y) - (x > y);
}

static sid_status label_children(labeler *l, int64_t parent, int64_t begin, int64_t end, int depth, sid_error *err)
{
    int64_t first = l->out->count;
    SID_TRY(push_children(l, parent, begin, end, depth, err));
    int64_t count = l->out->count - first;
    SID_TRY(sid__label_terms_find(&l->terms, l->child, count, err));
    SID_TRY(sid__grow(&l->by_size, &l->size_capacity, count, sizeof *l->by_size, "prefixes", err));
    SID_TRY(sid__sort_rows(l->by_size, count, compare_sizes, l->child, err)); /* stable: ties by code */
    choose_categories(l, first, begin, end);
    sid__pair_table_clear(&l->taken);
    for (int64_t i = 0; i < count; i++) {
        const sid__label_class *child = &l->child[l->by_size[i]];
        sid__label *label = &l->out->row[first + l->by_size[i]];
        SID_TRY(choose_terms(l, child, label, err));
        SID_TRY(write_text(l, child, label, err));
    }
    return SID_OK;
}

static sid_status label_all(labeler *l, sid_error *err)
{
    SID_TRY(label_children(l, -1, 0, l->in->count, 0, err));
    for (int64_t parent = 0; parent < l->out->count; parent++) {
        const sid__label *label = &l->out->row[parent];
        if (label->depth < l->in->depth)
            SID_TRY(label_children(l, parent, label->begin, label->end, label->depth, err));
    }
    return SID_OK;
}

static sid_status init(labeler *l, sid_error *err)
{
    const sid__label_input *in = l->in;
    size_t categories = in->categories ? (size_t)in->categories->count : 0;
    SID_TRY(sid__code_order_create(in->codes, in->count, in->levels, &l->out->by, err));
    SID_TRY(sid__label_terms_init(&l->terms, in->tokens, l->out->by.order, err));
    SID_TRY(sid__alloc(&l->above, categories, sizeof *l->above, "counts of categories", err));
    SID_TRY(sid__alloc(&l->below, categories, sizeof *l->below, "counts of categories", err));
    l->common = in->categories ? sid__categories_common(in->categories) : 0;
    return sid__alloc(&l->exact, categories, sizeof *l->exact, "counts of categories", err);
}

sid_status sid__labels_make(const sid__label_input *in, sid__labels *out, sid_error *err)
{
    assert(in->depth >= 1 && in->depth <= in->levels);
    assert(in->tokens->item_count == in->count);
    assert(!in->categories || in->categories->item_count == in->count);
    labeler l = {.in = in, .out = out};
    *out = (sid__labels){0};
    sid_status status = init(&l, err);
    if (status == SID_OK && in->count > 0)
        status = label_all(&l, err);
    sid__label_terms_drop(&l.terms);
    sid__pair_table_drop(&l.taken);
    sid__free(l.child);
    sid__free(l.by_size);
    sid__free(l.above);
    sid__free(l.below);
    sid__free(l.exact);
    if (status != SID_OK)
        sid__labels_drop(out);
    return status;
}

void sid__labels_drop(sid__labels *labels)
{
    sid__free(labels->row);
    sid__code_order_free(&labels->by);
    sid__arena_drop(&labels->arena);
    *labels = (sid__labels){0};
}
