/* optimizer.c: see optimizer.h. */
#include "table/optimizer.h"

#include <math.h>
#include <string.h>

#define AT(field) offsetof(sid__optimizer_options, field)
#define RATE(value)                                                                                                    \
    {                                                                                                                  \
        "rate", SID_OPTION_FLOAT, value, 1e-12, 1e6, NULL, "learning rate", AT(rate)                                   \
    }
#define DECAY                                                                                                          \
    {                                                                                                                  \
        "decay", SID_OPTION_FLOAT, "0", 0, 1e6, NULL, "decay * w is added to the gradient of rows that are updated",   \
            AT(decay)                                                                                                  \
    }
#define GROUP(what)                                                                                                    \
    {                                                                                                                  \
        "group", SID_OPTION_FLOAT, "0", 0, 1e6, NULL, what, AT(group)                                                  \
    }

static const sid_option sgd_options[] = {RATE("0.05"), DECAY};
static const sid_option adagrad_options[] = {
    RATE("0.05"),
    DECAY,
    {"start", SID_OPTION_FLOAT, "0.1", 1e-10, 1e6, NULL, "squared gradients a row begins with", AT(start)},
    {"row", SID_OPTION_FLAG, "false", 0, 0, NULL, "one mean squared gradient a row, not one an element", AT(row)},
    GROUP("w *= max(0, 1 - rate group / (root n |w|)): rows that do not matter become zero"),
};
static const sid_option ftrl_options[] = {
    RATE("0.05"),
    {"l1", SID_OPTION_FLOAT, "0", 0, 1e6, NULL, "pull to zero: weights below it are zero", AT(l1)},
    {"l2", SID_OPTION_FLOAT, "0", 0, 1e6, NULL, "squared pull to zero", AT(l2)},
    {"beta", SID_OPTION_FLOAT, "1", 1e-6, 1e6, NULL, "smooths the rate of first steps", AT(beta)},
    {"start", SID_OPTION_FLOAT, "0", 0, 1e6, NULL, "squared gradients a row begins with", AT(start)},
    GROUP("pull of a whole row to zero"),
};
static const sid_option adam_options[] = {
    RATE("0.001"),
    DECAY,
    {"beta1", SID_OPTION_FLOAT, "0.9", 0, 0.999999, NULL, "memory of gradients", AT(beta1)},
    {"beta2", SID_OPTION_FLOAT, "0.999", 0, 0.99999999, NULL, "memory of squared gradients", AT(beta2)},
    {"epsilon", SID_OPTION_FLOAT, "1e-8", 1e-30, 1, NULL, "added to the root", AT(epsilon)},
    {"row", SID_OPTION_FLAG, "false", 0, 0, NULL, "one mean squared gradient a row, not one an element", AT(row)},
};
#undef GROUP
#undef DECAY
#undef RATE
#undef AT

#define TABLE(list) .options = (list), .option_count = sizeof(list) / sizeof *(list)
static const sid__optimizer registry[] = {
    {.info = {.name = "adagrad",
              .summary = "steps shrink with the gradients a row has seen",
              .paper = "JMLR 12 (2011)",
              TABLE(adagrad_options)},
     .update = SID__ROW_ADAGRAD,
     .row_update = SID__ROW_ADAGRAD_ROW,
     .element_floats = 1,
     .row_form_floats = 1},
    {.info = {.name = "sgd", .summary = "plain gradient steps, no state", .paper = "", TABLE(sgd_options)},
     .update = SID__ROW_SGD},
    {.info = {.name = "ftrl",
              .summary = "follow the regularised leader: weights that are exactly zero",
              .paper = "KDD 2013, doi 10.1145/2487575.2488200",
              TABLE(ftrl_options)},
     .update = SID__ROW_FTRL,
     .element_floats = 2},
    {.info = {.name = "adam",
              .summary = "Adam that counts the steps of each row",
              .paper = "1412.6980",
              TABLE(adam_options)},
     .update = SID__ROW_ADAM,
     .row_update = SID__ROW_ADAM_ROW,
     .element_floats = 2,
     .row_floats = 1,
     .row_form_elements = 1,
     .row_form_floats = 2},
};
enum { REGISTRY_COUNT = sizeof registry / sizeof *registry };

int sid_table_optimizer_count(void)
{
    return REGISTRY_COUNT;
}

const sid_family *sid_table_optimizer(int index)
{
    return index >= 0 && index < REGISTRY_COUNT ? &registry[index].info : NULL;
}

