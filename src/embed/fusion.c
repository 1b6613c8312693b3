/* fusion.c: see fusion.h. Means and norms are summed in double in row order, the rest is fp32, element by element or one
 * fused chain: the same bits for any thread count and machine.
 */
#include "embed/fusion.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/id_index.h"
#include "linalg/gemm.h"
#include "linalg/linalg.h"

enum { BLOCK_ROWS = 2048, DIM_DEFAULT = 256, LEAST_ROWS = 16384, ROWS_A_DIMENSION = 16, SEED_DEFAULT = 42 };

/* The rows of all modalities by id: those of the first in their order, then the ids that only later ones have. */
typedef struct joined {
    const sid_modality *modality;
    int64_t count, capacity;
    const char **id;                  /* (count), the vectors' own */
    int64_t *row[SID_MODALITIES_MAX]; /* (count) in the modality's vectors; -1: none there */
    sid__rows rows[SID_MODALITIES_MAX];
} joined;

static void joined_drop(joined *all)
{
    for (int m = 0; m < SID_MODALITIES_MAX; m++)
        sid__free(all->row[m]);
    sid__free(all->id);
}

static sid__names names_of(const joined *all)
{
    return (sid__names){.first = all->id, .stride = sizeof *all->id};
}

/* The place of an id, which is new when nobody had it yet. */
static sid_status place_of(joined *all, sid__id_index *index, const char *id, int64_t *at, sid_error *err)
{
    int64_t seen = -1;
    *at = sid__id_index_find(index, names_of(all), id);
    if (*at >= 0)
        return SID_OK;
    SID_TRY(sid__grow(&all->id, &all->capacity, all->count + 1, sizeof *all->id, "ids", err));
    all->id[all->count] = id;
    *at = all->count++;
    return sid__id_index_add(index, names_of(all), *at, &seen, err);
}

static sid_status join_ids(joined *all, int count, sid_error *err)
{
    sid__id_index index = {0};
    int64_t total = 0, at = 0;
    sid_status status = SID_OK;
    for (int m = 0; m < count; m++)
        total += all->rows[m].count;
    for (int m = 0; m < count && status == SID_OK; m++) {
        status = sid__alloc(&all->row[m], (size_t)total, sizeof(int64_t), "rows of a modality", err);
        for (int64_t i = 0; i < total && status == SID_OK; i++)
            all->row[m][i] = -1;
        for (int64_t i = 0; i < all->rows[m].count && status == SID_OK; i++) {
            status = place_of(all, &index, sid_vectors_id(all->modality[m].vectors, i), &at, err);
            if (status == SID_OK)
                all->row[m][at] = i;
        }
    }
    sid__id_index_drop(&index);
    return status;
}

static sid_status join(const sid_modality *modality, int count, joined *out, sid_error *err)
{
    *out = (joined){.modality = modality};
    for (int m = 0; m < count; m++)
        out->rows[m] = sid__vectors_rows(modality[m].vectors);
    sid_status status = join_ids(out, count, err);
    if (status != SID_OK)
        joined_drop(out);
    return status;
}

/* ---- The parts ---------------------------------------------------------------------------------------------------- */

/* What an item's present parts are multiplied by. */
static float scale_of(const sid_fusion *fusion, const joined *all, int64_t item)
{
    double sum = 0, present = 0;
    for (int m = 0; m < fusion->count; m++) {
        sum += fusion->part[m].weight;
        present += all->row[m][item] >= 0 ? fusion->part[m].weight : 0;
    }
    return present < sum ? (float)sqrt(sum / present) : 1;
}

