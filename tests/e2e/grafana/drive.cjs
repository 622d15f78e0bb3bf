// node drive.cjs URL START_MS END_MS: what the package does with a server; the last line says what held, as JSON.
const { backend } = require('./environment.cjs');
const [url, start, end] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

const { setBackendSrv, setTemplateSrv } = require('@grafana/runtime');
const { dateTime, CoreApp } = require('@grafana/data');
const { lastValueFrom } = require('rxjs');
const { PrometheusDatasource } = require('@grafana/prometheus');

const calls = [], checks = {};
const templates = { replace: (text) => text ?? '', getVariables: () => [], containsTemplate: () => false, updateTimeRange() {}, getAdhocFilters: () => [] };
setBackendSrv(backend(url, calls));
setTemplateSrv(templates);

const range = { from: dateTime(start), to: dateTime(end), raw: { from: dateTime(start), to: dateTime(end) } };
const settings = {
  id: 1, uid: 'hearth', type: 'prometheus', name: 'Hearth', url: '/api/datasources/proxy/uid/hearth', access: 'proxy', meta: {}, readOnly: false,
  jsonData: { httpMethod: 'POST', prometheusType: 'Prometheus', prometheusVersion: '3.0.0', seriesEndpoint: false },
};

async function check(name, work) {
  try {
    const said = await work();
    checks[name] = said === true;
    if (said !== true) console.log(`${name}: ${JSON.stringify(said)?.slice(0, 600)}`);
  } catch (error) {
    checks[name] = false;
    console.log(`${name}: ${error.stack ?? JSON.stringify(error)}`);
  }
}

const texts = (found) => found.map((one) => one.text ?? one.value ?? one);
const same = (found, expected) => JSON.stringify(found) === JSON.stringify(expected) || found;

function request(expr, more = {}) {
  return {
    requestId: 'r', app: CoreApp.Dashboard, range, scopedVars: {}, interval: '15s', intervalMs: 15000, maxDataPoints: 1000, timezone: 'utc', startTime: end, panelId: 1, dashboardUID: 'd',
    targets: [{ refId: 'A', expr, range: true, instant: false, exemplar: false, ...more }],
  };
}

async function main() {
  const source = new PrometheusDatasource(settings, templates);
  await check('it starts, and finds rules and exemplars', async () => {
    await source.init();
    return calls.some((call) => call.endsWith('/api/v1/rules')) || calls;
  });
  const names = source.languageProvider;
  await check('completion begins', async () => {
    await names.start(range);
    return names.metrics.includes('temperature') || names.metrics;
  });
  await check('completion of labels', async () => (await names.fetchLabels(range)).includes('room'));
  await check('completion of labels of a metric', async () => same(Object.keys(await names.fetchLabelsWithMatch(range, 'temperature')).filter((name) => name !== '__name__'), ['room']));
  await check('completion of values', async () => same(await names.fetchLabelValues(range, 'room'), ['r0', 'r1', 'r2', 'r3']));
  await check('completion of values of a metric', async () => same(await names.fetchSeriesValuesWithMatch(range, 'code', 'http_requests_total'), ['200', '404', '500']));
  await check('completion of names beyond the old alphabet', async () => same(await names.fetchLabelValues(range, 'la.bel'), ['x.y', 'z']));
  await check('metadata', async () => {
    await names.loadMetricsMetadata?.();
    return names.metricsMetadata?.scraped_bytes?.type === 'gauge' || names.metricsMetadata;
  });
  await check('variable label_names()', async () => texts(await source.metricFindQuery('label_names()', { range })).includes('room'));
  await check('variable label_values(room)', async () => same(texts(await source.metricFindQuery('label_values(room)', { range })), ['r0', 'r1', 'r2', 'r3']));
  await check('variable label_values(metric, label)', async () => same(texts(await source.metricFindQuery('label_values(http_requests_total{job="api"}, code)', { range })), ['200', '404', '500']));
  await check('variable metrics()', async () => same(texts(await source.metricFindQuery('metrics(temp.*)', { range })), ['temperature']));
  await check('variable query_result()', async () => {
    const found = texts(await source.metricFindQuery('query_result(temperature{room="r1"})', { range }));
    return (found.length === 1 && found[0].startsWith('temperature{room="r1"}')) || found;
  });
  await check('variable series', async () => (await source.metricFindQuery('temperature', { range })).length === 4);
  await check('filters: keys', async () => texts(await source.getTagKeys({ filters: [], timeRange: range, queries: [] })).includes('room'));
  await check('filters: values', async () => same(texts(await source.getTagValues({ key: 'room', filters: [], timeRange: range, queries: [] })), ['r0', 'r1', 'r2', 'r3']));
  await check('a range query', async () => {
    const { data } = await lastValueFrom(source.query(request('temperature')));
    const values = data[0]?.fields.find((field) => field.type === 'number').values;
    return (data.length === 4 && values.length > 100) || { frames: data.length, values: values?.length };
  });
  await check('an instant query', async () => (await lastValueFrom(source.query(request('temperature', { instant: true, range: false })))).data.length > 0);
  await check('hints', async () => Array.isArray(source.getQueryHints({ refId: 'A', expr: 'http_requests_total' }, [])));
  console.log([...new Set(calls)].join('\n'));
  console.log(JSON.stringify(checks));
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
