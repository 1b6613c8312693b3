/* click_model_items.c: ids to numbers and keys. A ranker numbers the users and items it meets, so that histories and counts go on
 * from file to file; tables know 64-bit keys alone, the same wherever an id stands.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mix.h"
#include "model/item_sids.h"
#include "rank/click_model.h"

static uint64_t add_text(uint64_t hash, const char *text)
{
    size_t size = strlen(text);
    for (size_t at = 0; at < size; at += 8) { /* eight bytes at a time, lowest first on every machine */
        uint64_t word = 0;
        for (size_t b = 0; b < 8 && at + b < size; b++)
            word |= (uint64_t)(unsigned char)text[at + b] << (8 * b);
        hash = sid__mix64(hash ^ word);
    }
    return sid__mix64(hash + size);
}

uint64_t sid__id_key(const char *column, const char *id)
{
    return add_text(add_text(0, column), id);
}

int sid__more_id_columns(const sid__feature_plan *plan, const char **column)
{
    int count = 0;
    for (int f = 0; f < plan->feature_count; f++) {
        const sid__feature *of = &plan->feature[f];
        bool is_known = of->kind != SID__FEATURE_ID || strcmp(of->column, plan->user_column) == 0 ||
                        strcmp(of->column, plan->item_column) == 0;
        for (int i = 0; i < count; i++)
            is_known = is_known || strcmp(column[i], of->column) == 0;
        if (!is_known)
            column[count++] = of->column;
    }
    return count;
}

/* ---- Items ---- */

static sid_status key_ids(sid_ranker *r, int feature, sid_error *err)
{
    int64_t items = r->items.count;
    sid__item_keys keys = {0};
    sid_status status = sid__alloc(&keys.key, (size_t)items, sizeof *keys.key, "keys of items", err);
    if (status == SID_OK)
        status = sid__alloc(&keys.begin, (size_t)items + 1, sizeof *keys.begin, "keys of items", err);
    for (int64_t i = 0; status == SID_OK && i < items; i++) {
        keys.key[i] = sid__id_key(r->plan.feature[feature].column, r->items.id[i]);
        keys.begin[i + 1] = i + 1;
    }
    sid__free(r->keys[feature].key);
    sid__free(r->keys[feature].begin);
    r->keys[feature] = keys;
    return status;
}

/* Rows of base codes, never of an added digit. */
static sid_status take_rows(sid_ranker *r, int feature, sid__item_sids *sids, sid_error *err)
{
    int64_t items = r->items.count;
    sid__item_keys *keys = &r->keys[feature];
    sid_pieces_info info;
    sid_pieces_get_info(r->source[feature].pieces, &info);
    for (int64_t i = 0; i < items && sids->width > sids->levels; i++)
        memmove(sids->code + i * sids->levels, sids->code + i * sids->width, (size_t)sids->levels * sizeof *sids->code);
    SID_TRY(
        sid__alloc(&keys->key, (size_t)items, (size_t)info.item_rows_max * sizeof *keys->key, "rows of items", err));
    SID_TRY(sid__alloc(&keys->begin, (size_t)items + 1, sizeof *keys->begin, "rows of items", err));
    for (int64_t i = 0; i < items; i++)
        r->has_sid[i] = r->has_sid[i] && sids->is_known[i];
    return sid_pieces_rows(r->source[feature].pieces, sids->code, sids->is_known, items, keys->key, keys->begin, err);
}

static sid_status key_sids(sid_ranker *r, int feature, sid_error *err)
{
    sid__item_sids sids = {0};
    int64_t *count = NULL;
    sid__free(r->keys[feature].key);
    sid__free(r->keys[feature].begin);
    r->keys[feature] = (sid__item_keys){0};
    SID_TRY(sid__alloc(&count, (size_t)r->items.count, sizeof *count, "counts of items", err));
    sid_status status = sid__item_sids_read(r->source[feature].catalog, &r->items, count, &sids, err);
    if (status == SID_OK)
        status = take_rows(r, feature, &sids, err);
    sid__item_sids_drop(&sids);
    sid__free(count);
    return status;
}

