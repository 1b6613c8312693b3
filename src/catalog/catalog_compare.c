/* catalog_compare.c: two versions of a catalogue: which items came and went, what moved, and a map from old SIDs to new
 * ones for what stands on them. Each catalogue is read once, one after the other.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "catalog/catalog.h"
#include "io/delimited.h"
#include "io/json.h"
#include "io/text_output.h"
#include "sid/churn.h"

/* The live items of one catalogue, by row. */
typedef struct side {
    const sid_catalog *catalog;
    const char **id; /* (count) in `text` */
    uint16_t *codes; /* (count, width): the SID, then zeroes */
    uint8_t *length; /* (count) codes of the SID */
    int64_t count, id_capacity, codes_capacity, length_capacity;
    int width, levels;
    sid__id_index index;
    sid__arena text;
} side;

static sid__names names_of(const side *s)
{
    return (sid__names){.first = s->id, .stride = sizeof *s->id};
}

static sid_status gather(void *user, const sid__db_item *item, sid_error *err)
{
    side *s = user;
    char *id = NULL;
    int64_t seen = -1;
    int width = sid__db_item_width(item);
    if (item->state == SID__STATE_REMOVED)
        return SID_OK;
    SID_TRY(sid__ctx_check(s->catalog->ctx, err));
    SID_TRY(sid__grow(&s->id, &s->id_capacity, s->count + 1, sizeof *s->id, "ids", err));
    SID_TRY(sid__grow(&s->length, &s->length_capacity, s->count + 1, sizeof *s->length, "codes", err));
    SID_TRY(sid__grow(&s->codes, &s->codes_capacity, (s->count + 1) * s->width, sizeof *s->codes, "codes", err));
    SID_TRY(sid__arena_text(&s->text, item->item_id, strlen(item->item_id), &id, err));
    s->id[s->count] = id;
    s->length[s->count] = (uint8_t)width;
    memset(s->codes + s->count * s->width, 0, (size_t)s->width * sizeof *s->codes);
    memcpy(s->codes + s->count * s->width, item->codes, (size_t)width * sizeof *s->codes);
    SID_TRY(sid__id_index_add(&s->index, names_of(s), s->count, &seen, err));
    s->count++;
    return SID_OK;
}

static sid_status read_side(sid_catalog *catalog, side *s, sid_error *err)
{
    *s = (side){.catalog = catalog, .levels = catalog->manifest.levels, .width = sid__catalog_width(catalog)};
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = sid__item_db_scan(catalog->db, gather, s, err);
    sid__catalog_leave(catalog);
    return status;
}

static void side_drop(side *s)
{
    sid__free(s->id);
    sid__free(s->codes);
    sid__free(s->length);
    sid__id_index_drop(&s->index);
    sid__arena_drop(&s->text);
}

typedef struct comparer {
    side old, new;
    int levels;       /* that both have */
    int64_t *old_row; /* (count) common items by the new catalogue's row */
    int64_t *new_row;
    int64_t count;
    uint16_t *before, *after; /* (count, levels) */
    double *weight;           /* (count), NULL: all alike */
    double *old_weight;       /* (old.count) */
    sid__churn churn;
} comparer;

/* ---- Events ------------------------------------------------------------------------------------------------------- */

static int64_t find_column(const sid__row_reader *rows, const char *name)
{
    size_t size = strlen(name);
    for (int64_t i = 0; i < rows->field_count; i++) /* RecBole writes item_id:token */
        if (rows->field[i].size >= size && memcmp(rows->field[i].text, name, size) == 0 &&
            (rows->field[i].size == size || rows->field[i].text[size] == ':'))
            return i;
    return -1;
}

static void count_event(comparer *c, const sid__field *field)
{
    char id[SID_ITEM_ID_MAX + 1];
    if (field->size > SID_ITEM_ID_MAX)
        return;
    memcpy(id, field->text, field->size);
    id[field->size] = 0;
    int64_t row = sid__id_index_find(&c->old.index, names_of(&c->old), id);
    if (row >= 0)
        c->old_weight[row]++;
}

static sid_status count_events(comparer *c, sid__row_reader *rows, const char *path, sid_error *err)
{
    bool has_row = false;
    SID_TRY(sid__row_next(rows, &has_row, err));
    int64_t column = has_row ? find_column(rows, "item_id") : -1;
    if (column < 0)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .row = 1, .byte = -1},
                            "no column item_id in the first line; user_id, item_id, timestamp are expected");
    rows->column_count = rows->field_count;
    for (;;) {
        SID_TRY(sid__row_next(rows, &has_row, err));
        if (!has_row)
            return SID_OK;
        count_event(c, &rows->field[column]);
    }
}

