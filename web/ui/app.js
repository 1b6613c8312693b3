// app.js: the explorer: the address after # names the view, so every view can be linked to and gone back to.

import { h } from './dom.js';
import { count, plural } from './figures.js';
import { makeApi, Problem } from './api.js';
import { serverSource } from './server_source.js';
import { fillWith, href, problemCard } from './parts.js';

// name: [title, module]; a module gives draw(context, ...rest of the address).
const views = {
  health: ['Health', './view_health.js'],
  codebook: ['Codebook', './view_codebook.js'],
  tree: ['Tree', './view_tree.js'],
  prefix: ['Prefix', './view_prefix.js'],
  collisions: ['Collisions', './view_collisions.js'],
  map: ['Map', './view_map.js'],
  encode: ['Encode', './view_encode.js'],
  recommend: ['Recommend', './view_recommend.js'],
  compare: ['Compare', './view_compare.js'],
};
const unlisted = { item: ['Item', './view_item.js'] };

const main = document.getElementById('main');
const notice = document.getElementById('notice');
let seen = ''; // the version that is drawn

// A catalogue that changed meanwhile is said, and drawn anew when asked: what somebody looks at does not jump.
function onVersion(version) {
  const now = JSON.stringify(version);
  if (seen === '') seen = now;
  if (seen === now || notice.childElementCount) return;
  notice.replaceChildren(h('p', { class: 'advice' }, `The catalogue is now at version ${version.catalog.version}. `,
    h('button', { type: 'button', onclick: () => {
      notice.replaceChildren();
      seen = '';
      source.drop();
      start();
    } }, 'Show it')));
}

const ask = makeApi(onVersion);
const source = serverSource(ask);
const context = { ask, source, views, go: (...parts) => { location.hash = href(...parts); }, stay: (...parts) => history.replaceState(null, '', href(...parts)) };

function readAddress() {
  const parts = location.hash.replace(/^#\/?/, '').split('/').map((part) => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  return parts[0] === '' ? ['health'] : parts;
}

function drawHead(info) {
  const sizes = [...new Set(info.codes)];
  const shape = sizes.length === 1 ? `${plural(info.levels, 'level')} of ${count(sizes[0])} codes` : `levels of ${info.codes.map(count).join(', ')} codes`;
  document.getElementById('head').replaceChildren(h('p', { class: 'brand' }, h('b', null, 'semid'), ' explorer'),
    h('h1', null, info.name),
    h('p', { class: 'made' }, `${plural(info.items, 'item')}, ${shape} by ${info.quantizer}${info.encoder ? `, text by ${info.encoder}` : ''}${info.model ? `; model ${info.model.name} (${info.model.family})` : ''}`));
  document.getElementById('foot').replaceChildren(h('p', null, `Served by semid ${info.semid}. The same answers as JSON: `,
    h('a', { href: '../v1/info' }, '/v1/info'), ', ', h('a', { href: '../openapi.json' }, '/openapi.json'), '.'));
}

// On a narrow screen the links scroll: the one of this view is brought into sight.
function drawLinks(current) {
  const links = document.getElementById('views');
  links.replaceChildren(...Object.entries(views).map(([name, [title]]) => h('a', { href: href(name), 'aria-current': name === current ? 'page' : null }, title)));
  const link = links.querySelector('[aria-current]');
  if (link) links.scrollLeft = link.offsetLeft - (links.clientWidth - link.offsetWidth) / 2;
}

function load(module) {
  return import(module).catch(() => { throw new Problem('The server does not answer: it may have stopped, or the network is down.'); });
}

// The view that the address names. Focus goes to its title, unless the page has just been opened.
async function show(isFirst) {
  const [name, ...rest] = readAddress();
  const [title, module] = (Object.hasOwn(views, name) && views[name]) || (Object.hasOwn(unlisted, name) && unlisted[name]) || [null, null];
  drawLinks(name);
  delete document.documentElement.dataset.drawn;
  const isShown = await fillWith(main, async () => {
    if (!title) return h('section', null, h('h2', null, 'No such view'), h('p', null, 'The address names a view that this explorer does not have; choose one above.'));
    const { draw } = await load(module);
    return draw(context, ...rest);
  });
  if (!isShown) return;
  document.title = `${title || 'semid'} · ${context.info ? context.info.name : 'semid'}`;
  const heading = main.querySelector('h2');
  if (heading) heading.tabIndex = -1;
  if (!isFirst) {
    scrollTo(0, 0);
    (heading || main).focus({ preventScroll: true });
  }
  document.documentElement.dataset.drawn = 'yes';
}

async function start(isFirst) {
  drawLinks(readAddress()[0]);
  try {
    context.info = await source.info();
  } catch (error) {
    main.replaceChildren(problemCard(error, () => start(isFirst)));
    document.documentElement.dataset.drawn = 'yes';
    return;
  }
  drawHead(context.info);
  await show(isFirst);
  for (const [, module] of Object.values({ ...views, ...unlisted })) load(module).catch(() => {}); // the next click finds them here
}

document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault(); // the address after # is taken
  main.focus();
});
addEventListener('hashchange', () => (context.info ? show(false) : start(false)));
start(true);
