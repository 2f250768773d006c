#!/usr/bin/env node
// npm run demo: from a bare clone to an answer of a real llama-server, in one command. Installs, builds, gets a llama-server
// (fetched into the user's cache folder, or the one of LLAMA_SERVER_BIN or PATH), starts it on the built-in model, diagnoses
// it, asks it something, and stops it. What is there already is used again.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInstalled, isNewer, NPM_CI, requireNode } from './steps.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const llamactl = join(root, 'bin', 'run.js');
process.chdir(root);
const STEPS = 5;
const started = performance.now();
/** What we have started and must not leave behind. */
const children = new Set();

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await Promise.all([...children].map((child) => end(child)));
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });
}

try {
  requireNode();
  await install();
  await build();
  const server = await startServer();
  try {
    say(4, 'diagnosing it');
    await show(['diagnose', '--url', server.url]);
    say(5, 'asking it');
    await show(['chat', 'Hello, who is there?', '--url', server.url, '--stats']);
  } finally {
    await end(server.child);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  print(`\nThat was it, in ${seconds} s; the server is stopped. Do it yourself:\n`);
  print('  node bin/run.js up --tiny\n  node bin/run.js --help\n');
  print('\n(`npm link` puts it on your PATH as `llamactl`.)\n');
} catch (error) {
  process.exitCode = 1;
  print(`\n✗ the demo stopped: ${error instanceof Error ? error.message : error}\n`);
}

async function install() {
  if (isInstalled()) return say(1, 'packages are installed');
  say(1, 'installing packages (npm ci)');
  await run(NPM_CI.command, NPM_CI.args, NPM_CI.options);
}

async function build() {
  const bundle = join(root, 'dist', 'cli.cjs');
  const sources = [
    join(root, 'package-lock.json'),
    join(root, 'bin', 'build.js'),
    ...filesIn(join(root, 'src')),
  ];
  if (isNewer(bundle, sources)) return say(2, 'llamactl is built');
  say(2, 'building llamactl');
  await run(process.execPath, [join(root, 'bin', 'build.js')]);
}

/** `up` finds a llama-server or fetches one, tells on stderr how that goes, and prints where the server is once it is up. */
async function startServer() {
  say(3, 'starting a llama-server on the built-in model');
  const args = ['up', '--tiny', '--install', '--yes', '--port', '0', '--json'];
  const child = spawn(process.execPath, [llamactl, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const ended = ending(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  const ready = new Promise((resolve) => {
    child.stdout.on('data', () => {
      const document = parse(text);
      if (document?.url !== undefined) resolve(document);
    });
  });
  const result = await Promise.race([ready, ended]);
  if (result?.url !== undefined) {
    print(`  ${result.url}, process ${result.pid}\n`);
    return { child, url: result.url };
  }
  const { error } = parse(text) ?? {};
  throw new Error(
    error === undefined
      ? `llamactl up ended with ${result}`
      : [error.message, ...error.evidence, ...error.suggestions].join('\n  '),
  );
}

/** A command of llamactl, with its output. Whatever the user has configured is left out: the demo is about its own server. */
async function show(args) {
  print(`  $ llamactl ${args.map((word) => (/^[\w:/.-]+$/.test(word) ? word : `'${word}'`)).join(' ')}\n\n`);
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('LLAMACTL_')),
  );
  await run(process.execPath, [llamactl, ...args], { env });
}

async function run(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
  children.add(child);
  const outcome = await ending(child);
  if (outcome !== 'exit code 0') throw new Error(`${[command, ...args].join(' ')} ended with ${outcome}`);
}

function ending(child) {
  return new Promise((resolve) => {
    const done = (outcome) => {
      children.delete(child);
      resolve(outcome);
    };
    child.once('error', (error) => done(error.message));
    child.once('close', (code, signal) => done(signal ?? `exit code ${code}`));
  });
}

/** Stops a child as Ctrl-C would, and waits for it. */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGINT');
  await gone;
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function say(step, text) {
  print(`\n[${step}/${STEPS}] ${text}\n`);
}

function print(text) {
  process.stdout.write(text);
}
