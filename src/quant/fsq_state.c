/* fsq_state.c: what a fitted fsq quantizer holds: its channels, directions and cells; how codes become vectors again, and the
 * tensors it is kept as. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "quant/fsq_state.h"

enum { CELLS_MAX = 4096 }; /* of a channel */

void sid__fsq_state_free(sid__fsq_state *f)
{
    if (!f)
        return;
    sid_quantizer_free(f->kmeans);
    sid__free(f->direction);
    sid__free(f->spread);
    sid__free(f->value);
    sid__free(f->center);
    sid__rqvae_codec_free(f->net);
    sid__free(f);
}

/* fsq_levels as settle left it; one group stands for every level. */
sid_status sid__fsq_shape_of(const sid_quantizer *q, sid__fsq_shape *shape, sid_error *err)
{
    const sid__fsq_options *options = q->family_options;
    int groups = (int)(q->options.levels - options->kmeans_levels);
    SID_TRY(sid__fsq_shape_parse(options->fsq_levels, shape, err));
    sid__fsq_shape_repeat(shape, groups);
    return SID_OK;
}

/* The k-means levels: a quantizer of their own on the same prepared rows. */
static sid_status create_kmeans(const sid_quantizer *q, int levels, sid_quantizer **out, sid_error *err)
{
    char codes[SID_LEVELS_MAX * 6 + 1];
    size_t used = 0;
    for (int l = 0; l < levels; l++)
        used += (size_t)snprintf(codes + used, sizeof codes - used, "%s%d", l ? "," : "", q->options.codes[l]);
    SID_TRY(sid__quantizer_create(&(sid_quantizer_options){.levels = levels, .codes = codes, .options = "no_center"},
                                  out, err));
    (*out)->options.seed = q->options.seed; /* as a number: 0 among the public options would mean 42 */
    (*out)->dim = (*out)->prepared_dim = q->prepared_dim;
    return SID_OK;
}

/* Numbers the cells of all depths that have means: those where no channel has more than CELLS_MAX. */
static void number_cells(sid__fsq_state *f)
{
    int most = 1, largest = 0;
    for (int c = 0; c < f->channels; c++)
        largest = f->channel[c].steps > largest ? f->channel[c].steps : largest;
    for (int t = 0; t < (f->is_residual ? f->shape.groups : 1) && (t == 0 || most * largest <= CELLS_MAX); t++) {
        most *= largest;
        f->depths = t + 1;
        for (int c = 0; c < f->channels; c++) {
            int cells = 1;
            for (int i = 0; i <= t; i++)
                cells *= f->channel[c].steps;
            f->cell_begin[t][c] = f->cells;
            f->cells += cells;
        }
    }
}

static sid_status fsq_fill(const sid_quantizer *q, sid__fsq_state *f, sid_error *err)
{
    const sid__fsq_options *options = q->family_options;
    SID_TRY(sid__fsq_shape_of(q, &f->shape, err));
    f->kmeans_levels = (int)options->kmeans_levels;
    f->dim = q->prepared_dim;
    f->is_residual = options->residual;
    f->channels = f->shape.begin[f->is_residual ? 1 : f->shape.groups];
    for (int c = 0; c < f->channels; c++)
        f->channel[c] = sid__fsq_channel_make(f->shape.steps[c], (sid__fsq_shift)options->shift);
    number_cells(f);
    SID_TRY(sid__alloc(&f->direction, (size_t)f->dim, (size_t)f->channels * sizeof(float), "directions", err));
    SID_TRY(sid__alloc(&f->spread, (size_t)f->channels, sizeof(double), "channel spreads", err));
    SID_TRY(sid__alloc(&f->value, (size_t)f->cells, sizeof(double), "values of cells", err));
    f->is_learned = options->projection != 0;
    SID_TRY(sid__alloc(&f->center, (size_t)f->channels, sizeof(double), "means of channels", err));
    return f->kmeans_levels ? create_kmeans(q, f->kmeans_levels, &f->kmeans, err) : SID_OK;
}

