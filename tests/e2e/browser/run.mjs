// Goes through the pages of a running server as a person would and looks at what is drawn.
//   node run.mjs http://localhost:9090 OUTPUT-FOLDER ['rate(node_cpu_seconds_total[1m])']
// Needs Debian's chromium (or CHROMIUM=path). Exits with 1 and says why when something is not as it should be.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { brightShare, choose, execute, graphIsDrawn, noSidewaysScroll, show, type, until } from './page.mjs';

const [base, output, expression = 'rate(node_cpu_seconds_total[1m])'] = process.argv.slice(2);
if (base === undefined || output === undefined) {
  console.error('usage: node run.mjs BASE-URL OUTPUT-FOLDER [EXPRESSION]');
  process.exit(2);
}
const home = base.replace(/\/*$/, '/');
await mkdir(output, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
const complaints = []; // of any page: errors on the console, exceptions, requests to elsewhere
let expectedErrors = 0; // failed requests that a step provokes; the console reports each

async function open(options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 }, timezoneId: 'UTC', locale: 'en-US', colorScheme: 'light', ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    if (expectedErrors > 0 && /400/.test(message.text())) expectedErrors -= 1;
    else complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(new URL(home).origin) && !/^(data|blob):/.test(url)) complaints.push(`request to ${url}`);
  });
  return page;
}

let page = await open();
const shot = (name) => page.screenshot({ path: path.join(output, `${name}.png`), fullPage: true });

// A server that was just started has little to draw: ask again until it is enough.
const untilDrawn = (what) => until(what, async () => {
  await execute(page);
  return graphIsDrawn(page);
});

const steps = {
  'the page opens': async () => {
    await page.goto(home);
    await page.getByText('Ask something').waitFor();
    await shot('empty');
  },
  'typing a name completes it from the server': async () => {
    await page.locator('.cm-content').click();
    await page.keyboard.type('scrape_dur', { delay: 20 });
    await page.locator('.cm-tooltip-autocomplete li', { hasText: 'scrape_duration_seconds' }).waitFor();
    await shot('completion');
    await page.keyboard.press('Enter');
    await page.locator('.cm-content', { hasText: 'scrape_duration_seconds' }).waitFor();
  },
  'the table has rows': async () => {
    await type(page, expression);
    await until(`rows for ${expression}`, async () => {
      await execute(page);
      return (await page.locator('table.result tbody tr').count()) > 0;
    });
    assert.match(await page.locator('table.result td.value').first().innerText(), /^[-+.\deInfNa]+$/);
    await shot('table');
  },
  'the graph has lines in the colours of its series': async () => {
    await show(page, 'Graph');
    await page.getByLabel('Range', { exact: true }).and(page.locator('input')).fill('1m');
    await page.keyboard.press('Enter');
    await untilDrawn('lines on the canvas');
    await shot('graph');
  },
  'the point under the cursor is told': async () => {
    const plot = await page.locator('.u-over').boundingBox();
    await page.mouse.move(plot.x + plot.width - 30, plot.y + plot.height / 2);
    await page.locator('.chart-tip').waitFor();
    await shot('tooltip');
  },
  'a legend entry shows its series alone': async () => {
    const entries = page.locator('.legend-item');
    if ((await entries.count()) < 2) return;
    await entries.first().click();
    assert.equal(await page.locator('.legend-item[aria-pressed=true]').count(), 1);
    await entries.first().click();
    assert.equal(await page.locator('.legend-item[aria-pressed=false]').count(), 0);
  },
  'stacking draws too': async () => {
    await choose(page, 'Stacked');
    await untilDrawn('stacked lines on the canvas');
    await shot('stacked');
    await choose(page, 'Lines');
  },
  'the address can be shared': async () => {
    assert.ok(page.url().startsWith(`${home}query?g0.expr=`), page.url());
    const other = await open();
    await other.goto(page.url());
    await other.locator('.chart-canvas canvas').waitFor();
    assert.equal(await other.locator('.cm-content').innerText(), expression);
    assert.equal(await other.getByLabel('Range', { exact: true }).and(other.locator('input')).inputValue(), '1m');
    await other.context().close();
  },
  'dragging zooms, going back undoes it': async () => {
    const before = page.url();
    const plot = await page.locator('.u-over').boundingBox();
    await page.mouse.move(plot.x + plot.width / 2, plot.y + 60);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width - 40, plot.y + 80, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/g0\.end_input=/);
    await page.goBack();
    await page.waitForURL(before);
  },
  'dark is dark, with lines': async () => {
    await choose(page, 'Dark');
    await page.locator('html[data-theme=dark]').waitFor({ state: 'attached' });
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [r, g, b] = background.match(/\d+/g).map(Number);
    assert.ok(r + g + b < 120, `the background is ${background}`);
    await until('lines on the dark canvas', () => graphIsDrawn(page));
    const bright = await brightShare(page);
    assert.ok(bright < 0.01, `${(100 * bright).toFixed(1)} % of the dark graph are nearly white`);
    await shot('graph-dark');
  },
  'a wrong expression is told as the server tells it': async () => {
    await show(page, 'Table');
    expectedErrors += 1;
    await type(page, 'rate(');
    await execute(page);
    await page.getByRole('alert').filter({ hasText: 'parse error' }).waitFor();
    await shot('error-dark');
  },
  'markup in a label stays text': async () => {
    const hostile = '<img src=x onerror=alert(1)>';
    await type(page, `label_replace(vector(1), "x", "${hostile}", "", "")`);
    await execute(page);
    await page.locator('.series-value', { hasText: hostile }).waitFor();
    assert.equal(await page.locator('main img').count(), 0);
  },
  'the targets that are up are shown': async () => {
    await page.getByRole('link', { name: 'Targets' }).click();
    await page.locator('.target .badge.up').first().waitFor();
    await shot('targets-dark');
    await page.getByLabel('Search targets').fill('no such target anywhere');
    await page.getByText('No target passes the filter').waitFor();
  },
  'every other page opens': async () => {
    for (const name of ['Discovery', 'Runtime', 'Configuration', 'Flags']) {
      await page.getByRole('link', { name, exact: true }).click();
      await page.locator('main .facts tr, main .yaml, main .pool').first().waitFor();
      await shot(name.toLowerCase());
    }
  },
  'a phone shows all of it without sideways scrolling': async () => {
    const query = `query?g0.expr=${encodeURIComponent(expression)}&g0.range_input=1m&g0.tab=`;
    page = await open({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
    await page.goto(`${home}${query}graph`);
    await untilDrawn('lines on the small canvas');
    await noSidewaysScroll(page, 'the graph');
    await shot('graph-phone');
    await page.goto(`${home}${query}table`);
    await page.locator('table.result tbody tr').first().waitFor();
    await noSidewaysScroll(page, 'the table');
    await page.goto(`${home}targets`);
    await page.locator('.target .badge').first().waitFor();
    await noSidewaysScroll(page, 'the targets page');
    await shot('targets-phone');
  },
  'nothing complained and nothing was fetched from elsewhere': async () => assert.deepEqual(complaints, []),
};

const started = Date.now();
try {
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step();
      console.log(`browser: ok: ${name}`);
    } catch (error) {
      await shot('failure').catch(() => undefined);
      const more = complaints.length > 0 ? `\n  the browser says: ${complaints.join('\n  ')}` : '';
      console.error(`browser: FAILED: ${name}\n  ${error.message}${more}\n  see ${path.join(output, 'failure.png')}`);
      process.exitCode = 1;
      break;
    }
  }
} finally {
  await browser.close();
}
if (process.exitCode !== 1) {
  console.log(`browser: ${Object.keys(steps).length} passed in ${((Date.now() - started) / 1000).toFixed(1)} s, pictures in ${output}`);
}
