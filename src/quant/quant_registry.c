/* quant_registry.c: the list of quantizer families, and the options that all of them share. A new family is one row. */
#include <stdio.h>
#include <string.h>

#include "quant/families.h"

const sid__family_class *const sid__quantizer_registry[] = {
    &sid__rkmeans, &sid__balanced, &sid__fsq, &sid__pq, &sid__opq, &sid__rqvae, &sid__rqkmeans_plus, &sid__rvq};
const int sid__quantizer_registry_count = (int)(sizeof sid__quantizer_registry / sizeof *sid__quantizer_registry);

#define AT(field) offsetof(sid__quantizer_options, field)
static const sid_option common_table[] = {
    {"levels", SID_OPTION_INT, "3", 1, SID_LEVELS_MAX, NULL, "codes in a SID, coarse to fine", AT(levels)},
    {"codes", SID_OPTION_TEXT, "256", 0, 0, NULL, "codebook size of every level, or one number a level: 2048,1024,512",
     AT(codes_text)},
    {"seed", SID_OPTION_INT, "42", 0, 9007199254740992.0, NULL, "all randomness comes from it", AT(seed)},
    {"sample", SID_OPTION_INT, "0", 0, 1e15, NULL, "rows to fit on, seeded; 0: min(N, max(65536, 256 x codes))",
     AT(sample)},
    {"no_center", SID_OPTION_FLAG, "false", 0, 0, NULL, "do not subtract the mean first", AT(no_center)},
    {"normalize", SID_OPTION_CHOICE, "none", 0, 0, "none|l2", "scale every vector to unit length first", AT(normalize)},
    {"pca", SID_OPTION_INT, "0", 0, SID_DIM_MAX, NULL, "keep this many principal directions; 0: all dimensions",
     AT(pca)},
    {"beam", SID_OPTION_INT, "1", 1, 1024, NULL, "paths kept while encoding; 1 is greedy", AT(beam)},
};
#undef AT

static const sid_family common_family = {.name = "common",
                                         .summary = "options of every quantizer",
                                         .paper = "",
                                         .options = common_table,
                                         .option_count = sizeof common_table / sizeof *common_table};

int sid_quantizer_family_count(void)
{
    return sid__quantizer_registry_count;
}

const sid_family *sid_quantizer_family(int index)
{
    return index >= 0 && index < sid__quantizer_registry_count ? &sid__quantizer_registry[index]->info : NULL;
}

const sid_family *sid_quantizer_common(void)
{
    return &common_family;
}

sid_status sid__quantizer_family_find(const char *name, const sid__family_class **out, sid_error *err)
{
    enum { NAMES_MAX = 64 };
    const char *names[NAMES_MAX];
    char list[512] = "";
    size_t used = 0;
    for (int i = 0; i < sid__quantizer_registry_count && i < NAMES_MAX; i++) {
        names[i] = sid__quantizer_registry[i]->info.name;
        if (strcmp(names[i], name) == 0) {
            *out = sid__quantizer_registry[i];
            return SID_OK;
        }
        int n = snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
        used += n > 0 && (size_t)n < sizeof list - used ? (size_t)n : 0;
    }
    const char *near = sid_closest(name, names, sid__quantizer_registry_count);
    return sid__fail(err, SID_EUSAGE, "quantizer \"%s\" is unknown; %s%s%sknown are %s", name,
                     near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "", list);
}
