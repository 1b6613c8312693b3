/* advise_trials.c: what is tried where nobody said what: each family once or twice, at sizes that the number of items can
 * fill. Fewer than three
 * items a code would be one code an item; a codebook larger than usual wants at least 16 rows of the sample a code.
 */
#include <stdio.h>

#include "catalog/advise.h"

enum { CODES_LEAST = 4, CODES_USUAL = 256, ITEMS_A_CODE = 3, ROWS_A_CODE = 16, PARALLEL_CODES = 8, FSQ_CODES = 240 };

/* The largest power of two with ITEMS_A_CODE items a code, from 4 to 256. */
static int usual_codes(int64_t count)
{
    int codes = CODES_LEAST;
    while (codes < CODES_USUAL && 2 * codes * ITEMS_A_CODE <= count)
        codes *= 2;
    return codes;
}

static sid_status number(sid__arena *arena, int value, const char **out, sid_error *err)
{
    char text[16];
    char *copy = NULL;
    int size = snprintf(text, sizeof text, "%d", value);
    SID_TRY(sid__arena_text(arena, text, (size_t)size, &copy, err));
    *out = copy;
    return SID_OK;
}

sid_status sid__advise_trials(int64_t count, int dim, int64_t sample, sid__arena *arena, sid_trial *out, int *out_count,
                              sid_error *err)
{
    int usual = usual_codes(count), large = 4 * usual, n = 0;
    const char *codes = NULL, *many = NULL, *grid = NULL;
    SID_TRY(number(arena, usual, &codes, err));
    SID_TRY(number(arena, large, &many, err));
    SID_TRY(number(arena, usual == CODES_USUAL ? FSQ_CODES : usual, &grid, err));
    out[n++] = (sid_trial){"rkmeans", 3, codes, NULL};
    out[n++] = (sid_trial){"rkmeans", 3, codes, "refine=3"};
    out[n++] = (sid_trial){"rkmeans", 4, codes, NULL};
    if (usual == CODES_USUAL && (int64_t)large * ROWS_A_CODE <= sample)
        out[n++] = (sid_trial){"rkmeans", 3, many, NULL};
    out[n++] = (sid_trial){"balanced", 3, codes, NULL};
    out[n++] = (sid_trial){"balanced", 4, codes, NULL};
    out[n++] = (sid_trial){"fsq", 3, grid, NULL};
    out[n++] = (sid_trial){"fsq", 3, grid, "kmeans_levels=1"};
    if (dim > 1) {
        int slices = dim < PARALLEL_CODES ? dim : PARALLEL_CODES;
        out[n++] = (sid_trial){"pq", slices, codes, NULL};
        out[n++] = (sid_trial){"opq", slices, codes, NULL};
    }
    *out_count = n;
    return SID_OK;
}
