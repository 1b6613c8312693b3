/* catalog_use.c: a symlink that says which catalogue is in use. Programs open the link; swapping it for another is one
 * rename, so that each sees the old catalogue or the new one, and going back is the same call with the old one.
 */
#define _GNU_SOURCE /* realpath */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io_fault.h"
#include "catalog/catalog.h"

typedef struct link_paths {
    char link[PATH_MAX], parent[PATH_MAX], name[PATH_MAX], temporary[PATH_MAX];
    char parent_real[PATH_MAX], catalog_real[PATH_MAX];
} link_paths;

/* "a/b/" into parent "a" and name "b". */
static sid_status split(const char *link, link_paths *p, sid_error *err)
{
    size_t length = strlen(link);
    while (length > 1 && link[length - 1] == '/')
        length--;
    if (length == 0 || length >= sizeof p->link - 64)
        return sid__fail(err, SID_EUSAGE, "\"%.200s\" is no name for a link", link);
    memcpy(p->link, link, length);
    p->link[length] = 0;
    const char *slash = strrchr(p->link, '/');
    (void)snprintf(p->name, sizeof p->name, "%s", slash ? slash + 1 : p->link);
    (void)snprintf(p->parent, sizeof p->parent, "%.*s", slash ? (int)(slash - p->link) + (slash == p->link) : 1,
                   slash ? p->link : ".");
    if (!p->name[0] || strcmp(p->name, ".") == 0 || strcmp(p->name, "..") == 0)
        return sid__fail(err, SID_EUSAGE, "\"%.200s\" is no name for a link", link);
    int n = snprintf(p->temporary, sizeof p->temporary, "%s/.%s.use-%ld", p->parent, p->name, (long)getpid());
    return n < (int)sizeof p->temporary ? SID_OK : sid__fail(err, SID_EUSAGE, "\"%.200s\" is too long", link);
}

/* A link may be replaced, nothing else may. */
static sid_status check_link(const link_paths *p, sid_error *err)
{
    struct stat info;
    if (lstat(p->link, &info) != 0)
        return errno == ENOENT ? SID_OK : sid__fail_errno(err, p->link, "cannot look at it", errno);
    if (S_ISLNK(info.st_mode))
        return SID_OK;
    return sid__fail_at(err, SID_EEXISTS, (sid__place){.file = p->link, .byte = -1},
                        "this is a %s, not a link, and stays as it is; name a link that does not exist yet, such as "
                        "%s-current",
                        S_ISDIR(info.st_mode) ? "directory" : "file", p->name);
}

static sid_status check_catalog(sid_ctx *ctx, const char *path, sid_error *err)
{
    sid_catalog *catalog = NULL;
    SID_TRY(sid_catalog_open(ctx, path, SID_OPEN_READ, &catalog, err));
    sid_catalog_close(catalog);
    return SID_OK;
}

/* What the link holds: relative where the catalogue lies below the link's folder, so that both can move together. */
static sid_status target_of(link_paths *p, const char *catalog, const char **target, sid_error *err)
{
    if (!realpath(catalog, p->catalog_real))
        return sid__fail_errno(err, catalog, "cannot look at it", errno);
    if (!realpath(p->parent, p->parent_real))
        return sid__fail_errno(err, p->parent, "cannot make a link there", errno);
    size_t length = strlen(p->parent_real);
    bool is_below = strncmp(p->catalog_real, p->parent_real, length) == 0 && p->catalog_real[length] == '/';
    *target = is_below ? p->catalog_real + length + 1 : p->catalog_real;
    return SID_OK;
}

static sid_status swap(link_paths *p, const char *target, sid_error *err)
{
    (void)unlink(p->temporary); /* of a process of this number that was killed */
    if (symlink(target, p->temporary) != 0)
        return sid__fail_errno(err, p->temporary, "cannot make a link", errno);
    if (sid__sys_rename(p->temporary, p->link, 0) != 0) {
        sid_status status = sid__fail_errno(err, p->link, "cannot replace", errno);
        (void)unlink(p->temporary);
        return status;
    }
    return sid__directory_sync(p->parent, err);
}

static sid_status use(sid_ctx *ctx, const char *link, const char *catalog, bool check_only, link_paths *p,
                      sid_error *err)
{
    const char *target = NULL;
    SID_TRY(split(link, p, err));
    SID_TRY(check_link(p, err));
    SID_TRY(check_catalog(ctx, catalog, err));
    SID_TRY(target_of(p, catalog, &target, err));
    return check_only ? SID_OK : swap(p, target, err);
}

sid_status sid_catalog_use(sid_ctx *ctx, const char *link, const char *catalog, bool check_only, sid_error *err)
{
    link_paths *p = NULL;
    SID_TRY(sid__alloc(&p, 1, sizeof *p, "paths", err));
    sid_status status = use(ctx, link, catalog, check_only, p, err);
    sid__free(p);
    return status;
}
