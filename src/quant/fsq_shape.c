/* fsq_shape.c: see fsq_shape.h. */
#include "quant/fsq_shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_GROUP "8,6,5"
enum { LARGEST_STEP = 8, KMEANS_CODES = 256 };

int sid__fsq_shape_codes(const sid__fsq_shape *shape, int group)
{
    int64_t codes = 1;
    for (int c = shape->begin[group]; c < shape->begin[group + 1]; c++)
        codes *= shape->steps[c];
    return (int)codes;
}

/* One step count at *at; moves behind it. */
static sid_status parse_steps(const char *text, const char **at, int64_t *codes, int *steps, sid_error *err)
{
    char *end = NULL;
    long value = **at >= '0' && **at <= '9' ? strtol(*at, &end, 10) : 0;
    if (!end || (*end && *end != ',' && *end != ';'))
        return sid__fail(err, SID_EUSAGE,
                         "fsq_levels is \"%s\"; numbers are expected at \"%.20s\": steps of channels joined by commas, "
                         "levels by semicolons, as in 8,6,5;8,6,5",
                         text, *at);
    if (value < 3)
        return sid__fail(err, SID_EUSAGE, "fsq_levels has a channel of %ld steps; at least 3 are needed%s", value,
                         value == 2 ? ", since tanh saturates in 2" : "");
    *codes *= value <= SID_CODES_MAX ? value : SID_CODES_MAX + 1;
    if (*codes > SID_CODES_MAX)
        return sid__fail(err, SID_EUSAGE,
                         "fsq_levels \"%s\" makes a level of more than %d codes; K is the product of its steps", text,
                         SID_CODES_MAX);
    *steps = (int)value;
    *at = end;
    return SID_OK;
}

sid_status sid__fsq_shape_parse(const char *text, sid__fsq_shape *out, sid_error *err)
{
    sid__fsq_shape shape = {.groups = 1};
    int64_t codes = 1;
    for (const char *at = text;; at++) {
        SID_TRY(parse_steps(text, &at, &codes, &shape.steps[shape.begin[shape.groups]++], err));
        if (!*at)
            break;
        if (*at == ',')
            continue;
        if (shape.groups == SID_LEVELS_MAX)
            return sid__fail(err, SID_EUSAGE, "fsq_levels has more than %d levels, which is the most there can be",
                             SID_LEVELS_MAX);
        codes = 1;
        shape.groups++;
        shape.begin[shape.groups] = shape.begin[shape.groups - 1];
    }
    *out = shape;
    return SID_OK;
}

void sid__fsq_shape_repeat(sid__fsq_shape *shape, int groups)
{
    int size = shape->begin[1];
    for (int g = 1; g < groups && shape->groups == 1; g++) {
        memcpy(shape->steps + g * size, shape->steps, (size_t)size * sizeof *shape->steps);
        shape->begin[g + 1] = (g + 1) * size;
    }
    if (shape->groups == 1)
        shape->groups = groups;
}

/* ---- Text of a shape */

bool sid__fsq_shape_is_even(const sid__fsq_shape *shape)
{
    int size = shape->begin[1];
    for (int g = 1; g < shape->groups; g++)
        if (shape->begin[g + 1] - shape->begin[g] != size ||
            memcmp(shape->steps, shape->steps + shape->begin[g], (size_t)size * sizeof *shape->steps) != 0)
            return false;
    return true;
}

/* One group when all are equal, since one stands for all. */
static sid_status write_text(const sid__fsq_shape *shape, char *text, sid_error *err)
{
    int groups = sid__fsq_shape_is_even(shape) ? 1 : shape->groups;
    size_t used = 0;
    for (int g = 0; g < groups; g++)
        for (int c = shape->begin[g]; c < shape->begin[g + 1] && used < SID__OPTION_TEXT_SIZE; c++)
            used += (size_t)snprintf(text + used, SID__OPTION_TEXT_SIZE - used, "%s%d",
                                     c == 0                 ? ""
                                     : c == shape->begin[g] ? ";"
                                                            : ",",
                                     shape->steps[c]);
    if (used >= SID__OPTION_TEXT_SIZE)
        return sid__fail(err, SID_EUSAGE, "the steps of %d levels do not fit an option; use fewer levels or codes",
                         shape->groups);
    return SID_OK;
}

/* ---- From codes to steps */

