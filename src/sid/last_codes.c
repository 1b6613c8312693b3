/* last_codes.c: see last_codes.h. */
#include "sid/last_codes.h"

#include <string.h>

#include "base/mem.h"
#include "quant/prepare.h"

sid_status sid__last_codes_init(const sid_quantizer *quantizer, sid__last_codes *out, sid_error *err)
{
    int levels = sid_quantizer_levels(quantizer);
    sid__last_codes last = {.quantizer = quantizer,
                            .levels = levels,
                            .codes = sid_quantizer_codes(quantizer, levels - 1),
                            .dim = quantizer->prepared_dim};
    size_t dim = (size_t)last.dim;
    sid_status status =
        sid__alloc(&last.decoded, (size_t)last.codes, dim * sizeof(float), "what the last codes decode to", err);
    if (status == SID_OK)
        status = sid__alloc(&last.row, dim, sizeof(float), "a prepared row", err);
    if (status == SID_OK)
        status = sid__alloc(&last.scratch, (size_t)quantizer->dim, sizeof(float), "a row", err);
    if (status != SID_OK) {
        sid__last_codes_drop(&last);
        return status;
    }
    *out = last;
    return SID_OK;
}

void sid__last_codes_drop(sid__last_codes *last)
{
    sid__free(last->decoded);
    sid__free(last->row);
    sid__free(last->scratch);
    *last = (sid__last_codes){0};
}

void sid__last_codes_set(sid__last_codes *last, const uint16_t *prefix)
{
    uint16_t codes[SID_LEVELS_MAX];
    memcpy(codes, prefix, (size_t)(last->levels - 1) * sizeof *codes);
    for (int k = 0; k < last->codes; k++) {
        codes[last->levels - 1] = (uint16_t)k;
        last->quantizer->family->decode(last->quantizer, codes, 1, last->levels, last->row);
        for (int d = 0; d < last->dim; d++)
            last->decoded[(int64_t)d * last->codes + k] = last->row[d];
    }
}

void sid__last_codes_distances(sid__last_codes *last, const float *x, double *distance)
{
    sid__prepare_rows(last->quantizer, x, 1, last->scratch, last->row);
    for (int k = 0; k < last->codes; k++)
        distance[k] = 0;
    for (int d = 0; d < last->dim; d++) {
        const float *column = last->decoded + (int64_t)d * last->codes;
        double value = (double)last->row[d];
        for (int k = 0; k < last->codes; k++) {
            double difference = value - (double)column[k];
            distance[k] += difference * difference;
        }
    }
}

/* ---- The nearest SIDs --------------------------------------------------------------------------------------------- */

typedef struct path {
    double distance;
    uint16_t codes[SID_LEVELS_MAX];
} path;

typedef struct beam {
    const sid_quantizer *quantizer;
    float *x, *decoded; /* (dim of prepared rows) */
    path *kept, *next;  /* (wanted) */
    int wanted, kept_count, next_count;
} beam;

static double distance_to(const beam *b, const uint16_t *codes, int depth)
{
    double sum = 0;
    b->quantizer->family->decode(b->quantizer, codes, 1, depth, b->decoded);
    for (int d = 0; d < b->quantizer->prepared_dim; d++) {
        double difference = (double)b->x[d] - (double)b->decoded[d];
        sum += difference * difference;
    }
    return sum;
}

/* Paths come in the order of their codes, so that of equal distances the first stays first. */
static void offer(beam *b, const path *candidate)
{
    int at = b->next_count;
    while (at > 0 && candidate->distance < b->next[at - 1].distance)
        at--;
    if (at == b->wanted)
        return;
    int moved = b->next_count - at - (b->next_count == b->wanted);
    memmove(&b->next[at + 1], &b->next[at], (size_t)moved * sizeof *b->next);
    b->next[at] = *candidate;
    b->next_count += b->next_count < b->wanted;
}

static int compare_paths(const path *a, const path *b, int depth)
{
    for (int l = 0; l < depth; l++)
        if (a->codes[l] != b->codes[l])
            return a->codes[l] < b->codes[l] ? -1 : 1;
    return 0;
}

/* Kept paths by codes (insertion: there are 32), then each with every code of the level. */
static void step(beam *b, int level)
{
    for (int i = 1; i < b->kept_count; i++)
        for (int at = i; at > 0 && compare_paths(&b->kept[at - 1], &b->kept[at], level) > 0; at--) {
            path swap = b->kept[at];
            b->kept[at] = b->kept[at - 1];
            b->kept[at - 1] = swap;
        }
    b->next_count = 0;
    for (int i = 0; i < b->kept_count; i++)
        for (int k = 0; k < sid_quantizer_codes(b->quantizer, level); k++) {
            path candidate = b->kept[i];
            candidate.codes[level] = (uint16_t)k;
            candidate.distance = distance_to(b, candidate.codes, level + 1);
            offer(b, &candidate);
        }
    path *swap = b->kept;
    b->kept = b->next;
    b->next = swap;
    b->kept_count = b->next_count;
}

static sid_status search(beam *b, const float *x, uint16_t *codes, int *count, sid_error *err)
{
    size_t dim = (size_t)b->quantizer->prepared_dim;
    int levels = sid_quantizer_levels(b->quantizer);
    float *scratch = NULL;
    SID_TRY(sid__alloc(&b->x, dim, sizeof *b->x, "a prepared row", err));
    SID_TRY(sid__alloc(&b->decoded, dim, sizeof *b->decoded, "a reconstruction", err));
    SID_TRY(sid__alloc(&b->kept, (size_t)b->wanted, sizeof *b->kept, "a beam", err));
    SID_TRY(sid__alloc(&b->next, (size_t)b->wanted, sizeof *b->next, "a beam", err));
    SID_TRY(sid__alloc(&scratch, (size_t)b->quantizer->dim, sizeof *scratch, "a row", err));
    sid__prepare_rows(b->quantizer, x, 1, scratch, b->x);
    sid__free(scratch);
    b->kept_count = 1;
    for (int l = 0; l < levels; l++)
        step(b, l);
    for (int i = 0; i < b->kept_count; i++)
        memcpy(codes + (int64_t)i * levels, b->kept[i].codes, (size_t)levels * sizeof *codes);
    *count = b->kept_count;
    return SID_OK;
}

sid_status sid__nearest_sids(const sid_quantizer *quantizer, const float *x, int wanted, uint16_t *codes, int *count,
                             sid_error *err)
{
    beam b = {.quantizer = quantizer, .wanted = wanted};
    sid_status status = search(&b, x, codes, count, err);
    sid__free(b.x);
    sid__free(b.decoded);
    sid__free(b.kept);
    sid__free(b.next);
    return status;
}
