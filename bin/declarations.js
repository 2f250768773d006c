// The library's declarations: what index.d.ts leads to, and nothing of the command line.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @param {string} folder where they go; @throws Error where the sources do not compile */
export function writeDeclarations(folder) {
  const config = join(folder, '..', 'tsconfig.json');
  const files = ['../src/index.ts', '../src/client/undici-parts.d.ts'];
  writeFileSync(
    config,
    JSON.stringify({
      extends: '../tsconfig.json',
      compilerOptions: { rootDir: '../src', outDir: 'types' },
      include: [],
      files,
    }),
  );
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', config], { stdio: 'inherit' });
  rmSync(config);
  const needed = reachable(join(folder, 'index.d.ts'));
  for (const file of filesIn(folder)) if (!needed.has(file)) rmSync(file);
  removeEmptyFolders(folder);
}

/** A declaration file and those that it imports, and so on. */
function reachable(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/(?:from |import\()'(\.[^']+)\.js'/g))
    reachable(join(dirname(file), `${path}.d.ts`), found);
  return found;
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function removeEmptyFolders(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeEmptyFolders(join(folder, entry.name));
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}
