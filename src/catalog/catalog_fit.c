/* catalog_fit.c: vectors to a catalogue: fit the quantizer, encode every row, settle collisions, write. Everything that can
 * be refused is refused before the long work; the temporary directory is made first, so that an unwritable disk is found
 * in the first second.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "catalog/catalog_start.h"
#include "catalog/fit_estimate.h"
#include "io/vectors.h"
#include "sid/policy_move.h"

enum { SEED_DEFAULT = 42, FIT_ROWS_FILE_MAX = 1 << 30 };

/* ---- Options ------------------------------------------------------------------------------------------------------ */

static sid_status check_parent(const char *parent, sid_error *err)
{
    if (!parent ||
        (strlen(parent) == SID__CATALOG_ID_SIZE - 1 && strspn(parent, "0123456789abcdef") == SID__CATALOG_ID_SIZE - 1))
        return SID_OK;
    return sid__fail(err, SID_EUSAGE, "parent is \"%s\"; the 32 hexadecimal digits of a catalogue's id are expected",
                     parent);
}

/* Options to a quantizer that is not fitted, and a policy. */
static sid_status read_options(const sid__start *start, const sid_vectors *vectors, sid_quantizer **quantizer,
                               sid__policy *policy, sid_error *err)
{
    const sid_fit_options *options = &start->options;
    if (!vectors || sid_vectors_count(vectors) < 1)
        return sid__fail(err, SID_EDATA, "there are no vectors to fit on; at least one is expected");
    SID_TRY(check_parent(options->parent, err));
    if (options->encoder && sid_encoder_dim(options->encoder) != sid_vectors_dim(vectors))
        return sid__fail(err, SID_EDATA, "the encoder gives %d numbers, the vectors have %d",
                         sid_encoder_dim(options->encoder), sid_vectors_dim(vectors));
    if (options->fusion && sid_fusion_dim(options->fusion) != sid_vectors_dim(vectors))
        return sid__fail(err, SID_EDATA, "the fusion gives %d numbers, the vectors have %d",
                         sid_fusion_dim(options->fusion), sid_vectors_dim(vectors));
    SID_TRY(sid__policy_create(options->collisions, options->digit_style, options->collision_options, policy, err));
    if (options->drop_vectors && policy->options.duplicates != SID__DUPLICATES_KEEP)
        return sid__fail(err, SID_EUSAGE,
                         "duplicates are found by vectors, also when items are added later; keep the "
                         "vectors, or leave out --collisions-duplicates");
    SID_TRY(sid__quantizer_create(&(sid_quantizer_options){.quantizer = options->quantizer,
                                                           .levels = options->levels,
                                                           .codes = options->codes,
                                                           .options = options->options,
                                                           .seed = options->seed ? options->seed : SEED_DEFAULT},
                                  quantizer, err));
    sid_status status = sid__start_apply(start, *quantizer, err);
    if (status != SID_OK) {
        sid_quantizer_free(*quantizer);
        *quantizer = NULL;
    }
    return status;
}

/* ---- Rows to fit on ----------------------------------------------------------------------------------------------- */

/* Marks the rows named in the file. */
static sid_status mark_rows(const char *path, char *text, const sid__vector_ids *ids, uint8_t *is_marked,
                            sid_error *err)
{
    int64_t line = 0;
    for (char *at = text, *next; at && *at; at = next) {
        next = strchr(at, '\n');
        if (next)
            *next++ = 0;
        size_t length = strlen(at);
        if (length && at[length - 1] == '\r')
            at[length - 1] = 0;
        line++;
        const sid__place place = {.file = path, .row = line, .byte = -1};
        int64_t row = sid__vector_ids_find(ids, at);
        if (row < 0)
            return sid__fail_at(err, SID_EDATA, place, "no vector has the id \"%.*s\"; ids of the vectors are expected",
                                SID_ITEM_ID_MAX, at);
        if (is_marked[row])
            return sid__fail_at(err, SID_EDATA, place, "id \"%s\" is named twice; remove one line", at);
        is_marked[row] = 1;
    }
    return SID_OK;
}

