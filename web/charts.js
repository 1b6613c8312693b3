// charts.js: what drawings share: they fill the width they get, redraw when it changes, and tell what lies under the
// pointer or, by arrow keys, under the mark.

import { h, s, showTip, hideTip } from './dom.js';

// render(svg, width) draws; called again when the width changes.
export function drawing(label, height, render) {
  const svg = s('svg', { class: 'chart', role: 'img', 'aria-label': label, height, tabindex: 0 });
  const host = h('div', { class: 'drawing' }, svg);
  let drawn = 0;
  new ResizeObserver(() => requestAnimationFrame(() => { // drawing inside of the call could change sizes again
    const width = Math.floor(host.clientWidth);
    if (width === drawn || width < 40) return;
    drawn = width;
    svg.setAttribute('width', width);
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.replaceChildren();
    render(svg, width);
  })).observe(host);
  return host;
}

// marks [{x, y, lines}] by rising x, in the drawing's coordinates: the nearest to the pointer is told.
export function explore(svg, marks) {
  if (!marks.length) return;
  const ring = s('circle', { r: 5, class: 'ring', visibility: 'hidden' });
  svg.append(ring);
  let at = -1;
  const tell = (index) => {
    at = Math.max(0, Math.min(marks.length - 1, index));
    const box = svg.getBoundingClientRect();
    ring.setAttribute('cx', marks[at].x);
    ring.setAttribute('cy', marks[at].y);
    ring.setAttribute('visibility', 'visible');
    showTip(marks[at].lines, box.left + marks[at].x, box.top + marks[at].y);
  };
  const leave = () => {
    ring.setAttribute('visibility', 'hidden');
    hideTip();
  };
  const point = (event) => {
    const x = event.clientX - svg.getBoundingClientRect().left;
    let low = 0;
    let high = marks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (marks[middle].x < x) low = middle + 1; else high = middle;
    }
    tell(low > 0 && x - marks[low - 1].x < marks[low].x - x ? low - 1 : low);
  };
  svg.onpointermove = point;
  svg.onpointerdown = point; // a finger does not hover
  svg.onpointerleave = leave;
  svg.onblur = leave;
  svg.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 16, PageUp: -16, Home: -marks.length, End: marks.length }[event.key];
    if (event.key === 'Escape') leave();
    if (!step) return;
    event.preventDefault();
    tell(at + step);
  };
}

// Round values of an axis from 0 to max; least: the smallest step, 1 of things that are counted.
export function ticks(max, about, least = 0) {
  const rough = max / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(least, [1, 2, 5, 10].map((m) => m * power).find((each) => each >= rough));
  const out = [];
  for (let at = 0; at <= max * 1.0001; at += step) out.push(at);
  return out;
}

export function text(x, y, words, attributes) {
  return s('text', { x, y, ...attributes }, words);
}

export function line(x1, y1, x2, y2, name) {
  return s('line', { x1, y1, x2, y2, class: name });
}

// Words that fit so many pixels, in the small size of drawings.
export function fitted(words, width) {
  const room = Math.floor(width / 6.7);
  if (words.length <= room) return words;
  return room < 4 ? '' : `${words.slice(0, room - 1).trimEnd()}…`;
}
