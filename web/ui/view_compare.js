// view_compare.js: what moved between another catalogue below the server's --root and the one that is served.

import { h, s, section, dataTable, showTip, hideTip } from './dom.js';
import { count, figure, palette, percent, plural } from './figures.js';
import { drawing, text } from './charts.js';
import { Problem } from './api.js';
import { field, fillWith, form } from './parts.js';

const shownEnds = 24;
const others = 'others';
const flowsInTable = 200;

const byName = (a, b) => a[0].localeCompare(b[0], 'en', { numeric: true });

// The largest prefixes of one side, [name, items], and what all others have.
function largest(flow, side) {
  const sizes = new Map();
  for (const each of flow) sizes.set(each[side], (sizes.get(each[side]) || 0) + each.items);
  const order = [...sizes].sort((a, b) => b[1] - a[1] || byName(a, b));
  return { list: order.slice(0, shownEnds), rest: order.slice(shownEnds).reduce((sum, [, items]) => sum + items, 0), all: order.length };
}

// What is drawn: where the largest old prefixes went. New ones stand where most of theirs come from, so that few flows cross;
// what is beyond the largest of those becomes one end.
function chosen(flow) {
  const { list, rest, all } = largest(flow, 'old');
  const left = list.sort(byName);
  const place = new Map(left.map(([name], i) => [name, i]));
  const kept = flow.filter((each) => place.has(each.old));
  const ends = largest(kept, 'new');
  const centre = new Map(ends.list.map(([name, items]) => [name, kept.reduce((sum, each) => sum + (each.new === name ? place.get(each.old) * each.items : 0), 0) / items]));
  const right = ends.list.sort((a, b) => centre.get(a[0]) - centre.get(b[0]) || byName(a, b));
  return { kept, left, right: ends.rest ? [...right, [others, ends.rest]] : right, leftOut: rest, all, nameOf: (name) => (centre.has(name) ? name : others) };
}

// Flows between ends, added up.
function joinFlows(flow, nameOf) {
  const joined = new Map();
  for (const each of flow) {
    const to = nameOf(each.new);
    const key = `${each.old}>${to}`;
    if (!joined.has(key)) joined.set(key, { from: each.old, to, items: 0 });
    joined.get(key).items += each.items;
  }
  return [...joined.values()];
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

function drawFlow(svg, width, { kept, left, right, nameOf }) {
  const height = 520;
  const margin = 64;
  const total = kept.reduce((sum, each) => sum + each.items, 0);
  const [from, to] = [stack(left, height, total), stack(right, height, total)];
  const [x0, x1] = [margin, width - margin];
  const colour = (name) => (name === others ? 'rest' : Number(name.split('-', 1)[0]) % palette);
  const order = (places) => (name) => places.get(name).top;
  const flows = joinFlows(kept, nameOf).sort((a, b) => order(from.places)(a.from) - order(from.places)(b.from) || order(to.places)(a.to) - order(to.places)(b.to));
  for (const each of flows) {
    const [a, b] = [from.places.get(each.from), to.places.get(each.to)];
    const thick = Math.max(0.6, each.items * Math.min(from.scale, to.scale));
    const [y0, y1] = [a.top + a.filled + thick / 2, b.top + b.filled + thick / 2];
    a.filled += each.items * from.scale;
    b.filled += each.items * to.scale;
    const middle = (x0 + x1) / 2;
    const path = s('path', { d: `M${x0 + 6},${y0}C${middle},${y0} ${middle},${y1} ${x1 - 6},${y1}`, class: `flow stroke-${colour(each.from)}`, 'stroke-width': thick.toFixed(2) });
    path.onpointermove = (event) => showTip([`${each.from} → ${each.to}`, `${plural(each.items, 'item')}, ${percent(each.items / left.find(([name]) => name === each.from)[1])} of ${each.from}`], event.clientX, event.clientY);
    svg.append(path);
  }
  svg.onpointerleave = hideTip;
  for (const [side, x, ends] of [[from, x0, left], [to, x1 - 6, right]]) {
    for (const [name] of ends) {
      const place = side.places.get(name);
      svg.append(s('rect', { x, y: place.top, width: 6, height: Math.max(1, place.height), class: `ink-${colour(name)}` }));
      if (place.height > 7.5) svg.append(text(side === from ? x - 6 : x + 12, place.top + place.height / 2 + 4, name, { class: side === from ? 'end' : '' }));
    }
  }
}

function drawAnswer(answer, name, isOfServed) {
  const moved = answer.sid_changed === null ? 'n/a' : percent(answer.sid_changed);
  const drawn = chosen(answer.flow);
  const shown = drawn.leftOut ? `where the items of the ${drawn.left.length} largest of ${count(drawn.all)} prefixes went` : 'where the items went, the wider, the more';
  const first = answer.level[0];
  const tiles = [[count(answer.common), 'in both'], [count(answer.added), 'only here'], [count(answer.removed), 'only there'], [moved, 'changed their SID'],
    ...(answer.is_child || !first ? [] : [[percent(first.level), 'moved to another first code, relabelled']])];
  return [h('p', null, answer.is_child ? 'The catalogue that is served was refreshed from this one, so its numbering was kept.' : 'The two were numbered each for itself: what counts is what moved after the best relabelling.'),
    h('dl', { class: 'tiles small' }, tiles.map(([value, words]) => h('div', null, h('dt', null, words), h('dd', null, value)))),
    answer.flow.length > 0 && h('figure', { class: 'card' }, h('figcaption', null, h('b', null, `${name} → ${isOfServed}`), h('span', null, shown)),
      drawing(`Flow of items from the prefixes of ${name} to those of ${isOfServed}`, 520, (svg, width) => drawFlow(svg, width, drawn))),
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
  else host.append(h('p', { class: 'empty' }, 'Here comes how many items are in both, how many changed their SID, and a drawing of where the items of each prefix went.'));
  return section('compare', 'Compare', 'From another catalogue to the one that is served: what came, what went, and where the items moved.',
    form('Compare', run, field('Other catalogue', name, 'its name below the server’s --root'), field('Codes of a prefix', depth), h('button', { type: 'submit' }, 'Compare')), host);
}