static sid_status mark_rows_of_file(const char *path, const sid_vectors *vectors, uint8_t *is_marked, sid_error *err)
{
    int64_t size = 0;
    char *text = NULL;
    sid__vector_ids ids;
    sid_status status = sid__vector_ids_init(vectors, &ids, err);
    if (status == SID_OK)
        status = sid__read_whole(path, FIT_ROWS_FILE_MAX, &text, &size, err);
    if (status == SID_OK && strlen(text) != (size_t)size)
        status = sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = (int64_t)strlen(text)},
                              "a zero byte; one id a line is expected");
    if (status == SID_OK)
        status = mark_rows(path, text, &ids, is_marked, err);
    sid__free(text);
    sid__vector_ids_drop(&ids);
    return status;
}

/* Ascending rows of --fit-rows; row NULL: there is no file, all are fitted on. */
typedef struct fit_rows {
    int64_t *row, count;
} fit_rows;

/* Once a fit: the file may be standard input. */
static sid_status read_fit_rows(const char *path, const sid_vectors *vectors, fit_rows *out, sid_error *err)
{
    int64_t count = sid_vectors_count(vectors);
    uint8_t *is_marked = NULL;
    if (!path)
        return SID_OK;
    SID_TRY(sid__alloc(&is_marked, (size_t)count, 1, "the rows to fit on", err));
    sid_status status = mark_rows_of_file(path, vectors, is_marked, err);
    if (status == SID_OK)
        status = sid__alloc(&out->row, (size_t)count, sizeof *out->row, "the rows to fit on", err);
    for (int64_t i = 0; i < count && status == SID_OK; i++)
        if (is_marked[i])
            out->row[out->count++] = i;
    sid__free(is_marked);
    if (status == SID_OK && out->count == 0) {
        sid__free(out->row);
        out->row = NULL;
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                            "empty; ids, one a line, are expected");
    }
    return status;
}

/* ---- Checks ------------------------------------------------------------------------------------------------------- */

static sid_status check_space(const sid__new_directory *directory, const sid_fit_estimate *estimate, sid_error *err)
{
    int64_t free_size = sid__space_free(directory->parent);
    if (free_size < 0 || (uint64_t)free_size >= estimate->disk_size)
        return SID_OK;
    return sid__fail_at(err, SID_EIO, (sid__place){.file = directory->parent, .byte = -1},
                        "the catalogue needs about %zu MiB, %" PRId64 " MiB are free; free some space",
                        (estimate->disk_size >> 20) + 1, free_size >> 20);
}

/* What the family says to vectors of this size. */
static sid_status check_shape(const sid_quantizer *q, const sid_vectors *vectors, sid_error *err)
{
    int dim = sid_vectors_dim(vectors), pca = (int)q->options.pca;
    if (!q->family->check)
        return SID_OK;
    return q->family->check(q, sid_vectors_count(vectors), pca > 0 && pca < dim ? pca : dim, err);
}

/* Refuses what can be refused; *rows is the caller's to free. */
static sid_status check(sid_ctx *ctx, const sid__start *start, const sid_vectors *vectors, const char *path,
                        sid_fit_estimate *out, fit_rows *rows, sid_error *err)
{
    const sid_fit_options *options = &start->options;
    sid_quantizer *quantizer = NULL;
    sid__policy policy;
    sid__new_directory *directory = NULL;
    SID_TRY(read_options(start, vectors, &quantizer, &policy, err));
    sid_status status = check_shape(quantizer, vectors, err);
    if (status == SID_OK)
        status = sid__alloc(&directory, 1, sizeof *directory, "paths", err);
    if (status == SID_OK)
        status = sid__new_directory_check(path, options->force, directory, err);
    if (status == SID_OK)
        status = read_fit_rows(options->fit_rows_path, vectors, rows, err);
    int64_t fit_count = rows->row ? rows->count : sid_vectors_count(vectors);
    if (status == SID_OK)
        sid__fit_estimate(ctx, quantizer, options, vectors, fit_count, out);
    if (status == SID_OK)
        status = sid__fit_estimate_check(ctx, quantizer, vectors, fit_count, err);
    if (status == SID_OK)
        status = check_space(directory, out, err);
    sid__free(directory);
    sid_quantizer_free(quantizer);
    return status;
}

