/* label_words.c: see label_words.h. */
#include "label_words.h"

#include <stdlib.h>
#include <string.h>

static bool takes_category(const cli_app *app)
{
    for (int i = 0; i < app->option_count; i++)
        if (strcmp(app->option[i].name, "category") == 0)
            return true;
    return false;
}

sid_status cli_labels_read(cli_app *app, sid_catalog *catalog, int depth, sid_labels *out)
{
    sid_catalog_info info;
    sid_catalog_get_info(catalog, &info);
    *out = (sid_labels){0};
    if (!info.ordered)
        return SID_OK;
    sid_label_options options = {.depth = depth < info.levels ? depth : info.levels};
    if (takes_category(app)) {
        options.category = cli_text(app, "category");
        options.category_separator = cli_text(app, "category-separator");
    }
    return sid_catalog_labels(catalog, &options, out, &app->err);
}

const char *cli_label_words(const sid_labels *labels, const char *sid, int depth)
{
    const sid_label *label = sid_labels_find(labels, sid, depth);
    return label && *label->words ? label->words : NULL;
}

static int by_items(const void *a, const void *b)
{
    const sid_label *const *x = a, *const *y = b;
    if ((*x)->items != (*y)->items)
        return (*x)->items > (*y)->items ? -1 : 1;
    return *x < *y ? -1 : *x > *y; /* the library gives them by their codes */
}

const sid_label **cli_labels_by_size(const sid_labels *labels, int depth, int64_t *count)
{
    const sid_label **row = cli_alloc((size_t)labels->count, sizeof *row);
    *count = 0;
    for (int64_t i = 0; i < labels->count; i++)
        if (labels->row[i].depth == depth)
            row[(*count)++] = &labels->row[i];
    qsort(row, (size_t)*count, sizeof *row, by_items);
    return row;
}
