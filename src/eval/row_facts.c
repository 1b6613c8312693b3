/* row_facts.c: see row_facts.h. */
#include "eval/row_facts.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "eval/sid_standing.h"
#include "io/sha256.h"
#include "sid/sort_rows.h"

enum { HASH_DIGITS = 8 };

static int by_codes(const void *context, int64_t a, int64_t b)
{
    const sid__item_sids *sids = context;
    int known = sids->is_known[b] - sids->is_known[a];
    for (int l = 0; known == 0 && l < sids->levels; l++) {
        int x = sids->code[a * sids->width + l], y = sids->code[b * sids->width + l];
        if (x != y)
            return x < y ? -1 : 1;
    }
    return known;
}

sid_status sid__collisions_of(const sid__item_sids *sids, double *out, sid_error *err)
{
    int64_t *order = NULL, known = sids->count - sids->missing, alike = 0;
    *out = (double)NAN;
    if (sids->levels == 0 || known == 0)
        return SID_OK;
    SID_TRY(sid__alloc(&order, (size_t)sids->count, sizeof *order, "an order of SIDs", err));
    sid_status status = sid__sort_rows(order, sids->count, by_codes, sids, err);
    for (int64_t i = 0; status == SID_OK && i < known; i++)
        alike += (i > 0 && sid__same_codes(sids, order[i - 1], order[i])) ||
                 (i + 1 < known && sid__same_codes(sids, order[i], order[i + 1]));
    sid__free(order);
    if (status == SID_OK)
        *out = (double)alike / (double)known;
    return status;
}

/* All options, also those at their defaults, which may change from one version to the next. */
static sid_status hash_options(const sid_model *m, char hash[HASH_DIGITS + 1], sid_error *err)
{
    const sid_family *family = &m->family->info;
    sid__strbuf text = {0};
    char hex[SID__SHA256_HEX_SIZE];
    sid_status status = sid__strbuf_printf(&text, err, "%s", family->name);
    for (int i = 0; status == SID_OK && i < family->option_count; i++) {
        char value[SID__OPTION_TEXT_SIZE];
        sid__option_text(&family->options[i], m->family_options, value);
        status = sid__strbuf_printf(&text, err, ",%s=%s", family->options[i].name, value);
    }
    if (status == SID_OK) {
        sid__sha256_bytes(text.text, (size_t)text.length, hex);
        memcpy(hash, hex, HASH_DIGITS);
        hash[HASH_DIGITS] = 0;
    }
    sid__strbuf_drop(&text);
    return status;
}

static sid_status copy_text(sid__arena *texts, const char *text, const char **out, sid_error *err)
{
    char *copy = NULL;
    SID_TRY(sid__arena_text(texts, text, strlen(text), &copy, err));
    *out = copy;
    return SID_OK;
}

sid_status sid__row_facts(const sid_model *m, sid__arena *texts, sid_eval_row *out, sid_error *err)
{
    char hash[HASH_DIGITS + 1];
    SID_TRY(hash_options(m, hash, err));
    SID_TRY(copy_text(texts, m->family->info.name, &out->family, err));
    SID_TRY(copy_text(texts, m->options_text, &out->options, err));
    SID_TRY(copy_text(texts, m->id, &out->id, err));
    SID_TRY(copy_text(texts, hash, &out->options_hash, err));
    if (m->sids.levels > 0)
        SID_TRY(copy_text(texts, m->sids.catalog_id, &out->sid_version, err));
    SID_TRY(sid__collisions_of(&m->sids, &out->collisions, err));
    out->seed = m->seed;
    out->train_s = m->train_s;
    return SID_OK;
}
