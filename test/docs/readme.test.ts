import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { boolean } from '@oclif/core/flags';
import { parse } from '@oclif/core/parser';
import { COMMANDS } from '../../src/cli/commands.js';
import { findCommand } from '../../src/cli/main.js';
import { loadCommand } from '../../src/cli/plugin.js';
import { splitAtDashes } from '../../src/cli/split-at-dashes.js';
import { EXIT } from '../../src/errors/exit-code.js';
import { ROOT } from '../layout/import-graph.js';
import { startServer, type TestServer, tinyModel } from '../support/real-server.js';
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
  if (rest.includes('--help')) return null;
  const words = id === 'up' ? splitAtDashes(rest)[0] : rest;
  const json = command.enableJsonFlag ? { json: boolean() } : {};
  try {
    await parse([...words], {
      args: command.args,
      flags: { ...command.baseFlags, ...command.flags, ...json },
      strict: command.strict !== false,
    });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('the documentation', () => {
  for (const page of pages) {
    it(`${page}: each link leads somewhere`, () => {
      const dead = relativeLinks(read(page)).flatMap(({ target, line }) => {
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
        if (!existsSync(file)) return [`${page}:${line} ${target}: no such file`];
        if (anchor === undefined || !statSync(file).isFile()) return [];
        const isThere = anchorsOf(readFileSync(file, 'utf8')).has(anchor);
        return isThere ? [] : [`${page}:${line} ${target}: no such heading`];
      });
      assert.deepEqual(dead, []);
    });

    if (page === GENERATED) continue;
    it(`${page}: each call of llamactl names a command and flags that there are`, async () => {
      const wrong: string[] = [];
      for (const block of blocksOf(read(page))) {
        // Wrong usage that is shown on purpose ends with 2, and is run.
        if (block.language !== 'sh' || runMarkOf(block)?.exit === 2) continue;
        for (const argv of llamactlCalls(block.text)) {
          const problem = await problemOf(argv);
          if (problem !== null) wrong.push(`${page}:${block.line} llamactl ${argv.join(' ')}: ${problem}`);
        }
      }
      assert.deepEqual(wrong, []);
    });
  }

  it('covers every command: a section of the README, of docs/json.md, and a line of docs/exit-codes.md', () => {
    const commands = [...new Set(Object.keys(COMMANDS).map((id) => id.split(':')[0] ?? id))];
    const headings = (page: string) =>
      read(page)
        .split('\n')
        .filter((line) => line.startsWith('#'));
    const missing = commands.flatMap((command) => {
      const names = new RegExp(`\\b${command}\\b`);
      return [
        ...(headings('README.md').some((line) => names.test(line))
          ? []
          : [`README.md: no section ${command}`]),
        ...(headings('docs/json.md').some((line) => names.test(line))
          ? []
          : [`docs/json.md: no section ${command}`]),
        ...(read('docs/exit-codes.md').includes(`\`${command}\``)
          ? []
          : [`docs/exit-codes.md: no ${command}`]),
      ];
    });
    assert.deepEqual(missing, []);
  });

  it('tells every exit code', () => {
    const page = read('docs/exit-codes.md');
    for (const code of Object.values(EXIT)) assert.match(page, new RegExp(`^\\| ${code} \\|`, 'm'));
  });

  it('is held: a wrong command, flag, value or missing argument is told', async () => {
    assert.equal(await problemOf(['health', '--wait', '5m']), null);
    assert.match((await problemOf(['helth'])) ?? '', /no command "helth"/);
    assert.match((await problemOf(['health', '--port', '1'])) ?? '', /--port/);
    assert.match((await problemOf(['health', '--wait', 'soon'])) ?? '', /soon/);
    assert.match((await problemOf(['health', 'too', 'much'])) ?? '', /too/);
    assert.equal(await problemOf(['up', 'model.gguf', '--port', '8081', '--', '-c', '4096']), null);
  });

  describe('shows what really happens', () => {
    let servers: Readonly<Record<'tiny' | 'auth', TestServer>>;
    let folder: string;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'llamactl-docs-'));
      const start = async (...args: string[]) =>
        startServer({ args: ['--alias', 'tiny', ...args], port: await shortPort() });
      servers = {
        tiny: await start('--metrics'),
        auth: await start('--api-key', 'sk-a-key-of-the-examples'),
      };
    });
    after(async () => {
      await Promise.all(Object.values(servers).map((server) => server.stop()));
      rmSync(folder, { recursive: true, force: true });
    });

    for (const page of pages) {
      if (!blocksOf(read(page)).some((block) => runMarkOf(block) !== null)) continue;
      it(`${page} (write its outputs anew: UPDATE_DOCS=1 node_modules/.bin/mocha test/docs/readme.test.ts)`, async function () {
        this.timeout(180_000);
        const own = mkdtempSync(join(folder, 'page-'));
        const blocks = blocksOf(read(page));
        const lines = read(page).split('\n');
        const changed: string[] = [];
        const updates: { readonly block: Block; readonly text: string }[] = [];
        const paths = { [await tinyModel()]: '/models/tiny.gguf', [own]: '/home/you' };
        for (const [index, block] of blocks.entries()) {
          const mark = runMarkOf(block);
          if (mark === null) continue;
          const where = `${page}:${block.line}`;
          const port = mark.server === 'none' ? await shortPort() : servers[mark.server].port;
          const ran = await runScript(block.text, own, { port, config: mark.config }, paths);
          assert.equal(ran.exit, mark.exit, `${where}: exit ${ran.exit}\n${ran.text}`);
          // What helps differs by platform; the pages show Linux.
          if (process.platform !== 'linux') continue;
          const output = blocks[index + 1];
          if (output === undefined || !followsAtOnce(lines, block, output)) continue;
          const isJson = output.language === 'json';
          const { isSame, real } = isJson ? jsonOf(output.text, ran.out) : textOf(output.text, ran.text);
          if (isSame) continue;
          updates.push({ block: output, text: real });
          changed.push(`${where} prints\n${real}\nand the page has\n${output.text}`);
        }
        if (UPDATE) {
          for (const { block, text } of updates.reverse())
            lines.splice(block.start, block.end - block.start, ...text.split('\n'));
          writeFileSync(join(ROOT, page), lines.join('\n'));
          return;
        }
        assert.equal(changed.length, 0, changed.join('\n\n'));
      });
    }
  });
});

/** A free port of four digits, as the one that pages show: tables and line breaks come out the same. */
async function shortPort(): Promise<number> {
  for (;;) {
    const port = 8100 + Math.floor(Math.random() * 1800);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer()
        .once('error', () => resolve(false))
        .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

/** Whether a block is the output of the one before: nothing but blank lines between. */
function followsAtOnce(lines: readonly string[], block: Block, next: Block): boolean {
  const between = lines.slice(block.end + 1, next.start - 1);
  return ['text', 'json'].includes(next.language) && between.every((line) => line.trim() === '');
}

interface Comparison {
  readonly isSame: boolean;
  /** What the page should have. */
  readonly real: string;
}

function textOf(shown: string, output: string): Comparison {
  const real = textAsShown(shown, output);
  return { isSame: normalised(real) === normalised(shown), real };
}

function jsonOf(shown: string, output: string): Comparison {
  const page: unknown = shown.trim() === '' ? undefined : JSON.parse(shown);
  const part = jsonAsShown(page, JSON.parse(output));
  const isSame = JSON.stringify(jsonShape(part)) === JSON.stringify(jsonShape(page));
  return { isSame, real: JSON.stringify(part, null, 2) };
}
