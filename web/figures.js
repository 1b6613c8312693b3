// figures.js: numbers and verdicts in words, and the colours that codes have in every drawing.

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function count(n) {
  return n === null || n === undefined ? 'n/a' : grouped.format(n);
}

// Three digits, as an eye compares them.
export function figure(n) {
  if (n === null || n === undefined) return 'n/a';
  return Math.abs(n) >= 1000 ? grouped.format(n) : String(Number(n.toPrecision(3)));
}

export function percent(n) {
  if (n === null || n === undefined) return 'n/a';
  if (n > 0 && n < 0.0005) return '< 0.1\u00a0%';
  const text = (100 * n).toFixed(Math.abs(n) < 0.1 || n > 0.99 ? 1 : 0);
  return `${text.replace(/\.0$/, '')}\u00a0%`;
}

export function plural(n, word, words) {
  return `${count(n)} ${n === 1 ? word : words || `${word}s`}`;
}

// The beginning of a text that is longer than people read in a list; whole characters only.
export function brief(text, max = 240) {
  if (text.length <= max) return text;
  const letters = Array.from(text.slice(0, 2 * max));
  return letters.length <= max ? text : `${letters.slice(0, max).join('').trimEnd()}…`;
}

// A shape beside the colour, for those who do not see colours and for paper.
export const verdictSign = { broken: '✕', look: '!', healthy: '✓', 'n/a': '–' };
export const verdictOrder = ['broken', 'look', 'healthy', 'n/a'];
export const verdictClass = { broken: 'broken', look: 'look', healthy: 'healthy', 'n/a': 'none' };

// What a figure is called, and what it says.
const checkWords = {
  unique_rate: ['Distinct SIDs', 'share of items with a SID of their own kind, before any added digit'],
  colliding_items_rate: ['Items that share a SID', 'with at least one other item'],
  largest_bucket: ['Largest bucket', 'items of one SID'],
  relative_mse: ['Error of the codes', 'share of the variance that the codes lose'],
  lcp_ratio: ['Common prefixes', 'true neighbours’ ÷ random pairs’'],
  used_rate: ['Codes used', 'share of the level’s codes with an item'],
  perplexity_rate: ['Evenness', 'perplexity ÷ codes: 1 when all codes hold the same'],
  gini: ['Inequality', 'Gini coefficient: 0 when all codes hold the same'],
  top_rate: ['Fullest code', 'share of the items that one code holds'],
  entropy_given_prefix: ['New information', 'nats that the level adds to the levels before it'],
  knn_lift: ['Neighbours together', 'true neighbours that share the prefix ÷ what chance gives'],
  ami: ['Agrees with the category', 'adjusted mutual information: 0 by chance'],
};

// "level.2.gini" to {level: 2, key: 'gini', title, what}.
export function checkName(name) {
  const parts = /^level\.(\d+)\.(.+)$/.exec(name);
  const key = parts ? parts[2] : name;
  const [title, what] = Object.hasOwn(checkWords, key) ? checkWords[key] : [key, ''];
  return { level: parts ? Number(parts[1]) : 0, key, title, what };
}

export function checkValue(key, value) {
  if (value === null) return 'n/a';
  if (/_rate$/.test(key) || key === 'relative_mse') return percent(value);
  return figure(value);
}

// Okabe and Ito's colours, told apart by nearly everybody; CSS lightens them in dark mode.
export const palette = 8;

// Colours a map as maps are: regions that touch differ. regions [{x, y}], largest first; gives a palette index each.
export function colourRegions(regions) {
  const compared = 600; // beyond, colours repeat in order
  const taken = [];
  return regions.map((region, i) => {
    if (i >= compared) return i % palette;
    let best = 0;
    let bestDistance = -1;
    for (let colour = 0; colour < palette; colour++) {
      let nearest = Infinity;
      for (const other of taken) {
        if (other.colour === colour) nearest = Math.min(nearest, (other.x - region.x) ** 2 + (other.y - region.y) ** 2);
      }
      if (nearest > bestDistance) { bestDistance = nearest; best = colour; }
      if (nearest === Infinity) break;
    }
    taken.push({ x: region.x, y: region.y, colour: best });
    return best;
  });
}

// "12-153" below "12": same codes, whole codes only.
export function isBelow(sid, prefix) {
  return prefix === '' || (sid.startsWith(prefix) && (sid.length === prefix.length || sid[prefix.length] === '-'));
}
