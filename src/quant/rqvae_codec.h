/* rqvae_codec.h: what a learned quantizer is once it is fitted: a scaler, an encoder, residual codes of its latent space, a
 * decoder. The families rqvae and rqkmeans-plus are one with other networks; fsq takes its networks alone.
 *
 *     input = (x - mean) / scale;  z = E(input);  codes of z;  x^ = mean + scale D(sum of codes)
 *
 * Encoding is canonical: products are fp32 chains, codes are chosen by the exact kernel.
 */
#ifndef SEMID_QUANT_RQVAE_CODEC_H
#define SEMID_QUANT_RQVAE_CODEC_H

#include "quant/mlp.h"
#include "quant/residual.h"

typedef enum sid__scaling { SID__SCALE_COLUMNS, SID__SCALE_ALL, SID__SCALE_NONE } sid__scaling;

/* Invariant: the mlps are packed from params, once pack was called. */
typedef struct sid__rqvae_codec {
    int dim, latent;
    sid__mlp_shape encoder_shape, decoder_shape;
    sid__params params; /* encoder, then decoder */
    int encoder_first, decoder_first;
    sid__mlp encoder, decoder;
    double *mean, *scale; /* (dim) */
    sid__residual *codes; /* NULL until there are some */
    sid_ctx *alone;       /* one thread: decode gets no context */
} sid__rqvae_codec;

/* encoder: dim -> latent; both at most SID__MLP_WIDTH_MAX where rows are decoded. Free with sid__rqvae_codec_free. */
sid_status sid__rqvae_codec_create(const sid__mlp_shape *encoder, sid__rqvae_codec **out, sid_error *err);
void sid__rqvae_codec_free(sid__rqvae_codec *codec);
/* Books of q's level sizes, in the latent space. */
sid_status sid__rqvae_codec_create_codes(const sid_quantizer *q, sid__rqvae_codec *codec, sid_error *err);
/* Makes the parameters ready for use. */
sid_status sid__rqvae_codec_pack(sid__rqvae_codec *codec, sid_error *err);

/* Finds mean and scale of x (count, dim): of every column, of all, or none. */
void sid__rqvae_codec_fit_scaler(sid__rqvae_codec *codec, sid__scaling kind, const float *x, int64_t count);
/* x (count, dim) -> out, which may be x. */
void sid__rqvae_codec_standardize(const sid__rqvae_codec *codec, const float *x, int64_t count, float *out);

/* What is done with latent rows z (rows, latent) that begin at row `begin`. */
typedef sid_status sid__latent_fn(sid_ctx *ctx, void *user, int64_t begin, int64_t rows, float *z, sid_error *err);
/* z of x (count, dim), some rows at a time. */
sid_status sid__rqvae_codec_visit(sid_ctx *ctx, const sid__rqvae_codec *codec, bool is_standardized, const float *x,
                                  int64_t count, sid__latent_fn *visit, void *user, sid_error *err);
/* codes (count, q's levels); margins NULL or of the same shape. */
sid_status sid__rqvae_codec_encode(sid_ctx *ctx, const sid_quantizer *q, const sid__rqvae_codec *codec,
                                   bool is_standardized, const float *x, int64_t count, uint16_t *codes,
                                   double *margins, sid_error *err);
/* The first `depth` of `levels` codes a row -> x (count, dim). */
void sid__rqvae_codec_decode(const sid__rqvae_codec *codec, const uint16_t *codes, int levels, int64_t count, int depth,
                             float *x);
/* One latent row -> x (dim). */
void sid__rqvae_codec_decode_latent(const sid__rqvae_codec *codec, const float *z, float *x);

/* Tensors encoder.*, decoder.*, scaler.mean [D] f64, scaler.scale [D] f64, and those of the codes, where there are some. */
sid_status sid__rqvae_codec_save(const sid__rqvae_codec *codec, sid__tensor_set *set, sid_error *err);
/* Networks and scaler, packed; codes too when has_codes. */
sid_status sid__rqvae_codec_load(const sid_quantizer *q, const sid__mlp_shape *encoder, bool has_codes,
                                 const sid__tensor_set *set, sid__rqvae_codec **out, sid_error *err);

#endif
