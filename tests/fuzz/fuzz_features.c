/* fuzz_features.c: files of features. Oracles: what is taken keeps its promises: every feature has its table, user and item are
 * features of their columns, a history is of an item's feature; what is refused says why.
 */
#include <string.h>

#include "fuzz.h"
#include "rank/feature_file.h"

static void check_plan(const sid__feature_plan *plan)
{
    FUZZ_CHECK(plan->family && plan->options);
    FUZZ_CHECK(plan->label_count >= 1 && plan->label_count <= SID__RANK_TASKS_MAX);
    FUZZ_CHECK(plan->user >= 0 && plan->item >= 0 && plan->feature_count <= SID__FEATURES_MAX);
    FUZZ_CHECK(strcmp(plan->feature[plan->user].column, plan->user_column) == 0);
    FUZZ_CHECK(strcmp(plan->feature[plan->item].column, plan->item_column) == 0);
    for (int f = 0; f < plan->feature_count; f++) {
        const sid__feature *of = &plan->feature[f];
        if (of->kind <= SID__FEATURE_SID)
            FUZZ_CHECK(of->table >= 0 && of->table < plan->table_count && plan->table[of->table].dim > 0);
        else if (of->kind == SID__FEATURE_HISTORY)
            FUZZ_CHECK(of->as < f && strcmp(plan->feature[of->as].column, plan->item_column) == 0);
        else
            FUZZ_CHECK(of->count > 0 && of->first + of->count <= plan->dense_count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sid_error err = {0};
    sid__feature_plan plan;
    if (sid__feature_plan_parse((const char *)data, size, "f.json", &plan, &err) == SID_OK)
        check_plan(&plan);
    else
        FUZZ_CHECK(err.message[0]);
    sid__feature_plan_drop(&plan);
    return 0;
}
