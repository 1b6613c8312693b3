// view_map.js: the items on the plane of their first two principal components.

import { h } from './dom.js';
import { codeRegions, drawMap } from './scatter.js';
import { itemLink, sidLinks } from './parts.js';

// The map draws what source.map() gives: here, of one prefix or of all.
export async function draw({ source }, prefix = '') {
  await source.children(''); // labels of all first codes in one answer
  const ofPrefix = { ...source, map: () => source.map(prefix) };
  const regions = await codeRegions(ofPrefix);
  const map = await drawMap(ofPrefix, regions);
  const told = h('p', { class: 'told', role: 'status' }, 'Point at an item to be told what it is; the last one told is linked here.');
  map.addEventListener('item-told', ({ detail }) => told.replaceChildren(itemLink(detail.id), ' ', sidLinks(detail.sid), ' ', detail.title));
  if (map.querySelector('canvas')) map.append(told);
  if (prefix) map.querySelector('h2').append(` below ${prefix}`);
  return [map, prefix && h('p', null, h('a', { href: '#/map' }, 'The map of all items'))];
}
