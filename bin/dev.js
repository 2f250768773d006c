#!/usr/bin/env node
// Runs the sources as they are: `node bin/dev.js health`. No build.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

register();
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { main } = await import('../src/cli/main.ts');
await main(process.argv.slice(2), root, JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
