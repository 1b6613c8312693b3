/* test_vfs.c: files, whole files, outputs that appear whole, directories, renames. */
#define _GNU_SOURCE
#include "base/vfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "io_help.h"

enum { NOBODY = 65534 };

static void expect_content(const char *path, const char *wanted)
{
    size_t size = 0;
    char *bytes = read_bytes(path, &size);
    assert_int_equal(size, strlen(wanted));
    assert_memory_equal(bytes, wanted, size);
    free(bytes);
}

static int entries_of(const char *path)
{
    DIR *directory = opendir(path);
    int count = -2; /* . and .. */
    assert_non_null(directory);
    while (readdir(directory))
        count++;
    (void)closedir(directory);
    return count;
}

/* A fresh directory of the test's own. */
static const char *folder(const char *name)
{
    const char *path = temporary_path(name);
    TEST_OK(sid__directory_create(path, err));
    return path;
}

/* Fails when a file that is not there, a directory, or a closed door opens, or size and bytes are wrong. */
static void test_open_and_read(void **state)
{
    (void)state;
    const char *path = write_temporary("ten", "0123456789", 10);
    sid__file file = {.fd = -1};
    int64_t size = -1;
    char bytes[16] = "";
    TEST_OK(sid__file_open(path, &file, &size, err));
    assert_int_equal(size, 10);
    TEST_OK(sid__file_read(&file, bytes, 4, 6, err));
    assert_string_equal(bytes, "6789");
    TEST_OK(sid__file_read(&file, bytes, 0, 100, err));
    TEST_FAILS(sid__file_read(&file, bytes, 5, 6, err), SID_EDATA,
               "ten: the file ends here; 1 more bytes are expected (byte 10)");
    TEST_FAILS(sid__file_read(&file, bytes, 1, -1, err), SID_EIO, "cannot read: Invalid argument");
    sid__file_close(&file);
    assert_int_equal(file.fd, -1);
    sid__file_close(&file);
    TEST_FAILS(sid__file_read(&file, bytes, 1, 0, err), SID_EIO, "Bad file descriptor");
    TEST_FAILS(sid__file_next(&file, bytes, 1, &(size_t){0}, err), SID_EIO, "Bad file descriptor");
    TEST_FAILS(sid__file_write(&file, bytes, 1, err), SID_EIO, "Bad file descriptor");
    TEST_FAILS(sid__file_sync(&file, err), SID_EIO, "cannot write to the disk");
    TEST_FAILS(sid__file_open(temporary_path("none"), &file, NULL, err), SID_EIO, "No such file or directory");
    TEST_FAILS(sid__file_open("/", &file, NULL, err), SID_EIO, "/: cannot read: Is a directory");
    assert_int_equal(file.fd, -1);
    assert_int_equal(unlink(temporary_path("ten")), 0);
}

/* Fails when writes do not follow each other, an old file keeps its tail, or sequential reads skip bytes. */
static void test_write_and_next(void **state)
{
    (void)state;
    const char *path = write_temporary("long", "an older and longer text", 24);
    sid__file file;
    TEST_OK(sid__file_create(path, &file, err));
    TEST_OK(sid__file_write(&file, "abc", 3, err));
    TEST_OK(sid__file_write(&file, "", 0, err));
    TEST_OK(sid__file_write(&file, "de", 2, err));
    TEST_OK(sid__file_sync(&file, err));
    sid__file_close(&file);
    expect_content(path, "abcde");
    TEST_OK(sid__file_open(path, &file, NULL, err));
    char bytes[4] = "";
    size_t got = 9;
    TEST_OK(sid__file_next(&file, bytes, 3, &got, err));
    assert_int_equal(got, 3);
    assert_memory_equal(bytes, "abc", 3);
    TEST_OK(sid__file_next(&file, bytes, 3, &got, err));
    assert_int_equal(got, 2);
    TEST_OK(sid__file_next(&file, bytes, 3, &got, err));
    assert_int_equal(got, 0);
    sid__file_close(&file);
    TEST_FAILS(sid__file_create(temporary_path("none/x"), &file, err), SID_EIO, "none/x: cannot create");
    assert_int_equal(unlink(path), 0);
}

