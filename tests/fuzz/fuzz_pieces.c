/* fuzz_pieces.c: SentencePiece models and the manifests beside them. The first byte says K and levels. Oracle: what is read cuts
 * every SID into pieces that stand end to end, and comes back from its own bytes with the same rows. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "pieces/piece_model.h"

enum { LEVELS_MOST = 4, K_MOST = 4 };

static void check_rows(const sid__piece_model *m, const sid__piece_model *again, const uint16_t *codes)
{
    uint64_t rows[LEVELS_MOST], same[LEVELS_MOST];
    int count = sid__piece_model_encode(m, codes, rows), at = 0;
    FUZZ_CHECK(count >= 1 && count == sid__piece_model_encode(again, codes, same));
    for (int i = 0; i < count; i++) {
        const sid__piece *piece = &m->piece[rows[i]];
        FUZZ_CHECK(rows[i] == same[i] && piece->first == at);
        FUZZ_CHECK(memcmp(piece->codes, codes + at, piece->length * sizeof *codes) == 0);
        at += piece->length;
    }
    FUZZ_CHECK(at == m->levels);
}

static void check_model(const sid_pieces *p, const sid__piece_model *m)
{
    sid__strbuf text = {0};
    sid__piece_model *again = NULL;
    FUZZ_CHECK(sid__piece_proto_write(m, &text, NULL) == SID_OK);
    FUZZ_CHECK(sid__piece_proto_read(p, text.text, (size_t)text.length, "again", &again, NULL) == SID_OK);
    for (int i = 0; i < 256; i++) {
        const uint16_t codes[LEVELS_MOST] = {(uint16_t)(i % p->codes[0]), (uint16_t)(i / 4 % p->codes[0]),
                                             (uint16_t)(i / 16 % p->codes[0]), (uint16_t)(i / 64 % p->codes[0])};
        check_rows(m, again, codes);
    }
    sid__piece_model_free(again);
    sid__strbuf_drop(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sid__piece_model *m = NULL;
    sid_error err = {0};
    sid_pieces p = {0};
    if (size == 0)
        return 0;
    p.levels = 1 + (data[0] & 3);
    for (int l = 0; l < p.levels; l++)
        p.codes[l] = 1 + (data[0] >> 2 & 3);
    if (sid__piece_proto_read(&p, (const char *)data + 1, size - 1, "fuzz", &m, &err) != SID_OK) {
        FUZZ_CHECK(err.status == SID_EDATA && err.message[0]);
        return 0;
    }
    check_model(&p, m);
    sid__piece_model_free(m);
    return 0;
}
