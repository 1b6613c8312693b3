/* model.c: what all families share: options, items, vectors, training, answers. */
#include "model/model.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "io/vectors.h"

enum { SCORES_SIZE = 1 << 22 /* floats of one block of histories: 16 MiB */, BLOCK_MOST = 256 };

struct sid__spare {
    _Atomic(void *) state;
};

uint64_t sid__name_key(const char *name)
{
    uint64_t key = 14695981039346656037U;
    for (; *name; name++)
        key = (key ^ (unsigned char)*name) * 1099511628211U;
    return key;
}

/* ---- Made ---- */

static sid_status set_option(void *user, const char *name, const char *value, sid_error *err)
{
    sid_model *m = user;
    const sid_family *family = &m->family->info;
    const char *names[64];
    bool is_known = false;
    int count = 0;
    SID_TRY(sid__options_set(family, m->family_options, name, value, &is_known, err));
    if (is_known)
        return SID_OK;
    for (; count < family->option_count && count < 64; count++)
        names[count] = family->options[count].name;
    const char *near = sid_closest(name, names, count);
    return sid__fail(err, SID_EUSAGE, "model %s has no option \"%s\"%s%s%s", family->name, name,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static sid_status apply_preset(void *user, const char *name, const char *value, sid_error *err)
{
    const sid_model *m = user;
    const sid__model_preset *preset = strcmp(name, "preset") == 0 ? m->family->presets : NULL;
    while (preset && preset->name && strcmp(preset->name, value) != 0)
        preset++;
    return preset && preset->name ? sid__options_split(preset->options, set_option, user, err) : SID_OK;
}

/* Wherever the preset stands it comes before the others; a word that is none is refused where all are read. */
static sid_status read_options(sid_model *m, const char *options, sid_error *err)
{
    const sid_family *family = &m->family->info;
    bool is_known;
    SID_TRY(sid__options_default(family, m->family_options, err));
    SID_TRY(sid__options_split(options, apply_preset, m, err));
    SID_TRY(sid__options_split(options, set_option, m, err));
    for (int i = 0; m->family->presets && i < family->option_count; i++)
        if (strcmp(family->options[i].name, "preset") == 0)
            SID_TRY(
                sid__options_set(family, m->family_options, "preset", family->options[i].default_text, &is_known, err));
    return sid__model_write_options(m, err);
}

/* A value with commas stands in ( ), as it is read. */
static sid_status write_option(sid__strbuf *text, const char *name, const char *value, sid_error *err)
{
    bool is_list = strchr(value, ',') != NULL;
    return sid__strbuf_printf(text, err, "%s%s=%s%s%s", text->length ? "," : "", name, is_list ? "(" : "", value,
                              is_list ? ")" : "");
}

/* What differs from the defaults, as "name=value,...". */
sid_status sid__model_write_options(sid_model *m, sid_error *err)
{
    const sid_family *family = &m->family->info;
    sid__strbuf text = {0};
    char value[SID__OPTION_TEXT_SIZE];
    sid_status status = sid__strbuf_append(&text, "", 0, err);
    for (int i = 0; status == SID_OK && i < family->option_count; i++) {
        const sid_option *option = &family->options[i];
        sid__option_text(option, m->family_options, value);
        if (strcmp(value, option->default_text) != 0)
            status = write_option(&text, option->name, value, err);
    }
    char *copy = NULL;
    if (status == SID_OK)
        status = sid__strdup(&copy, text.text ? text.text : "", err);
    sid__strbuf_drop(&text);
    if (status == SID_OK) {
        sid__free(m->options_text);
        m->options_text = copy;
    }
    return status;
}

sid_status sid__model_create(sid_ctx *ctx, const char *family, const char *options, sid_model **out, sid_error *err)
{
    const sid__model_class *class = NULL;
    sid_model *m = NULL;
    SID_TRY(sid__model_family_find(family ? family : "itemknn", &class, err));
    SID_TRY(sid__alloc(&m, 1, sizeof *m, "a model", err));
    m->ctx = ctx;
    m->family = class;
    sid_status status = sid__alloc(&m->family_options, 1, class->options_size, "model options", err);
    if (status == SID_OK)
        status = read_options(m, options, err);
    if (status == SID_OK)
        status = sid__alloc(&m->spare, 1, sizeof *m->spare, "a model", err);
    if (status != SID_OK) {
        sid_model_close(m);
        return status;
    }
    *out = m;
    return SID_OK;
}

void *sid__model_swap_spare(const sid_model *m, void *state)
{
    return m->spare ? atomic_exchange(&m->spare->state, state) : state;
}

static void drop_spare(sid_model *m)
{
    void *spare = sid__model_swap_spare(m, NULL);
    if (spare)
        m->family->generator->drop(spare);
    sid__free(m->spare);
}

void sid_model_close(sid_model *m)
{
    if (!m)
        return;
    drop_spare(m);
    if (m->state)
        m->family->drop(m);
    sid__params_drop(&m->params);
    sid__free(m->family_options);
    sid__free(m->options_text);
    sid__free(m->vectors);
    sid__item_sids_drop(&m->sids);
    sid__id_list_drop(&m->added);
    sid__free(m->is_live);
    sid__trie_free(m->trie);
    sid__id_list_drop(&m->items);
    sid__free(m);
}

/* ---- Vectors ---- */

bool sid__model_wants_vectors(const sid_model *m)
{
    const sid__model_class *family = m->family;
    return family->uses_vectors && (!family->wants_vectors || family->wants_vectors(m));
}

void sid__model_normalize(float *x, int dim)
{
    double square = 0;
    for (int d = 0; d < dim; d++)
        square = fma((double)x[d], (double)x[d], square);
    double scale = square > 0 ? 1 / sqrt(square) : 0;
    for (int d = 0; d < dim; d++)
        x[d] = (float)((double)x[d] * scale);
}

static sid_status copy_rows(sid_model *m, const sid_vectors *vectors, int64_t *found, sid_error *err)
{
    for (int64_t row = 0; row < vectors->count; row++) {
        int64_t item = sid__id_list_find(&m->items, sid_vectors_id(vectors, row));
        if (item < 0)
            continue;
        float *to = m->vectors + item * m->dim;
        SID_TRY(sid_vectors_rows(vectors, row, 1, to, err));
        sid__model_normalize(to, m->dim);
        (*found)++;
    }
    return SID_OK;
}

sid_status sid__model_set_vectors(sid_model *m, const sid_vectors *vectors, sid_error *err)
{
    int64_t found = 0;
    m->dim = sid_vectors_dim(vectors);
    SID_TRY(
        sid__alloc(&m->vectors, (size_t)m->items.count, (size_t)m->dim * sizeof *m->vectors, "vectors of items", err));
    SID_TRY(copy_rows(m, vectors, &found, err));
    if (found == 0)
        return sid__fail(err, SID_EDATA,
                         "not one of the %" PRId64
                         " items has a vector: ids of the vectors are like \"%s\", of the items like "
                         "\"%s\"; name the ids with FILE:IDS or --ids",
                         m->items.count, sid_vectors_id(vectors, 0), m->items.id[0]);
    if (found < m->items.count)
        sid__ctx_warn(m->ctx, "%" PRId64 " of %" PRId64 " items have no vector", m->items.count - found,
                      m->items.count);
    return SID_OK;
}

/* ---- Trained ---- */

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* "time=0.8,0.1", "loo cold 0.05 42"; the seed counts where something is drawn. */
void sid__split_text(const sid_split_options *options, char split[SID__MODEL_WORD_SIZE],
                     char ties[SID__MODEL_WORD_SIZE])
{
    const char *kind = options->split ? options->split : "loo";
    const char *tie = options->ties ? options->ties : "file";
    if (strcmp(kind, "time") == 0)
        kind = "time=0.8,0.1";
    if (options->cold_fraction > 0)
        (void)snprintf(split, SID__MODEL_WORD_SIZE, "%s cold %.9g %" PRIu64, kind, options->cold_fraction,
                       options->seed ? options->seed : 42);
    else
        (void)snprintf(split, SID__MODEL_WORD_SIZE, "%s", kind);
    if (strcmp(tie, "shuffle") == 0)
        (void)snprintf(ties, SID__MODEL_WORD_SIZE, "shuffle %" PRIu64, options->seed ? options->seed : 42);
    else
        (void)snprintf(ties, SID__MODEL_WORD_SIZE, "%s",
                       "file"); /* what `exclude` leaves out is not asked; it trains */
}

static sid_status take_facts(sid_model *m, const sid_train_options *options, const sid__split *split, sid_error *err)
{
    const sid_events *events = split->events;
    sid__split_text(&options->split, m->split, m->ties);
    m->seed = options->seed ? options->seed : 42;
    m->train_events = split->info.train_events;
    if (m->train_events == 0)
        return sid__fail(err, SID_EDATA, "%s: no event trains by split \"%s\"; take another", events->path, m->split);
    for (int64_t i = 0, row = 0; i < events->items.count; i++)
        SID_TRY(sid__id_list_add(&m->items, events->items.id[i], strlen(events->items.id[i]), &row, err));
    SID_TRY(sid__model_set_catalog(m, options, split, err));
    if (options->vectors && sid__model_wants_vectors(m))
        SID_TRY(sid__model_set_vectors(m, options->vectors, err));
    return sid__model_set_trie(m, err);
}

sid_status sid__model_begin(sid_ctx *ctx, const sid_train_options *options, const sid__split *split, sid_model **out,
                            sid_error *err)
{
    sid_model *m = NULL;
    SID_TRY(sid__model_create(ctx, options->family, options->options, &m, err));
    sid_status status = take_facts(m, options, split, err);
    if (status != SID_OK) {
        sid_model_close(m);
        return status;
    }
    *out = m;
    return SID_OK;
}

sid_status sid__model_train_on(sid_ctx *ctx, const sid_train_options *options, const sid__split *split, sid_model **out,
                               sid_error *err)
{
    double start_s = now_s();
    sid_model *m = NULL;
    SID_TRY(sid__model_begin(ctx, options, split, &m, err));
    assert(m->family->train);
    sid_status status = m->family->train(ctx, m, split, err);
    if (status == SID_OK)
        status = sid__model_set_id(m, err);
    if (status != SID_OK) {
        sid_model_close(m);
        return status;
    }
    m->train_s = now_s() - start_s;
    *out = m;
    return SID_OK;
}

/* ---- Asked ---- */

int64_t sid__model_block(const sid_model *m)
{
    int64_t block = SCORES_SIZE / m->items.count;
    return block < 1 ? 1 : block > BLOCK_MOST ? BLOCK_MOST : block;
}

int64_t sid__model_find(const sid_model *m, const char *item_id)
{
    int64_t row = sid__id_list_find(&m->items, item_id), added = row < 0 ? sid__id_list_find(&m->added, item_id) : -1;
    return added >= 0 ? m->items.count + added : row;
}

const char *sid__model_item_id(const sid_model *m, int64_t row)
{
    return row < m->items.count ? m->items.id[row] : m->added.id[row - m->items.count];
}

void sid_model_get_info(const sid_model *m, sid_model_info *out)
{
    *out = (sid_model_info){.id = m->id,
                            .family = m->family->info.name,
                            .options = m->options_text,
                            .split = m->split,
                            .ties = m->ties,
                            .seed = m->seed,
                            .items = m->items.count,
                            .train_events = m->train_events,
                            .dim = m->dim,
                            .catalog_id = m->sids.levels > 0 ? m->sids.catalog_id : NULL,
                            .levels = m->sids.width,
                            .items_without_sid = m->sids.missing};
}

const char *const *sid_model_item_ids(const sid_model *m)
{
    return m->items.id;
}
