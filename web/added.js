// added.js: the items that came after the fit, which the codebooks have never seen.

import { h, section } from './dom.js';
import { count, figure, percent, plural } from './figures.js';

export async function drawAdded(source) {
  const [report, items] = await Promise.all([source.report(), source.added()]);
  const { added } = report;
  if (!added.items) {
    return section('added', 'Added since the fit', null, h('p', { class: 'empty' }, 'All items were there when the codebooks were made.'));
  }
  const facts = [[count(added.items), 'added'], [percent(added.items / report.items), 'of all items'],
    added.residual_ratio !== null && [`${figure(added.residual_ratio)} ×`, 'the residual of fitted items'],
    added.largest_bucket_growth !== null && [percent(added.largest_bucket_growth), 'growth of the largest bucket']].filter(Boolean);
  return section('added', 'Added since the fit', 'Well above 1 ×, the codebooks do not know such items: fit again with them.',
    h('dl', { class: 'tiles small' }, facts.map(([value, name]) => h('div', null, h('dt', null, name), h('dd', null, value)))),
    added.advice && h('p', { class: 'advice' }, added.advice),
    items.length > 0 && h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'items added' }, h('table', { class: 'items' },
      h('thead', null, h('tr', null, ['item', 'SID', 'title'].map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', null, items.map((item) => h('tr', null, h('th', { scope: 'row', class: 'mono' }, item.id),
        h('td', { class: 'mono' }, item.sid), h('td', null, item.title)))))),
    items.length > 0 && items.length < added.items && h('p', { class: 'left-out' }, `The newest ${count(items.length)} of ${plural(added.items, 'item')} are in this page.`));
}
