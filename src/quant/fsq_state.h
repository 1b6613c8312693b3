/* fsq_state.h: what a fitted fsq quantizer holds. */
#ifndef SEMID_QUANT_FSQ_STATE_H
#define SEMID_QUANT_FSQ_STATE_H

#include "quant/fsq_mlp.h"

enum { SID__FSQ_DEPTHS_MAX = 7 }; /* 3^7 = 2187 is the deepest of at most 4096 cells */

typedef struct sid__fsq_options {
    int64_t kmeans_levels;
    int shift, projection;
    bool residual;
    char fsq_levels[SID__OPTION_TEXT_SIZE];
    sid__fsq_mlp_options mlp;
} sid__fsq_options;

/* Channels are shared by all groups when is_residual, else group g has its own, and there is one depth.
 * Cell of depth t: digit_0 + n digit_1 + .. + n^t digit_t, n^(t+1) of them from cell_begin[t][channel] on. */
typedef struct sid__fsq_state {
    sid__fsq_shape shape;
    int kmeans_levels, dim, channels, depths;
    bool is_residual;
    sid__fsq_channel channel[SID__FSQ_CHANNELS_MAX];
    int cell_begin[SID__FSQ_DEPTHS_MAX][SID__FSQ_CHANNELS_MAX];
    int cells;
    sid_quantizer *kmeans; /* NULL: none */
    float *direction;      /* (dim, channels) */
    double *spread;        /* (channels) root of the mean square along the direction; 0: constant */
    double *value;         /* (cells) mean y of each cell */
    bool is_learned;       /* y comes from net, and decoding goes through it; no directions, spreads and values then */
    sid__rqvae_codec *net; /* is_learned: the networks */
    double *center;        /* is_learned: (channels) mean of what rows are rounded to, for levels that are not given */
} sid__fsq_state;

/* fsq_levels as settling the options left it; one group stands for every level. */
sid_status sid__fsq_shape_of(const sid_quantizer *q, sid__fsq_shape *shape, sid_error *err);
/* The state of q's options with nothing in it yet: zeros, and k-means levels that were not fitted. */
sid_status sid__fsq_state_create(const sid_quantizer *q, sid__fsq_state **out, sid_error *err);
void sid__fsq_state_free(sid__fsq_state *f);
/* x (dim): the row of the first `depth` of codes (levels). */
void sid__fsq_state_decode(const sid__fsq_state *f, const uint16_t *codes, int depth, float *x);
/* Tensors fsq.direction [D, C] f32, fsq.spread [C] f64, fsq.value [cells] f64 (depth by depth, channel by channel); of a
 * network fsq.center [C] f64 and its own; and those of the k-means levels. */
sid_status sid__fsq_state_save(const sid__fsq_state *f, sid__tensor_set *set, sid_error *err);
/* Into a created state; SID_EDATA names a tensor that cannot be. */
sid_status sid__fsq_state_load(const sid_quantizer *q, sid__fsq_state *f, const sid__tensor_set *set, sid_error *err);

#endif