/* Fails when a file of ours becomes number 0 to 2: where standard error is closed, messages would go into it. */
static void test_standard_numbers_stay_free(void **state)
{
    (void)state;
    const char *path = write_temporary("x", "x", 1);
    int saved = dup(STDIN_FILENO);
    sid__file file;
    (void)close(STDIN_FILENO);
    TEST_OK(sid__file_open(path, &file, NULL, err));
    assert_true(file.fd > STDERR_FILENO);
    assert_int_equal(fcntl(file.fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
    if (saved >= 0) {
        assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
        (void)close(saved);
    }
    sid__file_close(&file);
    sid__file_close(&(sid__file){0}); /* a zeroed one is not standard input */
    assert_true(saved < 0 || fcntl(STDIN_FILENO, F_GETFD) >= 0);
    assert_int_equal(unlink(path), 0);
}

/* Fails when bytes are lost, nothing is no file, or a failure keeps its descriptor. */
static void test_write_whole(void **state)
{
    (void)state;
    char *bytes = NULL, path[PATH_MAX];
    int64_t size = -1;
    (void)snprintf(path, sizeof path, "%s", temporary_path("written"));
    TEST_OK(sid__write_whole(path, "abc\0def", 7, err));
    TEST_OK(sid__read_whole(path, 7, &bytes, &size, err));
    assert_int_equal(size, 7);
    assert_memory_equal(bytes, "abc\0def", 7);
    sid__free(bytes);
    assert_int_equal(unlink(path), 0);
    TEST_OK(sid__write_whole(path, NULL, 0, err));
    TEST_OK(sid__read_whole(path, 7, &bytes, &size, err));
    assert_int_equal(size, 0);
    sid__free(bytes);
    assert_int_equal(unlink(path), 0);
    TEST_FAILS(sid__write_whole(temporary_path("none/x"), "a", 1, err), SID_EIO, "none/x: cannot create");
    TEST_FAILS(sid__write_whole("/dev/full", "a", 1, err), SID_EIO, "/dev/full");
}

/* Fails when the end is not marked, the limit is off by one, or a failure leaks (ASan) or sets the outputs. */
static void test_read_whole(void **state)
{
    (void)state;
    char *bytes = NULL;
    int64_t size = -1;
    const char *path = write_temporary("whole", "abc\0def", 7);
    TEST_OK(sid__read_whole(path, 7, &bytes, &size, err));
    assert_int_equal(size, 7);
    assert_memory_equal(bytes, "abc\0def", 8);
    sid__free(bytes);
    bytes = NULL;
    size = -1;
    TEST_FAILS(sid__read_whole(path, 6, &bytes, &size, err), SID_EDATA, "whole: larger than the limit of 6 bytes");
    TEST_FAILS(sid__read_whole("/dev/zero", 3000000, &bytes, &size, err), SID_EDATA, "limit of 3000000 bytes");
    TEST_FAILS(sid__read_whole("/proc/self", 10, &bytes, &size, err), SID_EIO, "Is a directory");
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        sid_status status = sid__read_whole(after ? "/dev/zero" : path, 1 << 24, &bytes, &size, NULL);
        sid__mem_fail(-1, 0);
        assert_int_equal(status, SID_ENOMEM);
    }
    assert_null(bytes);
    assert_int_equal(size, -1);
    TEST_OK(sid__read_whole("/proc/self/status", 1 << 20, &bytes, &size, err)); /* says that its size is 0 */
    assert_int_equal(strncmp(bytes, "Name:", 5), 0);
    assert_int_equal(size, strlen(bytes));
    sid__free(bytes);
    TEST_OK(sid__read_whole("/dev/null", 0, &bytes, &size, err));
    assert_int_equal(size, 0);
    assert_string_equal(bytes, "");
    sid__free(bytes);
    assert_int_equal(unlink(path), 0);
}

/* Fails when "-" is not standard input, a pipe's pieces are lost, or a failure on it names no place. */
static void test_standard_input(void **state)
{
    (void)state;
    enum { PIECES = 300, PIECE_SIZE = 10000 };
    int ends[2], saved = dup(STDIN_FILENO);
    char *bytes = NULL, piece[PIECE_SIZE];
    int64_t size = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (int i = 0; i < PIECES; i++) {
            memset(piece, 'a' + i % 26, sizeof piece);
            if (sid__file_write(&(sid__file){.fd = ends[1], .path = "pipe"}, piece, sizeof piece, NULL) != SID_OK)
                _exit(1);
        }
        _exit(0);
    }
    (void)close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    (void)close(ends[0]);
    TEST_OK(sid__read_whole("-", PIECES * PIECE_SIZE, &bytes, &size, err));
    assert_int_equal(size, PIECES * PIECE_SIZE);
    for (int64_t i = 0; i < size; i++)
        assert_int_equal(bytes[i], 'a' + i / PIECE_SIZE % 26);
    sid__free(bytes);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* not closed: it is not ours */
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(STDIN_FILENO);
    TEST_FAILS(sid__read_whole("-", 10, &bytes, &size, err), SID_EIO, "standard input: cannot read");
    if (saved >= 0) {
        assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
        (void)close(saved);
    }
}

