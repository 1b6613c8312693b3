/* semid_rank.h: SIDs inside a ranker: from codes to rows of an embedding table, and data to try it on. Errors, contexts and
 * threads are those of semid.h.
 *
 *     codes (n, L) ──sid_pieces_train──▶ sid_pieces ──sid_pieces_rows──▶ rows of each item; their embeddings are summed
 */
#ifndef SEMID_RANK_H
#define SEMID_RANK_H

#include "semid.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Pieces: a SID as rows of an embedding table ------------------------------------------------------------------- */

#define SID_PIECE_ROWS_MAX (1LL << 47) /* of a hashed table: h x K + c stays below 2^63 for every K */
#define SID_PIECE_LEVELS_MAX 16        /* of spm-unigram and spm-bpe: all parts of a SID are counted, 120 of 16 codes */
#define SID_PIECE_SYMBOLS_MAX 131068   /* codes of all levels in a .model: each is a private code point */
#define SID_FINGERPRINT_SIZE 65        /* SHA-256 in hexadecimal digits and a zero */

typedef struct sid_pieces sid_pieces;

typedef struct sid_pieces_options {
    const char *scheme;  /* default "spm-unigram"; sid_pieces_family lists them */
    const char *options; /* the scheme's own, "rows=8000,hash=mix" */
    const int *codes;    /* (levels) K of each level */
    int levels;
    const char *fingerprint; /* of the quantizer that makes the codes, as sid_catalog_info has it; NULL: not known */
    void *reserved[4];
} sid_pieces_options;

/* Makes pieces from `codes` (count, levels), base codes without an added digit. `weights` (count; NULL: 1 each; whole numbers
 * from 0) say how often an item is shown. `known` (count; NULL: all): 0 where an item has no SID, whose codes are then not looked
 * at. Only spm-unigram and spm-bpe learn from codes; for the others count may be 0. The same codes, weights and options give the
 * same bytes for any number of threads and any order of the items. SID_EUSAGE: unknown words, rows that no table can have;
 * SID_EDATA: a code beyond its level's K, with row and level; SID_ENOMEM, SID_ECANCELED. The pieces keep `ctx`. */
SID_API SID_MUST_CHECK sid_status sid_pieces_train(sid_ctx *ctx, const sid_pieces_options *options,
                                                   const uint16_t *codes, const int64_t *weights, const uint8_t *known,
                                                   int64_t count, sid_pieces **out, sid_error *err);
/* Takes the pieces of a SentencePiece model at `path` (unigram or bpe) in place of learning; rows are its ids. Its characters are
 * codes as sid_pieces_export writes them: symbol s = K_1 + .. + K_(l-1) + c is U+F0000 + s, from 65,534 on U+100000 + (s - 65,534).
 * `scheme` and `options` are not looked at. SID_EDATA: damaged, another kind of model, a piece that is no part of a SID, a code
 * that has none. */
SID_API SID_MUST_CHECK sid_status sid_pieces_read_model(sid_ctx *ctx, const sid_pieces_options *options,
                                                        const char *path, sid_pieces **out, sid_error *err);
/* Writes a directory `path`, whole or not at all; `force` replaces other pieces there. SID_EEXISTS, SID_EIO. */
SID_API SID_MUST_CHECK sid_status sid_pieces_save(const sid_pieces *pieces, const char *path, bool force,
                                                  sid_error *err);
/* SID_ECORRUPT names the damaged file; SID_EVERSION: written by a newer semid. The pieces keep `ctx`. */
SID_API SID_MUST_CHECK sid_status sid_pieces_open(sid_ctx *ctx, const char *path, sid_pieces **out, sid_error *err);
SID_API void sid_pieces_close(sid_pieces *pieces);
/* Whether codes of a quantizer with this fingerprint (NULL or "": not known) and K of each level are those that the pieces are of.
 * SID_EDATA says what differs, and the way out. */
SID_API SID_MUST_CHECK sid_status sid_pieces_check(const sid_pieces *pieces, const char *fingerprint, const int *codes,
                                                   int levels, sid_error *err);
/* Writes the vocabulary of spm-unigram and spm-bpe to `path` ("-": standard output): "spm" SentencePiece's .model, "tokenizer"
 * tokenizer.json, "tsv" row, level, codes, score. SID_EUSAGE: another form, or a scheme without vocabulary. */
