// source.js: where drawings get their data. This one reads what stands in the page itself; one that asks a server gives
// the same answers, so that the drawings do not know the difference. All answers are promises.

import { isBelow } from './figures.js';

// Nodes as the page lists them, [parent, code, items, prefixes, label, purity, category], become a tree by prefix.
function readTree(rows) {
  const nodes = rows.map(([parent, code, items, prefixes, label, purity, category]) => ({ parent, code, items, prefixes, label: label || '', purity, category, children: [] }));
  const top = [];
  for (const node of nodes) {
    const parent = node.parent < 0 ? null : nodes[node.parent];
    node.prefix = parent ? `${parent.prefix}-${node.code}` : String(node.code);
    node.depth = parent ? parent.depth + 1 : 1;
    (parent ? parent.children : top).push(node);
  }
  return { top, byPrefix: new Map(nodes.map((node) => [node.prefix, node])) };
}

export function pageSource(element) {
  const data = JSON.parse(element.textContent);
  const tree = readTree(data.tree);
  const items = data.map.items.map(([id, sid, title, x, y, added]) => ({ id, sid, title, x, y, added: added === 1 }));
  return {
    async info() {
      return { name: data.name, semid: data.semid, ordered: data.ordered, hasVectors: data.has_vectors, encoder: data.encoder, category: data.category };
    },
    async report() {
      const { report } = data;
      report.checks.forEach((check, i) => { [check.healthy, check.look, check.isAtLeast] = data.limits[i]; });
      return report;
    },
    // {bin, bars: items of codes by falling use, top: [[code, items]]}
    async levels() {
      return data.levels;
    },
    async buckets() {
      return data.buckets;
    },
    async map() {
      return { ...data.map, items };
    },
    // {nodes, prefixes, items}: the children of a prefix that are here, and how many there are in all
    async children(prefix) {
      const node = tree.byPrefix.get(prefix);
      if (prefix !== '' && !node) return { nodes: [], prefixes: 0, items: 0 };
      return node ? { nodes: node.children, prefixes: node.prefixes, items: node.items }
        : { nodes: tree.top, prefixes: data.report.level[0].prefixes, items: data.report.items };
    },
    async node(prefix) {
      return tree.byPrefix.get(prefix) || null;
    },
    // Items below a prefix, of those in the page
    async items(prefix, max) {
      const found = [];
      for (const item of items) {
        if (isBelow(item.sid, prefix)) found.push(item);
        if (found.length === max) break;
      }
      return found;
    },
    async added() {
      return data.added.map(([id, sid, title]) => ({ id, sid, title }));
    },
  };
}
