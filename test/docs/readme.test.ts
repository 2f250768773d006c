import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { boolean } from '@oclif/core/flags';
import { parse } from '@oclif/core/parser';
import { findCommand } from '../../src/cli/main.js';
import { loadCommand } from '../../src/cli/plugin.js';
import { splitAtDashes } from '../../src/cli/split-at-dashes.js';
import { ROOT } from '../layout/import-graph.js';
import { freePort, shareServer, tinyModel } from '../support/real-server.js';
import { jsonAsShown, jsonShape, normalised, runMarkOf, runScript, textAsShown } from './example.js';
import { anchorsOf, type Block, blocksOf, relativeLinks } from './markdown.js';
import { llamactlCalls } from './shell.js';

/** Written from the catalogue; what it names is held by the catalogue's own tests. */
const GENERATED = 'docs/troubleshooting.md';
/** With this set, outputs that have changed are written into the pages instead. */
const UPDATE = process.env['UPDATE_DOCS'] === '1';

const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const read = (page: string) => readFileSync(join(ROOT, page), 'utf8');

/** Why a command line cannot be run; null where it can. Asks the command's own definition. */
async function problemOf(argv: readonly string[]): Promise<string | null> {
  if (['--version', '--help', 'help'].includes(argv[0] ?? '--help')) return null;
  const { id, rest } = findCommand(argv);
  if (id === null) return `there is no command "${argv[0]}"`;
  const command = await loadCommand(id);
  if (rest.some((word) => word === '--help')) return null;
  const words = id === 'up' ? splitAtDashes(rest)[0] : rest;
  try {
    await parse([...words], {
      args: command.args,
      flags: {
        ...command.baseFlags,
        ...command.flags,
        ...(command.enableJsonFlag ? { json: boolean() } : {}),
      },
      strict: command.strict !== false,
    });
    return null;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
  }
}

  it('is held: a wrong command, flag, value or missing argument is told', async () => {
    assert.equal(await problemOf(['health', '--wait', '5m']), null);
    assert.match((await problemOf(['helth'])) ?? '', /no command "helth"/);
    assert.match((await problemOf(['health', '--port', '1'])) ?? '', /--port/);
    assert.match((await problemOf(['health', '--wait', 'soon'])) ?? '', /soon/);
    assert.match((await problemOf(['detokenize'])) ?? '', /required/);
    assert.equal(await problemOf(['up', 'model.gguf', '--port', '8081', '--', '-c', '4096']), null);
  });

  describe('shows what really happens', () => {
    const servers = {
      tiny: shareServer({ args: ['--metrics', '--alias', 'tiny'] }),
      auth: shareServer({ args: ['--alias', 'tiny', '--api-key', 'sk-a-key-of-the-examples'] }),
    };
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'llamactl-docs-'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    for (const page of pages) {
      if (!blocksOf(read(page)).some((block) => runMarkOf(block) !== null)) continue;
      it(`${page} (write its outputs anew: UPDATE_DOCS=1 node_modules/.bin/mocha test/docs/readme.test.ts)`, async function () {
        this.timeout(180_000);
        const own = mkdtempSync(join(folder, 'page-'));
        const blocks = blocksOf(read(page));
        const written = read(page).split('\n');
        const changed: string[] = [];
        const updates: { readonly block: Block; readonly text: string }[] = [];
        const paths = { [await tinyModel()]: '/models/tiny.gguf', [own]: '/home/you' };
        for (const [index, block] of blocks.entries()) {
          const mark = runMarkOf(block);
          if (mark === null) continue;
          const where = `${page}:${block.line}`;
          const port = mark.server === 'none' ? await freePort() : servers[mark.server].current.port;
          const ran = await runScript(block.text, own, { port, config: mark.config }, paths);
          assert.equal(ran.exit, mark.exit, `${where}: exit ${ran.exit}\n${ran.text}`);
          const output = blocks[index + 1];
          if (output === undefined || !followsAtOnce(written, block, output)) continue;
          const shown =
            output.language === 'json' ? jsonOf(output.text, ran.out) : textOf(output.text, ran.text);
          if (shown.isSame) continue;
          updates.push({ block: output, text: shown.real });
          changed.push(`${where} prints\n${shown.real}\nand the page has\n${output.text}`);
        }
        if (UPDATE) {
          for (const { block, text } of updates.reverse())
            written.splice(block.start, block.end - block.start, ...text.split('\n'));
          writeFileSync(join(ROOT, page), written.join('\n'));
          return;
        }
        assert.equal(changed.length, 0, changed.join('\n\n'));
      });
    }
  });
});

/** Whether a block is the output of the one before: nothing but blank lines between. */
function followsAtOnce(lines: readonly string[], block: Block, next: Block): boolean {
  return (
    ['text', 'json'].includes(next.language) &&
    lines.slice(block.end + 1, next.start - 1).every((line) => line.trim() === '')
  );
}

function textOf(shown: string, output: string): { readonly isSame: boolean; readonly real: string } {
  const real = textAsShown(shown, output);
  return { isSame: normalised(real) === normalised(shown), real };
}

function jsonOf(shown: string, output: string): { readonly isSame: boolean; readonly real: string } {
  const page: unknown = shown.trim() === '' ? undefined : JSON.parse(shown);
  const part = jsonAsShown(page, JSON.parse(output));
  const isSame = JSON.stringify(jsonShape(part)) === JSON.stringify(jsonShape(page));
  return { isSame, real: JSON.stringify(part, null, 2) };
}