/* One modality of `count` items (item[i], or i + begin) into its columns of z (count, width); x (count, part dim). */
static sid_status fill_part(const sid_fusion *fusion, const joined *all, int m, int64_t begin, const int64_t *item,
                            int64_t count, float *x, float *z, sid_error *err)
{
    const sid__fused_part *part = &fusion->part[m];
    int64_t row[BLOCK_ROWS], place[BLOCK_ROWS], present = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = all->row[m][item ? item[i] : begin + i];
        if (at >= 0) {
            row[present] = at;
            place[present++] = i;
        }
    }
    SID_TRY(sid__rows_gather(&all->rows[m], row, present, x, err));
    for (int64_t i = 0; i < present; i++) {
        float *out = z + place[i] * fusion->width + part->begin;
        float scale = scale_of(fusion, all, item ? item[place[i]] : begin + place[i]);
        for (int d = 0; d < part->dim; d++)
            out[d] = (x[i * part->dim + d] - part->mean[d]) * part->factor * scale;
    }
    return SID_OK;
}

/* All parts of `count` <= BLOCK_ROWS items. x has room for that many rows of the widest part. */
static sid_status fill_parts(const sid_fusion *fusion, const joined *all, int64_t begin, const int64_t *item,
                             int64_t count, float *x, float *z, sid_error *err)
{
    memset(z, 0, (size_t)count * (size_t)fusion->width * sizeof *z);
    for (int m = 0; m < fusion->count; m++)
        SID_TRY(fill_part(fusion, all, m, begin, item, count, x, z, err));
    return SID_OK;
}

static int widest_part(const sid_fusion *fusion)
{
    int widest = 0;
    for (int m = 0; m < fusion->count; m++)
        widest = fusion->part[m].dim > widest ? fusion->part[m].dim : widest;
    return widest;
}

/* ---- Fitting ------------------------------------------------------------------------------------------------------ */

static bool is_name(const char *name)
{
    size_t length = name ? strlen(name) : 0;
    return length > 0 && length < SID__MODALITY_NAME_SIZE &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == length;
}

static sid_status check_modalities(const sid_modality *modality, int count, sid_error *err)
{
    if (count < 2 || count > SID_MODALITIES_MAX)
        return sid__fail(err, SID_EUSAGE, "%d modalities; 2 to %d can be fused", count, SID_MODALITIES_MAX);
    for (int m = 0; m < count; m++) {
        const sid_modality *one = &modality[m];
        if (!is_name(one->name))
            return sid__fail(err, SID_EUSAGE,
                             "modality %d is called \"%.80s\"; 1 to %d letters, digits, '_' and '-' are expected",
                             m + 1, one->name ? one->name : "", SID__MODALITY_NAME_SIZE - 1);
        for (int other = 0; other < m; other++)
            if (strcmp(modality[other].name, one->name) == 0)
                return sid__fail(err, SID_EUSAGE, "two modalities are called \"%s\"; name one of them otherwise",
                                 one->name);
        if (!(one->weight >= 0 && one->weight <= SID_VALUE_MAX))
            return sid__fail(err, SID_EUSAGE, "the weight of modality \"%s\" is %g; 0 (for 1) to %g is expected",
                             one->name, one->weight, SID_VALUE_MAX);
        if (!one->vectors || sid_vectors_count(one->vectors) < 1)
            return sid__fail(err, SID_EDATA, "modality \"%s\" has no vectors", one->name);
    }
    return SID_OK;
}

/* Adds the rows, or the squares of what is left of them without `mean`, in row order. */
static sid_status add_rows(const sid__rows *rows, const float *mean, double *sum, sid_error *err)
{
    int64_t block = sid__rows_block(rows->dim);
    float *buffer = NULL;
    const float *x = NULL;
    sid_status status = sid__rows_buffer(rows, block, &buffer, err);
    for (int64_t begin = 0; begin < rows->count && status == SID_OK; begin += block) {
        int64_t count = sid__rows_in_block(rows, begin, block);
        status = sid__rows_get(rows, begin, count, buffer, &x, err);
        for (int64_t i = 0; i < count * rows->dim && status == SID_OK; i++) {
            int d = (int)(i % rows->dim);
            double rest = mean ? (double)x[i] - (double)mean[d] : 0;
            if (mean)
                *sum += rest * rest;
            else
                sum[d] += (double)x[i];
        }
    }
    sid__free(buffer);
    return status;
}

