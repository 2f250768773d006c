// Gets what the tests run against: the pinned llama-server from source, the prebuilt one where it runs here, and SmolLM2.
// Called by bin/test.js: node --import tsx test/support/set-up.ts OUT.json
import { writeFileSync } from 'node:fs';
import { contextOf, ensureServer } from '../../src/server/install/ensure.js';
import { ensurePrebuilt } from '../../src/server/install/prebuilt.js';
import type { InstallEvent } from '../../src/server/install/progress.js';
import { ensureSmolLm2 } from '../../src/server/install/smollm2.js';

const [out] = process.argv.slice(2);
let last = '';
let lastAt = 0;

/** A line for each new step, and one every ten seconds inside a long one: CI logs keep them all. */
function onProgress({ step, message, done, total }: InstallEvent): void {
  const now = Date.now();
  if (step === last && now - lastAt < 10_000) return;
  last = step;
  lastAt = now;
  const progress = done === undefined || total === undefined ? '' : ` ${done}/${total}`;
  process.stdout.write(`  ${message}${progress}\n`);
}

const controller = new AbortController();
process.once('SIGINT', () => controller.abort(new Error('interrupted')));
const options = { onProgress, signal: controller.signal };
const given = process.env['LLAMA_SERVER_BIN'];
const source = given ?? (await ensureServer({ ...options, prefer: 'source' })).path;
const prebuilt = await ensurePrebuilt(contextOf(options)).then(
  (path) => ({ path }),
  (error: unknown) => ({ reason: error instanceof Error ? error.message : String(error) }),
);
const smol = await ensureSmolLm2(contextOf(options));
if (out !== undefined)
  writeFileSync(out, JSON.stringify({ source, prebuilt, smol, given: given !== undefined }));
