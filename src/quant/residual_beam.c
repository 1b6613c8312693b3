/* residual_beam.c: keep the `beam` best paths a level instead of one (Babenko, Lempitsky, "Additive quantization", 2014),
 * decided canonically: a path's cost after level l is |r_l|^2 + 2 score(code), both in float64 on the path's own fp32
 * residual, ties by cost, then by code tuple (spec/quantizers.md §2). Where codes have prices (residual.h), a path also pays
 * half of each: they come with the scores, and with `price` from earlier levels.
 *
 * What proposes: one product of the rows with all codebooks, x . e_{l,k}, and a table of the products of codes with codes,
 * so that r_l . e_{l,k} = x . e_{l,k} - sum_m e_{m,c_m} . e_{l,k} costs an addition a level and no residual is made. Each
 * candidate is an interval that holds its canonical half cost. When exactly `beam` of them can be among the best, they
 * are, and nothing is decided; else the ones that can be are decided in float64. The last level keeps one.
 *
 * The interval. Against the canonical score on fp32 residuals the proposal is off by the rounding of D-long sums of x and
 * of every earlier code, of the additions, and of the residual itself (each subtraction rounds by u |r|): all below
 * gamma_{D + 8L + 16} (|x| + sum_m |e_m|) |e_k|. Half costs carry their own slack from level to level. Until a level is
 * decided they hold half the square of |x| rounded up instead of |x|^2 / 2: too much, by the same for all candidates of a
 * row, of which either all are decided or none.
 *
 * Where the CPU multiplies bf16 the product is of rounded rows and codes, and the interval wider by what assign.c says of
 * it; the few candidates that it leaves are multiplied again in fp32.
 *
 * Tables over TABLE_SIZE_MAX are not made; then every path's residual is multiplied with the level's codebook.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quant/residual.h"

enum { TABLE_SIZE_MAX = 64 << 20, CHUNK_ROWS = SID__BLOCK_ROWS, SHARES = 8 };

#define UNIT 0x1p-24 /* u of fp32 */

typedef struct path {
    uint16_t code[SID_LEVELS_MAX];
    int levels;
    double half_cost, slack; /* the canonical half cost is within half_cost +- slack, see above */
    double norms;            /* |x| + sum of |e_m| */
    double price;            /* half prices paid for its codes (residual.h) */
} path;

/* One code of one path that may be kept. */
typedef struct candidate {
    const path *from;
    double half_cost, slack;
    int parent, code;
} candidate;

/* What one worker needs. */
typedef struct beam_scratch {
    float *score;         /* (levels, CHUNK_ROWS, padded): rows against all codebooks */
    float *low, *high;    /* (beam, padded) */
    float *least;         /* (beam, SID__GROUP) smallest highs of every path */
    float *best;          /* (beam) smallest highs, ascending */
    float *residual;      /* (beam, dim) of paths whose `is_made` */
    bool *is_made;        /* (beam) */
    double *square;       /* (beam) |residual|^2, below 0: not known yet */
    int *index;           /* (padded) */
    path *path, *next;    /* (beam) */
    candidate *candidate; /* (candidates_max), grows */
    int64_t candidate_capacity;
    sid__row_norm norm[CHUNK_ROWS];
    bool is_rounded[SID_LEVELS_MAX]; /* the level's products of this chunk are */
    sid_status status;
} beam_scratch;

