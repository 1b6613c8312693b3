// api.js: asks the server. What it refuses becomes a Problem whose message is a sentence, with the request's id.

const slowMs = 30000; // reports, maps and comparisons of a large catalogue take longer than the server's usual deadline
const keyName = 'semid-key';

export class Problem extends Error {
  constructor(words, { status = 0, request = '', retryS = 0, pointer = '' } = {}) {
    super(words);
    Object.assign(this, { status, request, retryS, pointer });
  }
}

// The key that a server with --api-key-file asks for; it stays in this tab.
export function setKey(key) {
  try { sessionStorage.setItem(keyName, key); } catch { /* a browser without storage: asked again with each load */ }
  heldKey = key;
}
let heldKey = '';
try { heldKey = sessionStorage.getItem(keyName) || ''; } catch { heldKey = ''; }

function sentence(words) {
  const text = words.trim();
  return text === '' ? 'The server gave no reason.' : `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

async function problemOf(response) {
  const request = response.headers.get('X-Request-Id') || '';
  const retryS = Number(response.headers.get('Retry-After')) || 0;
  let body = null;
  try { body = await response.json(); } catch { body = null; } // what libmicrohttpd refuses itself is HTML
  const words = body && typeof body.detail === 'string' ? body.detail : `the server answered ${response.status} ${response.statusText}`;
  const pointer = body && Array.isArray(body.errors) && body.errors[0] ? body.errors[0].pointer : '';
  return new Problem(sentence(words), { status: response.status, request: (body && body.request_id) || request, retryS, pointer });
}

async function send(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new Problem('The server does not answer: it may have stopped, or the network is down.');
  }
}

// The JSON of an answer. `body` makes it a POST. `onVersion` hears the version that each answer names.
export function makeApi(onVersion) {
  return async function ask(path, body) {
    const headers = { Accept: 'application/json', 'Semid-Deadline-Ms': String(slowMs) };
    if (heldKey) headers.Authorization = `Bearer ${heldKey}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const response = await send(`..${path}`, { method: body === undefined ? 'GET' : 'POST', headers,
      body: body === undefined ? undefined : JSON.stringify(body), cache: 'no-store', redirect: 'error' });
    if (!response.ok) throw await problemOf(response);
    let answer;
    try {
      answer = await response.json();
    } catch {
      throw new Problem('The answer broke off before its end.', { request: response.headers.get('X-Request-Id') || '' });
    }
    if (answer.version) onVersion(answer.version);
    return answer;
  };
}

// The members that the server's own description gives the body of a POST: what a version does not know is not sent.
export async function bodyMembers(ask, path) {
  const openapi = await ask('/openapi.json');
  const { schema } = openapi.paths[path].post.requestBody.content['application/json'];
  const members = schema.properties || {};
  return { whole: members, ofItems: (members.items && members.items.items && members.items.items.properties) || {} };
}
