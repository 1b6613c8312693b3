/* serve_limits.h: every limit of the server, with its reason. */
#ifndef SEMID_SERVE_SERVE_LIMITS_H
#define SEMID_SERVE_SERVE_LIMITS_H

enum {
    SRV_HEADERS_MAX = 16 << 10, /* a connection's memory: request line, headers, and those of the answer; the library
                                        clears it for each request, so 64 busy connections must fit the second cache */
    SRV_BODY_MAX = 1 << 20,     /* JSON; some 130 vectors of 768 numbers */
    SRV_NPY_MAX = 64 << 20,     /* vectors in bulk */
    SRV_BODIES_MAX = 256 << 20, /* of all requests in flight together */
    SRV_DROPPED_MAX = 4 << 20,  /* of a body that is too long: read so that the client sees why, then closed */
    SRV_ITEMS_MAX = 4096,       /* of a request */
    SRV_MARGINS_MAX = 64,       /* items of a request for margins, which try every code */
    SRV_K_MAX = 1000,           /* nobody looks further; also beam and history */
    SRV_LIST_MAX = 10000,       /* of a filter */
    SRV_PAGE_MAX = 1000,        /* rows of a list on one page */
    SRV_MAP_MAX = 20000,        /* points of a map */
    SRV_INLINE_PAGE = 100,      /* rows that the loop fetches itself; more is work for a worker */
    SRV_PARAM_MAX = 512,        /* bytes of an id or a prefix in a path, decoded */
    SRV_JSON_DEPTH_MAX = 16,    /* jansson takes up to 80 bytes of memory a byte of text, */
    SRV_JSON_CONTAINERS_MAX = 16384, /* so these are counted first */
    SRV_JSON_VALUES_MAX = 262144,
    SRV_CACHE_SIZE_MAX = 64 << 20, /* bodies kept for the next who asks */
    SRV_CACHE_ENTRIES_MAX = 65536,
    SRV_WORKERS_MAX = 64,
    SRV_IDLE_S = 60, /* a connection that asks nothing */
    SRV_HEADERS_MS = 5000,
    SRV_BODY_MS = 30000,
    SRV_REAPER_MS = 250,
    SRV_DEADLINE_MS_MAX = 600000
};

#endif
