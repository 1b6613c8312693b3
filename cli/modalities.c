/* modalities.c: see modalities.h. */
#include "modalities.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inputs.h"
#include "output.h"
#include "text.h"

typedef struct modalities {
    sid_modality one[SID_MODALITIES_MAX];
    sid_vectors *vectors[SID_MODALITIES_MAX];
    int count;
} modalities;

static void drop(modalities *all)
{
    for (int m = 0; m < all->count; m++)
        sid_vectors_free(all->vectors[m]);
}

/* Where FILE begins in NAME=FILE; `spec` itself when there is no name, or a file of the whole text. */
static const char *skip_name(const char *spec)
{
    const char *sign = strchr(spec, '=');
    size_t length = strspn(spec, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return sign && length > 0 && spec + length == sign && access(spec, F_OK) != 0 ? sign + 1 : spec;
}

bool cli_has_modalities(const cli_app *app)
{
    const cli_setting *given = cli_setting_of(app, "vectors");
    return given && (given->count > 1 || skip_name(given->text[0]) != given->text[0]);
}

sid_status cli_modalities_check(cli_app *app)
{
    static const char *const flag[] = {"fuse", "fuse-weights", "fuse-dim"};
    const cli_setting *given = cli_setting_of(app, "vectors");
    for (int i = 0; i < CLI_COUNT(flag); i++)
        if (cli_is_given(app, flag[i]) && (!given || given->count < 2))
            return cli_fail(app, SID_EUSAGE, "--%s has a meaning with several --vectors NAME=FILE only", flag[i]);
    for (int i = 0; i < CLI_COUNT(flag); i++)
        if (cli_is_given(app, flag[i]) && cli_is_given(app, "init-from"))
            return cli_fail(app, SID_EUSAGE, "the fusion is that of --init-from; leave out --%s", flag[i]);
    for (int i = 0; given && i < given->count && given->count > 1; i++)
        if (skip_name(given->text[i]) == given->text[i])
            return cli_fail(app, SID_EUSAGE,
                            "--vectors %s has no name, and several are given; write --vectors image=%s, say",
                            given->text[i], given->text[i]);
    if (given && given->count > SID_MODALITIES_MAX)
        return cli_fail(app, SID_EUSAGE, "--vectors is given %d times; at most %d are fused", given->count,
                        SID_MODALITIES_MAX);
    return SID_OK;
}

static sid_status read_all(cli_app *app, const sid_items *items, modalities *out)
{
    const cli_setting *given = cli_setting_of(app, "vectors");
    for (int m = 0; m < given->count; m++) {
        const char *spec = given->text[m], *file = skip_name(spec);
        CLI_TRY(cli_vectors_read_from(app, file, items, &out->vectors[m]));
        out->one[m] = (sid_modality){.name = cli_keep(app, "%.*s", file > spec ? (int)(file - spec - 1) : 0, spec),
                                     .vectors = out->vectors[m]};
        out->count = m + 1;
    }
    return SID_OK;
}

/* "text:2,image:0.5" */
static sid_status set_weights(cli_app *app, const char *text, modalities *all)
{
    for (const char *at = text; at && *at;) {
        const char *colon = strchr(at, ':'), *comma = strchr(at, ',');
        char *end = NULL;
        int m = 0;
        if (!colon || (comma && comma < colon))
            return cli_fail(app, SID_EUSAGE, "--fuse-weights is \"%s\"; NAME:WEIGHT,NAME:WEIGHT is expected", text);
        while (m < all->count && (strlen(all->one[m].name) != (size_t)(colon - at) ||
                                  strncmp(all->one[m].name, at, (size_t)(colon - at)) != 0))
            m++;
        if (m == all->count)
            return cli_fail(app, SID_EUSAGE, "--fuse-weights names \"%.*s\", which no --vectors is called",
                            (int)(colon - at), at);
        double weight = strtod(colon + 1, &end);
        if (end == colon + 1 || (*end && *end != ',') || !isfinite(weight) || !(weight > 0))
            return cli_fail(app, SID_EUSAGE,
                            "--fuse-weights gives \"%s\" the weight \"%.40s\"; a number above 0 is expected",
                            all->one[m].name, colon + 1);
        all->one[m].weight = weight;
        at = *end ? end + 1 : end;
    }
    return SID_OK;
}

static sid_status fuse(cli_app *app, modalities *all, sid_fusion **fusion, sid_vectors **out)
{
    sid_fusion_options options = {
        .method = cli_text(app, "fuse"), .dim = (int)cli_int(app, "fuse-dim"), .seed = app->seed};
    CLI_TRY(set_weights(app, cli_text(app, "fuse-weights"), all));
    CLI_TRY(sid_fusion_fit(app->ctx, &options, all->one, all->count, fusion, &app->err));
    return sid_fusion_apply(app->ctx, *fusion, all->one, all->count, out, &app->err);
}

/* What is meant where videos have no sound, and a mistake where a file has no ids and its rows are joined by number. */
static void tell_missing(cli_app *app, const modalities *all, int64_t count)
{
    char total[32];
    for (int m = 0; m < all->count; m++) {
        int64_t missing = count - sid_vectors_count(all->vectors[m]);
        if (missing > 0)
            cli_warn(app, "%s: %s of %s without a vector, taken as zeroes; if the ids differ, give %s=FILE:IDS",
                     all->one[m].name, cli_count_text(app, missing, "item"), cli_group(count, total), all->one[m].name);
    }
}

sid_status cli_modalities_fit(cli_app *app, const sid_items *items, sid_fusion **fusion, sid_vectors **out)
{
    modalities all = {.count = 0};
    sid_status status = read_all(app, items, &all);
    if (status == SID_OK && all.count == 1) { /* one needs no fusion */
        *out = all.vectors[0];
        return SID_OK;
    }
    if (status == SID_OK)
        status = fuse(app, &all, fusion, out);
    if (status == SID_OK)
        tell_missing(app, &all, sid_vectors_count(*out));
    if (status == SID_OK)
        cli_note(app, "%s in %d dimensions: %s", cli_count_text(app, sid_vectors_count(*out), "item"),
                 sid_fusion_dim(*fusion), sid_fusion_text(*fusion));
    drop(&all);
    return status;
}

sid_status cli_modalities_apply(cli_app *app, const sid_items *items, const sid_catalog *catalog, sid_vectors **out)
{
    modalities all = {.count = 0};
    sid_status status = read_all(app, items, &all);
    if (status == SID_OK)
        status = sid_catalog_fuse(catalog, all.one, all.count, out, &app->err);
    drop(&all);
    return status;
}

sid_status cli_modalities_as_before(cli_app *app, const sid_items *items, sid_vectors **out)
{
    sid_catalog *old = NULL;
    CLI_TRY(sid_catalog_open(app->ctx, cli_text(app, "init-from"), SID_OPEN_READ, &old, &app->err));
    sid_status status = cli_modalities_apply(app, items, old, out);
    sid_catalog_close(old);
    return status;
}
