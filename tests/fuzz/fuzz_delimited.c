/* fuzz_delimited.c: rows of TSV, CSV and lines; the first byte chooses. Oracles: the raw rows together are the input; fields
 * written out as CSV (or TSV) are read back as the same fields. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "io/delimited.h"

static void append(sid__strbuf *out, const char *bytes, size_t size)
{
    FUZZ_CHECK(sid__strbuf_append(out, bytes, size, NULL) == SID_OK);
}

/* Writes the reader's row so that it must be read back the same. */
static void write_row(sid__strbuf *out, const sid__row_reader *reader)
{
    for (int64_t i = 0; i < reader->field_count; i++) {
        const sid__field *field = &reader->field[i];
        append(out, reader->form == SID__ROWS_CSV ? "," : "\t", i ? 1 : 0);
        append(out, "\"", reader->form == SID__ROWS_CSV ? 1 : 0);
        for (size_t j = 0; j < field->size; j++) {
            append(out, field->text + j, 1);
            if (reader->form == SID__ROWS_CSV && field->text[j] == '"')
                append(out, "\"", 1);
        }
        append(out, "\"", reader->form == SID__ROWS_CSV ? 1 : 0);
    }
    append(out, "\r\n", 2);
}

static void check_same_row(const sid__row_reader *row, const char *text, size_t size)
{
    sid__source source;
    sid__row_reader reader;
    bool has_row = false;
    if (sid__source_memory(text, size, "fuzz", &source, NULL) != SID_OK)
        return; /* a row that starts like a gzip file */
    if (source.begin > 0)
        return; /* or with a byte order mark */
    sid__row_reader_init(&reader, &source, row->form);
    FUZZ_CHECK(sid__row_next(&reader, &has_row, NULL) == SID_OK && has_row);
    FUZZ_CHECK(reader.field_count == row->field_count && reader.raw_size == (int64_t)size);
    for (int64_t i = 0; i < row->field_count; i++)
        FUZZ_CHECK(reader.field[i].size == row->field[i].size &&
                   memcmp(reader.field[i].text, row->field[i].text, row->field[i].size) == 0);
    sid__row_reader_drop(&reader);
}

static void read_rows(sid__source *source, sid__row_form form, const char *bytes)
{
    sid__row_reader reader;
    int64_t expected_byte = source->offset, expected_line = 1;
    sid__row_reader_init(&reader, source, form);
    for (bool has_row = true;;) {
        sid_error err = {0};
        sid_status status = sid__row_next(&reader, &has_row, &err);
        if (!has_row || reader.is_stuck)
            break;
        FUZZ_CHECK(status == SID_OK || (status == SID_EDATA && err.message[0] && err.row >= reader.line));
        FUZZ_CHECK(reader.byte == expected_byte && reader.line == expected_line);
        FUZZ_CHECK(memcmp(reader.raw, bytes + expected_byte, (size_t)reader.raw_size) == 0);
        for (int64_t i = 0; i < reader.raw_size; i++)
            expected_line += reader.raw[i] == '\n';
        expected_byte += reader.raw_size;
        if (status == SID_OK) {
            sid__strbuf text = {0};
            write_row(&text, &reader);
            check_same_row(&reader, text.text, (size_t)text.length);
            sid__strbuf_drop(&text);
        }
    }
    sid__row_reader_drop(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    sid__source source;
    sid__row_form form = data[0] % 3 == 0 ? SID__ROWS_TSV : data[0] % 3 == 1 ? SID__ROWS_CSV : SID__ROWS_LINES;
    if (sid__source_memory((const char *)data + 1, size - 1, "fuzz", &source, NULL) == SID_OK)
        read_rows(&source, form, (const char *)data + 1);
    return 0;
}