typedef struct beam_job {
    const sid__kernels *kernels;
    const sid__residual *r;
    const float *x; /* (count, dim) */
    int64_t count;
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
    if (a->half_cost < b->half_cost || a->half_cost > b->half_cost)
        return a->half_cost < b->half_cost ? -1 : 1;
    for (int l = 0; l < a->from->levels; l++)
        if (a->from->code[l] != b->from->code[l])
            return a->from->code[l] < b->from->code[l] ? -1 : 1;
    return a->code - b->code;
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

/* |r|^2 of path p's residual, once a level. */
static double square_of(const beam_job *job, beam_scratch *s, const float *x, int p)
{
    const float *row = residual_of(job, s, x, p);
    if (s->square[p] < 0)
        s->square[p] = sid__dot_exact(row, row, job->r->dim);
    return s->square[p];
}

/* Replaces the intervals of all candidates by their canonical half costs. */
static void decide(const beam_job *job, beam_scratch *s, const float *x, int level, int64_t count)
{
    const sid__codebook *book = &job->r->book[level];
    for (int64_t begin = 0; begin < count; begin += 4) {
        const float *row[4], *code[4];
        double dot[4];
        for (int i = 0; i < 4; i++) {
            const candidate *c = &s->candidate[begin + i < count ? begin + i : count - 1];
            row[i] = residual_of(job, s, x, c->parent);
            code[i] = book->code + (int64_t)c->code * job->r->dim;
        }
        sid__dot_four(row, code, job->r->dim, dot);
        for (int i = 0; i < 4 && begin + i < count; i++) {
            candidate *c = &s->candidate[begin + i];
            c->half_cost = square_of(job, s, x, c->parent) / 2 + (book->half_exact[c->code] - dot[i]) + c->from->price;
            c->slack = 0;
        }
    }
}

/* ---- Proposing */

/* Bound of the scores of path `from`, whose row has norm `of`. */
static sid__bound bound_of(const beam_job *job, const path *from, sid__row_norm of, const sid__codebook *book,
                           bool is_rounded)
{
    double n = job->r->dim + 8.0 * job->r->levels + 16, gamma = n * UNIT / (1 - n * UNIT);
    double dx = is_rounded ? (double)of.rounding : 0, dc = is_rounded ? book->bf16_rounding : 0;
    double rounded = dx + ((double)of.norm + dx) * dc * (1 + gamma);
    double least = (double)job->r->dim * (is_rounded ? 0x1p-83 : 0x1p-147);
    return (sid__bound){.norm_factor = (float)((gamma * (from->norms + dx) + rounded) * 1.01),
                        .half_factor = (float)(8 * UNIT),
                        .floor = (float)(from->slack * 1.001 + 8 * UNIT * fabs(from->half_cost) + least)};
}

/* Fills low and high of path p at `level`; score: the scores by the level's codes, of the row when there are tables, else
 * of the path's own residual. */
static void propose(const beam_job *job, beam_scratch *s, sid__row_norm of, const float *score, int level, int p)
{
    const sid__codebook *book = &job->r->book[level];
    const path *from = &s->path[p];
    const float *cross[SID_LEVELS_MAX];
    int cross_count = job->cross[level] ? level : 0;
    if (cross_count)
        table_rows(job, from, level, cross);
    job->kernels->intervals(score, cross, cross_count, book, bound_of(job, from, of, book, s->is_rounded[level]),
                            (float)from->half_cost, s->low + (int64_t)p * job->padded,
                            s->high + (int64_t)p * job->padded, s->least + (int64_t)p * SID__GROUP);
}

/* Without tables: the residuals of all paths are multiplied, a block at a time. */
static void propose_residuals(const beam_job *job, beam_scratch *s, const float *x, sid__row_norm of, int level,
                              int paths)
{
    const sid__codebook *book = &job->r->book[level];
    const float *row[SID__BLOCK_ROWS];
    float *score =
        s->score + (int64_t)CHUNK_ROWS * job->padded; /* the second level's place: only the first has scores */
    for (int begin = 0; begin < paths; begin += SID__BLOCK_ROWS) {
        int rows = paths - begin < SID__BLOCK_ROWS ? paths - begin : SID__BLOCK_ROWS;
        for (int p = 0; p < rows; p++)
            row[p] = residual_of(job, s, x, begin + p);
        job->kernels->scores(book, row, rows, score);
        for (int p = 0; p < rows; p++)
            propose(job, s, of, score + (int64_t)p * padded_codes(book), level, begin + p);
    }
}

/* Narrows the interval of a candidate by an fp32 product. */
static void narrow(const beam_job *job, const float *x, sid__row_norm of, candidate *c)
{
    const path *from = c->from;
    const sid__codebook *book = &job->r->book[from->levels];
    const float *cross[SID_LEVELS_MAX];
    sid__bound bound = bound_of(job, from, of, book, false);
    float score = book->half[c->code] - job->kernels->dot(x, book->code + (int64_t)c->code * job->r->dim, job->r->dim);
    table_rows(job, from, from->levels, cross);
    for (int m = 0; m < from->levels; m++)
        score += cross[m][c->code];
    c->half_cost = from->half_cost + (double)score;
    c->slack = (double)bound.norm_factor * (double)book->norm[c->code] +
               (double)bound.half_factor * (double)book->half[c->code] + (double)bound.floor;
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

/* The `wanted`-th smallest of count values; INFINITY when there are fewer. */
static float nth_smallest(beam_scratch *s, const float *value, int64_t count, int wanted)
{
    int found = 0;
    for (int64_t i = 0; i < count; i++)
        if (found < wanted || value[i] < s->best[wanted - 1])
            found = insert_smallest(s->best, found, wanted, value[i]);
    return found < wanted ? INFINITY : s->best[wanted - 1];
}

/* At least the wanted-th smallest high of all paths: no candidate whose low is above can be kept. The least highs of every
 * SID__GROUP-th code are some of them, so that their wanted-th smallest leaves few to look at; where there are so many of
 * them that the smallest seldom share one, it will do. */
static float find_limit(const beam_job *job, beam_scratch *s, const sid__codebook *book, int paths, int wanted)
{
    float above = nth_smallest(s, s->least, (int64_t)paths * SID__GROUP, wanted);
    int count = 0;
    if (paths * SID__GROUP >= SHARES * wanted)
        return above;
    for (int p = 0; p < paths; p++) {
        const float *high = s->high + (int64_t)p * job->padded;
        int found = job->kernels->at_most(high, padded_codes(book), above, s->index);
        for (int i = 0; i < found && s->index[i] < book->codes; i++)
            if (count < wanted || high[s->index[i]] < s->best[wanted - 1])
                count = insert_smallest(s->best, count, wanted, high[s->index[i]]);
    }
    return count < wanted ? INFINITY : s->best[wanted - 1];
}

/* Half the width and the middle of a candidate's interval. */
static sid_status add_candidate(const beam_job *job, beam_scratch *s, int p, int k, int64_t found)
{
    double low = (double)s->low[(int64_t)p * job->padded + k], high = (double)s->high[(int64_t)p * job->padded + k];
    SID_TRY(sid__grow(&s->candidate, &s->candidate_capacity, found + 1, sizeof(candidate), "beam candidates", NULL));
    s->candidate[found] = (candidate){
        .from = &s->path[p], .half_cost = (low + high) / 2, .slack = (high - low) / 2, .parent = p, .code = k};
    return SID_OK;
}

/* Drops candidates that `wanted` others are surely below; gives how many stay. */
static int64_t drop_high(beam_scratch *s, int64_t count, int wanted)
{
    int64_t kept = 0;
    int found = 0;
    if (count <= wanted)
        return count;
    for (int64_t i = 0; i < count; i++) {
        float high = nextafterf((float)(s->candidate[i].half_cost + s->candidate[i].slack), INFINITY);
        if (found < wanted || high < s->best[wanted - 1])
            found = insert_smallest(s->best, found, wanted, high);
    }
    for (int64_t i = 0; i < count; i++)
        if (s->candidate[i].half_cost - s->candidate[i].slack <= (double)s->best[wanted - 1])
            s->candidate[kept++] = s->candidate[i];
    return kept;
}

/* The path that candidate c makes. */
static void extend(const beam_job *job, const candidate *c, path *out)
{
    int level = c->from->levels;
    memcpy(out->code, c->from->code, (size_t)level * sizeof out->code[0]);
    out->code[level] = (uint16_t)c->code;
    out->levels = level + 1;
    out->half_cost = c->half_cost;
    /* |r|^2 of the next residual is that of the rounded one: 2u of it, and half of this. */
    out->slack = c->slack + 4 * UNIT * fabs(c->half_cost);
    out->norms = c->from->norms + (double)job->r->book[level].norm[c->code];
    out->price = c->from->price + (job->r->price[level] ? job->r->price[level][c->code] / 2 : 0);
}

/* All candidates of a level that may be among the best `wanted`; *found: how many. */
static sid_status collect(const beam_job *job, beam_scratch *s, int level, int wanted, int paths, int64_t *found)
{
    const sid__codebook *book = &job->r->book[level];
    float limit = find_limit(job, s, book, paths, wanted);
    for (int p = 0; p < paths; p++) {
        int count = job->kernels->at_most(s->low + (int64_t)p * job->padded, padded_codes(book), limit, s->index);
        for (int i = 0; i < count && s->index[i] < book->codes; i++)
            SID_TRY(add_candidate(job, s, p, s->index[i], (*found)++));
    }
    return SID_OK;
}

/* One level of one row; score: the row's scores by the level's codes, NULL without tables. *paths becomes how many are
 * kept, at most `wanted`. */
static sid_status step(const beam_job *job, beam_scratch *s, const float *x, sid__row_norm of, const float *score,
                       int level, int wanted, int *paths)
{
    int64_t found = 0;
    for (int p = 0; p < *paths; p++) {
        s->is_made[p] = false;
        s->square[p] = -1;
    }
    for (int p = 0; p < *paths && score; p++)
        propose(job, s, of, score, level, p);
    if (!score)
        propose_residuals(job, s, x, of, level, *paths);
    SID_TRY(collect(job, s, level, wanted, *paths, &found));
    if (s->is_rounded[level] && (found > wanted || level + 1 < job->r->levels)) {
        for (int64_t i = 0; i < found; i++)
            narrow(job, x, of, &s->candidate[i]);
        found = drop_high(s, found, wanted);
    }
    if (found > wanted) {
        decide(job, s, x, level, found);
        qsort(s->candidate, (size_t)found, sizeof(candidate), by_cost);
    }
    *paths = found < wanted ? (int)found : wanted;
    for (int p = 0; p < *paths; p++)
        extend(job, &s->candidate[p], &s->next[p]);
    path *keep = s->path;
    s->path = s->next;
    s->next = keep;
    return SID_OK;
}

static sid_status encode_row(const beam_job *job, beam_scratch *s, int64_t row, int in_chunk)
{
    const sid__residual *r = job->r;
    const float *x = job->x + row * r->dim;
    double norm = (double)s->norm[in_chunk].norm;
    int paths = 1;
    s->path[0].levels = 0;
    s->path[0].half_cost = norm * norm / 2;
    s->path[0].slack = 0;
    s->path[0].norms = norm;
    for (int l = 0; l < r->levels; l++) {
        const float *score = s->score + ((int64_t)l * CHUNK_ROWS + in_chunk) * job->padded;
        if (l > 0 && !job->cross[l])
            score = NULL;
        SID_TRY(step(job, s, x, s->norm[in_chunk], score, l, l + 1 < r->levels ? job->beam : 1, &paths));
    }
    memcpy(job->codes + row * r->levels, s->path[0].code, (size_t)r->levels * sizeof(uint16_t));
    return SID_OK;
}

/* The first level's product measures the rows and fetches the tile after them. Rows of scores have the level's own stride
 * inside a chunk; they are spread to the common one, from the last row on. */
static void multiply_level(const beam_job *job, beam_scratch *s, const float *x, int rows, int ahead, int level)
{
    const float *row[SID__BLOCK_ROWS + SID__TILE_ROWS];
    float *out = s->score + (int64_t)level * CHUNK_ROWS * job->padded;
    const sid__codebook *book = &job->r->book[level];
    int own = padded_codes(book), last = rows + ahead - 1;
    for (int i = 0; i < rows + SID__TILE_ROWS; i++)
        row[i] = x + (int64_t)(i < last ? i : last) * job->r->dim;
    if (level == 0) {
        s->is_rounded[0] = sid__measure_and_score(job->kernels, book, row, rows, row + rows, s->norm, out);
    } else {
        s->is_rounded[level] = sid__may_round(job->kernels, book) && sid__rows_may_round(s->norm, rows);
        if (s->is_rounded[level])
            job->kernels->scores_bf16(book, row, rows, NULL, NULL, out);
        else
            job->kernels->scores(book, row, rows, out);
    }
    for (int i = rows - 1; i > 0 && own < job->padded; i--)
        memmove(out + (int64_t)i * job->padded, out + (int64_t)i * own, (size_t)own * sizeof(float));
}

static void encode_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const beam_job *job = arg;
    beam_scratch *s = &job->scratch[worker];
    int rows = (int)(end - begin);
    const float *x = job->x + begin * job->r->dim;
    int64_t after = job->count - end;
    for (int l = 0; l < job->r->levels; l++)
        if (l == 0 || job->cross[l])
            multiply_level(job, s, x, rows, (int)(after < SID__TILE_ROWS ? after : SID__TILE_ROWS), l);
    for (int i = 0; i < rows && s->status == SID_OK; i++)
        s->status = encode_row(job, s, begin + i, i);
}

/* ---- Memory */

static sid_status alloc_scratch(const beam_job *job, beam_scratch *s, sid_error *err)
{
    size_t beam = (size_t)job->beam, padded = (size_t)job->padded, levels = (size_t)job->r->levels;
    SID_TRY(sid__alloc(&s->score, levels * CHUNK_ROWS, padded * sizeof(float), "scores of a block", err));
    SID_TRY(sid__alloc(&s->low, beam, padded * sizeof(float), "costs of the beam", err));
    SID_TRY(sid__alloc(&s->high, beam, padded * sizeof(float), "costs of the beam", err));
    SID_TRY(sid__alloc(&s->least, beam, SID__GROUP * sizeof(float), "costs of the beam", err));
    SID_TRY(sid__alloc(&s->best, beam, sizeof(float), "costs of the beam", err));
    SID_TRY(sid__alloc(&s->residual, beam, (size_t)job->r->dim * sizeof(float), "residuals of the beam", err));
    SID_TRY(sid__alloc(&s->is_made, beam, sizeof(bool), "residuals of the beam", err));
    SID_TRY(sid__alloc(&s->square, beam, sizeof(double), "residuals of the beam", err));
    SID_TRY(sid__alloc(&s->index, padded, sizeof(int), "surviving codes", err));
    SID_TRY(sid__alloc(&s->path, beam, sizeof(path), "the beam", err));
    return sid__alloc(&s->next, beam, sizeof(path), "the beam", err);
}

static void drop_scratch(beam_scratch *s)
{
    sid__free(s->score);
    sid__free(s->low);
    sid__free(s->high);
    sid__free(s->least);
    sid__free(s->best);
    sid__free(s->residual);
    sid__free(s->is_made);
    sid__free(s->square);
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
    beam_job job = {.kernels = sid__kernels_of(ctx), .r = r, .x = x, .count = count, .codes = codes, .beam = beam};
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
