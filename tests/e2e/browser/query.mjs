// The query page: completion, table, explain, errors, history, what an address carries.
import assert from 'node:assert/strict';
import { becomes, choose, execute, show, type, until } from './page.mjs';

export const expression = 'rate(node_cpu_seconds_total[10s])';

export function querySteps({ page, home, open, shot, expect }) {
  return {
    'the page opens': async () => {
      await page.goto(home);
      await page.getByText('Ask something').waitFor();
      assert.equal(await page.title(), 'Query · Test <b>');
      await shot('query-empty');
    },
    'typing a name completes it from the server, and Enter takes it': async () => {
      await page.locator('.cm-content').click();
      await page.keyboard.type('scrape_dur', { delay: 20 });
      await page.locator('.cm-tooltip-autocomplete li', { hasText: 'scrape_duration_seconds' }).waitFor();
      await shot('query-completion');
      await page.keyboard.press('Enter');
      await page.locator('.cm-content', { hasText: 'scrape_duration_seconds' }).waitFor();
    },
    'a half expression is underlined while typing': async () => {
      await type(page, 'rate(up)');
      await page.locator('.cm-lintRange').first().waitFor();
    },
    'the table has rows and sorts them by value': async () => {
      await type(page, expression);
      await until(`rows for ${expression}`, async () => {
        await execute(page);
        return (await page.locator('table.result tbody tr').count()) > 1;
      });
      await page.locator('table.result th.value button').click();
      await until('values in order', async () => {
        const values = (await page.locator('table.result td.value').allInnerTexts()).map(Number);
        assert.deepEqual(values, [...values].sort((a, b) => b - a));
        return true;
      });
      await shot('query-table');
    },
    'explain tells what each operator cost': async () => {
      await type(page, `sum by (mode) (${expression}) / scalar(count(up))`);
      await execute(page);
      await show(page, 'Explain');
      const operators = await page.locator('table.plan tbody b').allInnerTexts();
      for (const operator of ['/', 'sum', 'rate', 'scalar', 'count']) assert.ok(operators.includes(operator), operators.join());
      await page.getByText('The dearest is').waitFor();
      await shot('query-explain');
      assert.match(page.url(), /g0\.tab=explain/);
    },
    'a wrong expression is told as the server tells it': async () => {
      await show(page, 'Table');
      expect(/status of 400/);
      await type(page, 'rate(');
      await execute(page);
      await page.getByRole('alert').filter({ hasText: 'parse error' }).waitFor();
      await shot('query-error');
    },
    'what was executed is in the history, and the star keeps it': async () => {
      await page.getByRole('button', { name: 'Saved and recent' }).click();
      const entry = page.locator('dialog li', { hasText: expression }).first();
      await entry.getByRole('button', { name: 'Save' }).click();
      await shot('query-history');
      await page.locator('dialog li').first().locator('code').click();
      await page.locator('dialog').waitFor({ state: 'detached' });
      await page.locator('.cm-content', { hasText: 'node_cpu' }).waitFor();
    },
    'the metrics explorer finds by words and puts the name in': async () => {
      await type(page, ' ');
      await page.getByRole('button', { name: 'Metrics explorer' }).click();
      await page.getByLabel('Search metrics').fill('process resident');
      await page.locator('.explorer li', { hasText: 'process_resident_memory_bytes' }).waitFor();
      await shot('query-explorer');
      await page.keyboard.press('Enter');
      await page.locator('.cm-content', { hasText: 'process_resident_memory_bytes' }).waitFor();
    },
    'results are files: CSV with a column for each label': async () => {
      await type(page, 'up');
      await execute(page);
      await page.getByLabel('Download').click();
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
      const text = await (await file.createReadStream()).setEncoding('utf8').toArray();
      assert.match(text.join(''), /^__name__,instance,job,label,time,value\nup,/);
    },
    'keys lead to the editor, to the list of keys and to pages': async () => {
      await page.locator('h2, .brand').first().click();
      await page.waitForURL(/query/);
      await page.keyboard.press('/');
      await becomes(true, () => page.evaluate(() => document.activeElement?.className.includes('cm-content')));
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await page.locator('dialog', { hasText: 'Keys' }).waitFor();
      await page.keyboard.press('Escape');
      await page.keyboard.press('g');
      await page.keyboard.press('f');
      await page.getByRole('heading', { name: 'Flags' }).waitFor();
      await page.goBack();
    },
    'an address of Prometheus opens two panels as they were': async () => {
      const other = await open();
      await other.goto(`${home}graph?g0.expr=up&g0.tab=0&g0.range_input=30m&g0.stacked=1&g1.expr=vector(2)&g1.tab=table&g1.moment_input=2024-01-02%2003%3A04%3A05`);
      await other.waitForURL(/\/query\?/);
      await becomes(2, () => other.locator('.panel').count());
      assert.ok(await other.getByRole('radio', { name: 'Stacked' }).isChecked());
      await other.locator('table.result td.value', { hasText: '2' }).waitFor();
      await other.getByRole('button', { name: 'Remove panel' }).first().click();
      await other.waitForURL(/g0\.expr=vector/);
      await other.context().close();
    },
    'times are told in UTC or local time': async () => {
      const other = await open({ timezoneId: 'Asia/Tokyo' });
      await other.goto(`${home}query?g0.expr=up&g0.tab=table&g0.moment_input=2024-01-02%2003%3A04%3A05`);
      const end = other.getByLabel('Evaluation time').and(other.locator('input'));
      await becomes('2024-01-02 12:04:05', () => end.inputValue());
      await choose(other, 'Times in UTC');
      await becomes('2024-01-02 03:04:05', () => end.inputValue());
      await other.context().close();
    },
  };
}
