// tree.js: the prefix tree, as cells to look at, a level at a time, and as a tree to walk by keys. What is chosen in one shows in the other.

import { h, s, section, showTip, hideTip } from './dom.js';
import { count, percent, plural } from './figures.js';
import { drawing, fitted, text } from './charts.js';

function nodeLines(node, total) {
  return [node.prefix, `${plural(node.items, 'item')}, ${percent(node.items / total)} of all`, node.label];
}

const cellShape = 2.3; // width ÷ height that words like

// Places a run of nodes along the shorter side of what is left of the box; how far the worst is from the shape wanted.
function worstShape(weights, sum, side, area) {
  const thick = (sum * area) / side;
  return Math.max(...[weights[0], weights[weights.length - 1]].map((weight) => {
    const shape = side / thick / (sum / weight);
    return Math.max(shape, 1 / shape);
  }));
}

// A squarified treemap (Bruls, Huizing, van Wijk 2000) of cells as wide as words need: areas are as items. nodes: largest
// first. Runs are laid in a box whose width is divided by cellShape, so that squares there are wide here.
export function layOut(nodes, width, height) {
  const total = nodes.reduce((sum, node) => sum + node.items, 0);
  const box = { x: 0, y: 0, width: width / cellShape, height };
  const area = total ? (box.width * box.height) / total : 0;
  const cells = [];
  for (let begin = 0; begin < nodes.length;) {
    const isTall = box.height <= box.width; // the run stands upright at the left
    const side = isTall ? box.height : box.width;
    let end = begin + 1;
    let sum = nodes[begin].items;
    const weights = [sum];
    while (end < nodes.length) {
      const more = [...weights, nodes[end].items];
      if (worstShape(more, sum + nodes[end].items, side, area) > worstShape(weights, sum, side, area)) break;
      weights.push(nodes[end].items);
      sum += nodes[end].items;
      end += 1;
    }
    const thick = (sum * area) / side;
    let at = 0;
    for (const node of nodes.slice(begin, end)) {
      const long = (side * node.items) / sum;
      cells.push(isTall ? { node, x: box.x * cellShape, y: box.y + at, width: thick * cellShape, height: long }
        : { node, x: (box.x + at) * cellShape, y: box.y, width: long * cellShape, height: thick });
      at += long;
    }
    if (isTall) { box.x += thick; box.width -= thick; } else { box.y += thick; box.height -= thick; }
    begin = end;
  }
  return cells;
}

const rowHeight = 46;
const rowsMax = 16;

export class Cells {
  constructor(state) {
    this.state = state;
    this.host = drawing('Prefixes below the one shown; the larger, the more items. The list below can be walked by keys', rowHeight, (svg, width) => {
      this.svg = svg;
      this.width = width;
      svg.removeAttribute('tabindex');
      svg.onpointerleave = hideTip;
      this.draw();
    });
  }

  async draw() {
    if (!this.svg) return;
    const { source, at, total } = this.state;
    const { nodes, prefixes, items } = await source.children(at);
    const perRow = Math.max(3, Math.floor(this.width / 92));
    const rows = Math.max(3, Math.min(rowsMax, Math.ceil(nodes.length / perRow)));
    const height = rows * rowHeight;
    const cells = layOut(nodes.slice(0, rows * perRow), this.width, height);
    const shown = cells.reduce((sum, cell) => sum + cell.node.items, 0);
    const foot = nodes.length === 0 || shown < items ? 26 : 0;
    this.svg.setAttribute('height', height * (nodes.length > 0) + foot);
    this.svg.setAttribute('viewBox', `0 0 ${this.width} ${height * (nodes.length > 0) + foot}`);
    this.svg.replaceChildren(...cells.map((cell) => this.box(cell)));
    if (!nodes.length) this.svg.append(text(0, 18, 'The prefixes below this one are not in this page.'));
    else if (foot) this.svg.append(text(0, height + 19, `and ${plural(prefixes - cells.length, 'smaller prefix', 'smaller prefixes')} with ${plural(items - shown, 'item')}, ${percent((items - shown) / total)} of all`));
  }

  // A cell, and along its foot how its items go on.
  box({ node, x, y, width, height }) {
    const { state } = this;
    const ink = `ink-${state.colourOf.get(node.prefix.split('-', 1)[0]) || 0}`;
    const group = s('g', { class: 'box' }, s('rect', { x: x + 1, y: y + 1, width: Math.max(0.7, width - 2), height: Math.max(0.7, height - 2), rx: width > 12 && height > 12 ? 4 : 0, class: ink }));
    let left = x + 5;
    for (const child of height > 14 ? node.children : []) {
      const part = ((width - 10) * child.items) / node.items;
      if (part < 2) break;
      group.append(s('rect', { x: left, y: y + height - 6.5, width: part - 1, height: 3, class: `part ${ink}` }));
      left += part;
    }
    const code = String(node.code);
    if (height > 22 && width > 8 + 8 * code.length) group.append(text(x + 6, y + 16, code, { class: 'code' }));
    if (height > 22 && width > 74) group.append(text(x + width - 6, y + 16, count(node.items), { class: 'end faint' }));
    if (height > 38 && width > 34) group.append(text(x + 6, y + 31, fitted(node.label, width - 11)));
    group.onpointermove = (event) => showTip(nodeLines(node, state.total), event.clientX, event.clientY);
    group.onclick = () => state.go(node.prefix);
    return group;
  }
}

