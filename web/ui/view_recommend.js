// view_recommend.js: a history, oldest first, and what the model says comes next. The history stands in the address.

import { h, section } from './dom.js';
import { count, figure, plural } from './figures.js';
import { Problem } from './api.js';
import { drawBeams } from './beams.js';
import { field, fillWith, form, hitTable, itemLink, readPrefix, sidLinks } from './parts.js';

const found = 12;
const randomItems = 5;

const listOf = (text) => text.split(/[\s,]+/).filter(Boolean);

// ---- Which items to pick from ------------------------------------------------------------------------------------------

const ways = {
  async id({ source }, text) {
    const item = await source.item(text);
    return [{ item_id: item.item_id, sid: item.sid, title: item.title }];
  },
  async prefix({ source }, text) {
    const prefix = readPrefix(text);
    if (prefix === null) throw new Problem('A prefix is codes with dashes between, as 12 or 12-153.');
    return (await source.page(prefix, '', found)).items;
  },
  async words({ ask }, text) {
    return (await ask('/v1/neighbors', { text, k: found })).results;
  },
};

// Items anywhere in the catalogue, each as likely as any other.
async function drawLots({ source, info }) {
  const { nodes } = await source.prefixes('');
  const pick = async () => {
    let at = Math.floor(Math.random() * nodes.reduce((sum, node) => sum + node.items, 0));
    const node = nodes.find((each) => { at -= each.items; return at < 0; });
    return (await source.page(node.prefix, String(node.items + at), 1)).items[0];
  };
  return Promise.all(Array.from({ length: Math.min(randomItems, info.items) }, pick));
}

function picker(context, add) {
  const { info } = context;
  const how = h('select', null, [info.encoder && ['words', 'words of the title'], ['id', 'item id'], info.ordered && ['prefix', 'SID or prefix']]
    .filter(Boolean).map(([value, name]) => h('option', { value }, name)));
  const input = h('input', { type: 'text', spellcheck: 'false' });
  const host = h('div', { 'aria-live': 'polite' });
  const list = (hits) => hitTable('items to add', hits, [], (hit) => h('button', { type: 'button', onclick: () => add(hit), 'aria-label': `add ${hit.item_id}` }, 'add'));
  const look = () => fillWith(host, async () => {
    const text = input.value.trim();
    if (text === '') throw new Problem('Type what to look for first.');
    const hits = await ways[how.value](context, text);
    return hits.length ? list(hits) : h('p', { class: 'empty' }, 'Nothing was found.');
  });
  const grow = field('Find items', input);
  grow.classList.add('grow');
  return h('div', null, form('Find items', look, field('by', how), grow, h('button', { type: 'submit' }, 'Find'),
    info.ordered && h('button', { type: 'button', onclick: () => fillWith(host, async () => list(await drawLots(context))) }, 'Some random items')), host);
}

// ---- What is asked -----------------------------------------------------------------------------------------------------

function filterFields() {
  const within = h('input', { type: 'text', placeholder: '12, 40-7', spellcheck: 'false' });
  const without = h('input', { type: 'text', placeholder: '3', spellcheck: 'false' });
  const exclude = h('input', { type: 'text', spellcheck: 'false' });
  const where = h('input', { type: 'text', placeholder: 'brand=OPI', spellcheck: 'false' });
  const read = () => {
    const filter = {};
    for (const [name, input] of [['within', within], ['without', without], ['exclude', exclude]]) {
      if (listOf(input.value).length) filter[name] = listOf(input.value);
    }
    for (const part of where.value.split(';').filter((each) => each.trim() !== '')) {
      const [, column, value] = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/.exec(part) || [];
      if (!column) throw new Problem(`“${part.trim()}” is no condition; column=value is expected.`);
      filter.where = filter.where || {};
      filter.where[column] = [...(filter.where[column] || []), value];
    }
    return Object.keys(filter).length ? { filter } : {};
  };
  const box = h('details', null, h('summary', null, 'Filters'), h('div', null, field('Only below these prefixes', within), field('Not below these', without),
    field('Not these items', exclude, 'ids'), field('Only where', where, 'column=value; column=value')));
  return { box, read };
}

function drawResults(answer, tookMs, of) {
  const scores = answer.results.map((hit) => hit.score).filter((score) => score !== null);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const part = (score) => (high > low ? 0.05 + (0.95 * (score - low)) / (high - low) : 1);
  const firsts = new Map();
  for (const { sid } of answer.results) if (sid) firsts.set(sid.split('-', 1)[0], (firsts.get(sid.split('-', 1)[0]) || 0) + 1);
  const spread = [...firsts].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([code, times]) => `${code} (${times})`).join(', ');
  return [h('p', { role: 'status' }, `${plural(answer.results.length, 'item')} in ${figure(tookMs)} ms, from the question to the answer read.`,
    answer.unknown > 0 && ` The model does not know ${count(answer.unknown)} of the ${count(of)} items of the history.`,
    answer.exact === true && ' The search was exact.', spread && ` First codes: ${spread}.`),
  hitTable('recommended items', answer.results, [{ name: 'score', cell: (hit) => [hit.score !== null && h('i', { class: 'score', 'aria-hidden': 'true', vars: { '--part': part(hit.score).toFixed(3) } }), figure(hit.score)] }])];
}

