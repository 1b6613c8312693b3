/* larger_than_memory.c: `--memory-limit` holds: semid fits, encodes and adds vectors of 51 MB under a limit of 32 MiB, with a
 * peak near it, and gives the bytes that it gives without one.
 *
 *     larger_than_memory SEMID
 *
 * Fails when vectors that should stay in their file are held in memory, a step takes memory by the item that
 * sid__fit_estimate does not know of, or a byte depends on the limit.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* The limit, and the program itself with what the heap keeps; together less than the file. */
enum { LIMIT_KIB = 32 * 1024, SLACK_KIB = 6 * 1024, SKIPPED = 77, WORDS_MAX = 32 };

static const char *semid;

/* Runs semid with the words of `line`, standard output to `out`; gives its peak in KiB, -1 when it failed. */
static long run(const char *line, const char *out)
{
    char copy[512], *word[WORDS_MAX] = {(char *)(unsigned long)semid};
    int count = 1, status = 0;
    struct rusage usage = {0};
    (void)snprintf(copy, sizeof copy, "%s", line);
    for (char *rest = copy, *at; (at = strtok_r(rest, " ", &rest)) && count < WORDS_MAX - 1;)
        word[count++] = at;
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (freopen(out, "w", stdout))
            (void)execv(semid, word);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        (void)fprintf(stderr, "failed: semid %s\n", line);
        return -1;
    }
    return usage.ru_maxrss;
}

static bool is_within(const char *line, const char *out)
{
    long peak_kib = run(line, out);
    (void)printf("%6ld KiB  semid %s\n", peak_kib, line);
    return peak_kib >= 0 && peak_kib <= LIMIT_KIB + SLACK_KIB;
}

static bool is_same(const char *a, const char *b)
{
    FILE *x = fopen(a, "rb"), *y = fopen(b, "rb");
    bool is_equal = x && y;
    for (int c = 0; is_equal && c != EOF;)
        is_equal = (c = getc_unlocked(x)) == getc_unlocked(y);
    if (x)
        (void)fclose(x);
    if (y)
        (void)fclose(y);
    if (!is_equal)
        (void)fprintf(stderr, "%s and %s differ\n", a, b);
    return is_equal;
}

static bool is_same_catalogue(const char *a, const char *b)
{
    static const char *const name[] = {"quantizer.safetensors", "vectors.npy",  "items.db", "index.bin",
                                       "metrics.json",          "manifest.json"};
    char path[2][256];
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        (void)snprintf(path[0], sizeof path[0], "%s/%s", a, name[i]);
        (void)snprintf(path[1], sizeof path[1], "%s/%s", b, name[i]);
        if (!is_same(path[0], path[1]))
            return false;
    }
    return true;
}

#define FIT "fit --vectors v/vectors.npy:v/vectors.ids.txt --codes 64 --sample 4000 --quiet "
#define ENCODE " --vectors v/vectors.npy:v/vectors.ids.txt --quiet "
#define LIMITED "--threads 2 --memory-limit 32M "

static bool check(void)
{
    return run("synth vectors -o v --item-count 100000 --dim 128 --centers 500 --quiet", "/dev/null") >= 0 &&
           run(FIT "-o whole", "/dev/null") >= 0 && is_within(FIT LIMITED "-o limited", "/dev/null") &&
           is_same_catalogue("whole", "limited") && run("encode whole" ENCODE, "whole.tsv") >= 0 &&
           is_within("encode limited" ENCODE LIMITED, "limited.tsv") && is_same("whole.tsv", "limited.tsv") &&
           is_within("verify limited --full --quiet " LIMITED, "/dev/null") &&
           is_within("inspect limited --quiet " LIMITED, "/dev/null") &&
           is_within("remove limited 0 1 2 3 4 5 6 7 8 9 --quiet " LIMITED, "/dev/null") &&
           is_within("encode limited" ENCODE LIMITED "--add --if-exists skip", "added.tsv");
}

static bool is_removed(const char *place)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        (void)execlp("rm", "rm", "-rf", place, (char *)NULL);
        _exit(127);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(int argc, char **argv)
{
    char place[256], *path = argc == 2 ? realpath(argv[1], NULL) : NULL;
    const char *base = getenv("TMPDIR");
    if (IS_SANITIZED) {
        (void)puts("SKIPPED: a sanitizer's own memory hides the program's");
        free(path);
        return SKIPPED;
    }
    (void)snprintf(place, sizeof place, "%s/semid-large-XXXXXX", base && *base ? base : "/tmp");
    if (!path || !mkdtemp(place) || chdir(place) != 0) {
        (void)fprintf(stderr, "larger_than_memory SEMID: no program, or no place for files\n");
        return 1;
    }
    semid = path;
    bool is_good = check();
    if (!is_removed(place))
        (void)fprintf(stderr, "%s is left over\n", place);
    free(path);
    return is_good ? 0 : 1;
}