SID_API SID_MUST_CHECK sid_status sid_pieces_export(const sid_pieces *pieces, const char *form, const char *path,
                                                    sid_error *err);

typedef struct sid_pieces_info {
    const char *scheme, *options; /* options: what differs from the defaults */
    const char *fingerprint;      /* of the quantizer; "": not known */
    int levels;
    const int *codes;   /* (levels) */
    int64_t rows;       /* of the table: every row is below it; 0: any 64-bit number (hash=key) */
    int item_rows_max;  /* rows of an item at most */
    int64_t pieces;     /* spm: that can be used; else 0 */
    bool has_same_size; /* every item has item_rows_max rows */
} sid_pieces_info;
SID_API void sid_pieces_get_info(const sid_pieces *pieces, sid_pieces_info *out);

/* Codes (count, levels) to lists of rows: those of item i are rows[offsets[i]] .. rows[offsets[i + 1] - 1]. `rows` has room for
 * count x item_rows_max, `offsets` for count + 1. `known` as above: an item without a SID has an empty list. SID_EDATA: a code
 * beyond its level's K, with item, level, value and limit. */
SID_API SID_MUST_CHECK sid_status sid_pieces_rows(const sid_pieces *pieces, const uint16_t *codes, const uint8_t *known,
                                                  int64_t count, uint64_t *rows, int64_t *offsets, sid_error *err);

/* Schemes and their options. */
SID_API int sid_pieces_family_count(void);
SID_API const sid_family *sid_pieces_family(int index);

/* ---- Impressions: what was shown to whom, and whether it was clicked ----------------------------------------------- */

typedef struct sid_impressions sid_impressions;

#define SID_DENSE_MAX 16 /* numeric columns beside ids */

#define SID_ID_COLUMNS_MAX 16
#define SID_LABEL_COLUMNS_MAX 7

/* Columns by other names than the usual ones, and more of them. */
typedef struct sid_impressions_columns {
    const char *user, *item, *day, *timestamp; /* NULL: user_id, item_id, day, timestamp */
    const char *const *ids;                    /* (id_count) further ids */
    int id_count;
    const char *const *labels; /* (label_count) further labels, 0 or 1 */
    int label_count;
    void *reserved[4];
} sid_impressions_columns;

typedef struct sid_impressions_options {
    sid_read_options read;
    const char *label;        /* the column that is 0 or 1; NULL: "label" */
    const char *positive;     /* in place of a label: "rating>=4", any of >= > <= < = and a number; NULL: none */
    const char *const *dense; /* (dense_count) numeric columns to keep */
    int dense_count;
    int days;  /* equal chunks by time; 0: the column `day`, else `split`, else days of `timestamp` in seconds */
    bool sort; /* by day and time; else rows out of order are SID_EDATA */
    /* The rows are clicks alone (with `positive`: those that hold; a label is not looked at). Each gets n items shown with it and
     * ignored, drawn from those clicked that same day in proportion to clicks^alpha, never one that its user clicks that day:
     * "n=4,alpha=0.5", these are the defaults. The click's numeric columns are theirs too. Rankings depend on both: at alpha=1
     * popularity tells nothing. NULL: impressions as they stand. */
    const char *implicit;
    uint64_t seed;                          /* of implicit; 0: 42 */
    const sid_impressions_columns *columns; /* NULL: the usual ones alone */
    void *reserved[1];
} sid_impressions_options;

/* Reads `path` (.tsv, .csv, .jsonl, RecBole's .inter): columns user_id, item_id, the label, and one of day (whole numbers),
 * split (train, valid, test: days 1, 2, 3) and timestamp. Rows are in the order of days, those of a day as they stand or, where
 * there is a timestamp, by it. SID_EDATA names file, line and column: a label that is not 0 or 1, a number that is none, days
 * that go back; SID_EIO, SID_ENOMEM. */
SID_API SID_MUST_CHECK sid_status sid_impressions_read(sid_ctx *ctx, const char *path,
                                                       const sid_impressions_options *options, sid_impressions **out,
                                                       sid_error *err);
SID_API void sid_impressions_free(sid_impressions *impressions);

