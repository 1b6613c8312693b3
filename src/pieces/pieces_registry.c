/* pieces_registry.c: the list of schemes and their options. A new scheme is one row. */
#include <stdio.h>
#include <string.h>

#include "pieces/piece_model.h"

/* ---- Options ---- */

#define AT(field) offsetof(sid__piece_settings, field)
#define OPTION_ROWS                                                                                                    \
    {                                                                                                                  \
        "rows", SID_OPTION_INT, "8000", 1, (double)SID_PIECE_ROWS_MAX, NULL,                                           \
            "rows of the embedding table; with hash=none as many as there are indices, with key any number", AT(rows)  \
    }
#define OPTION_HASH                                                                                                    \
    {                                                                                                                  \
        "hash", SID_OPTION_CHOICE, "mix", 0, 0, "mix|mod|key|none",                                                    \
            "index to row: mixed, by remainder, as a 64-bit key of a table that grows, or a row for each", AT(hash)    \
    }
#define OPTION_SEED                                                                                                    \
    {                                                                                                                  \
        "seed", SID_OPTION_INT, "0", 0, 9007199254740992.0, NULL, "of hash=mix", AT(seed)                              \
    }
#define OPTION_N(usual, help)                                                                                          \
    {                                                                                                                  \
        "n", SID_OPTION_INT, usual, 0, SID_LEVELS_MAX, NULL, help, AT(n)                                               \
    }

static const sid_option plain_table[] = {OPTION_ROWS, OPTION_HASH, OPTION_SEED};
static const sid_option ngram_table[] = {OPTION_N("2", "levels a group; 0: all"),
                                         {"depth", SID_OPTION_INT, "0", 0, SID_LEVELS_MAX, NULL,
                                          "levels that are grouped, from the first; 0: all", AT(depth)},
                                         OPTION_ROWS,
                                         OPTION_HASH,
                                         OPTION_SEED};
static const sid_option prefix_table[] = {OPTION_N("0", "longest prefix, in levels; 0: all"), OPTION_ROWS, OPTION_HASH,
                                          OPTION_SEED};
static const sid_option learned_table[] = {
    {"rows", SID_OPTION_INT, "8000", 1, SID__PIECES_MAX, NULL,
     "V: pieces and <unk>, row 0, which is never used; more than there are codes", AT(rows)}};
#undef AT

#define OPTIONS(table) .options = (table), .option_count = sizeof(table) / sizeof *(table)

/* ---- Schemes ---- */

static const sid__pieces_class unigram = {.info = {.name = "unigram",
                                                   .summary = "a row for each code of each level",
                                                   .paper = "arXiv:2306.08121",
                                                   OPTIONS(plain_table)},
                                          .plan = sid__piece_plan_unigram};
static const sid__pieces_class ngram = {.info = {.name = "ngram",
                                                 .summary = "a row for each group of n codes, side by side",
                                                 .paper = "arXiv:2306.08121",
                                                 OPTIONS(ngram_table)},
                                        .plan = sid__piece_plan_ngram};
static const sid__pieces_class bigrams = {.info = {.name = "all-bigrams",
                                                   .summary = "a row for each pair of neighbouring codes",
                                                   .paper = "arXiv:2306.08121",
                                                   OPTIONS(plain_table)},
                                          .plan = sid__piece_plan_bigrams};
static const sid__pieces_class prefix = {.info = {.name = "prefix-ngram",
                                                  .summary = "a row for each prefix: 12, 12-153, 12-153-87",
                                                  .paper = "arXiv:2504.02137",
                                                  OPTIONS(prefix_table)},
                                         .plan = sid__piece_plan_prefix};

static const sid__pieces_class spm_unigram = {.info = {.name = "spm-unigram",
                                                       .summary = "learned pieces that make all SIDs likeliest",
                                                       .paper = "arXiv:1804.10959",
                                                       OPTIONS(learned_table)},
                                              .plan = sid__piece_plan_learned,
                                              .train = sid__piece_unigram_train};
static const sid__pieces_class spm_bpe = {.info = {.name = "spm-bpe",
                                                   .summary = "learned pieces, the commonest neighbours joined first",
                                                   .paper = "arXiv:1508.07909",
                                                   OPTIONS(learned_table)},
                                          .plan = sid__piece_plan_learned,
                                          .train = sid__piece_bpe_train};

const sid__pieces_class *const sid__pieces_registry[] = {&unigram, &ngram, &bigrams, &prefix, &spm_unigram, &spm_bpe};
const int sid__pieces_registry_count = (int)(sizeof sid__pieces_registry / sizeof *sid__pieces_registry);

int sid_pieces_family_count(void)
{
    return sid__pieces_registry_count;
}

const sid_family *sid_pieces_family(int index)
{
    return index >= 0 && index < sid__pieces_registry_count ? &sid__pieces_registry[index]->info : NULL;
}

sid_status sid__pieces_scheme_find(const char *name, const sid__pieces_class **out, sid_error *err)
{
    enum { NAMES_MAX = 64 };
    const char *names[NAMES_MAX];
    char list[512] = "";
    size_t used = 0;
    for (int i = 0; i < sid__pieces_registry_count && i < NAMES_MAX; i++) {
        names[i] = sid__pieces_registry[i]->info.name;
        if (strcmp(names[i], name) == 0) {
            *out = sid__pieces_registry[i];
            return SID_OK;
        }
        int n = snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
        used += n > 0 && (size_t)n < sizeof list - used ? (size_t)n : 0;
    }
    const char *near = sid_closest(name, names, sid__pieces_registry_count);
    return sid__fail(err, SID_EUSAGE, "scheme of pieces \"%s\" is unknown; %s%s%sknown are %s", name,
                     near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "", list);
}
