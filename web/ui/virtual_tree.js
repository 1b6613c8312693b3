// virtual_tree.js: the prefix tree as rows of one height, of which only those in sight exist: a level may have thousands of
// prefixes, a prefix a million items. Levels are asked for when they are opened. One row takes the keyboard at a time.

import { h } from './dom.js';
import { count, percent, plural } from './figures.js';

const rowHeight = 30;
const beyond = 8; // rows drawn above and below those in sight
const pageItems = 100;
const rowsLeast = 6; // so that little moves when the first ones are opened

export class VirtualTree {
  // state: {source, total, paint, show(prefix), open(href)}
  constructor(state) {
    this.state = state;
    this.root = { kind: 'prefix', prefix: '', depth: 0, isOpen: true, below: [], items: state.total };
    this.rows = [];
    this.focusAt = 0;
    this.sheet = h('div', { role: 'presentation', class: 'sheet' });
    this.host = h('div', { class: 'tree rows', role: 'tree', 'aria-label': 'Prefix tree' }, this.sheet);
    this.host.addEventListener('scroll', () => requestAnimationFrame(() => this.draw()));
    this.host.addEventListener('keydown', (event) => this.key(event));
    this.host.addEventListener('click', (event) => this.click(event));
    new ResizeObserver(() => requestAnimationFrame(() => this.draw())).observe(this.host);
  }

  async start() {
    await this.load(this.root);
    this.flatten();
  }

  // The next page below a node: prefixes, or the items of one that has none.
  async load(node) {
    const { source } = this.state;
    const before = node.below.filter((row) => row.kind !== 'more');
    let more;
    let next;
    if (!node.hasItems) {
      const page = await source.prefixes(node.prefix, node.next || 0);
      more = page.nodes.map((each) => ({ ...each, kind: 'prefix', depth: node.depth + 1, parent: node, isOpen: false, below: [] }));
      next = page.next;
      node.hasItems = more.length === 0 && before.length === 0 && node.prefix !== '';
    }
    if (node.hasItems) {
      const page = await source.page(node.prefix, node.next, pageItems);
      more = page.items.map((item) => ({ kind: 'item', item, depth: node.depth + 1, parent: node }));
      next = page.next;
    }
    node.below = [...before, ...more];
    if (!node.hasItems) node.below.sort((a, b) => b.items - a.items || a.code - b.code);
    node.next = next;
    if (next !== null) node.below.push({ kind: 'more', depth: node.depth + 1, parent: node });
    node.isLoaded = true;
  }

  // Rows in sight order, each with its place among its siblings.
  flatten() {
    const focused = this.rows[this.focusAt];
    this.rows = [];
    const add = (node) => node.below.forEach((row, i) => {
      row.place = i + 1;
      row.of = row.kind === 'prefix' && node.prefixes ? node.prefixes : node.hasItems ? Math.max(node.items, node.below.length) : node.below.length;
      this.rows.push(row);
      if (row.isOpen) add(row);
    });
    add(this.root);
    this.focusAt = Math.max(0, this.rows.indexOf(focused));
    this.sheet.style.height = `${this.rows.length * rowHeight}px`;
    this.host.style.height = `min(30rem, ${Math.max(rowsLeast, this.rows.length) * rowHeight + 2}px)`;
    this.draw();
  }

  draw() {
    const from = Math.max(0, Math.floor(this.host.scrollTop / rowHeight) - beyond);
    const to = Math.min(this.rows.length, Math.ceil((this.host.scrollTop + this.host.clientHeight) / rowHeight) + beyond);
    const wanted = new Set(this.rows.slice(from, to));
    if (this.rows[this.focusAt]) wanted.add(this.rows[this.focusAt]); // focus is not lost by scrolling
    const shown = new Map([...this.sheet.children].map((element) => [element.row, element]));
    for (const [row, element] of shown) if (!wanted.has(row)) element.remove();
    let last = null;
    this.rows.forEach((row, i) => {
      if (!wanted.has(row)) return;
      const element = shown.get(row) || this.element(row);
      element.style.transform = `translateY(${i * rowHeight}px)`;
      element.tabIndex = i === this.focusAt ? 0 : -1;
      if (row.kind === 'prefix') element.setAttribute('aria-expanded', String(row.isOpen));
      element.setAttribute('aria-busy', String(Boolean(row.isBusy)));
      element.setAttribute('aria-posinset', row.place);
      element.setAttribute('aria-setsize', row.of);
      if (element.previousElementSibling !== last || !element.parentElement) this.sheet.insertBefore(element, last ? last.nextElementSibling : this.sheet.firstElementChild);
      last = element;
    });
  }