typedef struct sid_impressions_info {
    int64_t count, clicks, users, items, skipped;
    int days;               /* different ones */
    int64_t last_day_count; /* impressions of the last: the test */
    bool has_time;
    int64_t ignored; /* implicit: n; 0: impressions as they stood */
    double alpha;
    uint64_t seed;
} sid_impressions_info;
SID_API void sid_impressions_get_info(const sid_impressions *impressions, sid_impressions_info *out);
/* Ids by row, in the order of the file; NULL beyond. */
SID_API const char *sid_impressions_item_id(const sid_impressions *impressions, int64_t item);

/* ---- A synthetic world: impressions whose best possible ranker is known ------------------------------------------- */

typedef struct sid_synth_options {
    int64_t items;       /* alive at any time, about; 0: 20,000 */
    int64_t users;       /* 0: 40,000 */
    int64_t impressions; /* a day; 0: 400,000 */
    int days;            /* 0: 10; the last one is the test */
    uint64_t seed;       /* 0: 42 */
    bool events_only;    /* clicks as events.tsv, in place of impressions and what is known of them */
    bool force;          /* replace files that exist */
    void *reserved[4];
} sid_synth_options;

/* AUC and normalised entropy on the last day; NaN where a slice has one class. */
typedef struct sid_ceiling {
    double auc, ne;
} sid_ceiling;

/* Slices of the last day's impressions: all; items first shown that day; of the others, those with most impressions before up
 * to 25 % of all, up to 75 %, and the rest. */
#define SID_RANK_SLICE_LIST(X)                                                                                         \
    X(ALL, "all")                                                                                                      \
    X(NEW, "new")                                                                                                      \
    X(HEAD, "head")                                                                                                    \
    X(TORSO, "torso")                                                                                                  \
    X(TAIL, "tail")
typedef enum sid_rank_slice {
#define SID_RANK_SLICE_ENUM_(name, text) SID_RANK_SLICE_##name,
    SID_RANK_SLICE_LIST(SID_RANK_SLICE_ENUM_)
#undef SID_RANK_SLICE_ENUM_
        SID_RANK_SLICE_COUNT
} sid_rank_slice;

typedef struct sid_synth_summary {
    int64_t items, impressions, clicks;
    int64_t test_impressions[SID_RANK_SLICE_COUNT];
    sid_ceiling best[SID_RANK_SLICE_COUNT];    /* of who knows the law: no ranker can do better but by chance */
    sid_ceiling content[SID_RANK_SLICE_COUNT]; /* of who knows all but what is an item's own, which no content tells */
} sid_synth_summary;

/* Writes items.tsv (item_id, title, leaf, birth, death in hours, twin), vectors.npy (content, 64 dimensions) with
 * vectors.ids.txt, impressions.tsv (user_id, item_id, timestamp, day, hour, position, label), truth.tsv (p, p_content; line by
 * line beside the impressions) and truth.json (the summary) to the existing directory `folder`. Items are born and die; one in
 * a hundred has a twin, equal but for its id. The same options give the same bytes on every machine. `out` may be NULL.
 * SID_EUSAGE names an option out of range, SID_EEXISTS, SID_EIO, SID_ENOMEM, SID_ECANCELED. */
SID_API SID_MUST_CHECK sid_status sid_synth_impressions(sid_ctx *ctx, const sid_synth_options *options,
                                                        const char *folder, sid_synth_summary *out, sid_error *err);

/* ---- Tables: rows of weights by key, trained where they stand ------------------------------------------------------- */

/* A table maps 64-bit keys to rows of floats. A row is made of slices, each with its own initial values, optimiser and type
 * when served. Keys never share a row by chance (kinds "growing", "capped"), or share on purpose ("hashed", "double").
 *
 *     sid_table_create ─▶ visit (counts, admits, reads) ─▶ the caller's model ─▶ apply (gradients) ─▶ ... ─▶ expire, save
 *
 * Threads: lookups may run with each other and with one call that changes the table, and then see whole rows, before or
 * after the change; calls that change a table wait for each other. Results never depend on the number of threads. */
typedef struct sid_table sid_table;

