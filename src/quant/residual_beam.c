/* residual_beam.c: keep the `beam` best paths a level instead of one (Babenko, Lempitsky, "Additive quantization", 2014),
 * decided canonically: a path's cost after level l is |r_l|^2 + 2 score(code), both in float64 on the path's own fp32
 * residual, ties by cost, then by code tuple (spec/quantizers.md §2).
 *
 * What proposes: one product of the rows with all codebooks, x . e_{l,k}, and a table of the products of codes with codes,
 * so that r_l . e_{l,k} = x . e_{l,k} - sum_m e_{m,c_m} . e_{l,k} costs an addition a level and no residual is made. Each
 * candidate is an interval that holds its canonical half cost. When exactly `beam` of them can be among the best, they
 * are, and nothing is decided; else the ones that can be are decided in float64. The last level keeps one.
 *
 * The interval. Against the canonical score on fp32 residuals the proposal is off by the rounding of D-long sums of x and
 * of every earlier code, of the additions, and of the residual itself (each subtraction rounds by u |r|): all below
 * gamma_{D + 8L + 16} (|x| + sum_m |e_m|) |e_k|. Half costs carry their own slack from level to level.
 *
 * Tables over TABLE_SIZE_MAX are not made; then every path's residual is multiplied with the level's codebook.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quant/residual.h"

enum { TABLE_SIZE_MAX = 64 << 20, CHUNK_ROWS = SID__BLOCK_ROWS };

#define UNIT 0x1p-24 /* u of fp32 */

typedef struct path {
    uint16_t code[SID_LEVELS_MAX];
    int levels;
    double half_cost, slack; /* the canonical half cost is within half_cost +- slack */
    double norms;            /* |x| + sum of |e_m| */
} path;

/* One code of one path that may be kept. */
typedef struct candidate {
    path path;
    int parent;
} candidate;

/* What one worker needs. */
typedef struct beam_scratch {
    float *dot;           /* (levels, CHUNK_ROWS, padded): rows against all codebooks */
    float *low, *high;    /* (beam, padded) */
    float *best;          /* (beam) smallest highs, ascending */
    float *residual;      /* (beam, dim) of paths whose `is_made` */
    bool *is_made;        /* (beam) */
    int *index;           /* (padded) */
    path *path, *next;    /* (beam) */
    candidate *candidate; /* (candidates_max), grows */
    int64_t candidate_capacity;
    sid_status status;
} beam_scratch;

typedef struct beam_job {
    const sid__kernels *kernels;
    const sid__residual *r;
    const float *x;
    uint16_t *codes;
    int beam, padded;             /* padded: the largest level's */
    float *cross[SID_LEVELS_MAX]; /* level l: for m < l, (K_m, padded_l) after one another; NULL: no tables */
    beam_scratch *scratch;        /* (workers) */
} beam_job;

static int padded_codes(const sid__codebook *book)
{
    return book->groups * SID__GROUP;
}

static int by_cost(const void *left, const void *right)
{
    const candidate *a = left, *b = right;
    if (a->path.half_cost < b->path.half_cost || a->path.half_cost > b->path.half_cost)
        return a->path.half_cost < b->path.half_cost ? -1 : 1;
    for (int l = 0; l < a->path.levels; l++)
        if (a->path.code[l] != b->path.code[l])
            return a->path.code[l] < b->path.code[l] ? -1 : 1;
    return 0;
}

/* ---- Tables */

static size_t table_size(const sid__residual *r, int level)
{
    size_t rows = 0;
    for (int m = 0; m < level; m++)
        rows += (size_t)r->book[m].codes;
    return rows * (size_t)padded_codes(&r->book[level]) * sizeof(float);
}

/* Products of the codes of every earlier level with those of `level`, each one chain. */
static void fill_table(const sid__kernels *kernels, const sid__residual *r, int level, float *out)
{
    const sid__codebook *book = &r->book[level];
    for (int m = 0; m < level; m++) {
        for (int c = 0; c < r->book[m].codes; c += SID__BLOCK_ROWS) {
            int rows = r->book[m].codes - c < SID__BLOCK_ROWS ? r->book[m].codes - c : SID__BLOCK_ROWS;
            kernels->project(r->book[m].code + (int64_t)c * r->dim, rows, r->dim, book->packed, book->groups, out);
            out += (int64_t)rows * padded_codes(book);
        }
    }
}

