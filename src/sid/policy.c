/* policy.c: the table of collision policies, their options, and which kind of digit each gives. */
#include "sid/policy.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sid/policy_move.h"

#define AT(field) offsetof(sid__policy_options, field)
#define OPTION_DUPLICATES                                                                                              \
    {                                                                                                                  \
        "duplicates", SID_OPTION_CHOICE, "keep", 0, 0, "keep|merge|error",                                             \
            "items of equal vectors: each for itself, one SID for all of them, or refuse them", AT(duplicates)         \
    }
#define OPTION_OVERFLOW(choices, help)                                                                                 \
    {                                                                                                                  \
        "overflow", SID_OPTION_CHOICE, "error", 0, 0, choices, help, AT(overflow)                                      \
    }
static const char overflow_digits[] = "an item for which no digit is left: refuse it, or the best free SID of 32";
static const char overflow_codes[] =
    "an item for which no last code is left: refuse it, take the best free SID of 32, or add a digit";

static const sid_option keep_options[] = {OPTION_DUPLICATES};
static const sid_option suffix_options[] = {OPTION_DUPLICATES, OPTION_OVERFLOW("error|beam", overflow_digits)};
static const sid_option digit_options[] = {
    {"style", SID_OPTION_CHOICE, "tiger", 0, 0, "tiger|grid", "all get 0..n-1; or 0 if alone, else 1..n", AT(style)},
    OPTION_DUPLICATES,
    OPTION_OVERFLOW("error|beam", overflow_digits)};
static const sid_option reassign_options[] = {OPTION_DUPLICATES, OPTION_OVERFLOW("error|beam|digit", overflow_codes)};
/* Below .003 e^(-2 / epsilon), the least weight, leaves the range of double. */
static const sid_option sinkhorn_options[] = {
    {"epsilon", SID_OPTION_FLOAT, "0.003", 0.003, 1000, NULL, "how soft the transport is", AT(epsilon)},
    {"then", SID_OPTION_CHOICE, "keep", 0, 0, "keep|digit|suffix|reassign",
     "what happens to items that still share a SID", AT(then)},
    OPTION_DUPLICATES,
    OPTION_OVERFLOW("error|beam|digit", overflow_codes)};
static const sid_option capacity_options[] = {
    {"cap", SID_OPTION_INT, "5", 1, 1e9, NULL, "items that one SID holds at most", AT(cap)},
    OPTION_DUPLICATES,
    OPTION_OVERFLOW("error|beam|digit", overflow_codes)};
#undef AT

#define OPTIONS(table) .options = (table), .option_count = sizeof(table) / sizeof *(table)
static const sid__policy_class keep = {
    .info = {.name = "keep", .summary = "items may share a SID", .paper = "", OPTIONS(keep_options)},
    .room = INT64_MAX};
static const sid__policy_class digit = {
    .info = {.name = "digit",
             .summary = "every item gets one more code, which counts the members of its bucket",
             .paper = "TIGER, arXiv 2305.05065; GRID, arXiv 2507.22224",
             OPTIONS(digit_options)},
    .room = 1};
static const sid__policy_class suffix = {
    .info = {.name = "suffix",
             .summary = "the first item of a bucket stays as it is, the others get one more code, 1 to n-1",
             .paper = "",
             OPTIONS(suffix_options)},
    .room = 1};
static const sid__policy_class reassign = {
    .info = {.name = "reassign",
             .summary = "as few items as possible move to another last code, at least cost",
             .paper = "arXiv 2605.25330",
             OPTIONS(reassign_options)},
    .move = sid__move_reassign,
    .room = 1};
static const sid__policy_class sinkhorn = {
    .info = {.name = "sinkhorn",
             .summary = "items of a bucket are spread over the last codes by optimal transport",
             .paper = "LC-Rec, arXiv 2311.09049",
             OPTIONS(sinkhorn_options)},
    .move = sid__move_sinkhorn,
    .room = 1};
static const sid__policy_class capacity = {
    .info = {.name = "capacity",
             .summary = "a SID holds at most cap items; the farthest go to the nearest last code with room",
             .paper = "",
             OPTIONS(capacity_options)},
    .move = sid__move_capacity,
    .room = 0};

const sid__policy_class *const sid__policy_table[] = {&keep, &digit, &suffix, &reassign, &sinkhorn, &capacity};
enum { POLICY_COUNT = sizeof sid__policy_table / sizeof *sid__policy_table };
const int sid__policy_count = POLICY_COUNT;

int sid_policy_family_count(void)
{
    return sid__policy_count;
}

const sid_family *sid_policy_family(int index)
{
    return index >= 0 && index < sid__policy_count ? &sid__policy_table[index]->info : NULL;
}

/* ---- Finding and reading ------------------------------------------------------------------------------------------ */

