// view_tree.js: the prefixes, as cells to look at and as a tree to walk.

import { h, section, hideTip } from './dom.js';
import { Cells } from './cells.js';
import { VirtualTree } from './virtual_tree.js';
import { fillWith, href, problemCard } from './parts.js';
import { palette } from './figures.js';
import { colouring } from './purity.js';

const lead = 'Items below a prefix are alike; the larger a cell, the more items. Choose one to go into it. Words are what its items have in common and its siblings lack.';

// Which colour a first code has: by its number, so that no other need be known.
export const colourOf = { get: (code) => Number(code) % palette };

function drawPath(host, state, prefix) {
  const codes = prefix === '' ? [] : prefix.split('-');
  const crumbs = [h('button', { type: 'button', onclick: () => state.go('') }, 'all items')];
  codes.forEach((code, i) => {
    const here = codes.slice(0, i + 1).join('-');
    crumbs.push(h('span', { 'aria-hidden': 'true' }, '›'), h('button', { type: 'button', class: 'mono', onclick: () => state.go(here), 'aria-label': `prefix ${here}` }, code));
  });
  const links = prefix ? [h('a', { href: href('prefix', prefix) }, `items of ${prefix}`), h('a', { href: href('map', prefix) }, 'on the map')] : [];
  host.replaceChildren(...crumbs, h('span', { class: 'go' }, links));
}

export async function draw(context, wanted = '') {
  const { source, info } = context;
  if (!info.ordered) {
    return section('tree', 'Prefix tree', null, h('p', { class: 'empty' }, `The codes of ${info.quantizer} stand side by side: a prefix of its SIDs means nothing, so there is no tree.`));
  }
  const top = await source.prefixes('');
  if (!top.nodes.length) return section('tree', 'Prefix tree', null, h('p', { class: 'empty' }, 'There are no items.'));
  const path = h('nav', { class: 'path', 'aria-label': 'Prefix shown' });
  const trouble = h('div');
  const state = { source, at: '', total: top.items, open: (item) => context.go('item', item.item_id) };
  state.complain = (error) => trouble.replaceChildren(problemCard(error, () => trouble.replaceChildren()));
  state.paint = colouring(info.category, top.nodes.some((node) => typeof node.purity === 'number'), (node) => colourOf.get(node.prefix.split('-', 1)[0]),
    info.category === null ? ' A server that is started with --category COLUMN colours by purity: how far a prefix is of one category.' : '', () => { cells.draw(); walk.repaint(); });
  const cells = new Cells(state);
  const walk = new VirtualTree(state);
  state.show = (prefix) => fillWith(trouble, async () => {
    const { nodes } = prefix === '' ? top : await source.children(prefix);
    state.at = nodes.length || !prefix.includes('-') ? prefix : prefix.slice(0, prefix.lastIndexOf('-'));
    drawPath(path, state, prefix);
    context.stay(...['tree', prefix].filter(Boolean));
    await cells.draw();
    return [];
  });
  state.go = async (prefix) => {
    hideTip();
    await state.show(prefix);
    await walk.reveal(prefix);
  };
  await walk.start();
  drawPath(path, state, '');
  if (wanted) requestAnimationFrame(() => state.go(wanted));
  return section('tree', 'Prefix tree', lead, h('div', { class: 'card' }, path, trouble, cells.host, state.paint.legend, walk.host));
}