#define SID_SLICES_MAX 8     /* weights, biases and some more: a model's towers */
#define SID_ADMIT_MAX 255    /* a filter's cell counts in 8 bits */
#define SID_GRADIENT_MAX 1e9 /* larger ones are refused: their squares stay finite in fp32, whatever is summed */
#define SID_TABLE_ROWS_MAX 4294967294       /* a row number is 32 bits */
#define SID_HASHED_ROWS_MAX 140737488355328 /* 2^47, the spec of pieces; a table of its own holds SID_TABLE_ROWS_MAX */

typedef struct sid_slice {
    int dim;                 /* floats */
    const char *initializer; /* "uniform" (default): in [-range, range), by seed, key and place; "zero" */
    double range;            /* of uniform; 0: 0.05 */
    const char *optimizer;   /* default "adagrad"; sid_table_optimizer lists them */
    const char *options;     /* its own, "rate=0.05,decay=1e-6"; NULL: the defaults */
    const char *serving;     /* "fp32" (default), "fp16", "int8": what sid_table_save_serving writes */
    void *reserved[2];
} sid_slice;

typedef struct sid_table_options {
    const char *kind; /* "growing" (default): a row a key. "capped": at most `rows`; then that of the least count *
                             * 2^(-age / half_life_days) goes. "hashed": `rows` rows, keys share them. "double": two halves of
                             * `rows` / 2, a key has a row in each and their sum (2007.14523) */
    int64_t rows;     /* capped, hashed, double */
    const sid_slice *slice; /* (slice_count) */
    int slice_count;
    uint64_t seed;         /* of initial values and of chance; 0: 42 */
    uint64_t hash_seed;    /* hashed: which keys share a row */
    bool by_row;           /* hashed: keys are row numbers already (pieces) */
    int admit_count;       /* growing, capped: a key gets a row on this sight of it; 0, 1: the first */
    int64_t admit_cells;   /* of a generation of the filter that counts sights; 0: 2^20, 4 bytes each, 7 generations */
    int admit_prob;        /* T: or by chance, 1 - .05^(1/T) a sight; 0: off */
    double ttl_days;       /* sid_table_expire drops rows not seen for so long; 0: never */
    double half_life_days; /* capped; 0: 7 */
    void *reserved[4];
} sid_table_options;

/* An empty table; hashed and double have all their rows at once. It keeps `ctx`, whose memory limit counts its rows. SID_EUSAGE
 * names the option and its bounds, SID_ENOMEM. */
SID_API SID_MUST_CHECK sid_status sid_table_create(sid_ctx *ctx, const sid_table_options *options, sid_table **out,
                                                   sid_error *err);
SID_API void sid_table_free(sid_table *table);

typedef struct sid_table_info {
    const char *kind;
    int dim;             /* floats of a row, all slices */
    int64_t rows;        /* that there are */
    int64_t row_size;    /* bytes of weights and of the optimisers' state */
    int64_t memory_size; /* bytes held: rows, keys, filter */
    int64_t sights;      /* keys that visits were given */
    int64_t steps;       /* apply calls */
    bool is_serving;     /* weights only: changes are refused */
} sid_table_info;
SID_API void sid_table_get_info(const sid_table *table, sid_table_info *out);

/* Training reads: counts a sight of each key at `time_s` (seconds since 1970, 0 .. 2^32 - 1; a row keeps its latest), makes
 * rows for admitted keys, and copies rows to `out` (count, dim) where it is given; a key without a row reads zeroes. Equal
 * keys of one call are as many sights at once. SID_ENOMEM comes before anything is changed. */
SID_API SID_MUST_CHECK sid_status sid_table_visit(sid_table *table, const uint64_t *keys, int64_t count, int64_t time_s,
                                                  float *out, sid_error *err);
/* What a key without a row reads as. */
typedef enum sid_unseen { SID_UNSEEN_ZERO, SID_UNSEEN_INIT } sid_unseen;
/* Copies rows to `out` (count, dim) and changes nothing. */
SID_API SID_MUST_CHECK sid_status sid_table_lookup(const sid_table *table, const uint64_t *keys, int64_t count,
                                                   sid_unseen unseen, float *out, sid_error *err);
/* out (lists, dim): sum of the rows of keys[begin[i]] .. keys[begin[i + 1] - 1], in that order; begin (lists + 1). SID_EUSAGE:
 * begin falls. */
