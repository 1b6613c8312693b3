/* impressions.c: sid_impressions_read, from a file's rows to rows of integers. */
#include "data/impressions.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "data/event_time.h"
#include "data/implicit.h"
#include "io/records.h"
#include "sid/sort_rows.h"

enum { CHECK_EVERY = 1 << 16, DAY_S = 86400, NAME_SIZE = 256 };

enum { COLUMN_USER, COLUMN_ITEM, COLUMN_LABEL, COLUMN_DENSE };

/* "rating>=4" understood. */
typedef struct condition {
    char column[NAME_SIZE];
    char sign[3];
    double number;
} condition;

typedef struct reading {
    sid_impressions *impressions;
    const sid_impressions_options *options;
    sid__record_columns columns;
    condition positive; /* sign "": none */
    sid__implicit implicit;
    int time, day, split, more; /* columns; more: the first of further ids, then labels */
} reading;

/* ---- What is wanted ---- */

static sid_status parse_condition(const char *text, condition *out, sid_error *err)
{
    static const char *const signs[] = {">=", "<=", ">", "<", "="};
    size_t name_size = strcspn(text, "<>=");
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t size = strlen(signs[i]);
        const char *number = text + name_size + size;
        if (name_size == 0 || name_size >= NAME_SIZE || strncmp(text + name_size, signs[i], size) != 0)
            continue;
        memcpy(out->column, text, name_size);
        out->column[name_size] = 0;
        memcpy(out->sign, signs[i], size + 1);
        if (sid__event_number(number, strlen(number), &out->number))
            return SID_OK;
        break;
    }
    return sid__fail(err, SID_EUSAGE,
                     "positive is \"%s\"; a column, one of >= > <= < = and a number are expected, "
                     "as in rating>=4",
                     text);
}

static bool holds(const condition *c, double value)
{
    switch (c->sign[0]) {
    case '>':
        return c->sign[1] ? value >= c->number : value > c->number;
    case '<':
        return c->sign[1] ? value <= c->number : value < c->number;
    default:
        return value == c->number;
    }
}

/* What columns there are beside the usual ones. */
static sid_status plan_more(reading *r, sid_error *err)
{
    const sid_impressions_columns *more = r->options->columns;
    sid_impressions *im = r->impressions;
    if (!more)
        return SID_OK;
    im->id_count = more->id_count;
    im->label_count = more->label_count;
    if (im->id_count < 0 || im->id_count > SID_ID_COLUMNS_MAX || im->label_count < 0 ||
        im->label_count > SID_LABEL_COLUMNS_MAX)
        return sid__fail(err, SID_EUSAGE, "%d more columns of ids and %d of labels; 0 to %d and 0 to %d are possible",
                         im->id_count, im->label_count, SID_ID_COLUMNS_MAX, SID_LABEL_COLUMNS_MAX);
    if (r->options->implicit && (im->id_count > 0 || im->label_count > 0))
        return sid__fail(err, SID_EUSAGE,
                         "clicks alone (implicit) have no more columns of ids and labels: nobody knows those of items "
                         "that are drawn");
    return im->id_count ? sid__alloc(&im->id, (size_t)im->id_count, sizeof *im->id, "columns of ids", err) : SID_OK;
}

static sid_status plan(reading *r, sid_error *err)
{
    const sid_impressions_options *o = r->options;
    sid__record_columns *c = &r->columns;
    if (o->dense_count < 0 || o->dense_count > SID_DENSE_MAX)
        return sid__fail(err, SID_EUSAGE, "%d dense columns; 0 to %d are possible", o->dense_count, SID_DENSE_MAX);
    if (o->days < 0 || o->days > 100000)
        return sid__fail(err, SID_EUSAGE, "days is %d; 0 (as the file says) to 100000 are possible", o->days);
    if (o->positive)
        SID_TRY(parse_condition(o->positive, &r->positive, err));
    SID_TRY(plan_more(r, err));
    c->name[COLUMN_USER] = o->columns && o->columns->user ? o->columns->user : "user_id";
    c->name[COLUMN_ITEM] = o->columns && o->columns->item ? o->columns->item : "item_id";
    if (o->implicit)
        SID_TRY(sid__implicit_parse(o->implicit, &r->implicit, err));
    c->name[COLUMN_LABEL] = o->positive   ? r->positive.column
                            : o->implicit ? c->name[COLUMN_ITEM] /* which is there; nobody looks */
                            : o->label    ? o->label
                                          : "label";
    c->required_count = COLUMN_DENSE + o->dense_count;
    for (int i = 0; i < o->dense_count; i++)
        c->name[COLUMN_DENSE + i] = o->dense[i];
    r->more = c->required_count;
    for (int i = 0; o->columns && i < r->impressions->id_count; i++)
        c->name[c->required_count++] = o->columns->ids[i];
    for (int i = 0; o->columns && i < r->impressions->label_count; i++)
        c->name[c->required_count++] = o->columns->labels[i];
    r->time = c->required_count;
    r->day = r->time + 1;
    r->split = r->time + 2;
    c->name[r->time] = o->columns && o->columns->timestamp ? o->columns->timestamp : "timestamp";
    c->name[r->day] = o->columns && o->columns->day ? o->columns->day : "day";
    c->name[r->split] = "split";
    c->count = r->time + 3;
    r->impressions->dense_count = o->dense_count;
    return SID_OK;
}

