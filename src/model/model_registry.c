/* model_registry.c: the list of families of recommenders. A new family is one row. */
#include <stdio.h>
#include <string.h>

#include "model/model.h"

const sid__model_class *const sid__model_registry[] = {&sid__pop,      &sid__last,   &sid__itemknn,
                                                       &sid__item2vec, &sid__sasrec, &sid__gru4rec,
                                                       &sid__bert4rec, &sid__tiger,  &sid__sidgpt_family};
const int sid__model_registry_count = (int)(sizeof sid__model_registry / sizeof *sid__model_registry);

int sid_model_family_count(void)
{
    return sid__model_registry_count;
}

const sid_family *sid_model_family(int index)
{
    return index >= 0 && index < sid__model_registry_count ? &sid__model_registry[index]->info : NULL;
}

sid_status sid__model_family_find(const char *name, const sid__model_class **out, sid_error *err)
{
    enum { NAMES_MAX = 64 };
    const char *names[NAMES_MAX];
    char list[512] = "";
    size_t used = 0;
    for (int i = 0; i < sid__model_registry_count && i < NAMES_MAX; i++) {
        names[i] = sid__model_registry[i]->info.name;
        if (strcmp(names[i], name) == 0) {
            *out = sid__model_registry[i];
            return SID_OK;
        }
        int n = snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
        used += n > 0 && (size_t)n < sizeof list - used ? (size_t)n : 0;
    }
    const char *near = sid_closest(name, names, sid__model_registry_count);
    return sid__fail(err, SID_EUSAGE, "model family \"%s\" is unknown; %s%s%sknown are %s", name,
                     near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "", list);
}