static void ignore_signal(int number)
{
    (void)number;
}

/* Fails when a signal that comes while a pipe is opened or read ends the call. */
static void test_signals_while_waiting(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = ignore_signal}, old;
    const char *path = temporary_path("fifo");
    char *bytes = NULL;
    int64_t size = 0;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(sigaction(SIGUSR1, &action, &old), 0); /* without SA_RESTART */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)usleep(20000);
        (void)kill(getppid(), SIGUSR1);
        (void)usleep(20000);
        int fd = open(path, O_WRONLY);
        (void)usleep(20000);
        (void)kill(getppid(), SIGUSR1);
        (void)usleep(20000);
        _exit(write(fd, "late", 4) == 4 ? 0 : 1);
    }
    TEST_OK(sid__read_whole(path, 10, &bytes, &size, err));
    assert_string_equal(bytes, "late");
    sid__free(bytes);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
    assert_int_equal(unlink(path), 0);
}

/* Fails when the new bytes are not there, the permissions or a link change, or a temporary file stays. */
static void test_replace(void **state)
{
    (void)state;
    struct stat info;
    char path[600], link[600];
    const char *home = folder("replace");
    (void)snprintf(path, sizeof path, "%s/out", home);
    (void)snprintf(link, sizeof link, "%s/link", home);
    TEST_OK(sid__replace_whole(path, "first", 5, err));
    expect_content(path, "first");
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink("out", link), 0);
    TEST_OK(sid__replace_whole(link, "second", 6, err));
    expect_content(path, "second");
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    TEST_OK(sid__replace_whole(path, "", 0, err));
    expect_content(path, "");
    assert_int_equal(entries_of(home), 2);
    TEST_OK(sid__remove_tree(home, err));
}

/* Fails when an output that fails leaves its temporary file, touches the old bytes, or loses the first failure. */
static void test_output_fails(void **state)
{
    (void)state;
    char path[600];
    const char *home = folder("fails");
    (void)snprintf(path, sizeof path, "%s/out", home);
    TEST_OK(sid__replace_whole(path, "old", 3, err));
    sid__output output = {0};
    TEST_OK(sid__output_open(path, &output, err));
    TEST_OK(sid__file_write(&output.file, "new", 3, err));
    assert_int_equal(entries_of(home), 2);
    assert_int_equal(sid__output_finish(&output, SID_ECANCELED, NULL), SID_ECANCELED);
    assert_null(output.temporary);
    assert_int_equal(output.file.fd, -1);
    expect_content(path, "old");
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__output_open(path, &output, err), SID_ENOMEM, "a ");
        sid__mem_fail(-1, 0);
    }
    TEST_FAILS(sid__replace_whole(temporary_path("none/out"), "x", 1, err), SID_EIO, "none/out: cannot create");
    TEST_FAILS(sid__replace_whole(home, "x", 1, err), SID_EIO, "Is a directory");

    TEST_OK(sid__output_open(path, &output, err));
    assert_int_equal(unlink(output.temporary), 0); /* somebody cleaned up too much */
    TEST_FAILS(sid__output_finish(&output, SID_OK, err), SID_EIO, "out: cannot replace: No such file");
    expect_content(path, "old");
    assert_int_equal(entries_of(home), 1);
    TEST_OK(sid__remove_tree(home, err));
}

