// server_source.js: what drawings get their data from, as source.js of the page is, by asking the server. Answers of GET
// are kept until drop(): what is drawn together belongs together.

const pagePrefixes = 1000; // the most that the server gives at once
const fullRound = 4; // pages of one level that a treemap takes

const barsMax = 512;

// Codes by falling use as bars; more than barsMax share bars evenly.
function barsOf(codes) {
  const bin = Math.ceil(codes.length / barsMax);
  const bars = [];
  for (let at = 0; at < codes.length; at += bin) {
    const part = codes.slice(at, at + bin);
    bars.push(part.reduce((sum, code) => sum + code.items, 0) / part.length);
  }
  return { bin, bars, top: codes.slice(0, bars.length).map(({ code, items }) => [code, items]) };
}

export function serverSource(ask) {
  const kept = new Map();
  const known = new Map(); // prefix -> node, of all pages seen
  const get = (path) => {
    if (!kept.has(path)) {
      const answer = ask(path);
      kept.set(path, answer);
      answer.catch(() => kept.delete(path));
    }
    return kept.get(path);
  };
  // A page of the prefixes one code below, by code: {nodes, next}
  const prefixes = async (prefix, from = 0, max = pagePrefixes) => {
    const tree = await get(`/v1/tree?prefix=${prefix}&limit=${max}&from=${from}`);
    const nodes = tree.children.map(({ code, items, prefixes: below, label, purity, category }) => ({ code, items, prefixes: below, label: label || '', purity, category,
      prefix: prefix === '' ? String(code) : `${prefix}-${code}`, children: [] }));
    nodes.forEach((node) => known.set(node.prefix, node));
    return { items: tree.items, next: tree.next, nodes };
  };
  const source = {
    get,
    prefixes,
    drop() {
      kept.clear();
      known.clear();
    },
    async info() {
      const { semid, catalog, model, limits } = await get('/v1/info');
      return { ...catalog, semid, model, limits, hasVectors: null };
    },
    async report() {
      const answer = await get('/v1/report');
      const { report } = answer;
      (answer.limits || []).forEach(([healthy, look, isAtLeast], i) => Object.assign(report.checks[i], { healthy, look, isAtLeast }));
      return report;
    },
    async level(index) {
      return get(`/v1/level/${index}`);
    },
    async levels() {
      const report = await source.report();
      const all = await Promise.all(report.level.slice(0, 16).map((level) => source.level(level.index)));
      return all.map((level) => barsOf(level.codes));
    },
    // A page of the buckets
    async collisions(cursor) {
      return get(`/v1/collisions?limit=20${cursor ? `&cursor=${cursor}` : ''}`);
    },
    async buckets() {
      const answer = await source.collisions('');
      return { by_size: answer.by_size || null, resolved_by: answer.buckets.length ? answer.buckets[0].resolved_by : null };
    },
    // Root mean square distance of the items to their mean: the report knows the error whole and as a share of its square.
    async spread() {
      const { mse, relative_mse: share } = await source.report();
      return mse > 0 && share > 0 ? Math.sqrt(mse / share) : null;
    },
    async map(prefix = '') {
      const answer = await get(`/v1/map?limit=10000${prefix ? `&prefix=${prefix}` : ''}`);
      return { of: answer.of, share: answer.share, is_decoded: answer.decoded,
        items: answer.points.map((point) => ({ id: point.item_id, sid: point.sid, title: point.title, x: point.x, y: point.y, added: false })) };
    },
    // {nodes, prefixes, items}: largest first
    async children(prefix) {
      const nodes = [];
      let page = { next: 0, items: 0 };
      for (let round = 0; round < fullRound && page.next !== null; round++) {
        page = await prefixes(prefix, page.next);
        nodes.push(...page.nodes);
      }
      const node = prefix === '' ? null : await source.node(prefix);
      const all = page.next === null || !node ? nodes.length : node.prefixes;
      return { nodes: nodes.sort((a, b) => b.items - a.items || a.code - b.code), prefixes: Math.max(all, nodes.length), items: page.items };
    },
    async node(prefix) {
      if (!known.has(prefix)) {
        const cut = prefix.lastIndexOf('-');
        await prefixes(cut < 0 ? '' : prefix.slice(0, cut), Number(prefix.slice(cut + 1)), 1);
      }
      return known.get(prefix) || null;
    },
    // A page of the items below a prefix
    async page(prefix, cursor, limit = 100) {
      return get(`/v1/prefix/${prefix}?limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`);
    },
    async item(id) {
      return get(`/v1/items/${encodeURIComponent(id)}`);
    },
    async added() {
      return [];
    },
  };
  return source;
}
