/* semid_model.h: recommenders: what users did (events), how it is split into what a model learns from and what it is asked,
 * models, and their evaluation. Errors, contexts and threads are those of semid.h.
 *
 *     sid_events_read ──▶ sid_events ──sid_model_train──▶ sid_model ──▶ recommendations
 *                              └──────────sid_evaluate────────┴──▶ a table: models beside what needs no training
 */
#ifndef SEMID_MODEL_H
#define SEMID_MODEL_H

#include "semid.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Events: who did something with which item, when -------------------------------------------------------------- */

typedef struct sid_events sid_events;

typedef struct sid_events_options {
    sid_read_options read; /* what to do with bad rows; an item that is not known makes one */
    /* The items that events may be of, one of these four. All are then candidates of a recommendation, also those without
     * an event. None: the items of the events themselves. */
    sid_catalog *catalog;
    const sid_items *items;
    const sid_vectors *vectors;
    const char *const *item_ids; /* (item_count) such as those of a model */
    int64_t item_count;
    const char *repeats; /* of an item in a history: "keep" (default), "first", "no-consecutive" */
    int64_t core;        /* drop users and items with fewer events, until none has; 0: off */
    void *reserved[4];
} sid_events_options;

/* Reads `path`: .tsv, .csv, .jsonl or RecBole's .inter ("-": standard input, tsv), by the columns user_id, item_id and, where
 * they are there, timestamp (a number, or a date by RFC 3339), split (train, valid, test) and weight; others are passed by.
 * Events are sorted by user and time; equal times, and files without times, keep the order of the file. Exact duplicates
 * (user, item, time) are dropped and counted. SID_EDATA names file, line and column of a bad row; SID_EIO, SID_ENOMEM. */
SID_API SID_MUST_CHECK sid_status sid_events_read(sid_ctx *ctx, const char *path, const sid_events_options *options,
                                                  sid_events **out, sid_error *err);
SID_API void sid_events_free(sid_events *events);

typedef struct sid_events_info {
    int64_t users, items, events;
    int64_t skipped, duplicates; /* bad rows left out; equal user, item and time */
    int64_t repeats, filtered;   /* dropped by the options repeats and core */
    int64_t shortest, longest;   /* events of a user */
    bool has_time, has_split;
} sid_events_info;
SID_API void sid_events_get_info(const sid_events *events, sid_events_info *out);
/* Ids by row; NULL beyond. Users come in the order of the file, items in that of what they were given by. */
SID_API const char *sid_events_user_id(const sid_events *events, int64_t user);
SID_API const char *sid_events_item_id(const sid_events *events, int64_t item);
SID_API int64_t sid_events_find_user(const sid_events *events, const char *user_id); /* row, or -1 */
SID_API int64_t sid_events_find_item(const sid_events *events, const char *item_id);
/* Events of each item; count (items). */
SID_API void sid_events_count_items(const sid_events *events, int64_t *count);

/* ---- Split: what a model learns from, and what it is asked --------------------------------------------------------- */

typedef struct sid_split_options {
    /* "loo" (default): a user's last event is the test, the one before it the validation, the rest trains; users of fewer than
     * three events train only. "time=0.8,0.1": shares of all events, by time, that train and validate; "time=A,B": the same by
     * two times (numbers or dates), the first of the validation and of the test. "column": what the file says. "all": all
     * events train, nothing is asked. */
    const char *split;
    /* Events of one moment: "file" (default): the order of the file, which published results have; "shuffle": a seeded order, by
     * user; "exclude": a target that ties with the event before it is not asked. */
    const char *ties;
    const char *targets; /* of time and column: "first" (default) event after the history, or "all" */
    uint64_t seed;       /* 0: 42 */
    /* Share of the items, drawn by seed, that lose their train events: cold items where a split has few. 0: none. */
    double cold_fraction;
    void *reserved[3];
} sid_split_options;

