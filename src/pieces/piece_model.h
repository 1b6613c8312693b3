/* piece_model.h: learned pieces: what they are, what they score, and how a SID is cut into them. */
#ifndef SEMID_PIECES_PIECE_MODEL_H
#define SEMID_PIECES_PIECE_MODEL_H

#include "pieces/pieces.h"

enum { SID__PIECES_MAX = 1 << 24 /* a rank is exact in float; the file stays below 2 GiB */ };

/* A contiguous part of a SID. */
typedef struct sid__piece {
    float score;
    uint8_t first, length; /* levels; length 0: a row that no SID has: <unk>, control, unused */
    uint16_t codes[SID_PIECE_LEVELS_MAX];
} sid__piece;

typedef struct sid__piece_edge {
    uint32_t from; /* node */
    uint32_t to;   /* node; 0: this place is empty, as no edge leads to a first code */
    uint16_t code;
    uint8_t is_end;  /* `to` is a piece */
    uint8_t goes_on; /* edges leave `to` */
    float score;     /* of `to` */
} sid__piece_edge;

/* Pieces by row: piece[0] is <unk>. The trie's nodes are prefixes of pieces; node s < symbol count is single code s, and has its
 * piece always. Zero-initialised is empty. */
struct sid__piece_model {
    bool is_bpe;
    int levels, symbol_begin[SID_PIECE_LEVELS_MAX + 1];
    sid__piece *piece; /* (count) */
    int64_t count;
    int64_t used;     /* pieces of a length */
    uint32_t *row;    /* (nodes) 0: the node is no piece */
    float *score;     /* (symbols) */
    uint8_t *goes_on; /* (symbols) edges leave it */
    int64_t node_count;
    sid__piece_edge *edge; /* (edge_mask + 1) open addressing */
    uint32_t edge_mask;
};

/* Adopts `piece` (count), also when it fails. Sorted out already: lengths, codes in range. SID_EDATA: two rows are one piece, a
 * code of a level has none (`path`, NULL allowed, is where they come from). */
sid_status sid__piece_model_create(const sid_pieces *p, bool is_bpe, sid__piece *piece, int64_t count, const char *path,
                                   sid__piece_model **out, sid_error *err);
void sid__piece_model_free(sid__piece_model *model);
/* Cuts one SID of codes in range: rows (levels) gets the pieces, left to right; gives how many. */
int sid__piece_model_encode(const sid__piece_model *model, const uint16_t *codes, uint64_t *rows);
/* Whether codes begin .. end-1 of the piece are a piece. */
bool sid__piece_model_has(const sid__piece_model *model, const sid__piece *piece, int begin, int end);

/* ---- SentencePiece's form (piece_proto.c) --------------------------------------------------------------------------- */

/* The character that a code is, four bytes of UTF-8. */
void sid__piece_symbol_text(int symbol, char text[4]);
sid_status sid__piece_proto_write(const sid__piece_model *model, sid__strbuf *out, sid_error *err);
/* SID_EDATA names the place: damaged, no pieces of such SIDs, another kind of model. */
sid_status sid__piece_proto_read(const sid_pieces *p, const char *bytes, size_t size, const char *path,
                                 sid__piece_model **out, sid_error *err);

/* tokenizer.json (piece_tokenizer.c). */
sid_status sid__piece_tokenizer_write(const sid__piece_model *model, sid__strbuf *out, sid_error *err);

/* ---- Learning --------------------------------------------------------------------------------------------------------- */

sid_status sid__piece_bpe_train(const sid_pieces *p, const sid__piece_corpus *corpus, sid__piece_model **out,
                                sid_error *err);
sid_status sid__piece_unigram_train(const sid_pieces *p, const sid__piece_corpus *corpus, sid__piece_model **out,
                                    sid_error *err);
/* <unk> as row 0. */
sid__piece sid__piece_unknown(void);
/* The single code that symbol `symbol` is. */
sid__piece sid__piece_of_symbol(const sid__piece_corpus *corpus, int symbol, float score);
/* The part that `node` is. */
sid__piece sid__piece_of_node(const sid__piece_corpus *corpus, uint32_t node, float score);

#endif
