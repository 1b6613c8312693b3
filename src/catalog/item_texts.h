/* item_texts.h: what people wrote about the items: the columns that came with them, kept as JSON in items.db. */
#ifndef SEMID_CATALOG_ITEM_TEXTS_H
#define SEMID_CATALOG_ITEM_TEXTS_H

#include "catalog/item_db.h"
#include "io/json.h"

/* The columns of an item; NULL when it has none. json_decref it. */
sid_status sid__item_columns(const sid__db_item *item, json_t **out, sid_error *err);

/* The column asked for, and what columns there are, for the message when no item has it. */
typedef struct sid__column_search {
    const char *name; /* NULL: none is asked for */
    bool is_found;
    json_t *columns; /* of the first item that has any */
} sid__column_search;
/* The item's value of the column; NULL when it has none. It lives as long as `columns`. */
const char *sid__column_value(sid__column_search *search, json_t *columns);
/* SID_EUSAGE with the columns there are and a did-you-mean, when no item had the column. Drops the search. */
sid_status sid__column_search_end(sid__column_search *search, sid_status status, sid_error *err);

#endif
