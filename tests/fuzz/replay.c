/* replay.c: runs a fuzz target on its kept inputs, without libFuzzer: replay_NAME FOLDER-OR-FILE...
 *
 * Each input stands right before a page that may not be touched, so that reading one byte too far is a signal in every
 * build, not only under AddressSanitizer. A folder that does not exist is an empty corpus: the empty input runs always.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static int run_bytes(const char *name, const char *bytes, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
    unsigned char *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE) != 0) {
        (void)fprintf(stderr, "%s: no memory for a guard page\n", name);
        return 1;
    }
    unsigned char *data = map + (room - size);
    if (size)
        memcpy(data, bytes, size);
    int status = LLVMFuzzerTestOneInput(data, size);
    (void)munmap(map, room + page);
    return status;
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    if (!file || fstat(fileno(file), &info) != 0) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
        if (file)
            (void)fclose(file);
        return 1;
    }
    size_t size = (size_t)info.st_size;
    char *bytes = calloc(size + 1, 1);
    int status = 1;
    if (bytes && fread(bytes, 1, size, file) == size)
        status = run_bytes(path, bytes, size);
    free(bytes);
    (void)fclose(file);
    return status;
}

static int run_folder(const char *folder, int *count)
{
    struct dirent **entry = NULL;
    int found = scandir(folder, &entry, NULL, alphasort), status = 0;
    for (int i = 0; i < found; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        if (entry[i]->d_name[0] != '.') {
            status |= run_file(path);
            (*count)++;
        }
        free(entry[i]);
    }
    free(entry);
    return status;
}

int main(int argc, char **argv)
{
    int count = 1, status = run_bytes("empty input", "", 0);
    for (int i = 1; i < argc; i++) {
        struct stat info;
        if (stat(argv[i], &info) != 0)
            continue;
        if (S_ISDIR(info.st_mode)) {
            status |= run_folder(argv[i], &count);
        } else {
            status |= run_file(argv[i]);
            count++;
        }
    }
    (void)printf("%d inputs\n", count);
    return status != 0;
}
