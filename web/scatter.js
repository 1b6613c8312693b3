// scatter.js: the map: items on the plane of their first two principal components, coloured by their first code as a map of
// countries is: what touches differs. Points are found by pointer, by arrow keys, by a search, or by a prefix.

import { h, section, dataTable, showTip, hideTip } from './dom.js';
import { colourRegions, count, isBelow, percent, plural } from './figures.js';

const legendCodes = 12;
const firstCode = (sid) => sid.split('-', 1)[0];
const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

// The items of a first code: [{code, items, x, y, colour}], largest first.
export async function codeRegions(source) {
  const { items } = await source.map();
  const groups = new Map();
  for (const item of items) {
    const code = firstCode(item.sid);
    if (!groups.has(code)) groups.set(code, []);
    groups.get(code).push(item);
  }
  const regions = [...groups].map(([code, members]) => ({ code, items: members.length,
    x: middle(members.map((item) => item.x)), y: middle(members.map((item) => item.y)) }))
    .sort((a, b) => b.items - a.items || a.code - b.code);
  colourRegions(regions).forEach((colour, i) => { regions[i].colour = colour; });
  for (const region of regions) {
    const node = await source.node(region.code);
    region.label = node ? node.label : '';
    region.all = node ? node.items : region.items;
  }
  return { list: regions, colourOf: new Map(regions.map((region) => [region.code, region.colour])) };
}

// What the canvas shows: scale and centre in the coordinates of the data.
function fitView(items) {
  const low = (key) => items.reduce((least, item) => Math.min(least, item[key]), Infinity);
  const high = (key) => items.reduce((most, item) => Math.max(most, item[key]), -Infinity);
  const [x0, x1, y0, y1] = [low('x'), high('x'), low('y'), high('y')];
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, width: (x1 - x0) || 1, height: (y1 - y0) || 1, zoom: 1 };
}

function inks(node) {
  const style = getComputedStyle(node);
  const ink = (name) => style.getPropertyValue(name).trim();
  return { text: ink('--text'), halo: ink('--card'), dim: ink('--dim'), line: ink('--line'), code: Array.from({ length: 8 }, (_, i) => ink(`--c${i}`)) };
}

class Scatter {
  constructor(items, regions) {
    this.items = items;
    this.regions = regions;
    this.view = fitView(items);
    this.wanted = null; // which items stand out; null: all
    this.at = -1; // the item told
    this.strong = new Set(regions.list.slice(0, legendCodes).map((region) => region.code));
    this.canvas = h('canvas', { tabindex: 0, role: 'img', 'aria-label': `Map of ${plural(items.length, 'item')}; arrow keys go from item to item` });
    this.host = h('div', { class: 'map' }, this.canvas);
    new ResizeObserver(() => requestAnimationFrame(() => this.resize())).observe(this.host);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
    this.listen();
  }

  resize() {
    this.width = Math.floor(this.host.clientWidth);
    this.height = Math.floor(this.host.clientHeight);
    const ratio = devicePixelRatio || 1;
    this.canvas.width = this.width * ratio;
    this.canvas.height = this.height * ratio;
    this.draw();
  }

  place(item) {
    const scale = this.view.zoom * Math.min((this.width - 40) / this.view.width, (this.height - 40) / this.view.height);
    return [this.width / 2 + (item.x - this.view.x) * scale, this.height / 2 - (item.y - this.view.y) * scale];
  }

  draw() {
    if (!this.width) return;
    const pen = this.canvas.getContext('2d');
    const ratio = devicePixelRatio || 1;
    const ink = inks(this.host);
    const base = this.items.length > 5000 ? 1.7 : this.items.length > 1000 ? 2.3 : 3.2;
    const size = base * Math.min(2, Math.sqrt(this.view.zoom)) * (this.width < 500 ? 0.75 : 1);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    const disc = (item, radius) => {
      const [x, y] = this.place(item);
      if (x < -9 || y < -9 || x > this.width + 9 || y > this.height + 9) return;
      pen.beginPath();
      pen.arc(x, y, radius, 0, 7);
      pen.fill();
    };
    const isOut = (item) => this.wanted === null || this.wanted(item);
    pen.fillStyle = ink.dim;
    if (this.wanted) for (const item of this.items) if (!isOut(item)) disc(item, size * 0.8);
    // The codes of the legend stand out among the many, unless something else was asked for.
    const isStrong = (item) => this.wanted !== null || this.strong.has(firstCode(item.sid));
    for (const strong of [false, true]) {
      pen.globalAlpha = strong ? 0.95 : 0.3;
      for (const item of this.items) {
        if (!isOut(item) || isStrong(item) !== strong) continue;
        pen.fillStyle = ink.code[this.regions.colourOf.get(firstCode(item.sid))];
        disc(item, strong ? size * 1.4 : size);
      }
    }
    pen.globalAlpha = 1;
    this.drawLabels(pen, ink);
    if (this.at >= 0) {
      const code = firstCode(this.items[this.at].sid);
      pen.fillStyle = ink.code[this.regions.colourOf.get(code)];
      pen.strokeStyle = ink.text;
      pen.lineWidth = 0.8;
      for (const item of this.items) {
        if (firstCode(item.sid) !== code || !isOut(item)) continue;
        disc(item, size * 1.7);
        pen.stroke();
      }
      this.drawRing(pen, ink);
    }
  }

