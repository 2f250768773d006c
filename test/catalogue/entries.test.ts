import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { ENTRIES, entryOf } from '../../src/catalogue/entries.js';
import { PLACEHOLDERS } from '../../src/catalogue/fill.js';
import { literalsOf } from '../../src/catalogue/literals.js';
import { CATALOGUE_CODES, isCatalogueCode } from '../../src/errors/codes.js';
import { exitCodeOf } from '../../src/errors/exit-code.js';
import { commandsOf, textsOf } from './entry-texts.js';

/** The options that llama-server v0.6.0 knows, from its --help. */
const FLAGS = new Set(
  readFileSync(new URL('../fixtures/catalogue/llama-server-flags.txt', import.meta.url), 'utf8').split(/\s+/),
);

describe('the catalogue', () => {
  it('has one entry for each code, in a file of its name', () => {
    assert.deepEqual(
      ENTRIES.map(({ code }) => code),
      [...CATALOGUE_CODES],
    );
    const files = readdirSync(new URL('../../src/catalogue/entries/', import.meta.url));
    assert.deepEqual(files.sort(), CATALOGUE_CODES.map((code) => `${code}.ts`).sort());
    for (const code of CATALOGUE_CODES) assert.equal(entryOf(code).code, code);
  });

  it('gives each code the type, and so the exit code, that callers branch on', () => {
    const exits = Object.fromEntries(ENTRIES.map(({ code, type }) => [code, exitCodeOf(type)]));
    assert.equal(exits['connection.refused'], 10);
    assert.equal(exits['auth.missing-key'], 11);
    assert.equal(exits['model.file-missing'], 12);
    assert.equal(exits['model.router-limit'], 14);
    assert.equal(exits['context.slot-too-small'], 13);
    assert.equal(exits['server.loading'], 14);
    assert.equal(exits['feature.disabled'], 15);
    assert.equal(exits['server.wedged'], 16);
    assert.equal(exits['connection.timeout'], 16);
    assert.equal(exits['stream.idle-timeout'], 17);
  });

  for (const entry of ENTRIES) {
    describe(entry.code, () => {
      it('is complete and within the bounds of the screens', () => {
        assert.ok(entry.title.length <= 70, `title has ${entry.title.length} characters`);
        assert.doesNotMatch(entry.title, /^[A-Z][a-z]|\.$/, 'a title starts small and has no full stop');
        const sentences = entry.explanation.split(/(?<=[.!?])\s+/).length;
        assert.ok(sentences >= 2 && sentences <= 6, `${sentences} sentences`);
        assert.ok(entry.causes.length >= 2 || entry.code === 'connection.wrong-path');
        assert.ok(entry.remedies.length >= 2);
        for (const { text, commands } of entry.remedies) {
          assert.ok(text.length > 5 && !/[.:]$/.test(text), text);
          assert.ok(commands.length > 0, `"${text}" has no command`);
        }
        assert.ok(commandsOf(entry).every((command) => !/\n/.test(command)));
        assert.ok(Object.values(entry.diagnostics).flat().length > 0);
        assert.equal(new URL(entry.link).protocol, 'https:');
        assert.ok(entry.rules.length > 0);
      });

      it('names only placeholders that can be filled, and llamactl commands and codes that exist', () => {
        for (const text of textsOf(entry)) {
          for (const [, name = ''] of text.matchAll(/(?<![{%$\\])\{([a-zA-Z]+)\}/g))
            assert.ok((PLACEHOLDERS as readonly string[]).includes(name), `{${name}} in: ${text}`);
          for (const [, code = ''] of text.matchAll(/\(see ([a-z0-9.-]+)\)/g))
            assert.ok(isCatalogueCode(code), code);
        }
      });

      it('puts nothing but numbers between the quotes of a command, where quoting would not hold', () => {
        for (const command of commandsOf(entry))
          for (const [quoted] of command.matchAll(/'[^']*'/g))
            assert.doesNotMatch(quoted, /\{(?:url|host|model|flag|path)\}/, command);
      });

      it('uses options that llama-server has', () => {
        for (const command of commandsOf(entry)) {
          const args = /(?:^llama-server |llama\.cpp:server\S* |--args llama-server )(.*)$/.exec(
            command,
          )?.[1];
          if (args === undefined) continue;
          for (const [flag] of args.replace(/\{flag\}/g, '').matchAll(/(?<=^| )--?[a-z][a-z0-9-]*/g))
            assert.ok(FLAGS.has(flag), `${flag} in: ${command}`);
        }
      });

      it('has rules that are cheap: a literal to scan for, no unbounded wildcard', () => {
        for (const rule of entry.rules) {
          assert.ok(rule.rank > 0 && rule.rank <= 100);
          for (const pattern of [rule.pattern, ...(rule.requires ?? []), ...(rule.excludesAnywhere ?? [])]) {
            assert.notEqual(literalsOf(pattern), null, `no literal of four characters: ${pattern}`);
            assert.match(pattern.flags, /^i?$/);
          }
          for (const pattern of [rule.pattern, ...(rule.excludes ?? []), ...(rule.requires ?? [])])
            assert.doesNotMatch(
              pattern.source,
              /\.[*+]|\\[sSwW][*+]\W{0,3}\\[sSwW][*+]|\)[*+]\)?[*+]/,
              `${pattern}`,
            );
        }
      });
    });
  }
});