SID_API SID_MUST_CHECK sid_status sid_table_gather_sum(const sid_table *table, const uint64_t *keys,
                                                       const int64_t *begin, int64_t lists, sid_unseen unseen,
                                                       float *out, sid_error *err);
/* Keeps rows as seen at `time_s`, without a sight: a prefix whose items were seen. */
SID_API SID_MUST_CHECK sid_status sid_table_touch(sid_table *table, const uint64_t *keys, int64_t count, int64_t time_s,
                                                  sid_error *err);
/* gradient (count, dim): those of equal keys are summed in this order, and each row is updated once. Keys without a row are
 * passed by. SID_EDATA names a gradient that is NaN, infinite or beyond SID_GRADIENT_MAX; no row is changed then. */
SID_API SID_MUST_CHECK sid_status sid_table_apply(sid_table *table, const uint64_t *keys, int64_t count,
                                                  const float *gradient, sid_error *err);
/* The same for lists, as of gather_sum: gradient (lists, dim) is that of each key of its list. */
SID_API SID_MUST_CHECK sid_status sid_table_apply_sum(sid_table *table, const uint64_t *keys, const int64_t *begin,
                                                      int64_t lists, const float *gradient, sid_error *err);

/* Drops rows that were last seen ttl_days before `now_s` or earlier, and gives memory back. A key that comes again starts
 * anew. `dropped` may be NULL. SID_EUSAGE: the table has no ttl_days. */
SID_API SID_MUST_CHECK sid_status sid_table_expire(sid_table *table, int64_t now_s, int64_t *dropped, sid_error *err);
/* Drops the rows of these keys. SID_EUSAGE: hashed and double keep their rows. */
SID_API SID_MUST_CHECK sid_status sid_table_evict(sid_table *table, const uint64_t *keys, int64_t count,
                                                  int64_t *dropped, sid_error *err);
/* keys (info.rows): all that have a row, ascending; hashed and double: row numbers. At most `max` are written; `count` gets how
 * many there are. */
SID_API SID_MUST_CHECK sid_status sid_table_keys(const sid_table *table, uint64_t *keys, int64_t max, int64_t *count,
                                                 sid_error *err);

/* Everything that the next call depends on, as safetensors sorted by key, whole or not at all: equal tables give equal
 * bytes. SID_EIO. */
SID_API SID_MUST_CHECK sid_status sid_table_save(const sid_table *table, const char *path, sid_error *err);
/* Puts what was saved in place of what the table holds; it then goes on as the saved one would have, bit by bit. SID_EDATA,
 * SID_ECORRUPT: a snapshot of other options, or a damaged one; the table is then as it was. */
SID_API SID_MUST_CHECK sid_status sid_table_restore(sid_table *table, const char *path, sid_error *err);
/* Weights alone, in each slice's serving type. fp16 is rounded to nearest, ties to even; int8 is w / scale rounded the same
 * way, scale = max|w| / 127 a row, so that |error| <= scale / 2. */
SID_API SID_MUST_CHECK sid_status sid_table_save_serving(const sid_table *table, const char *path, sid_error *err);
/* A table that reads what sid_table_save_serving wrote; keys without a row read as zeroes, or as they would have begun. */
SID_API SID_MUST_CHECK sid_status sid_table_open_serving(sid_ctx *ctx, const char *path, sid_table **out,
                                                         sid_error *err);

/* The row of a key in `rows` hashed rows: (mix64(key + G(seed + 1)) * rows) >> 64. */
SID_API int64_t sid_table_hash_row(uint64_t key, uint64_t seed, int64_t rows);
/* One table for several fields that shall not share rows: field in the upper 8 bits, the id in the lower 56 (the rest of a
 * larger id is cut off). */
SID_API uint64_t sid_table_slot_key(int field, uint64_t id);

SID_API int sid_table_optimizer_count(void);
SID_API const sid_family *sid_table_optimizer(int index);
/* ---- Rankers, and their comparison ---------------------------------------------------------------------------------- */

SID_API int sid_ranker_family_count(void);
SID_API const sid_family *sid_ranker_family(int index);