typedef struct sid_split_info {
    int64_t train_events, valid_events, test_events; /* by part, asked or not */
    int64_t valid_users, test_users;                 /* that are asked */
    int64_t test_targets;                            /* that they are asked for */
    int64_t users_without_history;                   /* have a test event and none before it: not asked */
    int64_t users_excluded;                          /* not asked, by ties=exclude */
    int64_t cold_items;                              /* without a train event */
    int64_t cold_events, cold_targets;               /* test events, test targets of cold items */
    double tied_events_rate;  /* events of the same time as the user's event before, of all that have one before */
    double tied_targets_rate; /* first test targets of the same time as the event before */
} sid_split_info;
/* What a split makes of the events. SID_EUSAGE: unknown words; a split by time or column of events without. */
SID_API SID_MUST_CHECK sid_status sid_split_check(const sid_events *events, const sid_split_options *options,
                                                  sid_split_info *out, sid_error *err);

/* ---- Models ------------------------------------------------------------------------------------------------------- */

typedef struct sid_model sid_model;

typedef struct sid_train_options {
    const char *family;      /* default "itemknn"; sid_model_family lists them */
    const char *options;     /* the family's own, "content_weight=1.2,neighbors=200" */
    uint64_t seed;           /* 0: 42 */
    sid_split_options split; /* what trains; `split` NULL: "loo" */
    const sid_vectors
        *vectors; /* what items are like, joined by id, for families that use it; NULL: none. Lengths do not
                                 * matter; an item without a vector has no likeness. Rows are copied. */
    bool force;   /* replace a model at `path`, and what an interrupted training left beside it */
    /* The SIDs of the items, for families that use them, and where `vectors` is NULL the vectors it keeps. Items are joined
     * by id; one that the catalogue lacks has no SID: it is left out of histories and never recommended by its SID. NULL:
     * none. */
    sid_catalog *catalog;
    /* Families that learn by steps leave their state in `<path>.checkpoint` once a minute and where they are interrupted. From
     * there resume goes on, to the same bytes as without the interruption; other options or data: SID_EUSAGE names them. */
    bool resume;
    int64_t checkpoint_steps; /* steps from one checkpoint to the next; 0: by time */
    /* Checks everything and logs what training takes; writes nothing. `out` gets a model of a family that counts, NULL where
     * it would be learned by steps. */
    bool dry_run;
    void *reserved[3];
} sid_train_options;

/* Learns from the train part of `events`, and writes the model as a directory `path`, whole or not at all (NULL: in memory
 * only). `out` (NULL allowed with a path) gets it. A model knows the items of its events, by id. The same events, options and
 * seed give the same bytes for any number of threads. Of a family that learns by steps the directory has a log too,
 * metrics.jsonl; it stands beside it, `<path>.metrics.jsonl`, while training lasts. SID_EUSAGE, SID_EEXISTS, SID_EDATA (nothing to learn from), SID_EIO,
 * SID_ENOMEM, SID_ECANCELED. */
SID_API SID_MUST_CHECK sid_status sid_model_train(sid_ctx *ctx, const sid_train_options *options,
                                                  const sid_events *events, const char *path, sid_model **out,
                                                  sid_error *err);
/* SID_ECORRUPT names the damaged file; SID_EVERSION: written by a newer semid. The model keeps `ctx`. */
SID_API SID_MUST_CHECK sid_status sid_model_open(sid_ctx *ctx, const char *path, sid_model **out, sid_error *err);
SID_API void sid_model_close(sid_model *model);
/* Asks the model by a later version of its catalogue: items removed there are recommended no more, and a model that generates
 * SIDs recommends the items added since. SID_EDATA: its codebooks are not those that the model learned. Nobody else may use
 * the model meanwhile; the catalogue is read once and may be closed. */
SID_API SID_MUST_CHECK sid_status sid_model_use_catalog(sid_model *model, sid_catalog *catalog, sid_error *err);

/* Vectors of the items, those added since too, from `catalog`, for what orders by them (sid_search_options.cold). Nothing where the
 * model keeps vectors. As above: nobody else may use the model meanwhile. SID_EDATA: the catalogue keeps none. */
SID_API SID_MUST_CHECK sid_status sid_model_use_vectors(sid_model *model, sid_catalog *catalog, sid_error *err);

typedef struct sid_model_info {
    const char *id; /* 32 hexadecimal digits: a hash of everything below and of what was learned */
    const char *family, *options, *split, *ties;
    uint64_t seed;
    int64_t items, train_events;
    int dim;                   /* of the vectors of its items; 0: none */
    const char *catalog_id;    /* whose SIDs it learned; NULL: none */
    int levels;                /* codes of those SIDs */
    int64_t items_without_sid; /* that its catalogue lacked */
} sid_model_info;
SID_API void sid_model_get_info(const sid_model *model, sid_model_info *out);
/* (items) ids by row: what sid_events_options.item_ids takes, to ask this model of other events. */
SID_API const char *const *sid_model_item_ids(const sid_model *model);

