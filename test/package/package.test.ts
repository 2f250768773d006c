import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../src/cli/commands.js';
import { CATALOGUE_CODES } from '../../src/errors/codes.js';
import { blocksOf } from '../docs/markdown.js';
import { ROOT } from '../layout/import-graph.js';
import { shareServer } from '../support/real-server.js';

/** Milliseconds for npm, which asks the registry. */
const NPM_TIMEOUT = 180_000;
/** The customer's packages: they stay dependencies, whether the built program needs them beside it or carries them. */
const FIXED = ['@oclif/core', 'ora', 'chalk', 'cli-table3', 'undici', 'zod'];

/** What the examples of docs/library.md suppose. */
const GIVEN = {
  client: "import('llamactl').LlamaCppClient",
  messages: "import('llamactl').Message[]",
  config: "import('llamactl').ProvidersConfig",
  url: 'string',
  logText: 'string',
} as const;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(
  command: string,
  args: readonly string[],
  options: { cwd: string; timeout?: number; env?: NodeJS.ProcessEnv },
): Promise<Ran> {
  const { timeout = 60_000, cwd, env = process.env } = options;
  return new Promise((resolve) =>
    execFile(command, [...args], { cwd, timeout, env, maxBuffer: 2 ** 26 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err }),
    ),
  );
}

/** What must go well. */
async function must(...[command, args, options]: Parameters<typeof run>): Promise<string> {
  const { code, out, err } = await run(command, args, options);
  assert.equal(code, 0, `${command} ${args.join(' ')}: exit ${code}\n${out}${err}`);
  return out;
}

