/* piece_proto.c: a model of pieces as SentencePiece keeps it, a protobuf message (sentencepiece_model.proto), so that its programs
 * read ours and we read theirs.
 *
 * ModelProto   1 piece {1 text, 2 score (float), 3 type, 1 unless given}, ..; 2 trainer {3 kind: 1 unigram, 2 bpe; 4 pieces;
 *              40 id of <unk>; 41, 42, 43 ids of bos, eos, pad: -1 none}; 3 normalizer {1 name; 3, 4, 5 flags: 0}
 *
 * A code is a character: symbol s (codes counted level by level) is U+F0000 + s, and from 65,534 on U+100000 + (s - 65,534): the
 * private planes 15 and 16 without their last two. In UTF-8 all of them take four bytes. Reading looks at nothing else, skips
 * fields it does not know, and compares each length with the bytes that are left before anything else.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pieces/piece_model.h"

enum {
    PLANE_SYMBOLS = 65534,
    TYPE_NORMAL = 1,
    TYPE_UNKNOWN = 2,
    TYPE_CONTROL = 3,
    TYPE_USER = 4,
    TYPE_UNUSED = 5,
    TYPE_BYTE = 6
};
enum { KIND_UNIGRAM = 1, KIND_BPE = 2 };
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* ---- Written ---- */

static sid_status put_varint(sid__strbuf *out, uint64_t value, sid_error *err)
{
    char bytes[10];
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[size++] = (char)(unsigned char)(value | 0x80);
    bytes[size++] = (char)value;
    return sid__strbuf_append(out, bytes, size, err);
}

static sid_status put_number(sid__strbuf *out, unsigned field, int64_t value, sid_error *err)
{
    SID_TRY(put_varint(out, (uint64_t)field << 3 | WIRE_VARINT, err));
    return put_varint(out, (uint64_t)value, err);
}

static sid_status put_bytes(sid__strbuf *out, unsigned field, const char *bytes, size_t size, sid_error *err)
{
    SID_TRY(put_varint(out, (uint64_t)field << 3 | WIRE_BYTES, err));
    SID_TRY(put_varint(out, size, err));
    return sid__strbuf_append(out, bytes, size, err);
}

static sid_status put_score(sid__strbuf *out, unsigned field, float score, sid_error *err)
{
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    const char bytes[4] = {(char)(bits & 255), (char)(bits >> 8 & 255), (char)(bits >> 16 & 255), (char)(bits >> 24)};
    SID_TRY(put_varint(out, (uint64_t)field << 3 | WIRE_32, err));
    return sid__strbuf_append(out, bytes, sizeof bytes, err);
}

void sid__piece_symbol_text(int symbol, char text[4])
{
    uint32_t point =
        symbol < PLANE_SYMBOLS ? 0xF0000U + (uint32_t)symbol : 0x100000U + (uint32_t)(symbol - PLANE_SYMBOLS);
    text[0] = (char)(0xF0 | point >> 18);
    text[1] = (char)(0x80 | (point >> 12 & 63));
    text[2] = (char)(0x80 | (point >> 6 & 63));
    text[3] = (char)(0x80 | (point & 63));
}

static sid_status put_piece(const sid__piece_model *m, const sid__piece *piece, bool is_unknown, sid__strbuf *part,
                            sid_error *err)
{
    char text[4 * SID_PIECE_LEVELS_MAX] = "<unk>";
    size_t size = is_unknown ? 5 : 4U * piece->length;
    for (int i = 0; i < piece->length; i++)
        sid__piece_symbol_text(m->symbol_begin[piece->first + i] + piece->codes[i], text + 4 * i);
    if (piece->length == 0 && !is_unknown) /* a row that no SID has keeps its place */
        size = (size_t)snprintf(text, sizeof text, "<unused_%td>", piece - m->piece);
    SID_TRY(put_bytes(part, 1, text, size, err));
    SID_TRY(put_score(part, 2, piece->score, err));
    if (piece->length > 0)
        return SID_OK;
    return put_number(part, 3, is_unknown ? TYPE_UNKNOWN : TYPE_UNUSED, err);
}

static sid_status put_trainer(const sid__piece_model *m, sid__strbuf *part, sid_error *err)
{
    SID_TRY(put_number(part, 3, m->is_bpe ? KIND_BPE : KIND_UNIGRAM, err));
    SID_TRY(put_number(part, 4, m->count, err));
    SID_TRY(put_number(part, 40, 0, err));
    for (unsigned field = 41; field <= 43; field++)
        SID_TRY(put_number(part, field, -1, err));
    return SID_OK;
}

static sid_status put_normalizer(sid__strbuf *part, sid_error *err)
{
    SID_TRY(put_bytes(part, 1, "identity", 8, err));
    for (unsigned field = 3; field <= 5; field++)
        SID_TRY(put_number(part, field, 0, err));
    return SID_OK;
}