sid_status sid__fsq_state_create(const sid_quantizer *q, sid__fsq_state **out, sid_error *err)
{
    sid__fsq_state *f = NULL;
    SID_TRY(sid__alloc(&f, 1, sizeof *f, "an fsq quantizer", err));
    sid_status status = fsq_fill(q, f, err);
    if (status != SID_OK) {
        sid__fsq_state_free(f);
        return status;
    }
    *out = f;
    return SID_OK;
}

/* ---- Decoding */

/* y of a channel from its first `depth` digits, of which those beyond f->depths would change next to nothing. */
static double decode_shared(const sid__fsq_state *f, int c, const int *digits, int depth)
{
    int cell = 0, deepest = (depth < f->depths ? depth : f->depths) - 1;
    for (int t = deepest; t >= 0; t--)
        cell = cell * f->channel[c].steps + digits[t];
    return f->value[f->cell_begin[deepest][c] + cell];
}

/* y (channels) of the first `depth` groups; channels of later ones stay 0, their mean. */
static void decode_channels(const sid__fsq_state *f, const uint16_t *codes, int depth, double *y)
{
    int digits[SID__FSQ_GROUP_MAX][SID_LEVELS_MAX] = {{0}}; /* is_residual: those of each channel by group */
    for (int c = 0; c < f->channels; c++)
        y[c] = 0;
    for (int g = 0; g < depth; g++) {
        int first = f->shape.begin[g], code = codes[g];
        for (int i = 0; i < f->shape.begin[g + 1] - first; i++) {
            int steps = f->shape.steps[first + i], digit = code % steps;
            code /= steps;
            if (f->is_residual)
                digits[i][g] = digit;
            else
                y[first + i] = f->value[f->cell_begin[0][first + i] + digit];
        }
    }
    for (int c = 0; c < f->channels && f->is_residual && depth > 0; c++)
        y[c] = decode_shared(f, c, digits[c], depth);
}

/* What the decoder makes of the first `depth` groups, the channels of the others being at their means; x is added to where
 * k-means comes before. */
static void decode_learned(const sid__fsq_state *f, const uint16_t *codes, int depth, float *x)
{
    float t[SID__FSQ_CHANNELS_MAX], row[SID__MLP_WIDTH_MAX] = {0};
    for (int c = 0; c < f->channels; c++)
        t[c] = (float)f->center[c];
    for (int g = 0; g < depth; g++)
        for (int c = f->shape.begin[g], code = codes[g]; c < f->shape.begin[g + 1]; c++) {
            t[c] = (float)sid__fsq_mlp_value(&f->channel[c], code % f->channel[c].steps);
            code /= f->channel[c].steps;
        }
    sid__rqvae_codec_decode_latent(f->net, t, f->kmeans ? row : x);
    for (int d = 0; d < f->dim && f->kmeans; d++)
        x[d] += row[d];
}

void sid__fsq_state_decode(const sid__fsq_state *f, const uint16_t *codes, int depth, float *x)
{
    double y[SID__FSQ_CHANNELS_MAX];
    int kmeans_depth = depth < f->kmeans_levels ? depth : f->kmeans_levels;
    if (f->kmeans)
        f->kmeans->family->decode(f->kmeans, codes, 1, kmeans_depth, x);
    if (f->is_learned) {
        decode_learned(f, codes + f->kmeans_levels, depth - kmeans_depth, x);
        return;
    }
    decode_channels(f, codes + f->kmeans_levels, depth - kmeans_depth, y);
    for (int c = 0; c < f->channels; c++)
        y[c] *= f->spread[c];
    for (int d = 0; d < f->dim; d++) {
        double sum = 0;
        for (int c = 0; c < f->channels; c++)
            sum += y[c] * (double)f->direction[(int64_t)d * f->channels + c];
        x[d] = f->kmeans ? (float)((double)x[d] + sum) : (float)sum;
    }
}

