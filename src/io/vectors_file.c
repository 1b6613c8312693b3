/* vectors_file.c: see vectors_file.h. */
#include "io/vectors_file.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/mem.h"

static sid_status time_of(const sid__file *file, struct timespec *out, sid_error *err)
{
    struct stat info;
    if (fstat(file->fd, &info) != 0)
        return sid__fail_errno(err, file->path, "cannot read", errno);
    *out = info.st_mtim;
    return SID_OK;
}

sid_status sid__vectors_file_create(sid__npy_reader *reader, sid__vectors_file **out, sid_error *err)
{
    sid__vectors_file *file = NULL;
    sid_status status = sid__alloc(&file, 1, sizeof *file, "vectors", err);
    if (status != SID_OK) {
        sid__npy_close(reader);
        return status;
    }
    file->reader = *reader;
    reader->file.fd = -1;
    status = sid__strdup(&file->path, reader->file.path, err);
    file->reader.file.path = file->path;
    if (status == SID_OK)
        status = time_of(&file->reader.file, &file->changed, err);
    if (status != SID_OK) {
        sid__vectors_file_free(file);
        return status;
    }
    *out = file;
    return SID_OK;
}

void sid__vectors_file_free(sid__vectors_file *file)
{
    if (!file)
        return;
    sid__npy_close(&file->reader);
    sid__free(file->left_out);
    sid__free(file->path);
    sid__free(file);
}

void sid__vectors_file_leave_out(sid__vectors_file *file, int64_t *row, int64_t count)
{
    file->left_out = row;
    file->left_out_count = count;
}

/* How many rows of the file are left out before row `row` of the vectors: the least k with left_out[k] - k > row. */
static int64_t left_out_before(const sid__vectors_file *file, int64_t row)
{
    int64_t begin = 0, end = file->left_out_count;
    while (begin < end) {
        int64_t middle = begin + (end - begin) / 2;
        if (file->left_out[middle] - middle > row)
            end = middle;
        else
            begin = middle + 1;
    }
    return begin;
}

static sid_status check_unchanged(const sid__vectors_file *file, sid_error *err)
{
    struct timespec now = {0};
    SID_TRY(time_of(&file->reader.file, &now, err));
    if (now.tv_sec == file->changed.tv_sec && now.tv_nsec == file->changed.tv_nsec)
        return SID_OK;
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = file->path, .byte = -1},
                        "was written to while it was read; start again when it is whole");
}

sid_status sid__vectors_file_read(const void *source, int64_t begin, int64_t count, float *out, sid_error *err)
{
    const sid__vectors_file *file = source;
    while (count > 0) {
        int64_t skipped = left_out_before(file, begin), first = begin + skipped, run = count;
        if (skipped < file->left_out_count && file->left_out[skipped] - first < run)
            run = file->left_out[skipped] - first;
        SID_TRY(sid__npy_read_rows(&file->reader, first, run, out, err));
        begin += run;
        count -= run;
        out += run * file->reader.dim;
    }
    return check_unchanged(file, err);
}
