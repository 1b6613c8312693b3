/* absl_map.h: absl::flat_hash_map from keys to rows of floats, for C. Its values are row numbers of a slab on large pages, which is
 * faster there than rows inside the map.
 */
#ifndef SEMID_BENCH_ABSL_MAP_H
#define SEMID_BENCH_ABSL_MAP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct absl_map absl_map;

/* slab (count, dim): row i is that of key[i]; must outlive the map. */
absl_map *absl_map_make(const uint64_t *key, int64_t count, const float *slab, int dim);
void absl_map_free(absl_map *map);
/* Copies rows of keys begin .. end - 1 to out (., dim). ahead: keys whose buckets are fetched before; 0: none, as the map is
 * commonly used. */
void absl_map_read(const absl_map *map, const uint64_t *key, int64_t begin, int64_t end, int ahead, float *out);

#ifdef __cplusplus
}
#endif

#endif
