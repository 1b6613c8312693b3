/* test_npz.c: archives that NumPy wrote, members built here byte by byte, and damaged ones. */
#include "io/npz.h"

#include <zlib.h>

#include "base/philox.h"
#include "io_help.h"

static void check_array(sid__npz_reader *reader, float factor)
{
    float out[6];
    assert_int_equal(reader->rows, 3);
    assert_int_equal(reader->dim, 2);
    TEST_OK(sid__npz_read(reader, out, err));
    for (int i = 0; i < 6; i++)
        assert_true(out[i] == factor * ((float)(i / 2 - 1) * 1.5F + (float)(i % 2) * 0.25F));
    sid__npz_close(reader);
}

/* Fails when a stored or deflated member, a dtype, an order or a name is read wrongly. */
static void test_golden(void **state)
{
    (void)state;
    sid__npz_reader reader;
    TEST_OK(sid__npz_open(GOLDEN("stored.npz"), NULL, &reader, err));
    check_array(&reader, 1);
    TEST_OK(sid__npz_open(GOLDEN("deflated.npz"), "x", &reader, err));
    check_array(&reader, 1);
    TEST_OK(sid__npz_open(GOLDEN("two.npz"), "y.npy", &reader, err));
    assert_true(reader.header.is_fortran);
    check_array(&reader, 2);
    TEST_FAILS(sid__npz_open(GOLDEN("two.npz"), NULL, &reader, err), SID_EDATA, "2 arrays; name one");
    TEST_FAILS(sid__npz_open(GOLDEN("two.npz"), "z", &reader, err), SID_EDATA, "no array \"z\"; it holds: x, y");
    TEST_FAILS(sid__npz_open(GOLDEN("c_f4.npy"), NULL, &reader, err), SID_EDATA, "not a zip file");
    TEST_FAILS(sid__npz_open(temporary_path("absent"), NULL, &reader, err), SID_EIO, "absent");
}

/* Opens and reads all from memory; the array's own size bounds `out`. */
static sid_status read_all(const char *bytes, size_t size, sid_error *err)
{
    sid__npz_reader reader = {0};
    SID_TRY(sid__npz_parse(bytes, size, "t.npz", NULL, &reader, err));
    sid_status status = SID_OK;
    if (reader.rows * reader.dim < 1000000) {
        float *out = malloc((size_t)(reader.rows * reader.dim) * sizeof *out + 1);
        status = sid__npz_read(&reader, out, err);
        free(out);
    }
    sid__npz_close(&reader);
    return status;
}

/* Fails when a truncated archive is read, or bytes beyond it are looked at (ASan). */
static void test_truncation(void **state)
{
    (void)state;
    static const char *const files[] = {GOLDEN("stored.npz"), GOLDEN("deflated.npz")};
    for (int f = 0; f < 2; f++) {
        size_t size;
        char *bytes = read_bytes(files[f], &size);
        TEST_OK(read_all(bytes, size, err));
        for (size_t cut = 0; cut < size; cut++) {
            char *part = copy_bytes(bytes, cut);
            assert_int_equal(read_all(part, cut, NULL), SID_EDATA);
            free(part);
        }
        free(bytes);
    }
}

/* Fails when flipped bits crash the reader, or change values behind the CRC. */
static void test_bit_flips(void **state)
{
    (void)state;
    static const char *const files[] = {GOLDEN("stored.npz"), GOLDEN("deflated.npz")};
    for (int f = 0; f < 2; f++) {
        size_t size;
        char *bytes = read_bytes(files[f], &size);
        for (uint64_t i = 0; i < 5000; i++) {
            uint64_t bit = sid__philox_below(4, SID__STREAM_TEST, i, size * 8);
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
            (void)read_all(bytes, size, NULL);
            if (i % 4)
                bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        }
        free(bytes);
    }
}

/* ---- Archives made here ---- */

typedef struct archive {
    unsigned method, flags;
    uint32_t crc_change;       /* added to the true CRC */
    int64_t size, packed_size; /* -1: the true ones */
    bool with_zip64;           /* sizes and offset in the extra field, 0xffffffff in the entry */
    bool with_end64;           /* zip64 end record and locator */
    int64_t zip64_size;        /* bytes of the extra field; 24 is right */
    const char *second_name;   /* a second entry for the same member; NULL: none */
    size_t tail_size;          /* bytes of rubbish after the packed data */
} archive;

static void put(sid__strbuf *out, uint64_t value, int size)
{
    char bytes[8];
    for (int i = 0; i < size; i++)
        bytes[i] = (char)(value >> 8 * i);
    TEST_OK(sid__strbuf_append(out, bytes, (size_t)size, err));
}

static void put_text(sid__strbuf *out, const char *text, size_t size)
{
    TEST_OK(sid__strbuf_append(out, text, size, err));
}