static sid_status fit_part(const sid__rows *rows, bool is_sum, sid__fused_part *part, sid_error *err)
{
    double *sum = NULL, square = 0;
    SID_TRY(sid__alloc(&part->mean, (size_t)part->dim, sizeof(float), "means", err));
    SID_TRY(sid__alloc(&sum, (size_t)part->dim, sizeof *sum, "sums", err));
    sid_status status = add_rows(rows, NULL, sum, err);
    for (int d = 0; d < part->dim; d++)
        part->mean[d] = (float)(sum[d] / (double)rows->count);
    sid__free(sum);
    if (status == SID_OK)
        status = add_rows(rows, part->mean, &square, err);
    if (status != SID_OK)
        return status;
    double rms = sqrt(square / (double)rows->count);
    part->factor = (float)((is_sum ? part->weight : sqrt(part->weight)) / rms);
    if (rms > 0 && (!isfinite(part->factor) || !(part->factor > 0)))
        return sid__fail(err, SID_EUSAGE, "the weight of modality \"%s\" is %g, which its norm of %g leaves nothing of",
                         part->name, part->weight, rms);
    if (!(rms > 0))
        return sid__fail(err, SID_EDATA,
                         "all rows of modality \"%s\" are equal, so it tells nothing apart; leave it out", part->name);
    return SID_OK;
}

/* Evenly spaced items that have modality m (-1: all items); *count: how many. */
static sid_status sample_items(const sid_fusion *fusion, const joined *all, int m, int64_t **item, int64_t *count,
                               sid_error *err)
{
    int width = m < 0 ? fusion->width : fusion->part[m].dim;
    int64_t most = (int64_t)ROWS_A_DIMENSION * width, some = m < 0 ? all->count : all->rows[m].count, seen = 0;
    most = most > LEAST_ROWS ? most : LEAST_ROWS;
    *count = 0;
    SID_TRY(sid__alloc(item, (size_t)(some < most ? some : most), sizeof **item, "sampled items", err));
    for (int64_t i = 0; i < all->count; i++) {
        if (m >= 0 && all->row[m][i] < 0)
            continue;
        /* Of `some` the seen-th is taken where a step of some / most begins. */
        if (some <= most || *count * some / most == seen)
            (*item)[(*count)++] = i;
        seen++;
        if (*count == most)
            break;
    }
    return SID_OK;
}

/* How many items are looked at together: 4 MiB of parts, so that wide ones do not need more. */
static int64_t block_rows(const sid_fusion *fusion)
{
    int64_t rows = (int64_t)(4 << 20) / (fusion->width * (int64_t)sizeof(float));
    return rows < 16 ? 16 : rows < BLOCK_ROWS ? rows : BLOCK_ROWS;
}

/* Room for a block: of the widest part, and of all together. */
static sid_status alloc_block(const sid_fusion *fusion, float **x, float **z, sid_error *err)
{
    size_t rows = (size_t)block_rows(fusion);
    SID_TRY(sid__alloc(x, rows, (size_t)widest_part(fusion) * sizeof **x, "rows of a modality", err));
    return sid__alloc(z, rows, (size_t)fusion->width * sizeof **z, "joined rows", err);
}

/* Columns begin .. begin+wide-1 of the parts of item (count) into out (count, wide). */
static sid_status gather_parts(const sid_fusion *fusion, const joined *all, const int64_t *item, int64_t count,
                               int begin, int wide, float *out, sid_error *err)
{
    float *x = NULL, *z = NULL;
    int64_t block = block_rows(fusion);
    sid_status status = alloc_block(fusion, &x, &z, err);
    for (int64_t at = 0; at < count && status == SID_OK; at += block) {
        int64_t some = count - at < block ? count - at : block;
        status = fill_parts(fusion, all, 0, item + at, some, x, z, err);
        for (int64_t i = 0; i < some && status == SID_OK; i++)
            memcpy(out + (at + i) * wide, z + i * fusion->width + begin, (size_t)wide * sizeof *out);
    }
    sid__free(x);
    sid__free(z);
    return status;
}

