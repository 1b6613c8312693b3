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
    int64_t row = item->state == SID__STATE_REMOVED ? -1 : sid__id_list_find(&f->m->items, item->item_id);
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
    SID_TRY(
        sid__alloc(&m->vectors, (size_t)m->items.count, (size_t)m->dim * sizeof *m->vectors, "vectors of items", err));
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = sid__item_db_scan(catalog->db, take_vector, &f, err);
    sid__catalog_leave(catalog);
    if (status == SID_OK && f.found == 0)
        return sid__fail(err, SID_EDATA,
                         "%s holds none of the %" PRId64 " items of the events, whose ids are like \"%s\"; name the "
                         "catalogue that was fitted on them",
                         catalog->path, m->items.count, m->items.id[0]);
    if (status == SID_OK && f.found < m->items.count)
        sid__ctx_warn(m->ctx, "%" PRId64 " of %" PRId64 " items have no vector", m->items.count - f.found,
                      m->items.count);
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
    if (m->family->uses_vectors && !options->vectors)
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

sid_status sid_model_use_catalog(sid_model *m, sid_catalog *catalog, sid_error *err)
{
    if (m->sids.levels > 0)
        SID_TRY(sid__item_sids_check(&m->sids, catalog, m->family->info.name, err));
    return mark_live(m, catalog, err);
}