/* How a model that generates SIDs looks for items; others do not look at it. */
typedef struct sid_search_options {
    int beam; /* prefixes kept a level; 0: the larger of 2 k and 50; never below k */
    /* "beam" (default); "exact": the true k best, best prefixes first; "oracle": every item, for evaluation. */
    const char *search;
    const char
        *normalize; /* probabilities of all codes: "open" (default), what training has; of those that lead on: "trie" */
    /* Items without a train event, which are hardly ever generated: "quota=n": n of the k places are theirs, the model's best;
     * "rerank": the 2 k best generated and all of them, ordered by the cosine of their vectors with the history's (score), which
     * takes vectors (sid_eval_options, sid_model_use_vectors). NULL: as generated. */
    const char *cold;
    void *reserved[1];
} sid_search_options;

typedef struct sid_request {
    const char *const *history; /* (history_count) item ids, oldest first; unknown ones are passed by and counted */
    int64_t history_count;
    int k;             /* 0: 10 */
    bool keep_history; /* items of the history may be recommended */
    /* Ids; those that the model does not know are passed by. An item of `deny` is not recommended; where `allow` is not NULL,
     * nothing else is. Both cost no beams: k items come whenever k are left. */
    const char *const *deny, *const *allow;
    int64_t deny_count, allow_count;
    sid_search_options search;
    /* Prefixes of SIDs, "12" or "12-153", as masks like those: only items below one of `within` (where there are any), none
     * below one of `without`. SID_EUSAGE where the model knows no SIDs. */
    const char *const *within, *const *without;
    int64_t within_count, without_count;
    struct sid_trace *trace; /* filled with how the beams went; NULL: nobody asks */
    const char *user;        /* id of whose history it is, for models that learned users; NULL: not known */
    /* "p:n": at most n items below one prefix of p codes; NULL: any number. Of models that write SIDs, and not beside `cold`. All are
     * asked by the first's. */
    const char *quota;
    void *reserved[1];
} sid_request;

typedef struct sid_trace_beam {
    char prefix[SID_SID_TEXT_MAX];
    double score; /* logarithm of its probability */
} sid_trace_beam;

/* A step of a beam search, which adds a code. Shares are of the probability of the beams that it began with. */
typedef struct sid_trace_step {
    sid_trace_beam *beam; /* (beam_count) that it kept, the best first */
    int64_t beam_count;
    int64_t candidates; /* prefixes that lead to an item that may be recommended, of which those are the best */
    double masked;      /* share that the model gave to codes that lead to no such item */
    double left_out;    /* share of the candidates that were not kept */
} sid_trace_step;

/* Of a request that is searched by beams; no steps of another search, of a model that generates no SIDs, of a history of which nothing
 * is known. What `cold` and a model's own reranking do to the order comes after it. Any call with it overwrites what it holds; drop
 * it when done; dropping a zeroed one is fine. */
typedef struct sid_trace {
    sid_trace_step *step; /* (step_count) */
    int step_count;
    void *memory;
} sid_trace;
SID_API void sid_trace_drop(sid_trace *trace);

typedef struct sid_recommendation {
    const char *item_id; /* belongs to the model */
    int64_t row;         /* of sid_model_item_ids; from its end on: items added to the catalogue since */
    double score;        /* of the family's own kind: larger is better; of a generator the logarithm of a probability */
    const char *sid;     /* that the model knows it by; NULL: it knows none */
} sid_recommendation;

typedef struct sid_recommendations {
    sid_recommendation *row;
    int64_t count;
    int64_t unknown; /* ids of the history that the model does not know */
    bool is_exact;   /* proven to be the k best of all items; a beam may miss some */
    void *memory;
} sid_recommendations;
/* The k best, by (score, row; of a generator: score, SID, train events, row). SID_EUSAGE: a bad k; SID_ENOTFOUND: the model
 * knows no id of the history. */
SID_API SID_MUST_CHECK sid_status sid_model_recommend(const sid_model *model, const sid_request *request,
                                                      sid_recommendations *out, sid_error *err);
