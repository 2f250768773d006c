import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../fixtures/config', import.meta.url));

/** A configuration of test/fixtures/config. */
export interface Fixture {
  readonly name: string;
  readonly text: string;
}

export function configFixtures(kind: 'good' | 'bad'): Fixture[] {
  return readdirSync(join(FOLDER, kind))
    .filter((name) => /\.(?:jsonc?|yaml)$/.test(name))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(FOLDER, kind, name), 'utf8') }));
}

/** Lines of bad/expected.txt: `FILE:LINE:COLUMN severity code path: message`. */
export function expectedProblems(): string[] {
  return readFileSync(join(FOLDER, 'bad', 'expected.txt'), 'utf8')
    .trimEnd()
    .split('\n');
}
