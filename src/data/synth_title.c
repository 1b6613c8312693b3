/* synth_title.c: see synth_title.h. A number is written in syllables, so that different numbers are different words. */
#include "data/synth_title.h"

#include "base/philox.h"

enum { SYLLABLES = 70, NODE_WORDS = SYLLABLES * SYLLABLES, RANDOM_WORDS = 4000, RANDOM_COUNT = 3 };

static char *append_word(char *at, uint64_t number)
{
    static const char consonant[] = "bdfgklmnprstvz", vowel[] = "aeiou";
    do {
        *at++ = consonant[number % SYLLABLES / 5];
        *at++ = vowel[number % 5];
        number /= SYLLABLES;
    } while (number);
    return at;
}

void sid__synth_title(const sid__world *world, int64_t item, char title[SID__SYNTH_TITLE_SIZE])
{
    const sid__world_item *of = &world->item[item];
    uint64_t source = (uint64_t)(of->twin >= 0 && of->twin < item ? of->twin : item), node = 0;
    char *at = title;
    for (int l = 0; l < SID__WORLD_LEVELS; l++) {
        node = node * SID__WORLD_CHILDREN + of->path[l] + 1; /* + 1: numbers differ between levels too */
        at = append_word(at, SYLLABLES + node);
        *at++ = ' ';
    }
    for (int i = 0; i < RANDOM_COUNT; i++) {
        uint64_t word = sid__philox_below(world->options.seed, SID__STREAM_WORLD,
                                          (uint64_t)SID__WORLD_DRAW_TITLE << 56 | (source * RANDOM_COUNT + (uint64_t)i),
                                          RANDOM_WORDS);
        at = append_word(at, NODE_WORDS + word);
        *at++ = ' ';
    }
    at[-1] = 0;
}