/* Many at once, which is faster and gives the same bytes; out (count), each to be dropped. All are asked by the first's k and
 * search. A history of which nothing is known gets an empty answer. */
SID_API SID_MUST_CHECK sid_status sid_model_recommend_many(const sid_model *model, const sid_request *request,
                                                           int64_t count, sid_recommendations *out, sid_error *err);
SID_API void sid_recommendations_drop(sid_recommendations *recommendations);

SID_API int sid_model_family_count(void);
SID_API const sid_family *sid_model_family(int index);

/* ---- Evaluation --------------------------------------------------------------------------------------------------- */

#define SID_K_MAX 1000    /* of a cut-off: nobody looks further, and tables of discounts are this long */
#define SID_CUTOFFS_MAX 8 /* cut-offs in one evaluation */
#define SID_SEGMENTS_MAX 16

/* At a cut-off k. Recall: the share of the targets in the first k; hit rate: whether one is; NDCG: discounted by 1/log2(place
 * + 1), over the best possible; MRR: 1/place of the first. Where items have equal scores, the expected value over all their
 * orders. With one target recall and hit rate are the same. */
#define SID_METRIC_LIST(X)                                                                                             \
    X(RECALL, "recall")                                                                                                \
    X(HIT_RATE, "hit_rate")                                                                                            \
    X(NDCG, "ndcg")                                                                                                    \
    X(MRR, "mrr")
typedef enum sid_metric {
#define SID_METRIC_ENUM_(name, text) SID_METRIC_##name,
    SID_METRIC_LIST(SID_METRIC_ENUM_)
#undef SID_METRIC_ENUM_
        SID_METRIC_COUNT
} sid_metric;

typedef struct sid_eval_options {
    sid_split_options split;
    int k[SID_CUTOFFS_MAX];     /* rising, 1 .. SID_K_MAX; all 0: 5 and 10 */
    bool keep_history;          /* rank items of the history too */
    int bootstrap;              /* resamples of users for intervals; 0: 1000; -1: none */
    uint64_t seed;              /* of the resamples; 0: 42 */
    const sid_vectors *vectors; /* for the baseline itemknn; NULL: it goes by events alone */
    bool no_baselines;          /* leave out pop, last and itemknn */
    sid_catalog *catalog;       /* its vectors for itemknn where `vectors` is NULL; NULL: none */
    sid_search_options search;  /* of models that generate */
    const char *part;           /* what is asked: "test" (default); "valid", to choose settings by */
    void *reserved[2];
} sid_eval_options;

typedef struct sid_interval {
    double mean, low, high; /* low, high: 95 %; NaN without a bootstrap */
} sid_interval;

/* Targets of one kind: "cold" (no train event), "few" (1 to 4), "5-9", "10-19", "20-49", "50+"; "head" (the fifth of the items
 * with most train events), "tail"; "short" (a history of at most 5), "long"; "warm" (all but cold). Each target counts for
 * itself. */
typedef struct sid_segment {
    const char *name;
    int64_t targets;
    double mean[SID_METRIC_COUNT][SID_CUTOFFS_MAX]; /* NaN where there are no targets */
} sid_segment;