/* ---- One row ---- */

static sid_status expected(const sid__records *records, int column, const char *what, sid_error *err)
{
    const sid__field *field = &records->value[column];
    return sid__fail_at(err, SID_EDATA, sid__records_place(records, column), "%s is \"%.*s\"; %s is expected",
                        records->columns->name[column], field->size < 60 ? (int)field->size : 60,
                        field->text ? field->text : "", what);
}

static sid_status take_number(const sid__records *records, int column, double *out, sid_error *err)
{
    const sid__field *field = &records->value[column];
    if (field->text && sid__event_number(field->text, field->size, out) && fabs(*out) <= SID_VALUE_MAX)
        return SID_OK;
    return expected(records, column, "a number", err);
}

static sid_status take_binary(const sid__records *records, int column, uint8_t *label, sid_error *err)
{
    double value = 0;
    SID_TRY(take_number(records, column, &value, err));
    if (value != 0 && value != 1)
        return expected(records, column, "0 or 1", err);
    *label = value == 1;
    return SID_OK;
}

static sid_status take_label(const reading *r, const sid__records *records, uint8_t *label, sid_error *err)
{
    double value = 0;
    *label = 1;
    if (r->options->implicit && !r->positive.sign[0])
        return SID_OK;
    if (!r->positive.sign[0])
        return take_binary(records, COLUMN_LABEL, label, err);
    SID_TRY(take_number(records, COLUMN_LABEL, &value, err));
    *label = holds(&r->positive, value);
    return SID_OK;
}

static sid_status take_more_labels(const reading *r, const sid__records *records, uint8_t *more, sid_error *err)
{
    const sid_impressions *im = r->impressions;
    for (int i = 0; i < im->label_count; i++) {
        uint8_t label = 0;
        SID_TRY(take_binary(records, r->more + im->id_count + i, &label, err));
        *more |= (uint8_t)(label << i);
    }
    return SID_OK;
}

/* Further ids: checked, then added to their lists. */
static sid_status check_more_ids(const reading *r, const sid__records *records, sid_error *err)
{
    for (int i = r->more; i < r->more + r->impressions->id_count; i++)
        SID_TRY(sid__check_id(records->value[i].text, records->value[i].size, r->columns.name[i],
                              sid__records_place(records, i), err));
    return SID_OK;
}

static sid_status add_more_ids(const reading *r, const sid__records *records, sid_error *err)
{
    sid_impressions *im = r->impressions;
    for (int i = 0; i < im->id_count; i++) {
        const sid__field *field = &records->value[r->more + i];
        int64_t row = 0;
        SID_TRY(sid__id_list_add(&im->id[i], field->text, field->size, &row, err));
        im->id_row[im->count * im->id_count + i] = (int32_t)row;
    }
    return SID_OK;
}

/* A number that rises from day to day; what days they are is decided when all are known. */
static sid_status take_day(const reading *r, const sid__records *records, sid__impression *row, sid_error *err)
{
    static const char *const parts[] = {"train", "valid", "test"};
    double day = 0;
    if (r->options->days > 0)
        return SID_OK;
    if (sid__records_has(records, r->day)) {
        SID_TRY(take_number(records, r->day, &day, err));
        if (day != floor(day) || fabs(day) > 1e9)
            return expected(records, r->day, "a whole number", err);
        row->day = (int32_t)day;
        return SID_OK;
    }
    if (sid__records_has(records, r->split)) {
        const sid__field *field = &records->value[r->split];
        for (int i = 0; i < 3; i++)
            if (field->size == strlen(parts[i]) && memcmp(field->text, parts[i], field->size) == 0) {
                row->day = i;
                return SID_OK;
            }
        return expected(records, r->split, "train, valid or test", err);
    }
    day = floor(row->time / DAY_S);
    if (fabs(day) > 1e9)
        return expected(records, r->time, "seconds since 1970", err);
    row->day = (int32_t)day;
    return SID_OK;
}

