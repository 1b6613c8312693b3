/* bert_case.h: the tiny BERT of tests/golden/bert (made by make_bert.py), and copies of it to damage. */
#ifndef SEMID_TEST_BERT_CASE_H
#define SEMID_TEST_BERT_CASE_H

#include "io_help.h"
#include "linalg_case.h"

#include <jansson.h>

#include "embed/bert.h"
#include "io/safetensors.h"

#define BERT_GOLDEN TEST_TREE "/tests/golden/bert"

static inline void case_bert_text(const char *name, sid__strbuf *out)
{
    char path[1024], *bytes = NULL;
    int64_t size = 0;
    (void)snprintf(path, sizeof path, BERT_GOLDEN "/%s", name);
    TEST_OK(sid__read_whole(path, 1 << 20, &bytes, &size, err));
    TEST_OK(sid__strbuf_append(out, bytes, (size_t)size, err));
    sid__free(bytes);
}

/* The tensors of the golden folder. */
static inline sid__tensor_set case_bert_set(void)
{
    sid__tensor_set set = {0};
    TEST_OK(sid__safetensors_read(BERT_GOLDEN "/model.safetensors", &set, err));
    return set;
}

static inline sid__tensor *case_tensor(sid__tensor_set *set, const char *name)
{
    for (int64_t i = 0; i < set->count; i++)
        if (strcmp(set->tensor[i].name, name) == 0)
            return &set->tensor[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

/* A folder of this process with a copy of one file, or `bytes` in its place (NULL: without it). */
static inline void case_bert_file(const char *folder, const char *name, const char *bytes)
{
    char path[1024];
    sid__strbuf text = {0};
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)unlink(path);
    if (!bytes)
        return;
    if (*bytes)
        TEST_OK(sid__strbuf_append(&text, bytes, strlen(bytes), err));
    else
        case_bert_text(name, &text);
    TEST_OK(sid__replace_whole(path, text.text, (size_t)text.length, err));
    sid__strbuf_drop(&text);
}

/* A copy of the golden folder: "" stands for a golden file in case_bert_file. */
static inline const char *case_bert_folder(void)
{
    static char folder[512];
    (void)snprintf(folder, sizeof folder, "%s", temporary_path("bert"));
    TEST_OK(sid__remove_tree(folder, err));
    TEST_OK(sid__directory_create(folder, err));
    case_bert_file(folder, "config.json", "");
    case_bert_file(folder, "vocab.txt", "");
    case_bert_file(folder, "tokenizer_config.json", "");
    case_bert_file(folder, "model.safetensors", "");
    return folder;
}

/* Group teardown. */
static inline int case_bert_remove(void **state)
{
    (void)sid__remove_tree(temporary_path("bert"), NULL);
    return remove_temporary(state);
}

/* Calls fn for each line of ids.tsv. */
typedef void case_bert_line_fn(void *user, bool is_lower, const char *text, size_t size, const int32_t *id, int count);

static inline void case_bert_lines(case_bert_line_fn *fn, void *user)
{
    sid__strbuf lines = {0};
    case_bert_text("ids.tsv", &lines);
    for (char *line = lines.text, *end; (end = strchr(line, '\n')); line = end + 1) {
        int32_t id[64];
        int count = 0;
        char *text = strchr(line, '\t') + 1, *numbers = strchr(text, '\t');
        *end = *numbers = 0;
        json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(json);
        for (char *at = numbers + 1, *next; *at; at = next, count++)
            id[count] = (int32_t)strtol(at, &next, 10);
        fn(user, *line == '1', json_string_value(json), json_string_length(json), id, count);
        json_decref(json);
    }
    sid__strbuf_drop(&lines);
}

#endif
