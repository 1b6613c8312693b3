// purity.js: how far the items below a prefix are of one category, as a colour beside the figure; or else a colour by first code.

import { h } from './dom.js';
import { percent } from './figures.js';

const steps = 5; // 0 to 20 %, 20 to 40 %, .. of the items

function stepOf(purity) {
  return Math.min(steps - 1, Math.floor(purity * steps));
}

// Gives what drawings of the tree ask: ink(node) a class, swatch(node) a colour of the style sheet, share(node) a text, and the
// legend with its choice. category: the column, or null; isKnown: some prefix has a purity; redraw: called when another colouring is chosen.
export function colouring(category, isKnown, firstInk, advice, redraw) {
  const state = { byPurity: Boolean(category) };
  const isMeasured = (node) => node.purity !== null && node.purity !== undefined;
  const paint = {
    get byPurity() { return state.byPurity; },
    ink: (node) => {
      if (!state.byPurity) return `ink-${firstInk(node)}`;
      return isMeasured(node) ? `pure pure-${stepOf(node.purity)}` : 'pure pure-none';
    },
    swatch: (node) => {
      if (!state.byPurity) return `var(--c${firstInk(node)})`;
      return isMeasured(node) ? `var(--pure-${stepOf(node.purity)})` : 'var(--none-back)';
    },
    share: (node) => (state.byPurity && isMeasured(node) ? percent(node.purity) : ''),
    words: (node) => (state.byPurity && node.category ? node.category.slice(node.category.lastIndexOf(' > ') + 1).replace(/^> /, '') : node.label),
    line: (node) => (isMeasured(node) ? `purity ${percent(node.purity)}: ${node.category}` : ''),
  };
  const key = h('div', { class: 'key' });
  const drawKey = () => key.replaceChildren(...(state.byPurity
    ? [h('b', null, 'Purity'), ...Array.from({ length: steps }, (_, i) => h('span', { vars: { '--ink': `var(--pure-${i})` } }, `${(100 * i) / steps} to ${(100 * (i + 1)) / steps} %`)),
      h('span', { vars: { '--ink': 'var(--none-back)' } }, 'not known'),
      h('p', null, `The share of a prefix’s items that are of the category most of them are of, by the column “${category}”: its first part that tells items apart for prefixes of one code, two parts for those of two. Percents are purities.`),
      !isKnown && h('p', null, 'None is known yet: the server still reads its items, or none of them has a value in that column.')]
    : [h('p', null, `Colours tell first codes apart and repeat after eight. Figures are items.${advice}`)]).filter(Boolean));
  drawKey();
  const choice = h('select', { id: 'tree-colour' }, h('option', { value: 'purity' }, `purity by ${category}`), h('option', { value: 'code' }, 'first code'));
  choice.addEventListener('change', () => {
    state.byPurity = choice.value === 'purity';
    drawKey();
    redraw();
  });
  paint.legend = h('div', { class: 'colours' }, category && h('p', null, h('label', { for: 'tree-colour' }, 'Colour'), ' ', choice), key);
  return paint;
}
