// view_collisions.js: items that share a SID, the largest buckets first; what a bucket holds is asked for when it is opened.

import { h, section } from './dom.js';
import { bucketItems, bucketKind, kindWords } from './buckets.js';
import { count, plural } from './figures.js';
import { fillWith, growing, href } from './parts.js';

const shownItems = 12;
const openAtOnce = 2;

async function drawItems(source, bucket) {
  const page = await source.page(bucket.sid, '', shownItems);
  const items = await Promise.all(page.items.map(async ({ item_id: id, title }) => {
    const { fields } = await source.item(id);
    return { id, title, fields: Object.entries(fields).map(([name, value]) => [name, String(value)]) };
  }));
  return [bucketItems({ sid: bucket.sid, items }),
    bucket.size > items.length && h('p', { class: 'left-out' }, h('a', { href: href('prefix', bucket.sid) }, `${count(bucket.size - items.length)} more`))];
}

function bucketCard(source, bucket, spread, isOpen) {
  const [kind, why] = bucketKind(bucket, spread);
  const inside = h('div');
  let isAsked = false;
  const open = (event) => {
    if (!event.currentTarget.open || isAsked) return;
    isAsked = true;
    fillWith(inside, () => drawItems(source, bucket));
  };
  return h('details', { class: 'bucket', open: isOpen, ontoggle: open },
    h('summary', null, h('b', { class: 'mono' }, bucket.sid), h('span', { class: 'size' }, plural(bucket.size, 'item')),
      h('span', { class: `kind ${kind}` }, kindWords[kind]), h('span', { class: 'why' }, why)), inside);
}

export async function draw({ source }) {
  const [first, spread] = await Promise.all([source.collisions(''), source.spread()]);
  if (!first.buckets.length) return section('collisions', 'Collisions', null, h('p', { class: 'empty' }, 'No two items share a SID.'));
  const list = h('div', { class: 'buckets' });
  const told = first.buckets[0].resolved_by ? ` An added ${first.buckets[0].resolved_by} tells the items of a bucket apart.` : '';
  return section('collisions', 'Collisions',
    `${plural(first.shared, 'SID')} ${first.shared === 1 ? 'is' : 'are'} shared. Do these items share one because they are the same, or because the codes cannot tell them apart? Words that not all of a bucket have are marked.${told}`,
    await growing(list, 'Show more buckets', async (cursor) => {
      const page = await source.collisions(cursor);
      return { nodes: page.buckets.map((bucket, i) => bucketCard(source, bucket, spread, cursor === '' && i < openAtOnce)), next: page.next };
    }));
}