// ---- The tree to walk -------------------------------------------------------------------------------------------------

const pageOfChildren = 30;

class Walk {
  constructor(state) {
    this.state = state;
    this.list = h('ul', { class: 'tree', role: 'tree', 'aria-label': 'Prefix tree' });
    this.list.addEventListener('keydown', (event) => this.key(event));
    this.list.addEventListener('click', (event) => this.click(event));
  }

  async start() {
    await this.fill(this.list, '', 1);
    const first = this.list.querySelector('[role=treeitem]');
    if (first) first.tabIndex = 0;
  }

  // The next page of children of a prefix, or the items of one that has none here.
  async fill(list, prefix, level) {
    const { source } = this.state;
    const shown = list.children.length;
    const { nodes, prefixes } = await source.children(prefix);
    list.append(...nodes.slice(shown, shown + pageOfChildren).map((node) => this.branch(node, level)));
    const left = nodes.length - list.children.length;
    if (left > 0) list.append(this.moreRow(`${count(Math.min(left, pageOfChildren))} more`, list, prefix, level));
    else if (nodes.length && prefixes > nodes.length) list.append(this.noteRow(`${plural(prefixes - nodes.length, 'prefix', 'prefixes')} more, not in this page`, prefix, level));
    if (!nodes.length) await this.fillItems(list, prefix, level);
  }

  async fillItems(list, prefix, level) {
    const { source } = this.state;
    const [items, node] = await Promise.all([source.items(prefix, 20), source.node(prefix)]);
    list.append(...items.map((item) => h('li', { role: 'treeitem', 'aria-level': level, tabindex: -1, class: 'leaf' },
      h('span', { class: 'row' }, h('b', { class: 'mono' }, item.id), h('span', { class: 'words' }, item.title), h('span', { class: 'mono faint' }, item.sid)))));
    const left = node ? node.items - items.length : 0;
    if (left > 0) list.append(this.noteRow(`${plural(left, 'item')}${items.length ? ' more' : ''}`, prefix, level));
  }

  branch(node, level) {
    const colour = this.state.colourOf.get(node.prefix.split('-', 1)[0]) || 0;
    return h('li', { role: 'treeitem', 'aria-level': level, 'aria-expanded': 'false', tabindex: -1, 'data-prefix': node.prefix },
      h('span', { class: 'row' }, h('i', { class: 'caret', 'aria-hidden': 'true' }),
        h('i', { class: 'swatch', vars: { '--ink': `var(--c${colour})` } }), h('b', { class: 'mono' }, node.prefix),
        h('span', { class: 'words' }, node.label), h('span', { class: 'size' }, count(node.items)),
        h('i', { class: 'share', 'aria-hidden': 'true', vars: { '--part': (node.items / this.state.largest).toFixed(4) } })));
  }

  moreRow(words, list, prefix, level) {
    const row = h('li', { role: 'treeitem', 'aria-level': level, tabindex: -1, class: 'more-row' }, h('span', { class: 'row' }, words));
    row.next = async () => {
      row.remove();
      await this.fill(list, prefix, level);
    };
    row.more = async () => {
      const before = row.previousElementSibling;
      await row.next();
      this.focus((before && before.nextElementSibling) || list.firstElementChild);
    };
    return row;
  }

  noteRow(words, prefix, level) {
    return h('li', { role: 'treeitem', 'aria-level': level, tabindex: -1, class: 'note-row' },
      h('span', { class: 'row' }, `${words}: `, h('code', null, `semid decode ${this.state.catalog} ${prefix}`)));
  }

  async open(item) {
    if (item.getAttribute('aria-expanded') !== 'false') return;
    item.setAttribute('aria-expanded', 'true');
    const list = h('ul', { role: 'group' });
    await this.fill(list, item.dataset.prefix, Number(item.getAttribute('aria-level')) + 1);
    item.append(list);
  }

  shut(item) {
    item.setAttribute('aria-expanded', 'false');
    const group = item.querySelector(':scope > ul');
    if (group) group.remove();
  }

  focus(item) {
    if (!item) return;
    this.list.querySelectorAll('[tabindex="0"]').forEach((other) => { other.tabIndex = -1; });
    item.tabIndex = 0;
    item.focus({ preventScroll: false });
  }

