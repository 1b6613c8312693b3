/* verbs.h: the list of verbs, and the options that several of them share. */
#ifndef SEMID_CLI_VERBS_H
#define SEMID_CLI_VERBS_H

#include "command.h"

/* In the order of the overview: along the pipeline. */
#define CLI_VERB_LIST(X)                                                                                               \
    X(fit)                                                                                                             \
    X(advise)                                                                                                          \
    X(embed)                                                                                                           \
    X(encode)                                                                                                          \
    X(remove)                                                                                                          \
    X(inspect)                                                                                                         \
    X(neighbors)                                                                                                       \
    X(show)                                                                                                            \
    X(label)                                                                                                           \
    X(decode)                                                                                                          \
    X(export)                                                                                                          \
    X(import)                                                                                                          \
    X(compare)                                                                                                         \
    X(use)                                                                                                             \
    X(pieces)                                                                                                          \
    X(verify)                                                                                                          \
    X(train)                                                                                                           \
    X(eval)                                                                                                            \
    X(recommend)                                                                                                       \
    X(retrieve)                                                                                                        \
    X(rank)                                                                                                            \
    X(serve)                                                                                                           \
    X(synth)                                                                                                           \
    X(doctor)                                                                                                          \
    X(version)                                                                                                         \
    X(help)

#define CLI_VERB_DECLARE(name) extern const cli_command cli_##name;
CLI_VERB_LIST(CLI_VERB_DECLARE)
#undef CLI_VERB_DECLARE

/* "tsv|jsonl|...|lcrec", for --as. */
#define CLI_FORM_CHOICE_(id, name, summary) name "|"
#define CLI_FORMS SID_FORM_LIST(CLI_FORM_CHOICE_) "lcrec"
#define CLI_OPTION_TOKEN_FORM                                                                                          \
    {                                                                                                                  \
        .name = "form", .type = CLI_CHOICE, .choices = "letters|onerec|flat|offset|template", .value = "FORM",         \
        .help = "tokens: which form they have (not given: letters)"                                                    \
    }
#define CLI_OPTION_TEMPLATE                                                                                            \
    {                                                                                                                  \
        .name = "template", .type = CLI_TEXT, .value = "TEXT",                                                         \
        .help = "template: what stands for each level, with {code}, and {level} from 1 or {letter} from a"             \
    }

#define CLI_OPTION_OUTPUT_OF(actions, what)                                                                            \
    {                                                                                                                  \
        .name = "output", .letter = 'o', .type = CLI_TEXT, .only = (actions), .value = "PATH", .help = what            \
    }
#define CLI_OPTION_OUTPUT(what) CLI_OPTION_OUTPUT_OF(NULL, what)
#define CLI_OPTION_ON_ERROR                                                                                            \
    {                                                                                                                  \
        .name = "on-error", .type = CLI_TEXT, .value = "WHAT", .default_text = "fail",                                 \
        .help = "with bad rows of an items file: fail, skip, or quarantine=FILE (reasons go to FILE.why)"              \
    }
#define CLI_OPTION_VECTORS                                                                                             \
    {                                                                                                                  \
        .name = "vectors", .type = CLI_TEXT, .value = "FILE[:IDS]",                                                    \
        .help = "x.npy, x.npz[:array] or x.safetensors:tensor, (N, D) float16, 32 or 64"                               \
    }
#define CLI_OPTION_IDS                                                                                                 \
    {                                                                                                                  \
        .name = "ids", .type = CLI_TEXT, .value = "FILE", .help = "ids of the vectors, one a line"                     \
    }
#define CLI_OPTION_ITEMS(what)                                                                                         \
    {                                                                                                                  \
        .name = "items", .type = CLI_TEXT, .value = "FILE", .help = what                                               \
    }
#define CLI_OPTION_ENCODER                                                                                             \
    {                                                                                                                  \
        .name = "encoder", .type = CLI_TEXT, .value = "NAME", .default_text = "lsa",                                   \
        .help = "what turns text into vectors"                                                                         \
    }
#define CLI_OPTION_FIELDS                                                                                              \
    {                                                                                                                  \
        .name = "fields", .type = CLI_TEXT, .value = "LIST",                                                           \
        .help = "columns and whole weights, title:2,brand:1 (default: title 2, the others 1)"                          \
    }
#define CLI_OPTION_K(of, usual, least)                                                                                 \
    {                                                                                                                  \
        .name = "k", .letter = 'k', .type = CLI_INT, .value = "N", .default_text = usual, .min = least, .max = 1e9,    \
        .help = of                                                                                                     \
    }
#define CLI_OPTION_CATEGORY                                                                                            \
    {                                                                                                                  \
        .name = "category", .type = CLI_TEXT, .value = "COLUMN",                                                       \
        .help = "the column of the items that holds their category, such as \"Makeup > Nails\""                        \
    }
#define CLI_OPTION_CATEGORY_SEPARATOR                                                                                  \
    {                                                                                                                  \
        .name = "category-separator", .type = CLI_TEXT, .value = "TEXT", .default_text = " > ",                        \
        .help = "what stands between the parts of a category"                                                          \
    }

#endif
