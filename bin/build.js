#!/usr/bin/env node
// Builds dist/: the CLI as one bundle, the licences of what it carries, the library, and its declarations.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeDeclarations } from './declarations.js';
import { licencesOf } from './licences.js';
import { onlyQuickCommands, slim } from './slim.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
rmSync('dist', { recursive: true, force: true });

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
  legalComments: 'none',
};

const [{ metafile }] = await Promise.all([
  bundle('cli', [slim]),
  bundle('quick', [onlyQuickCommands, slim]),
  build({
    ...common,
    entryPoints: ['src/index.ts'],
    outfile: 'dist/index.js',
    format: 'esm',
    packages: 'external',
  }),
]);
for (const name of ['cli', 'quick']) {
  escapeRegExps(join('dist', `${name}.cjs`));
  await warmUp(name);
}
writeFileSync(join('dist', 'third-party-licences.txt'), licencesOf(Object.keys(metafile.inputs)));
writeDeclarations(join('dist', 'types'));

/** The command line as one script. */
function bundle(name, plugins) {
  return build({
    ...common,
    metafile: true,
    entryPoints: ['src/cli/main.ts'],
    outfile: `dist/${name}.cjs`,
    format: 'cjs',
    // Node's own modules too: the script that bin/load.js makes of the bundle has no import().
    supported: { 'dynamic-import': false },
    // Names stay, so that a bug report's stack can be read.
    minifyWhitespace: true,
    minifySyntax: true,
    plugins,
    // Optional, with a native part: loaded where it is installed, when a key is in the keyring.
    external: ['@napi-rs/keyring'],
    // A function that bin/run.js calls, so that V8 can cache the compiled code (which it cannot for a module on Node 20).
    banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
    footer: { js: '})' },
    define: { 'import.meta.url': 'undefined' },
  });
}

/**
 * bin/load.js reads the bundle as Latin-1, which is quicker; esbuild escapes what is not ASCII in texts and names, and
 * leaves it in regular expressions.
 */
function escapeRegExps(file) {
  const text = readFileSync(file, 'utf8');
  const escaped = text.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (escaped !== text) writeFileSync(file, escaped);
}

/** Runs `health` once against a stand-in for a server, and keeps V8's code of what ran beside the bundle. */
async function warmUp(name) {
  const answers = { '/health': { status: 'ok' }, '/props': { build_info: 'b0', total_slots: 1 } };
  const server = createServer(({ url }, response) => {
    response
      .writeHead(200, { 'content-type': 'application/json', server: 'llama.cpp' })
      .end(JSON.stringify(answers[url] ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const code = `
    import { writeFileSync, readFileSync } from 'node:fs';
    import { setFlagsFromString } from 'node:v8';
    setFlagsFromString('--liftoff-only');
    const { loadBundle } = await import('./bin/load.js');
    const { main, codeCache } = loadBundle(process.cwd() + '/dist', '${name}');
    await main(['health', '--url', 'http://127.0.0.1:${server.address().port}'], process.cwd(), JSON.parse(readFileSync('package.json', 'utf8')));
    writeFileSync('dist/${name}.cache', codeCache());`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, HOME: '/nonexistent', XDG_CONFIG_HOME: '/nonexistent' },
  });
  const [exit] = await once(child, 'close');
  server.close();
  server.closeAllConnections();
  if (exit !== 0) throw new Error(`the bundle does not run: exit ${exit}`);
}
