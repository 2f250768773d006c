#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { loadBundle } from './load.js';
import { bundleFor } from './quick.js';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`llamactl needs Node.js 20.19 or newer, and this is ${process.version}.\n`);
  process.exitCode = 2;
} else {
  const argv = process.argv.slice(2);
  // A key given as a flag, or a password in a URL, must not stay in the process list.
  if (argv.some((word) => /^--?[\w-]*(?:key|secret|passw|token)|:[^@\s]*@/i.test(word)))
    process.title = `llamactl ${argv[0] ?? ''}`;
  // undici's HTTP parser is WebAssembly, which V8 goes on optimising in the background while the process waits to exit:
  // 80 ms of a 100 ms command (docs/development.md).
  setFlagsFromString('--liftoff-only');
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const { main, saveCodeCache } = loadBundle(join(root, 'dist'), bundleFor(argv));
  await main(argv, root, JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  saveCodeCache();
}
