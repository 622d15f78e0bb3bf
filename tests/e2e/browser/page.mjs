// What the test does with a page, in the words of a person: each waits for what it promises.
import assert from 'node:assert/strict';

const patience = 20_000;

// Asks again every half second until check gives something true; its last complaint is the failure.
export async function until(what, check) {
  const deadline = Date.now() + patience;
  let last = '';
  for (;;) {
    try {
      const result = await check();
      if (result) return result;
    } catch (error) {
      last = `: ${error.message.split('\n')[0]}`;
    }
    if (Date.now() > deadline) throw new Error(`waited ${patience / 1000} s for ${what}${last}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

// Waits until read gives what is expected: what is drawn follows an action a moment later.
export function becomes(expected, read) {
  return until(JSON.stringify(expected), async () => {
    assert.deepEqual(await read(), expected);
    return true;
  });
}

export async function execute(page) {
  await page.getByRole('button', { name: 'Execute' }).first().click();
  await page.locator('.panel-body[aria-busy=false]').first().waitFor();
}

export async function type(page, expression) {
  await page.locator('.cm-content').first().click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Backspace');
  await page.keyboard.insertText(expression);
}

// Takes one of a row of choices: Graph, Stacked, Dark, …
export async function choose(page, name) {
  await page.getByRole('radio', { name, exact: true }).first().click();
}

export async function show(page, view) {
  await choose(page, view);
  await page.locator(`.panel-body.tab-${view.toLowerCase()}[aria-busy=false]`).first().waitFor();
}

// How many pixels of the graph have the colour of each series, by colour: {"#0868ac": 512, …}.
export function linePixels(page) {
  return page.evaluate(() => {
    const canvas = document.querySelector('.chart-canvas canvas');
    if (canvas === null) return {};
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const swatches = [...document.querySelectorAll('.legend .swatch')];
    const colors = [...new Set(swatches.map((swatch) => swatch.dataset.color))];
    const counts = {};
    for (const color of colors) {
      const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        const distance = Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b);
        if (data[i + 3] > 200 && distance < 48) count += 1;
      }
      counts[color] = count;
    }
    return counts;
  });
}

// Lines in at least two colours, or in the only one there is.
export async function graphIsDrawn(page) {
  const counts = await linePixels(page);
  const colors = Object.keys(counts);
  const drawn = colors.filter((color) => counts[color] >= 40);
  assert.ok(colors.length > 0, 'the legend names no series');
  assert.ok(drawn.length >= Math.min(2, colors.length), `pixels by colour: ${JSON.stringify(counts)}`);
  return counts;
}

// The share of the graph's pixels that are nearly white: a grid of the other theme would show here.
export function brightShare(page) {
  return page.evaluate(() => {
    const canvas = document.querySelector('.chart-canvas canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let bright = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] > 200 && data[i] + data[i + 1] + data[i + 2] > 600) bright += 1;
    }
    return bright / (data.length / 4);
  });
}

export async function noSidewaysScroll(page, where) {
  const over = await page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${where} is ${over} pixels wider than the window`);
}

// How many different strong colours the cells of a heat map have.
export function heatShades(page) {
  return page.evaluate(() => {
    const canvas = document.querySelector('.chart-canvas canvas');
    if (canvas === null) return 0;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const counts = new Map();
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] < 200 || data[i] - data[i + 2] < 50) continue;
      const key = data[i] * 65536 + data[i + 1] * 256 + data[i + 2];
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return [...counts.values()].filter((count) => count >= 20).length;
  });
}
