// Graphs: pixels of lines, zoom, pan, stacking, exemplars, heat maps, themes, phones.
import assert from 'node:assert/strict';
import { becomes, brightShare, choose, execute, graphIsDrawn, heatShades, noSidewaysScroll, show, type, until } from './page.mjs';
import { expression } from './query.mjs';

export function graphSteps({ page, home, open, shot }) {
  // A server that was just started has little to draw: ask again until it is enough.
  const untilDrawn = (what, target = page) => until(what, async () => {
    await execute(target);
    return graphIsDrawn(target);
  });
  const range = (target) => target.getByLabel('Range', { exact: true }).and(target.locator('input'));
  const address = (expr, more) => `${home}query?g0.expr=${encodeURIComponent(expr)}&g0.range_input=1m&${more}`;
  const drag = async (from, to, keys = []) => {
    await page.waitForLoadState('networkidle');
    const plot = await until('a plot that stands still', () => page.locator('.panel-body[aria-busy=false] .u-over').boundingBox());
    for (const key of keys) await page.keyboard.down(key);
    await page.mouse.move(plot.x + plot.width * from, plot.y + 60);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * to, plot.y + 80, { steps: 4 });
    await page.mouse.up();
    for (const key of keys) await page.keyboard.up(key);
  };
  return {
    'the graph has lines in the colours of its series': async () => {
      await page.goto(home);
      await type(page, expression);
      await execute(page);
      await show(page, 'Graph');
      await range(page).fill('1m');
      await page.keyboard.press('Enter');
      await untilDrawn('lines on the canvas');
      await shot('graph');
    },
    'the point under the cursor is told': async () => {
      const plot = await page.locator('.u-over').boundingBox();
      await page.mouse.move(plot.x + plot.width - 30, plot.y + plot.height / 2);
      await page.locator('.chart-tip').waitFor();
      await shot('graph-tip');
    },
    'a legend entry shows its series alone': async () => {
      const entries = page.locator('.legend-item');
      await entries.first().click();
      await becomes(1, () => page.locator('.legend-item[aria-pressed=true]').count());
      await entries.first().click();
      await becomes(0, () => page.locator('.legend-item[aria-pressed=false]').count());
    },
    'stacking draws too': async () => {
      await choose(page, 'Stacked');
      await untilDrawn('stacked lines on the canvas');
      await shot('graph-stacked');
      await choose(page, 'Lines');
    },
    'the address can be shared': async () => {
      assert.ok(page.url().startsWith(`${home}query?g0.expr=`), page.url());
      const other = await open();
      await other.goto(page.url());
      await other.locator('.chart-canvas canvas').waitFor();
      await becomes(expression, () => other.locator('.cm-content').innerText());
      await becomes('1m', () => range(other).inputValue());
      await other.context().close();
    },
    'dragging zooms, going back undoes it': async () => {
      const before = page.url();
      await drag(0.5, 0.9);
      await page.waitForURL(/g0\.range_input=2[2-6]s/);
      assert.match(page.url(), /g0\.end_input=/);
      // The address changes before what is drawn does.
      await until('the field of the range', async () => /^2[2-6]s$/.test(await range(page).inputValue()));
      await page.goBack();
      await page.waitForURL(before);
    },
    'dragging with Shift pans to earlier times': async () => {
      const before = page.url();
      await drag(0.4, 0.9, ['Shift']);
      await page.waitForURL(/g0\.end_input=/);
      assert.match(page.url(), /g0\.range_input=1m/);
      await page.goBack();
      await page.waitForURL(before);
    },
    'exemplars are drawn and told': async () => {
      await page.goto(address('shop_request_duration_seconds_bucket{le="1.0",path="/cart"} * 0', 'g0.tab=graph&g0.show_exemplars=1'));
      await until('an exemplar', async () => {
        await execute(page);
        return page.locator('.graph-note', { hasText: /\d+ exemplars?/ }).isVisible();
      });
      await until('the label of an exemplar below the cursor', async () => {
        const plot = await page.locator('.u-over').boundingBox();
        for (let x = plot.width - 2; x > 0; x -= 7) {
          await page.mouse.move(plot.x + x, plot.y + plot.height * 0.1);
          if (await page.locator('.chart-tip', { hasText: 'trace_id' }).isVisible()) return true;
        }
        return false;
      });
      await shot('graph-exemplars');
    },
    'native histograms are a heat map': async () => {
      await page.goto(address('sum(rate(native_request_duration_seconds[10s]))', 'g0.tab=graph&g0.display_mode=heatmap'));
      await until('cells in several shades', async () => {
        await execute(page);
        return (await heatShades(page)) >= 3;
      });
      await shot('graph-heatmap');
    },
    'dark is dark, with lines': async () => {
      await page.goto(address(expression, 'g0.tab=graph'));
      await choose(page, 'Dark');
      await page.locator('html[data-theme=dark]').waitFor({ state: 'attached' });
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const [r, g, b] = background.match(/\d+/g).map(Number);
      assert.ok(r + g + b < 120, `the background is ${background}`);
      await until('lines on the dark canvas', () => graphIsDrawn(page));
      const bright = await brightShare(page);
      assert.ok(bright < 0.01, `${(100 * bright).toFixed(1)} % of the dark graph are nearly white`);
      await shot('graph-dark');
      await choose(page, 'Light');
    },
    'a phone shows all of it without sideways scrolling': async () => {
      const phone = await open({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
      await phone.goto(address(expression, 'g0.tab=graph'));
      await untilDrawn('lines on the small canvas', phone);
      await noSidewaysScroll(phone, 'the graph');
      await shot('phone-graph', phone);
      for (const tab of ['table', 'explain']) {
        await phone.goto(address(expression, `g0.tab=${tab}`));
        await phone.locator('table.result tbody tr').first().waitFor();
        await noSidewaysScroll(phone, `the ${tab}`);
      }
      await shot('phone-explain', phone);
      for (const view of ['targets', 'dashboards?d=node', 'service-discovery', 'tsdb-status', 'queries', 'status', 'config', 'flags', 'rules', 'alerts']) {
        await phone.goto(home + view);
        await phone.locator('main .card').first().waitFor();
        await phone.locator('.skeleton').first().waitFor({ state: 'detached' });
        await noSidewaysScroll(phone, view);
        if (view === 'targets' || view.startsWith('dash')) await shot(`phone-${view.slice(0, 6)}`, phone);
      }
      await phone.context().close();
    },
    'two hundred lines of 11,000 points pan without stutter': async () => {
      const other = await open();
      // The answer is made inside of the page: 50 MB would take long on their way through the test.
      await other.addInitScript(() => {
        const fetchOther = window.fetch;
        window.fetch = async (url, init) => {
          if (!String(url).endsWith('query_range')) return fetchOther(url, init);
          const [start, step] = [Number(init.body.get('start')), Number(init.body.get('step'))];
          const result = Array.from({ length: 200 }, (_, i) => ({
            metric: { id: String(i) },
            values: Array.from({ length: 11_000 }, (_v, k) => [start + k * step, String(Math.round(i * 10 + 50 * Math.sin(k / 90 + i)))]),
          }));
          return new Response(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
        };
      });
      await other.goto(`${home}query?g0.expr=many&g0.tab=graph&g0.range_input=10999s&g0.res_type=fixed&g0.res_step=1`);
      await other.locator('.chart-canvas canvas').waitFor({ timeout: 40_000 });
      await other.waitForTimeout(1000);
      const plot = await other.locator('.u-over').boundingBox();
      await other.evaluate(() => {
        window.frameTimes = [];
        let last = performance.now();
        const tick = (now) => {
          window.frameTimes.push(now - last);
          last = now;
          requestAnimationFrame(tick);
        };
        requestAnimationFrame(tick);
      });
      await other.keyboard.down('Shift');
      await other.mouse.move(plot.x + 800, plot.y + 100);
      await other.mouse.down();
      for (let i = 0; i < 60; i += 1) await other.mouse.move(plot.x + 800 - i * 8, plot.y + 100);
      const times = await other.evaluate(() => window.frameTimes.slice(2));
      await other.mouse.up();
      await other.keyboard.up('Shift');
      times.sort((a, b) => a - b);
      const median = times[times.length >> 1];
      console.log(`browser: frames while panning: ${times.length}, median ${median.toFixed(1)} ms, ` +
        `95 % below ${times[Math.floor(times.length * 0.95)].toFixed(1)} ms, longest ${times[times.length - 1].toFixed(1)} ms`);
      // Drawing the lines again in each frame takes several hundred.
      assert.ok(median < 60, `a frame takes ${median} ms`);
      await other.context().close();
    },
  };
}
