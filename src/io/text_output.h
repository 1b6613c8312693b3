/* text_output.h: text on its way to a file, in pieces.
 *
 *     SID_TRY(sid__text_open(path, &out, err));
 *     for (..; status == SID_OK; ..) {
 *         status = sid__strbuf_printf(&out.text, err, ..);
 *         if (status == SID_OK) status = sid__text_pass(&out, err);
 *     }
 *     return sid__text_finish(&out, status, err); // whole, or not at all
 */
#ifndef SEMID_IO_TEXT_OUTPUT_H
#define SEMID_IO_TEXT_OUTPUT_H

#include "base/vfs.h"

typedef struct sid__text_output {
    sid__output output;
    sid__strbuf text; /* what has gathered; append to it */
} sid__text_output;

/* `path` must outlive the output; "-": standard output. */
sid_status sid__text_open(const char *path, sid__text_output *out, sid_error *err);
/* Writes what has gathered once it is a MiB. */
sid_status sid__text_pass(sid__text_output *out, sid_error *err);
/* With `status` SID_OK writes the rest, and the file appears; else it does not and `status` comes back. */
sid_status sid__text_finish(sid__text_output *out, sid_status status, sid_error *err);

#endif
