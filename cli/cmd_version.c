/* cmd_version.c: semid version. */
#include "output.h"
#include "verbs.h"

static sid_status run(cli_app *app)
{
    sid_machine machine;
    if (!app->is_format_given) {
        (void)printf("semid %s\n", sid_version());
        return SID_OK;
    }
    sid_machine_get(&machine);
    cli_print_object(app,
                     json_pack("{s:s,s:o}", "version", sid_version(), "libraries", cli_json_text(machine.libraries)));
    return SID_OK;
}

static const char *const examples[] = {"version", "version --format json   # with the libraries"};

const cli_command cli_version = {.name = "version",
                                 .summary = "print the version",
                                 .usage = "version [--format F]",
                                 .objects = "",
                                 CLI_EXAMPLES(examples),
                                 .run = run};
