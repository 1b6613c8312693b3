/* checkpoint.h: training, interrupted and gone on with to the same bytes. One safetensors file that is replaced whole: what
 * trains adds its tensors, sid__optim_save those of the optimiser, and `checkpoint` (U8) holds a line of JSON about it:
 *
 *     {"format":1,"kind":"rqvae","step":1500,"options":"dim=64,..","data":"<SHA-256>"}
 *
 * One file, so that weights, moments and step can never be of two moments. Randomness is counted (Philox), hence the step is
 * all the state it has.
 */
#ifndef SEMID_TENSOR_CHECKPOINT_H
#define SEMID_TENSOR_CHECKPOINT_H

#include "io/sha256.h"
#include "tensor/optim.h"

typedef struct sid__checkpoint {
    const char *kind;                /* what trains: "rqvae" */
    const char *options;             /* as text; another text is refused */
    char data[SID__SHA256_HEX_SIZE]; /* of what is trained on */
    int64_t step;                    /* steps made */
} sid__checkpoint;

/* Adds the tensor `checkpoint` to the set and writes it. SID_EIO. */
sid_status sid__checkpoint_write(const char *path, const sid__checkpoint *about, sid__tensor_set *set, sid_error *err);
/* Reads `set`, which must be of the same kind, options and data, and about->step. SID_EUSAGE names what differs and both
 * sides; SID_EDATA: no checkpoint; SID_EIO. */
sid_status sid__checkpoint_read(const char *path, sid__checkpoint *about, sid__tensor_set *set, sid_error *err);

/* Moments, averages and step. The parameters are saved apart (sid__params_save). */
sid_status sid__optim_save(const sid__optim *optim, sid__tensor_set *set, sid_error *err);
sid_status sid__optim_load(sid__optim *optim, const sid__tensor_set *set, sid_error *err);

/* Numbers that a trainer keeps beside its parameters, under a name. */
sid_status sid__state_save_i64(sid__tensor_set *set, const char *name, const int64_t *data, int64_t count,
                               sid_error *err);
sid_status sid__state_load_i64(const sid__tensor_set *set, const char *name, int64_t *data, int64_t count,
                               sid_error *err);
sid_status sid__state_save_f64(sid__tensor_set *set, const char *name, const double *data, int64_t count,
                               sid_error *err);
sid_status sid__state_load_f64(const sid__tensor_set *set, const char *name, double *data, int64_t count,
                               sid_error *err);

#endif
