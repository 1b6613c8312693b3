/* item_sids.c: one scan of items.db, joined by id. */
#include "model/item_sids.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* ---- Made ---- */

static sid_status make_room(sid__item_sids *sids, int64_t count, sid_error *err)
{
    sids->count = count;
    SID_TRY(sid__alloc(&sids->code, (size_t)count, (size_t)sids->width * sizeof *sids->code, "SIDs of items", err));
    SID_TRY(sid__alloc(&sids->is_known, (size_t)count, 1, "SIDs of items", err));
    return sid__alloc(&sids->train_count, (size_t)count, sizeof *sids->train_count, "counts of items", err);
}

void sid__item_sids_drop(sid__item_sids *sids)
{
    sid__free(sids->code);
    sid__free(sids->is_known);
    sid__free(sids->train_count);
    *sids = (sid__item_sids){0};
}

static bool all_have_digits(const sid_catalog *catalog)
{
    return catalog->policy.digits == SID__DIGITS_TIGER || catalog->policy.digits == SID__DIGITS_GRID;
}

/* Everything but the items. */
static sid_status describe(const sid_catalog *catalog, sid__item_sids *out, sid_error *err)
{
    const sid__manifest *m = &catalog->manifest;
    const sid__manifest_file *file = sid__manifest_find(m, SID__FILE_QUANTIZER);
    *out = (sid__item_sids){.levels = m->levels, .width = m->levels};
    memcpy(out->codes, m->codes, (size_t)m->levels * sizeof *m->codes);
    if (m->digit_codes > 0) {
        out->has_end = !all_have_digits(catalog);
        out->codes[out->width++] = m->digit_codes + out->has_end;
    }
    if (out->codes[out->width - 1] > SID_CODES_MAX)
        return sid__fail(err, SID_EDATA, "%s: %d classes of the last code; models take %d; fit with fewer collisions",
                         catalog->path, out->codes[out->width - 1], SID_CODES_MAX);
    (void)snprintf(out->codebooks, sizeof out->codebooks, "%s", file ? file->sha256 : "");
    (void)snprintf(out->catalog_id, sizeof out->catalog_id, "%s", m->id);
    (void)snprintf(out->collisions, sizeof out->collisions, "%s", m->collisions);
    return SID_OK;
}

static sid_status put_code(const sid_catalog *catalog, sid__item_sids *sids, int64_t row, const sid__db_item *item,
                           sid_error *err)
{
    uint16_t *code = sids->code + row * sids->width;
    bool has_digit = item->digit != SID__DIGIT_NONE, has_room = sids->width > sids->levels;
    int64_t last = has_digit ? (int64_t)item->digit + sids->has_end : 0;
    bool is_right = item->levels == sids->levels && (has_room ? has_digit || sids->has_end : !has_digit);
    for (int l = 0; is_right && l < sids->levels; l++)
        is_right = (code[l] = item->codes[l]) < sids->codes[l];
    if (!is_right || (has_room && last >= sids->codes[sids->levels]))
        return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = catalog->path, .byte = -1},
                            "item \"%s\" has codes that the manifest has no room for; restore or refit", item->item_id);
    if (has_room)
        code[sids->levels] = (uint16_t)last;
    sids->is_known[row] = 1;
    return SID_OK;
}

/* ---- Read ---- */

typedef struct reading {
    const sid_catalog *catalog;
    const sid__id_list *items;
    sid__item_sids *sids;
    /* Of sid__item_sids_renew; NULL: items that are not among `items` are passed by. */
    sid__id_list *added;
    uint8_t *is_live; /* (sids->count) */
    int64_t found;
} reading;

static sid_status take_item(void *user, const sid__db_item *item, sid_error *err)
{
    reading *r = user;
    if (item->state == SID__STATE_REMOVED)
        return SID_OK;
    int64_t row = sid__id_list_find(r->items, item->item_id);
    if (row < 0 && r->added) {
        SID_TRY(sid__id_list_add(r->added, item->item_id, strlen(item->item_id), &row, err));
        row += r->items->count;
    }
    if (row < 0)
        return SID_OK;
    if (row >= r->sids->count)
        return sid__fail(err, SID_ECORRUPT, "%s: more live items than its index counts; restore or refit",
                         r->catalog->path);
    r->found++;
    if (r->is_live)
        r->is_live[row] = 1;
    return put_code(r->catalog, r->sids, row, item, err);
}

