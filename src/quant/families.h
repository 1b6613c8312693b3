/* families.h: the quantizer families that exist, for quant_registry.c. */
#ifndef SEMID_QUANT_FAMILIES_H
#define SEMID_QUANT_FAMILIES_H

#include "quant/quantizer.h"

extern const sid__family_class sid__rkmeans;
extern const sid__family_class sid__fsq;
extern const sid__family_class sid__pq, sid__opq;
extern const sid__family_class sid__balanced;
extern const sid__family_class sid__rqvae, sid__rqkmeans_plus, sid__rvq;

#endif
