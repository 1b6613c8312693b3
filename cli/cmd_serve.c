/* cmd_serve.c: semid serve: the HTTP server, from its options to its end. Signals are waited for here, so that no handler is
 * needed: SIGHUP reads the same catalogue and model again, SIGTERM and SIGINT drain, a second one ends at once.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "output.h"
#include "serve/serve.h"
#include "verbs.h"

enum { STEP_MS = 20, FINISH_S = 30 };

/* Messages come from all of the server's threads. */
typedef struct speaker {
    cli_app *app;
    pthread_mutex_t lock;
} speaker;

static void note(void *user, bool is_warning, const char *text)
{
    speaker *s = user;
    (void)pthread_mutex_lock(&s->lock);
    if (is_warning)
        cli_warn(s->app, "%s", text);
    else
        cli_note(s->app, "%s", text);
    (void)pthread_mutex_unlock(&s->lock);
}

static void on_log(void *user, sid_log_level level, const char *message)
{
    note(user, level == SID_LOG_WARNING, message);
}

static srv_options options_of(cli_app *app, speaker *s)
{
    const cli_setting *hosts = cli_setting_of(app, "allow-host");
    return (srv_options){.catalog = app->object[0],
                         .model = cli_text(app, "model"),
                         .root = cli_text(app, "root"),
                         .host = cli_text(app, "host"),
                         .port = (int)cli_int(app, "port"),
                         .unix_path = cli_text(app, "unix"),
                         .allow_host = hosts ? hosts->text : NULL,
                         .allow_host_count = hosts ? hosts->count : 0,
                         .category = cli_text(app, "category"),
                         .category_separator = cli_text(app, "category-separator"),
                         .api_key_file = cli_text(app, "api-key-file"),
                         .access_log = cli_text(app, "access-log"),
                         .insecure = cli_flag(app, "insecure"),
                         .read_only = cli_flag(app, "read-only"),
                         .queue_max = (int)cli_int(app, "queue-max"),
                         .batch_max = (int)cli_int(app, "batch-max"),
                         .batch_wait_ms = (int)cli_int(app, "batch-wait-ms"),
                         .deadline_ms = (int)cli_int(app, "deadline-ms"),
                         .client_max = (int)cli_int(app, "client-max"),
                         .worker_count = (int)cli_int(app, "workers"),
                         .connections_max = (int)cli_int(app, "connections-max"),
                         .note = note,
                         .user = s};
}

/* The next signal of `set` within `wait_ms`, or 0. */
static int next_signal(const sigset_t *set, int wait_ms)
{
    const struct timespec wait = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000L};
    int number = sigtimedwait(set, NULL, &wait);
    return number > 0 ? number : 0;
}

static bool is_end(int number)
{
    return number == SIGTERM || number == SIGINT;
}

/* Ready says no for drain-s; then nothing new is taken, and what runs may end. */
static void drain(cli_app *app, srv_server *server, const srv_options *options, const sigset_t *set)
{
    double wait_s = (double)cli_int(app, "drain-s"), begin_s = cli_now_s();
    bool is_hurried = false;
    note(options->user, false, "draining");
    srv_drain(server);
    while (!is_hurried && cli_now_s() - begin_s < wait_s)
        is_hurried = is_end(next_signal(set, STEP_MS));
    srv_close(server);
    for (begin_s = cli_now_s(); !is_hurried && !srv_is_idle(server) && cli_now_s() - begin_s < FINISH_S;)
        is_hurried = is_end(next_signal(set, STEP_MS));
    if (!srv_is_idle(server))
        sid_ctx_cancel(app->ctx);
}

static void say_where(cli_app *app, const srv_server *server, const srv_options *options)
{
    bool is_six = strchr(options->host, ':') != NULL;
    const char *text = options->unix_path
                           ? cli_keep(app, "serving %s on %s", options->catalog, options->unix_path)
                           : cli_keep(app, "serving %s on http://%s%s%s:%d", options->catalog, is_six ? "[" : "",
                                      options->host, is_six ? "]" : "", srv_port(server));
    note(options->user, false, text);
}

static sid_status serve(cli_app *app, const srv_options *options, const sigset_t *set)
{
    srv_server *server = NULL;
    CLI_TRY(srv_start(app->ctx, options, &server, &app->err));
    say_where(app, server, options);
    for (int number = 0; !is_end(number);) {
        number = next_signal(set, 60000);
        if (number == SIGHUP)
            srv_reload(server);
    }
    drain(app, server, options, set);
    srv_stop(server);
    note(options->user, false, "stopped");
    return SID_OK;
}