static void count_missing(sid__item_sids *sids)
{
    sids->missing = 0;
    for (int64_t i = 0; i < sids->count; i++)
        sids->missing += !sids->is_known[i];
}

sid_status sid__item_sids_read(sid_catalog *catalog, const sid__id_list *items, const int64_t *train_count,
                               sid__item_sids *out, sid_error *err)
{
    sid__item_sids sids;
    reading r = {.catalog = catalog, .items = items, .sids = &sids};
    SID_TRY(describe(catalog, &sids, err));
    sid_status status = make_room(&sids, items->count, err);
    if (status == SID_OK)
        status = sid__catalog_enter(catalog, err);
    if (status == SID_OK) {
        status = sid__item_db_scan(catalog->db, take_item, &r, err);
        sid__catalog_leave(catalog);
    }
    if (status == SID_OK && r.found == 0)
        status = sid__fail(err, SID_EDATA,
                           "%s holds none of the %lld items of the events, whose ids are like \"%s\"; name the "
                           "catalogue that was fitted on them",
                           catalog->path, (long long)items->count, items->count > 0 ? items->id[0] : "");
    if (status != SID_OK) {
        sid__item_sids_drop(&sids);
        return status;
    }
    memcpy(sids.train_count, train_count, (size_t)items->count * sizeof *train_count);
    count_missing(&sids);
    *out = sids;
    return SID_OK;
}

/* ---- Later versions ---- */

sid_status sid__item_sids_check(const sid__item_sids *sids, const sid_catalog *catalog, const char *family,
                                sid_error *err)
{
    sid__item_sids now;
    SID_TRY(describe(catalog, &now, err));
    bool is_same = now.levels == sids->levels && now.width == sids->width && now.has_end == sids->has_end;
    if (strcmp(now.codebooks, sids->codebooks) != 0)
        return sid__fail(err, SID_EDATA,
                         "the model %s learned SIDs of the codebooks %.12s, and those of %s are %.12s: its codes mean "
                         "something else there; use the catalogue it was trained with (%.12s) or one with items added "
                         "to that, or train again with --catalog %s",
                         family, sids->codebooks, catalog->path, now.codebooks, sids->catalog_id, catalog->path);
    for (int l = 0; is_same && l < now.width; l++)
        is_same = now.codes[l] == sids->codes[l];
    return is_same ? SID_OK
                   : sid__fail(err, SID_EDATA,
                               "the model %s learned SIDs of %d codes, collisions %s, and those of %s have %d codes, "
                               "collisions %s; use the catalogue it was trained with (%.12s), or train again with "
                               "--catalog %s",
                               family, sids->width, sids->collisions, catalog->path, now.width, now.collisions,
                               sids->catalog_id, catalog->path);
}

/* Within the catalogue's snapshot. */
static sid_status renew(const sid__item_sids *old, sid_catalog *catalog, reading *r, sid_error *err)
{
    sid__item_sids *sids = r->sids;
    SID_TRY(make_room(sids, r->items->count + catalog->items, err));
    SID_TRY(sid__alloc(&r->is_live, (size_t)sids->count, 1, "live items", err));
    size_t kept = (size_t)r->items->count; /* `old` may hold items that another version added */
    memcpy(sids->code, old->code, kept * (size_t)old->width * sizeof *old->code);
    memcpy(sids->is_known, old->is_known, kept);
    memcpy(sids->train_count, old->train_count, kept * sizeof *old->train_count);
    SID_TRY(sid__item_db_scan(catalog->db, take_item, r, err));
    sids->count = r->items->count + r->added->count;
    count_missing(sids);
    return SID_OK;
}

sid_status sid__item_sids_renew(const sid__item_sids *old, sid_catalog *catalog, const sid__id_list *items,
                                sid__id_list *added, sid__item_sids *out, uint8_t **is_live, sid_error *err)
{
    sid__item_sids sids;
    reading r = {.catalog = catalog, .items = items, .sids = &sids, .added = added};
    SID_TRY(describe(catalog, &sids, err));
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = renew(old, catalog, &r, err);
    sid__catalog_leave(catalog);
    if (status != SID_OK) {
        sid__item_sids_drop(&sids);
        sid__free(r.is_live);
        sid__id_list_drop(added);
        return status;
    }
    *out = sids;
    *is_live = r.is_live;
    return SID_OK;
}

