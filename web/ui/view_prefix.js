// view_prefix.js: what stands below a prefix: its items page by page, what they have in common, and its neighbours in the tree.

import { h, section } from './dom.js';
import { count, percent, plural } from './figures.js';
import { chips, field, fillWith, form, hitTable, href, readPrefix, sidLinks } from './parts.js';

const pageItems = 100;
const linksMax = 64;

// Prefixes as bars that lead to them, the largest first.
function prefixBars(name, nodes, of, current) {
  const most = Math.max(...nodes.map((node) => node.items), 1);
  const shown = [...nodes].sort((a, b) => b.items - a.items || a.code - b.code).slice(0, linksMax);
  return nodes.length > 0 && h('div', { class: 'bars-box' }, h('h3', null, `${name} (${count(nodes.length)})`),
    h('ul', { class: 'bars' }, shown.map((node) => h('li', null,
      h('a', { href: href('prefix', node.prefix), 'aria-current': node.prefix === current ? 'true' : null, vars: { '--part': (node.items / most).toFixed(4) } },
        h('b', { class: 'mono' }, node.prefix), h('span', { class: 'words' }, node.label || ''), h('span', { class: 'size' }, `${count(node.items)}, ${percent(node.items / of)}`))))),
    nodes.length > shown.length && h('p', { class: 'left-out' }, `and ${count(nodes.length - shown.length)} smaller`));
}

function itemPages(context, prefix, first) {
  const host = h('div');
  const show = (cursor) => fillWith(host, async () => {
    const page = cursor === 0 ? first : await context.source.page(prefix, String(cursor), pageItems);
    const to = cursor + page.items.length;
    const step = (words, at, isThere) => h('button', { type: 'button', disabled: !isThere, onclick: () => show(at) }, words);
    return [hitTable(`items below ${prefix}`, page.items),
      h('p', { class: 'pages' }, step('‹ before', Math.max(0, cursor - pageItems), cursor > 0),
        h('span', { role: 'status' }, `items ${count(cursor + 1)} to ${count(to)} of ${count(page.count)}`),
        step('next ›', to, page.next !== null))];
  });
  show(0);
  return host;
}

async function drawOne(context, prefix) {
  const { source, info } = context;
  const codes = prefix.split('-');
  const parent = codes.slice(0, -1).join('-');
  const page = await source.page(prefix, '', pageItems);
  const words = new Map((await source.prefixes(parent)).nodes.map((node) => [node.code, node.label]));
  const below = codes.length < info.levels ? (await source.prefixes(prefix)).nodes : [];
  const siblings = page.siblings.map((node) => ({ ...node, label: words.get(node.code), prefix: parent ? `${parent}-${node.code}` : String(node.code) }));
  const all = siblings.reduce((sum, node) => sum + node.items, 0);
  return [h('p', { class: 'prefix-head' }, sidLinks(prefix), ' ', h('b', null, plural(page.count, 'item')), ` of ${count(info.items)}`,
    h('span', { class: 'go' }, h('a', { href: href('tree', prefix) }, 'in the tree'), h('a', { href: href('map', prefix) }, 'on the map'))),
  page.words.length > 0 && h('div', { class: 'telling' }, h('h3', null, 'Words that tell these items from their siblings'), chips(page.words)),
  h('div', { class: 'pair' }, prefixBars('Prefixes below', below, page.count), prefixBars(parent ? `Siblings below ${parent}` : 'Siblings', siblings, all, prefix)),
  h('h3', { class: 'list-title' }, 'Items'), itemPages(context, prefix, page)];
}

export async function draw(context, wanted = '') {
  const { source, info } = context;
  const input = h('input', { type: 'text', value: wanted, placeholder: '12-153', inputmode: 'numeric', spellcheck: 'false' });
  const host = h('div');
  const said = h('p', { class: 'bad', role: 'alert' });
  const ask = () => {
    const prefix = readPrefix(input.value);
    said.textContent = prefix === null ? 'A prefix is codes with dashes between, as 12 or 12-153.' : '';
    if (prefix !== null) context.go('prefix', prefix);
  };
  await fillWith(host, async () => {
    if (wanted !== '') return drawOne(context, wanted);
    if (!info.ordered) return h('p', { class: 'empty' }, `The codes of ${info.quantizer} stand side by side: a prefix of its SIDs means nothing. Type a whole SID to see its items.`);
    const top = await source.prefixes('');
    return prefixBars('First codes', top.nodes, info.items) || h('p', { class: 'empty' }, 'There are no items.');
  });
  return section('prefix', wanted ? `Prefix ${wanted}` : 'Prefixes',
    wanted ? 'The items whose SIDs begin with these codes, how they go on, and what stands beside them.' : 'Type the first codes of a SID, or choose one of the prefixes of one code below, by how many items they have.',
    form('Prefix', ask, field('Prefix or SID', input), h('button', { type: 'submit' }, 'Show'), said), host);
}
