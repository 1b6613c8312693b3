/* front_check.h: what no handler should ever see: two lengths, a length beside a coding, names that are no tokens, absolute
 * URIs, zero bytes in paths; foreign hosts and origins. libmicrohttpd lets these through.
 */
#ifndef SEMID_SERVE_FRONT_CHECK_H
#define SEMID_SERVE_FRONT_CHECK_H

#include "request.h"

/* What the headers say; texts belong to MHD's connection. */
typedef struct srv_headers {
    const char *host, *origin, *content_type, *authorization, *deadline, *request_id, *coding, *expect, *if_none_match;
    int host_count, length_count, coding_count, bad_names;
    int64_t length; /* of the body; -1: not said */
} srv_headers;

void srv_headers_read(struct MHD_Connection *mhd, srv_headers *out);
/* False with a problem that closes the connection. `url`: as sent. */
bool srv_front_check(srv_request *request, const srv_headers *headers, const char *url);
/* The Host header is ours, and a change comes from no foreign page. */
bool srv_host_check(srv_request *request, const srv_headers *headers);
/* Path parameter and query of a request whose route is known. */
bool srv_query_read(srv_request *request);

#endif