static sid_status find(const char *name, const sid__optimizer **out, sid_error *err)
{
    const char *names[REGISTRY_COUNT];
    for (int i = 0; i < REGISTRY_COUNT; i++) {
        names[i] = registry[i].info.name;
        if (strcmp(name, names[i]) == 0) {
            *out = &registry[i];
            return SID_OK;
        }
    }
    const char *near = sid_closest(name, names, REGISTRY_COUNT);
    return sid__fail(err, SID_EUSAGE, "there is no optimizer \"%s\"%s%s%s; adagrad, sgd, ftrl and adam are known", name,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static sid_status set_option(void *user, const char *name, const char *value, sid_error *err)
{
    sid__rule *rule = user;
    const sid_family *family = &rule->optimizer->info;
    const char *names[16];
    bool is_known = false;
    SID_TRY(sid__options_set(family, &rule->options, name, value, &is_known, err));
    if (is_known)
        return SID_OK;
    for (int i = 0; i < family->option_count; i++)
        names[i] = family->options[i].name;
    const char *near = sid_closest(name, names, family->option_count);
    return sid__fail(err, SID_EUSAGE, "optimizer %s has no option \"%s\"%s%s%s", family->name, name,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

sid_status sid__rule_init(sid__isa isa, const char *name, const char *options, sid__rule *out, sid_error *err)
{
    sid__rule rule = {0};
    const sid__optimizer_options *o = &rule.options;
    SID_TRY(find(name ? name : "adagrad", &rule.optimizer, err));
    SID_TRY(sid__options_default(&rule.optimizer->info, &rule.options, err));
    if (options)
        SID_TRY(sid__options_split(options, set_option, &rule, err));
    rule.row = (sid__row_rule){.rate = (float)o->rate,
                               .decay = (float)o->decay,
                               .l1 = (float)o->l1,
                               .l2 = (float)o->l2,
                               .beta = (float)o->beta,
                               .group = (float)o->group,
                               .epsilon = (float)o->epsilon,
                               .beta1 = o->beta1,
                               .beta2 = o->beta2};
    rule.update = sid__row_update_for(isa, o->row ? rule.optimizer->row_update : rule.optimizer->update);
    *out = rule;
    return SID_OK;
}

int sid__rule_state_floats(const sid__rule *rule, int dim)
{
    const sid__optimizer *optimizer = rule->optimizer;
    return rule->options.row ? optimizer->row_form_elements * dim + optimizer->row_form_floats
                             : optimizer->element_floats * dim + optimizer->row_floats;
}

/* What ftrl's step would turn into w: its z, with |z| past l1, and past the group's pull along the row. */
static void start_ftrl(const sid__rule *rule, int dim, const float *w, float *z)
{
    double start = rule->options.start, norm = 0, keep = 1;
    double divisor = (rule->options.beta + sqrt(start)) / rule->options.rate + rule->options.l2;
    for (int d = 0; d < dim; d++) {
        norm += (double)w[d] * (double)w[d];
        z[dim + d] = (float)start;
    }
    norm = sqrt(norm) * divisor;
    if (rule->options.group > 0 && norm > 0)
        keep = (norm + rule->options.group * sqrt(dim)) / norm;
    for (int d = 0; d < dim; d++) {
        double l1 = w[d] > 0 ? rule->options.l1 : w[d] < 0 ? -rule->options.l1 : 0;
        z[d] = (float)(0 - (double)w[d] * divisor * keep - l1);
    }
}

void sid__rule_start(const sid__rule *rule, int dim, const float *w, float *state)
{
    int count = sid__rule_state_floats(rule, dim);
    if (rule->optimizer->update == SID__ROW_FTRL) {
        start_ftrl(rule, dim, w, state);
        return;
    }
    float start = rule->optimizer->update == SID__ROW_ADAGRAD ? (float)rule->options.start : 0.0F;
    for (int i = 0; i < count; i++)
        state[i] = start;
}

bool sid__rule_state_is_valid(const sid__rule *rule, int dim, const float *state)
{
    int count = sid__rule_state_floats(rule, dim);
    bool is_adam = rule->optimizer->update == SID__ROW_ADAM, is_adagrad = rule->optimizer->update == SID__ROW_ADAGRAD;
    int signed_count = is_adam || rule->optimizer->update == SID__ROW_FTRL ? dim : 0; /* z, m */
    for (int i = 0; i < count - is_adam; i++) /* adam's last are the bits of a count */
        if (!isfinite(state[i]) || (i >= signed_count && state[i] < 0) || (is_adagrad && state[i] <= 0))
            return false;
    return true;
}

sid_status sid__rule_text(const sid__rule *rule, sid__strbuf *out, sid_error *err)
{
    const sid_family *family = &rule->optimizer->info;
    char value[SID__OPTION_TEXT_SIZE];
    SID_TRY(sid__strbuf_printf(out, err, "%s", family->name));
    for (int i = 0; i < family->option_count; i++) {
        sid__option_text(&family->options[i], &rule->options, value);
        SID_TRY(sid__strbuf_printf(out, err, "%s%s=%s", i ? "," : " ", family->options[i].name, value));
    }
    return SID_OK;
}
