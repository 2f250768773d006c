import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { COMMANDS, TOPICS } from '../../src/cli/commands.js';
import { cli } from '../support/cli.js';
import { fails } from '../support/common-failures.js';

const IDS = Object.keys(COMMANDS);
const typed = (id: string) => id.split(':');

describe('help', () => {
  let pages: Readonly<Record<string, string>>;

  before(async () => {
    const entries: [string, string][] = [];
    // A few at a time: a machine has few cores.
    for (let at = 0; at < IDS.length; at += 4) {
      const runs = IDS.slice(at, at + 4).map(async (id): Promise<[string, string]> => {
        const run = await cli([...typed(id), '--help']);
        assert.equal(run.code, 0, run.text);
        assert.equal(run.err, '');
        return [id, run.out];
      });
      entries.push(...(await Promise.all(runs)));
    }
    pages = Object.fromEntries(entries);
  });

  for (const id of IDS) {
    const name = typed(id).join(' ');
    it(`of ${name}: what it does, examples, every flag, in 80 columns`, () => {
      const page = pages[id] ?? '';
      assert.match(page, new RegExp(`^[A-Z].+\\.\n(?:.+\n)*\nUSAGE\n {2}llamactl ${name}\\b`));
      const examples = /\nEXAMPLES\n((?: {2}.+\n)+)/.exec(page)?.[1] ?? '';
      assert.match(examples, new RegExp(`\\bllamactl ${name}\\b`));
      assert.match(page, /^ +--json +print one JSON document/m);
      assert.doesNotMatch(page, /<%|oclif|undefined|\[object|\$ llamactl/i);
      for (const line of page.split('\n')) assert.ok(line.length <= 80, line);
    });
  }

  it('is the same by --help, -h and help COMMAND, wherever the flag stands', async () => {
    const runs = await Promise.all(
      [
        ['chat', '-h'],
        ['help', 'chat'],
        ['chat', 'Hello', '--help', '--url', 'x'],
      ].map((args) => cli(args)),
    );
    for (const run of runs) assert.equal(run.out, pages['chat']);
  });

  it('lists every command with what it does, and where to begin', async () => {
    const runs = await Promise.all([[], ['--help'], ['-h'], ['help']].map((args) => cli(args)));
    const [{ out }] = runs as [Awaited<ReturnType<typeof cli>>];
    for (const run of runs) assert.deepEqual([run.code, run.out], [0, out]);
    for (const id of IDS) assert.match(out, new RegExp(`^ {2}${typed(id)[0]} {2,}\\S`, 'm'));
    assert.match(out, /^ {2}llamactl up --tiny +start a server/m);
    for (const line of out.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('lists the commands of a topic', async () => {
    for (const topic of Object.keys(TOPICS)) {
      const { out } = await cli(typed(topic));
      for (const id of IDS.filter((each) => each.startsWith(`${topic}:`)))
        assert.match(out, new RegExp(`^ {2}${id.slice(topic.length + 1).replaceAll(':', ' ')} {2,}\\S`, 'm'));
    }
  });

  it('fills a narrow screen, too', async () => {
    const { out } = await cli(['health', '--help'], { env: { COLUMNS: '40' } });
    for (const line of out.split('\n')) assert.ok(line.length <= 40, line);
  });
});

describe('a command line that is wrong', () => {
  it('names the nearest command or flag (2)', async () => {
    const [command, flag, none, before, json] = await Promise.all([
      cli(['helth']),
      cli(['chat', 'x', '--temprature', '1']),
      cli(['qqqqqq']),
      cli(['--url', 'http://localhost:1', 'health']),
      cli(['help', 'bogus']),
    ]);
    for (const run of [command, flag, none, before, json]) {
      assert.equal(run.code, 2, run.text);
      assert.equal(run.out, '');
    }
    assert.equal(
      command.err,
      [
        '✗ there is no command "helth"',
        '',
        '  Did you mean this?',
        '    llamactl health',
        '  See all commands:',
        '    llamactl --help',
        '',
      ].join('\n'),
    );
    assert.match(flag.err, /^✗ there is no flag --temprature\n\n {2}Did you mean --temperature\?\n/);
    assert.doesNotMatch(none.err, /Did you mean/);
    assert.match(before.err, /^ {4}llamactl health --url …$/m);
    assert.match(json.err, /^✗ there is no command "bogus"$/m);
  });

  it('is a document under --json', async () => {
    fails(await cli(['bogus', '--json']), 2, 'usage.invalid');
  });
});

describe('--version', () => {
  it('prints one line, by each of its names', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    const runs = await Promise.all([['--version'], ['-v'], ['-V']].map((args) => cli(args)));
    for (const run of runs)
      assert.match(run.out, new RegExp(`^llamactl/${version} ${process.platform}-\\S+ node-v\\S+\n$`));
  });
});