  drawRing(pen, ink) {
    const [x, y] = this.place(this.items[this.at]);
    pen.strokeStyle = ink.halo;
    pen.lineWidth = 5;
    pen.beginPath();
    pen.arc(x, y, 7, 0, 7);
    pen.stroke();
    pen.strokeStyle = ink.text;
    pen.lineWidth = 2;
    pen.stroke();
  }

  // The names of the largest regions, where there is room.
  drawLabels(pen, ink) {
    const boxes = [];
    pen.font = '600 12px system-ui, sans-serif';
    pen.textAlign = 'center';
    pen.lineJoin = 'round';
    for (const region of this.regions.list) {
      if (this.wanted && !this.items.some((item) => firstCode(item.sid) === region.code && this.wanted(item))) continue;
      const name = region.label.split(/[,:]/)[0].slice(0, 28);
      if (!name || boxes.length >= (this.width < 500 ? 8 : 16) * Math.min(4, this.view.zoom)) continue;
      const [x, y] = this.place(region);
      const half = pen.measureText(name).width / 2 + 6;
      const box = { x0: x - half, x1: x + half, y0: y - 11, y1: y + 11 };
      if (box.x0 < 0 || box.x1 > this.width || box.y0 < 0 || box.y1 > this.height) continue;
      if (boxes.some((other) => box.x0 < other.x1 && other.x0 < box.x1 && box.y0 < other.y1 && other.y0 < box.y1)) continue;
      boxes.push(box);
      pen.strokeStyle = ink.halo;
      pen.lineWidth = 4;
      pen.strokeText(name, x, y + 4);
      pen.fillStyle = ink.text;
      pen.fillText(name, x, y + 4);
    }
  }

  // The nearest item that stands out, within `reach` pixels; accept(dx, dy) may refuse.
  nearest(x, y, reach, accept) {
    let best = -1;
    let bestSquare = reach * reach;
    this.items.forEach((item, i) => {
      if (this.wanted && !this.wanted(item)) return;
      const [px, py] = this.place(item);
      const square = (px - x) ** 2 + (py - y) ** 2;
      if (square < bestSquare && (!accept || accept(px - x, py - y))) { best = i; bestSquare = square; }
    });
    return best;
  }

  tell(index) {
    this.at = index;
    this.draw();
    if (index < 0) { hideTip(); return; }
    const item = this.items[index];
    this.canvas.dispatchEvent(new CustomEvent('item-told', { detail: item, bubbles: true }));
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = this.place(item);
    const region = this.regions.list.find((each) => each.code === firstCode(item.sid));
    showTip([item.title || item.id, `${item.sid} · ${item.id}${item.added ? ' · added since the fit' : ''}`, region && region.label], box.left + x, box.top + y);
  }

  show(wanted) {
    this.wanted = wanted;
    this.at = -1;
    this.draw();
  }

  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    const zoom = Math.max(1, Math.min(40, this.view.zoom * factor));
    const base = Math.min((this.width - 40) / this.view.width, (this.height - 40) / this.view.height);
    const move = 1 / (this.view.zoom * base) - 1 / (zoom * base);
    this.view.x += (x - this.width / 2) * move;
    this.view.y -= (y - this.height / 2) * move;
    this.view.zoom = zoom;
    if (zoom === 1) Object.assign(this.view, { ...fitView(this.items) });
    hideTip();
    this.draw();
  }

  listen() {
    const { canvas } = this;
    let from = null;
    canvas.addEventListener('pointerdown', (event) => {
      from = [event.clientX, event.clientY];
      if (event.pointerType !== 'mouse') this.tell(this.nearest(event.offsetX, event.offsetY, 28)); // a finger does not hover
    });
    canvas.addEventListener('pointermove', (event) => {
      if (from && event.buttons && this.view.zoom > 1) {
        const scale = this.view.zoom * Math.min((this.width - 40) / this.view.width, (this.height - 40) / this.view.height);
        this.view.x -= (event.clientX - from[0]) / scale;
        this.view.y += (event.clientY - from[1]) / scale;
        from = [event.clientX, event.clientY];
        this.draw();
        return;
      }
      const index = this.nearest(event.offsetX, event.offsetY, 16);
      if (index !== this.at) this.tell(index);
    });
    canvas.addEventListener('pointerup', () => { from = null; });
    canvas.addEventListener('pointerleave', (event) => {
      from = null;
      if (event.pointerType === 'mouse') this.tell(-1);
    });
    canvas.addEventListener('blur', () => this.tell(-1));
    canvas.addEventListener('dblclick', (event) => this.zoomBy(2, event.offsetX, event.offsetY));
    canvas.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // a page scrolls
      event.preventDefault();
      this.zoomBy(event.deltaY < 0 ? 1.25 : 0.8, event.offsetX, event.offsetY);
    }, { passive: false });
    canvas.addEventListener('keydown', (event) => this.key(event));
  }

  key(event) {
    const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    if (event.key === '+') this.zoomBy(1.6);
    else if (event.key === '-') this.zoomBy(1 / 1.6);
    else if (event.key === 'Escape') this.tell(-1);
    else if (way) {
      const [x, y] = this.at >= 0 ? this.place(this.items[this.at]) : [this.width / 2, this.height / 2];
      const ahead = (dx, dy) => {
        const along = dx * way[0] + dy * way[1];
        return along > 2 && Math.abs(dx * way[1] + dy * way[0]) <= along;
      };
      const next = this.nearest(x, y, 1e5, this.at >= 0 ? ahead : null);
      if (next >= 0) this.tell(next);
    } else return;
    event.preventDefault();
  }
}