/* Fails when a disk that fills up leaves half a file in the place of a whole one. */
static void test_full_disk(void **state)
{
    (void)state;
    static char large[1 << 16];
    char path[600];
    const char *home = folder("full");
    struct rlimit old, low;
    (void)snprintf(path, sizeof path, "%s/out", home);
    TEST_OK(sid__replace_whole(path, "old", 3, err));
    void (*old_handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    low = (struct rlimit){.rlim_cur = 1000, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    sid_error full = {0};
    sid_status status = sid__replace_whole(path, large, sizeof large, &full);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, old_handler);
    assert_int_equal(status, SID_EIO);
    assert_non_null(strstr(full.message, "out: cannot write: File too large"));
    expect_content(path, "old");
    assert_int_equal(entries_of(home), 1);
    sid__file device;
    TEST_OK(sid__file_create("/dev/full", &device, err));
    TEST_FAILS(sid__file_write(&device, "x", 1, err), SID_EIO,
               "/dev/full: cannot write: No space left on device; free some space and try again");
    sid__file_close(&device);
    TEST_OK(sid__remove_tree(home, err));
}

/* Fails when what is no plain file is renamed over: as root, `-o /dev/null` would remove it from the system (which is why
 * this test takes a pipe). */
static void test_pipes_and_standard_output(void **state)
{
    (void)state;
    struct stat info;
    char got[8] = "";
    const char *pipe_path = temporary_path("pipe");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    int reader = open(pipe_path, O_RDWR);
    assert_true(reader >= 0);
    TEST_OK(sid__replace_whole(pipe_path, "piped", 5, err));
    assert_int_equal(read(reader, got, sizeof got), 5);
    assert_string_equal(got, "piped");
    (void)close(reader);
    assert_int_equal(lstat(pipe_path, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    assert_int_equal(unlink(pipe_path), 0);

    const char *path = write_temporary("stdout", "", 0);
    (void)fflush(stdout);
    int saved = dup(STDOUT_FILENO), fd = open(path, O_WRONLY);
    assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    sid_status status = sid__replace_whole("-", "to standard output", 18, NULL);
    assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
    (void)close(saved);
    (void)close(fd);
    assert_int_equal(status, SID_OK);
    expect_content(path, "to standard output");
    assert_int_equal(unlink(path), 0);
}

typedef struct replacer {
    pthread_t thread;
    const char *path;
    char letter;
    int failures;
} replacer;

static void *replace_often(void *arg)
{
    replacer *self = arg;
    char text[20000];
    memset(text, self->letter, sizeof text);
    for (int i = 0; i < 40; i++)
        self->failures += sid__replace_whole(self->path, text, sizeof text, NULL) != SID_OK;
    return NULL;
}

/* Fails when two threads share a temporary file: one would rename what the other has half written. */
static void test_replace_among_threads(void **state)
{
    (void)state;
    char path[600];
    const char *home = folder("threads");
    (void)snprintf(path, sizeof path, "%s/out", home);
    replacer pair[2] = {{.path = path, .letter = 'a'}, {.path = path, .letter = 'b'}};
    TEST_OK(sid__replace_whole(path, "start", 5, err));
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&pair[i].thread, NULL, replace_often, &pair[i]), 0);
    for (int round = 0; round < 100; round++) {
        size_t size = 0;
        char *bytes = read_bytes(path, &size);
        assert_true(size == 5 || size == 20000);
        for (size_t i = 1; size > 5 && i < size; i++)
            assert_int_equal(bytes[i], bytes[0]);
        free(bytes);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(pair[i].thread, NULL), 0);
        assert_int_equal(pair[i].failures, 0);
    }
    assert_int_equal(entries_of(home), 1);
    TEST_OK(sid__remove_tree(home, err));
}

