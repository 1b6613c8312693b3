/* answer.h: what a request is answered with: a body, or a problem (RFC 9457) with the request's id and pointers into its body. */
#ifndef SEMID_SERVE_ANSWER_H
#define SEMID_SERVE_ANSWER_H

#include <semid.h>

#include "json_text.h"

#define SRV_JSON "application/json"
#define SRV_PROBLEM "application/problem+json"

/* A body that several answers share; freed by the last. */
typedef struct srv_body {
    int users; /* of the loop's thread alone */
    srv_text text;
} srv_body;

typedef struct srv_answer {
    int status; /* HTTP; 0: none yet */
    const char *content_type;
    srv_text text;
    srv_body *shared;  /* instead of text; NULL: none */
    const void *fixed; /* instead of text: bytes that live as long as the program; NULL: none */
    size_t fixed_size;
    const char *location;
    char allow[64], etag[40]; /* "": none */
    int retry_after_s;
    bool must_close;
    bool is_plain; /* `fixed`, the same for all who ask: one response may serve them */
    const char *
        refusal; /* why, a literal; `text` is written when it is sent, once for all who are refused in a second. NULL: none */
} srv_answer;

typedef struct srv_request srv_request;

void srv_answer_drop(srv_answer *answer);

/* Each makes the request's answer a problem and returns false, so that a handler can say `return srv_fail(..)`. `code`: of
 * sid_status. `pointer`: into the body, "/items/3/vector"; NULL: none. */
__attribute__((format(printf, 4, 5))) bool srv_fail(srv_request *request, int http, sid_status code, const char *format,
                                                    ...);
__attribute__((format(printf, 5, 6))) bool srv_fail_at(srv_request *request, int http, sid_status code,
                                                       const char *pointer, const char *format, ...);
/* The library's error: what a client can mend is told, what it cannot goes to the log. */
bool srv_fail_error(srv_request *request, const sid_error *err, const char *pointer);
const char *srv_status_title(int http);

#endif