/* What falls on one day, or one call: before anything is learned of it. NaN: does not apply, a slice of one class. */
typedef struct sid_rank_score {
    int64_t impressions, clicks;
    double auc, gauc, log_loss, ne;
} sid_rank_score;

/* A ranker that is trained on impressions day by day, one pass, and goes on where it was: of what, a feature file says (JSON,
 * docs/guide/ranking.md). Relative paths in it are those of the program's directory.
 *
 *     sid_ranker_create ─▶ sid_ranker_read ─▶ sid_ranker_train ─▶ sid_ranker_save ... sid_ranker_open ─▶ sid_ranker_eval
 *
 * One thread a ranker. Results do not depend on the number of threads of `ctx`, which it keeps. */
typedef struct sid_ranker sid_ranker;

typedef struct sid_ranker_options {
    int batch;     /* impressions a step; 0: 512 */
    double rate;   /* of Adam, of all but tables; 0: 0.001 */
    uint64_t seed; /* 0: 42 */
    void *reserved[4];
} sid_ranker_options;

/* Reads the feature file at `path`, and opens the catalogue and the pieces that it names. All is checked before the first
 * impression is read. SID_EUSAGE names line, value and what is possible; SID_EDATA: pieces of another catalogue. */
SID_API SID_MUST_CHECK sid_status sid_ranker_create(sid_ctx *ctx, const char *path, const sid_ranker_options *options,
                                                    sid_ranker **out, sid_error *err);
/* The same of a feature file's text in memory; `name` stands for it in messages. */
SID_API SID_MUST_CHECK sid_status sid_ranker_create_text(sid_ctx *ctx, const char *text, size_t size, const char *name,
                                                         const sid_ranker_options *options, sid_ranker **out,
                                                         sid_error *err);
SID_API void sid_ranker_free(sid_ranker *ranker);
/* Writes a directory, whole or not at all; equal rankers give equal bytes. `force` replaces a ranker there. SID_EEXISTS, SID_EIO. */
SID_API SID_MUST_CHECK sid_status sid_ranker_save(const sid_ranker *ranker, const char *path, bool force,
                                                  sid_error *err);
/* What was saved, which goes on as the saved one would have, bit by bit. SID_ECORRUPT names the damaged file. */
SID_API SID_MUST_CHECK sid_status sid_ranker_open(sid_ctx *ctx, const char *path, sid_ranker **out, sid_error *err);
/* Whether the feature file at `path` is the one that the ranker is of, to the byte. */
SID_API SID_MUST_CHECK sid_status sid_ranker_check(const sid_ranker *ranker, const char *path, sid_error *err);

/* Impressions with the columns that the ranker wants; `options` may be NULL, its columns, dense and label are not looked at. */
SID_API SID_MUST_CHECK sid_status sid_ranker_read(const sid_ranker *ranker, const char *path,
                                                  const sid_impressions_options *options, sid_impressions **out,
                                                  sid_error *err);

typedef struct sid_ranker_day {
    int64_t day; /* as the file numbers it */
    int days;    /* that this is of; eval: of all that was asked */
    sid_rank_score
        score[SID_RANK_SLICE_COUNT]; /* before anything is learned of them; new: items first shown that day */
    int64_t items_without_sid;       /* of those shown; they are described by nothing where SIDs are asked for */
    int64_t rows, dropped;           /* of all tables; dropped: not seen for ttl_days */
    double train_s;
} sid_ranker_day;
/* After each day; what is not SID_OK ends the training with it. */
typedef sid_status sid_ranker_report_fn(void *user, const sid_ranker_day *day, sid_error *err);

typedef struct sid_ranker_days {
    int from,
        to; /* days of the impressions by number, from 1; below 0: from the end, -1 is the last. 0: the first, the last */
    bool skip_seen;               /* days up to the last one trained are passed by; else they are SID_EUSAGE */
    sid_ranker_report_fn *report; /* NULL: none */
    void *user;
    void *reserved[4];
} sid_ranker_days;
/* One pass over those days. SID_EDATA: a step that is not finite; SID_ENOMEM: a table beyond the memory limit; what was saved
 * before stands. `days` may be NULL: all. */
SID_API SID_MUST_CHECK sid_status sid_ranker_train(sid_ranker *ranker, const sid_impressions *impressions,
                                                   const sid_ranker_days *days, sid_error *err);
