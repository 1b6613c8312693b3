/* sequence_scores.c: see sequence_scores.h. */
#include "model/sequence_scores.h"

#include <math.h>
#include <string.h>

#include "linalg/gemm.h"

/* Where the part of a history begins that holds its last `most` known items. */
static int64_t find_first(const sid_model *m, const sid__item_table *table, const sid__history *history, int64_t most,
                          int64_t *known)
{
    int64_t first = history->count;
    for (*known = 0; first > 0 && *known < most; first--)
        *known += sid__item_table_knows(table, m, history->item[first - 1]);
    return first;
}

sid_status sid__take_histories(const sid_model *m, const sid__item_table *table, const sid__history *history,
                               int64_t count, int64_t most, bool with_mask, sid__tape *tape, sid__asked *out)
{
    int64_t room = 0, tokens = 0, *begin = sid__tape_push(tape, (size_t)count + 1, sizeof *begin);
    for (int64_t h = 0; h < count; h++)
        room += (history[h].count < most ? history[h].count : most) + with_mask;
    out->item = sid__tape_push(tape, (size_t)room, sizeof *out->item);
    out->last = sid__tape_push(tape, (size_t)count, sizeof *out->last);
    for (int64_t h = 0; tape->status == SID_OK && h < count; h++) {
        int64_t known, first = find_first(m, table, &history[h], most, &known);
        begin[h] = tokens;
        for (int64_t i = first; i < history[h].count; i++)
            if (sid__item_table_knows(table, m, history[h].item[i]))
                out->item[tokens++] = history[h].item[i];
        if (known == 0 && !with_mask)
            out->item[tokens++] = history[h].item[history[h].count - 1];
        if (with_mask)
            out->item[tokens++] = -1;
        begin[h + 1] = tokens;
        out->last[h] = (int32_t)(tokens - 1);
    }
    out->sequences = (sid__ragged){.begin = begin, .count = count};
    return tape->status;
}

sid__value *sid__embed_asked(sid__tape *tape, const sid__asked *asked, const float *embedding, int dim,
                             const float *mask)
{
    int64_t tokens = asked->sequences.begin[asked->sequences.count];
    sid__value *x = sid__tape_value(tape, tokens, dim, false);
    for (int64_t t = 0; x && t < tokens; t++) {
        const float *from = asked->item[t] < 0 ? mask : embedding + (int64_t)asked->item[t] * dim;
        memcpy(x->data + t * dim, from, (size_t)dim * sizeof *from);
    }
    return x;
}

/* What the model knows nothing of comes last. */
static void score_unknown(const sid_model *m, const sid__item_table *table, float *score)
{
    float least = INFINITY;
    for (int64_t i = 0; i < m->items.count; i++)
        least = sid__item_table_knows(table, m, i) && score[i] < least ? score[i] : least;
    for (int64_t i = 0; i < m->items.count; i++)
        if (!sid__item_table_knows(table, m, i))
            score[i] = least - 1;
}

void sid__score_items(sid_ctx *ctx, const sid_model *m, const sid__item_table *table, const sid__value *x,
                      const float *embedding, const float *bias, float *out)
{
    int64_t items = m->items.count;
    for (int64_t h = 0; bias && h < x->rows; h++)
        memcpy(out + h * items, bias, (size_t)items * sizeof *out);
    sid__gemm(ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(x->data, x->columns),
                                        .b = sid__gemm_by_lane(embedding, x->columns),
                                        .c = out,
                                        .c_step = items,
                                        .rows = x->rows,
                                        .columns = (int)items,
                                        .depth = x->columns,
                                        .is_added = bias != NULL});
    for (int64_t h = 0; h < x->rows && table->rows < items; h++)
        score_unknown(m, table, out + h * items);
}

int32_t *sid__table_rows(const sid__item_table *table, sid__tape *tape, const int32_t *item, int64_t count)
{
    int32_t *row = sid__tape_push(tape, (size_t)count, sizeof *row);
    for (int64_t i = 0; row && i < count; i++)
        row[i] = item[i] < 0 ? -1 : table->row[item[i]];
    return row;
}

int32_t *sid__places_from_end(sid__tape *tape, const sid__ragged *sequences)
{
    int32_t *place = sid__tape_push(tape, (size_t)sequences->begin[sequences->count], sizeof *place);
    for (int64_t s = 0; place && s < sequences->count; s++)
        for (int64_t t = sequences->begin[s]; t < sequences->begin[s + 1]; t++)
            place[t] = (int32_t)(sequences->begin[s + 1] - 1 - t);
    return place;
}
