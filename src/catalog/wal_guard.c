/* wal_guard.c: the bound on items.db-wal. SQLite copies its log back into items.db as changes come, but not past what a reader
 * still looks at; a reader that never ends (a stopped process, a forgotten transaction) makes the log grow for ever. Looked
 * at before each change: from a size on, the log is cleared, or who keeps it from being cleared is named in a warning, again
 * at each doubling; beyond a second size the change is refused.
 *
 * Readers hold a POSIX lock on one of five bytes of items.db-shm (sqlite.org/walformat.html, "The WAL-Index File Format");
 * /proc/locks tells whose they are. Asking by fcntl would need a descriptor of that file, and closing it would drop the
 * locks of this process.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "catalog/catalog.h"

enum {
    FIRST_MARK = 123,
    LAST_MARK = 127,
    PIDS_MAX = 3,
    PROGRAM_SIZE = 64,
    LINE_SIZE = 256,
    MIB = 1 << 20,
    SHORT_READ_MS = 200
};

typedef struct holders {
    long pid[PIDS_MAX];
    int count;
} holders;

static int64_t size_of(const sid_catalog *catalog, const char *name)
{
    char path[PATH_MAX];
    struct stat info;
    return sid__path_join(path, sizeof path, catalog->path, name, NULL) == SID_OK && stat(path, &info) == 0
               ? info.st_size
               : 0;
}

static void note(holders *found, long pid)
{
    for (int i = 0; i < found->count; i++)
        if (found->pid[i] == pid)
            return;
    if (found->count < PIDS_MAX)
        found->pid[found->count++] = pid;
}

/* The number at *at, which must end in `mark`; *at goes behind it. ULLONG_MAX: there is none ("EOF", or another text). */
static unsigned long long take_number(const char **at, int base, char mark)
{
    char *end = NULL;
    unsigned long long number = strtoull(*at, &end, base);
    if (end == *at || (*end != mark && *end != 0))
        return ULLONG_MAX;
    *at = end + (*end != 0);
    return number;
}

/* "1: POSIX  ADVISORY  READ  1234 fe:00:10084364 124 124"; waiting locks have "->" before the kind and do not count. */
static void read_lock_line(char *line, const struct stat *file, holders *found)
{
    enum { KIND_FIELD = 1, PID_FIELD = 4 };
    const char *at = line;
    line[strcspn(line, "\n")] = 0;
    for (int field = 0; field < PID_FIELD; field++) {
        if (field == KIND_FIELD && strncmp(at, "POSIX ", strlen("POSIX ")) != 0)
            return;
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    unsigned long long pid = take_number(&at, 10, ' '), major_number = take_number(&at, 16, ':'),
                       minor_number = take_number(&at, 16, ':'), inode = take_number(&at, 10, ' '),
                       first = take_number(&at, 10, ' '), last = take_number(&at, 10, ' ');
    if (pid > 0 && pid <= INT_MAX && inode == file->st_ino && major_number == major(file->st_dev) &&
        minor_number == minor(file->st_dev) && first <= LAST_MARK && last >= FIRST_MARK)
        note(found, (long)pid);
}

/* Of other processes; this one's own short reads are over. */
static void find_holders(const sid_catalog *catalog, holders *found)
{
    char path[PATH_MAX], line[LINE_SIZE];
    struct stat file;
    FILE *locks = NULL;
    *found = (holders){0};
    if (sid__path_join(path, sizeof path, catalog->path, SID__FILE_ITEMS "-shm", NULL) == SID_OK &&
        stat(path, &file) == 0)
        locks = fopen("/proc/locks", "re");
    while (locks && fgets(line, sizeof line, locks))
        read_lock_line(line, &file, found);
    if (locks)
        (void)fclose(locks);
}

static void program_of(long pid, char program[PROGRAM_SIZE])
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    FILE *file = fopen(path, "re");
    if (!file || !fgets(program, PROGRAM_SIZE, file))
        (void)snprintf(program, PROGRAM_SIZE, "?");
    if (file)
        (void)fclose(file);
    program[strcspn(program, "\n")] = 0;
    for (char *at = program; *at; at++)
        *at = (unsigned char)*at < ' ' || *at == 0x7f ? '?' : *at;
}

/* "pid 1234 (python3), pid 99 (semid)" */
static void describe(const sid_catalog *catalog, char *text, size_t size)
{
    holders found;
    char program[PROGRAM_SIZE];
    size_t length = 0;
    find_holders(catalog, &found);
    (void)snprintf(text, size, "another reader");
    for (int i = 0; i < found.count && length < size; i++) {
        program_of(found.pid[i], program);
        int n = snprintf(text + length, size - length, "%spid %ld (%s%s)", i ? ", " : "", found.pid[i], program,
                         found.pid[i] == (long)getpid() ? ", this process" : "");
        length += n > 0 ? (size_t)n : 0;
    }
}

void sid__wal_guard_init(sid_catalog *catalog)
{
    catalog->wal_warn_size = (int64_t)64 * MIB;
    catalog->wal_refuse_size = (int64_t)1024 * MIB;
    catalog->wal_warned_size = 0;
}

sid_status sid__wal_guard(sid_catalog *catalog, sid_error *err)
{
    int64_t size = size_of(catalog, SID__FILE_ITEMS "-wal"), items_size = size_of(catalog, SID__FILE_ITEMS);
    int64_t most = items_size > catalog->wal_refuse_size ? items_size : catalog->wal_refuse_size;
    bool is_held = false;
    char who[256];
    if (size < catalog->wal_warn_size)
        return SID_OK;
    bool is_time = size >= 2 * catalog->wal_warned_size || size >= most;
    SID_TRY(sid__item_db_clear_wal(catalog->db, is_time ? SHORT_READ_MS : 0, &is_held, err));
    if (!is_held)
        catalog->wal_warned_size = 0;
    if (!is_held || !is_time)
        return SID_OK;
    catalog->wal_warned_size = size;
    describe(catalog, who, sizeof who);
    if (size >= most)
        return sid__fail_at(err, SID_ELOCKED, (sid__place){.file = catalog->path, .byte = -1},
                            "%s-wal has %" PRId64
                            " MiB, the most that is possible, and cannot be cleared while %s reads "
                            "an old state of the items; end that, then try again",
                            SID__FILE_ITEMS, size / MIB, who);
    sid__ctx_warn(catalog->ctx,
                  "%s: %s-wal has %" PRId64
                  " MiB and cannot be cleared while %s reads an old state of the items; it grows "
                  "with each change until that ends, and beyond %" PRId64 " MiB changes are refused",
                  catalog->path, SID__FILE_ITEMS, size / MIB, who, most / MIB);
    return SID_OK;
}
