/* assets.h: files of the explorer, compiled into the program and found by their exact names. */
#ifndef SEMID_SERVE_ASSETS_H
#define SEMID_SERVE_ASSETS_H

#include "request.h"

/* Scripts and styles come from files of this server alone: none that stands in a page, none that a page makes of text. */
#define SRV_ASSET_CSP                                                                                                  \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "   \
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

typedef struct srv_asset {
    const char *path, *content_type, *etag;
    const unsigned char *bytes;
    size_t size;
} srv_asset;

/* Made by cmake/assets.cmake of web/ui/: the file a.js is /ui/a.js, index.html is /ui/ too. */
extern const srv_asset srv_asset_table[];
extern const int srv_asset_count;

/* Answers a request for a file, and for /ui, which leads to /ui/. False: it is for none. */
bool srv_asset_find(srv_request *request, const char *method, const char *path, const char *if_none_match);

#endif
