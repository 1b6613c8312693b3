/* fuzz_serve.c: requests to the server's handlers, without sockets and threads: bytes are a request line, lines of headers, an
 * empty line and a body, cut as libmicrohttpd would cut them; the server has a small catalogue with an encoder and a model.
 * Oracle: every request is answered once, with no server error; JSON is JSON and a problem repeats its status; 405 says what
 * is allowed; no header has two lines; what is kept for the next who asks is what was made. What changed the catalogue is
 * undone, so that each input meets the same server.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vfs.h"
#include "front_check.h"
#include "fuzz_mhd.h"
#include "route_table.h"
#include "server.h"

enum { ITEMS = 12, FILES_MAX = 16, PATH_SIZE = 320, FLIGHT = 4, CHUNK = 700 };

typedef struct kept_file {
    char path[PATH_SIZE];
    char *bytes; /* (size) */
    size_t size;
} kept_file;

static struct {
    char root[PATH_SIZE / 4], catalog[PATH_SIZE / 2], model[PATH_SIZE / 2];
    kept_file file[FILES_MAX]; /* of the catalogue as it was fitted */
    int file_count;
    int64_t version;
    srv_server server;
} fuzz;

/* ---- The catalogue and the model ---------------------------------------------------------------------------------- */

static void must(sid_status status, const sid_error *err)
{
    if (status != SID_OK)
        (void)fprintf(stderr, "fuzz_serve: %s\n", err->message);
    FUZZ_CHECK(status == SID_OK);
}

static void fit(sid_ctx *ctx)
{
    static const char *const column[] = {"title", "brand"};
    static const char *const title[] = {"red matte lipstick", "blue cotton shirt", "steel kitchen knife",
                                        "garden hose"};
    const char *cell[ITEMS][3];
    char id[ITEMS][8];
    sid_error err = {0};
    sid_items *items = NULL;
    sid_encoder *encoder = NULL;
    sid_vectors *vectors = NULL;
    for (int i = 0; i < ITEMS; i++) {
        (void)snprintf(id[i], sizeof id[i], "i%d", i);
        cell[i][0] = id[i];
        cell[i][1] = title[i % 4];
        cell[i][2] = i % 3 ? "acme" : "none";
    }
    must(sid_items_create(ctx, column, 2, &cell[0][0], ITEMS, &items, &err), &err);
    must(sid_encoder_fit(ctx, items, &(sid_encoder_options){.options = "dim=4"}, &encoder, &err), &err);
    must(sid_encoder_encode(ctx, encoder, items, &vectors, NULL, &err), &err);
    const sid_fit_options options = {.levels = 2, .codes = "3", .items = items, .encoder = encoder};
    must(sid_catalog_fit(ctx, &options, vectors, fuzz.catalog, NULL, &err), &err);
    sid_vectors_free(vectors);
    sid_encoder_free(encoder);
    sid_items_free(items);
}

static void train(sid_ctx *ctx)
{
    char path[PATH_SIZE];
    sid_error err = {0};
    sid_events *events = NULL;
    (void)snprintf(path, sizeof path, "%s/events.tsv", fuzz.root);
    FILE *file = fopen(path, "w");
    FUZZ_CHECK(file);
    (void)fprintf(file, "user_id\titem_id\ttimestamp\n");
    for (int u = 0; u < ITEMS; u++)
        for (int s = 0; s < 5; s++)
            (void)fprintf(file, "u%d\ti%d\t%d\n", u, (u * 5 + s * 4) % ITEMS, s);
    (void)fclose(file);
    must(sid_events_read(ctx, path, &(sid_events_options){0}, &events, &err), &err);
    must(sid_model_train(ctx, &(sid_train_options){0}, events, fuzz.model, NULL, &err), &err);
    sid_events_free(events);
}

