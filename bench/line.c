/* line.c: see line.h. The commit comes from SEMID_COMMIT, which ./dev bench sets. */
#define _GNU_SOURCE
#include "line.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double bench_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

_Noreturn void bench_fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

void bench_pin(int threads)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; i < threads; i++)
        CPU_SET((size_t)i, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        (void)fprintf(stderr, "bench: cannot pin to cores 0 to %d; figures may jump\n", threads - 1);
}

int bench_threads(int count, char **argument, int index)
{
    if (index >= count)
        return 1;
    long threads = strtol(argument[index], NULL, 10);
    if (threads < 1 || threads > 1024)
        bench_fail(argument[index], "1 to 1024 threads are possible");
    return (int)threads;
}

void bench_add(bench_samples *samples, double seconds)
{
    if (samples->count < BENCH_SAMPLES_MAX)
        samples->value[samples->count++] = seconds;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bench_samples sorted(const bench_samples *samples)
{
    bench_samples copy = *samples;
    qsort(copy.value, (size_t)copy.count, sizeof *copy.value, by_value);
    return copy;
}

double bench_median(const bench_samples *samples)
{
    bench_samples s = sorted(samples);
    return s.count % 2 ? s.value[s.count / 2] : (s.value[s.count / 2 - 1] + s.value[s.count / 2]) / 2;
}

static double shown(const bench_case *line, double seconds)
{
    return line->is_rate ? line->scale / seconds : line->scale * seconds;
}

static void print_spread(const bench_case *line, const bench_samples *samples)
{
    if (!samples || samples->count == 0) {
        printf(" - |");
        return;
    }
    bench_samples s = sorted(samples);
    double a = shown(line, s.value[0]), b = shown(line, s.value[s.count - 1]);
    printf(" %.4g [%.4g-%.4g] %s |", shown(line, bench_median(samples)), a < b ? a : b, a < b ? b : a, line->unit);
}

void bench_print_header(const char *title)
{
    printf(
        "\n### %s\n\n| case | ours | peer | ratio | limit | of it | threads | peer's version | semid | CPU | commit |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|\n",
        title);
}

void bench_print(const bench_case *line)
{
    sid_machine machine;
    const char *commit = getenv("SEMID_COMMIT");
    sid_machine_get(&machine);
    double median = bench_median(line->ours);
    printf("| %s |", line->name);
    print_spread(line, line->ours);
    print_spread(line, line->peer);
    if (line->peer && line->peer->count > 0)
        printf(" %.2f |", bench_median(line->peer) / median);
    else
        printf(" - |");
    if (line->limit > 0 && line->is_rate)
        printf(" %.4g | %.0f %% |", line->limit, 100 * shown(line, median) / line->limit);
    else if (line->limit > 0)
        printf(" %.4g | %.0f %% |", line->limit, 100 * line->limit / shown(line, median));
    else
        printf(" - | - |");
    printf(" %d | %s | %s | %s | %s |\n", line->threads, line->peer_name ? line->peer_name : "-", sid_version(),
           machine.cpu, commit ? commit : "-");
    (void)fflush(stdout);
}
