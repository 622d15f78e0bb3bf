// What the package @grafana/prometheus expects around it: a browser, and Grafana's own server, which here hands its
// requests to the server under test as Grafana's Go backend does.
const { JSDOM } = require('jsdom');
const Module = require('module');

const dom = new JSDOM('<!doctype html><html><body></body></html>', { url: 'http://localhost/', pretendToBeVisual: true });
const { window } = dom;
window.matchMedia = () => ({ matches: false, addListener() {}, removeListener() {}, addEventListener() {}, removeEventListener() {} });
window.ResizeObserver = window.IntersectionObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
window.grafanaBootData = { settings: { buildInfo: { version: '12.1.0' }, featureToggles: {} }, user: {}, navTree: [] };
globalThis.window = window;
const ours = ['Event', 'CustomEvent', 'EventTarget', 'AbortController', 'AbortSignal', 'navigator'];
const missing = Object.getOwnPropertyNames(window).filter((name) => !(name in globalThis));
const inherited = ['addEventListener', 'removeEventListener', 'dispatchEvent'];
for (const name of new Set([...missing, ...ours, ...inherited])) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
}

// The editor and styles are of no use here.
const load = Module._load;
Module._load = (name, ...rest) => (/^monaco-/.test(name) ? { promLanguageDefinition: { id: 'promql', loader: async () => ({}) } } : load(name, ...rest));
require.extensions['.css'] = require.extensions['.svg'] = (module) => {
  module.exports = '';
};

// `server` is asked as Grafana's backend asks: resources are passed on as they are, queries become forms.
function backend(server, calls) {
  const { from } = require('rxjs');
  const { toDataFrame, FieldType, dataFrameToJSON } = require('@grafana/data');

  async function ask(method, path, parameters) {
    const form = new URLSearchParams(parameters).toString();
    calls.push(`${method} ${path}`);
    const url = server + path + (method === 'GET' && form ? `?${form}` : '');
    const headers = method === 'POST' ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {};
    const answer = await fetch(url, { method, headers, body: method === 'POST' ? form : undefined });
    const text = await answer.text();
    const data = text.startsWith('{') ? JSON.parse(text) : text;
    if (!answer.ok) throw { status: answer.status, data, statusText: answer.statusText };
    return { status: answer.status, statusText: answer.statusText, ok: true, data };
  }

  function frame(series, name) {
    const points = series.values ?? [series.value];
    return toDataFrame({
      name,
      meta: { type: 'timeseries-multi', custom: { resultType: 'matrix' } },
      fields: [
        { name: 'Time', type: FieldType.time, values: points.map((point) => point[0] * 1000) },
        { name: 'Value', type: FieldType.number, labels: series.metric, values: points.map((point) => Number(point[1])) },
      ],
    });
  }

  async function query(request) {
    const results = {};
    for (const one of request.queries) {
      const step = Math.max(15, Math.round((one.intervalMs ?? 15000) / 1000));
      const [path, more] = one.instant && !one.range
        ? ['/api/v1/query', { time: String(request.to / 1000) }]
        : ['/api/v1/query_range', { start: String(request.from / 1000), end: String(request.to / 1000), step: String(step) }];
      const expr = one.expr.replace('$__rate_interval', '1m0s');
      const { data } = await ask('POST', path, { query: expr, ...more });
      results[one.refId] = { status: 200, frames: data.data.result.map((series) => dataFrameToJSON(frame(series, one.refId))) };
    }
    return { status: 200, statusText: 'OK', ok: true, data: { results } };
  }

  async function answer(options) {
    const url = new URL(options.url, 'http://localhost/');
    if (url.pathname.endsWith('/api/ds/query')) {
      const { queries, from: start, to } = options.data;
      return query({ queries, from: Number(start), to: Number(to) });
    }
    const path = url.pathname.replace(/^.*\/resources\//, '/').replace(/^\/api\/datasources\/proxy\/[^/]+/, '');
    const given = Object.entries({ ...options.params, ...(typeof options.data === 'object' ? options.data : {}) });
    const parameters = [...url.searchParams, ...(typeof options.data === 'string' ? new URLSearchParams(options.data) : given)];
    return ask(options.method ?? 'GET', path, parameters.flatMap(([name, value]) => (Array.isArray(value) ? value.map((v) => [name, v]) : [[name, value]])));
  }

  return {
    fetch: (options) => from(answer(options)),
    get: (url, params) => answer({ url, params, method: 'GET' }).then((a) => a.data),
    post: (url, data) => answer({ url, data, method: 'POST' }).then((a) => a.data),
    datasourceRequest: answer,
    resolveCancelerIfExists() {},
  };
}

module.exports = { backend };
