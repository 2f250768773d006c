import assert from 'node:assert/strict';
import { isNanocoder } from '../../src/config/form.js';
import { migrate } from '../../src/config/migrate/migrate.js';
import { type ReadConfig, readConfig } from '../../src/config/read.js';
import type { Target } from '../../src/config/schema.js';
import { commentsOf, plainValue, walk } from '../../src/config/tree.js';
import { configFixtures } from './fixtures.js';

const FORMATS = ['yaml', 'json'] as const;

describe('migrate', () => {
  for (const { name, text } of configFixtures('good')) {
    it(`${name} has no error`, async () => {
      const { problems } = await readConfig(text, name);
      assert.deepEqual(problems, []);
    });

    for (const format of FORMATS) {
      it(`${name} becomes ours (${format}): the same servers, every comment and variable, and nothing more to do`, async () => {
        const before = await readConfig(text, name);
        const made = await migrate(before, 'llamactl', format);
        assert.equal(made === null, before.form === 'llamactl');
        if (made === null) return;
        const after = await readConfig(made.text, `llamactl.config.${format}`);
        assert.deepEqual(after.problems, []);
        assert.equal(after.form, 'llamactl');
        assert.deepEqual(meaning(after), meaning(before));
        assertNothingLost(before, after);
        assert.equal(await migrate(after, 'llamactl', format), null);
      });
    }

    it(`${name} becomes nanocoder's: plain JSON that says the same, and nothing more to do`, async () => {
      const before = await readConfig(text, name);
      const made = await migrate(before, 'nanocoder', 'json');
      assert.equal(made === null, before.form === 'nanocoder');
      if (made === null) return;
      assert.doesNotThrow(() => JSON.parse(made.text), 'nanocoder reads with JSON.parse');
      const after = await readConfig(made.text, 'agents.config.json');
      assert.deepEqual(after.problems, []);
      assert.equal(after.form, 'nanocoder');
      assert.deepEqual(meaning(after), meaning(before));
      assertNothingLost(before, after);
      assert.equal(await migrate(after, 'nanocoder', 'json'), null);
    });

    for (const format of FORMATS) {
      it(`${name} goes there and back (${format})`, async () => {
        const before = await readConfig(text, name);
        const [there, back] = isNanocoder(before.form)
          ? (['llamactl', 'nanocoder'] as const)
          : (['nanocoder', 'llamactl'] as const);
        const away = await migrate(before, there, there === 'nanocoder' ? 'json' : format);
        assert.ok(away !== null);
        const between = await readConfig(
          away.text,
          there === 'nanocoder' ? 'agents.config.json' : `c.${format}`,
        );
        const home = await migrate(between, back, back === 'nanocoder' ? 'json' : format);
        assert.ok(home !== null);
        const after = await readConfig(
          home.text,
          back === 'nanocoder' ? 'agents.config.json' : `c.${format}`,
        );
        assertNothingLost(before, after);
        if (before.form !== 'nanocoder' && before.form !== 'llamactl') return;
        assert.deepEqual(contentOf(after), contentOf(before));
      });
    }
  }

  it('takes the first of several servers from where nanocoder has it', async () => {
    const ours = await readConfig(
      'targets: { farm: { baseUrls: ["http://a:8080", "http://b:8080"] } }',
      'c.yaml',
    );
    const away = await migrate(ours, 'nanocoder', 'json');
    const moved = await readConfig(
      away?.text.replace('a:8080/v1', 'moved:8080/v1') ?? '',
      'agents.config.json',
    );
    assert.deepEqual(moved.config?.targets['farm']?.baseUrls, ['http://moved:8080/v1', 'http://b:8080']);
    const home = await migrate(moved, 'llamactl', 'json');
    const back = await readConfig(home?.text ?? '', 'c.json');
    assert.deepEqual(back.config?.targets['farm']?.baseUrls, ['http://moved:8080', 'http://b:8080']);
    assert.equal(back.config?.targets['farm']?.baseUrl, undefined);
  });

  it('keeps the target that counts where two have one name, and the other beside it', async () => {
    const text = `{"nanocoder": {"llamaCpp": {"baseUrl": "http://old:8080"}, "providers": [
      {"name": "llama-cpp", "baseUrl": "http://new:8080/v1", "models": []}]}}`;
    const before = await readConfig(text, 'agents.config.json');
    const made = await migrate(before, 'llamactl', 'yaml');
    const { config } = await readConfig(made?.text ?? '', 'c.yaml');
    assert.equal(config?.targets['llama-cpp']?.baseUrl, 'http://new:8080');
    assert.equal(config?.targets['llama-cpp-2']?.baseUrl, 'http://old:8080');
    assert.match(made?.notes.join('\n') ?? '', /The one that did not count is now llama-cpp-2/);
  });

  it('takes back what was changed in between, not what nanocoder had before', async () => {
    const text = `{"providers": [{"name": "a", "baseUrl": "http://one:8080", "models": ["m"], "requestTimeout": 600000,
      "contextWindow": 1, "contextWindows": {"m": 4096, "n": 8192}}]}`;
    const away = await migrate(await readConfig(text, 'agents.config.json'), 'llamactl', 'yaml');
    const edited = (away?.text ?? '')
      .replace('http://one:8080', 'http://two:8080')
      .replace('timeout: 300000', 'timeout: 60000')
      .replace('contextWindow: 4096', 'contextWindow: 2048');
    const home = await migrate(await readConfig(edited, 'c.yaml'), 'nanocoder', 'json');
    const { nanocoder } = JSON.parse(home?.text ?? '');
    assert.deepEqual(nanocoder.providers, [
      {
        name: 'a',
        baseUrl: 'http://two:8080/v1',
        models: ['m'],
        requestTimeout: 60_000,
        contextWindow: 1,
        contextWindows: { m: 2048, n: 8192 },
      },
    ]);
  });

  it('says what has no like in the new form', async () => {
    const [timeouts] = configFixtures('good').filter(({ name }) => name === 'nanocoder-timeouts.json');
    const made = await migrate(
      await readConfig(timeouts?.text ?? '', 'agents.config.json'),
      'llamactl',
      'yaml',
    );
    assert.match(made?.notes.join('\n') ?? '', /requestTimeout -1 becomes timeout 300000/);
    assert.match(made?.text ?? '', /x-nanocoder:\n {6}requestTimeout: -1/);
  });
});