sid_status sid_catalog_fit_check(sid_ctx *ctx, const sid_fit_options *options, const sid_vectors *vectors,
                                 const char *path, sid_fit_estimate *out, sid_error *err)
{
    static const sid_fit_options defaults = {0};
    fit_rows rows = {0};
    sid__start start = {0};
    sid_status status = sid__start_open(ctx, options ? options : &defaults, vectors, &start, err);
    if (status == SID_OK)
        status = check(ctx, &start, vectors, path, out, &rows, err);
    sid__start_drop(&start);
    sid__free(rows.row);
    return status;
}

/* ---- Fit ---------------------------------------------------------------------------------------------------------- */

static sid_status read_vector(void *user, int64_t row, float *x, sid_error *err)
{
    return sid__rows_gather(user, &row, 1, x, err);
}

/* The policy's move, then digits, which are by distance to what the codes are then. */
static sid_status settle(const sid_ctx *ctx, sid__draft *draft, sid__moving *moving, sid_error *err)
{
    SID_TRY(sid__policy_move(moving, err));
    for (int64_t row = 0; moving->moved > 0 && row < draft->count; row++)
        if (moving->is_moved[row])
            draft->assigned[row] = SID__ASSIGNED_POLICY;
    if (moving->moved > 0)
        SID_TRY(sid__draft_measure(ctx, draft, err));
    const int64_t *first = draft->policy.options.duplicates == SID__DUPLICATES_MERGE ? moving->first : NULL;
    SID_TRY(sid__policy_assign(&draft->policy, draft->codes, draft->count, moving->levels, draft->distance, moving->id,
                               first, draft->digit, &draft->largest_bucket, err));
    draft->digit_codes = sid__policy_adds_code(&draft->policy) ? sid__digit_codes(draft->largest_bucket) : 0;
    return SID_OK;
}

static sid_status settle_collisions(sid_ctx *ctx, sid__draft *draft, const sid__rows *rows, sid_error *err)
{
    const char **ids = NULL;
    SID_TRY(sid__alloc(&ids, (size_t)draft->count, sizeof *ids, "the ids of the vectors", err));
    for (int64_t row = 0; row < draft->count; row++)
        ids[row] = sid_vectors_id(draft->vectors, row);
    sid__moving moving = {.ctx = ctx,
                          .policy = &draft->policy,
                          .quantizer = draft->quantizer,
                          .count = draft->count,
                          .levels = sid_quantizer_levels(draft->quantizer),
                          .id = ids,
                          .distance = draft->distance,
                          .read = read_vector,
                          .read_user = (void *)(uintptr_t)rows,
                          .codes = draft->codes};
    sid_status status = settle(ctx, draft, &moving, err);
    sid__moving_drop(&moving);
    sid__free(ids);
    return status;
}

static sid_status fit_draft(sid_ctx *ctx, const fit_rows *fit_on, sid_quantizer *quantizer, sid__draft *draft,
                            sid_error *err)
{
    const sid__rows rows = sid__vectors_rows(draft->vectors);
    SID_TRY(sid__quantizer_fit_rows(ctx, quantizer, &rows, fit_on->row, fit_on->count, err));
    SID_TRY(sid__draft_init(ctx, draft, err));
    SID_TRY(sid__quantizer_encode_rows(ctx, quantizer, &rows, draft->codes, NULL, err));
    _Static_assert(SID__ASSIGNED_ARGMIN == 0 && SID__ASSIGNED_FIT == 1, "fit_codes marks rows with 1");
    sid__quantizer_fit_codes(quantizer, draft->codes, draft->assigned);
    SID_TRY(sid__draft_measure(ctx, draft, err));
    return settle_collisions(ctx, draft, &rows, err);
}

