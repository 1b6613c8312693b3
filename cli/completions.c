/* completions.c: what shells need to complete verbs, options and their values, printed from the tables.
 *
 *     semid help --completions bash > /etc/bash_completion.d/semid
 *     semid help --completions zsh > "${fpath[1]}/_semid"
 *     semid help --completions fish > ~/.config/fish/completions/semid.fish
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "help.h"

/* Calls `print` for each verb with its options in app->option. */
typedef void print_verb_fn(const cli_app *app);

static sid_status for_each_verb(cli_app *app, print_verb_fn *print)
{
    for (int i = 0; i < cli_command_count; i++) {
        cli_app one = {.command = cli_command_table[i]};
        sid_status status = cli_options_build(&one, one.command, NULL);
        if (status == SID_OK)
            print(&one);
        app->err = one.err;
        cli_app_drop(&one);
        CLI_TRY(status);
    }
    return SID_OK;
}

static void print_verbs(const char *separator)
{
    for (int i = 0; i < cli_command_count; i++)
        (void)printf("%s%s", i ? separator : "", cli_command_table[i]->name);
}

static void print_choices(const char *choices)
{
    for (; *choices; choices++)
        (void)putchar(*choices == '|' ? ' ' : *choices);
}

/* A text inside '..' of bash, zsh and fish. */
static void print_quoted(const char *text)
{
    (void)putchar('\'');
    for (; *text; text++)
        if (*text == '\'')
            (void)fputs("'\\''", stdout);
        else
            (void)putchar(*text);
    (void)putchar('\'');
}

/* ---- bash -------------------------------------------------------------------------------------------------------- */

static void bash_options(const cli_app *app)
{
    (void)printf("    %s) options=\"", app->command->name);
    for (int i = 0; i < app->option_count; i++)
        (void)printf("%s--%s", i ? " " : "", app->option[i].name);
    (void)printf("\" ;;\n");
}

static void bash_choices(const cli_app *app)
{
    for (int i = 0; i < app->option_count; i++) {
        if (!app->option[i].choices)
            continue;
        (void)printf("    %s:--%s) choices=\"", app->command->name, app->option[i].name);
        print_choices(app->option[i].choices);
        (void)printf("\" ;;\n");
    }
}

static sid_status print_bash(cli_app *app)
{
    (void)printf("# bash completion for semid\n_semid()\n{\n"
                 "    local word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]}\n"
                 "    local options= choices=\n    COMPREPLY=()\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                 "        COMPREPLY=($(compgen -W \"");
    print_verbs(" ");
    (void)printf("\" -- \"$word\"))\n        return\n    fi\n    case $verb:$last in\n    help:*) choices=\"");
    print_verbs(" ");
    (void)printf("\" ;;\n");
    CLI_TRY(for_each_verb(app, bash_choices));
    (void)printf("    esac\n    if [ -n \"$choices\" ]; then\n"
                 "        COMPREPLY=($(compgen -W \"$choices\" -- \"$word\"))\n        return\n    fi\n"
                 "    case $verb in\n");
    CLI_TRY(for_each_verb(app, bash_options));
    (void)printf("    esac\n    case $word in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
                 "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    esac\n}\n"
                 "complete -o filenames -F _semid semid\n");
    return SID_OK;
}

/* ---- zsh --------------------------------------------------------------------------------------------------------- */

/* One `--name[help]:value:(choices)` specification; brackets and colons of the help are escaped. */
static void zsh_option(const cli_option *option)
{
    char *text = cli_alloc(2 * strlen(option->help) + 1, 1), *at = text;
    for (const char *help = option->help; *help; help++) {
        if (strchr("[]:\\", *help))
            *at++ = '\\';
        *at++ = *help;
    }
    (void)printf(" \\\n        %s--%s", option->is_repeatable ? "'*'" : "", option->name);
    (void)fputs(option->type == CLI_FLAG ? "" : "=", stdout);
    char *rest = cli_alloc(strlen(text) + 3, 1);
    (void)snprintf(rest, strlen(text) + 3, "[%s]", text);
    print_quoted(rest);
    if (option->choices) {
        (void)printf("':value:(");
        print_choices(option->choices);
        (void)printf(")'");
    } else if (option->type != CLI_FLAG) {
        (void)printf("':value:_files'");
    }
    free(rest);
    free(text);
}

static void zsh_verb(const cli_app *app)
{
    (void)printf("    %s)\n        _arguments -s", app->command->name);
    for (int i = 0; i < app->option_count; i++)
        zsh_option(&app->option[i]);
    (void)printf(" \\\n        '*:file:_files' ;;\n");
}

static sid_status print_zsh(cli_app *app)
{
    (void)printf("#compdef semid\n_semid()\n{\n    local -a verbs\n    verbs=(");
    for (int i = 0; i < cli_command_count; i++) {
        char *pair = cli_keep(app, "%s:%s", cli_command_table[i]->name, cli_command_table[i]->summary);
        (void)printf("\n        ");
        print_quoted(pair);
    }
    (void)printf(
        ")\n    if ((CURRENT == 2)); then\n        _describe verb verbs\n        return\n    fi\n"
        "    local verb=$words[2]\n    words=(semid \"${words[@]:2}\")\n    ((CURRENT--))\n    case $verb in\n");
    CLI_TRY(for_each_verb(app, zsh_verb));
    /* Found in fpath, the file is the function's body at its first call; sourced, it only defines it. */
    (void)printf("    esac\n}\nif [ \"$funcstack[1]\" = _semid ]; then\n    _semid \"$@\"\nelse\n"
                 "    compdef _semid semid\nfi\n");
    return SID_OK;
}

/* ---- fish -------------------------------------------------------------------------------------------------------- */

static void fish_verb(const cli_app *app)
{
    const char *name = app->command->name;
    (void)printf("complete -c semid -n __fish_use_subcommand -f -a %s -d ", name);
    print_quoted(app->command->summary);
    (void)putchar('\n');
    for (int i = 0; i < app->option_count; i++) {
        const cli_option *option = &app->option[i];
        (void)printf("complete -c semid -n '__fish_seen_subcommand_from %s' -l %s", name, option->name);
        if (option->letter)
            (void)printf(" -s %c", option->letter);
        if (option->type != CLI_FLAG)
            (void)printf(" -r");
        if (option->choices) {
            (void)printf(" -f -a '");
            print_choices(option->choices);
            (void)putchar('\'');
        }
        (void)printf(" -d ");
        print_quoted(option->help);
        (void)putchar('\n');
    }
}

sid_status cli_help_completions(cli_app *app, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        return print_bash(app);
    if (strcmp(shell, "zsh") == 0)
        return print_zsh(app);
    if (strcmp(shell, "fish") == 0) {
        (void)printf("# fish completion for semid\n");
        return for_each_verb(app, fish_verb);
    }
    return cli_fail(app, SID_EUSAGE, "--completions is \"%s\"; one of bash, zsh, fish is expected", shell);
}
