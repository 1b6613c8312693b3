// beams.js: how a model that writes SIDs came to its items: at each code the prefixes that its search kept, and what it passed by.

import { h, dataTable } from './dom.js';
import { count, figure, percent, plural } from './figures.js';
import { href } from './parts.js';

const shown = 10;
const ordinals = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth'];

// Probabilities of 1e-9 are no percents to read.
function chance(score) {
  const p = Math.exp(score);
  return p >= 0.0005 ? percent(p) : p.toExponential(1);
}

function drawStep(step, i, labels) {
  const most = Math.exp(step.beams.length ? step.beams[0].score : 0) || 1;
  const rows = step.beams.slice(0, shown).map(({ prefix, score }) => h('li', null, h('a', { href: href('prefix', prefix), vars: { '--part': (Math.exp(score) / most).toFixed(4) } },
    h('b', { class: 'mono' }, prefix), h('span', { class: 'words' }, labels.get(prefix) || ''), h('span', { class: 'size' }, chance(score)))));
  return h('li', null, h('h4', null, `The ${ordinals[i] || `${i + 1}th`} code`),
    h('p', null, `Kept ${count(step.beams.length)} of ${plural(step.candidates, 'prefix', 'prefixes')} that lead to an item.`),
    h('p', null, h('b', null, percent(step.masked)), ' of the model’s probability was on codes that lead to none, ', h('b', null, percent(step.left_out)), ' on prefixes not kept.'),
    h('ol', { class: 'bars' }, rows), step.beams.length > shown && h('p', null, `and ${count(step.beams.length - shown)} more in the table`));
}

// Words for prefixes of the first step, where the server has them.
async function labelsOf(source, steps) {
  try {
    const { nodes } = steps.length ? await source.prefixes('') : { nodes: [] };
    return new Map(nodes.map((node) => [node.prefix, node.label]));
  } catch {
    return new Map();
  }
}

export async function drawBeams(source, trace, model) {
  if (!trace) return [];
  if (!trace.steps.length) return [h('p', { class: 'left-out' }, `${model.name} (${model.family}) did not search by beams here, so there are none to show.`)];
  const labels = await labelsOf(source, trace.steps);
  return [h('h3', { class: 'list-title' }, 'How the search went'),
    h('p', { class: 'lead' }, 'The model writes a SID code by code. At each code the search keeps the likeliest prefixes that lead to an item which may be recommended; the percents are their probabilities.'),
    h('ol', { class: 'steps beams' }, trace.steps.map((step, i) => drawStep(step, i, labels))),
    dataTable('All prefixes kept', [{ name: 'prefix' }, { name: 'code', number: true }, { name: 'log probability', number: true }],
      trace.steps.flatMap((step, i) => step.beams.map(({ prefix, score }) => [prefix, count(i + 1), figure(score)])))];
}
