import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { renderBench } from '../../src/render/bench.js';
import { renderBenchPage } from '../../src/render/bench-page/page.js';
import { displayWidth } from '../../src/render/width.js';
import { compareRuns } from '../../src/services/bench/compare.js';
import type { BenchDocument, BenchHead } from '../../src/services/bench/document.js';
import { loadRecorders, type Recorder } from '../../src/services/bench/histogram.js';
import type { Load } from '../../src/services/bench/load.js';
import { createRandom } from '../../src/services/bench/random.js';
import type { RunReport } from '../../src/services/bench/report.js';
import { parseSlo } from '../../src/services/bench/slo.js';
import { summarise } from '../../src/services/bench/summary.js';
import { failed, record } from '../services/bench/records.js';
import { chromiumPath } from '../support/chromium.js';

/** A name that would run, and load something, on a page that does not escape it. */
const HOSTILE = `<img src="http://example.com/x.png" onerror="console.error('ran')"><script>console.error('ran')</script>`;
const HEAD: BenchHead = {
  schemaVersion: 1,
  time: '2026-11-24T14:00:00.000Z',
  target: HOSTILE,
  url: 'http://gpu1:8080',
  model: 'qwen3-4b',
  build: 'b11434-0a1b2c3',
  slots: 2,
  contextPerSlot: 4096,
  networkMs: 1.5,
  settings: {
    prompts: { kind: 'synthetic', tokens: 128, sharedTokens: 0, groups: 1 },
    maxTokens: 64,
    ignoreEos: true,
    stream: true,
  },
  seed: 7,
  exactPrompts: true,
  verdict: 'missed',
};

let createRecorder: () => Recorder;

function run(
  load: Load,
  changes: { readonly failures?: number; readonly allFail?: boolean } = {},
): RunReport {
  const random = createRandom(3);
  const gaps = createRecorder();
  const records = Array.from({ length: 120 }, (_, index) => {
    const base = { index, scheduledMs: index * 40 };
    if (changes.allFail || index < (changes.failures ?? 0))
      return { ...failed('connection.refused'), ...base };
    const ttftMs = 50 + random() * 400;
    gaps.add(5 + random() * 20);
    return record({ ...base, ttftMs, e2eMs: ttftMs + 200 + random() * 100 });
  });
  return summarise({
    load,
    records,
    gaps,
    durationMs: 4900,
    drainMs: 100,
    unfinished: 0,
    partial: false,
    failedInTurn: changes.allFail ? 58 : null,
    slos: ['ttft.p95<=100ms', 'errors<=1%'].map(parseSlo),
    client: { cpu: 0.95, lagP99Ms: 2 },
    networkMs: 1.5,
    slots: 2,
    warningFacts: { promptsAreNew: true, promptTokens: 128, sharedTokens: 0, outputTokens: null },
    createRecorder,
  });
}

/** Every kind of document that a page can be of. */
function documents(): Readonly<Record<string, BenchDocument>> {
  const closed = run({ kind: 'closed', concurrency: 8 }, { failures: 5 });
  const other = run({ kind: 'closed', concurrency: 8 });
  return {
    'one run': { ...HEAD, ...closed },
    'all failed': {
      ...HEAD,
      verdict: 'failures',
      ...run({ kind: 'closed', concurrency: 8 }, { allFail: true }),
    },
    'nothing measured': { ...HEAD, runs: [] },
    sweep: { ...HEAD, runs: [1, 2, 4, 8].map((concurrency) => run({ kind: 'closed', concurrency })) },
    'a search, compared': {
      ...HEAD,
      verdict: 'good',
      ...run({ kind: 'open', rate: 24, arrivals: 'poisson' }),
      comparisons: [compareRuns(other.load, other.samples, closed.samples, 0.05)],
      findMax: {
        rate: 24,
        missedAt: 25,
        confidence: 0.97,
        trials: [
          { rate: 24, held: true, requests: 240, why: null },
          { rate: 25, held: false, requests: 250, why: 'ttft.p95<=100ms: queue' },
        ],
      },
    },
  };
}

