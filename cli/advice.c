/* advice.c: see advice.h. */
#include "advice.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static bool is_same(const sid_check *check, const char *next)
{
    return check->next && strcmp(check->next, next) == 0;
}

static bool is_said_before(const sid_report *report, int index)
{
    for (int i = 0; i < index; i++)
        if (is_same(&report->checks[i], report->checks[index].next))
            return true;
    return false;
}

/* The library does not know where the catalogue stands: its CATALOG becomes the path, ready to be typed. */
static const char *with_path(cli_app *app, const char *next, const char *path)
{
    static const char mark[] = "CATALOG";
    const char *at = strstr(next, mark);
    if (!at)
        return next;
    char *where = cli_shell_word(path);
    next = cli_keep(app, "%.*s%s%s", (int)(at - next), next, where, at + sizeof mark - 1);
    free(where);
    return next;
}

const char *cli_advice_next(cli_app *app, const sid_report *report, const char *path, int *at, const char **names)
{
    for (int i = *at; i < report->check_count; i++) {
        const char *next = report->checks[i].next;
        if (!next || is_said_before(report, i))
            continue;
        *names = report->checks[i].name;
        for (int j = i + 1; j < report->check_count; j++)
            if (is_same(&report->checks[j], next))
                *names = cli_keep(app, "%s, %s", *names, report->checks[j].name);
        *at = i + 1;
        return with_path(app, next, path);
    }
    return NULL;
}
