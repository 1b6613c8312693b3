// dom.js: elements from data. Text becomes text nodes and nothing else, so no id or title can bring markup along.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'vars') for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
  return node;
}

// h('p', {class: 'note'}, 'text', child): an element; on<event> listens, vars sets CSS variables.
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// ---- One tooltip for all drawings; what it says is announced too ----------------------------------------------------

let tip = null;

function tipNode() {
  tip = tip || document.body.appendChild(h('div', { class: 'tip', role: 'status', 'aria-live': 'polite', hidden: true }));
  return tip;
}

// lines: ['bold first', 'further']; x, y in the window.
export function showTip(lines, x, y) {
  const node = tipNode();
  node.replaceChildren(...lines.filter(Boolean).map((line, i) => h(i ? 'span' : 'b', null, line)));
  node.hidden = false;
  const box = node.getBoundingClientRect();
  const left = x + 14 + box.width > innerWidth - 8 ? Math.max(8, x - 14 - box.width) : x + 14;
  const top = y + 14 + box.height > innerHeight - 8 ? Math.max(8, y - 14 - box.height) : y + 14;
  node.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

export function hideTip() {
  if (tip) tip.hidden = true;
}

// A table that stands folded beside a drawing: columns [{name, number}], rows of texts.
export function dataTable(caption, columns, rows) {
  const cell = (tag, text, column, more) => h(tag, { class: column.number ? 'number' : null, ...more }, text);
  return h('details', { class: 'data' }, h('summary', null, `${caption}, as a table`),
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
      h('table', null, h('caption', null, caption),
        h('thead', null, h('tr', null, columns.map((column) => cell('th', column.name, column, { scope: 'col' })))),
        h('tbody', null, rows.map((row) => h('tr', null,
          row.map((text, i) => (i ? cell('td', text, columns[i]) : cell('th', text, columns[i], { scope: 'row' })))))))));
}

export function section(id, title, lead, ...children) {
  return h('section', { id, 'aria-labelledby': `${id}-title` },
    h('h2', { id: `${id}-title` }, title), lead && h('p', { class: 'lead' }, lead), children);
}
