/* positions.c: see positions.h. */
#include "tensor/positions.h"

#include <assert.h>

#include "linalg/scalar.h"

#define INVERSE_TWO_PI 0x1.45f306dc9c883p-3

/* The bucket of a distance that is not negative: itself below `exact`, then by the lower edges. */
static int bucket_of(int64_t distance, int exact, const uint8_t *edge, int edges)
{
    if (distance < exact)
        return (int)distance;
    int bucket = exact;
    while (bucket - exact + 1 < edges && distance >= edge[bucket - exact + 1])
        bucket++;
    return bucket;
}

int sid__relative_bucket(int64_t distance, bool is_causal)
{
    static const uint8_t both[] = {8, 12, 16, 23, 32, 46, 64, 91};
    static const uint8_t before[] = {16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113};
    if (is_causal)
        return bucket_of(distance < 0 ? -distance : 0, 16, before, 16);
    return (distance > 0 ? 16 : 0) + bucket_of(distance < 0 ? -distance : distance, 8, both, 8);
}

/* Angles in turns: 1 / (2 pi) is taken once, and sin t = cos(t - 1/4). */
void sid__rotary_table(double base, int64_t positions, int size, sid__real *cosine, sid__real *sine)
{
    assert(size % 2 == 0 && base > 0);
    for (int i = 0; i < size / 2; i++) {
        double turn = sid__exp(-2.0 * i / size * sid__log(base)) * INVERSE_TWO_PI;
        for (int64_t t = 0; t < positions; t++) {
            cosine[t * (size / 2) + i] = (sid__real)sid__cos_2pi((double)t * turn);
            sine[t * (size / 2) + i] = (sid__real)sid__cos_2pi((double)t * turn - 0.25);
        }
    }
}

void sid__rotate_rows(const sid__real *from, int64_t step, int64_t rows, int size, const sid__real *cosine,
                      const sid__real *sine, sid__real *to)
{
    int half = size / 2;
    for (int64_t t = 0; t < rows; t++, from += step, to += size, cosine += half, sine += half)
        for (int i = 0; i < half; i++) {
            sid__real a = from[i], b = from[i + half];
            to[i] = a * cosine[i] - b * sine[i];
            to[i + half] = b * cosine[i] + a * sine[i];
        }
}

void sid__rotate_back(const sid__real *from, int64_t rows, int size, const sid__real *cosine, const sid__real *sine,
                      bool is_added, sid__real *to, int64_t to_step)
{
    int half = size / 2;
    for (int64_t t = 0; t < rows; t++, from += size, to += to_step, cosine += half, sine += half)
        for (int i = 0; i < half; i++) {
            sid__real a = from[i] * cosine[i] + from[i + half] * sine[i];
            sid__real b = from[i + half] * cosine[i] - from[i] * sine[i];
            to[i] = is_added ? to[i] + a : a;
            to[i + half] = is_added ? to[i + half] + b : b;
        }
}
