// cells.js: the prefixes below one as cells to look at: the larger, the more items.

import { s, showTip, hideTip } from './dom.js';
import { count, percent, plural } from './figures.js';
import { drawing, fitted, text } from './charts.js';

function nodeLines(node, total, paint) {
  return [node.prefix, `${plural(node.items, 'item')}, ${percent(node.items / total)} of all`, paint.line(node), node.label];
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
    const { paint } = state;
    const ink = paint.ink(node);
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
    if (height > 22 && width > 74) group.append(text(x + width - 6, y + 16, paint.share(node) || count(node.items), { class: 'end faint' }));
    if (height > 38 && width > 34) group.append(text(x + 6, y + 31, fitted(paint.words(node), width - 11)));
    group.onpointermove = (event) => showTip(nodeLines(node, state.total, paint), event.clientX, event.clientY);
    group.onclick = () => state.go(node.prefix);
    return group;
  }
}
