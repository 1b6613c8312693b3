/* fit_neighbors.c: vectors to a catalogue of SIDs, then the neighbours of one item.
 *
 *     cc fit_neighbors.c $(pkg-config --cflags --libs semid) -o fit_neighbors && ./fit_neighbors catalog
 *
 * Every call returns 0 or a status and fills `err`, so that calls can be chained; what was never made is NULL and may be
 * freed all the same.
 */
#include <inttypes.h>
#include <stdio.h>

#include <semid.h>

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "catalog";
    sid_error err = {0};
    sid_ctx *ctx = NULL;
    sid_vectors *x = NULL;
    sid_catalog *catalog = NULL;
    sid_hits hits = {0};

    /* 600 vectors around 12 centres; sid_vectors_read takes .npy, .npz and .safetensors. Ids are the row numbers. */
    if (sid_ctx_create(&ctx, &err) || sid_vectors_synth(ctx, 600, 16, 12, 0.3, 1, &x, &err) ||
        sid_catalog_fit(ctx, &(sid_fit_options){.levels = 3, .codes = "16"}, x, path, &catalog, &err) ||
        sid_catalog_neighbors(catalog, &(sid_query){.item = "7", .k = 5}, &hits, &err))
        (void)fprintf(stderr, "fit_neighbors: %s\n", err.message);
    for (int64_t i = 0; i < hits.count; i++)
        (void)printf("%s\t%s\t%d levels shared\t%g\n", hits.row[i].item_id, hits.row[i].sid, hits.row[i].shared,
                     hits.row[i].distance);

    sid_hits_drop(&hits);
    sid_catalog_close(catalog);
    sid_vectors_free(x);
    sid_ctx_free(ctx);
    return sid_status_exit_code(err.status);
}
