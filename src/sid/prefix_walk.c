/* prefix_walk.c: looks at the whole prefix index, for drawings and statistics: once a page, so that plain loops do. */
#include <string.h>

#include "sid/prefix_index_parts.h"

void sid__prefix_index_use(const sid__prefix_index *index, int level_index, int codes, int64_t *items)
{
    const sid__index_level *level = &index->level[level_index];
    int64_t count = level->begin ? level->count : index->count;
    memset(items, 0, (size_t)codes * sizeof *items);
    for (int64_t j = 0; j < count; j++) {
        int64_t end = !level->begin ? j + 1 : j + 1 < count ? level->begin[j + 1] : index->count;
        if (level->code[j] < codes)
            items[level->code[j]] += end - (level->begin ? level->begin[j] : j);
    }
}

void sid__prefix_index_marks(const sid__prefix_index *index, int depth, uint8_t *is_new)
{
    for (int l = 0; l < depth; l++) {
        const sid__index_level *level = &index->level[l];
        if (level->begin)
            for (int64_t j = 0; j < level->count; j++)
                is_new[level->begin[j]] = 1;
        else
            for (int64_t p = 0; p < index->count; p++)
                is_new[p] |= p == 0 || level->code[p] != level->code[p - 1];
    }
}

/* The node whose run holds the position. */
static int64_t node_at(const sid__index_level *level, int64_t position)
{
    int64_t begin = 0, end = level->count;
    while (end - begin > 1) {
        int64_t middle = begin + (end - begin) / 2;
        if (level->begin[middle] <= position)
            begin = middle;
        else
            end = middle;
    }
    return begin;
}

void sid__prefix_index_codes(const sid__prefix_index *index, int64_t position, int depth, uint16_t *codes)
{
    for (int l = 0; l < depth; l++) {
        const sid__index_level *level = &index->level[l];
        codes[l] = level->code[level->begin ? node_at(level, position) : position];
    }
}
