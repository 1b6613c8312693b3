/* pieces_input.c: see pieces_input.h. */
#include "pieces_input.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inputs.h"
#include "output.h"
#include "semid_model.h"

/* ---- Codes ---- */

static sid_status take_codes(cli_app *app, const sid_item *item, int64_t row, cli_item_codes *out)
{
    uint16_t codes[SID_LEVELS_MAX + 1]; /* an added digit stands last */
    int count = 0, levels = out->info.levels;
    CLI_TRY(sid_parse(item->sid, SID_LEVELS_MAX + 1, codes, &count, &app->err));
    if (count < levels)
        return cli_fail(app, SID_ECORRUPT, "item %s has the SID %s; %d codes or more are expected", item->item_id,
                        item->sid, levels);
    memcpy(out->codes + row * levels, codes, (size_t)levels * sizeof *codes);
    out->known[row] = 1;
    out->missing--;
    return SID_OK;
}

static sid_status take_items(cli_app *app, cli_item_codes *out)
{
    out->count = out->items ? sid_items_count(out->items) : out->hits.count;
    out->missing = out->count;
    out->codes = cli_alloc((size_t)out->count + 1, (size_t)out->info.levels * sizeof *out->codes);
    out->known = cli_alloc((size_t)out->count + 1, 1);
    for (int64_t i = 0; i < out->hits.count; i++) {
        int64_t row = out->items ? sid_items_find(out->items, out->hits.row[i].item_id) : i;
        if (row >= 0)
            CLI_TRY(take_codes(app, &out->hits.row[i], row, out));
    }
    return SID_OK;
}

sid_status cli_item_codes_read(cli_app *app, const char *catalog, const char *items_path, cli_item_codes *out)
{
    CLI_TRY(sid_catalog_open(app->ctx, catalog, SID_OPEN_READ, &out->catalog, &app->err));
    sid_catalog_get_info(out->catalog, &out->info);
    CLI_TRY(sid_catalog_items(out->catalog, &out->hits, &app->err));
    if (items_path)
        CLI_TRY(cli_items_read(app, items_path, &out->items));
    return take_items(app, out);
}

const char *cli_item_codes_id(const cli_item_codes *items, int64_t row)
{
    return items->items ? sid_items_id(items->items, row) : items->hits.row[row].item_id;
}

void cli_item_codes_drop(cli_item_codes *items)
{
    sid_hits_drop(&items->hits);
    sid_items_free(items->items);
    sid_catalog_close(items->catalog);
    free(items->codes);
    free(items->known);
    *items = (cli_item_codes){0};
}

/* ---- Weights ---- */

static void join_weights(const sid_events *events, const int64_t *of_events, const cli_item_codes *items,
                         int64_t *weights, int64_t *unseen)
{
    for (int64_t i = 0; i < items->count; i++) {
        int64_t at = sid_events_find_item(events, cli_item_codes_id(items, i));
        weights[i] = at < 0 ? 0 : of_events[at];
        *unseen += weights[i] == 0;
    }
}

sid_status cli_piece_weights_read(cli_app *app, const char *path, const cli_item_codes *items, int64_t **weights)
{
    sid_events_options options = {0};
    sid_events *events = NULL;
    sid_events_info info;
    int64_t unseen = 0;
    if (!path)
        return SID_OK;
    CLI_TRY(cli_on_error_parse(app, &options.read));
    CLI_TRY(sid_events_read(app->ctx, path, &options, &events, &app->err));
    sid_events_get_info(events, &info);
    int64_t *of_events = cli_alloc((size_t)info.items + 1, sizeof *of_events);
    *weights = cli_alloc((size_t)items->count + 1, sizeof **weights);
    sid_events_count_items(events, of_events);
    join_weights(events, of_events, items, *weights, &unseen);
    free(of_events);
    sid_events_free(events);
    cli_note(app, "%s: %s; %s of the catalogue without one", path, cli_count_text(app, info.events, "event"),
             cli_count_text(app, unseen, "item"));
    if (unseen == items->count)
        return cli_fail(app, SID_EDATA, "%s: no event is of an item of the catalogue, whose ids are like \"%s\"", path,
                        items->count > 0 ? cli_item_codes_id(items, 0) : "");
    return SID_OK;
}

/* ---- Rows ---- */

typedef struct weighed {
    int64_t weight, row;
} weighed;

static int heavier_first(const void *a, const void *b)
{
    const weighed *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

void cli_lookups_make(const cli_item_codes *items, const int64_t *weights, const int64_t *offsets, cli_lookups *out)
{
    weighed *order = cli_alloc((size_t)items->count + 1, sizeof *order);
    double rows_of_all = 0, weight_of_all = 0;
    int64_t count = 0;
    for (int64_t i = 0; i < items->count; i++)
        if (items->known[i])
            order[count++] = (weighed){.weight = weights ? weights[i] : 0, .row = i};
    if (count > 0)
        qsort(order, (size_t)count, sizeof *order, heavier_first);
    for (int d = 0; d < CLI_DECILES; d++) {
        int64_t begin = count * d / CLI_DECILES, end = count * (d + 1) / CLI_DECILES, sum = 0;
        for (int64_t i = begin; i < end; i++) {
            int64_t rows = offsets[order[i].row + 1] - offsets[order[i].row];
            sum += rows;
            rows_of_all += (double)rows * (double)order[i].weight;
            weight_of_all += (double)order[i].weight;
        }
        out->decile[d] = end > begin ? (double)sum / (double)(end - begin) : (double)NAN;
    }
    out->mean = count > 0 ? (double)offsets[items->count] / (double)count : (double)NAN;
    out->weighted = weight_of_all > 0 ? rows_of_all / weight_of_all : (double)NAN;
    free(order);
}
