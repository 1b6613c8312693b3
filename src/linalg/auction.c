/* auction.c: see auction.h. A row bids for the column where worth less price is largest, by the gain over its second choice
 * and an increment; going alone is worth 0. The increment is 1/16, so that prices of whole worths stay exact in doubles, wars
 * over equal worths end soon, and each row is within 1/16 of its best choice (D. P. Bertsekas, "The auction algorithm",
 * Annals of Operations Research 14, 1988).
 */
#include "linalg/auction.h"

#include "base/mem.h"

static const double increment = 1. / 16;

typedef struct auction {
    const sid__bidding *edge;
    int64_t *start;  /* (rows + 1) edges of each row */
    double *price;   /* (columns) */
    int32_t *holder; /* (columns) its row; -1: none */
    int32_t *queue;  /* (rows) a ring of rows that have no column and may bid */
    int64_t rows, columns, head, waiting;
} auction;

static void wait_for_turn(auction *a, int32_t row)
{
    a->queue[(a->head + a->waiting++) % a->rows] = row;
}

/* The row takes the column that is worth most to it, or stays alone. */
static void bid(auction *a, int32_t row, int32_t *column)
{
    const sid__bidding *best = NULL;
    double first = 0, second = 0; /* of going alone */
    for (int64_t i = a->start[row]; i < a->start[row + 1]; i++) {
        double gain = a->edge[i].worth - a->price[a->edge[i].column];
        if (gain > first) {
            second = first;
            first = gain;
            best = &a->edge[i];
        } else if (gain > second) {
            second = gain;
        }
    }
    column[row] = -1;
    if (!best)
        return;
    int32_t taken = best->column, loser = a->holder[taken];
    a->price[taken] += first - second + increment;
    a->holder[taken] = row;
    column[row] = taken;
    if (loser >= 0) {
        column[loser] = -1;
        wait_for_turn(a, loser);
    }
}

static sid_status start_auction(auction *a, int64_t count, sid_error *err)
{
    SID_TRY(sid__alloc(&a->start, (size_t)a->rows + 1, sizeof *a->start, "an assignment", err));
    SID_TRY(sid__alloc(&a->price, (size_t)a->columns, sizeof *a->price, "an assignment", err));
    SID_TRY(sid__alloc(&a->holder, (size_t)a->columns, sizeof *a->holder, "an assignment", err));
    SID_TRY(sid__alloc(&a->queue, (size_t)a->rows, sizeof *a->queue, "an assignment", err));
    for (int64_t i = 0; i < count; i++)
        a->start[a->edge[i].row + 1]++;
    for (int64_t i = 0; i < a->rows; i++) {
        a->start[i + 1] += a->start[i];
        wait_for_turn(a, (int32_t)i);
    }
    for (int64_t j = 0; j < a->columns; j++)
        a->holder[j] = -1;
    return SID_OK;
}

sid_status sid__auction(const sid__bidding *edge, int64_t count, int64_t rows, int64_t columns, int32_t *column,
                        sid_error *err)
{
    auction a = {.edge = edge, .rows = rows, .columns = columns};
    sid_status status = start_auction(&a, count, err);
    while (status == SID_OK && a.waiting > 0) {
        int32_t row = a.queue[a.head];
        a.head = (a.head + 1) % rows;
        a.waiting--;
        bid(&a, row, column);
    }
    sid__free(a.start);
    sid__free(a.price);
    sid__free(a.holder);
    sid__free(a.queue);
    return status;
}