static sid_status read_events(comparer *c, const char *path, sid_error *err)
{
    sid__source source;
    sid__row_reader rows;
    if (!path)
        return SID_OK;
    SID_TRY(sid__alloc(&c->old_weight, (size_t)c->old.count, sizeof *c->old_weight, "weights of items", err));
    SID_TRY(sid__source_open(path, &source, err));
    sid__row_reader_init(&rows, &source, SID__ROWS_TSV);
    sid_status status = count_events(c, &rows, path, err);
    sid__row_reader_drop(&rows);
    sid__source_close(&source);
    return status;
}

/* ---- Items of both ------------------------------------------------------------------------------------------------ */

static sid_status join(comparer *c, sid_error *err)
{
    size_t most = (size_t)(c->old.count < c->new.count ? c->old.count : c->new.count);
    size_t codes_size = (size_t)c->levels * sizeof *c->before;
    SID_TRY(sid__alloc(&c->old_row, most, sizeof *c->old_row, "common items", err));
    SID_TRY(sid__alloc(&c->new_row, most, sizeof *c->new_row, "common items", err));
    SID_TRY(sid__alloc(&c->before, most, codes_size, "common items", err));
    SID_TRY(sid__alloc(&c->after, most, codes_size, "common items", err));
    if (c->old_weight)
        SID_TRY(sid__alloc(&c->weight, most, sizeof *c->weight, "common items", err));
    for (int64_t i = 0; i < c->new.count; i++) {
        int64_t old = sid__id_index_find(&c->old.index, names_of(&c->old), c->new.id[i]);
        if (old < 0)
            continue;
        memcpy(c->before + c->count * c->levels, c->old.codes + old * c->old.width, codes_size);
        memcpy(c->after + c->count * c->levels, c->new.codes + i * c->new.width, codes_size);
        if (c->weight && c->old_weight)
            c->weight[c->count] = c->old_weight[old];
        c->old_row[c->count] = old;
        c->new_row[c->count++] = i;
    }
    return SID_OK;
}

/* The first code that differs, from 1, a digit or another length included; 0: the SIDs are equal. */
static int first_changed(const comparer *c, int64_t i)
{
    const uint16_t *a = c->old.codes + c->old_row[i] * c->old.width, *b = c->new.codes + c->new_row[i] * c->new.width;
    int n = c->old.length[c->old_row[i]], m = c->new.length[c->new_row[i]], least = n < m ? n : m;
    for (int l = 0; l < least; l++)
        if (a[l] != b[l])
            return l + 1;
    return n == m ? 0 : least + 1;
}

/* ---- The map ------------------------------------------------------------------------------------------------------ */

static sid_status write_items(const comparer *c, sid__text_output *w, sid_error *err)
{
    char before[SID_SID_TEXT_MAX], after[SID_SID_TEXT_MAX];
    SID_TRY(sid__strbuf_printf(&w->text, err, "item_id\told\tnew\tfirst_changed_level\n"));
    for (int64_t i = 0; i < c->count; i++) {
        sid_format(c->old.codes + c->old_row[i] * c->old.width, c->old.length[c->old_row[i]], before);
        sid_format(c->new.codes + c->new_row[i] * c->new.width, c->new.length[c->new_row[i]], after);
        SID_TRY(sid__strbuf_printf(&w->text, err, "%s\t%s\t%s\t%d\n", c->new.id[c->new_row[i]], before, after,
                                   first_changed(c, i)));
        SID_TRY(sid__text_pass(w, err));
    }
    return SID_OK;
}

static sid_status write_codes(const comparer *c, sid__text_output *w, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(&w->text, err, "level\told_code\tnew_code\toverlap\tshare\n"));
    for (int64_t i = 0; i < c->churn.move_count; i++) {
        const sid__code_move *move = &c->churn.move[i];
        char number[SID__NUMBER_TEXT_SIZE], code[16] = "";
        sid__number_text(number, 6, (double)move->overlap / (double)move->items);
        if (move->after >= 0)
            (void)snprintf(code, sizeof code, "%d", (int)move->after);
        SID_TRY(sid__strbuf_printf(&w->text, err, "%d\t%d\t%s\t%" PRId64 "\t%s\n", move->level, (int)move->before, code,
                                   move->overlap, number));
        SID_TRY(sid__text_pass(w, err));
    }
    return SID_OK;
}

