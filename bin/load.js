// Loads the bundle with V8's compiled code of it, which halves the start-up: a module's code cannot be cached on Node 20,
// a script's can. The build leaves a cache beside each bundle; a Node of another version writes its own on the first run.
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

/**
 * @param {string} folder where the bundles are
 * @param {'cli' | 'quick'} name cli.cjs, or quick.cjs
 * @returns the bundle's exports, and `saveCodeCache`, to be called after the run, when the code that runs is compiled
 */
export function loadBundle(folder, name) {
  const file = join(folder, `${name}.cjs`);
  // The bundle is ASCII: as Latin-1 it is read without being decoded.
  const source = readFileSync(file, 'latin1');
  const shipped = compile(file, source, read(join(folder, `${name}.cache`)));
  const own = shipped.usesCache ? null : userCache(file);
  const { script, usesCache } = own === null ? shipped : compile(file, source, read(own));
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, folder);
  return {
    ...module.exports,
    codeCache: () => script.createCachedData(),
    saveCodeCache() {
      if (own === null || usesCache) return;
      try {
        mkdirSync(dirname(own), { recursive: true });
        writeFileSync(`${own}.${process.pid}`, script.createCachedData());
        renameSync(`${own}.${process.pid}`, own);
      } catch {
        // Where it cannot be written, the next start is as slow as this one.
      }
    },
  };
}

function compile(filename, source, cachedData) {
  const script = new Script(source, { filename, ...(cachedData ? { cachedData } : {}) });
  return { script, usesCache: cachedData !== undefined && script.cachedDataRejected === false };
}

function read(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function userCache(file) {
  const { size, mtimeMs } = statSync(file);
  const base =
    process.env.XDG_CACHE_HOME ||
    (process.platform === 'win32' && process.env.LOCALAPPDATA) ||
    join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
  return join(base, 'llamactl', `code-${size}-${Math.round(mtimeMs)}-${process.version}-${process.arch}`);
}
