// Dashboards: the list, both that come with Hearth, one of the folder, one opened from a file.
import assert from 'node:assert/strict';
import { becomes, noSidewaysScroll, until } from './page.mjs';

// Panels that say something else than values.
const withoutData = (page) => page.locator('.dash-none').evaluateAll((all) =>
  all.map((one) => `${one.closest('section')?.getAttribute('aria-label')}: ${one.textContent}`));

// Panels ask when they come near the window: goes down the page and waits for those in sight.
async function seeAll(page) {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  for (let y = 0; y <= height; y += 700) {
    await page.evaluate((to) => window.scrollTo(0, to), y);
    await page.waitForTimeout(60);
    await page.waitForFunction(() => [...document.querySelectorAll('.dash-panel[aria-busy=true]')].every((panel) => {
      const { top, bottom } = panel.getBoundingClientRect();
      return bottom < 0 || top > window.innerHeight;
    }));
  }
  await page.evaluate(() => window.scrollTo(0, 0));
}

export function dashboardSteps({ page, home, shot, expect }) {
  return {
    'the list has those that come along and those of the folder': async () => {
      await page.goto(`${home}dashboards`);
      await page.getByRole('link', { name: 'Hearth server' }).waitFor();
      await page.getByRole('link', { name: 'Small' }).waitFor();
      await page.getByText('is not a JSON object').waitFor();
      await shot('dashboards');
    },
    'the dashboard of this server has a value in every panel': async () => {
      await page.getByRole('link', { name: 'Hearth server' }).click();
      await page.locator('.stat-value').first().waitFor();
      await until('values in all panels', async () => {
        await page.getByRole('button', { name: 'Refresh now' }).click();
        await seeAll(page);
        const none = await withoutData(page);
        assert.deepEqual(none, []);
        return true;
      });
      await until('more than ten graphs', async () => (await page.locator('.dash-panel canvas').count()) > 10);
      await shot('dashboard-server');
    },
    'the dashboard of a node has a value in every panel': async () => {
      await page.goto(`${home}dashboards?d=node&from=now-5m`);
      await page.locator('.gauge text').first().waitFor();
      await until('values in all panels', async () => {
        await page.getByRole('button', { name: 'Refresh now' }).click();
        await seeAll(page);
        assert.deepEqual(await withoutData(page), []);
        return true;
      });
      await noSidewaysScroll(page, 'the dashboard');
      await shot('dashboard-node');
    },
    'dragging in one panel zooms all of them, and back to now undoes it': async () => {
      const plot = await page.locator('.dash-panel .u-over').first().boundingBox();
      await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 20);
      await page.mouse.down();
      await page.mouse.move(plot.x + plot.width * 0.9, plot.y + 25, { steps: 4 });
      await page.mouse.up();
      await page.waitForURL(/from=\d{13}/);
      await page.getByRole('button', { name: 'Back to now' }).click();
      await page.waitForURL((url) => !/from=\d/.test(url.search));
    },
    'a choice of a variable is in the address': async () => {
      await page.goto(`${home}dashboards?d=hearth`);
      await page.getByLabel('Job').selectOption('hearth');
      await page.waitForURL(/var-job=hearth/);
    },
    'a file of the folder is drawn with all kinds of panels': async () => {
      await page.goto(`${home}dashboards?d=small.json`);
      await page.getByRole('heading', { name: 'Small' }).waitFor();
      await page.locator('.bars li').first().waitFor();
      await page.locator('.dash-table td').first().waitFor();
      await page.locator('.gauge text').first().waitFor();
      await page.getByText('Panels of these types are not drawn: piechart.').waitFor();
      assert.equal(await page.locator('.dash-text').innerText(), '<b onclick=alert(1)>bold</b>');
      await shot('dashboard-small');
    },
    'a file opened in the browser stays there until it is forgotten': async () => {
      await page.goto(`${home}dashboards`);
      const board = { title: 'Mine <i>', panels: [{ type: 'stat', title: 'One', targets: [{ expr: 'vector(41) + 1' }] }] };
      await page.locator('input[type=file]').setInputFiles({ name: 'mine.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(board)) });
      await page.locator('.stat-value', { hasText: '42' }).waitFor();
      await page.goto(`${home}dashboards`);
      await page.getByRole('button', { name: 'Forget Mine <i>' }).click();
      await becomes(0, () => page.getByText('Mine <i>').count());
      await page.locator('input[type=file]').setInputFiles({ name: 'not.json', mimeType: 'application/json', buffer: Buffer.from('{"a":1}') });
      await page.getByRole('alert').filter({ hasText: 'no dashboard' }).waitFor();
    },
    'a dashboard that is not there says so': async () => {
      expect(/status of 404/);
      await page.goto(`${home}dashboards?d=..%2F..%2Fetc%2Fpasswd.json`);
      await page.getByText('This dashboard cannot be shown').waitFor();
    },
  };
}
