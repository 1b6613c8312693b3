/* rqvae_state.c: the checkpoint of a training: parameters now and at the best look, moments, hits of codes, counters. */
#include <stdio.h>

#include "quant/rqvae_train.h"
#include "tensor/checkpoint.h"

enum { COUNTERS = 4, NAME_SIZE = 32 };

static void hash_rows(const sid__rqvae_trainer *t, char hex[SID__SHA256_HEX_SIZE])
{
    unsigned char digest[SID__SHA256_SIZE];
    sid__sha256 hash;
    sid__sha256_init(&hash);
    sid__sha256_update(&hash, &t->count, sizeof t->count);
    sid__sha256_update(&hash, t->x, (size_t)t->count * (size_t)t->model->options.dim * sizeof *t->x);
    sid__sha256_final(&hash, digest);
    sid__sha256_hex(digest, hex);
}

static sid__checkpoint about(const sid__rqvae_trainer *t)
{
    sid__checkpoint what = {.kind = "rqvae", .options = t->plan->options ? t->plan->options : "", .step = t->step};
    hash_rows(t, what.data);
    return what;
}

static const char *level_name(char name[NAME_SIZE], const char *what, int level)
{
    (void)snprintf(name, NAME_SIZE, "%s.%d", what, level + 1);
    return name;
}

static sid_status save_levels(const sid__rqvae_trainer *t, sid__tensor_set *set, sid_error *err)
{
    const sid__rqvae_model *m = t->model;
    char name[NAME_SIZE];
    for (int l = 0; l < m->options.levels; l++) {
        int64_t codes = m->options.codes[l];
        SID_TRY(sid__state_save_i64(set, level_name(name, "usage", l), t->usage[l], codes, err));
        if (m->options.update != SID__CODES_EMA)
            continue;
        SID_TRY(sid__state_save_f64(set, level_name(name, "hits", l), m->hits[l], codes, err));
        SID_TRY(sid__state_save_f64(set, level_name(name, "sums", l), m->sums[l], codes * m->options.latent, err));
    }
    return SID_OK;
}

static sid_status load_levels(sid__rqvae_trainer *t, const sid__tensor_set *set, sid_error *err)
{
    sid__rqvae_model *m = t->model;
    char name[NAME_SIZE];
    for (int l = 0; l < m->options.levels; l++) {
        int64_t codes = m->options.codes[l];
        SID_TRY(sid__state_load_i64(set, level_name(name, "usage", l), t->usage[l], codes, err));
        if (m->options.update != SID__CODES_EMA)
            continue;
        SID_TRY(sid__state_load_f64(set, level_name(name, "hits", l), m->hits[l], codes, err));
        SID_TRY(sid__state_load_f64(set, level_name(name, "sums", l), m->sums[l], codes * m->options.latent, err));
    }
    return SID_OK;
}

static sid_status save_all(const sid__rqvae_trainer *t, sid__tensor_set *set, sid_error *err)
{
    const int64_t counter[COUNTERS] = {t->best_step, t->stale, t->has_best, t->is_best_collapsed};
    SID_TRY(sid__params_save(&t->model->params, "now.", t->model->params.data, set, err));
    SID_TRY(sid__params_save(&t->model->params, "best.", t->best, set, err));
    SID_TRY(sid__optim_save(&t->optim, set, err));
    SID_TRY(save_levels(t, set, err));
    SID_TRY(sid__state_save_f64(set, "best.error", &t->best_error, 1, err));
    return sid__state_save_i64(set, "counters", counter, COUNTERS, err);
}

static sid_status load_all(sid__rqvae_trainer *t, const sid__tensor_set *set, sid_error *err)
{
    int64_t counter[COUNTERS];
    SID_TRY(sid__params_load(&t->model->params, "now.", set, t->model->params.data, err));
    SID_TRY(sid__params_load(&t->model->params, "best.", set, t->best, err));
    SID_TRY(sid__optim_load(&t->optim, set, err));
    SID_TRY(load_levels(t, set, err));
    SID_TRY(sid__state_load_f64(set, "best.error", &t->best_error, 1, err));
    SID_TRY(sid__state_load_i64(set, "counters", counter, COUNTERS, err));
    t->best_step = counter[0];
    t->stale = counter[1];
    t->has_best = counter[2] != 0;
    t->is_best_collapsed = counter[3] != 0;
    return SID_OK;
}

sid_status sid__rqvae_state_write(sid__rqvae_trainer *t, sid_error *err)
{
    const sid__checkpoint what = about(t);
    sid__tensor_set set = {0};
    sid_status status = save_all(t, &set, err);
    if (status == SID_OK)
        status = sid__checkpoint_write(t->plan->checkpoint, &what, &set, err);
    sid__tensor_set_drop(&set);
    return status;
}

sid_status sid__rqvae_state_read(sid__rqvae_trainer *t, sid_error *err)
{
    sid__checkpoint what = about(t);
    sid__tensor_set set = {0};
    SID_TRY(sid__checkpoint_read(t->plan->checkpoint, &what, &set, err));
    sid_status status = load_all(t, &set, err);
    t->step = what.step;
    sid__tensor_set_drop(&set);
    return status;
}
