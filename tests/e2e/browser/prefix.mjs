// Behind a proxy, below a path: everything stays there.
import assert from 'node:assert/strict';
import { execute, type } from './page.mjs';

export function prefixSteps({ page, home }) {
  return {
    'pages, API and links stay below the prefix': async () => {
      await page.goto(home);
      await page.waitForURL(`${home}query`);
      await type(page, '40 + 2');
      await execute(page);
      await page.locator('.single-value', { hasText: '42' }).waitFor();
      for (const [name, path] of [['Targets', 'targets'], ['Dashboards', 'dashboards'], ['TSDB', 'tsdb-status']]) {
        await page.getByRole('link', { name, exact: true }).click();
        await page.getByRole('heading', { level: 1 }).waitFor();
        assert.equal(page.url(), home + path);
        await page.reload();
        await page.getByRole('heading', { level: 1 }).waitFor();
      }
    },
  };
}
