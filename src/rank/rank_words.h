/* rank_words.h: what a comparison found, in words. */
#ifndef SEMID_RANK_RANK_WORDS_H
#define SEMID_RANK_RANK_WORDS_H

#include "base/strbuf.h"
#include "semid_rank.h"

/* Of one arm against the first: what it gains or loses overall, on new items, and on those shown much and little, and what it takes.
 * Nothing where no intervals were made: then nothing can be said. */
sid_status sid__rank_words(const sid_rank_comparison *comparison, int arm, sid__strbuf *out, sid_error *err);

#endif
