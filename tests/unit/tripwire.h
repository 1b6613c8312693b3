/* tripwire.h: figures of tests/eval_results.csv against those of an evaluation. */
#ifndef SEMID_TRIPWIRE_H
#define SEMID_TRIPWIRE_H

#include "semid_model.h"
#include "test.h"

typedef struct tripwire {
    char case_name[32], split[32], ties[16], family[16], options[160];
    double ndcg, low, high;
} tripwire;

/* The next field of a line, up to its comma, to `out`; gives what is behind it. */
static inline const char *take_field(const char *at, char *out, size_t size)
{
    size_t length = strcspn(at, ",\n");
    assert_true(length < size);
    memcpy(out, at, length);
    out[length] = 0;
    return at + length + (at[length] == ',');
}

/* "case,dataset,split,ties,model,options,metric,value,low,high,reason"; commas inside a field are written as spaces. */
static inline void read_tripwire(const char *line, tripwire *out)
{
    char field[32];
    const char *at = take_field(line, out->case_name, sizeof out->case_name);
    at = take_field(at, field, sizeof field); /* data set */
    at = take_field(at, out->split, sizeof out->split);
    at = take_field(at, out->ties, sizeof out->ties);
    at = take_field(at, out->family, sizeof out->family);
    at = take_field(at, out->options, sizeof out->options);
    at = take_field(at, field, sizeof field); /* metric */
    assert_int_equal(sscanf(at, "%lf,%lf,%lf", &out->ndcg, &out->low, &out->high), 3);
    for (char *c = out->options; *c; c++)
        *c = *c == ' ' ? ',' : *c;
}

static inline void check_tripwire(const sid_evaluation *e, const tripwire *t)
{
    for (int r = 0; r < e->row_count; r++) {
        double value = e->row[r].value[SID_METRIC_NDCG][1].mean;
        if (strcmp(e->row[r].family, t->family) != 0 || strcmp(e->row[r].options, t->options) != 0)
            continue;
        if (fabs(value - t->ndcg) > 5.1e-6 * t->ndcg) /* six digits */
            fail_msg(
                "%s, split %s, ties %s: ndcg@10 is %.6g, tests/eval_results.csv says %.6g; a change needs a reason",
                t->family, t->split, t->ties, value, t->ndcg);
        if (value < t->low || value > t->high)
            fail_msg("%s, split %s, ties %s: ndcg@10 %.6f is outside %.6f to %.6f: broken, or a leak", t->family,
                     t->split, t->ties, value, t->low, t->high);
        return;
    }
    fail_msg("no row %s", t->family);
}

/* Checks the rows of a case that are of this split and order, and gives their number. */
static inline int check_tripwires(const char *case_name, const char *split, const char *ties, const sid_evaluation *e)
{
    FILE *file = fopen(TEST_TREE "/tests/eval_results.csv", "r");
    char line[512];
    int checked = 0;
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file)); /* the header */
    while (fgets(line, sizeof line, file)) {
        tripwire t;
        read_tripwire(line, &t);
        if (strcmp(t.case_name, case_name) != 0 || strcmp(t.split, split) != 0 || strcmp(t.ties, ties) != 0)
            continue;
        check_tripwire(e, &t);
        checked++;
    }
    (void)fclose(file);
    return checked;
}

#endif