/* The part as field `field` of the whole; the part becomes empty. */
static sid_status put_part(sid__strbuf *out, unsigned field, sid__strbuf *part, sid_error *err)
{
    SID_TRY(put_bytes(out, field, part->text, (size_t)part->length, err));
    part->length = 0;
    return SID_OK;
}

static sid_status put_all(const sid__piece_model *m, sid__strbuf *part, sid__strbuf *out, sid_error *err)
{
    for (int64_t i = 0; i < m->count; i++) {
        SID_TRY(put_piece(m, &m->piece[i], i == 0, part, err));
        SID_TRY(put_part(out, 1, part, err));
    }
    SID_TRY(put_trainer(m, part, err));
    SID_TRY(put_part(out, 2, part, err));
    SID_TRY(put_normalizer(part, err));
    return put_part(out, 3, part, err);
}

sid_status sid__piece_proto_write(const sid__piece_model *m, sid__strbuf *out, sid_error *err)
{
    sid__strbuf part = {0};
    sid_status status = put_all(m, &part, out, err);
    sid__strbuf_drop(&part);
    return status;
}

/* ---- Read ---- */

typedef struct reader {
    const sid_pieces *p;
    const char *path;
    const unsigned char *bytes;
    size_t size, at;
    int symbol_begin[SID_PIECE_LEVELS_MAX + 1];
    sid__piece *piece; /* (count) */
    int64_t count, room;
    uint64_t kind;
} reader;

typedef struct field {
    uint64_t number, value; /* value of a varint, or 32 bits */
    unsigned wire;
    size_t begin, end; /* WIRE_BYTES */
} field;

static sid_status fail_damaged(const reader *r, const char *what, sid_error *err)
{
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = r->path, .byte = (int64_t)r->at},
                        "%s; a SentencePiece model is expected: is the file whole?", what);
}

static sid_status take_varint(reader *r, size_t end, uint64_t *out, sid_error *err)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->at >= end)
            return fail_damaged(r, "a number is cut off", err);
        unsigned char byte = r->bytes[r->at++];
        *out |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return SID_OK;
    }
    return fail_damaged(r, "a number has more than 10 bytes", err);
}

static sid_status take_fixed(reader *r, size_t end, size_t size, uint64_t *out, sid_error *err)
{
    if (end - r->at < size)
        return fail_damaged(r, "a number is cut off", err);
    *out = 0;
    for (size_t i = 0; i < size; i++)
        *out |= (uint64_t)r->bytes[r->at++] << 8 * i;
    return SID_OK;
}

/* The next field before `end`; r->at moves behind it. */
static sid_status take_field(reader *r, size_t end, field *out, sid_error *err)
{
    uint64_t tag, size;
    SID_TRY(take_varint(r, end, &tag, err));
    *out = (field){.number = tag >> 3, .wire = (unsigned)(tag & 7)};
    switch (out->wire) {
    case WIRE_VARINT:
        return take_varint(r, end, &out->value, err);
    case WIRE_64:
        return take_fixed(r, end, 8, &out->value, err);
    case WIRE_32:
        return take_fixed(r, end, 4, &out->value, err);
    case WIRE_BYTES:
        SID_TRY(take_varint(r, end, &size, err));
        if (size > end - r->at)
            return fail_damaged(r, "a field is cut off", err);
        out->begin = r->at;
        r->at += (size_t)size;
        out->end = r->at;
        return SID_OK;
    default:
        return fail_damaged(r, "a field of an unknown kind", err);
    }
}

/* -1: the four bytes are no code. */
static int text_symbol(const unsigned char *text)
{
    if ((text[0] != 0xF3 && text[0] != 0xF4) || (text[1] & 0xC0) != 0x80 || (text[2] & 0xC0) != 0x80 ||
        (text[3] & 0xC0) != 0x80)
        return -1;
    int point = (text[0] & 7) << 18 | (text[1] & 63) << 12 | (text[2] & 63) << 6 | (text[3] & 63);
    if (point >= 0xF0000 && point < 0xF0000 + PLANE_SYMBOLS)
        return point - 0xF0000;
    if (point >= 0x100000 && point < 0x100000 + PLANE_SYMBOLS)
        return point - 0x100000 + PLANE_SYMBOLS;
    return -1;
}

static sid_status fail_piece(const reader *r, const char *what, sid_error *err)
{
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = r->path, .byte = (int64_t)r->at},
                        "piece %" PRId64 " %s; pieces of SIDs of %d levels and %d codes are expected", r->count, what,
                        r->p->levels, r->symbol_begin[r->p->levels]);
}