/* The same days without learning; clicks of them are history to later ones, and are forgotten afterwards. `out` is of all of
 * them together; p (those impressions; NULL: not wanted) gets the score of each: a probability, but of two-tower, whose
 * log losses are NaN. */
SID_API SID_MUST_CHECK sid_status sid_ranker_eval(sid_ranker *ranker, const sid_impressions *impressions,
                                                  const sid_ranker_days *days, sid_ranker_day *out, double *p,
                                                  sid_error *err);

typedef struct sid_ranker_info {
    const char *family;
    int64_t impressions, clicks, steps, users, items; /* trained on; that it has met */
    int64_t last_day;                                 /* as the file numbered it; INT64_MIN: none yet */
    int tables;
    int64_t rows, parameters;
} sid_ranker_info;
SID_API void sid_ranker_get_info(const sid_ranker *ranker, sid_ranker_info *out);

/* A two-tower ranker and the items of a catalogue: vectors of items, and those of requests, whose product is the ranker's score; a
 * sid_retriever (semid_model.h) finds the best items by them.
 *
 *     sid_towers_create ─▶ sid_towers_vectors ─▶ sid_retriever_create ... sid_towers_request ─▶ sid_retrieve */
typedef struct sid_towers sid_towers;
struct sid_retriever_vectors; /* semid_model.h */

/* Keeps the ranker, which must neither be trained nor freed meanwhile; the catalogue may be closed after. An item of which the ranker
 * has learned nothing (its rows are all zero, or it has no SID) has no vector. SID_EUSAGE: a family that scores request and item
 * together; fields of the request beside user and clicks, or clicks weighed by the item shown: what they are is not known before an
 * item is; SID_EDATA: the ranker's pieces are of another catalogue. */
SID_API SID_MUST_CHECK sid_status sid_towers_create(sid_ranker *ranker, sid_catalog *catalog, sid_towers **out,
                                                    sid_error *err);
SID_API void sid_towers_free(sid_towers *towers);
/* What sid_retriever_options takes. It points into the towers, which tests of sources ask for vectors of requests. */
SID_API void sid_towers_vectors(sid_towers *towers, struct sid_retriever_vectors *out);

typedef struct sid_tower_request {
    const char *user_id;        /* NULL or unknown: of nobody in particular */
    const char *const *history; /* (history_count) clicks, oldest first; what the catalogue lacks is passed by */
    const double *age_days;     /* (history_count) before now; NULL: just now */
    int64_t history_count;
    void *reserved[4];
} sid_tower_request;
/* vector (count, dim). One thread at a time. SID_ENOMEM. */
SID_API SID_MUST_CHECK sid_status sid_towers_request(sid_towers *towers, const sid_tower_request *request,
                                                     int64_t count, float *vector, sid_error *err);

typedef struct sid_rank_compare_options {
    /* How items are described, a comma list; NULL: those of random-hash, individual, dense, unigram, bigram, prefix-3, prefix-4,
     * spm-unigram that there are data and rows for. Known: random-hash (a row by hash), double-hash (2007.14523), individual (a row
     * an item, however many), individual-capped, dense (the vector through a network, no rows), and of SIDs: unigram, bigram,
     * trigram, fourgram, all-bigrams, prefix-N, spm-unigram, spm-bpe; true-tree: prefixes of `tree`. ARM+id: a row of its own too,
     * beyond what the others get. */
    const char *arms;
    const char *family;         /* NULL: "dot"; sid_ranker_family lists them */
    const char *options;        /* the family's own */
    sid_catalog *catalog;       /* SIDs; NULL: made here of the vectors of items seen before the last day */
    const sid_vectors *vectors; /* content, joined by id; NULL: no dense, and SIDs are the catalogue's */
    const char *quantizer;      /* of SIDs made here; NULL: "rkmeans" */
    int levels;                 /* 0: 4 */
    const char *codes;          /* NULL: "64" */
    int seeds;                  /* runs of each arm; 0: 3 */
    uint64_t seed;              /* of the first; 0: 42 */
    int dim, batch, history;    /* of embeddings; impressions a step; clicks remembered. 0: 8, 32, 30 */
    double table_rate, rate;    /* of Adagrad for tables, of AdamW for the rest; 0: 0.05, 0.001 */
    int64_t rows;               /* every arm gets as many; 0: a third of the items seen before the last day */
    int bootstrap;              /* resamples of users; 0: 1000; -1: none */
    bool sid_in_target; /* SIDs describe what is shown alone; what was clicked before is rows by hash, as many again */
    const sid_items *items; /* of the two columns below; NULL: none */
    const char *tree;       /* column of a tree that is given, "3-14-1", coarse to fine, for the arm true-tree */
    const char *twin;       /* column of the id of an item that is the same but for its id: sid_rank_run.aar */
    void *reserved[4];
} sid_rank_compare_options;

