/* main.c: semid, the program: words become settings, the verb runs, its status becomes a message and an exit code. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "config.h"
#include "help.h"
#include "output.h"
#include "progress.h"
#include "signals.h"
#include "size.h"
#include "verbs.h"

/* ---- Settings ---------------------------------------------------------------------------------------------------- */

/* A family's name must be known before the other words: flag, else configuration, else the verb's default. */
static const char *early_name(const cli_app *app, int count, char **word, const char *name)
{
    const char *flag = cli_args_peek(count, word, name);
    const char *config = cli_config_peek(app, app->command->name, name);
    if (flag || config)
        return flag ? flag : config;
    for (int i = 0; i < app->command->option_count; i++)
        if (strcmp(app->command->options[i].name, name) == 0)
            return app->command->options[i].default_text;
    return NULL;
}

static sid_status read_settings(cli_app *app, int count, char **word)
{
    const char *config = cli_args_peek(count, word, "config");
    const char *path = config ? config : getenv("SEMID_CONFIG");
    if (path && *path)
        CLI_TRY(cli_config_load(app, path));
    const char *family[CLI_KIND_COUNT];
    for (int i = 0; i < CLI_KIND_COUNT; i++)
        family[i] = early_name(app, count, word, cli_family_kinds[i].flag);
    CLI_TRY(cli_options_build(app, app->command, family));
    CLI_TRY(cli_args_parse(app, count, word));
    CLI_TRY(cli_args_environment(app));
    return app->config ? cli_config_apply(app, path) : SID_OK;
}

static cli_format format_of(const char *text)
{
    static const char *const name[] = {"table", "tsv", "json", "jsonl"};
    for (int i = 0; text && i < CLI_COUNT(name); i++)
        if (strcmp(text, name[i]) == 0)
            return (cli_format)i;
    return isatty(STDOUT_FILENO) ? CLI_FORMAT_TABLE : CLI_FORMAT_TSV;
}

static bool wants_color(void)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(none && *none) && !(term && strcmp(term, "dumb") == 0);
}

static void apply_globals(cli_app *app)
{
    const char *progress = cli_text(app, "progress");
    app->seed = (uint64_t)cli_int(app, "seed");
    app->is_quiet = cli_flag(app, "quiet");
    app->is_log_json = strcmp(cli_text(app, "log-format"), "json") == 0;
    app->is_forced = cli_flag(app, "force");
    app->is_dry_run = cli_flag(app, "dry-run");
    app->has_header = cli_flag(app, "header");
    app->is_format_given = cli_is_given(app, "format");
    app->format = format_of(cli_text(app, "format"));
    app->has_color = wants_color();
    bool is_auto_on = strcmp(progress, "auto") == 0 && (isatty(STDERR_FILENO) || app->is_log_json);
    app->is_progress_on = !app->is_quiet && (strcmp(progress, "always") == 0 || is_auto_on);
}

static sid_status open_ctx(cli_app *app)
{
    size_t limit_size = 0;
    const char *limit = cli_text(app, "memory-limit");
    CLI_TRY(sid_ctx_create(&app->ctx, &app->err));
    cli_signals_begin(app->ctx);
    if (cli_int(app, "threads") > 0)
        CLI_TRY(sid_ctx_set_threads(app->ctx, (int)cli_int(app, "threads"), &app->err));
    if (limit && cli_size_parse(limit, &limit_size))
        sid_ctx_set_memory_limit(app->ctx, limit_size);
    sid_ctx_on_log(app->ctx, cli_on_log, app);
    if (app->is_progress_on)
        sid_ctx_on_progress(app->ctx, cli_on_progress, app);
    return SID_OK;
}

/* ---- One run ----------------------------------------------------------------------------------------------------- */

static sid_status find_verb(cli_app *app, const char *word)
{
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        word = "version";
    app->command = cli_command_find(word);
    if (app->command)
        return SID_OK;
    if (word[0] == '-')
        return cli_fail(app, SID_EUSAGE, "the verb comes before %s: semid VERB [OBJECT] [OPTIONS]", word);
    return cli_command_unknown(app, word);
}

static sid_status run(cli_app *app, int count, char **word)
{
    const char *topic = NULL;
    if (count < 2 || strcmp(word[1], "--help") == 0 || strcmp(word[1], "-h") == 0) {
        cli_help_overview();
        return SID_OK;
    }
    CLI_TRY(find_verb(app, word[1]));
    if (cli_args_want_help(count - 2, word + 2, &topic))
        return cli_help_verb(app, app->command, topic);
    CLI_TRY(read_settings(app, count - 2, word + 2));
    apply_globals(app);
    CLI_TRY(open_ctx(app));
    return app->command->run(app);
}

/* Messages may be needed before the words are parsed. */
static bool wants_json_log(int count, char **word)
{
    const char *flag = cli_args_peek(count, word, "log-format"), *env = getenv("SEMID_LOG_FORMAT");
    return (flag && strcmp(flag, "json") == 0) || (!flag && env && strcmp(env, "json") == 0);
}

/* "..; run semid fit --help" */
static void add_next_step(cli_app *app)
{
    char *message = app->err.message;
    size_t length = strlen(message), room = sizeof app->err.message - length;
    const char *join = length && message[length - 1] == '?' ? " " : "; ";
    if (app->command)
        (void)snprintf(message + length, room, "%srun semid %s --help", join, app->command->name);
    else
        (void)snprintf(message + length, room, "%srun semid help", join);
}

/* The reader of our standard output has gone (head, less): no failure of ours. The library writes there too. */
static bool is_reader_gone(const cli_app *app)
{
    return strstr(app->err.message, strerror(EPIPE)) != NULL;
}

static int finish(cli_app *app, sid_status status)
{
    bool is_pipe_closed = false;
    cli_progress_clear(app);
    if (status == SID_OK)
        status = cli_output_finish(app, &is_pipe_closed);
    else
        (void)fflush(stdout);
    if (status == SID_EIO && (is_pipe_closed || is_reader_gone(app)))
        cli_die_by(SIGPIPE);
    if (status == SID_EUSAGE)
        add_next_step(app);
    if (status != SID_OK)
        cli_print_error(app);
    if (status == SID_ECANCELED && strstr(app->err.message, "--resume")) /* a checkpoint was written */
        return sid_status_exit_code(status);
    if (status == SID_ECANCELED)
        return cli_signal_received() ? -cli_signal_received() : 1;
    return sid_status_exit_code(status);
}

int main(int argc, char **argv)
{
    cli_app app = {.start_s = cli_now_s()};
    cli_guard_descriptors();
    app.is_log_json = wants_json_log(argc - 1, argv + 1);
    int code = finish(&app, run(&app, argc, argv));
    if (code == sid_status_exit_code(SID_ECANCELED)) /* the signal has been heeded */
        cli_signals_resume(NULL);
    else
        cli_signals_pause(); /* the context goes */
    sid_ctx_free(app.ctx);
    cli_app_drop(&app);
    if (code < 0)
        cli_die_by(-code);
    return code;
}