function legend(regions, toggle, items) {
  const shown = regions.list.slice(0, legendCodes);
  const hasLabels = shown.some((region) => region.label);
  return h('ul', { class: 'legend' }, shown.map((region) => h('li', null,
    h('button', { type: 'button', 'aria-pressed': 'false', onclick: (event) => toggle(region.code, event.currentTarget) },
      h('i', { class: 'swatch', vars: { '--ink': `var(--c${region.colour})` } }),
      h('b', { class: 'mono' }, region.code), h('span', { class: 'words' }, region.label || (hasLabels ? 'no label' : '')),
      h('span', { class: 'size' }, percent(region.items / items))))),
  regions.list.length > shown.length && h('li', { class: 'left-out' }, `and ${plural(regions.list.length - shown.length, 'code')} more; colours repeat`));
}

export async function drawMap(source, regions) {
  const [map, info] = await Promise.all([source.map(), source.info()]);
  const title = 'Map of the items';
  if (!map.items.length) return section('map', title, null, h('p', { class: 'empty' }, 'There are no items.'));
  const scatter = new Scatter(map.items, regions);
  const said = h('p', { class: 'said', role: 'status' }, '');
  const search = h('input', { type: 'search', placeholder: 'item, SID prefix or words of the title', 'aria-label': 'Find items on the map', oninput: () => find(search.value) });
  let pressed = null;
  const press = (button) => {
    if (pressed) pressed.setAttribute('aria-pressed', 'false');
    pressed = button;
    if (pressed) pressed.setAttribute('aria-pressed', 'true');
  };
  const say = (wanted) => { said.textContent = wanted ? `${plural(map.items.filter(wanted).length, 'item')} of ${count(map.items.length)} on the map` : ''; };
  const find = (text) => {
    const lower = text.trim().toLowerCase();
    const isPrefix = /^\d+(-\d+)*$/.test(lower);
    const wanted = lower === '' ? null : (item) => item.id.toLowerCase() === lower
      || (isPrefix ? isBelow(item.sid, lower) : item.title.toLowerCase().includes(lower));
    press(null);
    scatter.show(wanted);
    say(wanted);
  };
  const toggle = (code, button) => {
    const isOn = pressed === button;
    search.value = '';
    press(isOn ? null : button);
    const wanted = isOn ? null : (item) => firstCode(item.sid) === code;
    scatter.show(wanted);
    say(wanted);
  };
  document.addEventListener('show-prefix', (event) => { search.value = event.detail; find(event.detail); search.focus(); });
  const zoom = (name, words, factor) => h('button', { type: 'button', 'aria-label': words, title: words, onclick: () => scatter.zoomBy(factor) }, name);
  const lead = `Each point is an item, near others that are like it; colour is the first code, and items of the largest ones stand out. The two axes show ${percent(map.share[0])} and ${percent(map.share[1])} of the variance${map.is_decoded ? '; vectors were dropped, so these are what the codes decode to' : ''}.`;
  const unordered = info.ordered ? '' : ' Codes of this quantizer stand side by side: the first is one slice of the vector.';
  return section('map', title, lead + unordered,
    h('div', { class: 'card map-card' },
      h('div', { class: 'tools' }, search, zoom('+', 'Zoom in', 1.6), zoom('−', 'Zoom out', 1 / 1.6), zoom('⤢', 'Show all', 1e-9), said),
      h('div', { class: 'map-row' }, scatter.host, h('div', { class: 'legend-box' }, h('h3', null, 'Largest first codes'), legend(regions, toggle, map.items.length)))),
    map.of > map.items.length && h('p', { class: 'left-out' }, `${count(map.items.length)} of ${plural(map.of, 'item')} are in this page, drawn at random.`),
    dataTable('First codes on the map', [{ name: 'code' }, { name: 'items here', number: true }, { name: 'label' }],
      regions.list.slice(0, 200).map((region) => [region.code, count(region.items), region.label])));
}