/* An arm less the first one, on the same users: over seeds, with the 95 % interval of resampled users. */
typedef struct sid_rank_difference {
    double mean, low, high;
} sid_rank_difference;

typedef struct sid_rank_run {
    int arm;
    uint64_t seed;
    sid_rank_score score[SID_RANK_SLICE_COUNT];
    double aar; /* mean 2 |p1 - p2| / (p1 + p2) over twins, 10 users each: 0 where equal items are treated alike */
    double
        drift; /* NE of 42 to 48 hours before the end of training less that of the last 6 hours: how fast it forgets */
    double *day_ne; /* (days) as each day came, before it was learned from; the last is the test's */
    double train_s;
} sid_rank_run;

typedef struct sid_rank_arm {
    const char *name;
    const char *note;  /* "256 of 14,505 rows: it cannot fill them"; "" */
    const char *words; /* what it gains and loses against the first; "": nothing can be said */
    int64_t rows;      /* of the table of items after training; 0: none */
    int64_t size;      /* bytes of weights and state that describe items */
    double item_rows;  /* mean number of rows that an item is the sum of */
    sid_rank_score mean[SID_RANK_SLICE_COUNT];
    double aar, drift;
    double *day_ne;                                                          /* (days) */
    double auc_sd[SID_RANK_SLICE_COUNT];                                     /* over seeds; NaN with one */
    sid_rank_difference auc[SID_RANK_SLICE_COUNT], ne[SID_RANK_SLICE_COUNT]; /* of ALL and NEW; the others are NaN */
} sid_rank_arm;

typedef struct sid_rank_comparison {
    const char *family;
    int64_t train_impressions, test_impressions, items, items_without_sid, rows,
        budget_size; /* budget: bytes of `rows` */
    sid_impressions_info impressions;
    int days, seeds;
    sid_rank_arm *arm;
    int arm_count;
    sid_rank_run *run; /* (arm_count * seeds) by arm, seed */
    int run_count;
    void *memory;
} sid_rank_comparison;

/* Trains each arm on all days but the last, in order, one pass, and asks it the last day. Everything but how items are described is
 * the same, the bytes for it too. Drop it when done; dropping a zeroed one is fine. SID_EUSAGE: an unknown arm, SIDs or vectors
 * that are not there; SID_EDATA: fewer than two days. */
SID_API SID_MUST_CHECK sid_status sid_rank_compare(sid_ctx *ctx, const sid_impressions *impressions,
                                                   const sid_rank_compare_options *options, sid_rank_comparison *out,
                                                   sid_error *err);
SID_API void sid_rank_comparison_drop(sid_rank_comparison *comparison);

typedef struct sid_rank_page_options {
    const char *name;          /* of the data; NULL: none */
    const double *best_auc;    /* (SID_RANK_SLICE_COUNT) what no ranker can pass; NULL: not known */
    const double *content_auc; /* (SID_RANK_SLICE_COUNT) what none that knows content alone can; NULL */
    void *reserved[4];
} sid_rank_page_options;

/* Writes the comparison as one HTML file that needs nothing else and runs no script: differences with intervals, AUC by slice, NE by
 * day, words and the table. `path` is replaced as a whole; "-": standard output. `size` (NULL allowed): bytes
 * written. SID_EIO, SID_ENOMEM. */
SID_API SID_MUST_CHECK sid_status sid_rank_page(const sid_rank_comparison *comparison,
                                                const sid_rank_page_options *options, const char *path, int64_t *size,
                                                sid_error *err);

#ifdef __cplusplus
}
#endif
#endif
