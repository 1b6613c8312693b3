/* npy_body.h: a body of type application/x-npy: rows of little-endian float32 or float64, C order. */
#ifndef SEMID_SERVE_NPY_BODY_H
#define SEMID_SERVE_NPY_BODY_H

#include "request.h"

/* x (count, dim), to free. False with a problem. */
bool srv_npy_read(srv_request *request, int dim, float **x, int64_t *count);

#endif
