/* openblas.c: see openblas.h. The names are those of numpy's build: 64-bit integers, a prefix and a suffix. */
#include "openblas.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"

enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };

typedef void sgemm_fn(int order, int a_form, int b_form, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                      int64_t a_step, const float *b, int64_t b_step, float beta, float *c, int64_t c_step);
static sgemm_fn *sgemm;

static void *symbol(void *library, const char *name)
{
    void *found = dlsym(library, name);
    if (!found)
        bench_fail(name, "not in this OpenBLAS; numpy's newest wheel is expected");
    return found;
}

void blas_open(const char *path, const char *core, int threads, char *version)
{
    (void)unsetenv("OPENBLAS_L2_SIZE"); /* set on some machines for older builds; it slows this one */
    (void)unsetenv("OPENBLAS_CORETYPE");
    (void)setenv("OPENBLAS_THREAD_TIMEOUT", "22", 1); /* its threads spin 2^22 ticks after a call, not 2^26 or more */
    if (core[0])
        (void)setenv("OPENBLAS_CORETYPE", core, 1);
    void *library = dlopen(path, RTLD_NOW);
    if (!library)
        bench_fail("OpenBLAS", dlerror());
    void *set_threads = symbol(library, "scipy_openblas_set_num_threads64_");
    void *config = symbol(library, "scipy_openblas_get_config64_"),
         *name = symbol(library, "scipy_openblas_get_corename64_");
    void *one = symbol(library, "scipy_cblas_sgemm64_");
    memcpy(&sgemm, &one, sizeof one); /* C has no other way from an object pointer to a function */
    void (*set)(int);
    char *(*config_of)(void), *(*name_of)(void);
    memcpy(&set, &set_threads, sizeof set);
    memcpy(&config_of, &config, sizeof config);
    memcpy(&name_of, &name, sizeof name);
    set(threads);
    char *text = config_of();
    (void)snprintf(version, 160, "%.*s %s", (int)strcspn(text + 9, " ") + 9, text, name_of());
}

void blas_multiply(const blas_product *p)
{
    for (int64_t i = 0; i < p->count; i++)
        sgemm(ROW_MAJOR, PLAIN, p->is_b_transposed ? TRANSPOSED : PLAIN, p->rows, p->columns, p->depth, 1,
              p->a + i * p->rows * p->depth, p->depth, p->b + i * p->columns * p->depth,
              p->is_b_transposed ? p->depth : p->columns, 0, p->c + i * p->rows * p->columns, p->columns);
}