static sid_status make_tables(beam_job *job, sid_error *err)
{
    size_t total = 0;
    for (int l = 1; l < job->r->levels; l++)
        total += table_size(job->r, l);
    for (int l = 1; l < job->r->levels && total <= TABLE_SIZE_MAX; l++) {
        SID_TRY(sid__alloc(&job->cross[l], 1, table_size(job->r, l), "products of codes", err));
        fill_table(job->kernels, job->r, l, job->cross[l]);
    }
    return SID_OK;
}

/* Rows of the table for the codes of a path: cross[m][k] = e_{m,c_m} . e_{level,k}. */
static void table_rows(const beam_job *job, const path *from, int level, const float **cross)
{
    const float *at = job->cross[level];
    int64_t stride = padded_codes(&job->r->book[level]);
    for (int m = 0; m < level; m++) {
        cross[m] = at + from->code[m] * stride;
        at += job->r->book[m].codes * stride;
    }
}

/* ---- Deciding */

/* The fp32 residual of path p, made once a level. */
static const float *residual_of(const beam_job *job, beam_scratch *s, const float *x, int p)
{
    const sid__residual *r = job->r;
    float *row = s->residual + (int64_t)p * r->dim;
    if (s->is_made[p])
        return row;
    memcpy(row, x, (size_t)r->dim * sizeof(float));
    for (int l = 0; l < s->path[p].levels; l++) {
        const float *code = r->book[l].code + (int64_t)s->path[p].code[l] * r->dim;
        for (int d = 0; d < r->dim; d++)
            row[d] -= code[d];
    }
    s->is_made[p] = true;
    return row;
}

/* Replaces the interval of a candidate by its canonical half cost. */
static void decide(const beam_job *job, beam_scratch *s, const float *x, candidate *c)
{
    int level = c->path.levels - 1;
    const float *row = residual_of(job, s, x, c->parent);
    c->path.half_cost =
        sid__dot_exact(row, row, job->r->dim) / 2 + sid__score_exact(&job->r->book[level], row, c->path.code[level]);
    c->path.slack = 0;
}

/* ---- Proposing */

/* Fills low and high of path p at `level` for the row whose products with the level's codes stand in dot. */
static void propose(const beam_job *job, beam_scratch *s, const float *x, const float *dot, int level, int p)
{
    const sid__codebook *book = &job->r->book[level];
    const path *from = &s->path[p];
    const float *cross[SID_LEVELS_MAX];
    float rounding[1];
    double n = job->r->dim + 8.0 * job->r->levels + 16, gamma = n * UNIT / (1 - n * UNIT);
    sid__bound bound = {
        .norm_factor = (float)(gamma * from->norms * 1.01),
        .half_factor = (float)(8 * UNIT),
        .floor = (float)(from->slack * 1.001 + 8 * UNIT * fabs(from->half_cost) + (double)job->r->dim * 0x1p-147)};
    int cross_count = job->cross[level] ? level : 0;
    if (cross_count)
        table_rows(job, from, level, cross);
    else if (level > 0) {
        (void)job->kernels->dots(book, residual_of(job, s, x, p), 1, s->dot, rounding);
        dot = s->dot;
    }
    job->kernels->intervals(dot, cross, cross_count, book, bound, (float)from->half_cost,
                            s->low + (int64_t)p * job->padded, s->high + (int64_t)p * job->padded);
}

/* Puts `value` into the `count` smallest seen, ascending; gives the new count, at most `wanted`. */
static int insert_smallest(float *best, int count, int wanted, float value)
{
    int at = count < wanted ? count++ : wanted - 1;
    for (; at > 0 && best[at - 1] > value; at--)
        best[at] = best[at - 1];
    best[at] = value;
    return count;
}

