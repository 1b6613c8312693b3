/* api_keys.h: who may read, who may change. A file of lines `read KEY` or `write KEY`, `#` begins a comment; nobody but its
 * owner may read it.
 */
#ifndef SEMID_SERVE_API_KEYS_H
#define SEMID_SERVE_API_KEYS_H

#include <semid.h>

typedef enum srv_right { SRV_RIGHT_NONE, SRV_RIGHT_READ, SRV_RIGHT_WRITE } srv_right;

enum { SRV_KEY_SIZE_MIN = 16, SRV_KEY_SIZE_MAX = 256, SRV_KEYS_MAX = 256 };

typedef struct srv_key {
    srv_right right;
    char text[SRV_KEY_SIZE_MAX + 1];
} srv_key;

typedef struct srv_keys {
    srv_key *key; /* (count); NULL: no keys are asked for */
    int count;
} srv_keys;

sid_status srv_keys_read(const char *path, srv_keys *out, sid_error *err);
void srv_keys_drop(srv_keys *keys);
/* Of the value of an Authorization header (NULL: none). Takes as long for each key that there is. */
srv_right srv_keys_right(const srv_keys *keys, const char *authorization);

#endif
