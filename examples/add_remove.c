/* add_remove.c: items come and go in a catalogue that is there already, by text; no SID of another item moves.
 *
 *     semid fit shop.tsv -o catalog --codes 16
 *     cc add_remove.c $(pkg-config --cflags --libs semid) -o add_remove && ./add_remove catalog new.tsv
 *
 * new.tsv has the columns that the catalogue was made from. Its items are added in one transaction, shown with their
 * SIDs, and the first one is removed again.
 */
#include <inttypes.h>
#include <stdio.h>

#include <semid.h>

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: add_remove CATALOG ITEMS\n");
        return 2;
    }
    sid_error err = {0};
    sid_ctx *ctx = NULL;
    sid_catalog *catalog = NULL;
    sid_items *items = NULL;
    sid_vectors *x = NULL;
    sid_hits hits = {0};

    if (sid_ctx_create(&ctx, &err) || sid_catalog_open(ctx, argv[1], SID_OPEN_WRITE, &catalog, &err) ||
        sid_items_read(ctx, argv[2], NULL, &items, &err) ||
        sid_catalog_embed(catalog, items, &x, NULL, &err) || /* by the text encoder that the catalogue keeps */
        sid_catalog_add(catalog, x, &(sid_add_options){.items = items}, &hits, &err))
        (void)fprintf(stderr, "add_remove: %s\n", err.message);
    for (int64_t i = 0; i < hits.count; i++)
        (void)printf("added %s\t%s\t%s\n", hits.row[i].item_id, hits.row[i].sid, hits.row[i].title);
    if (hits.count > 0 && sid_catalog_remove(catalog, &hits.row[0].item_id, 1, &err))
        (void)fprintf(stderr, "add_remove: %s\n", err.message);

    sid_hits_drop(&hits);
    sid_vectors_free(x);
    sid_items_free(items);
    sid_catalog_close(catalog);
    sid_ctx_free(ctx);
    return sid_status_exit_code(err.status);
}
