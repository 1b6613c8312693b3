/* fsq_shape.h: which channels make which level of a SID: the options fsq_levels, levels, codes and kmeans_levels, which
 * say the same thing in part and must agree.
 */
#ifndef SEMID_QUANT_FSQ_SHAPE_H
#define SEMID_QUANT_FSQ_SHAPE_H

#include "quant/quantizer.h"

/* log_3 65536 = 10.1: no group has more channels. */
enum { SID__FSQ_GROUP_MAX = 10, SID__FSQ_CHANNELS_MAX = SID_LEVELS_MAX * SID__FSQ_GROUP_MAX };

/* Group g has the channels begin[g] .. begin[g+1]-1; K of its level = product of their steps. */
typedef struct sid__fsq_shape {
    int groups;
    int begin[SID_LEVELS_MAX + 1];
    int steps[SID__FSQ_CHANNELS_MAX];
} sid__fsq_shape;

/* "8,6,5;5,5,5" to groups. SID_EUSAGE names the number that is no step count from 3 on, or the level above 65536 codes. */
sid_status sid__fsq_shape_parse(const char *text, sid__fsq_shape *out, sid_error *err);
/* One group becomes `groups` equal ones; more are left as they are. */
void sid__fsq_shape_repeat(sid__fsq_shape *shape, int groups);
bool sid__fsq_shape_is_even(const sid__fsq_shape *shape);         /* all groups are equal */
int sid__fsq_shape_codes(const sid__fsq_shape *shape, int group); /* K */

/* Settles q->options.levels and .codes and the text fsq_levels (SID__OPTION_TEXT_SIZE bytes, rewritten in full) from what
 * was given: `text` "": 8,6,5 at every level, or the codes split into steps when has_codes. One group stands for every
 * level. The first kmeans_levels are not fsq's. SID_EUSAGE names both sides of a contradiction. */
sid_status sid__fsq_settle(sid_quantizer *q, int kmeans_levels, char *text, bool has_levels, bool has_codes,
                           sid_error *err);

#endif