/* Fails when what may not be written is, or the message names another reason than the system's. */
static void test_read_only_directory(void **state)
{
    (void)state;
    char path[600];
    const char *home = folder("closed");
    (void)snprintf(path, sizeof path, "%s/out", home);
    TEST_OK(sid__replace_whole(path, "old", 3, err));
    (void)snprintf(path, sizeof path, "%s/..", home);
    assert_int_equal(chmod(path, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/out", home);
    assert_int_equal(chmod(home, 0555), 0);
    bool was_root = geteuid() == 0;
    assert_int_equal(was_root ? seteuid(NOBODY) : 0, 0);
    sid_error why[5] = {{0}};
    sid_status status[5] = {
        sid__replace_whole(path, "new", 3, &why[0]),
        sid__remove_tree(path, &why[1]),
        sid__remove_tree(home, &why[2]),
        sid__rename(path, temporary_path("closed/to"), false, &why[3]),
        sid__directory_create(temporary_path("closed/new"), &why[4]),
    };
    assert_int_equal(was_root ? seteuid(0) : 0, 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(status[i], SID_EIO);
        if (!strstr(why[i].message, ": Permission denied"))
            fail_msg("%s", why[i].message);
    }
    expect_content(path, "old");
    assert_int_equal(chmod(home, 0755), 0);
    TEST_OK(sid__remove_tree(home, err));
}

/* Fails when a plain file, a link, or a directory of files stays, what a link points to goes, or a directory in it is
 * taken for a file. */
static void test_remove_tree(void **state)
{
    (void)state;
    char path[600], link[600];
    const char *home = folder("tree");
    for (int i = 0; i < 300; i++) {
        (void)snprintf(path, sizeof path, "%s/file-%d", home, i);
        int fd = open(path, O_WRONLY | O_CREAT, 0600);
        assert_true(fd >= 0);
        (void)close(fd);
    }
    (void)snprintf(link, sizeof link, "%s", temporary_path("link"));
    assert_int_equal(symlink(home, link), 0);
    TEST_OK(sid__remove_tree(link, err));
    assert_int_equal(entries_of(home), 300);
    (void)snprintf(path, sizeof path, "%s/within", home);
    TEST_OK(sid__directory_create(path, err));
    TEST_FAILS(sid__remove_tree(home, err), SID_EIO, "tree: cannot remove: Directory not empty");
    TEST_OK(sid__remove_tree(path, err));
    TEST_OK(sid__remove_tree(home, err));
    assert_false(sid__path_exists(home));
    TEST_OK(sid__remove_tree(home, err));
    const char *file = write_temporary("plain", "x", 1);
    TEST_OK(sid__remove_tree(file, err));
    assert_false(sid__path_exists(file));
}

/* Fails when a rename writes over what is there, exchange loses one of the two, or the message does not help. */
static void test_rename(void **state)
{
    (void)state;
    char a[600], b[600];
    (void)snprintf(a, sizeof a, "%s", write_temporary("a", "of a", 4));
    (void)snprintf(b, sizeof b, "%s", write_temporary("b", "of b", 4));
    TEST_FAILS(sid__rename(a, b, false, err), SID_EEXISTS, "/b: exists already");
    expect_content(b, "of b");
    TEST_OK(sid__rename(a, b, true, err));
    expect_content(a, "of b");
    expect_content(b, "of a");
    TEST_OK(sid__remove_tree(b, err));
    TEST_FAILS(sid__rename(a, b, true, err), SID_EIO, "/b: cannot rename to it: No such file");
    TEST_OK(sid__rename(a, b, false, err));
    assert_false(sid__path_exists(a));
    expect_content(b, "of b");
    TEST_FAILS(sid__rename(a, b, false, err), SID_EIO, "cannot rename to it: No such file");
    TEST_OK(sid__remove_tree(b, err));
}

/* From now on renameat2 answers `why` in this process, as on a file system or kernel that does not know it. */
static bool refuse_renameat2(int why)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)why & SECCOMP_RET_DATA)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* The exit code names the step that went wrong. */
static int rename_without_flags(int why, const char *a, const char *b)
{
    sid_error err = {0};
    if (!refuse_renameat2(why))
        return 77;
    if (sid__rename(a, b, false, &err) != SID_EEXISTS || !strstr(err.message, "exists already"))
        return 1;
    if (sid__rename(a, b, true, &err) != SID_EIO ||
        !strstr(err.message, "cannot swap two names at once; remove the old"))
        return 2;
    if (unlink(b) != 0 || sid__rename(a, b, false, &err) != SID_OK || sid__path_exists(a))
        return 3;
    if (sid__rename(a, b, false, &err) != SID_EEXISTS || unlink(b) != 0)
        return 4;
    if (sid__rename(a, b, false, &err) != SID_EIO || !strstr(err.message, "cannot rename to it: No such file"))
        return 5;
    return 0;
}

