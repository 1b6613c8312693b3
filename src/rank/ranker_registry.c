/* ranker_registry.c: the list of families of rankers. A new family is one row. */
#include <stdio.h>
#include <string.h>

#include "rank/ranker.h"
#include "semid_rank.h"

const sid__ranker_class *const sid__ranker_registry[] = {
    &sid__ranker_dot,   &sid__ranker_lr,  &sid__ranker_fm,        &sid__ranker_deepfm, &sid__ranker_dlrm,
    &sid__ranker_dcnv2, &sid__ranker_din, &sid__ranker_two_tower, &sid__ranker_mmoe};
const int sid__ranker_registry_count = (int)(sizeof sid__ranker_registry / sizeof *sid__ranker_registry);

int sid_ranker_family_count(void)
{
    return sid__ranker_registry_count;
}

const sid_family *sid_ranker_family(int index)
{
    return index >= 0 && index < sid__ranker_registry_count ? &sid__ranker_registry[index]->info : NULL;
}

sid_status sid__ranker_find(const char *name, const sid__ranker_class **out, sid_error *err)
{
    enum { NAMES_MAX = 32 };
    const char *names[NAMES_MAX];
    char list[256] = "";
    size_t used = 0;
    for (int i = 0; i < sid__ranker_registry_count && i < NAMES_MAX; i++) {
        names[i] = sid__ranker_registry[i]->info.name;
        if (strcmp(names[i], name) == 0) {
            *out = sid__ranker_registry[i];
            return SID_OK;
        }
        int n = snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
        used += n > 0 && (size_t)n < sizeof list - used ? (size_t)n : 0;
    }
    const char *near = sid_closest(name, names, sid__ranker_registry_count);
    return sid__fail(err, SID_EUSAGE, "ranker \"%s\" is unknown; %s%s%sknown are %s", name,
                     near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "", list);
}