/* The wanted-th smallest high of all paths: no candidate whose low is above can be kept. */
static float find_limit(const beam_job *job, beam_scratch *s, const sid__codebook *book, int paths, int wanted)
{
    int count = 0;
    for (int p = 0; p < paths; p++) {
        const float *high = s->high + (int64_t)p * job->padded;
        float limit = count < wanted ? INFINITY : s->best[wanted - 1];
        int found = job->kernels->at_most(high, padded_codes(book), limit, s->index);
        for (int i = 0; i < found && s->index[i] < book->codes; i++)
            if (count < wanted || high[s->index[i]] < s->best[wanted - 1])
                count = insert_smallest(s->best, count, wanted, high[s->index[i]]);
    }
    return count < wanted ? INFINITY : s->best[wanted - 1];
}

static sid_status add_candidate(const beam_job *job, beam_scratch *s, int level, int p, int k, int64_t found)
{
    const path *from = &s->path[p];
    float low = s->low[(int64_t)p * job->padded + k], high = s->high[(int64_t)p * job->padded + k];
    double middle = ((double)low + (double)high) / 2;
    SID_TRY(sid__grow(&s->candidate, &s->candidate_capacity, found + 1, sizeof(candidate), "beam candidates", NULL));
    candidate *to = &s->candidate[found];
    to->path = *from;
    to->parent = p;
    to->path.code[level] = (uint16_t)k;
    to->path.levels = level + 1;
    to->path.half_cost = middle;
    to->path.slack = ((double)high - (double)low) / 2;
    to->path.norms += (double)job->r->book[level].norm[k];
    return SID_OK;
}

/* One level of one row; dot: the row's products with the level's codes. *paths becomes how many are kept, at most
 * `wanted`. */
static sid_status step(const beam_job *job, beam_scratch *s, const float *x, const float *dot, int level, int wanted,
                       int *paths)
{
    const sid__codebook *book = &job->r->book[level];
    int64_t found = 0;
    memset(s->is_made, 0, (size_t)*paths * sizeof(bool));
    for (int p = 0; p < *paths; p++)
        propose(job, s, x, dot, level, p);
    float limit = find_limit(job, s, book, *paths, wanted);
    for (int p = 0; p < *paths; p++) {
        int count = job->kernels->at_most(s->low + (int64_t)p * job->padded, padded_codes(book), limit, s->index);
        for (int i = 0; i < count && s->index[i] < book->codes; i++)
            SID_TRY(add_candidate(job, s, level, p, s->index[i], found++));
    }
    if (found > wanted) {
        for (int64_t i = 0; i < found; i++)
            decide(job, s, x, &s->candidate[i]);
        qsort(s->candidate, (size_t)found, sizeof(candidate), by_cost);
    }
    *paths = found < wanted ? (int)found : wanted;
    for (int p = 0; p < *paths; p++) {
        s->next[p] = s->candidate[p].path;
        /* |r|^2 of the next residual is that of the rounded one: 2u of it, and half of this. */
        s->next[p].slack += 4 * UNIT * fabs(s->next[p].half_cost);
    }
    path *keep = s->path;
    s->path = s->next;
    s->next = keep;
    return SID_OK;
}

static sid_status encode_row(const beam_job *job, beam_scratch *s, int64_t row, int in_chunk)
{
    const sid__residual *r = job->r;
    const float *x = job->x + row * r->dim;
    double square = sid__dot_exact(x, x, r->dim);
    int paths = 1;
    s->path[0] = (path){.half_cost = square / 2, .norms = sqrt(square) * (1 + 0x1p-20)};
    for (int l = 0; l < r->levels; l++) {
        const float *dot = s->dot + ((int64_t)l * CHUNK_ROWS + in_chunk) * job->padded;
        if (l > 0 && !job->cross[l])
            dot = NULL;
        SID_TRY(step(job, s, x, dot, l, l + 1 < r->levels ? job->beam : 1, &paths));
    }
    memcpy(job->codes + row * r->levels, s->path[0].code, (size_t)r->levels * sizeof(uint16_t));
    return SID_OK;
}

