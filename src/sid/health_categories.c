/* health_categories.c: do prefixes stand for what people call a category? Purity, NMI and AMI of the prefixes of d codes
 * with the first d parts of the category paths (spec/quantizers.md §5), after the parts that all paths share: where every
 * path begins with "Beauty", that is no category. Items without a category are left out.
 */
#include "base/philox.h"
#include "sid/code_order.h"
#include "sid/health.h"
#include "sid/partition.h"

typedef struct parts {
    int32_t *prefix, *category, *shuffled; /* (count) */
    int64_t prefixes;
    int common; /* parts that all category paths share */
} parts;

static void fill_prefixes(const sid__code_order *by, int depth, parts *p)
{
    p->prefixes = 0;
    for (int64_t begin = 0, end; begin < by->count; begin = end, p->prefixes++) {
        end = sid__code_order_run(by, begin, depth);
        for (int64_t place = begin; place < end; place++)
            p->prefix[by->order[place]] = (int32_t)p->prefixes;
    }
}

/* Fisher and Yates, by counted draws; items without a category are shuffled too, so that as many are left out. */
static void shuffle(uint64_t seed, int32_t *part, int64_t count)
{
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t j = (int64_t)sid__philox_below(seed, SID__STREAM_SHUFFLE, (uint64_t)i, (uint64_t)i + 1);
        int32_t other = part[j];
        part[j] = part[i];
        part[i] = other;
    }
}

static sid_status fill_level(const sid__health_input *in, const sid__categories *c, const sid__code_order *by, parts *p,
                             sid_level_report *level, sid_error *err)
{
    sid__agreement real, by_chance;
    fill_prefixes(by, level->index, p);
    for (int64_t i = 0; i < in->count; i++)
        p->category[i] = p->shuffled[i] = sid__categories_at(c, c->item[i], p->common + level->index);
    shuffle(in->seed, p->shuffled, in->count);
    SID_TRY(sid__agreement_find(p->prefix, p->prefixes, p->category, c->count, in->count, &real, err));
    SID_TRY(sid__agreement_find(p->prefix, p->prefixes, p->shuffled, c->count, in->count, &by_chance, err));
    level->purity = real.purity;
    level->purity_shuffled = by_chance.purity;
    level->nmi = real.nmi;
    level->ami = real.ami;
    return SID_OK;
}

sid_status sid__health_categories(const sid__health_input *in, const sid__categories *categories, sid_report *report,
                                  sid_error *err)
{
    sid__code_order by = {0};
    parts p = {.common = sid__categories_common(categories)};
    if (in->quantizer && !in->quantizer->family->is_ordered)
        return SID_OK;
    sid_status status = sid__code_order_create(in->codes, in->count, in->levels, &by, err);
    if (status == SID_OK)
        status = sid__alloc(&p.prefix, (size_t)in->count, sizeof *p.prefix, "parts", err);
    if (status == SID_OK)
        status = sid__alloc(&p.category, (size_t)in->count, sizeof *p.category, "parts", err);
    if (status == SID_OK)
        status = sid__alloc(&p.shuffled, (size_t)in->count, sizeof *p.shuffled, "parts", err);
    for (int l = 0; l < in->levels && status == SID_OK; l++)
        status = fill_level(in, categories, &by, &p, &report->level[l], err);
    sid__free(p.prefix);
    sid__free(p.category);
    sid__free(p.shuffled);
    sid__code_order_free(&by);
    return status;
}