static int symbol_level(const reader *r, int symbol)
{
    int level = 0;
    while (symbol >= r->symbol_begin[level + 1])
        level++;
    return level;
}

static sid_status take_text(const reader *r, const field *text, sid__piece *piece, sid_error *err)
{
    size_t size = text->end - text->begin;
    if (size == 0 || size % 4 != 0 || size > 4U * (unsigned)r->p->levels)
        return fail_piece(r, "is no part of a SID", err);
    piece->length = (uint8_t)(size / 4);
    for (int i = 0; i < piece->length; i++) {
        int symbol = text_symbol(r->bytes + text->begin + 4 * i);
        if (symbol < 0 || symbol >= r->symbol_begin[r->p->levels])
            return fail_piece(r, "has a character that is no code", err);
        int level = symbol_level(r, symbol);
        if (i == 0)
            piece->first = (uint8_t)level;
        else if (level != piece->first + i)
            return fail_piece(r, "has its levels out of order", err);
        piece->codes[i] = (uint16_t)(symbol - r->symbol_begin[level]);
    }
    return SID_OK;
}

static sid_status take_kind_of_piece(const reader *r, uint64_t type, const field *text, sid__piece *piece,
                                     sid_error *err)
{
    switch (type) {
    case TYPE_NORMAL:
        return take_text(r, text, piece, err);
    case TYPE_UNKNOWN:
    case TYPE_CONTROL:
    case TYPE_UNUSED:
        return SID_OK;
    case TYPE_USER:
        return fail_piece(r, "is a user-defined symbol, which SIDs have none of", err);
    case TYPE_BYTE:
        return fail_piece(r, "is a byte, as --byte_fallback makes them; train without", err);
    default:
        return fail_piece(r, "is of an unknown type", err);
    }
}

static sid_status take_piece(reader *r, size_t end, sid_error *err)
{
    sid__piece piece = {0};
    field at, text = {0};
    uint64_t type = TYPE_NORMAL;
    while (r->at < end) {
        SID_TRY(take_field(r, end, &at, err));
        if (at.number == 1 && at.wire == WIRE_BYTES)
            text = at;
        if (at.number == 3 && at.wire == WIRE_VARINT)
            type = at.value;
        if (at.number == 2 && at.wire == WIRE_32) {
            uint32_t bits = (uint32_t)at.value;
            memcpy(&piece.score, &bits, sizeof bits);
        }
    }
    if (!isfinite(piece.score))
        return fail_piece(r, "has a score that is no number", err);
    if (r->count == 0 && type == TYPE_NORMAL)
        return fail_piece(r, "is a part of a SID, and row 0 is <unk>", err);
    SID_TRY(take_kind_of_piece(r, type, &text, &piece, err));
    if (r->count >= SID__PIECES_MAX)
        return fail_piece(r, "is one too many: 16777216 are possible", err);
    SID_TRY(sid__grow(&r->piece, &r->room, r->count + 1, sizeof *r->piece, "pieces", err));
    r->piece[r->count++] = piece;
    return SID_OK;
}

static sid_status take_trainer(reader *r, size_t end, sid_error *err)
{
    field at;
    while (r->at < end) {
        SID_TRY(take_field(r, end, &at, err));
        if (at.number == 3 && at.wire == WIRE_VARINT)
            r->kind = at.value;
    }
    if (r->kind != KIND_UNIGRAM && r->kind != KIND_BPE)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = r->path, .byte = -1},
                            "a model of words or characters; unigram or bpe is expected");
    return SID_OK;
}

static sid_status take_all(reader *r, sid_error *err)
{
    field at;
    while (r->at < r->size) {
        SID_TRY(take_field(r, r->size, &at, err));
        size_t after = r->at;
        if (at.wire != WIRE_BYTES || (at.number != 1 && at.number != 2))
            continue;
        r->at = at.begin;
        SID_TRY(at.number == 1 ? take_piece(r, at.end, err) : take_trainer(r, at.end, err));
        r->at = after;
    }
    if (r->count == 0)
        return fail_damaged(r, "there is no piece", err);
    return SID_OK;
}

sid_status sid__piece_proto_read(const sid_pieces *p, const char *bytes, size_t size, const char *path,
                                 sid__piece_model **out, sid_error *err)
{
    reader r = {.p = p, .path = path, .bytes = (const unsigned char *)bytes, .size = size, .kind = KIND_UNIGRAM};
    for (int l = 0; l < p->levels; l++)
        r.symbol_begin[l + 1] = r.symbol_begin[l] + p->codes[l];
    sid_status status = take_all(&r, err);
    if (status != SID_OK) {
        sid__free(r.piece);
        return status;
    }
    return sid__piece_model_create(p, r.kind == KIND_BPE, r.piece, r.count, path, out, err);
}
