import assert from 'node:assert/strict';
import test from 'node:test';
import type { Target } from '../src/api/types';
import { chartData, stackRows } from '../src/query/chart_data';
import { toCsv } from '../src/query/download';
import { nextHidden } from '../src/query/hidden';
import { effectiveStepMs } from '../src/query/panel_state';
import { splitShared } from '../src/query/shared_labels';
import { filterPools, isLate, listTargets } from '../src/targets/target_filter';

test('a matrix lies on its grid with gaps', () => {
  const data = chartData(
    [
      { metric: { a: '1' }, values: [[10, '1'], [14, '3'], [12, 'NaN']] },
      { metric: { a: '2' }, histograms: [[10, { count: '1', sum: '2' }]] },
    ],
    10_000, 15_000, 2000,
  );
  assert.deepEqual(data.times, [10, 12, 14]);
  assert.deepEqual(data.rows, [[1, null, 3]]);
  assert.equal(data.histograms, 1);
});

test('stacking adds the visible rows and leaves gaps', () => {
  assert.deepEqual(stackRows([[1, 2], [10, null], [100, 200]], new Set()), [[1, 2], [11, null], [111, 202]]);
  assert.deepEqual(stackRows([[1], [10], [100]], new Set([1])), [[1], [10], [101]]);
});

test('a click in the legend shows one alone, and all again', () => {
  assert.deepEqual([...nextHidden(new Set(), 1, 3, false)], [0, 2]);
  assert.deepEqual([...nextHidden(new Set([0, 2]), 1, 3, false)], []);
  assert.deepEqual([...nextHidden(new Set(), 1, 3, true)], [1]);
  assert.deepEqual([...nextHidden(new Set([0, 2]), 1, 3, true)], []);
});

test('automatic steps are whole seconds and never too many', () => {
  assert.equal(effectiveStepMs({ kind: 'auto', density: 'medium' }, 3600_000), 14_000);
  assert.equal(effectiveStepMs({ kind: 'auto', density: 'high' }, 60_000), 1000);
  assert.ok(86400_000 * 30 / effectiveStepMs({ kind: 'fixed', stepMs: 1000 }, 86400_000 * 30) < 11_000);
});

test('CSV quotes hostile text and defuses formulas', () => {
  const csv = toCsv({
    resultType: 'vector',
    result: [
      { metric: { a: 'x"y,z', b: '=1+1' }, value: [0, '-1.5'] },
      { metric: { a: '@cmd' }, value: [1, '+Inf'] },
    ],
  });
  assert.equal(csv, 'a,b,time,value\n"x""y,z",\'=1+1,1970-01-01T00:00:00.000Z,-1.5\n' +
    "'@cmd,,1970-01-01T00:00:01.000Z,+Inf\n");
});

function target(change: Partial<Target>): Target {
  return {
    discoveredLabels: {}, labels: { job: 'node' }, scrapePool: 'node', scrapeUrl: 'http://a:1/metrics', globalUrl: '',
    lastError: '', lastScrape: '2026-01-01T00:00:00Z', lastScrapeDuration: 0.1, health: 'up', scrapeInterval: '15s',
    scrapeTimeout: '10s', ...change,
  };
}

test('targets are filtered by words and health, counted by pool', () => {
  const listed = listTargets([
    target({}),
    target({ scrapeUrl: 'http://b:1/metrics', health: 'down', lastError: 'Connection refused' }),
    target({ scrapePool: 'app', labels: { job: 'app', env: 'prod' } }),
  ]);
  assert.deepEqual(filterPools(listed, '', 'all').map(({ name, up, total }) => [name, up, total]), [['app', 1, 1], ['node', 1, 2]]);
  assert.deepEqual(filterPools(listed, 'REFUSED b:1', 'all').map((pool) => pool.shown.length), [1]);
  assert.deepEqual(filterPools(listed, 'env="prod"', 'all').map((pool) => pool.name), ['app']);
  assert.deepEqual(filterPools(listed, '', 'down').map((pool) => pool.name), ['node']);
});

test('10,000 targets are filtered within a frame or two', () => {
  const listed = listTargets(Array.from({ length: 10_000 }, (_, i) => target({ scrapeUrl: `http://host-${i}:9100/metrics` })));
  const started = performance.now();
  assert.equal(filterPools(listed, 'host-99', 'up')[0].shown.length, 111);
  assert.ok(performance.now() - started < 100);
});

test('a target is late after two intervals and its time-out', () => {
  const last = Date.parse('2026-01-01T00:00:00Z');
  assert.equal(isLate(target({}), last + 39_000), false);
  assert.equal(isLate(target({}), last + 41_000), true);
  assert.equal(isLate(target({ lastScrape: '0001-01-01T00:00:00Z' }), last), false);
});

test('labels that all series share are told apart from their own', () => {
  assert.deepEqual(splitShared([{ job: 'a', cpu: '0' }, { job: 'a', cpu: '1' }, { job: 'a' }]), {
    shared: { job: 'a' }, own: [{ cpu: '0' }, { cpu: '1' }, {}],
  });
  assert.deepEqual(splitShared([{ job: 'a' }]), { shared: {}, own: [{ job: 'a' }] });
});
