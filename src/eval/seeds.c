/* seeds.c: see seeds.h. */
#include "eval/seeds.h"

#include <math.h>
#include <string.h>

static bool is_kin(const sid_model *a, const sid_model *b)
{
    return a->family == b->family && a->seed != b->seed && strcmp(a->options_text, b->options_text) == 0;
}

int sid__seed_groups(const sid_model *const *model, int count, int *group)
{
    int groups = 0;
    for (int i = 0; i < count; i++) {
        group[i] = -1;
        for (int j = 0; j < i && group[i] < 0; j++)
            if (is_kin(model[i], model[j]))
                group[i] = group[j] >= 0 ? group[j] : (group[j] = groups++);
    }
    return groups;
}

/* ---- Rows ---- */

static void add_exposure(sid_eval_row *to, const sid_eval_row *row, double share, int k_count)
{
    for (int k = 0; k < k_count; k++) {
        to->coverage[k] += share * row->coverage[k];
        to->gini[k] += share * row->gini[k];
        to->novelty[k] += share * row->novelty[k];
        to->diversity[k] += share * row->diversity[k];
        to->cold_share[k] += share * row->cold_share[k];
        to->cold_items[k] += row->cold_items[k];
    }
    to->exact_rate += share * row->exact_rate;
    to->invalid_rate += share * row->invalid_rate;
    to->train_s += row->train_s;
    to->eval_s += row->eval_s;
}

/* Segments are of the split, so that all members have the same, with as many targets. */
static void add_metrics(sid_eval_row *to, const sid_eval_row *row, double share, int k_count)
{
    for (int metric = 0; metric < SID_METRIC_COUNT; metric++)
        for (int k = 0; k < k_count; k++) {
            to->value[metric][k].mean += share * row->value[metric][k].mean;
            to->sid_value[metric][k] += share * row->sid_value[metric][k];
            for (int s = 0; s < row->segment_count; s++)
                to->segment[s].mean[metric][k] += share * row->segment[s].mean[metric][k];
        }
}

static void copy_names(sid_eval_row *to, const sid_eval_row *row)
{
    *to = (sid_eval_row){.family = row->family,
                         .options = row->options,
                         .id = "",
                         .options_hash = row->options_hash,
                         .sid_version = row->sid_version,
                         .collisions = row->collisions,
                         .segment_count = row->segment_count};
    for (int s = 0; s < row->segment_count; s++)
        to->segment[s] = (sid_segment){.name = row->segment[s].name, .targets = row->segment[s].targets};
}

/* The standard deviation, of a sample: n - 1. */
static void add_spread(sid_eval_row *to, const sid_eval_row *row, int k_count)
{
    for (int metric = 0; metric < SID_METRIC_COUNT; metric++)
        for (int k = 0; k < k_count; k++) {
            double off = row->value[metric][k].mean - to->value[metric][k].mean;
            to->seed_deviation[metric][k] += off * off / (to->seeds - 1);
        }
}

void sid__average_rows(const sid_eval_row *row, const int *group, int row_count, int index, int k_count,
                       sid_eval_row *out)
{
    int members = 0;
    for (int r = 0; r < row_count; r++)
        if (group[r] == index && members++ == 0)
            copy_names(out, &row[r]);
    out->seeds = members;
    for (int r = 0; r < row_count; r++)
        if (group[r] == index) {
            add_metrics(out, &row[r], 1. / members, k_count);
            add_exposure(out, &row[r], 1. / members, k_count);
        }
    for (int r = 0; r < row_count; r++)
        if (group[r] == index)
            add_spread(out, &row[r], k_count);
    for (int k = 0; k < k_count; k++)
        out->cold_items[k] /= members > 0 ? members : 1;
    for (int metric = 0; metric < SID_METRIC_COUNT; metric++)
        for (int k = 0; k < k_count; k++) {
            out->seed_deviation[metric][k] = sqrt(out->seed_deviation[metric][k]);
            out->value[metric][k].low = out->value[metric][k].high = (double)NAN;
        }
}

void sid__average_values(const double *value, const int *group, int row_count, int index, int64_t size, double *out)
{
    int members = 0;
    memset(out, 0, (size_t)size * sizeof *out);
    for (int r = 0; r < row_count; r++)
        members += group[r] == index;
    for (int r = 0; r < row_count; r++)
        for (int64_t i = 0; group[r] == index && i < size; i++)
            out[i] += value[r * size + i] / members;
}
