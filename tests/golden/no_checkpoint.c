/* no_checkpoint.c: for cross.sh, whose build has no JSON library: trainings that are neither interrupted nor resumed. */
#include "quant/rqvae_train.h"

sid_status sid__rqvae_state_write(sid__rqvae_trainer *t, sid_error *err)
{
    (void)t;
    return sid__fail(err, SID_EINTERNAL, "this build writes no checkpoints");
}

sid_status sid__rqvae_state_read(sid__rqvae_trainer *t, sid_error *err)
{
    (void)t;
    return sid__fail(err, SID_EINTERNAL, "this build reads no checkpoints");
}