static sid_status take_time(const reading *r, const sid__records *records, sid__impression *row, sid_error *err)
{
    const sid__field *field = &records->value[r->time];
    if (!sid__records_has(records, r->time)) {
        if (r->options->days == 0 && (sid__records_has(records, r->day) || sid__records_has(records, r->split)))
            return SID_OK;
        return sid__fail_at(err, SID_EDATA, sid__records_place(records, COLUMN_USER),
                            "no timestamp%s; without one, days cannot be told apart",
                            r->options->days ? "" : ", day or split");
    }
    if (!field->text || !sid__event_time(field->text, field->size, &row->time) || fabs(row->time) > SID_VALUE_MAX)
        return expected(records, r->time, "a number or a date such as 2011-10-18T00:00:00Z", err);
    return SID_OK;
}

static sid_status make_room(sid_impressions *im, sid_error *err)
{
    int64_t before = im->capacity;
    SID_TRY(sid__grow(&im->row, &im->capacity, im->count + 1, sizeof *im->row, "impressions", err));
    if (im->dense_count > 0)
        SID_TRY(sid__grow(&im->dense, &im->dense_capacity, (im->count + 1) * im->dense_count, sizeof *im->dense,
                          "numbers of impressions", err));
    if (im->id_count > 0)
        SID_TRY(sid__grow(&im->id_row, &im->id_capacity, (im->count + 1) * im->id_count, sizeof *im->id_row,
                          "ids of impressions", err));
    size_t row_size = sizeof *im->row + (size_t)im->id_count * sizeof *im->id_row +
                      (size_t)im->dense_count * sizeof *im->dense + 3 * sizeof(int64_t);
    size_t more = (size_t)(im->capacity - before) * row_size;
    SID_TRY(sid__ctx_reserve(im->ctx, more, "impressions", err));
    im->reserved_size += more;
    return SID_OK;
}

static sid_status check_order(const reading *r, const sid__records *records, const sid__impression *row, sid_error *err)
{
    const sid_impressions *im = r->impressions;
    const sid__impression *last = im->count ? &im->row[im->count - 1] : NULL;
    if (!last || r->options->sort)
        return SID_OK;
    if (row->day < last->day ||
        (row->day == last->day && im->has_time && row->time < last->time && !sid__records_has(records, r->split)))
        return sid__fail_at(err, SID_EDATA, sid__records_place(records, COLUMN_USER),
                            "goes back in time: the row before is later; sort the file, or read it with --sort");
    return SID_OK;
}

static sid_status take_record(reading *r, sid__records *records, bool *has_record, sid_error *err)
{
    sid_impressions *im = r->impressions;
    const sid__field *user = &records->value[COLUMN_USER], *item = &records->value[COLUMN_ITEM];
    sid__impression row = {0};
    double dense[SID_DENSE_MAX] = {0};
    int64_t user_row = 0, item_row = 0;
    SID_TRY(sid__records_next(records, has_record, err));
    if (!*has_record)
        return SID_OK;
    SID_TRY(sid__check_id(user->text, user->size, "user_id", sid__records_place(records, COLUMN_USER), err));
    SID_TRY(sid__check_id(item->text, item->size, "item_id", sid__records_place(records, COLUMN_ITEM), err));
    SID_TRY(check_more_ids(r, records, err));
    SID_TRY(take_label(r, records, &row.label, err));
    SID_TRY(take_more_labels(r, records, &row.more_labels, err));
    if (r->options->implicit && !row.label) /* no click, and who was shown what is made up */
        return SID_OK;
    SID_TRY(take_time(r, records, &row, err));
    SID_TRY(take_day(r, records, &row, err));
    for (int i = 0; i < im->dense_count; i++)
        SID_TRY(take_number(records, COLUMN_DENSE + i, &dense[i], err));
    SID_TRY(check_order(r, records, &row, err));
    SID_TRY(make_room(im, err));
    SID_TRY(sid__id_list_add(&im->users, user->text, user->size, &user_row, err));
    SID_TRY(sid__id_list_add(&im->items, item->text, item->size, &item_row, err));
    SID_TRY(add_more_ids(r, records, err));
    row.user = (int32_t)user_row;
    row.item = (int32_t)item_row;
    for (int i = 0; i < im->dense_count; i++)
        im->dense[im->count * im->dense_count + i] = (float)dense[i];
    im->row[im->count++] = row;
    im->has_time = sid__records_has(records, r->time);
    return SID_OK;
}