/* Rows of dots have the level's own stride inside a chunk; they are spread to the common one, from the last row on. */
static void multiply_level(const beam_job *job, beam_scratch *s, const float *x, int rows, int level)
{
    float rounding[SID__BLOCK_ROWS], *out = s->dot + (int64_t)level * CHUNK_ROWS * job->padded;
    const sid__codebook *book = &job->r->book[level];
    int own = padded_codes(book);
    (void)job->kernels->dots(book, x, rows, out, rounding);
    for (int i = rows - 1; i > 0 && own < job->padded; i--)
        memmove(out + (int64_t)i * job->padded, out + (int64_t)i * own, (size_t)own * sizeof(float));
}

static void encode_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const beam_job *job = arg;
    beam_scratch *s = &job->scratch[worker];
    int rows = (int)(end - begin);
    const float *x = job->x + begin * job->r->dim;
    for (int l = 0; l < job->r->levels && s->status == SID_OK; l++)
        if (job->cross[1] && job->r->levels > 1)
            multiply_level(job, s, x, rows, l);
    for (int i = 0; i < rows && s->status == SID_OK; i++) {
        if (!job->cross[1])
            multiply_level(job, s, x + (int64_t)i * job->r->dim, 1, 0);
        s->status = encode_row(job, s, begin + i, job->cross[1] ? i : 0);
    }
}

/* ---- Memory */

static sid_status alloc_scratch(const beam_job *job, beam_scratch *s, sid_error *err)
{
    size_t beam = (size_t)job->beam, padded = (size_t)job->padded, levels = (size_t)job->r->levels;
    SID_TRY(sid__alloc(&s->dot, levels * CHUNK_ROWS, padded * sizeof(float), "scores of a block", err));
    SID_TRY(sid__alloc(&s->low, beam, padded * sizeof(float), "costs of the beam", err));
    SID_TRY(sid__alloc(&s->high, beam, padded * sizeof(float), "costs of the beam", err));
    SID_TRY(sid__alloc(&s->best, beam, sizeof(float), "costs of the beam", err));
    SID_TRY(sid__alloc(&s->residual, beam, (size_t)job->r->dim * sizeof(float), "residuals of the beam", err));
    SID_TRY(sid__alloc(&s->is_made, beam, sizeof(bool), "residuals of the beam", err));
    SID_TRY(sid__alloc(&s->index, padded, sizeof(int), "surviving codes", err));
    SID_TRY(sid__alloc(&s->path, beam, sizeof(path), "the beam", err));
    return sid__alloc(&s->next, beam, sizeof(path), "the beam", err);
}

static void drop_scratch(beam_scratch *s)
{
    sid__free(s->dot);
    sid__free(s->low);
    sid__free(s->high);
    sid__free(s->best);
    sid__free(s->residual);
    sid__free(s->is_made);
    sid__free(s->index);
    sid__free(s->path);
    sid__free(s->next);
    sid__free(s->candidate);
}

static sid_status run(sid_ctx *ctx, beam_job *job, int64_t count, int workers, sid_error *err)
{
    SID_TRY(make_tables(job, err));
    for (int w = 0; w < workers; w++)
        SID_TRY(alloc_scratch(job, &job->scratch[w], err));
    sid__ctx_for(ctx, count, CHUNK_ROWS, encode_chunk, job);
    for (int w = 0; w < workers; w++)
        if (job->scratch[w].status != SID_OK)
            return sid__fail(err, SID_ENOMEM, "out of memory: beam candidates need more bytes");
    return SID_OK;
}

sid_status sid__residual_encode_beam(sid_ctx *ctx, const sid__residual *r, const float *x, int64_t count, int beam,
                                     uint16_t *codes, sid_error *err)
{
    int workers = sid_ctx_threads(ctx);
    beam_job job = {.kernels = sid__kernels_fp32(ctx), .r = r, .x = x, .codes = codes, .beam = beam};
    for (int l = 0; l < r->levels; l++)
        job.padded = padded_codes(&r->book[l]) > job.padded ? padded_codes(&r->book[l]) : job.padded;
    SID_TRY(sid__alloc(&job.scratch, (size_t)workers, sizeof(beam_scratch), "beam memory", err));
    sid_status status = run(ctx, &job, count, workers, err);
    for (int w = 0; w < workers; w++)
        drop_scratch(&job.scratch[w]);
    for (int l = 0; l < r->levels; l++)
        sid__free(job.cross[l]);
    sid__free(job.scratch);
    return status;
}
