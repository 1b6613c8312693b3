/* item_sids.h: the SIDs of a model's items: what it learned them as. Copied from a catalogue when the model is trained, kept
 * in its file, and renewed when it is asked by a later version of that catalogue.
 *
 * All SIDs have one width here. Where the collision policy gives items of equal codes one code more (digit), that is a
 * level like the others; where only some have it (suffix), its classes are 0 for a SID that ends before it, else digit + 1,
 * so that the order of codes is the order of SIDs.
 */
#ifndef SEMID_MODEL_ITEM_SIDS_H
#define SEMID_MODEL_ITEM_SIDS_H

#include "catalog/catalog.h"
#include "data/id_list.h"
#include "io/tensor_set.h"

/* Zero-initialised is none. Invariants: levels <= width <= levels + 1; every code is below codes[its level]; `missing` counts
 * the rows with is_known 0, whose codes are 0. */
typedef struct sid__item_sids {
    int64_t count;                 /* items */
    int levels;                    /* of the quantizer; 0: no SIDs */
    int width;                     /* levels, or one more */
    int codes[SID_LEVELS_MAX + 1]; /* (width) classes of each level */
    bool has_end;                  /* class 0 of the last level: the SID ends before it */
    uint16_t *code;                /* (count, width) */
    uint8_t *is_known;             /* (count) 0: the catalogue has no such item */
    int64_t *train_count;          /* (count) train events */
    int64_t missing;
    char codebooks[SID__SHA256_HEX_SIZE];     /* of the quantizer's file: equal codebooks, equal SIDs */
    char catalog_id[SID__CATALOG_ID_SIZE];    /* where they come from */
    char collisions[SID__MANIFEST_NAME_SIZE]; /* "keep", "digit", .. */
} sid__item_sids;

/* Those of the live items of `catalog` that are among `items`; train_count (items.count) is copied. SID_EDATA: it has none
 * of them. */
sid_status sid__item_sids_read(sid_catalog *catalog, const sid__id_list *items, const int64_t *train_count,
                               sid__item_sids *out, sid_error *err);
void sid__item_sids_drop(sid__item_sids *sids);
/* SID_EDATA where the SIDs of `catalog` are not those that a model learned; `family` is for the message. */
sid_status sid__item_sids_check(const sid__item_sids *sids, const sid_catalog *catalog, const char *family,
                                sid_error *err);
/* The SIDs of a later version: of `items`, and of those that only the catalogue has, which are added to `added` and follow
 * in `out`. What the catalogue lacks keeps its SID of `old`, which tells histories what it was, but is not live: is_live
 * (out->count) tells. The caller owns *is_live. */
sid_status sid__item_sids_renew(const sid__item_sids *old, sid_catalog *catalog, const sid__id_list *items,
                                sid__id_list *added, sid__item_sids *out, uint8_t **is_live, sid_error *err);
/* "12-153-87", "12-153-87-2". */
void sid__item_sids_text(const sid__item_sids *sids, int64_t row, char text[SID_SID_TEXT_MAX]);
/* Its first `depth` codes, 1 .. width. */
void sid__item_sids_prefix_text(const sid__item_sids *sids, int64_t row, int depth, char text[SID_SID_TEXT_MAX]);

/* Tensors sids.code, sids.is_known, sids.train_count, sids.codes; the texts go to the manifest. */
sid_status sid__item_sids_save(const sid__item_sids *sids, sid__tensor_set *set, sid_error *err);
/* Fills what the tensors hold; levels, has_end and texts are there. SID_ECORRUPT: against the invariants. */
sid_status sid__item_sids_load(int64_t items, const sid__tensor_set *set, sid__item_sids *sids, sid_error *err);

#endif