/** What a configuration says of its servers, as far as both forms can. */
function meaning({ config }: ReadConfig) {
  assert.ok(config !== null);
  const targets = Object.entries(config.targets).map(([name, target]) => [name, plain(target)] as const);
  const { fallback = [] } = config;
  return {
    targets: Object.fromEntries(targets),
    default: config.default ?? Object.keys(config.targets)[0],
    fallback,
  };
}

function plain(target: Target) {
  const {
    provider = 'llama-cpp',
    baseUrl = 'http://localhost:8080',
    apiKey = '',
    models = [],
    baseUrls,
    ...rest
  } = target;
  const { timeout, maxRetries } = rest;
  return {
    ...rest,
    provider,
    baseUrl: baseUrl.replace(/\/v1$/, ''),
    baseUrls: baseUrls?.map((url) => url.replace(/\/v1$/, '')),
    apiKey,
    models,
    ...(timeout === undefined ? {} : { timeout: Math.min(timeout, 300_000) }),
    ...(maxRetries === undefined ? {} : { maxRetries: Math.min(maxRetries, 10) }),
  };
}

function assertNothingLost(before: ReadConfig, after: ReadConfig): void {
  assert.ok(before.tree !== null && after.tree !== null);
  const kept = [...commentsOf(after.tree), JSON.stringify(plainValue(after.tree.root))].join('\n');
  for (const comment of commentsOf(before.tree))
    assert.ok(kept.includes(comment), `the comment "${comment}" is lost`);
  const texts = [...walk(after.tree.root)].flatMap(({ node }) =>
    node.kind === 'scalar' ? [node.value] : [],
  );
  for (const { node, path } of walk(before.tree.root)) {
    const last = path.at(-1);
    if (node.kind !== 'scalar' || last === '//') continue;
    const value = typeof node.value === 'string' ? node.value.replace(/\/v1$/, '') : node.value;
    const isKept = texts.some(
      (each) => (typeof each === 'string' ? each.replace(/\/v1$/, '') : each) === value,
    );
    // Names of targets are keys, and kinds are known without being said.
    const isKey = typeof value === 'string' && kept.includes(value);
    assert.ok(
      isKept || isKey || last === 'provider' || path.includes('fallback') || path.includes('default'),
      path.map(String).join('.'),
    );
  }
}

/** The values of a file, in no order, without what only stands for a default. */
function contentOf({ tree, form }: ReadConfig): unknown {
  assert.ok(tree !== null);
  const value = plainValue(tree.root) as Record<string, Record<string, unknown>>;
  if (form === 'nanocoder') {
    const { providers, nanocoder, ...rest } = value;
    return { ...rest, nanocoder: { ...nanocoder, providers: nanocoder?.['providers'] ?? providers } };
  }
  const targets = Object.entries(value['targets'] ?? {}).map(([name, target]) => [
    name,
    plain(target as Target),
  ]);
  return { ...value, targets: Object.fromEntries(targets) };
}
