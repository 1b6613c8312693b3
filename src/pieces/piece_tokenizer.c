/* piece_tokenizer.c: a model of pieces as tokenizer.json, which Hugging Face's `tokenizers` reads: the same characters as in a
 * .model, the same rows.
 *
 * Its BPE knows a pair of pieces and its rank, ours the piece that the pair becomes. So each piece brings all pairs that make it,
 * one after the other, in the order of the pieces: what is joined first stays the same.
 */
#include <inttypes.h>

#include "io/json.h"
#include "pieces/piece_model.h"

static sid_status append_text(const sid__piece_model *m, const sid__piece *piece, int begin, int end, sid__strbuf *out,
                              sid_error *err)
{
    char text[4 * SID_PIECE_LEVELS_MAX + 1];
    size_t size = 0;
    for (int i = begin; i < end; i++, size += 4)
        sid__piece_symbol_text(m->symbol_begin[piece->first + i] + piece->codes[i], text + size);
    text[size] = 0;
    return sid__json_append_text(out, text, err);
}

/* "<unk>" for row 0, "<unused_7>" for others that no SID has. */
static sid_status append_piece(const sid__piece_model *m, int64_t row, sid__strbuf *out, sid_error *err)
{
    const sid__piece *piece = &m->piece[row];
    if (row == 0)
        return sid__strbuf_printf(out, err, "\"<unk>\"");
    if (piece->length == 0)
        return sid__strbuf_printf(out, err, "\"<unused_%" PRId64 ">\"", row);
    return append_text(m, piece, 0, piece->length, out, err);
}

static sid_status append_unigram(const sid__piece_model *m, sid__strbuf *out, sid_error *err)
{
    SID_TRY(
        sid__strbuf_printf(out, err, "{\"type\": \"Unigram\", \"unk_id\": 0, \"byte_fallback\": false, \"vocab\": ["));
    for (int64_t i = 0; i < m->count; i++) {
        SID_TRY(sid__strbuf_printf(out, err, "%s\n[", i ? "," : ""));
        SID_TRY(append_piece(m, i, out, err));
        SID_TRY(sid__strbuf_append(out, ", ", 2, err));
        SID_TRY(sid__json_append_number(out, (double)m->piece[i].score, err));
        SID_TRY(sid__strbuf_append(out, "]", 1, err));
    }
    return sid__strbuf_printf(out, err, "\n]}");
}

static sid_status append_merges(const sid__piece_model *m, sid__strbuf *out, sid_error *err)
{
    bool is_first = true;
    for (int64_t i = 1; i < m->count; i++)
        for (int border = 1; border < m->piece[i].length; border++) {
            if (!sid__piece_model_has(m, &m->piece[i], 0, border) ||
                !sid__piece_model_has(m, &m->piece[i], border, m->piece[i].length))
                continue;
            SID_TRY(sid__strbuf_printf(out, err, "%s\n[", is_first ? "" : ","));
            SID_TRY(append_text(m, &m->piece[i], 0, border, out, err));
            SID_TRY(sid__strbuf_append(out, ", ", 2, err));
            SID_TRY(append_text(m, &m->piece[i], border, m->piece[i].length, out, err));
            SID_TRY(sid__strbuf_append(out, "]", 1, err));
            is_first = false;
        }
    return SID_OK;
}

static sid_status append_bpe(const sid__piece_model *m, sid__strbuf *out, sid_error *err)
{
    SID_TRY(
        sid__strbuf_printf(out, err,
                           "{\"type\": \"BPE\", \"dropout\": null, \"unk_token\": \"<unk>\", "
                           "\"continuing_subword_prefix\": null, \"end_of_word_suffix\": null, \"fuse_unk\": false, "
                           "\"byte_fallback\": false, \"ignore_merges\": false, \"vocab\": {"));
    for (int64_t i = 0; i < m->count; i++) {
        SID_TRY(sid__strbuf_append(out, i ? ",\n" : "\n", i ? 2 : 1, err));
        SID_TRY(append_piece(m, i, out, err));
        SID_TRY(sid__strbuf_printf(out, err, ": %" PRId64, i));
    }
    SID_TRY(sid__strbuf_printf(out, err, "\n}, \"merges\": ["));
    SID_TRY(append_merges(m, out, err));
    return sid__strbuf_printf(out, err, "\n]}");
}

sid_status sid__piece_tokenizer_write(const sid__piece_model *m, sid__strbuf *out, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(
        out, err,
        "{\"version\": \"1.0\", \"truncation\": null, \"padding\": null, \"added_tokens\": [], "
        "\"normalizer\": null, \"pre_tokenizer\": null, \"post_processor\": null, \"decoder\": null, "
        "\"model\": "));
    SID_TRY(m->is_bpe ? append_bpe(m, out, err) : append_unigram(m, out, err));
    return sid__strbuf_append(out, "}\n", 2, err);
}
