/* modalities.h: --vectors given more than once: image=x.npy and audio=y.npy of the same items, fused into one vector each. */
#ifndef SEMID_CLI_MODALITIES_H
#define SEMID_CLI_MODALITIES_H

#include "command.h"

/* --vectors is given several times, or once with a name, NAME=FILE. */
bool cli_has_modalities(const cli_app *app);
/* Vectors of a new catalogue: of the one file, or fused by --fuse; *fusion is then there, else NULL. */
sid_status cli_modalities_fit(cli_app *app, const sid_items *items, sid_fusion **fusion, sid_vectors **out);
/* The same for items that come later, by the catalogue's own fusion. */
sid_status cli_modalities_apply(cli_app *app, const sid_items *items, const sid_catalog *catalog, sid_vectors **out);
/* By the fusion of the catalogue --init-from, which the new one keeps. */
sid_status cli_modalities_as_before(cli_app *app, const sid_items *items, sid_vectors **out);
/* SID_EUSAGE for --fuse... that make no sense beside --vectors as given. */
sid_status cli_modalities_check(cli_app *app);

#define CLI_OPTION_MODALITIES                                                                                          \
    {                                                                                                                  \
        .name = "vectors", .type = CLI_TEXT, .value = "[NAME=]FILE[:IDS]", .is_repeatable = true,                      \
        .help = "x.npy, x.npz[:array] or x.safetensors:tensor, (N, D) float16, 32 or 64; again with names, "           \
                "image=x.npy audio=y.npy:y.ids.txt: several vectors an item, fused"                                    \
    }

#endif