static sid_status write_file(const comparer *c, const char *path,
                             sid_status (*fill)(const comparer *c, sid__text_output *w, sid_error *err), sid_error *err)
{
    sid__text_output out;
    if (!path)
        return SID_OK;
    SID_TRY(sid__text_open(path, &out, err));
    return sid__text_finish(&out, fill(c, &out, err), err);
}

/* ---- The report --------------------------------------------------------------------------------------------------- */

static sid_status keep(sid__arena *arena, const char *text, const char **out, sid_error *err)
{
    char *copy = NULL;
    SID_TRY(sid__arena_text(arena, text, strlen(text), &copy, err));
    *out = copy;
    return SID_OK;
}

static double changed_share(const comparer *c)
{
    double changed = 0, all = 0;
    for (int64_t i = 0; i < c->count; i++) {
        double weight = c->weight ? c->weight[i] : 1;
        all += weight;
        changed += first_changed(c, i) ? weight : 0;
    }
    return all > 0 ? changed / all : (double)NAN;
}

static sid_status report(const comparer *c, sid_comparison *out, sid_error *err)
{
    const sid__manifest *old = &c->old.catalog->manifest, *new = &c->new.catalog->manifest;
    sid__arena *arena = NULL;
    SID_TRY(sid__alloc(&arena, 1, sizeof *arena, "the comparison", err));
    out->memory = arena;
    SID_TRY(keep(arena, old->id, &out->old_id, err));
    SID_TRY(keep(arena, new->id, &out->new_id, err));
    SID_TRY(sid__arena_push(arena, (size_t)c->levels * sizeof *out->level, &out->level, err));
    for (int l = 0; l < c->levels; l++) {
        const sid__churn_level *from = &c->churn.level[l];
        out->level[l] = (sid_compare_level){
            .depth = l + 1, .raw = from->raw, .level = from->level, .prefix = from->prefix, .ami = from->ami};
    }
    out->levels = c->levels;
    out->is_child = strcmp(new->parent, old->id) == 0;
    out->is_weighted = c->weight != NULL;
    out->common = c->count;
    out->added = c->new.count - c->count;
    out->removed = c->old.count - c->count;
    out->sid_changed = changed_share(c);
    return SID_OK;
}

static sid_status compare(comparer *c, const sid_compare_options *options, sid_comparison *out, sid_error *err)
{
    c->levels = c->old.levels < c->new.levels ? c->old.levels : c->new.levels;
    SID_TRY(read_events(c, options->events_path, err));
    SID_TRY(join(c, err));
    const sid__churn_input in = {.before = c->before,
                                 .after = c->after,
                                 .count = c->count,
                                 .levels = c->levels,
                                 .weight = c->weight,
                                 .is_ordered = c->old.catalog->quantizer->family->is_ordered &&
                                               c->new.catalog->quantizer->family->is_ordered};
    SID_TRY(sid__churn_find(&in, &c->churn, err));
    SID_TRY(report(c, out, err));
    SID_TRY(write_file(c, options->map_path, write_items, err));
    return write_file(c, options->codes_path, write_codes, err);
}

sid_status sid_catalog_compare(sid_catalog *old, sid_catalog *new, const sid_compare_options *options,
                               sid_comparison *out, sid_error *err)
{
    static const sid_compare_options defaults = {0};
    comparer c = {0};
    *out = (sid_comparison){0};
    sid_status status = read_side(old, &c.old, err);
    if (status == SID_OK)
        status = read_side(new, &c.new, err);
    if (status == SID_OK)
        status = compare(&c, options ? options : &defaults, out, err);
    side_drop(&c.old);
    side_drop(&c.new);
    sid__free(c.old_row);
    sid__free(c.new_row);
    sid__free(c.before);
    sid__free(c.after);
    sid__free(c.weight);
    sid__free(c.old_weight);
    sid__churn_drop(&c.churn);
    if (status != SID_OK)
        sid_comparison_drop(out);
    return status;
}

void sid_comparison_drop(sid_comparison *comparison)
{
    if (!comparison)
        return;
    if (comparison->memory)
        sid__arena_drop(comparison->memory);
    sid__free(comparison->memory);
    *comparison = (sid_comparison){0};
}