/* The principal directions of some items' parts: of all of them into v (width, dim), or of part m into its rows. */
static sid_status find_directions(sid_ctx *ctx, sid_fusion *fusion, const joined *all, int m, uint64_t seed,
                                  sid_error *err)
{
    int64_t *item = NULL, count = 0;
    float *part = NULL;
    int begin = m < 0 ? 0 : fusion->part[m].begin, wide = m < 0 ? fusion->width : fusion->part[m].dim;
    SID_TRY(sample_items(fusion, all, m, &item, &count, err));
    size_t size = (size_t)count * (size_t)wide * sizeof *part; /* count <= 2^20, wide <= 2^16 */
    sid_status status = sid__ctx_reserve(ctx, size, "rows for the fusion's principal directions", err);
    if (status == SID_OK) {
        status = sid__alloc(&part, (size_t)count, (size_t)wide * sizeof *part, "rows for principal directions", err);
        if (status == SID_OK)
            status = gather_parts(fusion, all, item, count, begin, wide, part, err);
        if (status == SID_OK)
            status = sid__pca(ctx, part, count, wide, fusion->dim, seed, fusion->v + (int64_t)begin * fusion->dim, err);
        sid__ctx_release(ctx, size);
    }
    sid__free(item);
    sid__free(part);
    return status;
}

static sid_status read_method(const sid_fusion_options *options, sid_fusion *fusion, sid_error *err)
{
    const char *method = options->method ? options->method : "concat";
    fusion->is_sum = strcmp(method, "sum") == 0;
    fusion->is_separate = strcmp(method, "separate") == 0;
    if (!fusion->is_sum && !fusion->is_separate && strcmp(method, "concat") != 0)
        return sid__fail(err, SID_EUSAGE, "modalities are fused by \"%.80s\"; concat, sum or separate is expected",
                         method);
    if (options->dim < 0 || options->dim > SID_DIM_MAX)
        return sid__fail(err, SID_EUSAGE, "dim of the fused vectors is %d; 0 (for %d) to %d is expected", options->dim,
                         DIM_DEFAULT, SID_DIM_MAX);
    if (fusion->is_separate && options->dim > 0)
        return sid__fail(err, SID_EUSAGE, "dim is %d; separate modalities keep all of their dimensions", options->dim);
    return SID_OK;
}

/* As many dimensions as wanted and there are. */
static void choose_dim(sid_ctx *ctx, sid_fusion *fusion, int wanted)
{
    int most = fusion->is_sum ? fusion->part[0].dim : fusion->width;
    for (int m = 0; m < fusion->count && fusion->is_sum; m++)
        most = fusion->part[m].dim < most ? fusion->part[m].dim : most;
    fusion->dim = fusion->is_separate ? most : wanted ? wanted : DIM_DEFAULT;
    if (fusion->dim <= most)
        return;
    if (wanted)
        sid__ctx_warn(ctx, "%d dimensions are asked of the fused vectors, there are %d%s", wanted, most,
                      fusion->is_sum ? " in the narrowest modality" : "");
    fusion->dim = most;
}