static sid_status read_rows(reading *r, sid__records *records, sid_error *err)
{
    sid_error why = {0};
    bool has_record = true;
    for (int64_t row = 1; has_record; row++) {
        sid_status status = take_record(r, records, &has_record, &why);
        if (status != SID_OK) {
            SID_TRY(sid__records_pass(records, &why, err));
            has_record = true;
        }
        if (row % CHECK_EVERY == 0) {
            SID_TRY(sid__ctx_check(r->impressions->ctx, err));
            sid__ctx_progress(r->impressions->ctx, "reading impressions", row, 0, "rows", (double)NAN);
        }
    }
    r->impressions->skipped = records->bad.skipped;
    return SID_OK;
}

/* ---- Order and days ---- */

static int by_day_and_time(const void *context, int64_t a, int64_t b)
{
    const sid__impression *x = (const sid__impression *)context + a, *y = (const sid__impression *)context + b;
    return x->day != y->day ? (x->day > y->day ? 1 : -1) : (x->time > y->time) - (x->time < y->time);
}

/* rows of `width` numbers of 4 bytes in that order; `from` is freed. */
static sid_status reorder(void **from, int64_t *capacity, int width, const int64_t *order, int64_t count,
                          sid_error *err)
{
    char *to = NULL;
    size_t size = (size_t)width * sizeof(float);
    SID_TRY(sid__alloc(&to, (size_t)count, size, "columns of impressions", err));
    for (int64_t i = 0; i < count && size > 0; i++)
        memcpy(to + (size_t)i * size, (const char *)*from + (size_t)order[i] * size, size);
    sid__free(*from);
    *from = to;
    *capacity = count * width;
    return SID_OK;
}

static sid_status sort_rows(sid_impressions *im, sid_error *err)
{
    int64_t *order = NULL;
    sid__impression *row = NULL;
    void *dense = im->dense, *id_row = im->id_row;
    sid_status status = sid__alloc(&order, (size_t)im->count, sizeof *order, "an order of impressions", err);
    if (status == SID_OK)
        status = sid__alloc(&row, (size_t)im->count, sizeof *row, "impressions", err);
    if (status == SID_OK)
        status = sid__sort_rows(order, im->count, by_day_and_time, im->row, err);
    if (status == SID_OK)
        status = reorder(&dense, &im->dense_capacity, im->dense_count, order, im->count, err);
    if (status == SID_OK)
        status = reorder(&id_row, &im->id_capacity, im->id_count, order, im->count, err);
    for (int64_t i = 0; status == SID_OK && i < im->count; i++)
        row[i] = im->row[order[i]];
    im->dense = dense;
    im->id_row = id_row;
    sid__free(order);
    if (status != SID_OK) {
        sid__free(row);
        return status;
    }
    sid__free(im->row);
    im->row = row;
    im->capacity = im->count;
    return SID_OK;
}

/* Equal chunks by time. */
static void cut_days(sid_impressions *im, int days)
{
    double first = im->row[0].time, last = first;
    for (int64_t i = 0; i < im->count; i++) {
        first = im->row[i].time < first ? im->row[i].time : first;
        last = im->row[i].time > last ? im->row[i].time : last;
    }
    double size = (last - first) / days;
    for (int64_t i = 0; i < im->count; i++) {
        double day = size > 0 ? floor((im->row[i].time - first) / size) : 0;
        im->row[i].day = day >= days ? days - 1 : (int32_t)day;
    }
}

static sid_status add_ignored(const reading *r, sid_error *err)
{
    sid_impressions *im = r->impressions;
    int64_t short_of = 0;
    SID_TRY(sid__implicit_add(im, &r->implicit, r->options->seed ? r->options->seed : 42, &short_of, err));
    if (short_of > 0)
        sid__ctx_warn(im->ctx, "%s: %" PRId64 " items to be ignored are missing: users clicked all that a day has",
                      im->path, short_of);
    return SID_OK;
}

