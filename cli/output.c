/* output.c: see output.h. */
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "flatten.h"
#include "progress.h"
#include "text.h"

enum { CELL_SIZE = 64, WIDTH_UNLIMITED = 1 << 20, LINE_MAX_SIZE = 2048 };
static const size_t json_flags = JSON_COMPACT | JSON_REAL_PRECISION(9) | JSON_ENCODE_ANY;

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

json_t *cli_json_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    if (value)
        return value;
    char *valid = cli_valid_utf8(text);
    value = json_string(valid);
    free(valid);
    return value;
}

json_t *cli_json_number(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *cell_json(const cli_column *column, const cli_cell *cell)
{
    if (column->type == CLI_COLUMN_INT)
        return json_integer(cell->integer);
    return column->type == CLI_COLUMN_FLOAT ? cli_json_number(cell->number) : cli_json_text(cell->text);
}

static void row_json(const cli_table *table, const cli_cell *cell)
{
    json_t *row = json_object();
    for (int i = 0; i < table->column_count; i++)
        (void)json_object_set_new(row, table->column[i].name, cell_json(&table->column[i], &cell[i]));
    if (table->app->format == CLI_FORMAT_JSON)
        (void)fputs(table->row_count ? ",\n" : "[\n", stdout);
    (void)json_dumpf(row, stdout, json_flags);
    if (table->app->format == CLI_FORMAT_JSONL)
        (void)fputc('\n', stdout);
    json_decref(row);
}

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

/* Numbers go to `buffer` (CELL_SIZE bytes). */
static const char *cell_text(const cli_column *column, const cli_cell *cell, char *buffer, const char *absent)
{
    if (column->type == CLI_COLUMN_TEXT)
        return cell->text ? cell->text : absent;
    if (column->type == CLI_COLUMN_INT)
        (void)snprintf(buffer, CELL_SIZE, "%" PRId64, cell->integer);
    else if (isnan(cell->number))
        return *absent ? absent : "nan";
    else
        (void)snprintf(buffer, CELL_SIZE, "%.6g", cell->number);
    return buffer;
}

static void row_tsv(const cli_table *table, const cli_cell *cell)
{
    char buffer[CELL_SIZE];
    const char *separator = "";
    for (int i = 0; i < table->column_count; i++) {
        if (table->column[i].is_wide_only)
            continue;
        (void)fputs(separator, stdout);
        cli_print_escaped(stdout, cell_text(&table->column[i], &cell[i], buffer, ""));
        separator = "\t";
    }
    (void)fputc('\n', stdout);
}

static void header_tsv(const cli_table *table)
{
    const char *separator = "";
    for (int i = 0; i < table->column_count; i++) {
        if (table->column[i].is_wide_only)
            continue;
        (void)printf("%s%s", separator, table->column[i].name);
        separator = "\t";
    }
    (void)fputc('\n', stdout);
}

static void row_keep(cli_table *table, const cli_cell *cell)
{
    char buffer[CELL_SIZE];
    if (table->row_count == table->room) {
        int64_t room = table->room ? 2 * table->room : 64;
        char **grown = cli_alloc((size_t)room * (size_t)table->column_count, sizeof *grown);
        if (table->cell)
            memcpy(grown, table->cell, (size_t)(table->row_count * table->column_count) * sizeof *grown);
        free(table->cell);
        table->cell = grown;
        table->room = room;
    }
    for (int i = 0; i < table->column_count; i++)
        table->cell[table->row_count * table->column_count + i] =
            cli_escape(cell_text(&table->column[i], &cell[i], buffer, "-"));
}

void cli_table_begin(cli_table *table, const cli_app *app, const cli_column *column, int column_count)
{
    *table = (cli_table){.app = app, .column = column, .column_count = column_count};
    if (app->format == CLI_FORMAT_TSV && app->has_header)
        header_tsv(table);
}

void cli_table_row(cli_table *table, const cli_cell *cell)
{
    switch (table->app->format) {
    case CLI_FORMAT_TABLE:
        row_keep(table, cell);
        break;
    case CLI_FORMAT_TSV:
        row_tsv(table, cell);
        break;
    default:
        row_json(table, cell);
    }
    table->row_count++;
}

/* ---- The aligned form -------------------------------------------------------------------------------------------- */

const char *cli_color_begin(const cli_app *app, const char *word)
{
    static const char *const color[][2] = {{"healthy", "\033[32m"},
                                           {"ok", "\033[32m"},
                                           {"look", "\033[33m"},
                                           {"broken", "\033[31m"},
                                           {"failed", "\033[31m"}};
    for (int i = 0; app->has_color && i < CLI_COUNT(color); i++)
        if (strcmp(word, color[i][0]) == 0)
            return color[i][1];
    return "";
}

const char *cli_color_end(const cli_app *app, const char *word)
{
    return *cli_color_begin(app, word) ? "\033[0m" : "";
}

static int terminal_width(void)
{
    struct winsize size;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        return size.ws_col;
    return WIDTH_UNLIMITED;
}

/* Prints the text in at most `width` columns; a longer one ends with an ellipsis. */
static void print_cut(const char *text, int width)
{
    if (cli_width(text) <= width) {
        (void)fputs(text, stdout);
        return;
    }
    for (int length, used = 0; *text; text += length) {
        char piece[8] = "";
        (void)cli_utf8_next(text, &length);
        memcpy(piece, text, (size_t)length);
        used += cli_width(piece);
        if (used > width - 1)
            break;
        (void)fputs(piece, stdout);
    }
    (void)fputs("…", stdout);
}

static void print_padded(const cli_table *table, int column, const char *text, int width, int room)
{
    bool is_last = column == table->column_count - 1;
    int pad = width - cli_width(text);
    const char *end = cli_color_end(table->app, text);
    if (table->column[column].type != CLI_COLUMN_TEXT)
        (void)printf("%*s%s", pad, "", text);
    else if (is_last)
        print_cut(text, room);
    else
        (void)printf("%s%s%s%*s", cli_color_begin(table->app, text), text, end, pad, "");
    (void)fputs(is_last ? "\n" : "  ", stdout);
}

static void print_aligned(const cli_table *table)
{
    int count = table->column_count, used = 0, *width = cli_alloc((size_t)count, sizeof *width);
    for (int i = 0; i < count; i++)
        width[i] = cli_width(table->column[i].name);
    for (int64_t i = 0; i < table->row_count * count; i++) {
        int cell_width = cli_width(table->cell[i]);
        width[i % count] = cell_width > width[i % count] ? cell_width : width[i % count];
    }
    for (int i = 0; i < count - 1; i++)
        used += width[i] + 2;
    int room = terminal_width() - used;
    room = room < 12 ? 12 : room;
    for (int i = 0; i < count; i++)
        print_padded(table, i, table->column[i].name, width[i], room);
    for (int64_t i = 0; i < table->row_count * count; i++)
        print_padded(table, (int)(i % count), table->cell[i], width[i % count], room);
    free(width);
}

static void print_markdown_cell(const char *text)
{
    (void)fputs(" ", stdout);
    for (; *text; text++)
        (void)printf(*text == '|' ? "\\%c" : "%c", *text);
    (void)fputs(" |", stdout);
}

static void print_markdown(const cli_table *table)
{
    int count = table->column_count;
    (void)fputs("|", stdout);
    for (int i = 0; i < count; i++)
        print_markdown_cell(table->column[i].name);
    (void)fputs("\n|", stdout);
    for (int i = 0; i < count; i++)
        (void)fputs(table->column[i].type == CLI_COLUMN_TEXT ? "---|" : "---:|", stdout);
    for (int64_t i = 0; i < table->row_count * count; i++) {
        (void)fputs(i % count == 0 ? "\n|" : "", stdout);
        print_markdown_cell(table->cell[i]);
    }
    (void)fputs("\n", stdout);
}

void cli_table_end(cli_table *table)
{
    if (table->app->format == CLI_FORMAT_TABLE && table->row_count)
        (table->is_markdown ? print_markdown : print_aligned)(table);
    if (table->app->format == CLI_FORMAT_JSON)
        (void)fputs(table->row_count ? "\n]\n" : "[]\n", stdout);
    for (int64_t i = 0; table->cell && i < table->row_count * table->column_count; i++)
        free(table->cell[i]);
    free(table->cell);
    *table = (cli_table){0};
}

/* ---- Objects ----------------------------------------------------------------------------------------------------- */

static void print_leaves(const cli_app *app, const json_t *object)
{
    char buffer[CELL_SIZE];
    int width = 0;
    cli_leaves leaves = {0};
    cli_flatten(object, &leaves);
    for (int i = 0; app->format == CLI_FORMAT_TABLE && i < leaves.count; i++)
        width = cli_width(leaves.row[i].path) > width ? cli_width(leaves.row[i].path) : width;
    for (int i = 0; i < leaves.count; i++) {
        const char *text = cli_leaf_text(leaves.row[i].value, buffer, sizeof buffer);
        int pad = width - cli_width(leaves.row[i].path);
        cli_print_escaped(stdout, leaves.row[i].path);
        (void)printf("%*s%s", width ? pad : 0, "", width ? "  " : "\t");
        (void)fputs(cli_color_begin(app, text), stdout);
        cli_print_escaped(stdout, text);
        (void)printf("%s\n", cli_color_end(app, text));
    }
    cli_leaves_drop(&leaves);
}

void cli_print_object(const cli_app *app, json_t *object)
{
    if (app->format == CLI_FORMAT_TABLE || app->format == CLI_FORMAT_TSV) {
        print_leaves(app, object);
    } else {
        size_t flags = app->format == CLI_FORMAT_JSON ? JSON_INDENT(1) | JSON_REAL_PRECISION(9) : json_flags;
        (void)json_dumpf(object, stdout, flags);
        (void)fputc('\n', stdout);
    }
    json_decref(object);
}

/* ---- Messages ---------------------------------------------------------------------------------------------------- */

const char *cli_count_text(cli_app *app, int64_t count, const char *noun)
{
    char number[32];
    return cli_keep(app, "%s %s%s", cli_group(count, number), noun, count == 1 ? "" : "s");
}

void cli_event(json_t *event)
{
    (void)json_dumpf(event, stderr, json_flags);
    (void)fputc('\n', stderr);
    json_decref(event);
}

static void message_event(const char *level, const char *message)
{
    cli_event(json_pack("{s:s,s:o}", "level", level, "message", cli_json_text(message)));
}

void cli_note(cli_app *app, const char *format, ...)
{
    char line[LINE_MAX_SIZE];
    va_list args;
    if (app->is_quiet)
        return;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    cli_progress_clear(app);
    if (app->is_log_json)
        message_event("info", line);
    else
        (void)fprintf(stderr, "%s\n", line);
}

void cli_on_log(void *user, sid_log_level level, const char *message)
{
    cli_app *app = user;
    if (app->is_quiet)
        return;
    cli_progress_clear(app);
    if (app->is_log_json) {
        message_event(level == SID_LOG_WARNING ? "warning" : "info", message);
        return;
    }
    (void)fputs(level == SID_LOG_WARNING ? "semid: warning: " : "semid: ", stderr);
    cli_print_escaped(stderr, message);
    (void)fputc('\n', stderr);
}

void cli_warn(cli_app *app, const char *format, ...)
{
    char line[LINE_MAX_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    cli_on_log(app, SID_LOG_WARNING, line);
}

static json_t *place_json(int64_t place)
{
    return place < 0 ? json_null() : json_integer(place);
}

void cli_print_error(cli_app *app)
{
    const sid_error *err = &app->err;
    const char *message = err->message[0] ? err->message : sid_status_message(err->status);
    if (app->is_log_json) {
        cli_event(json_pack("{s:s,s:s,s:o,s:o,s:o,s:o}", "level", "error", "status", sid_status_name(err->status),
                            "message", cli_json_text(message), "file", cli_json_text(err->file[0] ? err->file : NULL),
                            "row", place_json(err->row), "byte", place_json(err->byte)));
        return;
    }
    (void)fputs("semid: ", stderr);
    cli_print_escaped(stderr, message);
    (void)fputc('\n', stderr);
}

sid_status cli_output_finish(cli_app *app, bool *is_pipe_closed)
{
    bool is_broken = ferror(stdout) != 0;
    *is_pipe_closed = false;
    errno = 0;
    if (fflush(stdout) == 0 && !is_broken)
        return SID_OK;
    *is_pipe_closed = errno == EPIPE;
    return cli_fail(app, SID_EIO, "standard output: %s", errno ? strerror(errno) : "a write failed");
}
