// page.js: the page of `semid inspect --html`: all drawings below each other, from the data that stands in it.

import { h } from './dom.js';
import { count, plural } from './figures.js';
import { pageSource } from './source.js';
import { drawChecks } from './checks.js';
import { drawVerdict } from './head.js';
import { drawErrors, drawLevels } from './levels.js';
import { drawCollisions, drawSizesSection } from './buckets.js';
import { codeRegions, drawMap } from './scatter.js';
import { drawTree } from './tree.js';
import { drawAdded } from './added.js';

async function drawHead(source) {
  const [info, report] = await Promise.all([source.info(), source.report()]);
  const sizes = [...new Set(report.level.map((level) => level.codes))];
  const shape = sizes.length === 1 ? `${plural(report.levels, 'level')} of ${count(sizes[0])} codes` : `${report.levels} levels of ${report.level.map((level) => count(level.codes)).join(', ')} codes`;
  document.title = `${info.name}: semantic IDs`;
  return h('header', null,
    h('p', { class: 'brand' }, h('b', null, 'semid'), ' health report'),
    h('h1', null, info.name),
    h('p', { class: 'made' }, `${shape} by ${report.quantizer}, ${plural(report.dim, 'dimension')}, collisions: ${report.collisions}${info.encoder ? `, text by ${info.encoder}` : ''}`),
    drawVerdict(report));
}

function drawFoot(info, report) {
  return h('footer', null,
    h('p', null, `Catalogue ${report.id}, version ${report.version}${report.parent ? `, parent ${report.parent}` : ''}; written by semid ${info.semid}.`),
    report.at_creation.length > 0 && h('p', null, `Counts are those of today. From the day of the fit: ${report.at_creation.join(', ')}.`),
    h('p', null, 'This file holds all it shows and asks nothing of any network.'));
}

// Small drawings stand beside each other where there is room.
function paired(sections) {
  const [left, right] = ['sizes', 'error'].map((id) => sections.find((each) => each.id === id));
  const pair = h('div', { class: 'pair' }, left, right);
  return sections.filter((each) => each !== right).map((each) => (each === left ? pair : each));
}

async function drawPage(host, source) {
  const [info, report] = await Promise.all([source.info(), source.report()]);
  const regions = await codeRegions(source);
  const sections = [];
  for (const draw of [drawChecks, drawLevels, drawSizesSection, drawErrors, drawMap, drawTree, drawCollisions, drawAdded]) {
    sections.push(await draw(source, regions));
  }
  const links = h('nav', { class: 'sections', 'aria-label': 'Sections' }, sections.map((each) => h('a', { href: `#${each.id}` }, each.querySelector('h2').textContent)));
  host.replaceChildren(await drawHead(source), links, h('main', null, paired(sections)), drawFoot(info, report));
  document.documentElement.dataset.drawn = 'yes';
}

const host = document.getElementById('page');
drawPage(host, pageSource(document.getElementById('data'))).catch((error) => {
  host.replaceChildren(h('h1', null, 'This page could not be drawn'), h('p', null, String(error)),
    h('p', null, 'The same figures: semid inspect CATALOG. Please report what stands above.'));
  throw error;
});
