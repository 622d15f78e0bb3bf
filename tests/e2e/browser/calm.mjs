// Nothing jumps while pages load: Chromium's own measure of layout shifts, page by page.
import assert from 'node:assert/strict';
import { expression } from './query.mjs';

const views = [
  `query?g0.expr=${encodeURIComponent(expression)}&g0.tab=graph&g0.range_input=1m`,
  `query?g0.expr=${encodeURIComponent(expression)}&g0.tab=table`, 'dashboards', 'dashboards?d=node',
  'targets', 'tsdb-status', 'queries', 'status', 'config',
];

export function calmSteps({ home, open }) {
  return {
    'nothing jumps while a page loads': async () => {
      const page = await open();
      await page.addInitScript(() => {
        window.shifts = [];
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) {
            const from = entry.sources?.map(({ node }) => node?.className ?? node?.nodeName).join(' ');
            if (!entry.hadRecentInput) window.shifts.push({ value: entry.value, from });
          }
        }).observe({ type: 'layout-shift', buffered: true });
      });
      const restless = [];
      for (const view of views) {
        await page.goto(home + view, { waitUntil: 'networkidle' });
        await page.waitForTimeout(150);
        const shifts = await page.evaluate(() => window.shifts);
        const sum = shifts.reduce((all, { value }) => all + value, 0);
        if (sum > 0.05) restless.push(`${view}: ${sum.toFixed(3)} of ${shifts.map(({ from, value }) => `${value.toFixed(3)} ${from}`).join(' | ')}`);
      }
      assert.deepEqual(restless, []);
      await page.context().close();
    },
  };
}