static sid_status run(cli_app *app)
{
    speaker speaks = {.app = app, .lock = PTHREAD_MUTEX_INITIALIZER};
    const srv_options options = options_of(app, &speaks);
    sigset_t set, before;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &set, &before); /* the server's threads take this mask */
    sid_ctx_on_log(app->ctx, on_log, &speaks);
    sid_ctx_on_progress(app->ctx, NULL, NULL); /* a line that several threads would draw */
    sid_status status = serve(app, &options, &set);
    sid_ctx_on_log(app->ctx, cli_on_log, app);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

static const cli_option options[] = {
    {.name = "model", .type = CLI_TEXT, .value = "DIR", .help = "answers /v1/recommend"},
    {.name = "host",
     .type = CLI_TEXT,
     .value = "ADDRESS",
     .default_text = "127.0.0.1",
     .help = "address to listen on; another than loopback needs --api-key-file or --insecure"},
    {.name = "port",
     .type = CLI_INT,
     .value = "N",
     .default_text = "8080",
     .min = 0,
     .max = 65535,
     .help = "0: a free one, which is said"},
    {.name = "unix", .type = CLI_TEXT, .value = "PATH", .help = "a socket in the file system instead"},
    {.name = "api-key-file",
     .type = CLI_TEXT,
     .value = "FILE",
     .env = "SEMID_API_KEY_FILE",
     .help = "lines `read KEY` or `write KEY`, mode 600; clients send Authorization: Bearer KEY"},
    {.name = "insecure", .type = CLI_FLAG, .help = "listen beyond loopback without keys: a proxy keeps others out"},
    {.name = "allow-host",
     .type = CLI_TEXT,
     .value = "NAME",
     .help = "a Host header to answer beside loopback and --host; *: any",
     .is_repeatable = true},
    {.name = "read-only", .type = CLI_FLAG, .help = "refuse changes; another process may change the catalogue then"},
    {.name = "root",
     .type = CLI_TEXT,
     .value = "DIR",
     .help = "where PUT /v1/admin/bundle and /v1/compare find catalogues and models by name"},
    CLI_OPTION_CATEGORY,
    CLI_OPTION_CATEGORY_SEPARATOR,
    {.name = "access-log", .type = CLI_TEXT, .value = "FILE", .help = "a line of JSON a request; -: standard output"},
    {.name = "drain-s",
     .type = CLI_INT,
     .value = "S",
     .default_text = "5",
     .min = 0,
     .max = 3600,
     .help = "after SIGTERM: how long /readyz says no while all is still answered"},
    {.name = "deadline-ms",
     .type = CLI_INT,
     .value = "MS",
     .default_text = "1000",
     .min = 1,
     .max = 600000,
     .help = "of a request without Semid-Deadline-Ms"},
    {.name = "queue-max",
     .type = CLI_INT,
     .value = "N",
     .default_text = "256",
     .min = 1,
     .max = 65536,
     .help = "requests that may wait for a worker"},
    {.name = "client-max",
     .type = CLI_INT,
     .value = "N",
     .default_text = "64",
     .min = 1,
     .max = 65536,
     .help = "requests in flight of one address"},
    {.name = "workers",
     .type = CLI_INT,
     .value = "N",
     .default_text = "2",
     .min = 1,
     .max = 64,
     .help = "that encode and look for neighbours"},
    {.name = "batch-max",
     .type = CLI_INT,
     .value = "N",
     .default_text = "64",
     .min = 1,
     .max = 1024,
     .help = "recommendations or texts asked, or changes committed, together"},
    {.name = "batch-wait-ms",
     .type = CLI_INT,
     .value = "MS",
     .default_text = "0",
     .min = 0,
     .max = 100,
     .help = "how long a recommendation waits for company; 0: takes what waits already"},
    {.name = "connections-max",
     .type = CLI_INT,
     .value = "N",
     .default_text = "10000",
     .min = 1,
     .max = 1000000,
     .help = "open connections"}};
static const char *const examples[] = {
    "serve catalog   # then: curl localhost:8080/v1/items/B01",
    "serve catalog --model model --port 9000 --access-log access.jsonl",
    "serve current --root /srv/semid --api-key-file keys --host 0.0.0.0 --allow-host sids.example.com"};

const cli_command cli_serve = {
    .name = "serve",
    .summary = "answer questions about a catalogue over HTTP",
    .usage = "serve CATALOG [--model DIR] [--port N]",
    .about =
        "Looks up items and prefixes, finds neighbours, encodes vectors and texts, recommends, adds and removes items: "
        "GET /openapi.json says how. A change is on the disk before it is answered. SIGHUP reads the same catalogue "
        "and "
        "model again (a link that semid use moved is followed) and exchanges them without a failed request; SIGTERM "
        "drains and ends.",
    CLI_OF_CATALOG,
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .run = run};
