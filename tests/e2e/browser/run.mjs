// Goes through the pages of a running server as a person would and looks at what is drawn.
//   node run.mjs http://localhost:9090 OUTPUT-FOLDER [part...]      parts: query, graphs, dashboards, status, hostile, calm;
//   prefix alone is for a server below a path
// Needs Debian's chromium (or CHROMIUM=path) and what browser_test.py sets up: the jobs node, shop and many.
// Exits with 1 and says why when something is not as it should be.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { calmSteps } from './calm.mjs';
import { dashboardSteps } from './dashboards.mjs';
import { graphSteps } from './graphs.mjs';
import { hostileSteps } from './hostile.mjs';
import { prefixSteps } from './prefix.mjs';
import { querySteps } from './query.mjs';
import { statusSteps } from './status.mjs';

const [base, output, ...wanted] = process.argv.slice(2);
if (base === undefined || output === undefined) {
  console.error('usage: node run.mjs BASE-URL OUTPUT-FOLDER [PART...]');
  process.exit(2);
}
const home = base.replace(/\/*$/, '/');
await mkdir(output, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
const complaints = []; // of any page: errors on the console, exceptions, dialogs, requests to elsewhere
const expected = []; // patterns of complaints that the step of the moment provokes

function complain(text) {
  if (!expected.some((pattern) => pattern.test(text))) complaints.push(text);
}

// A window of its own, with its own storage.
async function open(options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 }, timezoneId: 'UTC', locale: 'en-US', colorScheme: 'light', ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => complain(`exception: ${error.message}`));
  page.on('dialog', (dialog) => {
    complain(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (message.type() === 'error') complain(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(new URL(home).origin) && !/^(data|blob):/.test(url)) complain(`request to ${url}`);
  });
  return page;
}

const tools = {
  page: await open(),
  home,
  open,
  expect: (pattern) => expected.push(pattern),
  // The whole page where that is a picture one can look at.
  shot: async (name, page = tools.page) => {
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.screenshot({ path: path.join(output, `${name}.png`), fullPage: height < 6000 });
  },
};
const parts = {
  query: querySteps, graphs: graphSteps, dashboards: dashboardSteps, status: statusSteps, hostile: hostileSteps,
  calm: calmSteps, prefix: prefixSteps,
};

let passed = 0;
async function runStep(part, name, step) {
  const began = Date.now();
  try {
    await step();
    assert.deepEqual(complaints, [], 'the browser complained');
    expected.length = 0;
    passed += 1;
    console.log(`browser: ok: ${part}: ${name} (${Date.now() - began} ms)`);
    return true;
  } catch (error) {
    await tools.shot('failure').catch(() => undefined);
    const more = complaints.length > 0 ? `\n  the browser says: ${complaints.join('\n  ')}` : '';
    console.error(`browser: FAILED: ${part}: ${name}\n  ${error.message}${more}\n  see ${path.join(output, 'failure.png')}`);
    return false;
  }
}

const started = Date.now();
try {
  for (const [part, steps] of Object.entries(parts)) {
    if (wanted.length > 0 ? !wanted.includes(part) : part === 'prefix') continue;
    for (const [name, step] of Object.entries(steps(tools))) {
      if (await runStep(part, name, step)) continue;
      process.exitCode = 1;
      complaints.length = 0;
      break; // what follows in a part builds on what was before
    }
  }
} finally {
  await browser.close();
}
if (process.exitCode !== 1) {
  console.log(`browser: ${passed} passed in ${((Date.now() - started) / 1000).toFixed(1)} s, pictures in ${output}`);
}
