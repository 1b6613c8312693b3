// view_codebook.js: how the levels use their codes: all levels beside each other, and every code of one.

import { h, section, showTip, hideTip } from './dom.js';
import { drawLevels } from './levels.js';
import { count, figure, percent, plural } from './figures.js';
import { growing, href, table } from './parts.js';

const rowsAtOnce = 100;
const gap = 2;

// Every code as a cell, in the order of their numbers; the darker, the more items.
class CodeCells {
  constructor(codes, items) {
    this.items = items;
    this.codes = [...codes].sort((a, b) => a.code - b.code);
    this.most = Math.max(...codes.map((code) => code.items), 1);
    this.at = -1;
    this.canvas = h('canvas', { tabindex: 0, role: 'img', 'aria-label': `${plural(codes.length, 'code')}, the darker the more items; arrow keys go from code to code` });
    this.host = h('div', { class: 'cells' }, this.canvas);
    new ResizeObserver(() => requestAnimationFrame(() => this.resize())).observe(this.host);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
    this.canvas.addEventListener('pointermove', (event) => this.point(event));
    this.canvas.addEventListener('pointerdown', (event) => this.point(event));
    this.canvas.addEventListener('pointerleave', () => this.tell(-1));
    this.canvas.addEventListener('blur', () => this.tell(-1));
    this.canvas.addEventListener('keydown', (event) => this.key(event));
  }

  resize() {
    const width = Math.floor(this.host.clientWidth);
    if (width === this.width || width < 20) return;
    this.width = width;
    this.side = Math.max(6, Math.min(30, Math.floor(Math.sqrt((width * 260) / this.codes.length))));
    this.across = Math.max(1, Math.floor(width / this.side));
    this.height = Math.ceil(this.codes.length / this.across) * this.side;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = width * ratio;
    this.canvas.height = this.height * ratio;
    this.canvas.style.height = `${this.height}px`;
    this.draw();
  }

  draw() {
    if (!this.width) return;
    const pen = this.canvas.getContext('2d');
    const ratio = devicePixelRatio || 1;
    const style = getComputedStyle(this.host);
    const ink = (name) => style.getPropertyValue(name).trim();
    const [bar, dead, text] = [ink('--bar'), ink('--dead'), ink('--text')];
    const inner = this.side - (this.side > 8 ? gap : 1);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    this.codes.forEach((code, i) => {
      const [x, y] = [(i % this.across) * this.side, Math.floor(i / this.across) * this.side];
      pen.globalAlpha = code.items ? 0.12 + 0.88 * (code.items / this.most) : 1;
      pen.fillStyle = code.items ? bar : dead;
      pen.fillRect(x, y, inner, inner);
      pen.globalAlpha = 1;
      if (i === this.at) {
        pen.strokeStyle = text;
        pen.lineWidth = 2;
        pen.strokeRect(x + 1, y + 1, inner - 2, inner - 2);
      }
    });
  }

  tell(index) {
    if (index === this.at) return;
    this.at = index;
    this.draw();
    if (index < 0) { hideTip(); return; }
    const code = this.codes[index];
    const box = this.canvas.getBoundingClientRect();
    showTip([`code ${code.code}`, code.items ? `${plural(code.items, 'item')}, ${percent(code.items / this.items)} of all` : 'dead: no item has it', code.label],
      box.left + ((index % this.across) + 0.5) * this.side, box.top + (Math.floor(index / this.across) + 0.5) * this.side);
  }

  point(event) {
    const index = Math.floor(event.offsetY / this.side) * this.across + Math.floor(event.offsetX / this.side);
    this.tell(event.offsetX < this.across * this.side && index >= 0 && index < this.codes.length ? index : -1);
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.across, ArrowUp: -this.across, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === 'Escape') this.tell(-1);
    if (!step) return;
    event.preventDefault();
    this.tell(Math.max(0, Math.min(this.codes.length - 1, this.at + step)));
  }
}

async function codeTable(level, codes, items) {
  const body = [];
  const columns = [{ name: 'code', number: true, cell: (code) => (level === 1 && code.items ? h('a', { href: href('prefix', String(code.code)) }, code.code) : code.code) },
    { name: 'items', number: true, cell: (code) => count(code.items) }, { name: 'share', number: true, cell: (code) => percent(code.items / items) },
    ...(level === 1 ? [{ name: 'label', cell: (code) => code.label || '' }] : [])];
  const frame = table(`codes of level ${level}`, columns, body);
  const list = frame.querySelector('tbody');
  return h('details', { class: 'data' }, h('summary', null, 'The codes as a table'),
    await growing(list, 'Show more codes', async (cursor) => {
      const from = Number(cursor);
      const rows = table('', columns, codes.slice(from, from + rowsAtOnce)).querySelectorAll('tbody > tr');
      return { nodes: [...rows], next: from + rowsAtOnce < codes.length ? String(from + rowsAtOnce) : null };
    }).then(([, trouble, button]) => [frame, trouble, button]));
}

export async function draw(context, wanted = '1') {
  const { source, info } = context;
  const index = Math.max(1, Math.min(info.levels, Math.floor(Number(wanted)) || 1));
  const [levels, one] = await Promise.all([drawLevels(source), source.level(index)]);
  const { level, codes } = one;
  const tabs = h('nav', { class: 'tabs', 'aria-label': 'Levels' }, info.codes.map((_, i) => h('a', { href: href('codebook', String(i + 1)), 'aria-current': i + 1 === index ? 'true' : null }, `level ${i + 1}`)));
  return [levels, section('codes', `The codes of level ${index}`,
    `${count(level.used)} of ${plural(level.codes, 'code')} are used; the fullest has ${plural(codes[0].items, 'item')}, the even share is ${figure(info.items / level.codes)}. Each cell is a code, the fullest first: point at one, or walk by arrow keys.`,
    tabs, h('div', { class: 'card' }, new CodeCells(codes, info.items).host,
      h('p', { class: 'key' }, h('span', { vars: { '--ink': 'var(--bar)' } }, 'many items'), h('span', { vars: { '--ink': 'color-mix(in srgb, var(--bar) 15%, var(--card))' } }, 'few'), h('span', { vars: { '--ink': 'var(--dead)' } }, 'dead'))),
    await codeTable(index, codes, info.items))];
}