/* Where a family that trains leaves its state: beside the catalogue. `path` is the caller's to drop. */
static sid_status set_checkpoint(const sid_ctx *ctx, const sid__new_directory *directory, bool resume, sid_quantizer *q,
                                 sid__strbuf *path, sid_error *err)
{
    if (!q->family->can_resume)
        return resume ? sid__fail(err, SID_EUSAGE, "%s keeps no checkpoint to resume from: it is quick to fit anew",
                                  q->family->info.name)
                      : SID_OK;
    SID_TRY(sid__strbuf_printf(path, err, "%s.checkpoint", directory->target));
    bool is_there = sid__path_exists(path->text);
    if (resume && !is_there)
        return sid__fail(err, SID_EUSAGE, "there is no checkpoint %s to resume from; leave out --resume", path->text);
    if (is_there && !resume)
        sid__ctx_info(ctx, "the checkpoint %s of an interrupted fit is not gone on from; that takes --resume",
                      path->text);
    q->checkpoint = path->text;
    q->resume = resume;
    return SID_OK;
}

/* Fits and writes into a directory of its own beside `path`; *directory is the new one, its lock held. */
static sid_status fit_into(sid_ctx *ctx, const sid__start *start, const fit_rows *rows, const sid_vectors *vectors,
                           const char *path, sid__new_directory *directory, sid_error *err)
{
    const sid_fit_options *options = &start->options;
    sid_quantizer *quantizer = NULL;
    sid__draft draft = {0};
    SID_TRY(read_options(start, vectors, &quantizer, &draft.policy, err));
    sid_status status = sid__new_directory_begin(path, options->force, directory, err);
    if (status != SID_OK) {
        sid_quantizer_free(quantizer);
        return status;
    }
    draft.quantizer = quantizer;
    draft.encoder = options->encoder;
    draft.fusion = options->fusion;
    draft.vectors = vectors;
    draft.items = options->items;
    draft.parent = options->parent;
    draft.drop_vectors = options->drop_vectors;
    draft.count = sid_vectors_count(vectors);
    sid__strbuf checkpoint = {0};
    status = set_checkpoint(ctx, directory, options->resume, quantizer, &checkpoint, err);
    if (status == SID_OK)
        status = fit_draft(ctx, rows, quantizer, &draft, err);
    quantizer->start = NULL; /* it was for the fit */
    if (status == SID_OK)
        status = sid__draft_write(ctx, &draft, directory, err);
    else
        sid__new_directory_abandon(directory);
    if (status == SID_OK && quantizer->checkpoint) /* the catalogue is there: a checkpoint that stays harms nobody */
        (void)sid__remove_tree(quantizer->checkpoint, NULL);
    sid__strbuf_drop(&checkpoint);
    sid__draft_drop(ctx, &draft);
    sid_quantizer_free(quantizer);
    return status;
}

sid_status sid_catalog_fit(sid_ctx *ctx, const sid_fit_options *options, const sid_vectors *vectors, const char *path,
                           sid_catalog **out, sid_error *err)
{
    static const sid_fit_options defaults = {0};
    sid_fit_estimate estimate;
    sid__new_directory *directory = NULL;
    fit_rows rows = {0};
    sid__start start = {0};
    SID_TRY(sid__alloc(&directory, 1, sizeof *directory, "paths", err));
    sid_status status = sid__start_open(ctx, options ? options : &defaults, vectors, &start, err);
    if (status == SID_OK)
        status = check(ctx, &start, vectors, path, &estimate, &rows, err);
    if (status == SID_OK)
        status = fit_into(ctx, &start, &rows, vectors, path, directory, err);
    sid__start_drop(&start);
    if (status == SID_OK && out)
        status = sid__catalog_open_locked(ctx, directory->target, SID_OPEN_WRITE, directory->lock_fd, out, err);
    else if (status == SID_OK)
        sid__lock_drop(directory->lock_fd);
    sid__free(rows.row);
    sid__free(directory);
    return status;
}
