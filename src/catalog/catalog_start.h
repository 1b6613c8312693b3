/* catalog_start.h: fitting a new version from an old catalogue: what is not said otherwise is as it was there. */
#ifndef SEMID_CATALOG_CATALOG_START_H
#define SEMID_CATALOG_CATALOG_START_H

#include "catalog/catalog.h"

/* The options to fit with; they borrow from the open catalogue. Zero-initialised is ready. */
typedef struct sid__start {
    sid_fit_options options;
    sid_catalog *catalog;         /* NULL: nothing to start from */
    char *codes, *family_options; /* what the options borrow; NULL: not needed */
} sid__start;

/* Without options->init_from a copy of the options, with a group of levels for each modality of a separate fusion. Else quantizer, levels, codes, its options, the collision policy and
 * the encoder are the old catalogue's where none are given, and its id becomes the parent. SID_EUSAGE names a family that
 * cannot start from another, and a shape that differs; SID_EDATA another dimension. Drop it in any case. */
sid_status sid__start_open(sid_ctx *ctx, const sid_fit_options *options, const sid_vectors *vectors, sid__start *out,
                           sid_error *err);
/* Has `quantizer`, made from out->options, go on from the old one; SID_EUSAGE where their shapes differ. */
sid_status sid__start_apply(const sid__start *start, sid_quantizer *quantizer, sid_error *err);
void sid__start_drop(sid__start *start);

#endif
