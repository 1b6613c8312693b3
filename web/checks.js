// checks.js: every check with its value, what it is compared with, and what to do.

import { h, section } from './dom.js';
import { checkName, checkValue, figure, percent, plural, verdictClass, verdictOrder, verdictSign } from './figures.js';

export function verdictChip(verdict) {
  return h('span', { class: `chip ${verdictClass[verdict]}` },
    h('span', { class: 'sign', 'aria-hidden': 'true' }, verdictSign[verdict]), verdict);
}

// Where a value stands on a strip of three equal zones, broken, look, healthy: 0 to 1.
function place({ value, healthy, look, isAtLeast }) {
  const part = (a, b) => (b === 0 ? 0 : Math.max(0, Math.min(1, a / b)));
  if (isAtLeast) {
    if (value >= healthy) return 1 - part(healthy, value) / 3;
    return value >= look ? (1 + part(value - look, healthy - look)) / 3 : part(value, look) / 3;
  }
  if (value <= healthy) return 1 - part(value, healthy) / 3;
  return value <= look ? (1 + part(look - value, look - healthy)) / 3 : part(look, value) / 3;
}

function gauge(check) {
  return h('span', { class: 'gauge', 'aria-hidden': 'true' },
    h('i', { class: 'zone broken' }), h('i', { class: 'zone look' }), h('i', { class: 'zone healthy' }),
    h('i', { class: 'needle', vars: { '--at': place(check).toFixed(4) } }));
}

function limitWords(check, key) {
  const word = (value) => (/_rate$/.test(key) || key === 'relative_mse' ? percent(value) : figure(value));
  const sign = check.isAtLeast ? '≥' : '≤';
  return [h('b', null, `healthy ${sign} ${word(check.healthy)}`), ', ', h('b', null, `look ${sign} ${word(check.look)}`)];
}

function checkRow(check, catalog, hasNext) {
  const name = checkName(check.name);
  const isJudged = check.verdict !== 'n/a' && check.healthy !== undefined;
  return h('tr', { class: verdictClass[check.verdict] },
    h('td', { class: 'verdict' }, verdictChip(check.verdict)),
    h('th', { scope: 'row' }, h('span', { class: 'title' }, name.title),
      name.level > 0 && h('span', { class: 'level' }, `level ${name.level}`),
      h('span', { class: 'what' }, name.what)),
    h('td', { class: 'number value' }, checkValue(name.key, check.value)),
    h('td', { class: 'limits' }, isJudged && gauge(check), check.healthy !== undefined && h('span', null, limitWords(check, name.key))),
    hasNext && h('td', { class: 'next' }, check.next ? check.next.replace('CATALOG', () => catalog) : ''));
}

function checkTable(caption, checks, catalog) {
  const hasNext = checks.some((check) => check.next);
  const columns = ['Verdict', 'Figure', 'Value', 'Compared with', hasNext && 'Next step'].filter(Boolean);
  return h('table', { class: hasNext ? 'checks' : 'checks plain' }, h('caption', { class: 'unseen' }, caption),
    h('thead', null, h('tr', null, columns.map(
      (name, i) => h('th', { scope: 'col', class: i === 2 ? 'number' : null }, name)))),
    h('tbody', null, checks.map((check) => checkRow(check, catalog, hasNext))));
}

export async function drawChecks(source) {
  const [report, info] = await Promise.all([source.report(), source.info()]);
  const by = (verdict) => report.checks.filter((check) => check.verdict === verdict);
  const attention = [...by('broken'), ...by('look')];
  const fine = [...by('healthy'), ...by('n/a')];
  return section('checks', 'Checks',
    'What each figure is compared with, worst first. The strip runs from broken over look to healthy.',
    attention.length > 0 && checkTable('Checks that need attention', attention, info.name),
    fine.length > 0 && h('details', { class: 'fold', open: fine.length <= 8 },
      h('summary', null, `${plural(by('healthy').length, 'healthy check')}${by('n/a').length
        ? `, ${by('n/a').length} not judged` : ''}`),
      checkTable('Other checks', fine, info.name)),
    report.warnings.length > 0 && h('div', { class: 'notes' }, h('h3', null, 'Worth knowing'),
      h('ul', null, report.warnings.map((warning) => h('li', null, warning)))));
}

// "2 checks need a look, 1 is broken": the worst first.
export function verdictWords(report) {
  const number = (verdict) => report.checks.filter((check) => check.verdict === verdict).length;
  const [broken, look, healthy] = verdictOrder.slice(0, 3).map(number);
  const words = [];
  if (broken) words.push(`${plural(broken, 'check')} ${broken === 1 ? 'is' : 'are'} broken`);
  if (look) words.push(`${broken ? look : plural(look, 'check')} ${look === 1 ? 'needs' : 'need'} a look`);
  if (healthy) words.push(broken || look ? `${healthy} ${healthy === 1 ? 'is' : 'are'} healthy`
    : healthy === 1 ? 'the only check is healthy' : `all ${plural(healthy, 'check')} are healthy`);
  const told = words.join(', ');
  return told ? `${told[0].toUpperCase()}${told.slice(1)}.` : 'Nothing could be judged.';
}