static void keep_files(void)
{
    struct dirent *entry;
    DIR *folder = opendir(fuzz.catalog);
    FUZZ_CHECK(folder);
    while ((entry = readdir(folder))) {
        kept_file *kept = &fuzz.file[fuzz.file_count];
        struct stat info;
        (void)snprintf(kept->path, sizeof kept->path, "%s/%.100s", fuzz.catalog, entry->d_name);
        if (stat(kept->path, &info) != 0 || !S_ISREG(info.st_mode))
            continue;
        FUZZ_CHECK(++fuzz.file_count < FILES_MAX);
        FILE *file = fopen(kept->path, "rb");
        kept->bytes = malloc((size_t)info.st_size + 1);
        FUZZ_CHECK(file && kept->bytes);
        kept->size = fread(kept->bytes, 1, (size_t)info.st_size, file);
        (void)fclose(file);
    }
    (void)closedir(folder);
}

static void put_files_back(void)
{
    sid_error err = {0};
    must(sid__remove_tree(fuzz.catalog, &err), &err);
    FUZZ_CHECK(mkdir(fuzz.catalog, 0700) == 0);
    for (int i = 0; i < fuzz.file_count; i++) {
        FILE *file = fopen(fuzz.file[i].path, "wb");
        FUZZ_CHECK(file && fwrite(fuzz.file[i].bytes, 1, fuzz.file[i].size, file) == fuzz.file[i].size);
        (void)fclose(file);
    }
}

/* ---- The server --------------------------------------------------------------------------------------------------- */

/* Words are there from the first request on, not from whenever their thread has them. */
static void open_bundle(void)
{
    srv_server *server = &fuzz.server;
    const srv_bundle_request request = {
        .ctx = server->ctx, .catalog = fuzz.catalog, .model = fuzz.model, .generation = &server->generation};
    sid_error err = {0};
    must(srv_bundle_open(&request, &server->bundle, &err), &err);
    server->bundle->number = 1;
    srv_store *store = server->bundle->store;
    if (store->has_labeler)
        (void)pthread_join(store->labeler, NULL);
    store->has_labeler = false;
    fuzz.version = atomic_load(&store->version);
}

static void undo(void)
{
    srv_server *server = &fuzz.server;
    srv_swap *swap = &server->swap;
    free(swap->catalog);
    free(swap->model);
    *swap = (srv_swap){.state = "none"};
    if (atomic_load(&server->bundle->store->version) == fuzz.version)
        return;
    srv_bundle_release(server->bundle);
    server->bundle = NULL;
    put_files_back();
    open_bundle();
    atomic_fetch_add(&server->generation, 1);
}

static void end(void)
{
    srv_server *server = &fuzz.server;
    sid_error err = {0};
    srv_cache_drop(&server->cache);
    srv_replies_drop(&server->replies);
    srv_bundle_release(server->bundle);
    (void)sid__remove_tree(fuzz.catalog, &err);
    (void)sid__remove_tree(fuzz.model, &err);
    (void)sid__remove_tree(fuzz.root, &err);
}

