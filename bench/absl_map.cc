/* absl_map.cc: see absl_map.h. */
#include "absl_map.h"

#include <absl/container/flat_hash_map.h>

#include <cstring>

struct absl_map {
    absl::flat_hash_map<uint64_t, uint32_t> row;
    const float *slab;
    int dim;
};

absl_map *absl_map_make(const uint64_t *key, int64_t count, const float *slab, int dim)
{
    absl_map *map = new absl_map{{}, slab, dim};
    map->row.reserve(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; i++)
        map->row[key[i]] = static_cast<uint32_t>(i);
    return map;
}

void absl_map_free(absl_map *map)
{
    delete map;
}

void absl_map_read(const absl_map *map, const uint64_t *key, int64_t begin, int64_t end, int ahead, float *out)
{
    const size_t size = static_cast<size_t>(map->dim) * sizeof(float);
    for (int64_t i = begin; i < end; i++) {
        if (ahead > 0 && i + ahead < end)
            map->row.prefetch(key[i + ahead]);
        const auto found = map->row.find(key[i]);
        std::memcpy(out + i * map->dim, map->slab + static_cast<size_t>(found->second) * static_cast<size_t>(map->dim),
                    size);
    }
}
