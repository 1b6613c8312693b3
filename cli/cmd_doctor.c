/* cmd_doctor.c: semid doctor: what this machine is to semid, and whether it works right here. */

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "output.h"
#include "size.h"
#include "verbs.h"

static const cli_column column[] = {{.name = "check"}, {.name = "verdict"}, {.name = "value"}};
static const double disk_free_least_size = 1024.0 * 1024 * 1024;

/* The rows, and how many of them say "failed". */
typedef struct doctor {
    cli_app *app;
    cli_table table;
    int failed_count;
} doctor;

static void row(doctor *d, const char *check, const char *verdict, const char *value)
{
    d->failed_count += strcmp(verdict, "failed") == 0;
    cli_table_row(&d->table, (cli_cell[]){{.text = check}, {.text = verdict}, {.text = value}});
}

static void describe_machine(doctor *d, const sid_machine *machine)
{
    char size[32], limit[32];
    cli_app *app = d->app;
    row(d, "cpu", "ok", machine->cpu);
    row(d, "threads", "ok",
        cli_keep(app, "%d of %d CPUs may be used; %d threads", machine->cpus_allowed, machine->cpus_online,
                 sid_ctx_threads(app->ctx)));
    cli_size_format((double)machine->memory_size, size);
    cli_size_format((double)machine->memory_limit_size, limit);
    if (machine->memory_size == 0)
        (void)snprintf(size, sizeof size, "unknown size");
    row(d, "memory", "ok",
        machine->memory_limit_size ? cli_keep(app, "%s, cgroup limit %s", size, limit)
                                   : cli_keep(app, "%s, no limit", size));
    row(d, "libraries", "ok", machine->libraries);
}

static void check_disk(doctor *d)
{
    char size[32];
    struct statvfs info;
    if (statvfs(".", &info) != 0) {
        row(d, "disk here", "failed", "the current folder cannot be asked for its free space");
        return;
    }
    double free_size = (double)info.f_bavail * (double)info.f_frsize;
    cli_size_format(free_size, size);
    row(d, "disk here", free_size < disk_free_least_size ? "look" : "ok",
        cli_keep(d->app, "%s free%s", size, info.f_flag & ST_RDONLY ? ", read-only" : ""));
}

static void check_kernels(doctor *d, const sid_machine *machine)
{
    cli_app *app = d->app;
    if (sid_self_test(app->ctx, &app->err) != SID_OK)
        row(d, "self-test", "failed", cli_keep(app, "%s", app->err.message));
    else
        row(d, "self-test", "ok",
            cli_keep(app, "%s give the same labels; %s is used", machine->isa_list, sid_ctx_isa(app->ctx)));
}

static sid_status run(cli_app *app)
{
    sid_machine machine;
    doctor d = {.app = app};
    sid_machine_get(&machine);
    cli_table_begin(&d.table, app, column, CLI_COUNT(column));
    row(&d, "semid", "ok", sid_version());
    describe_machine(&d, &machine);
    check_disk(&d);
    check_kernels(&d, &machine);
    cli_table_end(&d.table);
    if (d.failed_count)
        return cli_fail(app, SID_EINTERNAL, "%s failed; please report this output",
                        cli_count_text(app, d.failed_count, "check"));
    cli_note(app, "everything is fine");
    return SID_OK;
}

static const char *const examples[] = {"doctor", "doctor --format json"};

const cli_command cli_doctor = {
    .name = "doctor",
    .summary = "check this machine: CPU, quotas, libraries, self-test",
    .usage = "doctor",
    .about = "Runs each kernel path of the CPU on hard cases and compares the labels. Exit 1 when "
             "something is wrong.",
    .objects = "",
    CLI_EXAMPLES(examples),
    .run = run};
