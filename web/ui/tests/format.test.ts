import assert from 'node:assert/strict';
import test from 'node:test';
import { formatDuration, humanDuration, longerRange, parseDuration, shorterRange } from '../src/format/duration';
import { formatInstant, parseInstant } from '../src/format/instant';
import { axisNumbers, byteSize, sampleNumber, siNumber } from '../src/format/number';
import { seriesName } from '../src/format/series_name';

test("durations are read as Prometheus reads them", () => {
  const table: [string, number | null][] = [
    ['1h30m', 5400_000], ['250ms', 250], ['1d', 86400_000], ['1y2w', (365 + 14) * 86400_000], ['0', 0],
    ['', null], ['5', null], ['1m1h', null], ['-1m', null], ['1.5h', null], [' 10s ', 10_000],
  ];
  for (const [text, expected] of table) assert.equal(parseDuration(text), expected, text);
});

test('durations are written in whole units', () => {
  const table: [number, string][] = [
    [5400_000, '1h30m'], [7 * 86400_000, '1w'], [8 * 86400_000, '8d'], [250, '250ms'], [0, '0s'], [90_500, '1m30s500ms'],
  ];
  for (const [ms, expected] of table) assert.equal(formatDuration(ms), expected);
});

test('durations for people keep two parts', () => {
  assert.equal(humanDuration(0.0123), '12.3ms');
  assert.equal(humanDuration(192), '3m 12s');
  assert.equal(humanDuration(3600), '1h');
  assert.equal(humanDuration(90061), '1d 1h');
  assert.equal(humanDuration(NaN), '–');
});

test('the range steps go up and down and stop at the ends', () => {
  assert.equal(formatDuration(longerRange(3600_000)), '2h');
  assert.equal(formatDuration(shorterRange(3600_000)), '30m');
  assert.equal(formatDuration(shorterRange(1000)), '1s');
});

test('instants survive text in both zones', () => {
  const time = Date.UTC(2026, 1, 28, 23, 59, 59);
  assert.equal(formatInstant(time, 'utc'), '2026-02-28 23:59:59');
  for (const zone of ['utc', 'local'] as const) assert.equal(parseInstant(formatInstant(time, zone), zone), time);
});

test('instants are read in several forms', () => {
  const time = Date.UTC(2026, 0, 2, 3, 4, 5);
  for (const text of ['2026-01-02 03:04:05', '2026-01-02T03:04:05Z', '2026-01-02T05:04:05+02:00', String(time / 1000)]) {
    assert.equal(parseInstant(text, 'utc'), time, text);
  }
  assert.equal(parseInstant('2026-01-02', 'utc'), Date.UTC(2026, 0, 2));
  for (const text of ['', 'yesterday', '2026-13-01', '2026-01-02 25:00']) assert.equal(parseInstant(text, 'utc'), null, text);
});

test('numbers are short on axes', () => {
  const table: [number, string][] = [
    [0, '0'], [1500, '1.5k'], [-0.00025, '-250µ'], [999_999, '1M'], [1e30, '1.00e+30'], [12, '12'], [0.5, '500m'],
  ];
  for (const [value, expected] of table) assert.equal(siNumber(value), expected);
  assert.equal(byteSize(1536), '1.5 KiB');
  assert.equal(sampleNumber('+Inf'), Infinity);
  assert.ok(Number.isNaN(sampleNumber('NaN')));
});

test('the ticks of an axis share one unit', () => {
  assert.deepEqual(axisNumbers([0, 500, 1000, 1500]), ['0', '0.5k', '1k', '1.5k']);
  assert.deepEqual(axisNumbers([0, 0.25, 0.5]), ['0', '0.25', '0.5']);
  assert.deepEqual(axisNumbers([-0.002, 0, 0.002]), ['-2m', '0', '2m']);
  assert.deepEqual(axisNumbers([0]), ['0']);
});

test('series are written as PromQL', () => {
  assert.equal(seriesName({ __name__: 'up', job: 'a"b\\c\nd' }), 'up{job="a\\"b\\\\c\\nd"}');
  assert.equal(seriesName({ __name__: 'up' }), 'up');
  assert.equal(seriesName({}), '{}');
  assert.equal(seriesName({ __name__: 'http.requests', 'x.y': '1' }), '{"http.requests", "x.y"="1"}');
});
