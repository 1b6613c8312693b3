// view_compare.js: what moved between another catalogue below the server's --root and the one that is served.

import { h, s, section, dataTable, showTip, hideTip } from './dom.js';
import { count, figure, palette, percent, plural } from './figures.js';
import { drawing, text } from './charts.js';
import { Problem } from './api.js';
import { field, fillWith, form } from './parts.js';

const shownEnds = 24;
const others = 'others';
const flowsInTable = 200;

// The largest prefixes of one side; what is beyond becomes one end. {names, sizes, nameOf}
function endsOf(flow, side) {
  const sizes = new Map();
  for (const each of flow) sizes.set(each[side], (sizes.get(each[side]) || 0) + each.items);
  const order = [...sizes].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0], 'en', { numeric: true }));
  const named = new Set(order.slice(0, shownEnds).map(([name]) => name));
  const rest = order.slice(shownEnds).reduce((sum, [, items]) => sum + items, 0);
  const list = order.slice(0, shownEnds).sort((a, b) => a[0].localeCompare(b[0], 'en', { numeric: true }));
  return { list: rest ? [...list, [others, rest]] : list, nameOf: (name) => (named.has(name) ? name : others) };
}

// Flows between ends, added up.
function joinFlows(flow, left, right) {
  const joined = new Map();
  for (const each of flow) {
    const from = left.nameOf(each.old);
    const to = right.nameOf(each.new);
    const key = `${from}>${to}`;
    if (!joined.has(key)) joined.set(key, { from, to, items: 0 });
    joined.get(key).items += each.items;
  }
  return [...joined.values()].sort((a, b) => b.items - a.items);
}

// Where each end stands: its top, and how far its flows have filled it.
function stack(list, height, total) {
  const gap = 3;
  const scale = (height - gap * (list.length - 1)) / total;
  const places = new Map();
  let at = 0;
  list.forEach(([name, items]) => {
    places.set(name, { top: at, height: items * scale, filled: 0 });
    at += items * scale + gap;
  });
  return { places, scale };
}

function drawFlow(svg, width, flow) {
  const height = 520;
  const margin = 64;
  const total = flow.reduce((sum, each) => sum + each.items, 0);
  const [left, right] = [endsOf(flow, 'old'), endsOf(flow, 'new')];
  const [from, to] = [stack(left.list, height, total), stack(right.list, height, total)];
  const [x0, x1] = [margin, width - margin];
  const colour = (name) => (name === others ? 'rest' : Number(name.split('-', 1)[0]) % palette);
  const order = (places) => (name) => places.get(name).top;
  const flows = joinFlows(flow, left, right).sort((a, b) => order(from.places)(a.from) - order(from.places)(b.from) || order(to.places)(a.to) - order(to.places)(b.to));
  for (const each of flows) {
    const [a, b] = [from.places.get(each.from), to.places.get(each.to)];
    const thick = Math.max(0.6, each.items * Math.min(from.scale, to.scale));
    const [y0, y1] = [a.top + a.filled + thick / 2, b.top + b.filled + thick / 2];
    a.filled += each.items * from.scale;
    b.filled += each.items * to.scale;
    const middle = (x0 + x1) / 2;
    const path = s('path', { d: `M${x0 + 6},${y0}C${middle},${y0} ${middle},${y1} ${x1 - 6},${y1}`, class: `flow stroke-${colour(each.from)}`, 'stroke-width': thick.toFixed(2) });
    path.onpointermove = (event) => showTip([`${each.from} → ${each.to}`, `${plural(each.items, 'item')}, ${percent(each.items / total)}`], event.clientX, event.clientY);
    svg.append(path);
  }
  svg.onpointerleave = hideTip;
  for (const [side, x, ends] of [[from, x0, left], [to, x1 - 6, right]]) {
    for (const [name] of ends.list) {
      const place = side.places.get(name);
      svg.append(s('rect', { x, y: place.top, width: 6, height: Math.max(1, place.height), class: `ink-${colour(name)}` }));
      if (place.height > 7.5) svg.append(text(side === from ? x - 6 : x + 12, place.top + place.height / 2 + 4, name, { class: side === from ? 'end' : '' }));
    }
  }
}

function drawAnswer(answer, name, isOfServed) {
  const moved = answer.sid_changed === null ? 'n/a' : percent(answer.sid_changed);
  const tiles = [[count(answer.common), 'in both'], [count(answer.added), 'only here'], [count(answer.removed), 'only there'], [moved, 'changed their SID']];
  return [h('p', null, answer.is_child ? 'The catalogue that is served was refreshed from this one, so its numbering was kept.' : 'The two were numbered each for itself: what counts is what moved after the best relabelling.'),
    h('dl', { class: 'tiles small' }, tiles.map(([value, words]) => h('div', null, h('dt', null, words), h('dd', null, value)))),
    answer.flow.length > 0 && h('figure', { class: 'card' }, h('figcaption', null, h('b', null, `${name} → ${isOfServed}`), h('span', null, 'the first codes of the items of both, the wider, the more')),
      drawing(`Flow of items from the prefixes of ${name} to those of ${isOfServed}`, 520, (svg, width) => drawFlow(svg, width, answer.flow))),
    dataTable('What moved by depth', ['depth', 'moved', 'moved after relabelling', 'prefixes after relabelling', 'AMI'].map((each) => ({ name: each, number: true })),
      answer.level.map((level) => [level.depth, percent(level.raw), percent(level.level), percent(level.prefix), figure(level.ami)])),
    dataTable('The largest flows', [{ name: 'there' }, { name: 'here' }, { name: 'items', number: true }],
      answer.flow.slice(0, flowsInTable).map((each) => [each.old, each.new, count(each.items)]))];
}

export async function draw(context, wanted = '', wantedDepth = '1') {
  const { source, info } = context;
  const name = h('input', { type: 'text', value: wanted, spellcheck: 'false' });
  const depth = h('input', { type: 'number', min: 1, max: info.levels, value: wantedDepth });
  const host = h('div', { 'aria-live': 'polite' });
  const run = () => fillWith(host, async () => {
    const with_ = name.value.trim();
    if (with_ === '') throw new Problem('Name the other catalogue first.');
    context.stay('compare', with_, depth.value);
    return drawAnswer(await source.get(`/v1/compare?with=${encodeURIComponent(with_)}&depth=${Number(depth.value) || 1}`), with_, info.name);
  });
  if (wanted) run();
  return section('compare', 'Compare', 'From another catalogue to the one that is served: what came, what went, and where the items moved.',
    form('Compare', run, field('Other catalogue', name, 'its name below the server’s --root'), field('Codes of a prefix', depth), h('button', { type: 'submit' }, 'Compare')), host);
}