static sid_status fail_unknown(sid_error *err, const char *name)
{
    const char *names[POLICY_COUNT];
    char list[128] = "";
    int length = 0;
    for (int i = 0; i < POLICY_COUNT; i++) {
        names[i] = sid__policy_table[i]->info.name;
        length += snprintf(list + length, sizeof list - (size_t)length, "%s%s", i ? ", " : "", names[i]);
        assert(length < (int)sizeof list);
    }
    const char *near = sid_closest(name, names, POLICY_COUNT);
    return sid__fail(err, SID_EUSAGE, "collision policy \"%.60s\" is not known; %s%s%sthere are: %s", name,
                     near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "", list);
}

static sid_status find_class(const char *name, const sid__policy_class **out, sid_error *err)
{
    for (int i = 0; i < POLICY_COUNT; i++) {
        if (strcmp(sid__policy_table[i]->info.name, name) == 0) {
            *out = sid__policy_table[i];
            return SID_OK;
        }
    }
    return fail_unknown(err, name);
}

static sid_status set_option(void *user, const char *name, const char *value, sid_error *err)
{
    sid__policy *policy = user;
    const sid_family *info = &policy->class->info;
    const char *names[16];
    bool is_known = false;
    SID_TRY(sid__options_set(info, &policy->options, name, value, &is_known, err));
    if (is_known)
        return SID_OK;
    for (int i = 0; i < info->option_count; i++)
        names[i] = info->options[i].name;
    const char *near = sid_closest(name, names, info->option_count);
    return sid__fail(err, SID_EUSAGE, "collision policy %s has no option \"%.60s\"%s%s%s", info->name, name,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* A style that the policy does not have would be ignored silently; the default style is accepted everywhere. */
static sid_status set_style(sid__policy *policy, const char *style, sid_error *err)
{
    static const char *const styles[] = {"tiger", "grid"};
    if (!style || !*style)
        return SID_OK;
    if (strcmp(style, "tiger") != 0 && strcmp(style, "grid") != 0) {
        const char *near = sid_closest(style, styles, 2);
        return sid__fail(err, SID_EUSAGE, "digit style \"%.60s\" is not known; %s%s%sthere are: tiger, grid", style,
                         near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "");
    }
    if (policy->class == &digit)
        return set_option(policy, "style", style, err);
    if (strcmp(style, "tiger") == 0)
        return SID_OK;
    return sid__fail(err, SID_EUSAGE,
                     "digit style \"%s\" needs collisions \"digit\", but they are \"%s\"; leave one of them out", style,
                     policy->class->info.name);
}

static sid__digits digits_of(const sid__policy *policy)
{
    bool is_overflow = policy->options.overflow == SID__OVERFLOW_DIGIT;
    if (policy->class == &digit)
        return policy->options.style == SID__STYLE_GRID ? SID__DIGITS_GRID : SID__DIGITS_TIGER;
    if (policy->class == &suffix)
        return SID__DIGITS_SUFFIX;
    if (policy->class == &sinkhorn && policy->options.then == SID__THEN_DIGIT)
        return SID__DIGITS_TIGER;
    if (policy->class == &sinkhorn && policy->options.then == SID__THEN_SUFFIX)
        return SID__DIGITS_SUFFIX;
    if (policy->class == &sinkhorn && policy->options.then == SID__THEN_KEEP && is_overflow)
        return SID__DIGITS_LATER;
    return is_overflow ? SID__DIGITS_SUFFIX : SID__DIGITS_NONE;
}

sid_status sid__policy_create(const char *name, const char *style, const char *options, sid__policy *out,
                              sid_error *err)
{
    sid__policy policy = {0};
    SID_TRY(find_class(name ? name : "keep", &policy.class, err));
    SID_TRY(sid__options_default(&policy.class->info, &policy.options, err));
    SID_TRY(set_style(&policy, style, err));
    SID_TRY(sid__options_split(options, set_option, &policy, err));
    policy.digits = digits_of(&policy);
    policy.room = policy.class->room ? policy.class->room : policy.options.cap;
    *out = policy;
    return SID_OK;
}

/* ---- What a policy says of itself --------------------------------------------------------------------------------- */

const char *sid__policy_style(const sid__policy *policy)
{
    if (policy->class != &digit)
        return "";
    return policy->options.style == SID__STYLE_GRID ? "grid" : "tiger";
}

sid_status sid__policy_options_text(const sid__policy *policy, sid__strbuf *out, sid_error *err)
{
    char text[SID__OPTION_TEXT_SIZE];
    SID_TRY(sid__strbuf_append(out, "", 0, err));
    for (int i = 0; i < policy->class->info.option_count; i++) {
        const sid_option *option = &policy->class->info.options[i];
        sid__option_text(option, &policy->options, text);
        if (strcmp(option->name, "style") != 0 && strcmp(text, option->default_text) != 0)
            SID_TRY(sid__strbuf_printf(out, err, "%s%s=%s", out->length ? "," : "", option->name, text));
    }
    return SID_OK;
}

const char *sid__policy_digit_name(const sid__policy *policy)
{
    if (policy->digits == SID__DIGITS_NONE)
        return NULL;
    return policy->class == &suffix || policy->options.then == SID__THEN_SUFFIX ? "suffix" : "digit";
}