/* K as a product of steps of at most 8, the largest first; the rest of K that has no such factor is one channel. */
static void split_codes(int codes, sid__fsq_shape *shape)
{
    int *end = &shape->begin[++shape->groups];
    *end = shape->begin[shape->groups - 1];
    while (codes > 1) {
        int steps = LARGEST_STEP;
        while (steps > 2 && (codes % steps != 0 || codes / steps == 2))
            steps--;
        steps = steps > 2 ? steps : codes;
        shape->steps[(*end)++] = steps;
        codes /= steps;
    }
}

static sid_status shape_from_codes(sid_quantizer *q, int kmeans_levels, sid__fsq_shape *shape, sid_error *err)
{
    SID_TRY(sid__quantizer_parse_codes(&q->options, err));
    *shape = (sid__fsq_shape){0};
    for (int l = kmeans_levels; l < q->options.levels; l++) {
        if (q->options.codes[l] < 3)
            return sid__fail(err, SID_EUSAGE, "codes is 2 at level %d; fsq needs at least 3, since tanh saturates in 2",
                             l + 1);
        split_codes(q->options.codes[l], shape);
    }
    return SID_OK;
}

/* ---- From steps to codes */

/* One group at every level, or as many as there are levels. */
static sid_status settle_levels(sid_quantizer *q, int kmeans_levels, const char *text, bool has_levels,
                                sid__fsq_shape *shape, sid_error *err)
{
    int wanted = (int)q->options.levels - kmeans_levels;
    if (shape->groups > 1 && !has_levels) {
        q->options.levels = kmeans_levels + shape->groups;
    } else if (shape->groups > 1 && shape->groups != wanted) {
        return sid__fail(
            err, SID_EUSAGE,
            "levels is %d, but fsq_levels \"%s\" has %d levels%s; give one group for all, or leave levels out",
            (int)q->options.levels, text, shape->groups, kmeans_levels ? " after the k-means ones" : "");
    }
    sid__fsq_shape_repeat(shape, wanted);
    if (q->options.levels > SID_LEVELS_MAX)
        return sid__fail(err, SID_EUSAGE, "fsq_levels and kmeans_levels make %d levels; at most %d are possible",
                         (int)q->options.levels, SID_LEVELS_MAX);
    return SID_OK;
}

static sid_status settle_codes(sid_quantizer *q, int kmeans_levels, const char *text, bool has_codes,
                               const sid__fsq_shape *shape, sid_error *err)
{
    if (has_codes) {
        SID_TRY(sid__quantizer_parse_codes(&q->options, err));
        for (int g = 0; g < shape->groups; g++)
            if (q->options.codes[kmeans_levels + g] != sid__fsq_shape_codes(shape, g))
                return sid__fail(err, SID_EUSAGE,
                                 "codes is %d at level %d, but fsq_levels \"%s\" makes %d there; leave one of them out",
                                 q->options.codes[kmeans_levels + g], kmeans_levels + g + 1, text,
                                 sid__fsq_shape_codes(shape, g));
        return SID_OK;
    }
    size_t used = 0;
    for (int l = 0; l < q->options.levels; l++)
        used +=
            (size_t)snprintf(q->options.codes_text + used, sizeof q->options.codes_text - used, "%s%d", l ? "," : "",
                             l < kmeans_levels ? KMEANS_CODES : sid__fsq_shape_codes(shape, l - kmeans_levels));
    return sid__quantizer_parse_codes(&q->options, err);
}

sid_status sid__fsq_settle(sid_quantizer *q, int kmeans_levels, char *text, bool has_levels, bool has_codes,
                           sid_error *err)
{
    sid__fsq_shape shape;
    bool is_from_codes = !*text && has_codes;
    if (!*text)
        (void)snprintf(text, SID__OPTION_TEXT_SIZE, "%s", DEFAULT_GROUP);
    SID_TRY(sid__fsq_shape_parse(text, &shape, err));
    if ((has_levels || shape.groups == 1) && kmeans_levels >= q->options.levels)
        return sid__fail(err, SID_EUSAGE, "kmeans_levels is %d of %d levels; at least one level must be left for fsq",
                         kmeans_levels, (int)q->options.levels);
    if (is_from_codes) {
        SID_TRY(shape_from_codes(q, kmeans_levels, &shape, err));
    } else {
        SID_TRY(settle_levels(q, kmeans_levels, text, has_levels, &shape, err));
        SID_TRY(settle_codes(q, kmeans_levels, text, has_codes, &shape, err));
    }
    return write_text(&shape, text, err);
}
