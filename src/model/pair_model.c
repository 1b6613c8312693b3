/* pair_model.c: see pair_model.h. */
#include "model/pair_model.h"

static sid_status make_state(sid_model *m, sid__item_pairs **out, sid_error *err)
{
    SID_TRY(sid__alloc(out, 1, sizeof **out, "a model", err));
    m->state = *out;
    return SID_OK;
}

sid_status sid__pair_model_train(sid_ctx *ctx, sid_model *m, const sid__split *split, const sid__pair_options *options,
                                 sid_error *err)
{
    sid__item_pairs *pairs = NULL;
    SID_TRY(make_state(m, &pairs, err));
    return sid__item_pairs_make(ctx, split, options, pairs, err);
}

sid_status sid__pair_model_save(const sid_model *m, sid__tensor_set *set, sid_error *err)
{
    return sid__item_pairs_save(m->state, set, err);
}

sid_status sid__pair_model_load(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    sid__item_pairs *pairs = NULL;
    SID_TRY(make_state(m, &pairs, err));
    return sid__item_pairs_load(m->items.count, set, pairs, err);
}

void sid__pair_model_drop(sid_model *m)
{
    sid__item_pairs_drop(m->state);
    sid__free(m->state);
}
