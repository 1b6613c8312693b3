/* line.h: what every program of bench/ prints: one line a case, with its peer, the machine's limit and all that is needed
 * to read it later: CPU, versions, threads, commit.
 */
#ifndef SEMID_BENCH_LINE_H
#define SEMID_BENCH_LINE_H

#include "semid.h"

enum { BENCH_REPEATS = 7, BENCH_SAMPLES_MAX = 32 };

/* Seconds of repetitions. */
typedef struct bench_samples {
    double value[BENCH_SAMPLES_MAX];
    int count;
} bench_samples;

void bench_add(bench_samples *samples, double seconds);
double bench_median(const bench_samples *samples);

typedef struct bench_case {
    const char *name;
    const bench_samples *ours, *peer; /* peer NULL: none */
    const char *peer_name;            /* with its version; NULL: none */
    const char *unit;
    double scale; /* shown: seconds * scale, or scale / seconds where is_rate */
    bool is_rate;
    double limit; /* in the unit; 0: none */
    int threads;
} bench_case;

/* Seconds of a clock that only goes forward. */
double bench_now(void);
void bench_print_header(const char *title);
void bench_print(const bench_case *line);
/* Keeps the process on cores 0 .. threads-1; called before any thread is made. */
void bench_pin(int threads);
/* Argument `index` as a number of threads, 1 .. 1024; 1 when it is not there. */
int bench_threads(int count, char **argument, int index);
/* Ends the program with a message. */
_Noreturn void bench_fail(const char *what, const char *why);

#endif