describe('the report of bench', () => {
  before(async () => {
    createRecorder = await loadRecorders();
  });

  it('fits into 80 columns, and begins with the verdict', () => {
    for (const [name, document] of Object.entries(documents())) {
      const lines = renderBench({ ...document, target: 'gpu1:8080' }, 80).split('\n');
      assert.match(lines[0] ?? '', /^[✓✗!] gpu1:8080 · /, name);
      assert.deepEqual(
        lines.filter((line) => displayWidth(line) > 80),
        [],
        name,
      );
    }
  });

  it('as a page asks for nothing from elsewhere, whatever a server calls itself', () => {
    for (const [name, document] of Object.entries(documents())) {
      const page = renderBenchPage(document);
      assert.match(page, /default-src 'none'/, name);
      assert.doesNotMatch(page, /<script|<img|\bon\w+="|@import|url\(/i, name);
      for (const [, address] of page.matchAll(/(?:src|href)="([^"]*)"/g))
        assert.equal(address, 'data:,', name);
      assert.ok(page.includes('&lt;script&gt;'), name);
      assert.doesNotMatch(page, /NaN|undefined|Infinity|\[object/, name);
    }
  });
});

const path = chromiumPath();
// Where there is none, test/support/set-up.ts has said so, and in CI has failed.
if (path !== null)
  describe('the page of bench, in Chromium', function () {
    this.timeout(120_000);
    let browser: Browser;
    let folder: string;
    before(async () => {
      createRecorder = await loadRecorders();
      folder = mkdtempSync(join(tmpdir(), 'llamactl-page-'));
      browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
    });
    after(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Opens a document's page. @returns what went wrong and what was asked for while it was read */
    async function open(name: string, document: BenchDocument, colorScheme: 'light' | 'dark', width: number) {
      const file = join(folder, `${name}.html`);
      writeFileSync(file, renderBenchPage(document));
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
      const said: string[] = [];
      const asked: string[] = [];
      page.on('console', (message) => said.push(message.text()));
      page.on('pageerror', (error) => said.push(error.message));
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
      return { page, said, asked: asked.filter((url) => !url.startsWith('file:') && url !== 'data:,') };
    }
    const shapes = (page: Page) =>
      page.$$eval('svg', (all) =>
        all.map((svg) => {
          const drawn = [...svg.querySelectorAll('path.line, circle, rect, path.cross')];
          const seen = drawn.filter((each) => {
            const { width, height } = each.getBoundingClientRect();
            return width + height > 0.5;
          });
          return { label: svg.getAttribute('aria-label'), shapes: seen.length };
        }),
      );

    it('draws its charts, without an error and without a network', async () => {
      for (const [name, document] of Object.entries(documents())) {
        const { page, said, asked } = await open(name, document, 'light', 1100);
        assert.deepEqual([said, asked], [[], []], name);
        const charts = await shapes(page);
        assert.deepEqual(
          charts.filter(({ shapes: count }) => count === 0),
          [],
          `${name}: charts with nothing on them`,
        );
        const expected = { 'one run': 4, 'all failed': 1, 'nothing measured': 0, sweep: 4 }[name] ?? 4;
        assert.equal(charts.length, expected, name);
        assert.equal(await page.$$eval('img, script', (found) => found.length), 0, name);
        await page.close();
      }
    });

    it('fits a telephone, and is light or dark as its reader likes', async () => {
      const document = documents()['one run'];
      assert(document !== undefined);
      const grounds = [];
      for (const scheme of ['light', 'dark'] as const) {
        const { page } = await open(scheme, document, scheme, 390);
        const { wide, ground, text } = await page.locator('html').evaluate((html) => {
          const { ownerDocument: page, scrollWidth, clientWidth } = html;
          const style = page.defaultView?.getComputedStyle(page.body);
          return { wide: scrollWidth - clientWidth, ground: style?.backgroundColor, text: style?.color };
        });
        assert.equal(wide, 0, 'the page scrolls sideways');
        assert.notEqual(ground, text);
        grounds.push(ground);
        await page.close();
      }
      assert.equal(new Set(grounds).size, 2);
    });
  });