static sid_status fit_fusion(sid_ctx *ctx, const sid_fusion_options *options, const joined *all, sid_fusion *fusion,
                             sid_error *err)
{
    uint64_t seed = options->seed ? options->seed : SEED_DEFAULT;
    for (int m = 0; m < fusion->count; m++) {
        sid__fused_part *part = &fusion->part[m];
        (void)snprintf(part->name, sizeof part->name, "%s", all->modality[m].name);
        part->dim = all->rows[m].dim;
        part->weight = all->modality[m].weight > 0 ? all->modality[m].weight : 1;
        SID_TRY(fit_part(&all->rows[m], fusion->is_sum, part, err));
    }
    sid__fusion_finish(fusion);
    choose_dim(ctx, fusion, options->dim);
    if (fusion->width > SID_DIM_MAX)
        return sid__fail(err, SID_EDATA, "the modalities have %d dimensions together; at most %d are taken",
                         fusion->width, SID_DIM_MAX);
    if (!fusion->is_sum && fusion->dim == fusion->width)
        return SID_OK;
    SID_TRY(sid__alloc(&fusion->v, (size_t)fusion->width, (size_t)fusion->dim * sizeof(float), "directions", err));
    if (!fusion->is_sum)
        return find_directions(ctx, fusion, all, -1, seed, err);
    for (int m = 0; m < fusion->count; m++)
        SID_TRY(find_directions(ctx, fusion, all, m, seed, err));
    return SID_OK;
}

sid_status sid_fusion_fit(sid_ctx *ctx, const sid_fusion_options *options, const sid_modality *modality, int count,
                          sid_fusion **out, sid_error *err)
{
    static const sid_fusion_options defaults = {0};
    sid_fusion *fusion = NULL;
    joined all;
    options = options ? options : &defaults;
    SID_TRY(check_modalities(modality, count, err));
    SID_TRY(sid__alloc(&fusion, 1, sizeof *fusion, "the fusion", err));
    fusion->count = count;
    sid_status status = read_method(options, fusion, err);
    if (status == SID_OK)
        status = join(modality, count, &all, err);
    if (status == SID_OK) {
        status = fit_fusion(ctx, options, &all, fusion, err);
        joined_drop(&all);
    }
    if (status == SID_OK)
        *out = fusion;
    else
        sid_fusion_free(fusion);
    return status;
}

void sid_fusion_free(sid_fusion *fusion)
{
    if (!fusion)
        return;
    for (int m = 0; m < fusion->count; m++)
        sid__free(fusion->part[m].mean);
    sid__free(fusion->v);
    sid__free(fusion);
}

const char *sid__fusion_method(const sid_fusion *fusion)
{
    return fusion->is_sum ? "sum" : fusion->is_separate ? "separate" : "concat";
}

sid_status sid__fusion_widths(const sid_fusion *fusion, sid__strbuf *out, sid_error *err)
{
    for (int m = 0; m < fusion->count; m++)
        SID_TRY(sid__strbuf_printf(out, err, "%s%d", m ? ":" : "", fusion->part[m].dim));
    return SID_OK;
}

void sid__fusion_finish(sid_fusion *fusion)
{
    size_t used = (size_t)snprintf(fusion->text, sizeof fusion->text, "%s of ", sid__fusion_method(fusion));
    fusion->width = 0;
    for (int m = 0; m < fusion->count; m++) {
        fusion->part[m].begin = fusion->width;
        fusion->width += fusion->part[m].dim;
        used += (size_t)snprintf(fusion->text + used, sizeof fusion->text - used, "%s%s:%g", m ? ", " : "",
                                 fusion->part[m].name, fusion->part[m].weight);
    }
}

int sid_fusion_dim(const sid_fusion *fusion)
{
    return fusion->dim;
}

const char *sid_fusion_text(const sid_fusion *fusion)
{
    return fusion->text;
}

/* ---- Applying ----------------------------------------------------------------------------------------------------- */

