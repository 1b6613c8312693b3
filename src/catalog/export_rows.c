/* export_rows.c: the live items of a catalogue in memory, with the digits that an export asks for, and the files of ids that
 * stand beside forms which have none.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/interchange.h"

void sid__exported_drop(sid__exported *exported)
{
    sid__free(exported->codes);
    sid__free(exported->digit);
    sid__free(exported->id);
    sid__free(exported->title);
    sid__arena_drop(&exported->arena);
    *exported = (sid__exported){0};
}

int sid__exported_sid(const sid__exported *e, int64_t row, uint16_t *codes)
{
    memcpy(codes, e->codes + row * e->levels, (size_t)e->levels * sizeof *codes);
    if (e->digit[row] == SID__DIGIT_NONE)
        return e->levels;
    codes[e->levels] = (uint16_t)e->digit[row];
    return e->levels + 1;
}

/* ---- Collecting */

static sid_status take_item(void *user, const sid__db_item *item, sid_error *err)
{
    sid__exported *e = user;
    char *text = NULL;
    if (item->state == SID__STATE_REMOVED)
        return SID_OK;
    if (e->count == e->capacity)
        return sid__fail(err, SID_ECORRUPT, "%s: the index of live items is damaged; restore or refit",
                         SID__FILE_ITEMS);
    memcpy(e->codes + e->count * e->levels, item->codes, (size_t)e->levels * sizeof *e->codes);
    e->digit[e->count] = item->digit;
    SID_TRY(sid__arena_text(&e->arena, item->item_id, strlen(item->item_id), &text, err));
    e->id[e->count] = text;
    if (e->title) {
        const char *title = item->title ? item->title : "";
        SID_TRY(sid__arena_text(&e->arena, title, strlen(title), &text, err));
        e->title[e->count] = text;
    }
    e->count++;
    return SID_OK;
}

static sid_status collect(sid_catalog *catalog, sid__exported *e, sid_error *err)
{
    bool has_titles = e->form == SID__FORM_INFO || e->form == SID__FORM_RECBOLE;
    SID_TRY(sid__item_db_live_count(catalog->db, &e->capacity, err));
    size_t count = (size_t)e->capacity;
    SID_TRY(sid__alloc(&e->codes, count, (size_t)e->levels * sizeof *e->codes, "codes", err));
    SID_TRY(sid__alloc(&e->digit, count, sizeof *e->digit, "digits", err));
    SID_TRY(sid__alloc(&e->id, count, sizeof *e->id, "ids", err));
    if (has_titles)
        SID_TRY(sid__alloc(&e->title, count, sizeof *e->title, "titles", err));
    return sid__item_db_scan(catalog->db, take_item, e, err);
}

/* ---- Digits */

typedef struct row_key {
    const sid__exported *e;
    int64_t row;
} row_key;

static int compare_codes(const row_key *x, const row_key *y)
{
    const uint16_t *a = x->e->codes + x->row * x->e->levels, *b = x->e->codes + y->row * x->e->levels;
    for (int l = 0; l < x->e->levels; l++)
        if (a[l] != b[l])
            return a[l] < b[l] ? -1 : 1;
    return 0;
}