describe('the npm package', () => {
  const server = shareServer({ args: ['-c', '512', '-np', '1'] });
  let folder: string;
  /** Where it is installed. */
  let project: string;
  let packed: {
    readonly filename: string;
    readonly size: number;
    readonly files: readonly { readonly path: string }[];
  };
  let pkg: {
    readonly version: string;
    readonly dependencies: Readonly<Record<string, string>>;
    readonly optionalDependencies: Readonly<Record<string, string>>;
    readonly bin: Readonly<Record<string, string>>;
  };

  before(async function () {
    this.timeout(NPM_TIMEOUT);
    folder = mkdtempSync(join(tmpdir(), 'llamactl-package-'));
    pkg = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    assert.ok(existsSync(join(ROOT, 'dist', 'cli.cjs')), 'not built: npm run build');
    // dist/ is what is under test: it is not built again under the feet of other suites.
    const report = await must('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: ROOT,
    });
    packed = JSON.parse(report)[0];
    project = join(folder, 'project');
    mkdirSync(project);
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({ name: 'user', private: true, type: 'module' }),
    );
    const install = ['install', join(folder, packed.filename), '--no-audit', '--no-fund', '--prefer-offline'];
    await must('npm', install, { cwd: project, timeout: NPM_TIMEOUT });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The installed command, as npm puts it on PATH, in an empty home. */
  const llamactl = (args: readonly string[], cwd = project): Promise<Ran> =>
    run(join(project, 'node_modules', '.bin', 'llamactl'), args, {
      cwd,
      env: { PATH: process.env['PATH'], HOME: folder, XDG_CACHE_HOME: join(folder, 'cache'), NO_COLOR: '1' },
    });

  describe('holds what a user needs', () => {
    it('and nothing else', () => {
      const allowed = [
        /^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
        /^bin\/(?:run|load)\.js$/,
        /^dist\/(?:cli\.cjs|cli\.cache|index\.js|third-party-licences\.txt)$/,
        /^dist\/types\/(?:index|(?:catalogue|client|config|errors|services|wire)\/[\w./-]+)\.d\.ts$/,
        /^docs\/[\w-]+\.(?:md|schema\.json)$/,
      ];
      const others = packed.files
        .map(({ path }) => path)
        .filter((path) => !allowed.some((rule) => rule.test(path)));
      assert.deepEqual(others, []);
      assert.ok(
        !packed.files.some(({ path }) => path === 'docs/development.md'),
        "the project's own business",
      );
    });

    it('with the licences of what the bundle carries', () => {
      const licences = readFileSync(
        join(project, 'node_modules/llamactl/dist/third-party-licences.txt'),
        'utf8',
      );
      for (const name of ['@oclif/core', 'undici', 'zod', 'chalk'])
        assert.match(licences, new RegExp(`^${name} \\d`, 'm'));
    });

    it('and names as dependencies the customer’s packages and those that the library loads, no other', () => {
      const library = readFileSync(join(ROOT, 'dist', 'index.js'), 'utf8');
      const loaded = [...library.matchAll(/(?:^import (?:[^"]* from )?|\bimport\()"([^".][^"]*)"/gm)]
        .map(([, name = '']) => name)
        .filter((name) => !name.startsWith('node:'))
        .map((name) =>
          name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/'),
        );
      assert.ok(loaded.includes('undici') && loaded.includes('zod'), loaded.join());
      const optional = Object.keys(pkg.optionalDependencies);
      const needed = [...FIXED, ...loaded.filter((name) => !optional.includes(name))];
      assert.deepEqual(Object.keys(pkg.dependencies).sort(), [...new Set(needed)].sort());
      assert.deepEqual(optional, ['@napi-rs/keyring']);
    });
  });

  describe('as a command', () => {
    it('tells its version', async () => {
      const { code, out } = await llamactl(['--version']);
      assert.equal(code, 0);
      assert.match(out, new RegExp(`^llamactl/${pkg.version.replaceAll('.', '\\.')} `));
    });

    it('tells its commands', async () => {
      const { code, out } = await llamactl(['--help']);
      assert.equal(code, 0);
      for (const id of Object.keys(COMMANDS)) assert.match(out, new RegExp(`^ +${id.split(':')[0]}\\b`, 'm'));
    });

    it('has the catalogue', async () => {
      const { code, out } = await llamactl(['explain', '--list']);
      assert.equal(code, 0);
      for (const code of CATALOGUE_CODES) assert.ok(out.includes(code), code);
    });

    it('speaks to a server', async () => {
      const { code, out, err } = await llamactl(['health', '--url', server.current.url]);
      assert.equal(code, 0, out + err);
      assert.match(out, /^✓ ready/);
    });

    it('carries all that it runs on: it works with no package beside it', async () => {
      const alone = join(folder, 'alone');
      cpSync(join(project, 'node_modules', 'llamactl'), alone, { recursive: true });
      rmSync(join(alone, 'node_modules'), { recursive: true, force: true });
      const bin = join(alone, 'bin', 'run.js');
      const url = server.current.url;
      for (const args of [['health'], ['models'], ['diagnose'], ['chat', 'Hello', '--max-tokens', '4']])
        await must(process.execPath, [bin, ...args, '--url', url], { cwd: folder });
      await must(process.execPath, [bin, 'health', '--help'], { cwd: folder });
      const bundle = readFileSync(join(alone, 'dist', 'cli.cjs'), 'utf8');
      const asked = [...bundle.matchAll(/\brequire\("([^".][^"]*)"\)/g)].map(([, name = '']) => name);
      assert.ok(asked.includes('node:fs'), 'the bundle asks for modules in this form');
      assert.deepEqual(
        asked.filter((name) => !name.startsWith('node:') && !builtinModules.includes(name)),
        // It has a native part, and is done without where it is not there.
        ['@napi-rs/keyring'],
      );
    });
  });

  describe('as a library', () => {
    it('works in a module', async () => {
      writeFileSync(
        join(project, 'use.js'),
        `import { classify, LlamaCppClient, LlamactlError, loadConfig, entryOf } from 'llamactl';
        const client = new LlamaCppClient({ baseUrl: ${JSON.stringify(server.current.url)} });
        await client.initialize();
        let text = '';
        for await (const event of client.chatStream([{ role: 'user', content: 'Hello' }], [], { maxTokens: 4 }))
          if (event.type === 'content') text += event.text;
        const wrong = await client.chat([{ role: 'user', content: 'x '.repeat(3000) }], [], {}).catch((error) => error);
        await client.destroy();
        console.log(JSON.stringify({
          health: client.getContextSize(), text, code: wrong.code, known: wrong instanceof LlamactlError,
          title: entryOf('context.overflow').title, loads: typeof loadConfig, classifies: typeof classify,
        }));`,
      );
      const found = JSON.parse(await must(process.execPath, ['use.js'], { cwd: project }));
      assert.notEqual(found.text, '');
      assert.deepEqual(
        { ...found, text: '', title: '' },
        {
          health: 512,
          text: '',
          code: 'context.overflow',
          known: true,
          title: '',
          loads: 'function',
          classifies: 'function',
        },
      );
    });

    it('can be required', async () => {
      const code = "console.log(typeof require('llamactl').LlamaCppClient)";
      assert.equal(
        (await must(process.execPath, ['--no-warnings', '-e', code], { cwd: project })).trim(),
        'function',
      );
    });

    for (const [moduleResolution, module] of [
      ['nodenext', 'nodenext'],
      ['bundler', 'esnext'],
    ] as const) {
      it(`is typed for a strict user who checks the libraries too (${moduleResolution})`, async () => {
        writeFileSync(
          join(project, 'use.ts'),
          `import { type ChatEvent, type ChatResult, CATALOGUE_CODES, type CatalogueCode, EXIT, type LLMClient, LlamaCppClient, LlamactlError, loadConfig, type ModelInfo, resolveTargets, type Tool } from 'llamactl';
          const tools: Tool[] = [{ type: 'function', function: { name: 'now' } }];
          export async function use(): Promise<ChatResult | undefined> {
            const config = await loadConfig({ cwd: '.', env: {}, flags: {} });
            const [target] = await resolveTargets(config);
            const client = new LlamaCppClient({ baseUrl: target?.baseUrl ?? 'http://localhost:8080', timeout: 1000 });
            const asked: LLMClient = client;
            const models: ModelInfo[] = await client.models();
            void models;
            try {
              for await (const event of asked.chatStream([{ role: 'user', content: 'Hello' }], tools)) {
                const each: ChatEvent = event;
                if (each.type === 'finish') return each.result;
              }
            } catch (error) {
              if (error instanceof LlamactlError && error.exit === EXIT.contextOverflow) {
                const code: CatalogueCode | undefined = CATALOGUE_CODES.find((known) => known === error.code);
                void code;
              }
              throw error;
            } finally {
              await client.destroy();
            }
            return undefined;
          }
          // @ts-expect-error a role that there is not
          void new LlamaCppClient().chat([{ role: 'robot', content: '' }]);
          `,
        );
        await compile(['use.ts'], { module, moduleResolution });
      });
    }

    it('is used in docs/library.md as it is', async () => {
      const page = readFileSync(join(ROOT, 'docs', 'library.md'), 'utf8');
      const examples = blocksOf(page).filter(({ language }) => language === 'ts');
      assert.ok(examples.length > 5, `${examples.length} examples`);
      const files = examples.map(({ text, line }) => {
        const name = `line-${line}.ts`;
        const given = Object.entries(GIVEN).filter(([name]) => !new RegExp(`const ${name}\\b`).test(text));
        const declared = given.map(([name, type]) => `declare const ${name}: ${type};`);
        writeFileSync(join(project, name), `${text}\nexport {};\n${declared.join('\n')}\n`);
        return name;
      });
      await compile(files, { module: 'nodenext', moduleResolution: 'nodenext' });
    });

    /** Compiles files of the project as strictly as can be, the libraries' declarations too. */
    async function compile(
      files: readonly string[],
      options: Readonly<Record<string, string>>,
    ): Promise<void> {
      const modules = join(project, 'node_modules');
      mkdirSync(join(modules, '@types'), { recursive: true });
      for (const name of ['@types/node', 'undici-types'])
        if (!existsSync(join(modules, name)))
          symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
      const compilerOptions = {
        ...options,
        target: 'es2022',
        lib: ['es2023'],
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: true,
        skipLibCheck: false,
        noEmit: true,
      };
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      await must(process.execPath, [tsc, '-p', project], { cwd: project });
    }
  });
});