static void start(void)
{
    srv_server *server = &fuzz.server;
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR"); /* where a sync costs nothing */
    srv_work_fn *const work[SRV_QUEUE_COUNT] = {srv_work_read, srv_work_recommend, srv_work_write};
    sid_error err = {0};
    (void)snprintf(fuzz.root, sizeof fuzz.root, "%.40s/semid-fuzz-XXXXXX", base && base[0] ? base : "/tmp");
    FUZZ_CHECK(mkdtemp(fuzz.root));
    (void)snprintf(fuzz.catalog, sizeof fuzz.catalog, "%s/catalog", fuzz.root);
    (void)snprintf(fuzz.model, sizeof fuzz.model, "%s/model", fuzz.root);
    must(sid_ctx_create(&server->ctx, &err), &err);
    must(sid_ctx_set_threads(server->ctx, 1, &err), &err);
    fit(server->ctx);
    train(server->ctx);
    keep_files();
    server->options = (srv_options){.catalog = fuzz.catalog,
                                    .model = fuzz.model,
                                    .root = fuzz.root,
                                    .host = "127.0.0.1",
                                    .queue_max = FLIGHT,
                                    .batch_max = FLIGHT,
                                    .deadline_ms = SRV_DEADLINE_MS_MAX,
                                    .client_max = FLIGHT};
    server->generation = 1;
    (void)pthread_mutex_init(&server->bundle_lock, NULL);
    (void)pthread_mutex_init(&server->swap_lock, NULL);
    (void)pthread_cond_init(&server->swap_more, NULL);
    server->swap = (srv_swap){.state = "none"};
    must(srv_log_open(&server->log, "/dev/null", &err), &err);
    for (int i = 0; i < SRV_QUEUE_COUNT; i++)
        FUZZ_CHECK(srv_queue_open(&server->queue[i],
                                  &(srv_queue_plan){.capacity = FLIGHT, .batch_max = FLIGHT, .work = work[i]}) ==
                   SID_OK);
    FUZZ_CHECK(srv_connections_init(&server->connections, FLIGHT) == SID_OK);
    srv_openapi_put(&server->openapi, false);
    open_bundle();
    (void)atexit(end);
}

/* ---- A request ---------------------------------------------------------------------------------------------------- */

typedef struct message {
    char *text; /* a copy, cut up by zero bytes */
    const char *method, *url;
    char *target;
    const char *body;
    size_t body_size;
    bool is_cut; /* fewer bytes came than were announced */
    struct MHD_Connection mhd;
} message;

static char *take_line(char **at, char *end)
{
    char *line = *at, *stop = memchr(line, '\n', (size_t)(end - line));
    *at = stop ? stop + 1 : end;
    *(stop ? stop : end) = 0;
    return line;
}

/* "?a=1&b": as sent but for +, which is a blank. */
static void cut_arguments(message *m, char *query)
{
    for (char *at = query; at && m->mhd.argument_count < PAIRS_MAX;) {
        char *next = strchr(at, '&');
        if (next)
            *next++ = 0;
        for (char *c = at; *c; c++)
            *c = (char)(*c == '+' ? ' ' : *c);
        char *value = strchr(at, '=');
        if (value)
            *value++ = 0;
        m->mhd.argument[m->mhd.argument_count++] = (pair){at, value};
        at = next;
    }
}

/* The library gives as much body as was announced, and waits where less comes. */
static void measure_body(message *m)
{
    static char number[24];
    size_t size = m->body_size;
    bool is_chunked = false, is_said = false;
    for (int i = 0; i < m->mhd.header_count; i++) {
        is_chunked = is_chunked || strcasecmp(m->mhd.header[i].name, "transfer-encoding") == 0;
        if (strcasecmp(m->mhd.header[i].name, "content-length") == 0) {
            is_said = true;
            size = strtoull(m->mhd.header[i].value, NULL, 10);
        }
    }
    m->is_cut = size > m->body_size;
    m->body_size = m->is_cut ? m->body_size : size;
    if (is_said || is_chunked || size == 0)
        return;
    (void)snprintf(number, sizeof number, "%zu", size);
    m->mhd.header[m->mhd.header_count++] = (pair){"Content-Length", number};
}

static bool message_cut(message *m, const uint8_t *data, size_t size)
{
    *m = (message){.text = malloc(size + 1)};
    FUZZ_CHECK(m->text);
    if (size > 0)
        memcpy(m->text, data, size);
    char *at = m->text, *last = m->text + size, *line = take_line(&at, last), *space = strchr(line, ' ');
    if (!space || space == line)
        return false;
    *space = 0;
    m->method = line;
    m->url = space + 1;
    m->target = strdup(m->url);
    char *query = strchr(space + 1, '?');
    if (query)
        *query++ = 0;
    cut_arguments(m, query);
    while (at < last && m->mhd.header_count < PAIRS_MAX - 1) {
        line = take_line(&at, last);
        char *colon = strchr(line, ':');
        if (!colon)
            break;
        *colon = 0;
        m->mhd.header[m->mhd.header_count++] = (pair){line, colon + 1 + strspn(colon + 1, " \t")};
    }
    m->body = at;
    m->body_size = (size_t)(last - at);
    measure_body(m);
    return m->target != NULL;
}

