#!/usr/bin/env node
// Builds dist/: the CLI as one bundle, the licences of what it carries, the library, and its declarations.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeDeclarations } from './declarations.js';
import { licencesOf } from './licences.js';

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

/**
 * What the bundle carries only because somebody might want it, and loads at every start: HTTP/2 (off in our pools), file
 * globbing for plugins (ours has a list), and Node's own modules that only rare paths use (loaded when touched). Measured
 * in docs/development.md; a stub that is used after all fails loudly.
 */
const STUBS = {
  'undici/lib/dispatcher/client-h2.js':
    "module.exports = () => { throw new Error('HTTP/2 is not in this bundle'); };",
  // http.maxHeaderSize is Node's default; IncomingMessage is only compared with.
  'undici:node:http': 'module.exports = { maxHeaderSize: 16384, IncomingMessage: class IncomingMessage {} };',
  tinyglobby: "module.exports.glob = () => { throw new Error('no globbing in this bundle'); };",
  minimatch: "module.exports.minimatch = () => { throw new Error('no globbing in this bundle'); };",
  'wsl-utils': 'module.exports.isWsl = false;',
  // oclif's own tracing, which loads the terminal's modules to colour what is never shown.
  debug: 'module.exports = () => Object.assign(() => {}, { enabled: false });',
};
const LAZY_BUILTINS = [
  'node:child_process',
  'node:readline',
  'node:crypto',
  'node:tls',
  'readline',
  'child_process',
];

const slim = {
  name: 'slim',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /client-h2\.js$/ }, () => ({
      path: 'undici/lib/dispatcher/client-h2.js',
      namespace: 'stub',
    }));
    onResolve({ filter: /^(?:tinyglobby|minimatch|wsl-utils|debug)$/ }, ({ path }) => ({
      path,
      namespace: 'stub',
    }));
    // The GGUF reader needs this package's list of quantisations; the rest of it is 230 KB about models on the hub.
    onResolve({ filter: /^@huggingface\/tasks$/ }, () => ({
      path: join(root, 'node_modules', '@huggingface', 'tasks', 'dist', 'esm', 'gguf.js'),
    }));
    onResolve({ filter: /^node:http$/ }, ({ importer }) =>
      /node_modules\/undici\//.test(importer) ? { path: 'undici:node:http', namespace: 'stub' } : undefined,
    );
    onResolve({ filter: /^(?:node:)?(?:child_process|readline|crypto|tls)$/ }, ({ path, importer, kind }) =>
      kind === 'require-call' && LAZY_BUILTINS.includes(path) && importer.includes('node_modules')
        ? { path, namespace: 'lazy' }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => ({ contents: STUBS[path], loader: 'js' }));
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
      // Not spelled as a literal, so that the bundler leaves the call alone.
      contents: `const load = module.require ?? require; module.exports = new Proxy({}, { get: (_, key) => process.getBuiltinModule?.('${path}')?.[key] ?? load(['${path}'][0])[key] });`,
      loader: 'js',
    }));
  },
};

const [{ metafile }] = await Promise.all([
  build({
    ...common,
    metafile: true,
    entryPoints: ['src/cli/main.ts'],
    outfile: 'dist/cli.cjs',
    format: 'cjs',
    // Node's own modules too: the script that bin/load.js makes of the bundle has no import().
    supported: { 'dynamic-import': false },
    minify: true,
    plugins: [slim],
    keepNames: true,
    // A function that bin/run.js calls, so that V8 can cache the compiled code (which it cannot for a module on Node 20).
    banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
    footer: { js: '})' },
    define: { 'import.meta.url': 'undefined' },
  }),
  build({
    ...common,
    entryPoints: ['src/index.ts'],
    outfile: 'dist/index.js',
    format: 'esm',
    packages: 'external',
  }),
]);
await warmUp();
writeFileSync(join('dist', 'third-party-licences.txt'), licencesOf(Object.keys(metafile.inputs)));
writeDeclarations(join('dist', 'types'));

/** Runs `health` once against a stand-in for a server, and keeps V8's code of what ran beside the bundle. */
async function warmUp() {
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
    const { main, codeCache } = loadBundle(process.cwd() + '/dist');
    await main(['health', '--url', 'http://127.0.0.1:${server.address().port}'], process.cwd(), JSON.parse(readFileSync('package.json', 'utf8')));
    writeFileSync('dist/cli.cache', codeCache());`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, HOME: '/nonexistent', XDG_CONFIG_HOME: '/nonexistent' },
  });
  const [exit] = await once(child, 'close');
  server.close();
  server.closeAllConnections();
  if (exit !== 0) throw new Error(`the bundle does not run: exit ${exit}`);
}
