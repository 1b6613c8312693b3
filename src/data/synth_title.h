/* synth_title.h: names for synthetic items: a word for each node on the way to the leaf, and words that mean nothing. */
#ifndef SEMID_DATA_SYNTH_TITLE_H
#define SEMID_DATA_SYNTH_TITLE_H

#include "data/synth_world.h"

enum { SID__SYNTH_TITLE_SIZE = 64 };

/* "bako rimelo dusavi nuga pemo tiki": one word a level, equal for all items below the node, then three random ones of the
 * item. */
void sid__synth_title(const sid__world *world, int64_t item, char title[SID__SYNTH_TITLE_SIZE]);

#endif
