// Targets, discovery, TSDB, queries and the other pages that tell of the server.
import assert from 'node:assert/strict';
import { noSidewaysScroll, until } from './page.mjs';

const slow = 'quantile_over_time(0.5, quantile_over_time(0.5, vector(time())[1d:1s])[1d:1s])';

export function statusSteps({ page, home, shot, expect }) {
  return {
    'the targets that are up are shown with their samples': async () => {
      await page.goto(`${home}targets`);
      await page.locator('.target', { hasText: 'job="node"' }).locator('.badge.up').waitFor();
      await page.locator('.target', { hasText: 'job="shop"' }).getByText(/\d+ samples/).first().waitFor();
      await shot('targets');
    },
    'what relabelling did is told rule by rule': async () => {
      await page.locator('.target', { hasText: 'job="node"' }).getByRole('button', { name: 'Relabelling' }).click();
      await page.locator('.relabel-step ins', { hasText: 'the-node' }).waitFor();
      await shot('targets-relabelling');
      await page.keyboard.press('Escape');
    },
    'ten thousand targets are filtered at once and draw only what is seen': async () => {
      const started = Date.now();
      await page.getByLabel('Search targets').fill('127.0.38.');
      await page.getByText('256 shown').waitFor();
      const typed = Date.now() - started;
      assert.ok(typed < 2000, `filtering took ${typed} ms`);
      await page.locator('details', { hasText: '256 shown' }).locator('.target').first().waitFor();
      await shot('targets-filtered');
      await page.getByLabel('Search targets').fill('');
      await page.locator('summary', { hasText: 'many' }).waitFor();
      const all = page.locator('details', { has: page.locator('summary h2', { hasText: /^many$/ }) });
      await all.locator('summary').click();
      await all.locator('.target').first().waitFor();
      assert.ok((await page.locator('.target').count()) < 300, 'all targets are in the document');
      await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight / 2));
      await until('targets in the middle of the list', async () => (await page.locator('.target').filter({ visible: true }).count()) > 3);
      assert.ok((await page.locator('.target').count()) < 400, 'what has been passed stays in the document');
      await noSidewaysScroll(page, 'the targets page');
      await page.getByLabel('Search targets').fill('no such target anywhere');
      await page.getByText('No target passes the filter').waitFor();
    },
    'discovery shows what was dropped, and why': async () => {
      await page.goto(`${home}service-discovery`);
      await page.getByLabel('Search labels').fill('dropme');
      await page.getByRole('button', { name: 'Why?' }).click();
      await page.getByText('Rule 1 of 1 drops this target.').waitFor();
      await shot('discovery');
      await page.keyboard.press('Escape');
    },
    'the TSDB page names what is never queried': async () => {
      await page.goto(`${home}tsdb-status`);
      const name = page.locator('.top-list li', { hasText: 'prometheus_http_response_size_bytes_bucket' }).first();
      await name.getByText('never queried').waitFor();
      await page.locator('.card', { hasText: 'Series by target' }).locator('.top-name', { hasText: 'job="node"' }).waitFor();
      await shot('tsdb');
    },
    'a running query is listed and stopped': async () => {
      await page.goto(`${home}queries`);
      expect(/status of 4\d\d/);
      const answer = page.evaluate(async (query) => {
        const response = await fetch('api/v1/query', { method: 'POST', body: new URLSearchParams({ query }) });
        return response.json();
      }, slow);
      const row = page.locator('.running', { hasText: 'quantile_over_time' });
      await row.waitFor();
      await shot('queries');
      await row.getByRole('button', { name: 'Stop' }).click();
      await row.waitFor({ state: 'detached' });
      assert.equal((await answer).errorType, 'canceled');
      await page.locator('.top-queries tr', { hasText: 'quantile_over_time' }).waitFor();
    },
    'stopping on the query page ends the query on the server': async () => {
      await page.goto(`${home}query?g0.expr=${encodeURIComponent(slow)}&g0.tab=table`);
      await page.locator('.live', { hasText: 'running for' }).waitFor();
      await shot('query-running');
      await page.locator('.live').getByRole('button', { name: 'Stop' }).click();
      await page.getByText('Ask something').waitFor();
      await until('no running query', async () =>
        (await (await fetch(`${home}api/v1/status/queries`)).json()).data.queries.length === 0);
    },
    'explain shows what each operator of a running query has done so far': async () => {
      await page.goto(`${home}query?g0.expr=${encodeURIComponent(slow)}&g0.tab=explain`);
      const plan = page.locator('table.live-plan');
      await plan.waitFor();
      const operators = await plan.locator('tbody b').allInnerTexts();
      for (const operator of ['quantile_over_time', 'subquery', 'vector', 'time']) assert.ok(operators.includes(operator), operators.join());
      await page.getByText('So far').waitFor();
      await shot('query-explain-running');
      await page.locator('.live').getByRole('button', { name: 'Stop' }).click();
      await page.getByText('Ask something').waitFor();
    },
    'every other page opens from the menu': async () => {
      for (const name of ['Runtime and build', 'Configuration', 'Flags', 'Rules', 'Alertmanagers', 'Service discovery']) {
        await page.locator('.nav-menu > button').click();
        await page.locator('.nav-list').getByRole('link', { name }).click();
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.locator('main .facts tr, main .yaml, main .pool, main .state').first().waitFor();
        await shot(name.toLowerCase().replace(/ /g, '-'));
      }
    },
    'a page that is not there says where those are that exist': async () => {
      await page.goto(`${home}query`);
      await page.evaluate(() => {
        window.history.pushState(null, '', 'no-such-page');
        window.dispatchEvent(new PopStateEvent('popstate'));
      });
      await page.getByText('There is no such page').waitFor();
    },
    'without the server the page says so and offers to try again': async () => {
      await page.goto(`${home}flags`);
      expect(/ERR_FAILED/);
      await page.route('**/api/v1/**', (route) => route.abort());
      await page.goto(`${home}config`);
      await page.getByText('The server does not answer').waitFor();
      await shot('no-server');
      await page.unroute('**/api/v1/**');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator('.yaml').waitFor();
    },
  };
}
