// Makes the bundle start quickly: figures in docs/development.md.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QUICK_COMMANDS } from './quick.js';

/**
 * What the bundle carries only because somebody might want it, and loads at every start: HTTP/2 (off in our pools) and file
 * globbing for plugins (ours has a list). A stub that is used after all fails loudly.
 */
const STUBS = {
  'undici/lib/dispatcher/client-h2.js':
    "module.exports = () => { throw new Error('HTTP/2 is not in this bundle'); };",
  // http.maxHeaderSize is Node's default; IncomingMessage is only compared with.
  'undici:node:http': 'module.exports = { maxHeaderSize: 16384, IncomingMessage: class IncomingMessage {} };',
  // Loads late, and to word a failure reads the source, which takes seconds over a bundle's one line.
  'undici:node:assert':
    "module.exports = (value, message) => { if (!value) throw Object.assign(new Error(String(message ?? 'an assertion of undici failed')), { code: 'ERR_ASSERTION' }); };",
  // What it measures is Node's global too.
  'node:perf_hooks': 'module.exports = { performance };',
  tinyglobby: "module.exports.glob = () => { throw new Error('no globbing in this bundle'); };",
  minimatch: "module.exports.minimatch = () => { throw new Error('no globbing in this bundle'); };",
  'wsl-utils': 'module.exports.isWsl = false;',
  // zod's messages in forty languages; English is imported beside them.
  'zod/locales': 'export {};',
  // oclif's own tracing, which loads the terminal's modules to colour what is never shown.
  debug: 'module.exports = () => Object.assign(() => {}, { enabled: false });',
};

/** Node's own modules that packages load at once and only rare paths use: loaded when touched. */
const LAZY_BUILTINS = ['child_process', 'readline', 'crypto', 'tls'];

/** Leaves of the list of commands those of bin/quick.js: each is a line of it. */
export const onlyQuickCommands = {
  name: 'only-quick-commands',
  setup({ onLoad }) {
    onLoad({ filter: /src[\\/]cli[\\/]commands\.ts$/ }, async ({ path }) => {
      const command = /^ {2}'?([\w:-]+)'?: \(\) => import\('\.\.\/commands\//;
      const lines = (await readFile(path, 'utf8')).split('\n');
      const kept = lines.filter((line) =>
        QUICK_COMMANDS.includes(command.exec(line)?.[1] ?? QUICK_COMMANDS[0]),
      );
      const found = kept.filter((line) => command.test(line)).length;
      if (found !== QUICK_COMMANDS.length)
        throw new Error(`${path} has ${found} of the ${QUICK_COMMANDS.length} commands of bin/quick.js`);
      return { contents: kept.join('\n'), loader: 'ts' };
    });
  },
};

/** The plugin for esbuild. */
export const slim = {
  name: 'slim',
  setup({ onResolve, onLoad }) {
    const stub = (path) => ({ path, namespace: 'stub' });
    const isPackage = (importer) => importer.includes('node_modules');
    onResolve({ filter: /client-h2\.js$/ }, () => stub('undici/lib/dispatcher/client-h2.js'));
    onResolve({ filter: /^(?:tinyglobby|minimatch|wsl-utils|debug)$/ }, ({ path }) => stub(path));
    // The GGUF reader needs this package's list of quantisations; the rest of it is 230 KB about models on the hub.
    onResolve({ filter: /^@huggingface\/tasks$/ }, () => ({
      path: join(process.cwd(), 'node_modules', '@huggingface', 'tasks', 'dist', 'esm', 'gguf.js'),
    }));
    onResolve({ filter: /^node:(?:http|assert)$/ }, ({ path, importer }) =>
      /node_modules[\\/]undici[\\/]/.test(importer) ? stub(`undici:${path}`) : undefined,
    );
    onResolve({ filter: /\/locales\/index\.js$/ }, ({ importer }) =>
      /node_modules[\\/]zod[\\/]/.test(importer) ? stub('zod/locales') : undefined,
    );
    onResolve({ filter: /^node:perf_hooks$/ }, ({ path, importer }) =>
      isPackage(importer) ? stub(path) : undefined,
    );
    onResolve(
      { filter: new RegExp(`^(?:node:)?(?:${LAZY_BUILTINS.join('|')})$`) },
      ({ path, importer, kind }) =>
        kind === 'require-call' && isPackage(importer) ? { path, namespace: 'lazy' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => ({ contents: STUBS[path], loader: 'js' }));
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
      // Not spelled as a literal, so that the bundler leaves the call alone.
      contents: `const load = module.require ?? require; module.exports = new Proxy({}, { get: (_, key) => process.getBuiltinModule?.('${path}')?.[key] ?? load(['${path}'][0])[key] });`,
      loader: 'js',
    }));
    onLoad({ filter: /node_modules[\\/]@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async ({ path }) => {
      const text = loadLate(await readFile(path, 'utf8'));
      return { contents: /config[\\/]config\.js$/.test(path) ? withoutTheme(text) : text, loader: 'js' };
    });
  },
};

/**
 * oclif's modules load all that any of their functions uses: help, themes, templates, the compiler. Here each `require` at
 * their top waits for its first use. TypeScript compiled them, so the forms are few: `const name_1 = require("…")`, perhaps
 * within `__importDefault(…)`, and `name_1.member` wherever it is used.
 * @param {string} text a CommonJS module as TypeScript writes it
 */
export function loadLate(text) {
  const loads = /^(?:const|var) (\w+_\d+) = ((?:__import(?:Default|Star)\()?require\("[^"]+"\)\)?);$/;
  const names = text.split('\n').flatMap((line) => loads.exec(line)?.[1] ?? []);
  if (names.length === 0) return text;
  const uses = new RegExp(`(?<![\\w$.])(${names.join('|')})(?![\\w$])`, 'g');
  return text
    .split('\n')
    .map((line) => {
      const [, name, value] = loads.exec(line) ?? [];
      return name === undefined
        ? line.replace(uses, '($1())')
        : `let ${name}$; const ${name} = () => (${name}$ ??= ${value});`;
    })
    .join('\n');
}

/** oclif looks for a file with its theme, which our own help has no use for, and loads fs/promises for it. */
function withoutTheme(text) {
  const [before, after] = text.split('async loadTheme() {');
  if (after === undefined) throw new Error('@oclif/core has no loadTheme(): see bin/slim.js');
  return `${before}async loadTheme() { return;${after}`;
}
