// head.js: the verdict on a catalogue and its first figures, as the page and the explorer open with.

import { h } from './dom.js';
import { count, figure, percent, verdictClass, verdictSign } from './figures.js';
import { verdictWords } from './checks.js';

function tile(name, value, note) {
  return h('div', null, h('dt', null, name), h('dd', null, value), note && h('dd', { class: 'note' }, note));
}

export function drawVerdict(report) {
  return [h('div', { class: `verdict-card ${verdictClass[report.verdict]}` },
    h('span', { class: 'sign', 'aria-hidden': 'true' }, verdictSign[report.verdict]),
    h('div', null, h('b', null, report.verdict === 'n/a' ? 'not judged' : `verdict: ${report.verdict}`), h('span', null, verdictWords(report)))),
  h('dl', { class: 'tiles' },
    tile('items', count(report.items), report.added.items > 0 && `${count(report.added.items)} added since the fit`),
    tile('distinct SIDs', percent(report.unique_rate), `${count(report.unique_sids)} of them`),
    tile('largest bucket', count(report.largest_bucket), report.largest_bucket > 1 ? report.largest_bucket_sid : 'nobody shares'),
    report.relative_mse !== null && tile('variance lost', percent(report.relative_mse), 'by the codes'),
    report.lcp_ratio !== null && tile('common prefixes', `${figure(report.lcp_ratio)} ×`, 'neighbours ÷ chance'))];
}