  async click(event) {
    const item = event.target.closest('[role=treeitem]');
    if (!item) return;
    if (item.more) { await item.more(); return; }
    this.focus(item);
    if (item.getAttribute('aria-expanded') === 'true') this.shut(item);
    else await this.open(item);
    if (item.dataset.prefix) this.state.show(item.dataset.prefix);
  }

  async key(event) {
    const item = event.target.closest('[role=treeitem]');
    if (!item) return;
    const all = [...this.list.querySelectorAll('[role=treeitem]')];
    const at = all.indexOf(item);
    const expanded = item.getAttribute('aria-expanded');
    const known = ['ArrowDown', 'ArrowUp', 'ArrowRight', 'ArrowLeft', 'Home', 'End', 'Enter', ' '];
    if (!known.includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'ArrowDown') this.focus(all[at + 1]);
    else if (event.key === 'ArrowUp') this.focus(all[at - 1]);
    else if (event.key === 'Home') this.focus(all[0]);
    else if (event.key === 'End') this.focus(all[all.length - 1]);
    else if (event.key === 'ArrowRight' && expanded === 'true') this.focus(all[at + 1]);
    else if (event.key === 'ArrowRight') await this.open(item);
    else if (event.key === 'ArrowLeft' && expanded === 'true') this.shut(item);
    else if (event.key === 'ArrowLeft') this.focus(item.parentElement.closest('[role=treeitem]'));
    else if (item.more) await item.more();
    else if (item.dataset.prefix) { await this.open(item); this.state.show(item.dataset.prefix); }
  }

  // Opens the way to a prefix, page by page where it must be, and brings it into sight inside of the list.
  async reveal(prefix) {
    const codes = prefix === '' ? [] : prefix.split('-');
    let { list } = this;
    let found = null;
    for (let depth = 1; depth <= codes.length; depth++) {
      const path = codes.slice(0, depth).join('-');
      const find = () => list.querySelector(`:scope > [data-prefix="${path}"]`);
      while (!find() && list.lastElementChild && list.lastElementChild.next) await list.lastElementChild.next();
      if (!find()) break;
      found = find();
      await this.open(found);
      list = found.querySelector(':scope > ul');
      if (!list) break;
    }
    if (!found) return;
    this.list.querySelectorAll('[tabindex="0"]').forEach((other) => { other.tabIndex = -1; });
    found.tabIndex = 0;
    this.list.scrollTop += found.getBoundingClientRect().top - this.list.getBoundingClientRect().top - 8;
  }
}

// ---- Both ---------------------------------------------------------------------------------------------------------------

export async function drawTree(source, regions) {
  const [info, report, top] = await Promise.all([source.info(), source.report(), source.children('')]);
  const title = 'Prefix tree';
  if (!info.ordered) {
    return section('tree', title, null, h('p', { class: 'empty' }, `The codes of ${report.quantizer} stand side by side: a prefix of its SIDs means nothing, so there is no tree.`));
  }
  if (!top.nodes.length) return section('tree', title, null, h('p', { class: 'empty' }, 'There are no items.'));
  const path = h('nav', { class: 'path', 'aria-label': 'Prefix shown' });
  const state = { source, at: '', total: report.items, largest: top.nodes[0].items, colourOf: regions.colourOf, catalog: info.name };
  const cells = new Cells(state);
  const walk = new Walk(state);
  state.show = async (prefix) => {
    const node = await source.node(prefix);
    state.at = node && !node.children.length && prefix.includes('-') ? prefix.slice(0, prefix.lastIndexOf('-')) : prefix;
    await drawPath(path, state, prefix);
    await cells.draw();
  };
  state.go = async (prefix) => {
    hideTip();
    await state.show(prefix);
    await walk.reveal(prefix);
  };
  await walk.start();
  await drawPath(path, state, '');
  return section('tree', title,
    'Items below a prefix are alike; the larger a cell, the more items. Choose one to go into it; the bar at its foot shows how it splits. Words are what its items have in common and its siblings lack.',
    h('div', { class: 'card' }, path, cells.host, walk.list));
}

async function drawPath(host, state, prefix) {
  const codes = prefix === '' ? [] : prefix.split('-');
  const crumbs = [h('button', { type: 'button', onclick: () => state.go('') }, 'all items')];
  for (let depth = 1; depth <= codes.length; depth++) {
    const here = codes.slice(0, depth).join('-');
    const node = await state.source.node(here);
    crumbs.push(h('span', { 'aria-hidden': 'true' }, '›'), h('button', { type: 'button', onclick: () => state.go(here) },
      h('b', { class: 'mono' }, codes[depth - 1]), node && node.label ? ` ${node.label}` : ''));
  }
  if (prefix) {
    crumbs.push(h('button', { type: 'button', class: 'go', onclick: () => {
      document.dispatchEvent(new CustomEvent('show-prefix', { detail: prefix }));
      document.getElementById('map').scrollIntoView();
    } }, 'show on the map'));
  }
  host.replaceChildren(...crumbs);
}
