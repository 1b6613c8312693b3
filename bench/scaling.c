/* scaling.c: how the cost of fit and encode grows with rows, dimensions, levels, codes and beam. One of them moves, the
 * others stay at N=100,000, D=64, L=3, K=256, beam 1; the exponent is the slope of log seconds over log size, by least
 * squares. Each case is a child process, so that its peak memory is its own. Fits use all rows.
 *
 *     bench_scaling THREADS
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "line.h"

enum { ENCODES = 3, POINTS_MAX = 8 };

typedef struct setting {
    int64_t rows;
    int dim, levels, codes, beam;
} setting;

typedef struct result {
    double fit_s;
    bench_samples encode;
    double peak_size; /* bytes of the whole process, rows included */
} result;

static const setting base = {.rows = 100000, .dim = 64, .levels = 3, .codes = 256, .beam = 1};

static double peak_size(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return 1024.0 * (double)usage.ru_maxrss;
}

static sid_status fit_and_encode(const setting *s, sid_ctx *ctx, result *out, sid_error *err)
{
    sid_vectors *vectors = NULL;
    sid_quantizer *quantizer = NULL;
    char codes[16], options[64];
    (void)snprintf(codes, sizeof codes, "%d", s->codes);
    (void)snprintf(options, sizeof options, "sample=%" PRId64 ",beam=%d", s->rows, s->beam);
    uint16_t *code = malloc((size_t)s->rows * (size_t)s->levels * sizeof *code);
    sid_status status = sid_vectors_synth(ctx, s->rows, s->dim, 1024, 0.7, 1, &vectors, err);
    const float *x = status == SID_OK ? sid_vectors_data(vectors) : NULL;
    double start = bench_now();
    if (status == SID_OK && code)
        status =
            sid_quantizer_fit(ctx, &(sid_quantizer_options){.levels = s->levels, .codes = codes, .options = options}, x,
                              s->rows, s->dim, &quantizer, err);
    out->fit_s = bench_now() - start;
    for (int i = 0; i < ENCODES && status == SID_OK && code; i++) {
        start = bench_now();
        status = sid_quantizer_encode(ctx, quantizer, x, s->rows, code, NULL, err);
        bench_add(&out->encode, bench_now() - start);
    }
    out->peak_size = peak_size();
    sid_quantizer_free(quantizer);
    sid_vectors_free(vectors);
    free(code);
    return status;
}

static void run_child(const setting *s, int threads, int to)
{
    sid_ctx *ctx = NULL;
    sid_error err;
    result out = {0};
    if (sid_ctx_create(&ctx, &err) != SID_OK || sid_ctx_set_threads(ctx, threads, &err) != SID_OK ||
        fit_and_encode(s, ctx, &out, &err) != SID_OK)
        bench_fail("scaling", err.message);
    sid_ctx_free(ctx);
    if (write(to, &out, sizeof out) != (ssize_t)sizeof out)
        bench_fail("scaling", "cannot write the result");
    _exit(0);
}

static result run(const setting *s, int threads)
{
    int ends[2];
    result out;
    (void)fflush(stdout);
    if (pipe(ends) != 0)
        bench_fail("scaling", "no pipe");
    pid_t child = fork();
    if (child < 0)
        bench_fail("scaling", "no child process");
    if (child == 0)
        run_child(s, threads, ends[1]);
    (void)close(ends[1]);
    if (read(ends[0], &out, sizeof out) != (ssize_t)sizeof out)
        bench_fail("scaling", "a case ended early, see above");
    (void)close(ends[0]);
    (void)waitpid(child, NULL, 0);
    return out;
}

/* Slope of log y over log x. */
static double exponent(const double *x, const double *y, int count)
{
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (int i = 0; i < count; i++) {
        double u = log(x[i]), v = log(y[i]);
        sx += u;
        sy += v;
        sxx += u * u;
        sxy += u * v;
    }
    return (count * sxy - sx * sy) / (count * sxx - sx * sx);
}

static void print(const char *what, double value, const result *r, int64_t rows, int threads)
{
    char name[96];
    bench_samples fit = {.value = {r->fit_s}, .count = 1};
    (void)snprintf(name, sizeof name, "fit, %s=%.0f", what, value);
    bench_case line = {.name = name, .ours = &fit, .unit = "s", .scale = 1, .threads = threads};
    bench_print(&line);
    (void)snprintf(name, sizeof name, "encode, %s=%.0f, peak %.0f bytes an item", what, value,
                   r->peak_size / (double)rows);
    line.ours = &r->encode;
    line.unit = "M items/s";
    line.scale = 1e-6 * (double)rows;
    line.is_rate = true;
    bench_print(&line);
}

typedef struct series {
    const char *what;
    size_t offset; /* of the field that moves; rows is 64 bits wide */
    double value[POINTS_MAX];
} series;

static const series all_series[] = {
    {"N", offsetof(setting, rows), {10000, 30000, 100000, 300000, 1000000}},
    {"D", offsetof(setting, dim), {32, 64, 128, 256, 512}},
    {"L", offsetof(setting, levels), {1, 2, 3, 4, 8}},
    {"K", offsetof(setting, codes), {16, 64, 256, 1024, 4096}},
    {"beam", offsetof(setting, beam), {1, 2, 5, 10, 20}},
};

static void run_series(const series *s, int threads)
{
    double fit[POINTS_MAX], encode[POINTS_MAX], fit_slope, encode_slope;
    int count = 0;
    for (; count < POINTS_MAX && s->value[count] > 0; count++) {
        setting now = base;
        if (s->offset == offsetof(setting, rows))
            now.rows = (int64_t)s->value[count];
        else
            *(int *)((char *)&now + s->offset) = (int)s->value[count];
        result r = run(&now, threads);
        fit[count] = r.fit_s;
        encode[count] = bench_median(&r.encode);
        print(s->what, s->value[count], &r, now.rows, threads);
    }
    fit_slope = exponent(s->value, fit, count);
    encode_slope = exponent(s->value, encode, count);
    printf("\nIn %s: fit grows as %s^%.2f, encode as %s^%.2f.\n", s->what, s->what, fit_slope, s->what, encode_slope);
    if (s->offset == offsetof(setting, rows)) {
        double last = s->value[count - 1];
        printf("Extrapolated, not measured, at linear cost from N=%.0f: encode of 10^8 items %.0f s, of 10^9 %.0f s.\n",
               last, encode[count - 1] * 1e8 / last, encode[count - 1] * 1e9 / last);
    }
}

int main(int count, char **argument)
{
    int threads = bench_threads(count, argument, 1);
    bench_pin(threads);
    for (size_t i = 0; i < sizeof all_series / sizeof *all_series; i++) {
        char title[96];
        (void)snprintf(title, sizeof title, "scaling in %s, the rest N=100,000 D=64 L=3 K=256 beam 1",
                       all_series[i].what);
        bench_print_header(title);
        run_series(&all_series[i], threads);
    }
    return 0;
}
