/* reply_cache.c: see reply_cache.h. */
#include "reply_cache.h"

#include <stdlib.h>
#include <string.h>

#include "serve_limits.h"

struct srv_cached {
    srv_cached *chain, *younger;
    srv_body *body;
    uint64_t hash;
    int64_t size;
    char key[];
};

void srv_body_release(void *body)
{
    srv_body *shared = body;
    if (!shared || --shared->users > 0)
        return;
    srv_text_drop(&shared->text);
    free(shared);
}

static uint64_t hash_of(const char *key)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(1099511628211);
    return hash ^ (hash >> 29);
}

static void drop_first(srv_cache *cache)
{
    srv_cached *old = cache->first;
    srv_cached **link = &cache->slot[old->hash % SRV_CACHE_ENTRIES_MAX];
    while (*link != old)
        link = &(*link)->chain;
    *link = old->chain;
    cache->first = old->younger;
    if (!cache->first)
        cache->last = NULL;
    cache->size -= old->size;
    cache->count--;
    srv_body_release(old->body);
    free(old);
}

void srv_cache_drop(srv_cache *cache)
{
    while (cache->first)
        drop_first(cache);
    free(cache->slot);
    *cache = (srv_cache){0};
}

srv_body *srv_cache_find(srv_cache *cache, const char *key, uint64_t generation)
{
    if (generation != cache->generation)
        while (cache->first)
            drop_first(cache);
    cache->generation = generation;
    if (!cache->slot)
        return NULL;
    uint64_t hash = hash_of(key);
    for (srv_cached *each = cache->slot[hash % SRV_CACHE_ENTRIES_MAX]; each; each = each->chain)
        if (each->hash == hash && strcmp(each->key, key) == 0) {
            each->body->users++;
            return each->body;
        }
    return NULL;
}

srv_body *srv_cache_keep(srv_cache *cache, const char *key, srv_text *text)
{
    size_t length = strlen(key);
    if (!cache->slot)
        cache->slot = calloc(SRV_CACHE_ENTRIES_MAX, sizeof(srv_cached *));
    srv_body *body = calloc(1, sizeof *body);
    srv_cached *entry = cache->slot && body ? calloc(1, sizeof *entry + length + 1) : NULL;
    if (!entry) {
        free(body);
        return NULL;
    }
    char *fitted = realloc(text->bytes, text->size + 1); /* it stays a while */
    if (fitted) {
        text->bytes = fitted;
        text->room = text->size + 1;
    }
    *body = (srv_body){.users = 2, .text = *text};
    *text = (srv_text){0};
    memcpy(entry->key, key, length);
    entry->hash = hash_of(key);
    entry->body = body;
    entry->size = (int64_t)(sizeof *entry + sizeof *body + length + body->text.room);
    entry->chain = cache->slot[entry->hash % SRV_CACHE_ENTRIES_MAX];
    cache->slot[entry->hash % SRV_CACHE_ENTRIES_MAX] = entry;
    if (cache->last)
        cache->last->younger = entry;
    else
        cache->first = entry;
    cache->last = entry;
    cache->size += entry->size;
    cache->count++;
    while (cache->first && (cache->size > SRV_CACHE_SIZE_MAX || cache->count > SRV_CACHE_ENTRIES_MAX))
        drop_first(cache);
    return body;
}
