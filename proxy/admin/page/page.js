
'use strict';

const $ = id => document.getElementById(id);
const seen = new Map();   // series -> {count, at}, for rates
let table = null;         // the last /table, as text, so that a change is noticed
let edges = [];           // {from, to, key} between boxes
let rates = new Map();    // "rule" or "rule backend" -> calls a second

// node makes an element. Text is never read as HTML.
function node(tag, text, className) {
  const n = document.createElement(tag);
  if (text !== undefined) n.textContent = text;
  if (className) n.className = className;
  return n;
}

async function getJSON(path) {
  const r = await fetch(path);
  const body = await r.json();
  if (!r.ok) throw new Error(body.error || r.statusText);
  return body;
}

const ruleKey = (route, rule) => route + ' rule ' + rule;

// draw lays the topology out: what stands in the table, once per place.
function draw(t) {
  const columns = ['Listeners', 'Hosts', 'Rules', 'Backends'].map(() => node('div', undefined, 'column'));
  const boxes = new Map();
  edges = [];
  const box = (column, key, title, small) => {
    if (boxes.has(key)) return boxes.get(key);
    const b = node('div', undefined, 'box');
    b.dataset.key = key;
    const head = node('b', title);
    head.prepend(node('span', '', 'rate'));
    b.append(head);
    for (const line of small) if (line) b.append(node('small', line));
    columns[column].append(b);
    boxes.set(key, b);
    return b;
  };
  const edge = (from, to, key) => { if (!edges.some(e => e.from === from && e.to === to)) edges.push({ from, to, key }); };
  for (const s of t.servers) {
    const entrances = t.listeners.filter(l => s.gateways.includes(l.gateway) && (!s.port || s.port === l.port)).map(l =>
      box(0, 'listener ' + l.address, l.address, ['Gateway ' + l.gateway + ' port ' + l.port + (l.tls ? ', TLS' : ', cleartext HTTP/2')]));
    for (const h of s.hosts) {
      const host = box(1, ['host', s.gateways, s.port, h.listener, h.host].join(' '), h.host || 'any host', [h.listener && 'listener ' + h.listener]);
      for (const l of entrances) edge(l, host, '');
      for (const e of h.entries) drawEntry(e, host, box, edge);
    }
  }
  $('columns').replaceChildren(...columns);
}

function drawEntry(e, host, box, edge) {
  const key = ruleKey(e.route, e.rule);
  const conditions = [e.path || 'any path', ...e.headers].join(' and ');
  const rule = box(2, 'rule ' + key, e.route + ' rule ' + e.rule + (e.ruleName ? ' (' + e.ruleName + ')' : ''), []);
  if (![...rule.querySelectorAll('small')].some(s => s.textContent === conditions)) rule.append(node('small', conditions));
  if (e.dead) { rule.classList.add('dead'); rule.title = e.dead; }
  edge(host, rule, key);
  for (const b of e.backends) {
    const to = box(3, 'backend ' + b.name, b.name, []);
    edge(rule, to, key + ' ' + b.name);
    const share = b.share + ' of ' + key + (b.code ? ': ' + b.code : '');
    if (![...to.querySelectorAll('small')].some(s => s.textContent === share)) to.append(node('small', share, b.code ? 'bad' : ''));
  }
  if (e.code) {
    const why = e.code + ': ' + e.why;
    if (![...rule.querySelectorAll('small')].some(s => s.textContent === why)) rule.append(node('small', why, 'bad'));
  }
}

// connect draws the lines between the boxes where they stand now.
function connect() {
  const around = $('topology').getBoundingClientRect(), left = $('topology').scrollLeft;
  const lines = edges.map(e => {
    const a = e.from.getBoundingClientRect(), b = e.to.getBoundingClientRect();
    const x1 = a.right - around.left + left, y1 = a.top + a.height / 2 - around.top;
    const x2 = b.left - around.left + left, y2 = b.top + b.height / 2 - around.top;
    const p = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    p.setAttribute('d', `M${x1},${y1} C${(x1 + x2) / 2},${y1} ${(x1 + x2) / 2},${y2} ${x2},${y2}`);
    p.setAttribute('stroke-width', 1 + Math.min(7, Math.log2(1 + (rates.get(e.key) || 0))));
    return p;
  });
  $('edges').setAttribute('width', $('columns').scrollWidth);
  $('edges').setAttribute('height', $('columns').scrollHeight);
  $('edges').replaceChildren(...lines);
}