/* Days without impressions do not count; day_name keeps what they were. */
static sid_status number_days(sid_impressions *im, sid_error *err)
{
    int64_t capacity = 0;
    int32_t last = im->row[0].day;
    for (int64_t i = 0; i < im->count; i++) {
        if (i == 0 || im->row[i].day != last) {
            last = im->row[i].day;
            SID_TRY(sid__grow(&im->day_name, &capacity, im->day_count + 1, sizeof *im->day_name, "days", err));
            im->day_name[im->day_count++] = last;
        }
        im->row[i].day = im->day_count - 1;
    }
    return SID_OK;
}

static sid_status finish(const reading *r, sid_error *err)
{
    sid_impressions *im = r->impressions;
    sid__place place = {.file = im->path, .row = -1, .byte = -1};
    if (im->count == 0)
        return sid__fail_at(err, SID_EDATA, place, "no impressions%s", im->skipped ? ": all rows are bad" : "");
    if (r->options->days > 0)
        cut_days(im, r->options->days);
    if (r->options->sort)
        SID_TRY(sort_rows(im, err));
    SID_TRY(number_days(im, err));
    if (im->skipped > 0)
        sid__ctx_warn(im->ctx, "%s: %" PRId64 " bad rows left out, %" PRId64 " impressions read", im->path, im->skipped,
                      im->count);
    return r->options->implicit ? add_ignored(r, err) : SID_OK;
}

/* ---- The whole ---- */

static sid_status fill(reading *r, sid__source *source, const char *path, sid_error *err)
{
    sid__records records = {0};
    SID_TRY(plan(r, err));
    sid_status status =
        sid__records_open(r->impressions->ctx, source, path, &r->columns, &r->options->read, &records, err);
    if (status == SID_OK)
        status = read_rows(r, &records, err);
    SID_TRY(sid__records_close(&records, status, err));
    return finish(r, err);
}

sid_status sid__impressions_parse(sid_ctx *ctx, sid__source *source, const char *path,
                                  const sid_impressions_options *options, sid_impressions **out, sid_error *err)
{
    static const sid_impressions_options defaults;
    reading r = {.options = options ? options : &defaults};
    SID_TRY(sid__alloc(&r.impressions, 1, sizeof *r.impressions, "impressions", err));
    r.impressions->ctx = ctx;
    sid_status status = sid__strdup(&r.impressions->path, source->path, err);
    if (status == SID_OK)
        status = fill(&r, source, path, err);
    if (status != SID_OK) {
        sid_impressions_free(r.impressions);
        return status;
    }
    *out = r.impressions;
    return SID_OK;
}

sid_status sid_impressions_read(sid_ctx *ctx, const char *path, const sid_impressions_options *options,
                                sid_impressions **out, sid_error *err)
{
    sid__source source;
    SID_TRY(sid__source_open(path, &source, err));
    sid_status status = sid__impressions_parse(ctx, &source, path, options, out, err);
    sid__source_close(&source);
    return status;
}

void sid_impressions_free(sid_impressions *im)
{
    if (!im)
        return;
    sid__id_list_drop(&im->users);
    sid__id_list_drop(&im->items);
    sid__free(im->row);
    sid__free(im->dense);
    for (int i = 0; im->id && i < im->id_count; i++)
        sid__id_list_drop(&im->id[i]);
    sid__free(im->id);
    sid__free(im->id_row);
    sid__free(im->day_name);
    sid__free(im->path);
    sid__ctx_release(im->ctx, im->reserved_size);
    sid__free(im);
}

void sid_impressions_get_info(const sid_impressions *im, sid_impressions_info *out)
{
    *out = (sid_impressions_info){.count = im->count,
                                  .users = im->users.count,
                                  .items = im->items.count,
                                  .skipped = im->skipped,
                                  .days = im->day_count,
                                  .has_time = im->has_time,
                                  .ignored = im->ignored,
                                  .alpha = im->alpha,
                                  .seed = im->seed};
    for (int64_t i = 0; i < im->count; i++) {
        out->clicks += im->row[i].label;
        out->last_day_count += im->row[i].day == im->day_count - 1;
    }
}

const char *sid_impressions_item_id(const sid_impressions *im, int64_t item)
{
    return item >= 0 && item < im->items.count ? im->items.id[item] : NULL;
}
