import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { readAddress, writeAddress } from '../src/dashboards/address';
import type { Variable } from '../src/dashboards/model';
import { readDashboard } from '../src/dashboards/read';
import { niceStepMs, parseTime, resolveRange, timeMacros } from '../src/dashboards/times';
import { colorOf, unitText } from '../src/dashboards/units';
import { joined, legendName, reduce, thresholdColor } from '../src/dashboards/values';
import { allChoice, applyRegex, interpolate, listedChoices, parseVariableQuery, startValues } from '../src/dashboards/variables';

const variable = (change: Partial<Variable>): Variable => ({
  name: 'job', label: 'job', kind: 'query', query: '', regex: '', multi: false, all: false, allValue: '', hidden: false,
  initial: [], ...change,
});

for (const file of ['hearth-server', 'node']) {
  test(`the dashboard ${file} is read whole`, () => {
    const board = readDashboard(JSON.parse(readFileSync(`../../deploy/grafana/dashboards/${file}.json`, 'utf8')));
    assert.deepEqual(board.notes, []);
    const panels = board.sections.flatMap((section) => section.panels);
    assert.ok(panels.length > 10);
    for (const panel of panels) {
      assert.ok(panel.queries.length > 0, panel.title);
      assert.notEqual(panel.kind, 'unknown', panel.title);
    }
    assert.deepEqual(board.variables.map(({ name }) => name), ['job', 'instance']);
  });
}

test("Grafana's panels, rows and old forms are understood, others are noted", () => {
  const board = readDashboard({
    dashboard: {
      title: 'T', refresh: '1m', time: { from: 'now-6h', to: 'now' },
      templating: { list: [{ name: 'ds', type: 'datasource' }, { name: 'x', type: 'adhoc' }] },
      panels: [
        { type: 'row', title: 'Shut', collapsed: true, gridPos: { y: 9 }, panels: [{ type: 'stat', targets: [{ expr: 'up' }] }] },
        {
          type: 'graph', title: 'Old', gridPos: { x: 0, y: 0, w: 99, h: 8 }, stack: true, yaxes: [{ format: 'bytes', min: 0 }],
          targets: [{ expr: 'a', legendFormat: '__auto' }, { expr: 'b', hide: true }, { rawSql: 'select' }],
        },
        { type: 'heatmap', gridPos: { y: 1 } },
      ],
    },
  });
  assert.equal(board.refreshSeconds, 60);
  assert.deepEqual(board.sections.map(({ title, collapsed, panels }) => [title, collapsed, panels.length]), [['', false, 2], ['Shut', true, 1]]);
  const [old] = board.sections[0].panels;
  assert.deepEqual([old.kind, old.unit, old.stacked, old.min, old.grid.w, old.queries.length], ['timeseries', 'bytes', true, 0, 24, 1]);
  assert.equal(board.notes.length, 2);
});

test('what is no dashboard is refused in words, and hostile fields do no harm', () => {
  for (const json of [null, 1, 'x', [], {}, { panels: 'no' }]) assert.throws(() => readDashboard(json), /no dashboard/);
  const board = readDashboard({
    title: 5, panels: [null, 3, { type: '__proto__', gridPos: 'x', targets: [{ expr: 7 }], fieldConfig: { defaults: { unit: {}, thresholds: { steps: [{ color: {}, value: 'x' }] } } } }],
    templating: { list: [{ name: 'a b', type: 'query' }, { name: '__proto__', type: 'custom', query: 'a,b' }] },
  });
  assert.equal(board.title, 'Untitled');
  assert.equal(board.sections[0].panels[0].kind, 'unknown');
});

test('variables are put in as PromQL needs them', () => {
  const variables = [variable({}), variable({ name: 'many', multi: true }), variable({ name: 'all', all: true, allValue: '.+' }), variable({ name: 'any', all: true })];
  const values = new Map([['job', ['a"b\\c']], ['many', ['x.y', 'z']], ['all', [allChoice]], ['any', [allChoice]]]);
  const choices = new Map([['any', ['p', 'q']]]);
  const put = (text: string) => interpolate(text, variables, values, choices, { __interval: '15s' });
  assert.equal(put('a{job="$job"}[$__interval]'), 'a{job="a\\"b\\\\c"}[15s]');
  assert.equal(put('${many} [[many:pipe]] $unknown ${unknown}'), '(x\\\\.y|z) x.y|z $unknown ${unknown}');
  assert.equal(put('$all $any ${any:csv}'), '.+ (p|q) p,q');
});