const add = (key, value) => rates.set(key, (rates.get(key) || 0) + value);
const perSecond = n => n === 0 ? '' : n < 10 ? n.toFixed(1) : Math.round(n).toString();

function showCalls(c) {
  const now = performance.now();
  rates = new Map();
  const rows = c.calls.map(s => {
    const key = [s.route, s.rule, s.backend, s.code].join('\n');
    const before = seen.get(key) || { count: seen.size ? 0 : s.count, at: now };
    const rate = now > before.at ? (s.count - before.count) / ((now - before.at) / 1000) : 0;
    seen.set(key, { count: s.count, at: now });
    const rule = ruleKey(s.route, s.rule);
    add(rule, rate);
    add(rule + ' ' + s.backend, rate);
    add('backend ' + s.backend, rate);
    const row = node('tr');
    row.append(node('td', s.route || 'no route'), node('td', s.route ? s.rule : ''), node('td', s.backend), node('td', s.code, s.code === 'OK' ? 'good' : 'bad'),
      node('td', s.count, 'n'), node('td', perSecond(rate), 'n'));
    return row;
  });
  $('calls').replaceChildren(...rows);
  for (const b of document.querySelectorAll('#columns .box')) {
    const key = b.dataset.key.replace(/^rule /, '');
    b.querySelector('.rate').textContent = perSecond(rates.get(key) || 0) && perSecond(rates.get(key)) + '/s';
  }
  $('state').textContent = `${c.clients} client connection${c.clients === 1 ? '' : 's'}, ${c.open} open call${c.open === 1 ? '' : 's'}`;
  $('state').className = '';
}

function entrances(t) {
  const chosen = $('entrance').value;
  $('entrance').replaceChildren(new Option('any', ''), ...t.listeners.map(l => new Option(`${l.gateway} port ${l.port}`, l.gateway + ' ' + l.port)));
  $('entrance').value = chosen;
}

async function refresh() {
  try {
    const t = await getJSON('/table');
    const text = JSON.stringify(t);
    if (text !== table) { table = text; draw(t); entrances(t); }
    showCalls(await getJSON('/calls'));
    connect();
  } catch (e) {
    $('state').textContent = 'no answer from the proxy: ' + e.message;
    $('state').className = 'bad';
  }
}

function showAnswer(x) {
  const parts = [];
  const line = (text, className) => parts.push(node('div', text, className));
  line(x.outcome + (x.route ? `: GRPCRoute ${x.route.namespace}/${x.route.name} rule ${x.rule}`.replace('GRPCRoute', x.route.kind || 'route') : ''), x.outcome === 'routed' ? 'good' : 'bad');
  for (const b of x.backends || []) {
    line(`${b.share} to ${b.namespace}/${b.name}:${b.port}` + (b.refusal ? ': ' + b.refusal.message : ''), b.refusal ? 'bad' : '');
  }
  if (x.response) line('the client gets ' + (x.response.code || x.response.grpc), 'bad');
  const list = node('ul');
  for (const c of x.considered || []) list.append(node('li', `${c.route} rule ${c.rule}${c.match === null || c.match === undefined ? '' : ' match ' + c.match}: ${c.verdict}`));
  parts.push(list);
  $('answer').replaceChildren(...parts);
  for (const b of document.querySelectorAll('.box.hit')) b.classList.remove('hit');
  if (!x.route) return;
  for (const b of document.querySelectorAll('#columns .box')) {
    if (b.dataset.key.endsWith(` ${x.route.namespace}/${x.route.name} rule ${x.rule}`)) b.classList.add('hit');
  }
}

$('explain').addEventListener('submit', async event => {
  event.preventDefault();
  const q = new URLSearchParams({ call: $('call').value.trim() });
  for (const h of $('headers').value.split('\n')) if (h.trim()) q.append('header', h.trim());
  const [gateway, port] = $('entrance').value.split(' ');
  if (gateway) { q.set('gateway', gateway); q.set('port', port); }
  try {
    showAnswer(await getJSON('/explain?' + q));
  } catch (e) {
    $('answer').replaceChildren(node('div', e.message, 'bad'));
    for (const b of document.querySelectorAll('.box.hit')) b.classList.remove('hit');
  }
});

window.addEventListener('resize', connect);
refresh();
setInterval(refresh, 1000);