typedef struct sid_eval_row {
    const char *family, *options, *id; /* id of the model */
    bool is_baseline;
    uint64_t seed;
    sid_interval value[SID_METRIC_COUNT][SID_CUTOFFS_MAX]; /* over users */
    double coverage[SID_CUTOFFS_MAX];                      /* of the candidates, the share that somebody was shown */
    double gini[SID_CUTOFFS_MAX];                          /* of how often each was shown: 0 all alike, 1 one alone */
    double novelty[SID_CUTOFFS_MAX]; /* mean -log2 of a shown item's share of train events; none counts as one */
    /* 1 - mean cosine of the pairs of a list, by sid_eval_options.vectors, the catalogue's or a model's; NaN without. */
    double diversity[SID_CUTOFFS_MAX];
    int64_t cold_items[SID_CUTOFFS_MAX]; /* items without a train event that somebody was shown */
    double cold_share[SID_CUTOFFS_MAX];  /* of the places shown, those with such an item */
    sid_segment segment[SID_SEGMENTS_MAX];
    int segment_count;
    /* Of models that generate: the share of users whose list is proven to be the best, and of the items shown that do not
     * exist. NaN for others. */
    double exact_rate, invalid_rate;
    /* Of models that generate, else NaN: a target counts by its codes (without a digit that a policy added), wherever an item of
     * equal codes stands, places being those of distinct SIDs. What some papers report; no item is found by it. */
    double sid_value[SID_METRIC_COUNT][SID_CUTOFFS_MAX];
    double
        collisions; /* of the items that the model has SIDs of, the share that has the codes of another; NaN: no SIDs */
    const char *sid_version; /* id of the catalogue whose SIDs it learned; NULL: none */
    const char
        *options_hash; /* 8 hexadecimal digits of family and options, defaults included: equal settings, equal hash */
    double train_s, eval_s; /* measured; train_s is 0 for a model that was trained before; of a mean their sums */
    /* A mean of models given that differ in their seed alone: how many, and the standard deviation of their values. Metrics
     * are averaged user by user, so that intervals and pairs are of that mean. seeds 0: a model. */
    int seeds;
    double seed_deviation[SID_METRIC_COUNT][SID_CUTOFFS_MAX];
} sid_eval_row;

/* Row a less row b, on the same users and the same resamples. */
typedef struct sid_eval_pair {
    int a, b;
    sid_interval difference[SID_METRIC_COUNT][SID_CUTOFFS_MAX];
} sid_eval_pair;

typedef struct sid_evaluation {
    sid_split_info split;
    int64_t users, candidates;
    int k[SID_CUTOFFS_MAX], k_count;
    bool keep_history;
    const char *part;              /* "test" or "valid" */
    int64_t targets, cold_targets; /* that its users are asked for; those without a train event */
    double tied_targets_rate;      /* first targets of the same time as the event before */
    sid_eval_row *row;             /* models first, as given, then the baselines */
    int row_count;
    sid_eval_pair *pair; /* all pairs a < b; none without a bootstrap */
    int pair_count;
    void *memory;
} sid_evaluation;

/* Ranks all items for each test user, full ranking: no sampled negatives. `model` (model_count; NULL when 0) must know exactly
 * the items of `events` and have been trained on the same split, or what it saw would be what it is asked: SID_EUSAGE says
 * which. SID_EDATA: nobody is asked. Drop the evaluation when done; dropping a zeroed one is fine. */
SID_API SID_MUST_CHECK sid_status sid_evaluate(sid_ctx *ctx, const sid_events *events, const sid_eval_options *options,
                                               const sid_model *const *model, int model_count, sid_evaluation *out,
                                               sid_error *err);
SID_API void sid_evaluation_drop(sid_evaluation *evaluation);

/* ---- Retrieval: a history to items of the prefixes that it is of --------------------------------------------------- */

/* A source of candidates for a ranker, without anything learned: what a user looked at says which prefixes, and below each stand its
 * items, the best first. Made of a catalogue once; then any number of threads may ask. */
typedef struct sid_retriever sid_retriever;
struct sid_impressions; /* semid_rank.h */

/* The vector of a request: out (dim), what the request's part of a two-tower model makes of a user (NULL: nobody known) and of what
 * was seen, oldest first, age_days before now (NULL: just now). */
typedef sid_status sid_request_vector_fn(void *user, const char *user_id, const char *const *history,
                                         const double *age_days, int64_t history_count, float *out, sid_error *err);

/* Vectors whose product with a request's is a score: those of sid_towers_vectors (semid_rank.h), or your own model's. */
typedef struct sid_retriever_vectors {
    const char *const *item_id; /* (count) those that the catalogue lacks are passed by */
    const float *vector;        /* (count, dim) values within 16: unit vectors */
    int64_t count;
    int dim;
    int depth; /* of the prefixes that are partitions; 0: the longest with 32 items each on average */
    sid_request_vector_fn *request; /* for tests of sources; NULL: they leave vectors out */
    void *user;                     /* the first argument of `request` */
    void *reserved[4];
} sid_retriever_vectors;