// ---- The view ----------------------------------------------------------------------------------------------------------

class Playground {
  constructor(context, ids) {
    this.context = context;
    this.history = ids.map((id) => ({ item_id: id, sid: '', title: '' }));
    this.list = h('ol', { class: 'history' });
    this.host = h('div', { 'aria-live': 'polite' });
    this.trouble = h('p', { class: 'empty' });
    this.k = h('input', { type: 'number', min: 1, max: 1000, value: 10 });
    this.beam = h('input', { type: 'number', min: 0, max: 1000, value: 0 });
    this.keep = h('input', { type: 'checkbox', id: 'keep-history' });
    this.trace = h('input', { type: 'checkbox', id: 'show-search', checked: true });
    this.filter = filterFields();
  }

  // Titles of a history that came with the address.
  async fillIn() {
    await Promise.all(this.history.map(async (row) => {
      try {
        const { sid, title } = await this.context.source.item(row.item_id);
        Object.assign(row, { sid, title });
      } catch (error) {
        row.title = error.message;
      }
    }));
    this.draw();
  }

  change(next) {
    this.history = next;
    this.context.stay('recommend', ...next.map((row) => row.item_id));
    this.draw();
    if (next.length) this.run();
    else this.host.replaceChildren();
  }

  add(hit) {
    this.change([...this.history, hit]);
  }

  move(at, to) {
    const next = [...this.history];
    next.splice(to, 0, ...next.splice(at, 1));
    this.change(next);
  }

  draw() {
    const button = (name, words, act, isOff) => h('button', { type: 'button', 'aria-label': words, title: words, onclick: act, disabled: isOff }, name);
    this.trouble.textContent = this.history.length ? '' : 'The history is empty: find an item below and add it.';
    this.list.replaceChildren(...this.history.map((row, i) => h('li', null, itemLink(row.item_id), row.sid && sidLinks(row.sid), h('span', { class: 'words' }, row.title),
      button('↑', `${row.item_id} earlier`, () => this.move(i, i - 1), i === 0),
      button('↓', `${row.item_id} later`, () => this.move(i, i + 1), i === this.history.length - 1),
      button('✕', `remove ${row.item_id}`, () => this.change(this.history.filter((_, at) => at !== i))))));
  }

  run() {
    return fillWith(this.host, async () => {
      if (!this.history.length) throw new Problem('Add an item to the history first.');
      const body = { history: this.history.map((row) => row.item_id), k: Number(this.k.value), ...(Number(this.beam.value) ? { beam: Number(this.beam.value) } : {}),
        ...(this.keep.checked ? { keep_history: true } : {}), ...(this.trace.checked ? { trace: true } : {}), ...this.filter.read() };
      const begin = performance.now();
      const answer = await this.context.ask('/v1/recommend', body);
      const tookMs = performance.now() - begin;
      return [drawResults(answer, tookMs, body.history.length), await drawBeams(this.context.source, answer.trace, this.context.info.model)];
    });
  }
}

export async function draw(context, ...ids) {
  const { info } = context;
  const title = 'Recommend';
  if (!info.model) {
    return section('recommend', title, null, h('p', { class: 'empty' }, 'No model is loaded. Start the server with ', h('code', null, 'semid serve CATALOG --model MODEL'), ' to ask one what comes next.'));
  }
  const playground = new Playground(context, ids.filter(Boolean));
  playground.draw();
  if (playground.history.length) {
    playground.fillIn();
    playground.run();
  }
  const half = (box) => { box.classList.add('half'); return box; };
  return section('recommend', title, `What comes after a history, by ${info.model.name} (${info.model.family}). What is in the history is left out, unless it is kept.`,
    h('h3', null, 'History, oldest first'), playground.list, playground.trouble,
    form('Recommend', () => playground.run(), half(field('Items wanted', playground.k)), half(field('Beam', playground.beam, '0: as the model says')),
      h('label', { class: 'tick', for: 'keep-history' }, playground.keep, 'keep the history'),
      h('label', { class: 'tick', for: 'show-search' }, playground.trace, 'show the search'), h('button', { type: 'submit' }, 'Recommend'), playground.filter.box),
    playground.host, h('h3', { class: 'list-title' }, 'Add to the history'), picker(context, (hit) => playground.add(hit)));
}