  element(row) {
    const element = h('div', { role: 'treeitem', 'aria-level': row.depth, class: `row ${row.kind}`, 'data-prefix': row.kind === 'prefix' ? row.prefix : null,
      vars: { '--depth': String(row.depth - 1) } }, this.words(row));
    element.row = row;
    return element;
  }

  words(row) {
    if (row.kind === 'more') return [`show more below ${row.parent.prefix || 'the top'}`];
    if (row.kind === 'item') {
      return [h('b', { class: 'mono id' }, row.item.item_id), h('span', { class: 'words' }, row.item.title), h('span', { class: 'mono faint' }, row.item.sid)];
    }
    return [h('i', { class: 'caret', 'aria-hidden': 'true' }), h('i', { class: 'swatch', 'aria-hidden': 'true', vars: { '--ink': this.state.paint.swatch(row) } }),
      h('b', { class: 'mono' }, row.prefix), h('span', { class: 'words' }, row.label),
      this.state.paint.line(row) && h('span', { class: 'purity' }, h('span', { class: 'unseen' }, 'purity '), percent(row.purity)),
      h('span', { class: 'size' }, count(row.items), h('span', { class: 'unseen' }, row.items === 1 ? ' item' : ' items')),
      h('i', { class: 'share', 'aria-hidden': 'true', vars: { '--part': (row.items / (row.parent.below[0].items || 1)).toFixed(4) } })];
  }

  // Rows are made anew, in other colours.
  repaint() {
    this.sheet.replaceChildren();
    this.draw();
  }

  // Loads with a sign of it; false when the server would not, which the state says.
  async fetch(node) {
    if (node.isBusy) return false;
    node.isBusy = true;
    this.draw();
    try {
      await this.load(node);
      return true;
    } catch (error) {
      this.state.complain(error);
      return false;
    } finally {
      node.isBusy = false;
    }
  }

  async open(row) {
    if (row.kind !== 'prefix' || row.isOpen) return;
    if (!row.isLoaded && !(await this.fetch(row))) { this.draw(); return; }
    row.isOpen = true;
    this.flatten();
  }

  shut(row) {
    row.isOpen = false;
    this.flatten();
  }

  async more(row) {
    const at = row.parent.below.length - 1;
    const hadFocus = this.host.contains(document.activeElement);
    if (!(await this.fetch(row.parent))) return;
    this.flatten();
    const next = row.parent.below[Math.min(at, row.parent.below.length - 1)];
    this.focus(this.rows.indexOf(next), hadFocus);
  }

  focus(at, isTaken = true) {
    this.focusAt = Math.max(0, Math.min(this.rows.length - 1, at));
    const top = this.focusAt * rowHeight;
    const room = this.host.clientHeight - rowHeight;
    if (top < this.host.scrollTop) this.host.scrollTop = top;
    else if (top > this.host.scrollTop + room) this.host.scrollTop = top - room;
    this.draw();
    const element = this.sheet.querySelector('[tabindex="0"]');
    if (isTaken && element) element.focus({ preventScroll: true });
  }

  async act(row) {
    if (row.kind === 'more') await this.more(row);
    else if (row.kind === 'item') this.state.open(row.item);
    else {
      const shown = this.state.show(row.prefix);
      if (row.isOpen) this.shut(row); else await this.open(row);
      await shown;
    }
  }

  async click(event) {
    const element = event.target.closest('[role=treeitem]');
    if (!element) return;
    this.focus(this.rows.indexOf(element.row));
    await this.act(element.row);
  }

  async key(event) {
    const row = this.rows[this.focusAt];
    const page = Math.max(1, Math.floor(this.host.clientHeight / rowHeight) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in steps) this.focus(this.focusAt + steps[event.key]);
    else if (event.key === 'ArrowRight' && row.isOpen) this.focus(this.focusAt + 1);
    else if (event.key === 'ArrowRight') this.open(row);
    else if (event.key === 'ArrowLeft' && row.isOpen) this.shut(row);
    else if (event.key === 'ArrowLeft') this.focus(row.parent === this.root ? this.focusAt : this.rows.indexOf(row.parent));
    else if (event.key === 'Enter' || event.key === ' ') this.act(row);
    else return;
    event.preventDefault();
  }

  // Opens the way to a prefix and brings it into sight; focus stays where it is.
  async reveal(prefix) {
    let node = this.root;
    for (const code of prefix === '' ? [] : prefix.split('-').map(Number)) {
      const find = () => node.below.find((row) => row.kind === 'prefix' && row.code === code);
      while (!find() && !node.hasItems && node.next !== null && await this.fetch(node));
      if (!find()) break;
      node = find();
      await this.open(node);
    }
    this.flatten();
    const at = this.rows.indexOf(node);
    if (at >= 0) {
      this.focusAt = at;
      this.host.scrollTop = at * rowHeight;
    }
    this.draw();
    return plural(node.items, 'item');
  }
}
