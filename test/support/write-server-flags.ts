/**
 * Writes the tables of llama-server's flags anew, from the pinned binaries:
 * `node --import tsx test/support/write-server-flags.ts`.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Build, serverBinary } from './real-server.js';
import { flagLines } from './server-flags.js';

const TABLES: Readonly<Record<string, Build>> = { B10434: 'v0.1.0', B11434: 'v0.6.0' };

for (const [name, build] of Object.entries(TABLES)) {
  const path = fileURLToPath(
    new URL(`../../src/deploy/server-flags/${name.toLowerCase()}.ts`, import.meta.url),
  );
  writeFileSync(
    path,
    `/** What \`llama-server --help\` of ${name.toLowerCase()} (${build}) lists; written by test/support/write-server-flags.ts. */
export const ${name} = \`
${flagLines(serverBinary(build)).join('\n')}
\`;
`,
  );
}