/* Puts the modalities into the order that the fusion knows; *absent is left out of them. */
static sid_status match(const sid_fusion *fusion, const sid_modality *modality, int count, sid_modality *ordered,
                        const sid_vectors *empty, sid_error *err)
{
    for (int m = 0; m < fusion->count; m++)
        ordered[m] = (sid_modality){.name = fusion->part[m].name, .vectors = empty};
    for (int i = 0; i < count; i++) {
        int m = 0;
        while (m < fusion->count && strcmp(fusion->part[m].name, modality[i].name ? modality[i].name : "") != 0)
            m++;
        if (m == fusion->count)
            return sid__fail(err, SID_EDATA, "modality \"%.80s\" was not there when the fusion was fitted: %s",
                             modality[i].name ? modality[i].name : "", fusion->text);
        if (ordered[m].vectors != empty)
            return sid__fail(err, SID_EUSAGE, "modality \"%s\" is given twice", fusion->part[m].name);
        ordered[m].vectors = modality[i].vectors;
        if (sid_vectors_dim(modality[i].vectors) != fusion->part[m].dim)
            return sid__fail(err, SID_EDATA, "modality \"%s\" has %d dimensions, %d are expected", fusion->part[m].name,
                             sid_vectors_dim(modality[i].vectors), fusion->part[m].dim);
    }
    return SID_OK;
}

static void to_unit_length(float *row, int dim)
{
    double square = 0;
    for (int d = 0; d < dim; d++)
        square += (double)row[d] * (double)row[d];
    for (int d = 0; d < dim && square > 0; d++)
        row[d] = (float)((double)row[d] / sqrt(square));
}

static sid_status fuse_blocks(sid_ctx *ctx, const sid_fusion *fusion, const joined *all, const sid__gemm_packed *v,
                              float *x, float *z, float *out, sid_error *err)
{
    int64_t block = block_rows(fusion);
    for (int64_t begin = 0; begin < all->count; begin += block) {
        int64_t count = all->count - begin < block ? all->count - begin : block;
        float *to = out + begin * fusion->dim;
        SID_TRY(sid__ctx_check(ctx, err));
        SID_TRY(fill_parts(fusion, all, begin, NULL, count, x, v ? z : to, err));
        if (v)
            sid__gemm(ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(z, fusion->width),
                                                .packed = v,
                                                .c = to,
                                                .c_step = fusion->dim,
                                                .rows = count,
                                                .columns = fusion->dim,
                                                .depth = fusion->width});
        for (int64_t i = 0; i < count && fusion->is_sum; i++)
            to_unit_length(to + i * fusion->dim, fusion->dim);
    }
    return SID_OK;
}

static sid_status fuse(sid_ctx *ctx, const sid_fusion *fusion, const joined *all, float *out, sid_error *err)
{
    float *x = NULL, *z = NULL;
    sid__gemm_packed v = {0};
    sid_status status = alloc_block(fusion, &x, &z, err);
    if (status == SID_OK && fusion->v)
        status = sid__gemm_pack(ctx, sid__gemm_by_depth(fusion->v, fusion->dim), fusion->width, fusion->dim, &v, err);
    if (status == SID_OK)
        status = fuse_blocks(ctx, fusion, all, fusion->v ? &v : NULL, x, z, out, err);
    sid__gemm_packed_drop(&v);
    sid__free(x);
    sid__free(z);
    return status;
}

sid_status sid_fusion_apply(sid_ctx *ctx, const sid_fusion *fusion, const sid_modality *modality, int count,
                            sid_vectors **out, sid_error *err)
{
    sid_modality ordered[SID_MODALITIES_MAX] = {{0}};
    const sid_vectors empty = {.dim = 1};
    sid_vectors *fused = NULL;
    joined all;
    if (count < 1)
        return sid__fail(err, SID_EUSAGE, "no modality is given; %s is what was fitted", fusion->text);
    SID_TRY(match(fusion, modality, count, ordered, &empty, err));
    SID_TRY(join(ordered, fusion->count, &all, err));
    sid_status status = sid__vectors_alloc(ctx, all.count, fusion->dim, &fused, err);
    if (status == SID_OK)
        status = sid__vectors_copy_ids(fused, all.id, err);
    if (status == SID_OK)
        status = fuse(ctx, fusion, &all, fused->data, err);
    joined_drop(&all);
    if (status == SID_OK)
        status = sid__vectors_check(fused, "the fused vectors", err);
    if (status == SID_OK)
        *out = fused;
    else
        sid_vectors_free(fused);
    return status;
}