/* By codes, digit, row: a bucket's items keep the order of the digits they have. */
static int by_sid(const void *left, const void *right)
{
    const row_key *x = left, *y = right;
    int order = compare_codes(x, y);
    int32_t a = x->e->digit[x->row], b = x->e->digit[y->row];
    if (order || a != b)
        return order ? order : a < b ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static sid_status sort_rows(const sid__exported *e, row_key **out, sid_error *err)
{
    SID_TRY(sid__alloc(out, (size_t)e->count, sizeof **out, "sorted rows", err));
    for (int64_t i = 0; i < e->count; i++)
        (*out)[i] = (row_key){.e = e, .row = i};
    qsort(*out, (size_t)e->count, sizeof **out, by_sid);
    return SID_OK;
}

static int32_t digit_of(const char *style, int64_t rank, int64_t size)
{
    if (strcmp(style, "tiger") == 0)
        return (int32_t)rank;
    if (strcmp(style, "grid") == 0)
        return size == 1 ? 0 : (int32_t)(rank + 1);
    return rank == 0 ? SID__DIGIT_NONE : (int32_t)rank; /* suffix */
}

static sid_status give_digits(sid__exported *e, const char *style, sid_error *err)
{
    row_key *sorted = NULL;
    int64_t largest = 1;
    SID_TRY(sort_rows(e, &sorted, err));
    for (int64_t begin = 0, end; begin < e->count; begin = end) {
        for (end = begin + 1; end < e->count && compare_codes(&sorted[begin], &sorted[end]) == 0;)
            end++;
        largest = end - begin > largest ? end - begin : largest;
        for (int64_t i = begin; i < end; i++)
            e->digit[sorted[i].row] = digit_of(style, i - begin, end - begin);
    }
    sid__free(sorted);
    e->digit_codes = sid__digit_codes(largest);
    if (largest >= SID_CODES_MAX)
        return sid__fail(err, SID_EUSAGE, "%" PRId64 " items share one SID; a digit tells at most %d apart", largest,
                         SID_CODES_MAX - 1);
    return SID_OK;
}

/* Digits as asked for; those of the catalogue's own policy are kept when it is that. */
static sid_status apply_digit(const sid__manifest *m, sid__exported *e, const char *digit, sid_error *err)
{
    bool is_own = digit && (strcmp(m->collisions, digit) == 0 ||
                            (strcmp(m->collisions, "digit") == 0 && strcmp(m->digit_style, digit) == 0));
    if (!digit || is_own)
        return SID_OK;
    if (strcmp(digit, "none") != 0)
        return give_digits(e, digit, err);
    for (int64_t i = 0; i < e->count; i++)
        e->digit[i] = SID__DIGIT_NONE;
    e->digit_codes = 0;
    return SID_OK;
}

sid_status sid__exported_collect(sid_catalog *catalog, const sid_export_options *options, sid__form form,
                                 sid__exported *out, sid_error *err)
{
    const sid__manifest *m = &catalog->manifest;
    *out = (sid__exported){.options = options, .form = form, .levels = m->levels, .digit_codes = m->digit_codes};
    SID_TRY(collect(catalog, out, err));
    SID_TRY(apply_digit(m, out, options->digit, err));
    for (int l = 0; l < m->levels; l++)
        out->level_codes[l] = m->codes[l];
    out->level_codes[m->levels] = out->digit_codes;
    return SID_OK;
}

sid_status sid__exported_check_unique(const sid__exported *e, sid_error *err)
{
    row_key *sorted = NULL;
    uint16_t codes[SID__IMPORT_CODES_MAX];
    char sid[SID_SID_TEXT_MAX];
    int64_t shared = 0, first = -1;
    SID_TRY(sort_rows(e, &sorted, err));
    for (int64_t i = 1; i < e->count; i++) {
        bool is_same =
            compare_codes(&sorted[i - 1], &sorted[i]) == 0 && e->digit[sorted[i - 1].row] == e->digit[sorted[i].row];
        first = is_same && first < 0 ? i : first;
        shared += is_same;
    }
    sid_status status = SID_OK;
    if (shared > 0) {
        sid_format(codes, sid__exported_sid(e, sorted[first].row, codes), sid);
        status = sid__fail(err, SID_EUSAGE,
                           "%s needs a SID an item, but %s is that of both \"%s\" and \"%s\" (%" PRId64 " of %" PRId64
                           " items have none of their own); pass --digit tiger, grid or suffix to tell them apart, or "
                           "--digit none to write them as they are",
                           sid__form_name(e->form), sid, e->id[sorted[first - 1].row], e->id[sorted[first].row], shared,
                           e->count);
    }
    sid__free(sorted);
    return status;
}

/* ---- Files of ids */

sid_status sid__write_ids(const sid__exported *e, const char *path, sid_error *err)
{
    char beside[PATH_MAX];
    sid__strbuf text = {0};
    SID_TRY(sid__beside_path(path, SID__IDS_ENDING, beside, sizeof beside, err));
    sid_status status = SID_OK;
    for (int64_t i = 0; i < e->count && status == SID_OK; i++)
        status = sid__strbuf_printf(&text, err, "%s\n", e->id[i]);
    if (status == SID_OK)
        status = sid__replace_whole(beside, text.text ? text.text : "", (size_t)text.length, err);
    sid__strbuf_drop(&text);
    return status;
}

sid_status sid__write_rows(const sid__exported *e, const char *path, sid_error *err)
{
    char beside[PATH_MAX];
    sid__strbuf text = {0};
    SID_TRY(sid__beside_path(path, SID__ROWS_ENDING, beside, sizeof beside, err));
    sid_status status = SID_OK;
    for (int64_t i = 0; i < e->count && status == SID_OK; i++)
        status = sid__strbuf_printf(&text, err, "%s\t%" PRId64 "\n", e->id[i], i);
    if (status == SID_OK)
        status = sid__replace_whole(beside, text.text ? text.text : "", (size_t)text.length, err);
    sid__strbuf_drop(&text);
    return status;
}
