/* rank_features.c: from flags to a feature file, so that a ranker of SIDs is one command and its file is a start for one's own:
 * users in a growing table, items by their SIDs (or by id), the last clicks as items, numeric columns beside them.
 */
#include "rank_features.h"

#include <stdlib.h>
#include <string.h>

#include <semid_rank.h>

enum { USUAL_DIM = 16, ID_ROWS = 65536 };

static json_t *words_of(const char *list)
{
    json_t *out = json_array();
    for (const char *at = list; at && *at;) {
        size_t size = strcspn(at, ",");
        (void)json_array_append_new(out, json_stringn(at, size));
        at += size + (at[size] == ',');
    }
    return out;
}

/* "cross=2,mlp=(128,64)" as an object of texts; what is wrong with them the ranker says. */
static json_t *options_of(const char *list)
{
    json_t *out = json_object();
    for (const char *at = list; at && *at;) {
        char name[64];
        size_t name_size = strcspn(at, "=,"), size, kept = name_size < sizeof name ? name_size : sizeof name - 1;
        memcpy(name, at, kept);
        name[kept] = 0;
        at += name_size + (at[name_size] == '=');
        bool is_closed = *at == '(' && strchr(at, ')');
        at += is_closed;
        size = strcspn(at, is_closed ? ")" : ",");
        (void)json_object_set_new(out, name, json_stringn(at, size));
        at += size + is_closed;
        at += *at == ',';
    }
    return out;
}

/* A row for each of the pieces' rows; keys of 64 bits want a table that grows. */
static sid_status sid_table_of(cli_app *app, const char *pieces, int dim, json_t **out)
{
    sid_pieces *open = NULL;
    sid_pieces_info info;
    CLI_TRY(sid_pieces_open(app->ctx, pieces, &open, &app->err));
    sid_pieces_get_info(open, &info);
    *out = info.rows > 0 ? json_pack("{s:s, s:i, s:I}", "kind", "hashed", "dim", dim, "rows", (json_int_t)info.rows)
                         : json_pack("{s:i}", "dim", dim);
    sid_pieces_close(open);
    return SID_OK;
}

/* What describes an item: SIDs, and ids where there are none or where clicks are ids (--sid-in target). */
static sid_status add_items(cli_app *app, int dim, bool has_ids, json_t *tables, json_t *features)
{
    const char *catalog = cli_text(app, "catalog"), *pieces = cli_text(app, "pieces");
    json_t *table = NULL;
    if (pieces) {
        CLI_TRY(sid_table_of(app, pieces, dim, &table));
        (void)json_object_set_new(tables, "sid", table);
        (void)json_array_append_new(features,
                                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", "item", "kind", "sid", "column",
                                              "item_id", "catalog", catalog, "pieces", pieces, "table", "sid"));
    }
    if (!has_ids)
        return SID_OK;
    (void)json_object_set_new(tables, "id",
                              pieces ? json_pack("{s:s, s:i, s:i}", "kind", "hashed", "dim", dim, "rows", ID_ROWS)
                                     : json_pack("{s:i}", "dim", dim));
    (void)json_array_append_new(features, json_pack("{s:s, s:s, s:s, s:s}", "name", pieces ? "id" : "item", "kind",
                                                    "id", "column", "item_id", "table", "id"));
    return SID_OK;
}

static sid_status fill(cli_app *app, json_t *tables, json_t *features)
{
    const char *dense = cli_text(app, "dense"), *catalog = cli_text(app, "catalog"), *pieces = cli_text(app, "pieces");
    int dim = cli_is_given(app, "dim") ? (int)cli_int(app, "dim") : USUAL_DIM;
    bool in_target = strcmp(cli_text(app, "sid-in"), "target") == 0;
    if (!catalog != !pieces)
        return cli_fail(app, SID_EUSAGE, "%s",
                        catalog ? "--pieces DIR is needed beside --catalog: semid pieces train makes them"
                                : "--catalog DIR is needed beside --pieces: whose SIDs they cut");
    if (in_target && !pieces)
        return cli_fail(app, SID_EUSAGE, "--sid-in target needs SIDs: --catalog and --pieces");
    (void)json_object_set_new(tables, "user", json_pack("{s:i}", "dim", dim));
    (void)json_array_append_new(features, json_pack("{s:s, s:s, s:s, s:s}", "name", "user", "kind", "id", "column",
                                                    "user_id", "table", "user"));
    CLI_TRY(add_items(app, dim, !pieces || in_target, tables, features));
    (void)json_array_append_new(
        features, json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "name", "clicks", "kind", "history", "from", "clicks",
                            "max", (int)cli_int(app, "history-max"), "as", in_target ? "id" : "item", "pool", "mean"));
    if (dense)
        (void)json_array_append_new(features, json_pack("{s:s, s:s, s:o, s:s}", "name", "numbers", "kind", "dense",
                                                        "columns", words_of(dense), "transform", "standard"));
    return SID_OK;
}

sid_status cli_rank_features(cli_app *app, const char *family, const char **text)
{
    const char *label = cli_text(app, "label");
    json_t *tables = json_object(), *features = json_array();
    sid_status status = fill(app, tables, features);
    json_t *labels = strchr(label, ',') ? words_of(label) : json_string(label);
    json_t *all =
        json_pack("{s:i, s:o, s:o, s:o, s:{s:s, s:o}}", "format", 1, "label", labels, "tables", tables, "features",
                  features, "model", "family", family, "options", options_of(cli_text(app, "family-options")));
    char *dump = all ? json_dumps(all, JSON_INDENT(1)) : NULL;
    if (status == SID_OK && !dump)
        status = cli_fail(app, SID_EUSAGE, "the flags of a ranker are no UTF-8; write a feature file, --features");
    *text = dump ? cli_keep(app, "%s", dump) : NULL;
    free(dump);
    json_decref(all);
    return status;
}
