// buckets.js: items that share a SID: how many, and what the largest buckets hold, side by side.

import { h, s, section, dataTable } from './dom.js';
import { brief, count, figure, percent, plural } from './figures.js';
import { drawing, explore, line, text } from './charts.js';

function binName(bin) {
  const first = 2 ** bin;
  return bin === 0 ? '1' : bin === 1 ? '2–3' : `${count(first)}–${count(2 * first - 1)}`;
}

// Both axes by powers: sizes by 2, numbers by 10.
function drawSizes(svg, width, sizes) {
  const height = 220;
  const foot = height - 34;
  const from = 66;
  const most = Math.max(...sizes, 10);
  const powers = Math.ceil(Math.log10(most));
  const y = (n) => foot - (foot - 22) * (n < 1 ? 0 : (Math.log10(n) + 0.35) / (powers + 0.35));
  const step = Math.min(120, (width - from - 6) / sizes.length);
  for (let power = 0; power <= powers; power++) {
    const at = y(10 ** power);
    svg.append(line(from, at, from + step * sizes.length, at, 'grid'), text(from - 6, at + 4, count(10 ** power), { class: 'end' }));
  }
  sizes.forEach((n, bin) => {
    const x = from + bin * step;
    if (n > 0) svg.append(s('rect', { x: x + 3, y: y(n), width: Math.max(2, step - 6), height: foot - y(n), rx: 2, class: bin === 0 ? 'bar alone' : 'bar' }));
    if (n > 0 && step > 7.5 * count(n).length) svg.append(text(x + step / 2, y(n) - 5, count(n), { class: 'middle strong' }));
    if (step > 30 || bin % 3 === 0) svg.append(text(x + step / 2, foot + 16, step > 46 ? binName(bin) : count(2 ** bin), { class: 'middle' }));
  });
  svg.append(line(from, foot, from + step * sizes.length, foot, 'axis'),
    text(from + (step * sizes.length) / 2, height - 2, 'items in the bucket', { class: 'middle' }),
    text(from, 10, 'buckets, by powers of ten'));
  explore(svg, sizes.map((n, bin) => ({ x: from + (bin + 0.5) * step, y: y(n), lines: [bin ? `${binName(bin)} items share a SID` : 'alone with its SID', plural(n, 'bucket')] })));
}

export async function drawSizesSection(source) {
  const [report, buckets] = await Promise.all([source.report(), source.buckets()]);
  if (!report.items) return section('sizes', 'Bucket sizes', null, h('p', { class: 'empty' }, 'There are no items, so there are no buckets of items that share a SID.'));
  const told = buckets.resolved_by ? ` An added ${buckets.resolved_by} tells the items of a bucket apart.` : '';
  return section('sizes', 'Bucket sizes',
    `A bucket is the items of one SID. ${count(report.unique_sids)} buckets hold ${plural(report.items, 'item')}; an item sees ${figure(report.bucket_seen)} in its own.${told}`,
    h('figure', { class: 'card' }, drawing(`Buckets by size; the largest holds ${report.largest_bucket} items`, 220,
      (svg, width) => drawSizes(svg, width, buckets.by_size))),
    dataTable('Buckets by size', [{ name: 'items in the bucket' }, { name: 'buckets', number: true }],
      buckets.by_size.map((n, bin) => [binName(bin), count(n)])));
}

// ---- The largest buckets ------------------------------------------------------------------------------------------------

const words = (value) => value.split(/(\s+)/);
const bare = (word) => word.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');

// The words that every one of these values has.
function commonWords(values) {
  const sets = values.map((value) => new Set(words(value).map(bare)));
  return new Set([...sets[0]].filter((word) => sets.every((set) => set.has(word))));
}

// What not all have is marked.
function marked(value, common) {
  return words(brief(value)).map((word) => (bare(word) === '' || common.has(bare(word)) ? word : h('mark', null, word)));
}

// What vectors say of a bucket: the same item again and again, or different ones?
export function bucketKind(bucket, spread) {
  if (bucket.distinct === null) return ['unknown', 'vectors were dropped'];
  if (bucket.distinct === 1) return ['equal', 'all vectors are equal: no code can tell these apart'];
  const share = spread > 0 ? bucket.spread / spread : 0;
  const apart = `${count(bucket.distinct)} different vectors, ${percent(share)} as far apart as the whole catalogue`;
  return share < 1 / 3 ? ['close', apart] : ['clash', apart];
}
export const kindWords = { unknown: 'not measured', equal: 'equal vectors', close: 'close vectors', clash: 'different items' };

function itemFields(item) {
  const fields = item.fields.filter(([, value]) => value !== '');
  return fields.length ? fields : item.title ? [['title', item.title]] : [];
}

export function bucketItems(bucket) {
  const names = [...new Set(bucket.items.flatMap((item) => itemFields(item).map(([name]) => name)))];
  const value = (item, name) => (itemFields(item).find((field) => field[0] === name) || ['', ''])[1];
  const common = new Map(names.map((name) => [name, commonWords(bucket.items.map((item) => value(item, name)))]));
  return h('div', { class: 'side-by-side', tabindex: 0, role: 'region', 'aria-label': `items of ${bucket.sid}` },
    bucket.items.map((item) => h('article', null, h('h4', { class: 'mono' }, item.id),
      names.length ? h('dl', null, names.map((name) => [h('dt', null, name), h('dd', null, marked(value(item, name), common.get(name)))]))
        : h('p', { class: 'empty' }, 'no text'))));
}

function bucketCard(bucket, spread, catalog, open) {
  const [kind, why] = bucketKind(bucket, spread);
  return h('details', { class: 'bucket', open },
    h('summary', null, h('b', { class: 'mono' }, bucket.sid), h('span', { class: 'size' }, plural(bucket.size, 'item')),
      h('span', { class: `kind ${kind}` }, kindWords[kind]), h('span', { class: 'why' }, why)),
    bucketItems(bucket),
    bucket.size > bucket.items.length && h('p', { class: 'left-out' }, `${count(bucket.size - bucket.items.length)} more: `,
      h('code', null, `semid decode ${catalog} ${bucket.sid}`)));
}

export async function drawCollisions(source) {
  const [buckets, map, info] = await Promise.all([source.buckets(), source.map(), source.info()]);
  const page = 8;
  if (!buckets.rows.length) {
    return section('collisions', 'Largest buckets', null, h('p', { class: 'empty' }, 'No two items share a SID.'));
  }
  const list = h('div', { class: 'buckets' });
  const more = h('button', { type: 'button', class: 'more', onclick: () => add() });
  let shown = 0;
  const add = () => {
    buckets.rows.slice(shown, shown + page).forEach((bucket, i) => list.append(bucketCard(bucket, map.spread, info.name, shown + i < 3)));
    shown = Math.min(shown + page, buckets.rows.length);
    more.textContent = `Show ${Math.min(page, buckets.rows.length - shown)} more`;
    more.hidden = shown === buckets.rows.length;
  };
  add();
  return section('collisions', 'Largest buckets',
    'Do these items share a SID because they are the same, or because the codes cannot tell them apart? Words that not all of a bucket have are marked.',
    list, more, buckets.shared > buckets.rows.length && h('p', { class: 'left-out' },
      `The ${count(buckets.rows.length)} largest of ${plural(buckets.shared, 'shared SID')} are in this page.`));
}
