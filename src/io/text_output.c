/* text_output.c: see text_output.h. */
#include "io/text_output.h"

enum { PIECE_SIZE = 1 << 20 };

sid_status sid__text_open(const char *path, sid__text_output *out, sid_error *err)
{
    *out = (sid__text_output){0};
    return sid__output_open(path, &out->output, err);
}

static sid_status write_from(sid__text_output *out, int64_t least, sid_error *err)
{
    if (out->text.length < least || out->text.length == 0)
        return SID_OK;
    SID_TRY(sid__file_write(&out->output.file, out->text.text, (size_t)out->text.length, err));
    out->text.length = 0;
    return SID_OK;
}

sid_status sid__text_pass(sid__text_output *out, sid_error *err)
{
    return write_from(out, PIECE_SIZE, err);
}

sid_status sid__text_finish(sid__text_output *out, sid_status status, sid_error *err)
{
    if (status == SID_OK)
        status = write_from(out, 0, err);
    sid__strbuf_drop(&out->text);
    return sid__output_finish(&out->output, status, err);
}