typedef struct sid_retriever_options {
    /* What is good, one of: impressions, (clicks + 10 rate) / (shows + 10); events, events + 1; neither: all alike. An item is born on
     * the day of its first one; without times, or where it has none, on the last day there is. */
    const struct sid_impressions *impressions;
    const sid_events *events;
    const char *quality, *birth; /* or columns of the catalogue: a number above 0; days since 1970. NULL: as above */
    double
        half_life_days; /* after which an item counts half; infinite: age does not matter; 0: a quarter of the time that births
                                  * span */
    const sid_retriever_vectors *vectors; /* for the resolver "tower" and for probing; copied. NULL: none */
    void *reserved[3];
} sid_retriever_options;

/* SID_EUSAGE: no such column, a number out of range, vectors of not one item; SID_EDATA names an item whose column is no number, or
 * whose vector is none; SID_ENOMEM. The catalogue may be closed after. */
SID_API SID_MUST_CHECK sid_status sid_retriever_create(sid_catalog *catalog, const sid_retriever_options *options,
                                                       sid_retriever **out, sid_error *err);
SID_API void sid_retriever_free(sid_retriever *retriever);

typedef struct sid_retriever_info {
    int64_t items, unseen; /* unseen: without an event or impression */
    int levels;
    double half_life_days;       /* infinite: age does not matter */
    size_t size;                 /* bytes of lists, scores and vectors */
    int dim;                     /* of vectors; 0: there are none */
    int64_t partitions, vectors; /* prefixes to probe; items that have one */
} sid_retriever_info;
SID_API void sid_retriever_get_info(const sid_retriever *retriever, sid_retriever_info *out);

/* A change of one item. Zeroed but for item_id: nothing changes. */
typedef struct sid_retriever_change {
    const char *item_id;
    bool remove;
    const char *sid, *title; /* of an item that is new; of another one: NULL, as they are */
    double quality;          /* above 0; 0: as it is; of a new item, 1 */
    double birth; /* days since 1970, where has_birth is true; else as it is; of a new item, that of the newest */
    bool has_birth;
    const float *vector; /* (dim) NULL: as it is; of a new item, none */
    void *reserved[1];
} sid_retriever_change;

/* Changes items of a retriever that is being asked: who asks gets the items of before or of after the call, never some of both. All changes
 * are done, one after the other, or none. Answers are those of a retriever made anew of the items, in the order in which they came, with
 * the half-life of before. A few thousand changes stand beside the lists of all; then these are made again, aside, by the call that
 * is one too many. One update at a time: others wait. SID_EUSAGE: a new item without a SID, one that is none, a number out of
 * range; SID_EDATA: a vector that is none; SID_ENOTFOUND: no such item to remove; SID_ENOMEM. */
SID_API SID_MUST_CHECK sid_status sid_retriever_update(sid_retriever *retriever, const sid_retriever_change *change,
                                                       int64_t count, sid_error *err);

#define SID_BUDGET_PREFIXES_MAX 2500 /* events of a history that count: the last ones */

typedef struct sid_retrieve_request {
    const char *const *history; /* (history_count) oldest first; unknown ones are passed by and counted */
    int64_t history_count;
    const double *age_days;  /* (history_count) of each event; NULL: all of today */
    double half_life_days;   /* an event counts 2^(-age / half_life); 0: 7 */
    int64_t k;               /* 0: 100 */
    int64_t prefixes, items; /* the budget: n prefixes, m items of each; 0: 10, and k */
    int depth;               /* codes of a prefix; 0: 2, or all where there are fewer */
    double gamma;            /* 0: the heaviest prefixes; else drawn in proportion to weight^gamma */
    uint64_t seed;           /* of draws; 0: 42 */
    const char *resolver;    /* which items of a prefix come first; NULL: "score"; sid_resolver lists them */
    bool keep_history;       /* items of the history may come again */
    /* As in sid_request. What may not come is left out before items are counted. */
    const char *const *deny, *const *allow;
    int64_t deny_count, allow_count;
    const char *const *within, *const *without;
    int64_t within_count, without_count;
    const float *query; /* (dim) the request's vector, for the resolver "tower" and for probing */
    /* Above 0: not the prefixes of the history, but the partitions that are best by query . mean of their vectors, so many of them;
     * and of all their items together the k best by query . vector. As many as there are, or more: the best k of all, to the bit.
     * prefixes, items, depth and gamma are not looked at. */
    int64_t probe;
    void *reserved[2];
} sid_retrieve_request;

