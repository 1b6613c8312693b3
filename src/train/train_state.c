/* train_state.c: the checkpoint of a training: weights now and at the best validation, moments, averages, counters. Two are
 * kept: the newest, and the one before for the day when the newest is damaged.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/vfs.h"
#include "tensor/checkpoint.h"
#include "train/trainer.h"

enum { COUNTERS = 6, PATH_SIZE = 4096 };

static void hash_data(const sid__trainer *t, char hex[SID__SHA256_HEX_SIZE])
{
    const sid__split *split = t->split;
    const sid_model *m = t->m;
    unsigned char digest[SID__SHA256_SIZE];
    sid__sha256 hash;
    sid__sha256_init(&hash);
    sid__sha256_update(&hash, &split->user_count, sizeof split->user_count);
    sid__sha256_update(&hash, &split->item_count, sizeof split->item_count);
    sid__sha256_update(&hash, split->begin, (size_t)(split->user_count + 1) * sizeof *split->begin);
    sid__sha256_update(&hash, split->train_end, (size_t)split->user_count * sizeof *split->train_end);
    sid__sha256_update(&hash, split->item, (size_t)split->begin[split->user_count] * sizeof *split->item);
    if (m->vectors)
        sid__sha256_update(&hash, m->vectors, (size_t)m->items.count * (size_t)m->dim * sizeof *m->vectors);
    if (m->sids.levels > 0) {
        sid__sha256_update(&hash, m->sids.code, (size_t)(m->sids.count * m->sids.width) * sizeof *m->sids.code);
        sid__sha256_update(&hash, m->sids.is_known, (size_t)m->sids.count);
    }
    sid__sha256_final(&hash, digest);
    sid__sha256_hex(digest, hex);
}

/* Everything that makes a training another one. */
static sid_status describe(const sid__trainer *t, sid__strbuf *text, sid__checkpoint *what, sid_error *err)
{
    const sid_model *m = t->m;
    SID_TRY(sid__strbuf_printf(text, err, "%s,seed=%" PRIu64 ",split=%s,ties=%s%s%s", m->family->info.name, m->seed,
                               m->split, m->ties, *m->options_text ? "," : "", m->options_text));
    *what = (sid__checkpoint){.kind = "train", .options = text->text, .step = t->step};
    hash_data(t, what->data);
    return SID_OK;
}

static sid_status save_all(const sid__trainer *t, sid__tensor_set *set, sid_error *err)
{
    const sid__params *params = &t->m->params;
    const int64_t counter[COUNTERS] = {t->epoch, t->index, t->settings.epochs, t->best_epoch, t->stale, t->has_best};
    SID_TRY(sid__params_save(params, "now.", params->data, set, err));
    SID_TRY(sid__params_save(params, "best.", t->best, set, err));
    SID_TRY(sid__optim_save(&t->optim, set, err));
    SID_TRY(sid__state_save_f64(set, "best.value", &t->best_value, 1, err));
    return sid__state_save_i64(set, "counters", counter, COUNTERS, err);
}

static sid_status load_all(sid__trainer *t, const sid__tensor_set *set, sid_error *err)
{
    const sid__params *params = &t->m->params;
    int64_t counter[COUNTERS];
    SID_TRY(sid__state_load_i64(set, "counters", counter, COUNTERS, err));
    SID_TRY(sid__state_load_f64(set, "best.value", &t->best_value, 1, err));
    SID_TRY(sid__params_load(params, "now.", set, params->data, err));
    SID_TRY(sid__params_load(params, "best.", set, t->best, err));
    t->epoch = counter[0];
    t->index = counter[1];
    t->settings.epochs = counter[2];
    t->best_epoch = counter[3];
    t->stale = counter[4];
    t->has_best = counter[5] != 0;
    SID_TRY(sid__train_create_optim(t, err));
    SID_TRY(sid__optim_load(&t->optim, set, err));
    sid__batcher_begin(&t->batcher, t->epoch);
    if (t->epoch < 0 || t->epoch > t->settings.epochs || t->index < 0 || t->index > t->batcher.batch_count)
        return sid__fail(err, SID_EDATA,
                         "the checkpoint is of epoch %" PRId64 ", batch %" PRId64 ", which are not there", t->epoch,
                         t->index);
    return SID_OK;
}

static sid_status path_of(const sid__trainer *t, const char *suffix, char path[PATH_SIZE], sid_error *err)
{
    int length = snprintf(path, PATH_SIZE, "%s%s", t->plan->checkpoint, suffix);
    return length < PATH_SIZE ? SID_OK
                              : sid__fail(err, SID_EUSAGE, "the path of the checkpoint has %d bytes; %d are the most",
                                          length, PATH_SIZE - 1);
}

/* The newest becomes the one before it, then a new one is written: wherever this is cut short, the newest or the one before
 * it is there, whole. */
static sid_status write_files(const sid__trainer *t, const sid__checkpoint *what, sid__tensor_set *set, sid_error *err)
{
    char old[PATH_SIZE];
    SID_TRY(sid__train_log_write(t, err));
    SID_TRY(path_of(t, ".old", old, err));
    if (sid__path_exists(t->plan->checkpoint)) {
        SID_TRY(sid__remove_tree(old, err));
        SID_TRY(sid__rename(t->plan->checkpoint, old, false, err));
    }
    return sid__checkpoint_write(t->plan->checkpoint, what, set, err);
}

sid_status sid__train_state_write(sid__trainer *t, sid_error *err)
{
    sid__strbuf text = {0};
    sid__checkpoint what;
    sid__tensor_set set = {0};
    sid_status status = describe(t, &text, &what, err);
    if (status == SID_OK)
        status = save_all(t, &set, err);
    if (status == SID_OK)
        status = write_files(t, &what, &set, err);
    sid__tensor_set_drop(&set);
    sid__strbuf_drop(&text);
    if (status == SID_OK) {
        t->checkpoint_s = sid__train_now_s();
        t->checkpoint_step = t->step;
    }
    return status;
}

static sid_status read_file(const char *path, sid__trainer *t, sid__checkpoint *what, sid__tensor_set *set,
                            sid_error *err)
{
    SID_TRY(sid__checkpoint_read(path, what, set, err));
    t->step = t->checkpoint_step = what->step;
    return SID_OK;
}

/* The one before, where the newest is not there or is damaged; not where it is of another training. */
static sid_status read_either(sid__trainer *t, sid__checkpoint *what, sid__tensor_set *set, sid_error *err)
{
    char old[PATH_SIZE];
    sid_error why;
    SID_TRY(path_of(t, ".old", old, err));
    sid_status status = read_file(t->plan->checkpoint, t, what, set, &why);
    if (status != SID_OK && status != SID_EUSAGE && status != SID_ENOMEM && sid__path_exists(old)) {
        sid__ctx_warn(t->ctx, "%s; %s, the one before, is gone on from", why.message, old);
        return read_file(old, t, what, set, err);
    }
    if (status != SID_OK && err)
        *err = why;
    return status;
}

sid_status sid__train_state_read(sid__trainer *t, sid_error *err)
{
    sid__strbuf text = {0};
    sid__checkpoint what;
    sid__tensor_set set = {0};
    sid_status status = describe(t, &text, &what, err);
    if (status == SID_OK)
        status = read_either(t, &what, &set, err);
    if (status == SID_OK)
        status = load_all(t, &set, err);
    sid__tensor_set_drop(&set);
    sid__strbuf_drop(&text);
    return status;
}