static void work_off(srv_server *server)
{
    for (int i = 0; i < SRV_QUEUE_COUNT; i++)
        for (srv_queue *queue = &server->queue[i]; queue->count > 0; queue->count--) {
            srv_request *next = queue->ring[queue->head];
            queue->head = (queue->head + 1) % queue->capacity;
            queue->work(&next, 1);
        }
}

static void call(message *m, const char *bytes, size_t size, void **state)
{
    size_t left = size;
    if (m->mhd.status == 0)
        FUZZ_CHECK(srv_on_request(&fuzz.server, &m->mhd, m->url, m->method, "HTTP/1.1", bytes, &left, state) ==
                   MHD_YES);
    FUZZ_CHECK(m->mhd.status || left == 0);
}

/* The route that it was, for who asks again; NULL: none. */
static const srv_route *ask(message *m)
{
    srv_server *server = &fuzz.server;
    void *place = NULL, *state = NULL;
    struct MHD_Connection *mhd = &m->mhd;
    mhd->status = 0;
    mhd->fd.connect_fd = -1;
    mhd->client = (struct sockaddr_in){.sin_family = AF_INET};
    mhd->address.client_addr = (struct sockaddr *)(void *)&mhd->client;
    srv_on_connection(server, mhd, &place, MHD_CONNECTION_NOTIFY_STARTED);
    FUZZ_CHECK(place);
    mhd->context.socket_context = place;
    (void)srv_on_line(server, m->target, mhd);
    call(m, NULL, 0, &state);
    for (size_t at = 0; at < m->body_size; at += CHUNK)
        call(m, m->body + at, m->body_size - at < CHUNK ? m->body_size - at : CHUNK, &state);
    const srv_route *route = ((srv_connection *)place)->request.route;
    if (!m->is_cut) {
        call(m, NULL, 0, &state);
        work_off(server);
        call(m, NULL, 0, &state);
    }
    srv_on_done(server, mhd, &state, MHD_REQUEST_TERMINATED_COMPLETED_OK);
    srv_on_connection(server, mhd, &place, MHD_CONNECTION_NOTIFY_CLOSED);
    return route;
}

static void check_answer(const message *m)
{
    const struct MHD_Connection *mhd = &m->mhd;
    FUZZ_CHECK(m->is_cut || mhd->status);
    FUZZ_CHECK(mhd->status < 500 && (mhd->status != 405 || mhd->has_allow));
    if (!mhd->status || !mhd->is_json)
        return;
    json_t *root = json_loadb(mhd->body, mhd->body_size, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_CHECK(root);
    if (mhd->status >= 400)
        FUZZ_CHECK(json_integer_value(json_object_get(root, "status")) == (json_int_t)mhd->status);
    json_decref(root);
}

static void check_again(message *m)
{
    char *body = m->mhd.body;
    size_t size = m->mhd.body_size;
    m->mhd.body = NULL;
    (void)ask(m);
    FUZZ_CHECK(m->mhd.status == 200 && m->mhd.body_size == size && memcmp(m->mhd.body, body, size) == 0);
    free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    message m;
    if (!fuzz.server.ctx)
        start();
    if (message_cut(&m, data, size)) {
        const srv_route *route = ask(&m);
        check_answer(&m);
        if (route && route->lane == SRV_LANE_LOOK && m.mhd.status == 200)
            check_again(&m);
        undo();
    }
    free(m.mhd.body);
    free(m.target);
    free(m.text);
    return 0;
}
