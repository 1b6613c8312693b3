/* assets.c: see assets.h. */
#include "assets.h"

#include <stdio.h>
#include <string.h>

static void give(srv_request *request, const srv_asset *asset, const char *if_none_match)
{
    bool is_known = if_none_match && strcmp(if_none_match, asset->etag) == 0;
    request->answer = (srv_answer){.status = is_known ? 304 : 200,
                                   .content_type = asset->content_type,
                                   .fixed = asset->bytes,
                                   .fixed_size = is_known ? 0 : asset->size};
    (void)snprintf(request->answer.etag, sizeof request->answer.etag, "%s", asset->etag);
}

bool srv_asset_find(srv_request *request, const char *method, const char *path, const char *if_none_match)
{
    if (strncmp(path, "/ui", 3) != 0 || (path[3] && path[3] != '/'))
        return false;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        (void)srv_fail(request, 405, SID_EUSAGE, "files are read by GET");
        memcpy(request->answer.allow, "GET, HEAD", sizeof "GET, HEAD");
        return true;
    }
    if (!path[3]) {
        request->answer = (srv_answer){.status = 308, .location = "/ui/"};
        return true;
    }
    for (int i = 0; i < srv_asset_count; i++)
        if (strcmp(srv_asset_table[i].path, path) == 0) {
            give(request, &srv_asset_table[i], if_none_match);
            return true;
        }
    (void)srv_fail(request, 404, SID_ENOTFOUND, "there is no such file");
    return true;
}
