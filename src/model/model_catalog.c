/* model_catalog.c: what a model takes from a catalogue: SIDs and vectors when it is trained, later which items there are. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "model/model.h"

/* ---- Vectors ---- */

typedef struct filling {
    sid_model *m;
    sid_catalog *catalog;
    int64_t found;
} filling;

static sid_status take_vector(void *user, const sid__db_item *item, sid_error *err)
{
    filling *f = user;
    int64_t row = item->state == SID__STATE_REMOVED ? -1 : sid__model_find(f->m, item->item_id);
    if (row < 0)
        return SID_OK;
    float *to = f->m->vectors + row * f->m->dim;
    SID_TRY(sid__row_vector(f->catalog, item, to, err));
    sid__model_normalize(to, f->m->dim);
    f->found++;
    return SID_OK;
}

sid_status sid__model_set_catalog_vectors(sid_model *m, sid_catalog *catalog, sid_error *err)
{
    filling f = {.m = m, .catalog = catalog};
    if (!catalog->has_vectors)
        return SID_OK;
    m->dim = catalog->manifest.dim;
    int64_t items = m->items.count + m->added.count;
    SID_TRY(sid__alloc(&m->vectors, (size_t)items, (size_t)m->dim * sizeof *m->vectors, "vectors of items", err));
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = sid__item_db_scan(catalog->db, take_vector, &f, err);
    sid__catalog_leave(catalog);
    if (status == SID_OK && f.found == 0)
        return sid__fail(err, SID_EDATA,
                         "%s holds none of the %" PRId64 " items of the events, whose ids are like \"%s\"; name the "
                         "catalogue that was fitted on them",
                         catalog->path, m->items.count, m->items.id[0]);
    if (status == SID_OK && f.found < items)
        sid__ctx_warn(m->ctx, "%" PRId64 " of %" PRId64 " items have no vector", items - f.found, items);
    return status;
}

sid_status sid_model_use_vectors(sid_model *m, sid_catalog *catalog, sid_error *err)
{
    if (m->vectors)
        return SID_OK;
    if (!catalog->has_vectors)
        return sid__fail(err, SID_EDATA, "%s keeps no vectors; fit without --drop-vectors", catalog->path);
    sid_status status = sid__model_set_catalog_vectors(m, catalog, err);
    if (status != SID_OK) {
        sid__free(m->vectors);
        m->vectors = NULL;
        m->dim = 0;
    }
    return status;
}

/* ---- Trained ---- */

static sid_status set_sids(sid_model *m, sid_catalog *catalog, const sid__split *split, sid_error *err)
{
    SID_TRY(sid__item_sids_read(catalog, &m->items, split->train_count, &m->sids, err));
    if (m->sids.missing > 0)
        sid__ctx_warn(m->ctx,
                      "%" PRId64 " of %" PRId64 " items have no SID in %s: they are left out of histories, and not "
                      "recommended by their SID",
                      m->sids.missing, m->items.count, catalog->path);
    return SID_OK;
}

sid_status sid__model_set_catalog(sid_model *m, const sid_train_options *options, const sid__split *split,
                                  sid_error *err)
{
    sid_catalog *catalog = options->catalog;
    if (!catalog && m->family->needs_sids)
        return sid__fail(err, SID_EUSAGE,
                         "model %s learns SIDs, and there are none: pass the catalogue that holds them, --catalog DIR",
                         m->family->info.name);
    if (!catalog)
        return SID_OK;
    if (m->family->uses_sids)
        SID_TRY(set_sids(m, catalog, split, err));
    if (sid__model_wants_vectors(m) && !options->vectors)
        SID_TRY(sid__model_set_catalog_vectors(m, catalog, err));
    return SID_OK;
}

/* ---- Asked ---- */

typedef struct marking {
    const sid__id_list *items;
    uint8_t *is_live;
    int64_t found;
} marking;

