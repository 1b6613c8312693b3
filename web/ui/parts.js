// parts.js: what views share: links to items and prefixes, tables of items, forms, and errors in sentences.

import { h } from './dom.js';
import { brief, count, figure } from './figures.js';
import { Problem, setKey } from './api.js';

export function href(view, ...rest) {
  return `#/${[view, ...rest].map(encodeURIComponent).join('/')}`;
}

export function itemLink(id) {
  return h('a', { href: href('item', id), class: 'mono' }, id);
}

// Each code leads to its prefix, the last to the bucket.
export function sidLinks(sid) {
  const codes = sid.split('-');
  return h('span', { class: 'mono sid' }, codes.map((code, i) => [i > 0 && '-',
    h('a', { href: href('prefix', codes.slice(0, i + 1).join('-')), title: `prefix ${codes.slice(0, i + 1).join('-')}` }, code)]));
}

// A region that scrolls has a name and takes the keyboard.
export function scrolling(name, ...children) {
  return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': name }, children);
}

// columns [{name, number, cell(row)}]
export function table(caption, columns, rows) {
  const kind = (column) => (column.number ? 'number' : null);
  return scrolling(caption, h('table', { class: 'items' }, h('caption', { class: 'unseen' }, caption),
    h('thead', null, h('tr', null, columns.map((column) => h('th', { scope: 'col', class: kind(column) }, column.name)))),
    h('tbody', null, rows.map((row) => h('tr', null, columns.map((column, i) => (
      i ? h('td', { class: kind(column) }, column.cell(row)) : h('th', { scope: 'row', class: kind(column) }, column.cell(row)))))))));
}

// hits [{item_id, sid, title, ...}]; more: further columns; act(row): a last column with what can be done.
export function hitTable(caption, hits, more = [], act = null) {
  return table(caption, [{ name: 'item', cell: (hit) => itemLink(hit.item_id) },
    { name: 'SID', cell: (hit) => (hit.sid ? sidLinks(hit.sid) : 'none') }, { name: 'title', cell: (hit) => brief(hit.title || '') },
    ...more, ...(act ? [{ name: '', cell: act }] : [])], hits);
}

export const sharedColumn = { name: 'shared', number: true, cell: (hit) => count(hit.shared) };
export const distanceColumn = { name: 'distance', number: true, cell: (hit) => figure(hit.distance) };

export function chips(words) {
  return words.length > 0 && h('ul', { class: 'chips' }, words.map((word) => h('li', null, word)));
}

// A label with its control: the control gets the id.
export function field(name, control, hint) {
  const id = `field-${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
  control.id = id;
  if (hint) control.setAttribute('aria-describedby', `${id}-hint`);
  return h('div', { class: 'field' }, h('label', { for: id }, name), control, hint && h('span', { class: 'hint', id: `${id}-hint` }, hint));
}

export function form(name, onsubmit, ...children) {
  return h('form', { class: 'form card', 'aria-label': name, autocomplete: 'off', onsubmit: (event) => {
    event.preventDefault();
    onsubmit();
  } }, children);
}

// The sentence, what to do next, and the request's id for whoever reads the server's log.
export function problemCard(error, retry) {
  const isKnown = error instanceof Problem;
  const words = isKnown ? error.message : `This view could not be drawn: ${error.message || error}.`;
  const next = [];
  if (isKnown && error.status === 401) {
    const input = h('input', { type: 'password', autocomplete: 'off' });
    next.push(form('Key', () => { setKey(input.value.trim()); retry(); }, field('Key of this server', input, 'It stays in this tab.'),
      h('button', { type: 'submit' }, 'Use it')));
  } else if (retry) {
    next.push(h('button', { type: 'button', onclick: retry }, error.retryS ? `Ask again (the server says: after ${error.retryS} s)` : 'Ask again'));
  }
  return h('div', { class: 'problem', role: 'alert' }, h('p', null, words), next,
    isKnown && h('p', { class: 'request' }, error.status ? `status ${error.status}` : 'no answer',
      error.request && [', request ', h('code', null, error.request)]));
}

// Fills host with what work() gives, or with its problem; of several calls the last one counts.
export async function fillWith(host, work) {
  const turn = Symbol('turn');
  host.turn = turn;
  host.setAttribute('aria-busy', 'true');
  let nodes;
  try {
    nodes = await work();
  } catch (error) {
    nodes = [problemCard(error, () => fillWith(host, work))];
    if (!(error instanceof Problem)) console.error(error);
  }
  if (host.turn !== turn) return false;
  host.removeAttribute('aria-busy');
  host.replaceChildren(...[nodes].flat(Infinity).filter(Boolean));
  return true;
}

// A list that grows: page(cursor) gives {nodes, next}; the button stands below while there is more.
export async function growing(list, words, page) {
  const button = h('button', { type: 'button', class: 'more' }, words);
  const trouble = h('div');
  let cursor = '';
  const add = async () => {
    button.disabled = true;
    await fillWith(trouble, async () => {
      const { nodes, next } = await page(cursor);
      list.append(...nodes);
      cursor = next;
      button.hidden = !next;
      return [];
    });
    button.disabled = false;
  };
  button.addEventListener('click', add);
  await add();
  return [list, trouble, button];
}

// "12-153", or null.
export function readPrefix(text) {
  const trimmed = text.trim();
  return /^\d{1,5}(-\d{1,5})*$/.test(trimmed) ? trimmed : null;
}
