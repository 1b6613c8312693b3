/* learner.c: see learner.h. */
#include "model/learner.h"

#include "base/philox.h"
#include "linalg/scalar.h"

const sid__training *sid__model_training(const sid_model *m)
{
    return (const sid__training *)((const char *)m->family_options + m->family->learner->training_offset);
}

sid_status sid__learner_add(sid__params *params, const char *name, int64_t rows, int columns, bool is_decayed,
                            int *index, sid_error *err)
{
    const sid__param like = {
        .value = {.rows = rows > 0 ? rows : 1, .columns = columns}, .is_decayed = is_decayed, .is_vector = rows == 0};
    *index = params->count;
    return sid__params_add(params, &like, name, err);
}

/* Names of a model differ in their keys, so that each parameter has draws of its own wherever it stands. */
void sid__param_normal(sid__params *params, int index, uint64_t seed, double deviation)
{
    const sid__param *param = &params->param[index];
    uint64_t from = sid__name_key(param->name);
    for (int64_t i = 0; i < param->value.rows * param->value.columns; i++)
        param->value.data[i] = (float)(deviation * sid__gaussian(seed, SID__STREAM_WEIGHTS, from + (uint64_t)i));
}

void sid__param_uniform(sid__params *params, int index, uint64_t seed, double bound)
{
    const sid__param *param = &params->param[index];
    uint64_t from = sid__name_key(param->name);
    for (int64_t i = 0; i < param->value.rows * param->value.columns; i++)
        param->value.data[i] =
            (float)(bound * (2 * sid__philox_uniform(seed, SID__STREAM_WEIGHTS, from + (uint64_t)i) - 1));
}

void sid__param_fill(sid__params *params, int index, float value)
{
    const sid__value *to = &params->param[index].value;
    for (int64_t i = 0; i < to->rows * to->columns; i++)
        to->data[i] = value;
}

sid_status sid__learner_save(const sid_model *m, sid__tensor_set *set, sid_error *err)
{
    return sid__params_save(&m->params, "", m->params.data, set, err);
}

sid_status sid__learner_load(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    const sid__learner *learner = m->family->learner;
    SID_TRY(learner->build(m, NULL, &m->params, err));
    SID_TRY(sid__params_load(&m->params, "", set, m->params.data, err));
    if (learner->ready)
        SID_TRY(learner->ready(m, err));
    return m->family->generator ? sid__params_settle(m->ctx, &m->params, err) : SID_OK;
}
