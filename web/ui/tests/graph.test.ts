import assert from 'node:assert/strict';
import test from 'node:test';
import type { MatrixItem } from '../src/api/types';
import { planRows } from '../src/query/explain';
import { cellAt, hasHeat, heatData, heatShare } from '../src/query/heat_data';
import { thinned } from '../src/query/exemplar_list';

test('buckets of native histograms are added up by their bounds', () => {
  const buckets: [number, string, string, string][] = [[0, '1', '2', '3'], [0, '2', '4', '1']];
  const series = (id: string): MatrixItem => ({ metric: { id }, histograms: [[10, { count: '4', sum: '7', buckets }]] });
  const heat = heatData([series('a'), series('b')], [10, 20]);
  assert.deepEqual(heat.columns, [[{ low: 1, high: 2, count: 6 }, { low: 2, high: 4, count: 2 }], []]);
  assert.deepEqual([heat.log, heat.low, heat.high, heat.largest, heat.series], [true, 1, 4, 6, 2]);
  assert.equal(cellAt(heat, 0, 2)?.count, 2);
  assert.equal(cellAt(heat, 1, 2), undefined);
});

test('cumulative counts of le become counts of their buckets', () => {
  const series = (le: string, value: string): MatrixItem => ({ metric: { le, job: 'x' }, values: [[10, value]] });
  const matrix = [series('+Inf', '9'), series('0.5', '2'), series('1', '6')];
  assert.ok(hasHeat(matrix));
  assert.deepEqual(heatData(matrix, [10]).columns, [[
    { low: 0.25, high: 0.5, count: 2 }, { low: 0.5, high: 1, count: 4 }, { low: 1, high: 2, count: 3 },
  ]]);
});

test('negative bounds make the axis linear, hostile numbers make no cell', () => {
  const heat = heatData([{
    metric: {}, histograms: [[0, {
      count: '3', sum: '0', buckets: [[0, '-2', '-1', '1'], [3, '-1', '1', '2'], [0, 'x', '2', '1'], [0, '1', '2', 'NaN']],
    }]],
  }], [0, 1]);
  assert.equal(heat.log, false);
  assert.equal(heat.columns[0].length, 2);
  assert.deepEqual([heat.low, heat.high], [-2, 1]);
});

test('what holds no histogram is no heat map', () => {
  assert.equal(hasHeat([{ metric: { a: '1' }, values: [[0, '1']] }]), false);
  assert.equal(hasHeat([]), false);
  assert.equal(heatShare(0, 0), 0);
  assert.equal(heatShare(4, 4), 1);
});

test('a plan becomes rows from the outermost operator on, with shares of the time', () => {
  const node = (operator: string, seconds: number, children: unknown[] = []) =>
    ({ operator, expr: operator, series: 1, steps: 1, samples: 0, memoryBytes: 0, seconds, children }) as never;
  const rows = planRows(node('/', 1, [node('sum', 2, [node('selector', 1)]), node('number', 0)]));
  assert.deepEqual(rows.map((row) => [row.node.operator, row.depth, row.last, row.share]), [
    ['/', 0, true, 0.25], ['sum', 1, false, 0.5], ['selector', 2, true, 0.25], ['number', 1, true, 0],
  ]);
  assert.deepEqual(rows[2].trunk, [false, true]);
});

test('of exemplars too near to each other the largest stays', () => {
  const all = Array.from({ length: 50_000 }, (_, i) => ({ time: i / 100, value: 1 + (i % 10) / 10, labels: {}, series: {} }));
  const kept = thinned(all, 0, 500_000);
  assert.ok(kept.length <= 2000 && kept.length >= 400, String(kept.length));
  assert.ok(kept.every(({ value }) => value === 1.9));
});
