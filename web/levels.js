// levels.js: how the levels use their codes, and how the error falls from level to level.

import { h, s, section, dataTable } from './dom.js';
import { count, figure, percent } from './figures.js';
import { drawing, explore, line, text, ticks } from './charts.js';

const left = 44;

// Bars by falling use: the area under them, dead codes behind it, the even share as a dashed line.
function drawBars(svg, width, use, level, items) {
  const height = 150;
  const foot = height - 18;
  const right = width - 4;
  const step = (right - left) / use.bars.length;
  const most = Math.max(...use.bars, 1);
  const even = items / level.codes;
  const x = (i) => left + i * step;
  const y = (value) => foot - (foot - 10) * (value / most);
  const used = use.bars.filter((value) => value > 0).length;
  for (const tick of ticks(most, 3, 1)) {
    svg.append(line(left, y(tick), right, y(tick), 'grid'), text(left - 6, y(tick) + 4, count(tick), { class: 'end' }));
  }
  if (used < use.bars.length) {
    svg.append(s('rect', { x: x(used), y: 10, width: right - x(used), height: foot - 10, class: 'dead' }));
    if (right - x(used) > 54) svg.append(text((x(used) + right) / 2, foot - 8, `${count(level.dead)} dead`, { class: 'middle' }));
  }
  let path = `M${left},${foot}`;
  use.bars.forEach((value, i) => { path += `V${y(value).toFixed(1)}H${x(i + 1).toFixed(1)}`; });
  svg.append(s('path', { d: `${path}V${foot}Z`, class: 'area' }), line(left, foot, right, foot, 'axis'));
  if (even <= most) {
    svg.append(line(left, y(even), right, y(even), 'mark'),
      text(right, y(even) - 4, `even: ${figure(even)}`, { class: 'end halo' }));
  }
  svg.append(text(left, height - 4, 'fullest code'), text(right, height - 4, used < use.bars.length ? 'no items' : 'emptiest', { class: 'end' }));
  explore(svg, use.bars.map((value, i) => ({ x: x(i + 0.5), y: y(value), lines: barLines(use, value, i, items) })));
}

function barLines(use, value, i, items) {
  const top = use.bin === 1 ? use.top[i] : null;
  const name = top ? `code ${top[0]}` : use.bin === 1 ? `code of rank ${count(i + 1)}` : `codes of rank ${count(i * use.bin + 1)} and on`;
  return [name, `${figure(value)} items, ${percent(items ? value / items : 0)}`];
}

function levelCard(use, level, items) {
  const label = `Level ${level.index}: items of its codes, fullest first; ${level.used} of ${level.codes} codes are used, perplexity ${figure(level.perplexity)}`;
  return h('figure', { class: 'card' },
    h('figcaption', null, h('b', null, `Level ${level.index}`),
      h('span', null, `${count(level.used)} of ${count(level.codes)} codes, perplexity ${figure(level.perplexity)}`)),
    drawing(label, 150, (svg, width) => drawBars(svg, width, use, level, items)));
}

// Perplexity as a share of the codes, a bar a level, with the limits of the check.
function drawEvenness(svg, width, levels, limits) {
  const row = 26;
  const from = 62;
  const to = width - 54;
  const x = (share) => from + (to - from) * share;
  const foot = levels.length * row + 6;
  (to - from < 190 ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]).forEach((share) => svg.append(line(x(share), 2, x(share), foot, 'grid'),
    text(x(share), foot + 14, percent(share), { class: 'middle' })));
  levels.forEach((level, i) => {
    const share = level.perplexity === null ? 0 : level.perplexity / level.codes;
    const top = 4 + i * row;
    svg.append(text(0, top + 15, `level ${level.index}`),
      s('rect', { x: from, y: top + 3, width: Math.max(1, x(share) - from), height: row - 9, rx: 2, class: 'bar' }),
      text(x(share) + 6, top + 15, level.perplexity === null ? 'n/a' : percent(share), { class: 'strong' }));
  });
  if (limits) {
    svg.append(line(x(limits.healthy), 2, x(limits.healthy), foot, 'mark healthy'), line(x(limits.look), 2, x(limits.look), foot, 'mark look'));
  }
}

export async function drawLevels(source) {
  const [report, uses] = await Promise.all([source.report(), source.levels()]);
  const limits = report.checks.find((check) => /^level\.1\.perplexity_rate$/.test(check.name) && check.healthy !== undefined);
  const columns = ['level', 'codes', 'used', 'dead', 'perplexity', 'Gini', 'fullest code', 'prefixes', 'nat given prefix', 'kNN lift'];
  return section('levels', 'Use of the codes',
    'Every code of a level, fullest first. A level is used well when its bars are near the even share and none is dead.',
    h('div', { class: 'grid' }, uses.map((use, i) => levelCard(use, report.level[i], report.items)),
      h('figure', { class: 'card' }, h('figcaption', null, h('b', null, 'Evenness'),
        h('span', null, 'perplexity ÷ codes; dashed: healthy and look')),
      drawing('Perplexity as a share of the codes, by level', report.levels * 26 + 26,
        (svg, width) => drawEvenness(svg, width, report.level, limits)))),
    uses.length < report.level.length && h('p', { class: 'left-out' }, `Levels after ${uses.length} are left out of the drawings.`),
    dataTable('Use of the codes by level', columns.map((name) => ({ name, number: true })), report.level.map((level) => [
      level.index, count(level.codes), count(level.used), count(level.dead), figure(level.perplexity), figure(level.gini),
      percent(level.top_rate), count(level.prefixes), figure(level.entropy_given_prefix), figure(level.knn_lift)])));
}

