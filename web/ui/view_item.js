// view_item.js: one item: its SID, what is known of it, who shares its bucket, and what stands near.

import { h, section } from './dom.js';
import { brief, plural } from './figures.js';
import { distanceColumn, fillWith, hitTable, href, sharedColumn, sidLinks } from './parts.js';

// The beginning; all of it when it is opened.
function longText(name, text) {
  const start = brief(text, 600);
  return start === text ? text : h('details', null, h('summary', null, `${start} (${plural(text.length, 'character')})`), text);
}

// How it came by its codes.
const assigned = { argmin: 'These codes are the nearest ones to its vector.', fit: 'Its codes were given when the catalogue was made or imported, not chosen by distance alone.',
  policy: 'The collision policy gave it another last code than the nearest.' };

export async function draw(context, id = '') {
  const { ask, source, info } = context;
  const item = await source.item(id);
  const near = h('div');
  const mates = h('div');
  fillWith(near, async () => {
    const { results } = await ask('/v1/neighbors', { item: id, k: 20 });
    return hitTable('items near this one', results, [sharedColumn, distanceColumn]);
  });
  fillWith(mates, async () => {
    const page = await source.page(item.sid.split('-').slice(0, info.levels).join('-'), '', 20);
    const others = page.items.filter((each) => each.item_id !== id);
    return others.length ? hitTable('items of the same codes', others) : h('p', { class: 'empty' }, 'No other item has these codes.');
  });
  const fields = Object.entries(item.fields).filter(([, value]) => value !== '');
  return section('item', brief(item.title || item.item_id), null,
    h('p', { class: 'prefix-head' }, sidLinks(item.sid), ' ', h('b', { class: 'mono' }, item.item_id),
      h('span', { class: 'go' }, info.ordered && h('a', { href: href('tree', item.sid) }, 'in the tree'),
        info.model && h('a', { href: href('recommend', item.item_id) }, 'recommend after it'))),
    h('p', { class: 'left-out' }, `${assigned[item.assigned] || `Codes by ${item.assigned}.`}${item.state === 'ok' ? '' : ` State: ${item.state}.`}`),
    fields.length > 0 && h('dl', { class: 'fields card' }, fields.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, longText(name, String(value)))))),
    h('h3', { class: 'list-title' }, 'The same codes'), mates, h('h3', { class: 'list-title' }, 'Near it'), h('p', { class: 'lead' }, 'Those that share the longest prefix first; among them by the distance of their vectors.'), near);
}