static sid_status mark_item(void *user, const sid__db_item *item, sid_error *err)
{
    marking *marks = user;
    int64_t row = item->state == SID__STATE_REMOVED ? -1 : sid__id_list_find(marks->items, item->item_id);
    (void)err;
    if (row >= 0) {
        marks->is_live[row] = 1;
        marks->found++;
    }
    return SID_OK;
}

static sid_status mark_live(sid_model *m, sid_catalog *catalog, sid_error *err)
{
    marking marks = {.items = &m->items};
    SID_TRY(sid__alloc(&marks.is_live, (size_t)m->items.count, 1, "live items", err));
    sid_status status = sid__catalog_enter(catalog, err);
    if (status == SID_OK) {
        status = sid__item_db_scan(catalog->db, mark_item, &marks, err);
        sid__catalog_leave(catalog);
    }
    if (status == SID_OK && marks.found == 0)
        status = sid__fail(err, SID_EDATA,
                           "%s holds none of the %" PRId64 " items of the model, whose ids are like \"%s\"; name the "
                           "catalogue of these items",
                           catalog->path, m->items.count, m->items.id[0]);
    if (status != SID_OK) {
        sid__free(marks.is_live);
        return status;
    }
    sid__free(m->is_live);
    m->is_live = marks.is_live;
    return SID_OK;
}

static sid_status build_trie(const sid__item_sids *sids, const uint8_t *is_live, sid__trie **out, sid_error *err)
{
    uint8_t *is_in = NULL;
    SID_TRY(sid__alloc(&is_in, (size_t)sids->count, 1, "live items", err));
    for (int64_t i = 0; i < sids->count; i++)
        is_in[i] = sids->is_known[i] && (!is_live || is_live[i]);
    const sid__trie_items items = {
        .code = sids->code, .is_in = is_in, .weight = sids->train_count, .count = sids->count, .width = sids->width};
    sid_status status = sid__trie_build(&items, out, err);
    sid__free(is_in);
    return status;
}

sid_status sid__model_set_trie(sid_model *m, sid_error *err)
{
    sid__trie *trie = NULL;
    if (!m->family->generator)
        return SID_OK;
    SID_TRY(build_trie(&m->sids, m->is_live, &trie, err));
    sid__trie_free(m->trie);
    m->trie = trie;
    return SID_OK;
}

/* All is made before anything of the model changes. */
static sid_status renew_items(sid_model *m, sid_catalog *catalog, sid_error *err)
{
    sid__item_sids sids;
    sid__id_list added = {0};
    sid__trie *trie = NULL;
    uint8_t *is_live = NULL;
    SID_TRY(sid__item_sids_renew(&m->sids, catalog, &m->items, &added, &sids, &is_live, err));
    sid_status status = build_trie(&sids, is_live, &trie, err);
    if (status == SID_OK && trie->item_count == 0)
        status = sid__fail(err, SID_EDATA, "%s holds no item; add some, or name another", catalog->path);
    if (status != SID_OK) {
        sid__trie_free(trie);
        sid__item_sids_drop(&sids);
        sid__id_list_drop(&added);
        sid__free(is_live);
        return status;
    }
    sid__trie_free(m->trie);
    sid__item_sids_drop(&m->sids);
    sid__id_list_drop(&m->added);
    sid__free(m->is_live);
    if (!m->family->uses_vectors) { /* those of another version of the catalogue */
        sid__free(m->vectors);
        m->vectors = NULL;
        m->dim = 0;
    }
    m->trie = trie;
    m->sids = sids;
    m->added = added;
    m->is_live = is_live;
    return SID_OK;
}

sid_status sid_model_use_catalog(sid_model *m, sid_catalog *catalog, sid_error *err)
{
    if (m->sids.levels > 0)
        SID_TRY(sid__item_sids_check(&m->sids, catalog, m->family->info.name, err));
    return m->family->generator ? renew_items(m, catalog, err) : mark_live(m, catalog, err);
}