test("queries of variables are Grafana's functions", () => {
  assert.deepEqual(parseVariableQuery('label_values(up{a="b,c"}, job)'), { kind: 'label', label: 'job', match: 'up{a="b,c"}' });
  assert.deepEqual(parseVariableQuery('label_values(job)'), { kind: 'label', label: 'job', match: '' });
  assert.deepEqual(parseVariableQuery('query_result(topk(1, up))'), { kind: 'result', expr: 'topk(1, up)' });
  assert.equal(parseVariableQuery('select 1'), null);
  assert.deepEqual(applyRegex(['a-1', 'b-2', 'a-1'], '/a-(.*)/'), ['1']);
  assert.deepEqual(applyRegex(['a', 'b'], '/(/'), ['a', 'b']);
  assert.deepEqual(listedChoices('a, one : 1,,b'), ['a', '1', 'b']);
  assert.deepEqual(startValues(variable({ initial: ['b'] }), ['gone'], ['a', 'b']), ['b']);
  assert.deepEqual(startValues(variable({ all: true }), [], ['a']), [allChoice]);
  assert.deepEqual(startValues(variable({ multi: true }), ['a', 'b'], ['a', 'b']), ['a', 'b']);
});

test('times are those of the address', () => {
  assert.equal(parseTime('now-1h30m', 10_000_000), 4_600_000);
  assert.equal(parseTime('now', 5), 5);
  assert.equal(parseTime('1700000000000', 0), 1700000000000);
  assert.equal(parseTime('soon', 0), null);
  assert.deepEqual(resolveRange('x', 'y', 7200_000), { startMs: 3600_000, endMs: 7200_000 });
  assert.equal(niceStepMs(3600_000, 240, 15_000), 15_000);
  assert.equal(niceStepMs(30 * 86400_000, 240, 15_000), 10800_000);
  assert.equal(timeMacros({ startMs: 0, endMs: 3600_000 }, 15_000, 15_000).__rate_interval, '1m');
  const choice = { id: 'a.json', from: 'now-1h', to: 'now', refresh: 30, variables: new Map([['job', ['a&b', 'c']]]) };
  assert.deepEqual(readAddress(writeAddress(choice)), choice);
});

test('values are told in their units', () => {
  assert.equal(unitText('percentunit', null)(0.256), '25.6 %');
  assert.equal(unitText('bytes', null)(1536), '1.5 KiB');
  assert.equal(unitText('s', null)(0.25), '250ms');
  assert.equal(unitText('reqps', null)(0.5), '0.5 req/s');
  assert.equal(unitText('short', 2)(3), '3.00');
  assert.equal(unitText('toString', null)(1), '1 toString');
  assert.equal(unitText('bytes', null)(NaN), 'NaN');
  assert.equal(colorOf('dark-red'), 'var(--bad)');
  assert.equal(colorOf('red;background:url(x)'), 'var(--text)');
  assert.equal(thresholdColor([{ from: -Infinity, color: 'a' }, { from: 5, color: 'b' }], 5), 'b');
});

test('series are named, reduced and joined', () => {
  assert.equal(legendName('{{ job }}-{{nope}}', { job: 'x' }), 'x-');
  assert.equal(legendName('', { __name__: 'up', job: 'x' }), 'up{job="x"}');
  assert.deepEqual(['last', 'mean', 'min', 'max', 'sum', 'count', 'first'].map((calc) => reduce([1, NaN, 3], calc as never)), [3, 2, 1, 3, 4, 2, 1]);
  const vector = (value: string) => ({ resultType: 'vector' as const, result: [{ metric: { __name__: 'm', a: '1' }, value: [0, value] as [number, string] }] });
  assert.deepEqual(joined([{ name: 'A', data: vector('1') }, { name: 'B', data: vector('2') }], 'last'),
    { labels: ['a'], columns: ['A', 'B'], rows: [{ labels: { a: '1' }, values: [1, 2] }] });
});