typedef struct sid_retrieved_prefix {
    char prefix[SID_SID_TEXT_MAX];
    double weight;
} sid_retrieved_prefix;

/* Texts belong to the answer. */
typedef struct sid_retrieved_item {
    const char *item_id, *sid, *title;
    double score;   /* quality, halved with each half-life of age; "tower": the product of the vectors */
    int64_t prefix; /* by which it came */
} sid_retrieved_item;

typedef struct sid_retrieved {
    sid_retrieved_prefix *prefix; /* (prefix_count) the heaviest first */
    sid_retrieved_item *row;      /* (count) one of each prefix in turn */
    int64_t prefix_count, count;
    int64_t unknown; /* items of the history that the catalogue lacks */
    void *memory;
} sid_retrieved;

/* A prefix with fewer than m items that may come goes on with its parent's. An empty or unknown history gets nothing. Drop `out` when
 * done; dropping a zeroed one is fine. SID_EUSAGE names the bound, SID_ENOMEM. */
SID_API SID_MUST_CHECK sid_status sid_retrieve(const sid_retriever *retriever, const sid_retrieve_request *request,
                                               sid_retrieved *out, sid_error *err);
SID_API void sid_retrieved_drop(sid_retrieved *retrieved);

/* What a source of k candidates finds of what users click on the last day, knowing the days before. */
typedef struct sid_source_score {
    /* "score", "fresh", .. of sid_resolver; "popular": the best of all items; "union": of score and popular in turn; where there are
     * vectors of requests, "probe": the best by vectors; "union+probe": of score, popular and probe in turn */
    const char *source;
    double recall,
        recall_new;  /* share of a user's clicks among its candidates, mean over users; of items first shown that day */
    double share;    /* of the catalogue that anybody was given */
    double age_days; /* median, since the first show */
} sid_source_score;

typedef struct sid_source_report {
    int64_t users, targets, new_targets; /* asked: with clicks before the last day and on it */
    sid_source_score *row;               /* (count) */
    int count;
    void *memory;
} sid_source_report;

/* Asks for each user of the last day of `impressions`, with the budget, depth and so on of `like` (NULL: as usual), whose history and
 * masks are not looked at; each event is as old as its day says. NaN: nobody clicked a new item. Drop it when done. SID_EDATA: one
 * day, or nobody to ask. */
SID_API SID_MUST_CHECK sid_status sid_source_test(sid_ctx *ctx, sid_catalog *catalog,
                                                  const struct sid_impressions *impressions,
                                                  const sid_retriever_options *options,
                                                  const sid_retrieve_request *like, sid_source_report *out,
                                                  sid_error *err);
SID_API void sid_source_report_drop(sid_source_report *report);

/* What looking into some partitions finds of the best items by vectors; means over requests. */
typedef struct sid_probe_score {
    int64_t probe;    /* partitions looked at */
    double recall;    /* share found of the best k */
    double scored;    /* share of the items with a vector that was read */
    double request_s; /* seconds of a request, by one thread */
} sid_probe_score;

typedef struct sid_probe_report {
    int64_t requests, partitions, items, k; /* items with a vector */
    sid_probe_score *row;                   /* (count) 1, 2, 4, .. partitions, all of them at last */
    int count;
    void *memory;
} sid_probe_report;

/* Of `count` requests, query (count, dim); k 0: 100. Drop it when done. SID_EUSAGE: the retriever has no vectors; SID_ECANCELED. */
SID_API SID_MUST_CHECK sid_status sid_probe_test(sid_ctx *ctx, const sid_retriever *retriever, int64_t k,
                                                 const float *query, int64_t count, sid_probe_report *out,
                                                 sid_error *err);
SID_API void sid_probe_report_drop(sid_probe_report *report);
/* The same of requests of sid_source_test: who clicked on the last day, as of the days before; of 2,000 users at most. options->vectors must have
 * `request`. */
SID_API SID_MUST_CHECK sid_status sid_source_probes(sid_ctx *ctx, sid_catalog *catalog,
                                                    const struct sid_impressions *impressions,
                                                    const sid_retriever_options *options,
                                                    const sid_retrieve_request *like, sid_probe_report *out,
                                                    sid_error *err);

SID_API int sid_resolver_count(void);
SID_API const sid_family *sid_resolver(int index);

#ifdef __cplusplus
}
#endif
#endif
