// tree.js: the prefix tree, as cells to look at, a level at a time, and as a tree to walk by keys. What is chosen in one shows in the other.

import { h, section, hideTip } from './dom.js';
import { count, percent, plural } from './figures.js';
import { Cells } from './cells.js';
import { colouring } from './purity.js';

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
    const { paint } = this.state;
    const item = h('li', { role: 'treeitem', 'aria-level': level, 'aria-expanded': 'false', tabindex: -1, 'data-prefix': node.prefix },
      h('span', { class: 'row' }, h('i', { class: 'caret', 'aria-hidden': 'true' }),
        h('i', { class: 'swatch', vars: { '--ink': paint.swatch(node) } }), h('b', { class: 'mono' }, node.prefix),
        h('span', { class: 'words' }, node.label), paint.line(node) && h('span', { class: 'purity' }, percent(node.purity)), h('span', { class: 'size' }, count(node.items)),
        h('i', { class: 'share', 'aria-hidden': 'true', vars: { '--part': (node.items / this.state.largest).toFixed(4) } })));
    item.node = node;
    return item;
  }

  // In other colours.
  repaint() {
    for (const item of this.list.querySelectorAll('[data-prefix]')) {
      item.querySelector('.swatch').style.setProperty('--ink', this.state.paint.swatch(item.node));
    }
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
  const state = { source, at: '', total: report.items, largest: top.nodes[0].items, catalog: info.name };
  state.paint = colouring(info.category, top.nodes.some((node) => typeof node.purity === 'number'), (node) => regions.colourOf.get(node.prefix.split('-', 1)[0]) || 0,
    info.category ? '' : ' A page made with --category COLUMN colours by purity: how far a prefix is of one category.', () => { cells.draw(); walk.repaint(); });
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
    h('div', { class: 'card' }, path, cells.host, state.paint.legend, walk.list));
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
