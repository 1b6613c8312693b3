// view_health.js: the verdict, every check, and the drawings behind them.

import { h } from './dom.js';
import { drawChecks } from './checks.js';
import { drawVerdict } from './head.js';
import { drawErrors } from './levels.js';
import { drawSizesSection } from './buckets.js';
import { drawAdded } from './added.js';

export async function draw({ source }) {
  const report = await source.report();
  const [checks, errors, added, buckets] = await Promise.all([drawChecks(source), drawErrors(source), drawAdded(source), source.buckets()]);
  const sizes = buckets.by_size && await drawSizesSection(source);
  return [h('section', { 'aria-labelledby': 'health-title' }, h('h2', { id: 'health-title', class: 'unseen' }, 'Health'), drawVerdict(report)),
    checks, h('div', { class: 'pair' }, sizes, errors), added,
    h('p', { class: 'left-out' }, `Catalogue ${report.id}, version ${report.version}${report.parent ? `, parent ${report.parent}` : ''}. `,
      report.at_creation.length > 0 && `Counts are those of today; from the day of the fit: ${report.at_creation.join(', ')}.`)];
}
