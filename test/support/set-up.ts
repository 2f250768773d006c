// Gets what the tests run against: the pinned llama-server from source (or LLAMA_SERVER_BIN), the prebuilt one where it runs
// here, and SmolLM2. Called by bin/test.js: node --import tsx test/support/set-up.ts OUT.json
import { writeFileSync } from 'node:fs';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { requireServer } from '../../src/server/find.js';
import { contextOf, ensureServer } from '../../src/server/install/ensure.js';
import { PREBUILT_SERVER, SOURCE_SERVER } from '../../src/server/install/pins.js';
import { ensurePrebuilt, PrebuiltUnusable } from '../../src/server/install/prebuilt.js';
import { probeServer } from '../../src/server/install/probe.js';
import type { InstallEvent } from '../../src/server/install/progress.js';
import { ensureSmolLm2 } from '../../src/server/install/smollm2.js';
import { ensureChromium } from './chromium.js';
import { ensureNginx } from './ensure-nginx.js';
import { ensureValidators } from './validators.js';

const [out] = process.argv.slice(2);
const STEP_EVERY_MS = 10_000;
let last = '';
let lastAt = 0;

/** A line for each new step, and one every ten seconds inside a long one: CI logs keep them all. */
function onProgress({ step, message, done, total }: InstallEvent): void {
  const now = Date.now();
  const line = `${step} ${message}`;
  if (line === last && now - lastAt < STEP_EVERY_MS) return;
  last = line;
  lastAt = now;
  const share = done === undefined || !total ? '' : ` · ${Math.floor((100 * done) / total)} %`;
  say(`${message}${share}`);
}

function say(line: string): void {
  process.stdout.write(`  ${line}\n`);
}

const controller = new AbortController();
process.once('SIGINT', () => controller.abort(new Error('interrupted')));
const context = contextOf({ onProgress, signal: controller.signal });

/** A server under test. */
interface Server {
  /** Short: `v0.6.0`. */
  readonly build: string;
  /** With what it says it is. */
  readonly name: string;
  /** Why it is not tested. */
  readonly reason?: string;
}

/** What every suite runs on. */
async function mainServer(): Promise<Server> {
  if (process.env['LLAMA_SERVER_BIN']) {
    const { command, version } = await requireServer();
    return { build: 'LLAMA_SERVER_BIN', name: named(`LLAMA_SERVER_BIN ${command}`, version) };
  }
  const { path } = await ensureServer({ onProgress, signal: controller.signal, prefer: 'source' });
  const { version } = await requireServer({ bin: path });
  return { build: SOURCE_SERVER.version, name: named(`${SOURCE_SERVER.version} from source`, version) };
}

function named(what: string, version: string | null): string {
  return `${what} · ${version ?? 'does not tell its version'}`;
}

/** What the wire suites run on once more; what is in the cache may be from another machine, so it is tried each time. */
async function secondServer(): Promise<Server> {
  const build = PREBUILT_SERVER.version;
  const name = `${build} prebuilt`;
  try {
    const path = await ensurePrebuilt(context);
    const failure = await probeServer(path, context);
    if (failure !== null) return { build, name, reason: `it does not run on this machine: ${failure}` };
    return { build, name: named(name, (await requireServer({ bin: path })).version) };
  } catch (error) {
    if (error instanceof PrebuiltUnusable || error instanceof LlamactlError)
      return { build, name, reason: error.message };
    throw error;
  }
}

try {
  const main = await mainServer();
  say(`llama-server ${main.name}`);
  const second = await secondServer();
  say(`llama-server ${second.name}${second.reason === undefined ? '' : `: ${second.reason}`}`);
  await ensureSmolLm2(context);
  say('SmolLM2-135M-Instruct');
  say(ensureNginx());
  const { there, missing } = ensureValidators('manifests');
  say(`validators of manifests: ${there.join(', ')}`);
  if (missing.length > 0) say(`! not to be had here, and their tests are left out: ${missing.join(', ')}`);
  say(ensureChromium());
  if (out !== undefined) writeFileSync(out, JSON.stringify({ main, second }));
} catch (error) {
  if (!(error instanceof LlamactlError)) throw error;
  say([`✗ ${error.message}`, ...error.evidence, ...error.suggestions].join('\n    '));
  process.exitCode = 1;
}