static void put_entry(sid__strbuf *out, const archive *a, const char *name, int64_t packed_size, int64_t size,
                      uint32_t crc)
{
    bool zip64 = a->with_zip64;
    put_text(out, "PK\x01\x02", 4);
    put(out, 0, 4);
    put(out, a->flags, 2);
    put(out, a->method, 2);
    put(out, 0, 4);
    put(out, crc + a->crc_change, 4);
    put(out, zip64 ? 0xffffffff : (uint64_t)packed_size, 4);
    put(out, zip64 ? 0xffffffff : (uint64_t)size, 4);
    put(out, strlen(name), 2);
    put(out, zip64 ? (uint64_t)a->zip64_size + 8 : 0, 2);
    put(out, 0, 8);
    put(out, 0, 2);
    put(out, zip64 ? 0xffffffff : 0, 4);
    put_text(out, name, strlen(name));
    if (!zip64)
        return;
    put(out, 0x7777, 2); /* another field first */
    put(out, 0, 2);
    put(out, 1, 2);
    put(out, (uint64_t)a->zip64_size, 2);
    put(out, (uint64_t)size, 8);
    put(out, (uint64_t)packed_size, 8);
    if (a->zip64_size >= 24)
        put(out, 0, 8);
    out->length -= a->zip64_size < 16 ? 16 - a->zip64_size : 0;
}

static void put_end(sid__strbuf *out, const archive *a, int64_t directory, int64_t entry_count)
{
    int64_t end = out->length;
    if (a->with_end64) {
        put_text(out, "PK\x06\x06", 4);
        put(out, 44, 8);
        put(out, 0, 4);
        put(out, 0, 8);
        put(out, (uint64_t)entry_count, 8);
        put(out, (uint64_t)entry_count, 8);
        put(out, (uint64_t)(end - directory), 8);
        put(out, (uint64_t)directory, 8);
        put_text(out, "PK\x06\x07", 4);
        put(out, 0, 4);
        put(out, (uint64_t)end, 8);
        put(out, 1, 4);
    }
    put_text(out, "PK\x05\x06", 4);
    put(out, 0, 4);
    put(out, a->with_end64 ? 0xffff : (uint64_t)entry_count, 2);
    put(out, a->with_end64 ? 0xffff : (uint64_t)entry_count, 2);
    put(out, a->with_end64 ? 0xffffffff : (uint64_t)(end - directory), 4);
    put(out, a->with_end64 ? 0xffffffff : (uint64_t)directory, 4);
    put(out, 4, 2);
    put_text(out, "note", 4);
}

