// view_encode.js: what SID a text or a vector gets, code by code, and which items stand near it.

import { h, section } from './dom.js';
import { count, figure, plural } from './figures.js';
import { bodyMembers, Problem } from './api.js';
import { chips, distanceColumn, field, fillWith, form, hitTable, href, sharedColumn, sidLinks } from './parts.js';

const nearest = 20;

// "0.1, 0.2 …", with or without brackets; a sentence when it is no vector of this catalogue.
export function readVector(text, dim) {
  const parts = text.replace(/[[\]]/g, ' ').split(/[\s,;]+/).filter(Boolean);
  const wrong = parts.findIndex((part) => !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part));
  if (wrong >= 0) throw new Problem(`Number ${count(wrong + 1)} of the vector is “${parts[wrong].slice(0, 40)}”; a number is expected.`);
  if (parts.length !== dim) throw new Problem(`${plural(parts.length, 'number')} ${parts.length === 1 ? 'is' : 'are'} there; this catalogue takes ${count(dim)}.`);
  return parts.map(Number);
}

// The codes that the nearest items have at a level, beside the one chosen: [[code, items]], the most first.
function otherCodes(near, depth, codes) {
  const parent = codes.slice(0, depth).join('-');
  const times = new Map();
  for (const { sid } of near) {
    const at = sid.split('-');
    if (at.slice(0, depth).join('-') === parent && Number(at[depth]) !== codes[depth]) times.set(at[depth], (times.get(at[depth]) || 0) + 1);
  }
  return [...times].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}

function marginWords(margin) {
  if (!margin) return null;
  const gap = margin.gap < 0 ? `${figure(-margin.gap)} nearer` : `${figure(margin.gap)} further`;
  return h('p', null, `runner-up ${margin.runner_up} is ${gap}; residual ${figure(margin.residual)}`);
}

// The prefixes of the codes, as far as there are items below them.
async function nodesOf(source, info, codes) {
  const nodes = [];
  for (let depth = 1; depth <= codes.length && info.ordered; depth++) {
    const node = await source.node(codes.slice(0, depth).join('-'));
    if (!node) break;
    nodes.push(node);
  }
  return nodes;
}

function step(info, result, near, node, depth) {
  const prefix = result.codes.slice(0, depth + 1).join('-');
  const others = otherCodes(near, depth, result.codes).slice(0, 4);
  const sharing = near.filter((hit) => hit.shared > depth).length;
  return h('li', null, h('p', null, `level ${depth + 1}`),
    h('p', { class: 'code mono' }, node ? h('a', { href: href('prefix', prefix) }, result.codes[depth]) : result.codes[depth]),
    info.ordered && h('p', null, node ? `${plural(node.items, 'item')} below ${prefix}` : `no item is below ${prefix}`),
    node && node.label && chips(node.label.split(', ')),
    marginWords(result.margins && result.margins[depth]),
    near.length > 0 && info.ordered && h('p', null, `${count(sharing)} of the ${count(near.length)} nearest share it`,
      others.length > 0 && ['; others have ', others.map(([code, times], i) => [i > 0 && ', ', h('b', { class: 'mono' }, code), times > 1 && ` (${times})`])]));
}

async function drawAnswer(context, query) {
  const { ask, source, info } = context;
  const members = await bodyMembers(ask, '/v1/encode');
  const body = { items: [query], ...(members.whole.margins ? { margins: true } : {}) };
  const [{ results: [result] }, { results: near }] = await Promise.all([ask('/v1/encode', body), ask('/v1/neighbors', { ...query, k: nearest })]);
  const nodes = await nodesOf(source, info, result.codes);
  const steps = result.codes.map((_, depth) => step(info, result, near, nodes[depth], depth));
  return [h('p', { class: 'prefix-head' }, 'SID ', h('b', null, sidLinks(result.sid))),
    result.state === 'no_text' && h('p', { class: 'advice' }, 'No word of this text is known to the encoder, so the SID says nothing.'),
    h('ol', { class: 'steps' }, steps),
    h('h3', { class: 'list-title' }, 'Nearest items'), hitTable('nearest items', near, [sharedColumn, distanceColumn])];
}

export async function draw(context, kind = '', text = '') {
  const { info } = context;
  const takesText = Boolean(info.encoder);
  const isVector = kind === 'vector' || !takesText;
  const area = h('textarea', { spellcheck: 'false', placeholder: isVector ? '0.12, -0.5, …' : 'red lipstick, matte' });
  area.value = isVector ? '' : text;
  const host = h('div', { 'aria-live': 'polite' });
  const run = () => fillWith(host, async () => {
    const words = area.value.trim();
    if (words === '') throw new Problem(isVector ? 'Paste a vector first.' : 'Type a text first.');
    if (!isVector) context.stay('encode', 'text', words);
    return drawAnswer(context, isVector ? { vector: readVector(words, info.dim) } : { text: words });
  });
  if (area.value) run();
  else host.append(h('p', { class: 'empty' }, 'Here comes the SID, code by code: what each prefix is about, which other code nearly won, and the items nearest by.'));
  const hint = takesText ? null : `This catalogue was made of vectors and has no text encoder, so it takes ${plural(info.dim, 'number')}.`;
  const wide = field(isVector ? `A vector of ${count(info.dim)} numbers` : 'A text', area, hint);
  wide.classList.add('wide');
  return section('encode', 'Encode', 'Which SID would this get, and what stands near it? Nothing is stored.',
    takesText && h('nav', { class: 'tabs', 'aria-label': 'What to encode' }, [['text', 'a text'], ['vector', 'a vector']].map(([name, title]) => h('a', { href: href('encode', name), 'aria-current': (name === 'vector') === isVector ? 'true' : null }, title))),
    form('Encode', run, wide, h('button', { type: 'submit' }, 'Encode')), host);
}
