import assert from 'node:assert/strict';
import test from 'node:test';
import { newPanel } from '../src/query/panel_state';
import { decodePanels, encodePanels } from '../src/query/url';

test('panels survive the way through the URL', () => {
  const panels = [
    newPanel({ expr: 'rate(x{a="b&c=d"}[5m]) + 1', tab: 'graph', rangeMs: 5400_000, endMs: 1700000000_000 }),
    newPanel({ expr: 'up # ?', resolution: { kind: 'fixed', stepMs: 15_000 }, mode: 'stacked' }),
    newPanel({ expr: 'h', tab: 'explain', mode: 'heatmap', yMin: 0, exemplars: true }),
    newPanel({ resolution: { kind: 'auto', density: 'high' } }),
  ];
  assert.deepEqual(decodePanels(encodePanels(panels)), panels);
});

test("Prometheus' own form is written", () => {
  assert.equal(
    encodePanels([newPanel({ expr: 'up', tab: 'graph', endMs: 0, resolution: { kind: 'fixed', stepMs: 10_000 } })]),
    '?g0.expr=up&g0.tab=graph&g0.range_input=1h&g0.end_input=1970-01-01+00%3A00%3A00' +
      '&g0.moment_input=1970-01-01+00%3A00%3A00&g0.res_type=fixed&g0.res_step=10',
  );
});

test('old /graph parameters are understood', () => {
  const [panel] = decodePanels('?g0.expr=up&g0.tab=0&g0.stacked=1&g0.range_input=2h&g0.step_input=30&g0.show_exemplars=0');
  assert.deepEqual(panel, newPanel({
    expr: 'up', tab: 'graph', mode: 'stacked', rangeMs: 7200_000, resolution: { kind: 'fixed', stepMs: 30_000 },
  }));
  assert.equal(decodePanels('?g0.expr=up&g0.tab=1')[0].tab, 'table');
  assert.equal(decodePanels('?g0.expr=up&g0.tab=1&g0.moment_input=2020-01-02%2003:04:05')[0].endMs,
    Date.UTC(2020, 0, 2, 3, 4, 5));
});

test('nonsense is left out, not taken over', () => {
  const [panel] = decodePanels('?g0.expr=up&g0.range_input=soon&g0.end_input=x&g0.step_input=-1&g0.tab=moon&g0.res_density=9&g0.display_mode=x&g0.y_axis_min=low&q=1');
  assert.deepEqual(panel, newPanel({ expr: 'up' }));
  assert.deepEqual(decodePanels('?gx.expr=up&g1=2&expr=3'), []);
});

test('panels come in the order of their numbers, with holes closed', () => {
  assert.deepEqual(decodePanels('?g7.expr=b&g2.expr=a').map((panel) => panel.expr), ['a', 'b']);
});
