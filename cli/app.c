/* app.c: what all of the CLI stands on: memory, texts that live as long as the app, errors, time. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "text.h"

struct cli_kept {
    cli_kept *next;
    char text[];
};

static _Noreturn void die_without_memory(void)
{
    (void)fputs("semid: out of memory\n", stderr);
    exit(1);
}

void *cli_alloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        die_without_memory();
    return memory;
}

char *cli_keep(cli_app *app, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    cli_kept *kept = cli_alloc(1, sizeof *kept + (size_t)length + 1);
    va_start(args, format);
    (void)vsnprintf(kept->text, (size_t)length + 1, format, args);
    va_end(args);
    kept->next = app->kept;
    app->kept = kept;
    return kept->text;
}

const char *cli_keep_word(cli_app *app, const char *text)
{
    char *word = cli_shell_word(text);
    const char *kept = cli_keep(app, "%s", word);
    free(word);
    return kept;
}

void cli_app_drop(cli_app *app)
{
    for (int i = 0; i < app->setting_count; i++)
        free(app->setting[i].text);
    free(app->setting);
    free(app->option);
    free(app->object);
    json_decref(app->config);
    while (app->kept) {
        cli_kept *next = app->kept->next;
        free(app->kept);
        app->kept = next;
    }
}

sid_status cli_fail(cli_app *app, sid_status status, const char *format, ...)
{
    va_list args;
    app->err = (sid_error){.status = status, .row = -1, .byte = -1};
    va_start(args, format);
    (void)vsnprintf(app->err.message, sizeof app->err.message, format, args);
    va_end(args);
    return status;
}

double cli_now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
