/* fuzz_mhd.h: libmicrohttpd's part in a server without sockets: a connection that holds a request as the library would have
 * taken it apart, and takes the answer. These stand before the library's own functions when the target is linked.
 */
#ifndef SEMID_TESTS_FUZZ_MHD_H
#define SEMID_TESTS_FUZZ_MHD_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { PAIRS_MAX = 24 };

typedef struct pair {
    const char *name, *value; /* value NULL: "?name" without "=" */
} pair;

struct MHD_Connection {
    union MHD_ConnectionInfo context, fd, address;
    struct sockaddr_in client;
    pair header[PAIRS_MAX], argument[PAIRS_MAX];
    int header_count, argument_count;
    bool is_asleep;
    unsigned status; /* 0: none yet */
    bool is_json, has_allow;
    char *body; /* (body_size) of the answer */
    size_t body_size;
};

struct MHD_Response {
    size_t size;
    void *bytes, *arg;
    MHD_ContentReaderFreeCallback free; /* NULL: the bytes are nobody's to free */
    bool is_json, has_allow;
};

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *c, enum MHD_ConnectionInfoType what, ...)
{
    return what == MHD_CONNECTION_INFO_SOCKET_CONTEXT  ? &c->context
           : what == MHD_CONNECTION_INFO_CONNECTION_FD ? &c->fd
                                                       : &c->address;
}

int MHD_get_connection_values(struct MHD_Connection *c, enum MHD_ValueKind kind, MHD_KeyValueIterator iterator,
                              void *arg)
{
    const pair *each = kind == MHD_HEADER_KIND ? c->header : c->argument;
    int count = kind == MHD_HEADER_KIND ? c->header_count : c->argument_count;
    for (int i = 0; i < count; i++)
        if (iterator(arg, kind, each[i].name, each[i].value) != MHD_YES)
            return i + 1;
    return count;
}

void MHD_suspend_connection(struct MHD_Connection *c)
{
    FUZZ_CHECK(!c->is_asleep && c->status == 0);
    c->is_asleep = true;
}

void MHD_resume_connection(struct MHD_Connection *c)
{
    FUZZ_CHECK(c->is_asleep);
    c->is_asleep = false;
}

/* ---- Answers ------------------------------------------------------------------------------------------------------ */

struct MHD_Response *MHD_create_response_from_buffer_with_free_callback_cls(size_t size, void *buffer,
                                                                            MHD_ContentReaderFreeCallback release,
                                                                            void *arg)
{
    struct MHD_Response *response = calloc(1, sizeof *response);
    FUZZ_CHECK(response);
    *response = (struct MHD_Response){.size = size, .bytes = buffer, .arg = arg, .free = release};
    return response;
}

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer, enum MHD_ResponseMemoryMode mode)
{
    return MHD_create_response_from_buffer_with_free_callback_cls(size, buffer,
                                                                  mode == MHD_RESPMEM_MUST_FREE ? free : NULL, buffer);
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *response, const char *header, const char *content)
{
    FUZZ_CHECK(content[0] && !strpbrk(content, "\r\n"));
    response->is_json = response->is_json || (strcmp(header, "Content-Type") == 0 && strstr(content, "json"));
    response->has_allow = response->has_allow || strcmp(header, "Allow") == 0;
    return MHD_YES;
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *c, unsigned status, struct MHD_Response *response)
{
    FUZZ_CHECK(c->status == 0 && !c->is_asleep);
    c->status = status;
    c->is_json = response->is_json;
    c->has_allow = response->has_allow;
    c->body = malloc(response->size + 1);
    FUZZ_CHECK(c->body);
    if (response->size > 0)
        memcpy(c->body, response->bytes, response->size);
    c->body_size = response->size;
    return MHD_YES;
}

void MHD_destroy_response(struct MHD_Response *response)
{
    if (response->free)
        response->free(response->arg);
    free(response);
}

#endif
