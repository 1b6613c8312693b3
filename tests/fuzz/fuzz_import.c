/* fuzz_import.c: SIDs made elsewhere, in every form; the first byte chooses the form (its low five bits), tsv or csv (0x20)
 * and whether the last column is the digit (0x40). Oracle: what was read, written as each text form and read again, is the same.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "catalog/interchange.h"
#include "fuzz.h"
#include "fuzz_file.h"
#include "io/json.h"

/* A tsv field cannot hold these, and a tsv no id twice (what others say twice is refused when it meets the vectors). */
static bool is_plain(const sid__imported *in)
{
    for (int64_t i = 0; i < in->count; i++) {
        if (strpbrk(in->id[i], "\t\r\n\""))
            return false;
        for (int64_t j = 0; j < i; j++)
            if (strcmp(in->id[i], in->id[j]) == 0)
                return false;
    }
    return true;
}

static void append(sid__strbuf *out, const char *text)
{
    FUZZ_CHECK(sid__strbuf_append(out, text, strlen(text), NULL) == SID_OK);
}

static void append_number(sid__strbuf *out, const char *before, int number)
{
    FUZZ_CHECK(sid__strbuf_printf(out, NULL, "%s%d", before, number) == SID_OK);
}

static void write_tsv(const sid__imported *in, sid__strbuf *out)
{
    append(out, "item_id");
    for (int l = 0; l < in->levels; l++)
        append_number(out, "\tc", l + 1);
    append(out, in->digit ? "\tdigit\n" : "\n");
    for (int64_t i = 0; i < in->count; i++) {
        append(out, in->id[i]);
        for (int l = 0; l < in->levels; l++)
            append_number(out, "\t", in->codes[i * in->levels + l]);
        if (in->digit && in->digit[i] != SID__DIGIT_NONE)
            append_number(out, "\t", in->digit[i]);
        else if (in->digit)
            append(out, "\t");
        append(out, "\n");
    }
}

static void write_jsonl(const sid__imported *in, sid__strbuf *out)
{
    for (int64_t i = 0; i < in->count; i++) {
        append(out, "{\"item_id\":");
        FUZZ_CHECK(sid__json_append_text(out, in->id[i], NULL) == SID_OK);
        for (int l = 0; l < in->levels; l++)
            append_number(out, l ? "," : ",\"codes\":[", in->codes[i * in->levels + l]);
        append(out, "]");
        if (in->digit && in->digit[i] != SID__DIGIT_NONE)
            append_number(out, ",\"digit\":", in->digit[i]);
        append(out, "}\n");
    }
}

static void check_again(sid_ctx *ctx, const sid__imported *in, sid__form form)
{
    sid__strbuf text = {0};
    sid__imported again;
    const sid_import_options plain = {0};
    const char *path = fuzz_file(form == SID__FORM_TSV ? "again.tsv" : "again.jsonl");
    form == SID__FORM_TSV ? write_tsv(in, &text) : write_jsonl(in, &text);
    fuzz_write(path, (const uint8_t *)text.text, (size_t)text.length);
    FUZZ_CHECK(sid__import_read(ctx, path, form, &plain, &again, NULL) == SID_OK);
    FUZZ_CHECK(again.count == in->count && again.levels == in->levels);
    FUZZ_CHECK(memcmp(again.codes, in->codes, (size_t)in->count * (size_t)in->levels * sizeof *in->codes) == 0);
    for (int64_t i = 0; i < in->count; i++) {
        int32_t digit = in->digit ? in->digit[i] : SID__DIGIT_NONE;
        FUZZ_CHECK(strcmp(again.id[i], in->id[i]) == 0);
        FUZZ_CHECK((again.digit ? again.digit[i] : SID__DIGIT_NONE) == digit);
    }
    sid__imported_drop(&again);
    sid__strbuf_drop(&text);
}

static const char *name_of(sid__form form, bool is_csv)
{
    if (form == SID__FORM_TSV)
        return is_csv ? "in.csv" : "in.tsv";
    return form == SID__FORM_JSONL     ? "in.jsonl"
           : form == SID__FORM_NPY     ? "in.npy"
           : form == SID__FORM_RECBOLE ? "in.item"
                                       : "in.json";
}

/* What stands behind the first byte 0xff is the file of ids, under both of its names; in an array, of which the byte may be a
 * part, from the 128th on. */
static void write_input(const char *path, sid__form form, const uint8_t *data, size_t size)
{
    bool has_ids = form > SID__FORM_JSONL, is_array = form == SID__FORM_NPY || form == SID__FORM_GRID;
    size_t begin = is_array ? 128 : 0;
    const uint8_t *ids = has_ids && size > begin ? memchr(data + begin, 0xff, size - begin) : NULL;
    size_t array_size = ids ? (size_t)(ids - data) : size;
    fuzz_write(path, data, array_size);
    if (!has_ids)
        return;
    fuzz_write(fuzz_file("in.ids.txt"), ids ? ids + 1 : data, ids ? size - array_size - 1 : 0);
    fuzz_write(fuzz_file("in.item2id.tsv"), ids ? ids + 1 : data, ids ? size - array_size - 1 : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sid_ctx *ctx; /* one for all runs: its threads are costly */
    sid_error err = {0};
    sid__imported in;
    if (!ctx)
        FUZZ_CHECK(sid_ctx_create(&ctx, NULL) == SID_OK);
    if (size == 0)
        return 0;
    sid__form form = (sid__form)((data[0] & 0x1f) % SID__FORM_COUNT);
    const sid_import_options options = {.digit_column_last = (data[0] & 0x40) != 0,
                                        .codes = (data[0] & 0x20) ? "4,300,2" : "256",
                                        .template_text = "<{letter}{level}_{code}>"};
    const char *path = fuzz_file(name_of(form, (data[0] & 0x20) != 0));
    write_input(path, form, data + 1, size - 1);
    if (sid__import_read(ctx, path, form, &options, &in, &err) == SID_OK) {
        FUZZ_CHECK(in.count >= 1 && in.levels >= 1 && in.levels <= SID_LEVELS_MAX);
        if (is_plain(&in))
            check_again(ctx, &in, SID__FORM_TSV);
        check_again(ctx, &in, SID__FORM_JSONL);
        sid__imported_drop(&in);
    } else {
        FUZZ_CHECK(err.status == SID_EDATA && err.message[0]);
    }
    fuzz_remove("in.tsv", "in.csv", "in.jsonl", "in.npy", "in.item", "in.json", "in.ids.txt", "in.item2id.tsv",
                "again.tsv", "again.jsonl");
    return 0;
}
