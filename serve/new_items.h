/* new_items.h: items as requests bring them, by vector, text or fields, made into vectors. */
#ifndef SEMID_SERVE_NEW_ITEMS_H
#define SEMID_SERVE_NEW_ITEMS_H

#include <jansson.h>

#include "request.h"

/* Texts belong to the JSON, which must outlive it. Drop it in any case. */
typedef struct srv_new_items {
    int64_t count, room;
    const char **id;      /* (count) */
    const char **text;    /* (count) NULL: none */
    const json_t **field; /* (count) an object of strings; NULL: none */
    bool *has_vector, *is_textless;
    float *x; /* (count, dim) */
    int dim;
    sid_items *items; /* titles and metadata; NULL: nobody has any */
} srv_new_items;

/* The array `items` of a body. `may_lack_id`: ids are the row numbers where they are missing, and nothing is stored. */
bool srv_new_items_read(srv_request *request, const json_t *array, bool may_lack_id, srv_new_items *out);
/* One more item, `object` at `pointer` in the body of `request`. */
bool srv_new_items_add(srv_request *request, srv_new_items *out, const char *id, const json_t *object,
                       const char *pointer);
/* Fills what has no vector by the catalogue's encoder. False with a problem. */
bool srv_new_items_embed(srv_request *request, srv_new_items *items, sid_error *err);
void srv_new_items_drop(srv_new_items *items);

#endif