/* ---- Tensors */

static sid_status save_doubles(sid__tensor_set *set, const char *name, const double *data, int count, sid_error *err)
{
    int64_t shape = count;
    double *copy = NULL;
    SID_TRY(sid__tensor_add(set, name, SID__F64, 1, &shape, &copy, err));
    memcpy(copy, data, (size_t)count * sizeof *copy);
    return SID_OK;
}

sid_status sid__fsq_state_save(const sid__fsq_state *f, sid__tensor_set *set, sid_error *err)
{
    int64_t shape[2] = {f->dim, f->channels};
    float *copy = NULL;
    if (f->kmeans)
        SID_TRY(f->kmeans->family->save(f->kmeans, set, err));
    if (f->is_learned) {
        SID_TRY(save_doubles(set, "fsq.center", f->center, f->channels, err));
        return sid__rqvae_codec_save(f->net, set, err);
    }
    SID_TRY(sid__tensor_add(set, "fsq.direction", SID__F32, 2, shape, &copy, err));
    memcpy(copy, f->direction, (size_t)f->dim * (size_t)f->channels * sizeof *copy);
    SID_TRY(save_doubles(set, "fsq.spread", f->spread, f->channels, err));
    return save_doubles(set, "fsq.value", f->value, f->cells, err);
}

static sid_status load_doubles(const sid__tensor_set *set, const char *name, double most, int count, double *out,
                               sid_error *err)
{
    int64_t shape = count;
    const sid__tensor *tensor = NULL;
    SID_TRY(sid__tensor_get(set, name, SID__F64, 1, &shape, &tensor, err));
    memcpy(out, tensor->data, (size_t)count * sizeof *out);
    for (int i = 0; i < count; i++)
        if (!(fabs(out[i]) <= most))
            return sid__fail(err, SID_EDATA, "tensor %s: element %d is %g; at most %g is expected", name, i, out[i],
                             most);
    return SID_OK;
}

static sid_status load_network(const sid_quantizer *q, sid__fsq_state *f, const sid__tensor_set *set, sid_error *err)
{
    const sid__fsq_options *options = q->family_options;
    sid__mlp_shape shape;
    SID_TRY(sid__fsq_mlp_shape(&options->mlp, f->dim, f->channels, &shape, err));
    SID_TRY(load_doubles(set, "fsq.center", 1, f->channels, f->center, err));
    return sid__rqvae_codec_load(q, &shape, false, set, &f->net, err);
}

static sid_status load_directions(sid__fsq_state *f, const sid__tensor_set *set, sid_error *err)
{
    int64_t shape[2] = {f->dim, f->channels};
    const sid__tensor *tensor = NULL;
    SID_TRY(sid__tensor_get(set, "fsq.direction", SID__F32, 2, shape, &tensor, err));
    memcpy(f->direction, tensor->data, (size_t)f->dim * (size_t)f->channels * sizeof(float));
    for (int64_t i = 0; i < shape[0] * shape[1]; i++)
        if (!(fabsf(f->direction[i]) <= 2)) /* columns have unit length */
            return sid__fail(err, SID_EDATA, "tensor fsq.direction: element %lld is %g; at most 1 is expected",
                             (long long)i, (double)f->direction[i]);
    SID_TRY(load_doubles(set, "fsq.spread", SID_VALUE_MAX * SID_DIM_MAX, f->channels, f->spread, err));
    return load_doubles(set, "fsq.value", SID_VALUE_MAX, f->cells, f->value, err);
}

sid_status sid__fsq_state_load(const sid_quantizer *q, sid__fsq_state *f, const sid__tensor_set *set, sid_error *err)
{
    SID_TRY(f->is_learned ? load_network(q, f, set, err) : load_directions(f, set, err));
    return f->kmeans ? f->kmeans->family->load(f->kmeans, set, err) : SID_OK;
}