// ---- Error by level ---------------------------------------------------------------------------------------------------

function drawLine(svg, points, name, marker) {
  svg.append(s('path', { d: points.map((p, i) => `${i ? 'L' : 'M'}${p.x},${p.y}`).join(''), class: `line ${name}` }));
  points.forEach((p) => svg.append(marker(p)));
}

function drawError(svg, width, report, limit) {
  const height = 230;
  const foot = height - 34;
  const right = width - 92;
  const x = (level) => left + (right - left) * (level / report.levels);
  const y = (value) => 10 + (foot - 10) * (1 - value);
  if (limit) {
    svg.append(s('rect', { x: left, y: y(1), width: right - left, height: y(limit.look) - y(1), class: 'zone broken' }),
      s('rect', { x: left, y: y(limit.look), width: right - left, height: y(limit.healthy) - y(limit.look), class: 'zone look' }),
      s('rect', { x: left, y: y(limit.healthy), width: right - left, height: foot - y(limit.healthy), class: 'zone healthy' }));
  }
  [0, 0.25, 0.5, 0.75, 1].forEach((value) => svg.append(line(left, y(value), right, y(value), 'grid'),
    text(left - 6, y(value) + 4, percent(value), { class: 'end' })));
  const every = Math.ceil(report.levels / 12);
  for (let level = 0; level <= report.levels; level += every) {
    svg.append(text(x(level), foot + 16, level === 0 ? 'none' : level, { class: 'middle' }));
  }
  svg.append(text((left + right) / 2, height - 2, 'levels decoded', { class: 'middle' }));
  const series = (key) => [{ level: 0, value: 1 }, ...report.level.filter((l) => l[key] !== null)
    .map((l) => ({ level: l.index, value: l[key] }))].map((p) => ({ ...p, x: x(p.level), y: y(Math.min(p.value, 1)) }));
  const lost = series('relative_mse');
  const rest = series('residual_ratio');
  if (rest.length > 1) drawLine(svg, rest, 'second', (p) => s('rect', { x: p.x - 3.5, y: p.y - 3.5, width: 7, height: 7, class: 'dot second' }));
  drawLine(svg, lost, 'first', (p) => s('circle', { cx: p.x, cy: p.y, r: 4.5, class: 'dot first' }));
  const end = (points) => points[points.length - 1];
  const apart = rest.length > 1 && Math.abs(end(rest).y - end(lost).y) < 28 ? 14 : 0;
  svg.append(text(right + 10, end(lost).y + 4 + apart, percent(end(lost).value), { class: 'strong' }),
    text(right + 10, end(lost).y + 18 + apart, 'variance lost', { class: 'first' }));
  if (rest.length > 1) {
    svg.append(text(right + 10, end(rest).y - 10 - apart, percent(end(rest).value), { class: 'strong' }),
      text(right + 10, end(rest).y + 4 - apart, 'residual', { class: 'second' }));
  }
  explore(svg, lost.map((p) => {
    const other = rest.find((r) => r.level === p.level);
    return { x: p.x, y: p.y, lines: [p.level ? `after level ${p.level}` : 'before any level', `${percent(p.value)} of the variance lost`,
      other && `mean residual ${percent(other.value)} of the vector`] };
  }));
}

export async function drawErrors(source) {
  const report = await source.report();
  const limit = report.checks.find((check) => check.name === 'relative_mse' && check.verdict !== 'n/a' && check.healthy !== undefined);
  const known = report.level.some((level) => level.relative_mse !== null) || report.relative_mse !== null;
  const steps = report.level.filter((level) => level.relative_mse !== null);
  const title = 'Error by level';
  if (!known) {
    return section('error', title, null, h('p', { class: 'empty' }, 'The error is not known: the vectors were not there when this catalogue was made, or are all equal.'));
  }
  if (steps.length < report.levels) {
    return section('error', title, null, h('p', { class: 'empty' }, `The codes of ${report.quantizer} stand side by side, so a single level has no error of its own. All levels together lose ${percent(report.relative_mse)} of the variance.`));
  }
  return section('error', title,
    'How much of the vectors is lost when only the first levels are decoded, as of the fit. Each level should take a good part of what is left.',
    h('figure', { class: 'card' }, drawing(`Variance lost by level, at the end ${percent(report.relative_mse)}`, 230,
      (svg, width) => drawError(svg, width, report, limit))),
    dataTable('Error by level', ['level', 'variance lost', 'mean residual ÷ vector', 'cosine'].map((name) => ({ name, number: true })),
      report.level.map((level) => [level.index, percent(level.relative_mse), percent(level.residual_ratio), figure(level.cosine)])));
}
