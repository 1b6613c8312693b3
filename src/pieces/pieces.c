/* pieces.c: what all schemes share: options, checks, rows of many items. */
#include "pieces/pieces.h"

#include "pieces/piece_corpus.h"
#include "pieces/piece_model.h"

#include <inttypes.h>
#include <string.h>

enum { ROWS_GRAIN = 4096 /* items a chunk: some hundred microseconds */ };

/* ---- Made ---- */

static sid_status set_option(void *user, const char *name, const char *value, sid_error *err)
{
    sid_pieces *p = user;
    const sid_family *family = &p->scheme->info;
    const char *names[16];
    bool is_known = false;
    int count = 0;
    SID_TRY(sid__options_set(family, &p->settings, name, value, &is_known, err));
    if (is_known) {
        p->has_rows = p->has_rows || strcmp(name, "rows") == 0;
        return SID_OK;
    }
    for (; count < family->option_count && count < 16; count++)
        names[count] = family->options[count].name;
    const char *near = sid_closest(name, names, count);
    return sid__fail(err, SID_EUSAGE, "scheme %s has no option \"%s\"%s%s%s", family->name, name,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* What differs from the defaults, as "name=value,...". */
static sid_status write_options(sid_pieces *p, sid_error *err)
{
    const sid_family *family = &p->scheme->info;
    sid__strbuf text = {0};
    char value[SID__OPTION_TEXT_SIZE];
    sid_status status = SID_OK;
    for (int i = 0; status == SID_OK && i < family->option_count; i++) {
        const sid_option *option = &family->options[i];
        sid__option_text(option, &p->settings, value);
        if (strcmp(value, option->default_text) != 0)
            status = sid__strbuf_printf(&text, err, "%s%s=%s", text.length ? "," : "", option->name, value);
    }
    if (status == SID_OK)
        status = sid__strdup(&p->options_text, text.text ? text.text : "", err);
    sid__strbuf_drop(&text);
    return status;
}

static sid_status take_shape(sid_pieces *p, const sid_pieces_options *options, sid_error *err)
{
    if (options->levels < 1 || options->levels > SID_LEVELS_MAX || !options->codes)
        return sid__fail(err, SID_EUSAGE,
                         "pieces of SIDs of %d levels; 1 to %d are possible, each with its number of codes",
                         options->levels, SID_LEVELS_MAX);
    p->levels = options->levels;
    for (int l = 0; l < p->levels; l++) {
        if (options->codes[l] < 1 || options->codes[l] > SID_CODES_MAX)
            return sid__fail(err, SID_EUSAGE, "level %d has %d codes; 1 to %d are possible", l + 1, options->codes[l],
                             SID_CODES_MAX);
        p->codes[l] = options->codes[l];
    }
    if (options->fingerprint && strlen(options->fingerprint) >= sizeof p->fingerprint)
        return sid__fail(err, SID_EUSAGE, "the fingerprint \"%.80s\" is longer than %d digits", options->fingerprint,
                         SID_FINGERPRINT_SIZE - 1);
    memcpy(p->fingerprint, options->fingerprint ? options->fingerprint : "",
           strlen(options->fingerprint ? options->fingerprint : "") + 1);
    return SID_OK;
}

static sid_status fill(sid_pieces *p, const sid_pieces_options *options, sid_error *err)
{
    SID_TRY(take_shape(p, options, err));
    SID_TRY(sid__options_default(&p->scheme->info, &p->settings, err));
    SID_TRY(sid__options_split(options->options, set_option, p, err));
    SID_TRY(p->scheme->plan(p, err));
    if (p->term_count > 0)
        SID_TRY(sid__piece_plan_hash(p, err));
    return write_options(p, err);
}

sid_status sid__pieces_create(sid_ctx *ctx, const sid_pieces_options *options, sid_pieces **out, sid_error *err)
{
    const sid__pieces_class *scheme = NULL;
    sid_pieces *p = NULL;
    SID_TRY(sid__pieces_scheme_find(options->scheme ? options->scheme : "spm-unigram", &scheme, err));
    SID_TRY(sid__alloc(&p, 1, sizeof *p, "pieces", err));
    p->ctx = ctx;
    p->scheme = scheme;
    sid_status status = fill(p, options, err);
    if (status != SID_OK) {
        sid_pieces_close(p);
        return status;
    }
    *out = p;
    return SID_OK;
}

void sid_pieces_close(sid_pieces *p)
{
    if (!p)
        return;
    sid__piece_model_free(p->model);
    sid__free(p->options_text);
    sid__free(p);
}

sid_status sid__piece_plan_learned(sid_pieces *p, sid_error *err)
{
    int64_t symbols = 0;
    for (int l = 0; l < p->levels; l++)
        symbols += p->codes[l];
    if (p->levels > SID_PIECE_LEVELS_MAX)
        return sid__fail(err, SID_EUSAGE,
                         "%s cuts SIDs of 1 to %d levels, and these have %d; take prefix-ngram or ngram",
                         p->scheme->info.name, SID_PIECE_LEVELS_MAX, p->levels);
    if (p->settings.rows < symbols + 1)
        return sid__fail(err, SID_EUSAGE,
                         "rows is %" PRId64 "; the levels have %" PRId64
                         " codes, each a piece, and <unk> has a row too: "
                         "%" PRId64 " or more are expected",
                         p->settings.rows, symbols, symbols + 1);
    if (symbols > SID_PIECE_SYMBOLS_MAX)
        return sid__fail(err, SID_EUSAGE, "the levels have %" PRId64 " codes; %s takes at most %d, a character each",
                         symbols, p->scheme->info.name, SID_PIECE_SYMBOLS_MAX);
    p->item_rows_max = p->levels;
    return SID_OK;
}

/* ---- Checked ---- */

static sid_status check_codes(const sid_pieces *p, const uint16_t *codes, int64_t item, sid_error *err)
{
    for (int l = 0; l < p->levels; l++)
        if (codes[l] >= p->codes[l])
            return sid__fail_at(err, SID_EDATA, (sid__place){.byte = -1},
                                "item %" PRId64
                                ": code %d at level %d; the level has %d codes, so 0 to %d are expected: are "
                                "these the codes of the catalogue that the pieces are of?",
                                item, codes[l], l + 1, p->codes[l], p->codes[l] - 1);
    return SID_OK;
}

static sid_status check_items(const sid_pieces *p, const uint16_t *codes, const int64_t *weights, const uint8_t *known,
                              int64_t count, sid_error *err)
{
    for (int64_t i = 0; i < count; i++) {
        if (known && !known[i])
            continue;
        SID_TRY(check_codes(p, codes + i * p->levels, i, err));
        if (weights && weights[i] < 0)
            return sid__fail(err, SID_EDATA, "item %" PRId64 ": weight %" PRId64 "; a whole number from 0 is expected",
                             i, weights[i]);
    }
    return SID_OK;
}

static sid_status learn(sid_pieces *p, const uint16_t *codes, const int64_t *weights, const uint8_t *known,
                        int64_t count, sid_error *err)
{
    sid__piece_corpus corpus = {0};
    SID_TRY(sid__piece_corpus_create(p, codes, weights, known, count, &corpus, err));
    sid_status status = corpus.count > 0
                            ? p->scheme->train(p, &corpus, &p->model, err)
                            : sid__fail(err, SID_EDATA,
                                        "none of %" PRId64 " items has a SID and a weight; %s has nothing to "
                                        "learn from: take prefix-ngram, or other weights",
                                        count, p->scheme->info.name);
    sid__piece_corpus_drop(&corpus);
    return status;
}

sid_status sid_pieces_train(sid_ctx *ctx, const sid_pieces_options *options, const uint16_t *codes,
                            const int64_t *weights, const uint8_t *known, int64_t count, sid_pieces **out,
                            sid_error *err)
{
    sid_pieces *p = NULL;
    SID_TRY(sid__pieces_create(ctx, options, &p, err));
    sid_status status = check_items(p, codes, weights, known, count, err);
    if (status == SID_OK && p->scheme->train)
        status = learn(p, codes, weights, known, count, err);
    if (status != SID_OK) {
        sid_pieces_close(p);
        return status;
    }
    *out = p;
    return SID_OK;
}

void sid_pieces_get_info(const sid_pieces *p, sid_pieces_info *out)
{
    *out = (sid_pieces_info){.scheme = p->scheme->info.name,
                             .options = p->options_text,
                             .fingerprint = p->fingerprint,
                             .levels = p->levels,
                             .codes = p->codes,
                             .rows = p->settings.hash == SID__HASH_KEY ? 0 : p->settings.rows,
                             .item_rows_max = p->item_rows_max,
                             .pieces = p->model ? p->model->used : 0,
                             .has_same_size = !p->model};
    if (p->model)
        out->rows = p->model->count;
}

sid_status sid_pieces_check(const sid_pieces *p, const char *fingerprint, const int *codes, int levels, sid_error *err)
{
    static const char *const way_out = "take the catalogue that they are of, or make them anew by semid pieces train";
    if (levels != p->levels)
        return sid__fail(err, SID_EDATA, "the pieces are of SIDs of %d levels, and these have %d; %s", p->levels,
                         levels, way_out);
    for (int l = 0; l < levels; l++)
        if (codes[l] != p->codes[l])
            return sid__fail(err, SID_EDATA, "the pieces are of SIDs of %d codes at level %d, and these have %d; %s",
                             p->codes[l], l + 1, codes[l], way_out);
    if (fingerprint && fingerprint[0] && p->fingerprint[0] && strcmp(fingerprint, p->fingerprint) != 0)
        return sid__fail(err, SID_EDATA,
                         "the pieces are of other codebooks (%.12s) than these SIDs (%.12s): the same codes mean other "
                         "items; %s",
                         p->fingerprint, fingerprint, way_out);
    return SID_OK;
}

/* ---- Rows ---- */

typedef struct rows_job {
    const sid_pieces *p;
    const uint16_t *codes; /* (count, levels) */
    const uint8_t *known;  /* (count) or NULL */
    uint64_t *rows;        /* (count, item_rows_max) */
    int64_t *offsets;      /* (count + 1): offsets[i + 1] gets the number of rows of item i */
} rows_job;

static sid_status rows_chunk(void *arg, int64_t begin, int64_t end, int worker, sid_error *err)
{
    const rows_job *job = arg;
    const sid_pieces *p = job->p;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const uint16_t *codes = job->codes + i * p->levels;
        job->offsets[i + 1] = 0;
        if (job->known && !job->known[i])
            continue;
        SID_TRY(check_codes(p, codes, i, err));
        if (p->model) {
            job->offsets[i + 1] = sid__piece_model_encode(p->model, codes, job->rows + i * p->item_rows_max);
            continue;
        }
        sid__piece_rows(p, codes, job->rows + i * p->item_rows_max);
        job->offsets[i + 1] = p->term_count;
    }
    return SID_OK;
}

sid_status sid_pieces_rows(const sid_pieces *p, const uint16_t *codes, const uint8_t *known, int64_t count,
                           uint64_t *rows, int64_t *offsets, sid_error *err)
{
    rows_job job = {.p = p, .codes = codes, .known = known, .rows = rows, .offsets = offsets};
    SID_TRY(sid__ctx_try_for(p->ctx, count, ROWS_GRAIN, rows_chunk, &job, err));
    offsets[0] = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t size = offsets[i + 1], from = i * p->item_rows_max;
        if (from != offsets[i])
            memmove(rows + offsets[i], rows + from, (size_t)size * sizeof *rows);
        offsets[i + 1] = offsets[i] + size;
    }
    return SID_OK;
}