void sid__item_sids_prefix_text(const sid__item_sids *sids, int64_t row, int depth, char text[SID_SID_TEXT_MAX])
{
    const uint16_t *code = sids->code + row * sids->width;
    size_t used = 0;
    text[0] = 0;
    for (int l = 0; l < depth && sids->is_known[row]; l++) {
        bool is_last = l == sids->levels;
        if (is_last && sids->has_end && code[l] == 0)
            break;
        int n = snprintf(text + used, SID_SID_TEXT_MAX - used, "%s%d", l ? "-" : "",
                         (int)code[l] - (is_last && sids->has_end));
        used += n > 0 ? (size_t)n : 0;
    }
}

void sid__item_sids_text(const sid__item_sids *sids, int64_t row, char text[SID_SID_TEXT_MAX])
{
    sid__item_sids_prefix_text(sids, row, sids->width, text);
}

/* ---- Files ---- */

sid_status sid__item_sids_save(const sid__item_sids *sids, sid__tensor_set *set, sid_error *err)
{
    const int64_t shape[2] = {sids->count, sids->width}, width = sids->width;
    uint16_t *code = NULL;
    uint8_t *is_known = NULL;
    int64_t *train_count = NULL;
    int32_t *codes = NULL;
    SID_TRY(sid__tensor_add(set, "sids.code", SID__U16, 2, shape, &code, err));
    SID_TRY(sid__tensor_add(set, "sids.is_known", SID__U8, 1, shape, &is_known, err));
    SID_TRY(sid__tensor_add(set, "sids.train_count", SID__I64, 1, shape, &train_count, err));
    SID_TRY(sid__tensor_add(set, "sids.codes", SID__I32, 1, &width, &codes, err));
    memcpy(code, sids->code, (size_t)(sids->count * sids->width) * sizeof *code);
    memcpy(is_known, sids->is_known, (size_t)sids->count);
    memcpy(train_count, sids->train_count, (size_t)sids->count * sizeof *train_count);
    for (int l = 0; l < sids->width; l++)
        codes[l] = sids->codes[l];
    return SID_OK;
}

static sid_status check_loaded(const sid__item_sids *sids, sid_error *err)
{
    for (int64_t i = 0; i < sids->count; i++) {
        bool is_right = sids->is_known[i] <= 1 && sids->train_count[i] >= 0;
        for (int l = 0; is_right && l < sids->width; l++)
            is_right = sids->code[i * sids->width + l] < sids->codes[l];
        if (!is_right)
            return sid__fail(err, SID_ECORRUPT, "the SID of item %lld has a code beyond its level; train again",
                             (long long)i);
    }
    return SID_OK;
}

sid_status sid__item_sids_load(int64_t items, const sid__tensor_set *set, sid__item_sids *sids, sid_error *err)
{
    const int64_t any[1] = {-1};
    const sid__tensor *codes = NULL, *code = NULL, *is_known = NULL, *train_count = NULL;
    SID_TRY(sid__tensor_get(set, "sids.codes", SID__I32, 1, any, &codes, err));
    sids->width = (int)codes->shape[0];
    if (codes->shape[0] < sids->levels || codes->shape[0] > sids->levels + 1)
        return sid__fail(err, SID_ECORRUPT, "SIDs of %lld codes where the quantizer has %d levels; train again",
                         (long long)codes->shape[0], sids->levels);
    for (int l = 0; l < sids->width; l++) {
        sids->codes[l] = ((const int32_t *)codes->data)[l];
        if (sids->codes[l] < 1 || sids->codes[l] > SID_CODES_MAX)
            return sid__fail(err, SID_ECORRUPT, "level %d has %d codes; train again", l + 1, sids->codes[l]);
    }
    const int64_t shape[2] = {items, sids->width};
    SID_TRY(sid__tensor_get(set, "sids.code", SID__U16, 2, shape, &code, err));
    SID_TRY(sid__tensor_get(set, "sids.is_known", SID__U8, 1, shape, &is_known, err));
    SID_TRY(sid__tensor_get(set, "sids.train_count", SID__I64, 1, shape, &train_count, err));
    SID_TRY(make_room(sids, items, err));
    memcpy(sids->code, code->data, (size_t)(items * sids->width) * sizeof *sids->code);
    memcpy(sids->is_known, is_known->data, (size_t)items);
    memcpy(sids->train_count, train_count->data, (size_t)items * sizeof *sids->train_count);
    count_missing(sids);
    return check_loaded(sids, err);
}
