/* cmd_help.c: semid help [VERB [FAMILY]], semid help --man [VERB], semid help --completions SHELL. */
#include "help.h"
#include "verbs.h"

static sid_status run(cli_app *app)
{
    const char *shell = cli_text(app, "completions");
    cli_app topic = {0};
    if (shell)
        return cli_help_completions(app, shell);
    const cli_command *command = app->object_count ? cli_command_find(app->object[0]) : NULL;
    if (app->object_count && !command)
        return cli_command_unknown(app, app->object[0]);
    if (cli_flag(app, "man"))
        return cli_help_man(app, command);
    if (!command) {
        cli_help_overview();
        return SID_OK;
    }
    sid_status status = cli_help_verb(&topic, command, app->object_count > 1 ? app->object[1] : NULL);
    app->err = topic.err;
    cli_app_drop(&topic);
    return status;
}

static const cli_option options[] = {
    {.name = "completions",
     .type = CLI_CHOICE,
     .choices = "bash|zsh|fish",
     .value = "SHELL",
     .help = "print what this shell needs to complete semid's words"},
    {.name = "man", .type = CLI_FLAG, .help = "print the manual page of VERB, or of semid, in roff"}};
static const char *const examples[] = {"help fit", "help fit rkmeans   # the options of one quantizer",
                                       "help --man fit | man -l -",
                                       "help --completions bash > /etc/bash_completion.d/semid"};

const cli_command cli_help = {.name = "help",
                              .summary = "tell about a verb; print manual pages and shell completions",
                              .usage = "help [VERB [FAMILY]]\nhelp --man [VERB]\nhelp --completions bash|zsh|fish",
                              .object_max = 2,
                              .objects = "a verb and a family",
                              CLI_OPTIONS(options),
                              CLI_EXAMPLES(examples),
                              .run = run};
