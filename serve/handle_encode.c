/* handle_encode.c: vectors and texts to SIDs. Small requests that wait together are encoded together: an encoder and the catalogue
 * take many rows faster than one at a time, and say the same bytes of each.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json_body.h"
#include "new_items.h"
#include "npy_body.h"
#include "route_table.h"
#include "server.h"

enum { JOINS_SIZE = 4096 /* bytes of a body: what is larger is a batch by itself, and two workers take two of them */ };

/* ---- Answers ------------------------------------------------------------------------------------------------------ */

/* What is encoded: x (count, dim), and what each row is called. */
typedef struct to_encode {
    const float *x;
    int64_t count;
    const char *const *ids;  /* NULL: the row numbers */
    const bool *is_textless; /* NULL: none is */
    bool wants_margins;
} to_encode;

static void put_margins(srv_text *text, const sid_margin *margin, int levels)
{
    srv_puts(text, ",\"margins\":[");
    for (int l = 0; l < levels; l++) {
        srv_printf(text, "%s{\"runner_up\":%d,\"gap\":", l ? "," : "", margin[l].runner_up);
        srv_put_number(text, margin[l].gap);
        srv_puts(text, ",\"residual\":");
        srv_put_number(text, margin[l].residual);
        srv_puts(text, "}");
    }
    srv_puts(text, "]");
}

/* margins (count, levels), NULL: nobody asked for them. */
static void put_codes(srv_request *request, const to_encode *e, const uint16_t *codes, const sid_margin *margins)
{
    int levels = request->bundle->store->levels;
    srv_text *text = srv_answer_begin(request);
    srv_puts(text, "\"results\":[");
    for (int64_t i = 0; i < e->count; i++) {
        char sid[SID_SID_TEXT_MAX];
        sid_format(codes + i * levels, levels, sid);
        srv_puts(text, i ? ",{\"item_id\":" : "{\"item_id\":");
        if (e->ids)
            srv_put_string(text, e->ids[i]);
        else
            srv_printf(text, "\"%" PRId64 "\"", i);
        srv_printf(text, ",\"sid\":\"%s\",\"codes\":", sid);
        srv_put_codes(text, sid);
        srv_puts(text, e->is_textless && e->is_textless[i] ? ",\"state\":\"no_text\"" : ",\"state\":\"ok\"");
        if (margins)
            put_margins(text, margins + i * levels, levels);
        srv_puts(text, "}");
    }
    srv_puts(text, "]");
    srv_answer_end(request, atomic_load(&request->bundle->store->version));
}

static void answer_codes(srv_request *request, const to_encode *e)
{
    srv_store *store = request->bundle->store;
    size_t values = (size_t)e->count * (size_t)store->levels;
    uint16_t *codes = calloc(values, sizeof *codes);
    sid_margin *margins = e->wants_margins ? calloc(values, sizeof *margins) : NULL;
    sid_error err = {.status = SID_ENOMEM, .message = "out of memory; ask again"};
    sid_status status = codes && (margins || !e->wants_margins) ? SID_OK : SID_ENOMEM;
    if (status == SID_OK)
        status = sid_catalog_encode(store->work, e->x, e->count, store->dim, codes, &err);
    if (status == SID_OK && margins)
        status = sid_catalog_margins(store->work, e->x, e->count, store->dim, codes, margins, &err);
    if (status == SID_OK)
        put_codes(request, e, codes, margins);
    else
        (void)srv_fail_error(request, &err, "/items");
    free(codes);
    free(margins);
}

/* ---- One request -------------------------------------------------------------------------------------------------- */

typedef struct asked {
    srv_request *request;
    json_t *body;
    srv_new_items items;
    bool wants_margins, is_right;
} asked;

static bool asked_read(srv_request *request, asked *a)
{
    static const char *const names[] = {"items", "margins", NULL};
    *a = (asked){.request = request, .body = srv_json_read(request)};
    if (!a->body || !srv_json_check(request, a->body, "", names) ||
        !srv_json_bool(request, a->body, "", "margins", &a->wants_margins) ||
        !srv_new_items_read(request, json_object_get(a->body, "items"), true, &a->items))
        return false;
    a->is_right =
        !a->wants_margins || a->items.count <= SRV_MARGINS_MAX ||
        srv_fail_at(request, 422, SID_EUSAGE, "/margins",
                    "margins are for at most %d items a request, which has %" PRId64, SRV_MARGINS_MAX, a->items.count);
    return a->is_right;
}

static void asked_drop(asked *a)
{
    srv_new_items_drop(&a->items);
    json_decref(a->body);
}

static void answer_alone(asked *a)
{
    srv_new_items *items = &a->items;
    sid_error err = {0};
    if (srv_new_items_embed(a->request, items, &err))
        answer_codes(a->request, &(to_encode){items->x, items->count, items->id, items->is_textless, a->wants_margins});
}

