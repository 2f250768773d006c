import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ImportGraph, type ImportReader, importReader, ROOT } from './import-graph.js';
import { LONGEST_COMMAND, LONGEST_SOURCE, offences } from './rules.js';

const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
) as {
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};
const declared = new Set([
  ...Object.keys(dependencies),
  ...Object.keys(devDependencies),
  ...Object.keys(optionalDependencies),
]);

describe('the layout of src', () => {
  let reader: ImportReader;
  let graph: ImportGraph;
  before(() => {
    reader = importReader();
    graph = reader.read();
  });
  after(() => reader.close());

  /** What is said of files that are not there, were they there. */
  function offencesOf(files: Readonly<Record<string, string>>): string[] {
    return offences(reader.read(files), declared);
  }

  it('is read whole: every file, imports of every kind', () => {
    assert.ok(graph.sources.length > 200, `${graph.sources.length} files`);
    const has = (from: string, to: string, typeOnly: boolean) =>
      graph.imports.some((each) => each.from === from && each.to === to && each.typeOnly === typeOnly);
    assert.ok(has('cli/commands.ts', 'commands/health.ts', false), 'import()');
    assert.ok(has('client/pool.ts', 'client/types.ts', true), 'import type');
    assert.ok(has('client/dispatcher-for.ts', 'undici', true), "import('undici').Dispatcher, a type");
    assert.ok(has('index.ts', 'client/llama-client.ts', false), 'export … from');
  });

  it('keeps to its rules: directions, packages, no cycle, no barrel, no long file', () => {
    assert.deepEqual(offences(graph, declared), []);
  });

  describe('is held, so that a file against it is named with its line', () => {
    const cases: readonly (readonly [string, string, string, RegExp])[] = [
      [
        'a folder above',
        'wire/x.ts',
        "import '../errors/codes.js';",
        /^wire\/x\.ts:1 .*wire may not import errors/,
      ],
      [
        'import()',
        'client/x.ts',
        "\nexport const x = () => import('../config/load.js');",
        /^client\/x\.ts:2 loads config/,
      ],
      [
        'a value in render',
        'render/x.ts',
        "export { a };\nimport { type Slot as S, nextToken as a } from '../wire/slots.js';",
        /^render\/x\.ts:2 loads wire/,
      ],
      [
        'a type where only some may',
        'client/x.ts',
        "import type { X } from '../config/load.js';",
        /takes a type of config/,
      ],
      [
        'a type in a signature',
        'errors/x.ts',
        "export type X = import('../wire/slots.js').Slot;",
        /takes a type of wire/,
      ],
      [
        'a command beside the list',
        'cli/x.ts',
        "export const x = () => import('../commands/chat.js');",
        /only cli\/commands\.ts may/,
      ],
      [
        "a package of another folder's",
        'services/x.ts',
        "import chalk from 'chalk';\nexport { chalk };",
        /imports chalk, which only render may/,
      ],
      [
        'a part of such a package',
        'server/x.ts',
        "import type { A } from 'undici/lib/dispatcher/agent.js';",
        /imports undici, which only client may/,
      ],
      [
        'oclif below the command line',
        'services/x.ts',
        "import { Args } from '@oclif/core/args';",
        /only commands and cli may/,
      ],
      [
        'a package that is not declared',
        'client/x.ts',
        "import 'left-pad';",
        /left-pad, which package\.json does not have/,
      ],
      ['a way out of src', 'client/x.ts', "import '../../test/support/cli.js';", /reaches out of src/],
      [
        'a path made at run time',
        'client/x.ts',
        "export const x = (n: string) => import('./' + n);",
        /only the running program knows/,
      ],
      ['a barrel', 'client/x.ts', "export * from './types.js';", /hands client\/types\.ts on/],
      ['a file named index', 'client/index.ts', 'export const x = 1;', /is a barrel/],
      [
        'a new folder',
        'utils/x.ts',
        "import '../errors/codes.js';",
        /is in utils\/, which the table does not have/,
      ],
      ['a long command', 'commands/x.ts', 'export {};\n'.repeat(LONGEST_COMMAND + 1), /111 lines, over 110/],
      ['a long file', 'client/x.ts', 'export {};\n'.repeat(LONGEST_SOURCE + 1), /351 lines, over 350/],
    ];
    for (const [name, path, text, expected] of cases) {
      it(name, () => {
        const found = offencesOf({ [path]: text });
        assert.equal(found.length, 1, found.join('\n'));
        assert.match(found[0] ?? '', expected);
      });
    }

    it('a cycle, through types and import() too', () => {
      const found = offencesOf({
        'client/x.ts': "import type { Y } from './y.js';\nexport type X = Y;",
        'client/y.ts': "export type Y = 1;\nexport const y = () => import('./x.js');",
      });
      assert.deepEqual(found, ['a cycle: client/x.ts → client/y.ts → client/x.ts']);
    });

    it('but not what keeps to it', () => {
      const type = "import type { Slot } from '../wire/slots.js';";
      assert.deepEqual(offencesOf({ 'render/x.ts': type, 'commands/x.ts': type }), []);
    });
  });
});
