/* checkpoint.c: see checkpoint.h. */
#include "tensor/checkpoint.h"

#include <string.h>

#include "io/json.h"
#include "io/safetensors.h"

static const char about_name[] = "checkpoint";

static sid_status append_about(const sid__checkpoint *about, sid__strbuf *text, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(text, err, "{\"format\":1,\"kind\":"));
    SID_TRY(sid__json_append_text(text, about->kind, err));
    SID_TRY(sid__strbuf_printf(text, err, ",\"step\":%lld,\"options\":", (long long)about->step));
    SID_TRY(sid__json_append_text(text, about->options, err));
    return sid__strbuf_printf(text, err, ",\"data\":\"%s\"}", about->data);
}

sid_status sid__checkpoint_write(const char *path, const sid__checkpoint *about, sid__tensor_set *set, sid_error *err)
{
    sid__strbuf text = {0};
    char *bytes = NULL;
    sid_status status = append_about(about, &text, err);
    int64_t size = text.length;
    if (status == SID_OK)
        status = sid__tensor_add(set, about_name, SID__U8, 1, &size, &bytes, err);
    if (status == SID_OK) {
        memcpy(bytes, text.text, (size_t)text.length);
        status = sid__safetensors_write(set, path, err);
    }
    sid__strbuf_drop(&text);
    return status;
}

static sid_status check_same(const char *path, const json_t *about, const char *member, const char *expected,
                             const char *next, sid_error *err)
{
    const char *seen = json_string_value(json_object_get(about, member));
    if (!seen)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                            "the checkpoint does not say its %s; write a new one", member);
    if (strcmp(seen, expected) == 0)
        return SID_OK;
    return sid__fail_at(err, SID_EUSAGE, (sid__place){.file = path, .byte = -1},
                        "the checkpoint is of other %s: \"%.200s\", here they are \"%.200s\"; %s", member, seen,
                        expected, next);
}

static sid_status check_about(const char *path, const json_t *about, sid__checkpoint *expected, sid_error *err)
{
    static const char again[] = "train as it was begun, or remove it and begin anew";
    if (json_integer_value(json_object_get(about, "format")) != 1)
        return sid__fail_at(err, SID_EVERSION, (sid__place){.file = path, .byte = -1},
                            "a checkpoint of format 1 is expected; this one is of a newer semid");
    SID_TRY(check_same(path, about, "kind", expected->kind, again, err));
    SID_TRY(check_same(path, about, "options", expected->options, again, err));
    SID_TRY(check_same(path, about, "data", expected->data, again, err));
    expected->step = json_integer_value(json_object_get(about, "step"));
    if (expected->step < 0)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                            "the checkpoint is of step %lld; 0 or more is expected", (long long)expected->step);
    return SID_OK;
}

static sid_status check_set(const char *path, const sid__tensor_set *set, sid__checkpoint *expected, sid_error *err)
{
    const sid__tensor *tensor = NULL;
    json_t *about = NULL;
    if (!sid__tensor_find(set, about_name))
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                            "there is no tensor \"%s\"; this is no checkpoint", about_name);
    SID_TRY(sid__tensor_get(set, about_name, SID__U8, 1, &(int64_t){-1}, &tensor, err));
    SID_TRY(sid__json_parse(tensor->data, (size_t)tensor->shape[0], path, &about, err));
    sid_status status = check_about(path, about, expected, err);
    json_decref(about);
    return status;
}

sid_status sid__checkpoint_read(const char *path, sid__checkpoint *about, sid__tensor_set *set, sid_error *err)
{
    SID_TRY(sid__safetensors_read(path, set, err));
    sid_status status = check_set(path, set, about, err);
    if (status != SID_OK)
        sid__tensor_set_drop(set);
    return status;
}

/* ---- Numbers ------------------------------------------------------------------------------------------------------ */

static sid_status save_state(sid__tensor_set *set, const char *name, sid__dtype dtype, const void *data, int64_t count,
                             sid_error *err)
{
    void *copy = NULL;
    SID_TRY(sid__tensor_add(set, name, dtype, 1, &count, &copy, err));
    if (count > 0)
        memcpy(copy, data, (size_t)count * sid__dtype_size(dtype));
    return SID_OK;
}

static sid_status load_state(const sid__tensor_set *set, const char *name, sid__dtype dtype, void *data, int64_t count,
                             sid_error *err)
{
    const sid__tensor *tensor = NULL;
    SID_TRY(sid__tensor_get(set, name, dtype, 1, &count, &tensor, err));
    if (count > 0)
        memcpy(data, tensor->data, (size_t)count * sid__dtype_size(dtype));
    return SID_OK;
}

sid_status sid__state_save_i64(sid__tensor_set *set, const char *name, const int64_t *data, int64_t count,
                               sid_error *err)
{
    return save_state(set, name, SID__I64, data, count, err);
}

sid_status sid__state_load_i64(const sid__tensor_set *set, const char *name, int64_t *data, int64_t count,
                               sid_error *err)
{
    return load_state(set, name, SID__I64, data, count, err);
}

sid_status sid__state_save_f64(sid__tensor_set *set, const char *name, const double *data, int64_t count,
                               sid_error *err)
{
    return save_state(set, name, SID__F64, data, count, err);
}

sid_status sid__state_load_f64(const sid__tensor_set *set, const char *name, double *data, int64_t count,
                               sid_error *err)
{
    return load_state(set, name, SID__F64, data, count, err);
}

/* ---- Optimisers --------------------------------------------------------------------------------------------------- */

sid_status sid__optim_save(const sid__optim *optim, sid__tensor_set *set, sid_error *err)
{
    const double powers[2] = {optim->beta1_power, optim->beta2_power};
    SID_TRY(sid__params_save(optim->params, "optim.first.", optim->first, set, err));
    if (optim->second)
        SID_TRY(sid__params_save(optim->params, "optim.second.", optim->second, set, err));
    if (optim->average)
        SID_TRY(sid__params_save(optim->params, "optim.average.", optim->average, set, err));
    SID_TRY(sid__state_save_f64(set, "optim.powers", powers, 2, err));
    return sid__state_save_i64(set, "optim.step", &optim->step, 1, err);
}

sid_status sid__optim_load(sid__optim *optim, const sid__tensor_set *set, sid_error *err)
{
    double powers[2];
    SID_TRY(sid__params_load(optim->params, "optim.first.", set, optim->first, err));
    if (optim->second)
        SID_TRY(sid__params_load(optim->params, "optim.second.", set, optim->second, err));
    if (optim->average)
        SID_TRY(sid__params_load(optim->params, "optim.average.", set, optim->average, err));
    SID_TRY(sid__state_load_f64(set, "optim.powers", powers, 2, err));
    optim->beta1_power = powers[0];
    optim->beta2_power = powers[1];
    return sid__state_load_i64(set, "optim.step", &optim->step, 1, err);
}