/* Keys of all items met, for each feature of theirs. */
static sid_status key_items(sid_ranker *r, sid_error *err)
{
    bool wants_sids = false;
    if (r->keyed_items == r->items.count)
        return SID_OK;
    r->keyed_items = 0;
    sid__free(r->has_sid);
    r->has_sid = NULL;
    SID_TRY(sid__alloc(&r->has_sid, (size_t)r->items.count, 1, "items with SIDs", err));
    memset(r->has_sid, 1, (size_t)r->items.count);
    for (int f = 0; f < r->plan.feature_count; f++) {
        if (!sid__feature_is_of_item(&r->plan, f))
            continue;
        bool is_sid = r->plan.feature[f].kind == SID__FEATURE_SID;
        wants_sids = wants_sids || is_sid;
        SID_TRY(is_sid ? key_sids(r, f, err) : key_ids(r, f, err));
    }
    r->keyed_items = r->items.count;
    return SID_OK;
}

/* ---- A file ---- */

static sid_status number_ids(const sid__id_list *from, sid__id_list *to, int32_t **out, sid_error *err)
{
    SID_TRY(sid__alloc(out, (size_t)from->count, sizeof **out, "numbers of ids", err));
    for (int64_t i = 0; i < from->count; i++) {
        int64_t row = 0;
        SID_TRY(sid__id_list_add(to, from->id[i], strlen(from->id[i]), &row, err));
        (*out)[i] = (int32_t)row;
    }
    return SID_OK;
}

static sid_status key_column(const sid__feature *of, const sid__id_list *ids, uint64_t **out, sid_error *err)
{
    SID_TRY(sid__alloc(out, (size_t)ids->count, sizeof **out, "keys of ids", err));
    for (int64_t i = 0; i < ids->count; i++)
        (*out)[i] = sid__id_key(of->column, ids->id[i]);
    return SID_OK;
}

static sid_status key_others(const sid_ranker *r, const sid_impressions *im, sid__run_maps *maps, sid_error *err)
{
    const char *more[SID__FEATURES_MAX];
    int count = sid__more_id_columns(&r->plan, more);
    for (int f = 0; f < r->plan.feature_count; f++) {
        const sid__feature *of = &r->plan.feature[f];
        if (of->kind != SID__FEATURE_ID || sid__feature_is_of_item(&r->plan, f))
            continue;
        const sid__id_list *ids = &im->users;
        for (int i = 0; i < count; i++)
            if (strcmp(more[i], of->column) == 0) {
                ids = &im->id[i];
                maps->row[f] = im->id_row + i;
                maps->step[f] = im->id_count;
            }
        SID_TRY(key_column(of, ids, &maps->key[f], err));
    }
    return SID_OK;
}

/* Room for what is kept of each user and item. */
static sid_status reserve(sid_ranker *r, sid_error *err)
{
    int64_t before = r->shown_capacity;
    SID_TRY(sid__grow(&r->shown, &r->shown_capacity, r->items.count, sizeof *r->shown, "impressions by item", err));
    for (int64_t i = before; i < r->shown_capacity; i++)
        r->shown[i] = 0;
    SID_TRY(sid__click_history_reserve(&r->history, r->users.count, err));
    if (r->plan.family->wants_chances)
        SID_TRY(sid__item_chances_reserve(&r->chances, r->items.count, err));
    before = r->batch.index_capacity;
    SID_TRY(sid__grow(&r->batch.index_of, &r->batch.index_capacity, r->items.count, sizeof *r->batch.index_of,
                      "items of a batch", err));
    for (int64_t i = before; i < r->batch.index_capacity; i++)
        r->batch.index_of[i] = -1;
    return SID_OK;
}

sid_status sid__run_maps_make(sid_ranker *r, const sid_impressions *im, sid__run_maps *out, sid_error *err)
{
    const char *more[SID__FEATURES_MAX];
    *out = (sid__run_maps){0};
    if (im->dense_count != r->plan.dense_count || im->id_count != sid__more_id_columns(&r->plan, more) ||
        im->label_count != r->plan.label_count - 1)
        return sid__fail(err, SID_EUSAGE, "%s was not read for this ranker: sid_ranker_read takes the columns it wants",
                         im->path);
    SID_TRY(number_ids(&im->users, &r->users, &out->user, err));
    SID_TRY(number_ids(&im->items, &r->items, &out->item, err));
    SID_TRY(reserve(r, err));
    SID_TRY(key_items(r, err));
    return key_others(r, im, out, err);
}

void sid__run_maps_drop(sid__run_maps *maps)
{
    sid__free(maps->user);
    sid__free(maps->item);
    for (int f = 0; f < SID__FEATURES_MAX; f++)
        sid__free(maps->key[f]);
    *maps = (sid__run_maps){0};
}
