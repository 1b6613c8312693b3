/* report_json.c: the report as the JSON of spec/interfaces.md §1.3 `inspect`: the members and their order are an
 * interface, read by scripts, the server and the explorer. report_parse.c reads it back.
 */
#include <inttypes.h>

#include "io/json.h"
#include "sid/health.h"

/* Appends until something fails; the status stays. */
typedef struct writer {
    sid__strbuf text;
    sid_status status;
    sid_error *err;
    bool has_member; /* in the object being written */
} writer;

static void put(writer *to, const char *text)
{
    if (to->status == SID_OK)
        to->status = sid__strbuf_printf(&to->text, to->err, "%s", text);
}

static void put_name(writer *to, const char *name)
{
    if (to->has_member)
        put(to, ",");
    to->has_member = true;
    if (to->status == SID_OK)
        to->status = sid__strbuf_printf(&to->text, to->err, "\"%s\":", name);
}

static void put_text_value(writer *to, const char *text)
{
    if (!text)
        put(to, "null");
    else if (to->status == SID_OK)
        to->status = sid__json_append_text(&to->text, text, to->err);
}

static void put_text(writer *to, const char *name, const char *text)
{
    put_name(to, name);
    put_text_value(to, text);
}

static void put_int(writer *to, const char *name, int64_t value)
{
    put_name(to, name);
    if (to->status == SID_OK)
        to->status = sid__strbuf_printf(&to->text, to->err, "%" PRId64, value);
}

static void put_number(writer *to, const char *name, double value)
{
    put_name(to, name);
    if (to->status == SID_OK)
        to->status = sid__json_append_number(&to->text, value, to->err);
}

static void put_texts(writer *to, const char *name, const char *const *texts, int count)
{
    put_name(to, name);
    put(to, "[");
    for (int i = 0; i < count; i++) {
        if (i > 0)
            put(to, ",");
        put_text_value(to, texts[i]);
    }
    put(to, "]");
}

static void begin_object(writer *to)
{
    put(to, "{");
    to->has_member = false;
}

static void end_object(writer *to)
{
    put(to, "}");
    to->has_member = true;
}

static void put_checks(writer *to, const sid_report *report)
{
    put_name(to, "checks");
    put(to, "[");
    for (int i = 0; i < report->check_count; i++) {
        const sid_check *check = &report->checks[i];
        if (i > 0)
            put(to, ",");
        begin_object(to);
        put_text(to, "name", check->name);
        put_number(to, "value", check->value);
        put_text(to, "verdict", check->verdict);
        put_text(to, "next", check->next);
        end_object(to);
    }
    put(to, "]");
}

static void put_added(writer *to, const sid_report *report)
{
    put_name(to, "added");
    begin_object(to);
    put_int(to, "items", report->added_items);
    put_number(to, "residual_ratio", report->added_residual_ratio);
    put_number(to, "largest_bucket_growth", report->added_largest_bucket_growth);
    put_text(to, "advice", report->added_advice);
    end_object(to);
}

static void put_level(writer *to, const sid_level_report *level)
{
    begin_object(to);
    put_int(to, "index", level->index);
    put_int(to, "codes", level->codes);
    put_int(to, "used", level->used);
    put_int(to, "dead", level->dead);
    put_number(to, "perplexity", level->perplexity);
    put_number(to, "entropy", level->entropy);
    put_number(to, "entropy_given_prefix", level->entropy_given_prefix);
    put_number(to, "gini", level->gini);
    put_number(to, "gini_used", level->gini_used);
    put_number(to, "top_rate", level->top_rate);
    put_number(to, "top1pct_rate", level->top1pct_rate);
    put_int(to, "prefixes", level->prefixes);
    put_number(to, "relative_mse", level->relative_mse);
    put_number(to, "cosine", level->cosine);
    put_number(to, "residual_ratio", level->residual_ratio);
    put_number(to, "knn_recall", level->knn_recall);
    put_number(to, "knn_lift", level->knn_lift);
    put_number(to, "purity", level->purity);
    put_number(to, "purity_shuffled", level->purity_shuffled);
    put_number(to, "nmi", level->nmi);
    put_number(to, "ami", level->ami);
    end_object(to);
}

static void put_head(writer *to, const sid_report *report)
{
    put_int(to, "format", 1);
    put_text(to, "id", report->id);
    put_int(to, "version", report->version);
    put_text(to, "parent", report->parent);
    put_text(to, "quantizer", report->quantizer);
    put_text(to, "collisions", report->collisions);
    put_int(to, "dim", report->dim);
    put_text(to, "verdict", report->verdict);
    put_int(to, "items", report->items);
    put_int(to, "items_without_text", report->items_without_text);
    put_int(to, "levels", report->levels);
    put_int(to, "codes", report->codes);
}

static void put_figures(writer *to, const sid_report *report)
{
    put_int(to, "unique_sids", report->unique_sids);
    put_number(to, "unique_rate", report->unique_rate);
    put_int(to, "changed_items", report->changed_items);
    put_text(to, "resolved_by", report->resolved_by);
    put_number(to, "colliding_items_rate", report->colliding_items_rate);
    put_number(to, "colliding_distinct_rate", report->colliding_distinct_rate);
    if (report->duplicate_vectors < 0)
        put_text(to, "duplicate_vectors", NULL);
    else
        put_int(to, "duplicate_vectors", report->duplicate_vectors);
    put_int(to, "largest_bucket", report->largest_bucket);
    put_text(to, "largest_bucket_sid", report->largest_bucket_sid);
    put_number(to, "bucket_seen", report->bucket_seen);
    put_number(to, "bucket_p99", report->bucket_p99);
    put_number(to, "mse", report->mse);
    put_number(to, "relative_mse", report->relative_mse);
    put_number(to, "lcp_ratio", report->lcp_ratio);
}

sid_status sid_report_json(const sid_report *report, char **json, sid_error *err)
{
    writer to = {.err = err};
    begin_object(&to);
    put_head(&to, report);
    put_figures(&to, report);
    put_texts(&to, "warnings", report->warnings, report->warning_count);
    put_checks(&to, report);
    put_texts(&to, "at_creation", report->at_creation, report->at_creation_count);
    put_added(&to, report);
    put_name(&to, "level");
    put(&to, "[");
    for (int l = 0; l < report->levels; l++) {
        if (l > 0)
            put(&to, ",");
        put_level(&to, &report->level[l]);
    }
    put(&to, "]");
    end_object(&to);
    if (to.status != SID_OK) {
        sid__strbuf_drop(&to.text);
        return to.status;
    }
    *json = sid__strbuf_take(&to.text);
    return SID_OK;
}
