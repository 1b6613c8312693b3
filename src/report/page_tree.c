/* page_tree.c: the prefix tree as the page draws it: depth by depth, the fullest prefixes first, so many as people will
 * open and a page can hold. What a prefix has beyond its children shown is told by its counts.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/page.h"

enum { DEPTH_MAX = 4, LABEL_DEPTH = 2, CHILDREN_MAX = 1024, PAGE_OF_CHILDREN = 4096 };
/* Nodes of each depth. */
static const int64_t nodes_max[DEPTH_MAX] = {1024, 8000, 6000, 3000};

typedef struct tree_node {
    int64_t parent; /* -1: the root */
    int64_t items, prefixes;
    int depth;
    uint16_t codes[DEPTH_MAX];
} tree_node;

typedef struct tree_list {
    const sid__page_source *from;
    tree_node *node;
    int64_t count, capacity;
    sid_child *child; /* (child_count) of the prefix being opened */
    int64_t child_count, child_capacity;
} tree_list;

static int fullest_child_first(const void *a, const void *b)
{
    const sid_child *x = a, *y = b;
    if (x->items != y->items)
        return x->items > y->items ? -1 : 1;
    return x->code - y->code;
}

/* All children of a prefix, the fullest first. */
static sid_status read_children(tree_list *tree, const uint16_t *codes, int depth, sid_error *err)
{
    int64_t got = PAGE_OF_CHILDREN;
    tree->child_count = 0;
    for (int next = 0; got == PAGE_OF_CHILDREN;) {
        SID_TRY(sid__grow(&tree->child, &tree->child_capacity, tree->child_count + PAGE_OF_CHILDREN,
                          sizeof *tree->child, "the children of a prefix", err));
        got = sid_prefixes_children(tree->from->prefixes, codes, depth, next, PAGE_OF_CHILDREN,
                                    tree->child + tree->child_count);
        tree->child_count += got;
        if (got > 0)
            next = tree->child[tree->child_count - 1].code + 1;
    }
    qsort(tree->child, (size_t)tree->child_count, sizeof *tree->child, fullest_child_first);
    return SID_OK;
}

/* Appends the fullest children of node `parent` (-1: the root), at most `room`. */
static sid_status open_node(tree_list *tree, int64_t parent, int64_t room, sid_error *err)
{
    tree_node at = {.parent = parent};
    if (parent >= 0) {
        at = tree->node[parent];
        at.parent = parent;
    }
    SID_TRY(read_children(tree, at.codes, at.depth, err));
    room = room < CHILDREN_MAX ? room : CHILDREN_MAX;
    at.depth++;
    for (int64_t i = 0; i < tree->child_count && i < room; i++) {
        SID_TRY(sid__grow(&tree->node, &tree->capacity, tree->count + 1, sizeof *tree->node, "the prefix tree", err));
        at.codes[at.depth - 1] = tree->child[i].code;
        at.items = tree->child[i].items;
        at.prefixes = tree->child[i].prefixes;
        tree->node[tree->count++] = at;
    }
    return SID_OK;
}

typedef struct opening {
    int64_t items, node;
} opening;

static int fullest_first(const void *a, const void *b)
{
    const opening *x = a, *y = b;
    if (x->items != y->items)
        return x->items > y->items ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

/* Opens the nodes begin .. end-1, which are all of one depth, while there is room. */
static sid_status open_depth(tree_list *tree, int64_t begin, int64_t end, sid_error *err)
{
    opening *order = NULL;
    int64_t room = nodes_max[tree->node[begin].depth];
    SID_TRY(sid__alloc(&order, (size_t)(end - begin), sizeof *order, "the prefix tree", err));
    for (int64_t i = begin; i < end; i++)
        order[i - begin] = (opening){.items = tree->node[i].items, .node = i};
    qsort(order, (size_t)(end - begin), sizeof *order, fullest_first);
    sid_status status = SID_OK;
    int64_t before = tree->count;
    for (int64_t i = 0; i < end - begin && status == SID_OK; i++)
        if (order[i].items > 1 && tree->count - before < room)
            status = open_node(tree, order[i].node, room - (tree->count - before), err);
    sid__free(order);
    return status;
}

static sid_status grow_tree(tree_list *tree, sid_error *err)
{
    int depth_max = tree->from->info.levels < DEPTH_MAX ? tree->from->info.levels : DEPTH_MAX;
    int64_t begin = 0;
    SID_TRY(open_node(tree, -1, nodes_max[0], err));
    for (int depth = 1; depth < depth_max && begin < tree->count; depth++) {
        int64_t end = tree->count;
        SID_TRY(open_depth(tree, begin, end, err));
        begin = end;
    }
    return SID_OK;
}

static const sid_label *label_of(const sid_labels *labels, const tree_node *node)
{
    char prefix[SID_SID_TEXT_MAX];
    sid_format(node->codes, node->depth, prefix);
    return node->depth <= LABEL_DEPTH ? sid_labels_find(labels, prefix, node->depth) : NULL;
}

/* Words, and with a category the purity and what is commonest; what comes last may be left out. */
static void put_label(const sid_label *label, sid__page_text *to)
{
    bool has_purity = label && label->category;
    if (has_purity || (label && *label->words)) {
        sid__page_bytes(to, ",", 1);
        sid__page_string(to, label->words, SID__PAGE_LABEL_SIZE);
    }
    if (has_purity) {
        sid__page_bytes(to, ",", 1);
        sid__page_number(to, label->purity, 4);
        sid__page_bytes(to, ",", 1);
        sid__page_string(to, label->category, SID__PAGE_LABEL_SIZE);
    }
}

static void put_nodes(const tree_list *tree, const sid_labels *labels, sid__page_text *to)
{
    sid__page_part(to, SID__PAGE_TREE_SIZE);
    for (int64_t i = 0; i < tree->count; i++) {
        const tree_node *node = &tree->node[i];
        sid__page_row_begin(to, i);
        sid__page_printf(to, "[%" PRId64 ",%d,%" PRId64 ",%" PRId64, node->parent, node->codes[node->depth - 1],
                         node->items, node->prefixes);
        put_label(label_of(labels, node), to);
        sid__page_bytes(to, "]", 1);
        if (!sid__page_row_end(to))
            return;
    }
}

void sid__page_tree(const sid__page_source *from, sid__page_text *to)
{
    tree_list tree = {.from = from};
    sid_labels labels = {0};
    sid_label_options options = {.depth = from->info.levels < LABEL_DEPTH ? from->info.levels : LABEL_DEPTH,
                                 .category = from->options->category,
                                 .category_separator = from->options->category_separator};
    sid__page_bytes(to, "[", 1);
    if (to->status == SID_OK && from->info.ordered) {
        to->status = grow_tree(&tree, to->err);
        if (to->status == SID_OK)
            to->status = sid_catalog_labels(from->catalog, &options, &labels, to->err);
        if (to->status == SID_OK)
            put_nodes(&tree, &labels, to);
    }
    sid__page_bytes(to, "]", 1);
    sid_labels_drop(&labels);
    sid__free(tree.node);
    sid__free(tree.child);
}
