/* lsa_fields.h: which columns are text, and how much each counts: "title:2,brand:1".
 *
 * A column most of whose values are paths, "Beauty > Makeup > Nails", is a category column: see lsa_row.h.
 */
#ifndef SEMID_EMBED_LSA_FIELDS_H
#define SEMID_EMBED_LSA_FIELDS_H

#include "base/strbuf.h"

#define SID__PATH_SEPARATOR " > "
enum { SID__FIELDS_MAX = 256, SID__FIELD_WEIGHT_MAX = 1000 };

typedef struct sid__field {
    char *name;
    int weight; /* 1 .. SID__FIELD_WEIGHT_MAX */
    bool is_path;
} sid__field;

/* Zero-initialised is empty. Invariant: title < count. */
typedef struct sid__fields {
    sid__field *field;
    int count;
    int title; /* which one a lone text stands for: "title", else the first */
} sid__fields;

/* From "name:weight,..." or "" (every column, the title twice). SID_EUSAGE names an unknown column. */
sid_status sid__fields_choose(const sid_items *items, const char *text, sid__fields *out, sid_error *err);
/* As lines "weight <tab> path or text <tab> name", for storing, and back; SID_EDATA. */
sid_status sid__fields_write(const sid__fields *fields, sid__strbuf *out, sid_error *err);
sid_status sid__fields_parse(const char *text, int64_t size, sid__fields *out, sid_error *err);
/* column[i]: the column of items that holds field i, -1 when it has none. SID_EDATA when it holds none of the fields. */
sid_status sid__fields_columns(const sid__fields *fields, const sid_items *items, int *column, sid_error *err);
void sid__fields_drop(sid__fields *fields);

#endif