/* Fails when a file system without flags gets a plain rename over what exists, or a message that says nothing. */
static void test_rename_without_flags(void **state)
{
    (void)state;
    static const int why[] = {EINVAL, ENOSYS};
    for (int i = 0; i < 2; i++) {
        char a[600], b[600];
        int status = 0;
        (void)snprintf(a, sizeof a, "%s", write_temporary("a", "of a", 4));
        (void)snprintf(b, sizeof b, "%s", write_temporary("b", "of b", 4));
        (void)fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            exit(rename_without_flags(why[i], a, b)); /* not _exit: executed lines shall be counted */
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77) {
            (void)unlink(a);
            (void)unlink(b);
            print_message("skipped: this system takes no seccomp filter\n");
            skip();
        }
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

/* Fails when a cut path is used: it would name another file. */
static void test_path_join(void **state)
{
    (void)state;
    char path[8] = "";
    TEST_OK(sid__path_join(path, sizeof path, "ab", "cdef", err));
    assert_string_equal(path, "ab/cdef");
    TEST_FAILS(sid__path_join(path, sizeof path, "ab", "cdefg", err), SID_EUSAGE, "path is too long: ab/cdefg");
    static char name[PATH_MAX + 10];
    memset(name, 'n', sizeof name - 1);
    TEST_FAILS(sid__replace_whole(name, "x", 1, err), SID_EIO, "File name too long");
}

/* Fails when a link that leads nowhere is called absent, or a file a directory. */
static void test_path_kinds(void **state)
{
    (void)state;
    const char *link = temporary_path("nowhere"), *file = write_temporary("file", "", 0);
    assert_int_equal(symlink("/nowhere/at/all", link), 0);
    assert_true(sid__path_exists(link));
    assert_false(sid__path_is_directory(link));
    assert_true(sid__path_exists(file));
    assert_false(sid__path_is_directory(file));
    assert_true(sid__path_is_directory("/"));
    assert_false(sid__path_exists(temporary_path("none")));
    TEST_FAILS(sid__directory_create("/", err), SID_EIO, "/: cannot create the directory: File exists");
    TEST_OK(sid__directory_sync(".", err));
    TEST_OK(sid__directory_sync("/proc", err)); /* cannot be synced, which is no failure */
    TEST_FAILS(sid__directory_sync(file, err), SID_EIO, "cannot open the directory: Not a directory");
    TEST_OK(sid__remove_tree(link, err));
    TEST_OK(sid__remove_tree(file, err));
}

/* Fails when the space is asked of a directory that is not there yet instead of its parent's. */
static void test_space_free(void **state)
{
    (void)state;
    static const char *const here[] = {".", "not-yet", "not-yet/", "./not-yet//", "/not-yet", "/"};
    for (size_t i = 0; i < sizeof here / sizeof *here; i++)
        assert_true(sid__space_free(here[i]) >= 0);
    assert_int_equal(sid__space_free("/no/such/directory"), -1);
    static char name[PATH_MAX + 10];
    memset(name, 'n', sizeof name - 1);
    name[PATH_MAX + 5] = '/';
    name[PATH_MAX + 6] = 'x';
    assert_int_equal(sid__space_free(name), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_and_read),
        cmocka_unit_test(test_write_and_next),
        cmocka_unit_test(test_standard_numbers_stay_free),
        cmocka_unit_test(test_read_whole),
        cmocka_unit_test(test_write_whole),
        cmocka_unit_test(test_standard_input),
        cmocka_unit_test(test_signals_while_waiting),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_output_fails),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_pipes_and_standard_output),
        cmocka_unit_test(test_replace_among_threads),
        cmocka_unit_test(test_read_only_directory),
        cmocka_unit_test(test_remove_tree),
        cmocka_unit_test(test_rename),
        cmocka_unit_test(test_rename_without_flags),
        cmocka_unit_test(test_path_join),
        cmocka_unit_test(test_path_kinds),
        cmocka_unit_test(test_space_free),
    };
    return cmocka_run_group_tests(tests, NULL, remove_temporary);
}