static void encode_npy(srv_request *request)
{
    float *x = NULL;
    int64_t count = 0;
    if (srv_npy_read(request, request->bundle->store->dim, &x, &count))
        answer_codes(request, &(to_encode){.x = x, .count = count});
    free(x);
}

void srv_run_encode(srv_request *request)
{
    if (request->is_npy) {
        encode_npy(request);
        return;
    }
    asked a;
    if (asked_read(request, &a))
        answer_alone(&a);
    asked_drop(&a);
}

/* ---- Several together --------------------------------------------------------------------------------------------- */

bool srv_encode_joins(const srv_request *request)
{
    return request->route->run == srv_run_encode && !request->is_npy && request->body_size <= JOINS_SIZE;
}

static bool make_merged(asked *const *group, int count, srv_new_items *out)
{
    int64_t rows = 0;
    for (int i = 0; i < count; i++)
        rows += group[i]->items.count;
    out->dim = group[0]->items.dim;
    out->id = calloc((size_t)rows, sizeof *out->id);
    out->text = calloc((size_t)rows, sizeof *out->text);
    out->field = calloc((size_t)rows, sizeof *out->field);
    out->has_vector = calloc((size_t)rows, sizeof *out->has_vector);
    out->is_textless = calloc((size_t)rows, sizeof *out->is_textless);
    out->x = calloc((size_t)rows, (size_t)out->dim * sizeof *out->x);
    return out->id && out->text && out->field && out->has_vector && out->is_textless && out->x;
}

static void append(const srv_new_items *items, srv_new_items *out)
{
    size_t count = (size_t)items->count;
    memcpy(out->text + out->count, items->text, count * sizeof *items->text);
    memcpy(out->has_vector + out->count, items->has_vector, count * sizeof *items->has_vector);
    memcpy(out->is_textless + out->count, items->is_textless, count * sizeof *items->is_textless);
    memcpy(out->x + out->count * out->dim, items->x, count * (size_t)items->dim * sizeof *items->x);
    out->count += items->count;
}

/* Of one bundle, without margins. False: something of it cannot be encoded, and who asked for that is found by asking alone. */
static bool answer_merged(asked *const *group, int count, srv_new_items *merged)
{
    const srv_store *store = group[0]->request->bundle->store;
    sid_error err = {0};
    int64_t at = 0;
    if (!make_merged(group, count, merged))
        return false;
    for (int i = 0; i < count; i++)
        append(&group[i]->items, merged);
    uint16_t *codes = calloc((size_t)merged->count * (size_t)store->levels, sizeof *codes);
    bool is_done = codes && srv_new_items_embed(group[0]->request, merged, &err) &&
                   sid_catalog_encode(store->work, merged->x, merged->count, store->dim, codes, &err) == SID_OK;
    for (int i = 0; i < count && is_done; i++) {
        const srv_new_items *items = &group[i]->items;
        const to_encode e = {.count = items->count, .ids = items->id, .is_textless = merged->is_textless + at};
        put_codes(group[i]->request, &e, codes + at * store->levels, NULL);
        at += items->count;
    }
    free(codes);
    return is_done;
}

static void answer_group(asked **group, int count)
{
    srv_new_items merged = {0};
    srv_metrics *metrics = &group[0]->request->server->metrics;
    bool is_done = count > 1 && answer_merged(group, count, &merged);
    srv_new_items_drop(&merged);
    for (int i = 0; i < count && !is_done; i++)
        answer_alone(group[i]);
    srv_metrics_count(metrics, SRV_COUNT_BATCH);
    srv_metrics_add(metrics, SRV_COUNT_BATCHED, (uint64_t)count);
}

static bool can_join(const asked *first, const asked *next)
{
    return first->request->bundle == next->request->bundle && !first->wants_margins && !next->wants_margins;
}

static void answer_all(asked *all, int count, asked **group)
{
    for (int i = 0; i < count; i++) {
        int grouped = 0;
        for (int j = i; j < count && all[i].is_right; j++)
            if (j == i || (all[j].is_right && can_join(&all[i], &all[j])))
                group[grouped++] = &all[j];
        for (int g = 0; g < grouped; g++)
            group[g]->is_right = false;
        if (grouped > 0)
            answer_group(group, grouped);
    }
}

void srv_encode_together(srv_request **batch, int count)
{
    asked *all = calloc((size_t)count, sizeof *all);
    asked **group = calloc((size_t)count, sizeof(asked *));
    bool has_memory = all && group;
    for (int i = 0; i < count; i++) {
        if (has_memory)
            (void)asked_read(batch[i], &all[i]);
        else
            (void)srv_fail(batch[i], 503, SID_ENOMEM, "out of memory; ask again");
    }
    if (has_memory)
        answer_all(all, count, group);
    for (int i = 0; i < count && has_memory; i++)
        asked_drop(&all[i]);
    free(all);
    free(group);
}
