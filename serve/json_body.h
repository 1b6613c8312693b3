/* json_body.h: a request's body as JSON, counted before it is parsed, and its members checked one by one. A false answer means
 * that the request has its problem, with a pointer to what is wrong.
 */
#ifndef SEMID_SERVE_JSON_BODY_H
#define SEMID_SERVE_JSON_BODY_H

#include <jansson.h>

#include "request.h"

enum { SRV_POINTER_MAX = 96 };

/* The body as an object; json_decref it. NULL with a problem. */
json_t *srv_json_read(srv_request *request);
/* Refuses members that are not in `names` (NULL-terminated). `pointer`: of the object. */
bool srv_json_check(srv_request *request, const json_t *object, const char *pointer, const char *const *names);
bool srv_json_int(srv_request *request, const json_t *object, const char *pointer, const char *name, int64_t usual,
                  int64_t min, int64_t max, int64_t *out);
bool srv_json_bool(srv_request *request, const json_t *object, const char *pointer, const char *name, bool *out);
/* NULL where it is not there. */
bool srv_json_text(srv_request *request, const json_t *object, const char *pointer, const char *name, const char **out);
/* An array of at most `max` strings, as an array to free; *out NULL where it is not there. */
bool srv_json_texts(srv_request *request, const json_t *object, const char *pointer, const char *name, int64_t max,
                    const char ***out, int64_t *count);
/* `dim` finite numbers into out; `array` any value. */
bool srv_json_vector(srv_request *request, const json_t *array, const char *pointer, int dim, float *out);
/* A valid item id. */
bool srv_json_id(srv_request *request, const char *id, const char *pointer);

#endif
