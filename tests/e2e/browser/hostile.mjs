// Names, values and texts that are markup: they stay text wherever they are shown.
import assert from 'node:assert/strict';
import { execute, show, type, until } from './page.mjs';

const markup = '<img src=x onerror="window.pwned=1">';

async function isHarmless(page, where) {
  const found = await page.evaluate(() => ({
    pwned: window.pwned, images: document.querySelectorAll('main img, dialog img, .cm-tooltip img').length,
    scripts: document.querySelectorAll('main script').length,
  }));
  assert.deepEqual(found, { pwned: undefined, images: 0, scripts: 0 }, where);
}

export function hostileSteps({ page, home, shot }) {
  return {
    'values and names of series stay text in table, graph, legend and tip': async () => {
      await page.goto(`${home}query?g0.expr=${encodeURIComponent('{job="shop", evil!=""}')}&g0.tab=table`);
      await until('the hostile series', async () => {
        await execute(page);
        return page.locator('.series-value', { hasText: 'onerror' }).first().isVisible();
      });
      await page.locator('.series-metric', { hasText: 'onerror' }).waitFor();
      await isHarmless(page, 'the table');
      await show(page, 'Graph');
      await page.locator('.chart-canvas canvas').waitFor();
      const plot = await page.locator('.u-over').boundingBox();
      await page.mouse.move(plot.x + plot.width - 20, plot.y + 100);
      await isHarmless(page, 'the graph');
      await show(page, 'Explain');
      await isHarmless(page, 'explain');
      await shot('hostile-graph');
    },
    'names and help stay text in the explorer and in completion': async () => {
      await page.getByRole('button', { name: 'Metrics explorer' }).click();
      await page.getByLabel('Search metrics').fill('onerror');
      await page.locator('.explorer-name', { hasText: 'onerror' }).waitFor();
      await isHarmless(page, 'the explorer');
      await page.keyboard.press('Escape');
      await type(page, 'evil_help');
      await page.keyboard.press('Control+Space');
      await page.locator('.cm-tooltip-autocomplete li', { hasText: 'evil_help' }).waitFor();
      await page.locator('.cm-completionInfo', { hasText: 'onerror' }).waitFor();
      await isHarmless(page, 'completion');
    },
    'labels of targets stay text': async () => {
      for (const view of ['targets', 'service-discovery', 'config']) {
        await page.goto(home + view);
        await page.getByText('onerror').first().waitFor();
        await isHarmless(page, view);
      }
    },
    'names of the TSDB page stay text': async () => {
      const top = [{ name: `${markup}=${markup}`, value: 7 }];
      const data = {
        headStats: { numSeries: 1, numLabelPairs: 1, chunkCount: 1, minTime: 0, maxTime: 1 }, seriesCountByMetricName: top,
        labelValueCountByLabelName: top, memoryInBytesByLabelName: top, seriesCountByLabelValuePair: top,
      };
      await page.route('**/api/v1/status/tsdb*', (route) => route.fulfill({ json: { status: 'success', data } }));
      await page.goto(`${home}tsdb-status`);
      await page.getByText('onerror').first().waitFor();
      await isHarmless(page, 'the TSDB page');
      await page.unroute('**/api/v1/status/tsdb*');
    },
    'rules and alerts of the server stay text': async () => {
      const alert = { labels: { alertname: markup, x: markup }, annotations: { [markup]: markup }, state: 'firing', activeAt: '2026-01-01T00:00:00Z', value: markup };
      const rule = { type: 'alerting', name: markup, query: `up == 0 # ${markup}`, health: 'err', lastError: markup, evaluationTime: 0.1, lastEvaluation: '2026-01-01T00:00:00Z', state: 'firing', duration: 60, alerts: [alert] };
      const groups = [{ name: markup, file: markup, interval: 15, evaluationTime: 0.1, lastEvaluation: '2026-01-01T00:00:00Z', rules: [rule] }];
      await page.route('**/api/v1/rules*', (route) => route.fulfill({ json: { status: 'success', data: { groups } } }));
      for (const view of ['rules', 'alerts']) {
        await page.goto(home + view);
        await page.getByText('onerror').first().waitFor();
        await isHarmless(page, view);
        await shot(`hostile-${view}`);
      }
      await page.unroute('**/api/v1/rules*');
    },
    'a hostile dashboard stays text': async () => {
      await page.goto(`${home}dashboards?d=hostile.json`);
      await page.locator('.dash-panel h3', { hasText: 'onerror' }).first().waitFor();
      await page.locator('.stat-value').first().waitFor();
      await isHarmless(page, 'the dashboard');
      const color = await page.locator('.stat-value').first().evaluate((value) => value.getAttribute('style'));
      assert.ok(!color.includes('url('), color);
      await shot('hostile-dashboard');
    },
    'an address is no script': async () => {
      await page.goto(`${home}query?g0.expr=${encodeURIComponent(`'${markup}'`)}&g0.tab=table&g0.range_input=${encodeURIComponent(markup)}#${encodeURIComponent(markup)}`);
      await page.getByText('onerror').first().waitFor();
      await isHarmless(page, 'the query of an address');
    },
  };
}
