/* synth_world.h: a made-up world of items and users whose clicks follow a known law, so that a ranker's result can be held
 * against the best possible one.
 *
 * Items are leaves of a tree, quality and taste and content summed along the way down, and something of their own that no
 * content tells; they are born and die. Users have a taste and a bias. The law (logits, all letters standard normals but u):
 *
 *     logit = mu + sqrt .25 user + sqrt .35 item's branch + sqrt .70 item's own + sqrt .45 <tastes> / sqrt 8
 *           + sqrt .05 (2 - position) / sqrt 2 + sqrt .05 sqrt 2 sin(2 pi hour / 24)
 *
 * Everything is a function of the seed and of its own number: the same for any number of threads.
 */
#ifndef SEMID_DATA_SYNTH_WORLD_H
#define SEMID_DATA_SYNTH_WORLD_H

#include "base/ctx.h"

/* What draws are for: the high byte of the index in SID__STREAM_WORLD, so that no two uses share one. */
enum {
    SID__WORLD_DRAW_CHILD = 1,
    SID__WORLD_DRAW_NODE,
    SID__WORLD_DRAW_LIFE,
    SID__WORLD_DRAW_WALK,
    SID__WORLD_DRAW_ITEM,
    SID__WORLD_DRAW_CONTENT,
    SID__WORLD_DRAW_USER,
    SID__WORLD_DRAW_SHOWN,
    SID__WORLD_DRAW_TITLE
};

enum { SID__WORLD_LEVELS = 3, SID__WORLD_CHILDREN = 16, SID__WORLD_TASTE = 8, SID__WORLD_CONTENT = 64 };

typedef struct sid__world_options {
    int64_t items; /* alive at any time, about */
    int64_t users;
    int64_t impressions; /* a day */
    int days;
    uint64_t seed;
} sid__world_options;

typedef struct sid__world_item {
    double birth, death; /* hours; the first day begins at 0 */
    double weight;       /* how often it is shown while it lives */
    double branch, own;  /* standard normals: what its place in the tree tells, and what nothing tells */
    double taste[SID__WORLD_TASTE];
    uint8_t path[SID__WORLD_LEVELS];
    int32_t twin; /* row of the item that is equal but for its id; -1: none */
} sid__world_item;

typedef struct sid__world_user {
    double bias;
    double taste[SID__WORLD_TASTE];
} sid__world_user;

/* Invariant: item[0 .. item_count-1] by birth, those alive at 0 first; a twin follows its item. */
typedef struct sid__world {
    sid__world_options options;
    sid__world_item *item;
    sid__world_user *user;
    double *activity; /* (users) sums of e^z up to and with each */
    double *node;     /* (nodes, 1 + taste + content): what each node of the tree adds */
    int64_t item_count, item_capacity;
} sid__world;

/* SID_EUSAGE names an option out of range; SID_ENOMEM. Drop it in any case. */
sid_status sid__world_make(const sid__world_options *options, sid__world *out, sid_error *err);
void sid__world_drop(sid__world *world);
/* content (item_count, SID__WORLD_CONTENT) of rows begin .. begin + count - 1. */
void sid__world_content(const sid__world *world, int64_t begin, int64_t count, float *content);

/* One showing of an item to a user. */
typedef struct sid__world_shown {
    int64_t timestamp; /* seconds since 1970 */
    int32_t user, item;
    uint8_t position, label;
    double p;         /* of a click, as the law has it */
    double p_content; /* the same for who does not know what is the item's own: its mean */
} sid__world_shown;

/* Hours have unequal numbers where a day's does not divide by 24. */
int64_t sid__world_hour_count(const sid__world *world, int hour);
/* The hour's showings, by time; out (sid__world_hour_count). SID_EDATA: nothing was alive. */
sid_status sid__world_hour(const sid_ctx *ctx, const sid__world *world, int hour, sid__world_shown *out,
                           sid_error *err);

#endif
