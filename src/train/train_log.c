/* train_log.c: metrics.jsonl: a line of JSON for every hundred steps and for each validation. It is written whole, with each
 * checkpoint and at the end, so that after a kill it holds what the checkpoint knows of, and not a half line.
 *
 *     {"step":100,"epoch":1,"loss":8.93,"lr":0.00028,"grad_norm":1.02,"tokens_per_s":9120,"step_mb":31,"peak_mb":212,"elapsed_s":8.1}
 *     {"step":175,"epoch":1,"valid_ndcg@10":0.0123,"best":0.0123,"best_epoch":1,"valid_s":1.2,"elapsed_s":15.4}
 *
 * step_mb: of the largest step yet, values and gradients; peak_mb: of the whole process.
 */
#include <inttypes.h>
#include <sys/resource.h>

#include "base/vfs.h"
#include "io/json.h"
#include "train/trainer.h"

enum { LOG_SIZE_MAX = 1 << 28 };

static sid_status append(sid__strbuf *log, const char *name, double value, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(log, err, ",\"%s\":", name));
    return sid__json_append_number(log, value, err);
}

static double peak_mb(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss / 1024 : 0;
}

/* A line is appended whole or not at all. */
static sid_status append_line(sid__trainer *t, sid_status status, sid__strbuf *line, sid_error *err)
{
    if (status == SID_OK)
        status = append(line, "elapsed_s", sid__train_now_s() - t->start_s, err);
    if (status == SID_OK)
        status = sid__strbuf_printf(line, err, "}\n");
    if (status == SID_OK)
        status = sid__strbuf_append(&t->log, line->text, (size_t)line->length, err);
    sid__strbuf_drop(line);
    return status;
}

static sid_status write_steps(const sid__trainer *t, sid__strbuf *line, sid_error *err)
{
    double count = (double)t->loss_count, since_s = sid__train_now_s() - t->line_s;
    SID_TRY(
        sid__strbuf_printf(line, err, "{\"step\":%" PRId64 ",\"epoch\":%" PRId64, t->step, t->epoch + (t->index > 0)));
    SID_TRY(append(line, "loss", t->loss_sum / count, err));
    for (int l = 0; l < t->levels_sum.levels; l++) {
        SID_TRY(sid__strbuf_printf(line, err, "%s", l ? "," : ",\"level_loss\":["));
        SID_TRY(sid__json_append_number(line, t->levels_sum.loss[l] / count, err));
    }
    if (t->levels_sum.levels > 0)
        SID_TRY(sid__strbuf_printf(line, err, "]"));
    SID_TRY(append(line, "lr", sid__optim_rate(&t->optim.options, t->optim.step), err));
    SID_TRY(append(line, "grad_norm", t->norm, err));
    SID_TRY(append(line, "tokens_per_s", since_s > 0 ? (double)t->token_count / since_s : 0, err));
    const sid__memory *memory = &t->memory;
    size_t step_size = memory->step_size > memory->most_size ? memory->step_size : memory->most_size;
    SID_TRY(append(line, "step_mb", (double)step_size / (1 << 20), err));
    return append(line, "peak_mb", peak_mb(), err);
}

sid_status sid__train_log_steps(sid__trainer *t, sid_error *err)
{
    sid__strbuf line = {0};
    if (t->loss_count == 0)
        return SID_OK;
    SID_TRY(append_line(t, write_steps(t, &line, err), &line, err));
    t->line_loss = t->loss_sum / (double)t->loss_count;
    t->loss_sum = 0;
    t->loss_count = t->token_count = 0;
    t->levels_sum = (sid__level_losses){0};
    t->line_s = sid__train_now_s();
    return SID_OK;
}

static sid_status write_valid(const sid__trainer *t, double ndcg, double valid_s, sid__strbuf *line, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(line, err, "{\"step\":%" PRId64 ",\"epoch\":%" PRId64, t->step, t->epoch + 1));
    SID_TRY(append(line, "valid_ndcg@10", ndcg, err));
    SID_TRY(append(line, "best", t->best_value, err));
    SID_TRY(sid__strbuf_printf(line, err, ",\"best_epoch\":%" PRId64, t->best_epoch));
    return append(line, "valid_s", valid_s, err);
}

sid_status sid__train_log_valid(sid__trainer *t, double ndcg, double valid_s, sid_error *err)
{
    sid__strbuf line = {0};
    SID_TRY(append_line(t, write_valid(t, ndcg, valid_s, &line, err), &line, err));
    t->line_s = sid__train_now_s();
    return SID_OK;
}

sid_status sid__train_log_write(const sid__trainer *t, sid_error *err)
{
    return t->plan->log ? sid__replace_whole(t->plan->log, t->log.text ? t->log.text : "", (size_t)t->log.length, err)
                        : SID_OK;
}

sid_status sid__train_log_read(sid__trainer *t, sid_error *err)
{
    char *bytes = NULL;
    int64_t size = 0;
    if (!t->plan->log || !sid__path_exists(t->plan->log))
        return SID_OK;
    SID_TRY(sid__read_whole(t->plan->log, LOG_SIZE_MAX, &bytes, &size, err));
    sid_status status = sid__strbuf_append(&t->log, bytes, (size_t)size, err);
    sid__free(bytes);
    return status;
}