static size_t pack(const char *bytes, size_t size, char *out, size_t room)
{
    z_stream zip = {0};
    assert_int_equal(deflateInit2(&zip, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    zip.next_in = (Bytef *)(uintptr_t)bytes;
    zip.avail_in = (uInt)size;
    zip.next_out = (Bytef *)out;
    zip.avail_out = (uInt)room;
    assert_int_equal(deflate(&zip, Z_FINISH), Z_STREAM_END);
    size_t packed_size = room - zip.avail_out;
    assert_int_equal(deflateEnd(&zip), Z_OK);
    return packed_size;
}

static sid_status read_archive_of(const char *member, size_t member_size, const archive *a, sid_error *err)
{
    char *packed = malloc(member_size + 100);
    size_t packed_size = member_size;
    sid__strbuf out = {0};
    memcpy(packed, member, member_size);
    if (a->method == 8)
        packed_size = pack(member, member_size, packed, member_size + 100);
    put_text(&out, "PK\x03\x04", 4);
    put(&out, 0, 8);
    put(&out, 0, 8);
    put(&out, 0, 6);
    put(&out, 5, 2);
    put(&out, 3, 2);
    put_text(&out, "x.npyabc", 8);
    put_text(&out, packed, packed_size);
    for (size_t i = 0; i < a->tail_size; i++)
        put(&out, 7, 1);
    int64_t directory = out.length;
    int64_t said_packed = a->packed_size >= 0 ? a->packed_size : (int64_t)(packed_size + a->tail_size);
    int64_t said = a->size >= 0 ? a->size : (int64_t)member_size;
    uint32_t crc = (uint32_t)crc32(0, (const Bytef *)member, (uInt)member_size);
    put_entry(&out, a, "x.npy", said_packed, said, crc);
    if (a->second_name)
        put_entry(&out, a, a->second_name, said_packed, said, crc);
    put_end(&out, a, directory, a->second_name ? 2 : 1);
    char *exact = copy_bytes(out.text, (size_t)out.length);
    sid_status status = read_all(exact, (size_t)out.length, err);
    free(exact);
    free(packed);
    sid__strbuf_drop(&out);
    return status;
}

static sid_status read_archive(const archive *a, sid_error *err)
{
    size_t size;
    char *member = read_bytes(GOLDEN("c_f4.npy"), &size);
    sid_status status = read_archive_of(member, size, a, err);
    free(member);
    return status;
}

#define GOOD .size = -1, .packed_size = -1, .zip64_size = 24

/* Fails when zip64 sizes, data descriptors or a second disk-wide record are read wrongly. */
static void test_forms(void **state)
{
    (void)state;
    for (unsigned method = 0; method <= 8; method += 8) {
        TEST_OK(read_archive(&(archive){GOOD, .method = method}, err));
        TEST_OK(read_archive(&(archive){GOOD, .method = method, .flags = 8}, err));
        TEST_OK(read_archive(&(archive){GOOD, .method = method, .with_zip64 = true}, err));
        TEST_OK(read_archive(&(archive){GOOD, .method = method, .with_zip64 = true, .with_end64 = true}, err));
    }
}

/* Fails when an archive that lies, or that must not be read, is read. */
static void test_lies(void **state)
{
    (void)state;
    static const struct {
        archive a;
        const char *part;
    } cases[] = {
        {{GOOD, .flags = 1}, "encrypted"},
        {{GOOD, .method = 12}, "neither stored nor deflated"},
        {{GOOD, .crc_change = 1}, "CRC-32 differs"},
        {{GOOD, .method = 8, .crc_change = 1}, "CRC-32 differs"},
        {{.size = 151, .packed_size = -1}, "cannot unpack to the size"},
        {{.method = 8, .size = 151, .packed_size = -1}, "cut off"},
        {{.method = 8, .size = 153, .packed_size = -1}, "1 bytes follow"},
        {{.method = 8, .size = 1 << 30, .packed_size = -1}, "cannot unpack to the size"},
        {{.method = 8, .size = -1, .packed_size = 20}, "ends too early"},
        {{.size = -1, .packed_size = 1 << 20}, "reaches into the directory"},
        {{GOOD, .method = 8, .tail_size = 3}, "unpacks to more"},
        {{.with_zip64 = true, .zip64_size = 16, .size = -1, .packed_size = -1}, "zip64 sizes are missing"},
        {{.with_zip64 = true, .zip64_size = 24, .size = INT64_MAX, .packed_size = -1},
         "zip64 sizes are missing or too"},
        {{GOOD, .second_name = "y.npy"}, "2 arrays; name one, t.npz:NAME, of: x, y"},
        {{GOOD, .second_name = "../../\x1b[1m.npy"}, "of: x, ../../?[1m"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        TEST_FAILS(read_archive(&cases[i].a, err), SID_EDATA, cases[i].part);
    TEST_FAILS(read_archive_of("not an npy file", 15, &(archive){GOOD}, err), SID_EDATA, "not an npy file");
    TEST_FAILS(read_archive_of("", 0, &(archive){GOOD}, err), SID_EDATA, "not an npy file");
    size_t size;
    char *member = read_bytes(GOLDEN("c_u2.npy"), &size);
    TEST_FAILS(read_archive_of(member, size, &(archive){GOOD}, err), SID_EDATA, "array of U16");
    free(member);
    TEST_FAILS(read_all("PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22, err), SID_EDATA, "holds no array");
}

/* Fails when a bomb costs more than what its header says: a megabyte of zeroes packs into a kilobyte. */
static void test_bomb(void **state)
{
    (void)state;
    size_t size = 1 << 20;
    char *member = calloc(size, 1);
    memcpy(member, "\x93NUMPY\x01\x00\x76\x00", 10);
    memset(member + 10, ' ', 118);
    const char *dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (8, 2), }";
    memcpy(member + 10, dict, strlen(dict));
    TEST_FAILS(read_archive_of(member, size, &(archive){GOOD, .method = 8}, err), SID_EDATA, "bytes follow the array");
    TEST_FAILS(read_archive_of(member, size, &(archive){.method = 8, .size = 192, .packed_size = -1}, err), SID_EDATA,
               "unpacks to more than it says");
    free(member);
}

/* Fails when blocks of a large Fortran or double array are joined wrongly. */
static void test_large(void **state)
{
    (void)state;
    enum { ROWS = 20011, DIM = 5 };
    static const char dict[] = "{'descr': '<f8', 'fortran_order': True, 'shape': (20011, 5), }";
    size_t size = 10 + sizeof dict - 1 + sizeof(double) * ROWS * DIM;
    char *member = malloc(size);
    memcpy(member, "\x93NUMPY\x01\x00", 8);
    member[8] = (char)(sizeof dict - 1);
    member[9] = 0;
    memcpy(member + 10, dict, sizeof dict - 1);
    for (int j = 0; j < DIM; j++)
        for (int i = 0; i < ROWS; i++) {
            double value = i * DIM + j;
            memcpy(member + 10 + sizeof dict - 1 + sizeof value * (size_t)(j * ROWS + i), &value, sizeof value);
        }
    TEST_OK(read_archive_of(member, size, &(archive){GOOD, .method = 8}, err));
    TEST_OK(read_archive_of(member, size, &(archive){GOOD}, err));
    free(member);
}

/* Fails when a failed allocation leaks or goes unnoticed. */
static void test_no_memory(void **state)
{
    (void)state;
    size_t size;
    char *bytes = read_bytes(GOLDEN("deflated.npz"), &size);
    for (int after = 0;; after++) {
        assert_in_range(after, 0, 50);
        sid__mem_fail(after, 1);
        sid_status status = read_all(bytes, size, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    sid__npz_reader reader;
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__npz_open(GOLDEN("stored.npz"), NULL, &reader, err), SID_ENOMEM, "a zip reader");
    sid__mem_fail(-1, 0);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_truncation), cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_forms),  cmocka_unit_test(test_lies),       cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_large),  cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, remove_temporary);
}
