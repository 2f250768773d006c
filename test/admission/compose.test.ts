import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DCLinter } from 'dclint';
import { z } from 'zod';
import { TARGETS } from '../../src/deploy/targets.js';
import { optionMatrix } from '../deploy/matrix.js';
import { type Document, readYaml } from '../deploy/read-back.js';
import { hasValidator, VALIDATORS } from '../support/validators.js';

/** Its declarations are written for bundlers, and tell nothing here. */
const dclintResults = z.array(
  z.object({
    filePath: z.string(),
    messages: z.array(z.object({ line: z.number(), rule: z.string(), message: z.string() })),
  }),
);

/** What dclint finds in a Compose file, warnings too. */
function dclint(paths: string[]): string[] {
  const linter = new DCLinter({
    rules: {
      // Taste: we order keys as people read a service, and services as they start.
      'service-keys-order': 0,
      'services-alphabetical-order': 0,
      'top-level-properties-order': 0,
      'require-quotes-in-ports': [2, { quoteType: 'double' }],
    },
    quiet: false,
    debug: false,
    exclude: [],
  });
  return dclintResults
    .parse(linter.lintFiles(paths, false))
    .flatMap(({ filePath, messages }) =>
      messages.map(({ line, rule, message }) => `${filePath}:${line} ${rule}: ${message}`),
    );
}

describe('what judges of Compose files say', function () {
  this.timeout(180_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-compose-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const matrix = optionMatrix().map(({ name, plan }) => ({
    name,
    plan,
    files: TARGETS['docker-compose'].files(plan, { explain: false }),
  }));
  const [first] = matrix;
  /** Writes a project. @returns its compose.yaml */
  const written = (name: string, files: readonly { path: string; content: string }[]) => {
    for (const { path, content } of files) {
      const place = join(folder, name, path);
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, content);
    }
    return join(folder, name, 'compose.yaml');
  };
  /** The first project, changed. */
  const spoiled = (name: string, from: string | RegExp, to: string) => {
    const content = first?.files[0]?.content ?? '';
    assert.notEqual(content.replace(from, to), content, 'it is changed');
    return written(name, [{ path: 'compose.yaml', content: content.replace(from, to) }]);
  };

  it('dclint finds no fault, whatever is asked for', () => {
    assert.deepEqual(dclint(matrix.map(({ files }, index) => written(`lint-${index}`, files))), []);
  });

  for (const [what, from, to, rule] of [
    ['a port for all the world', '"127.0.0.1:', '"', 'no-unbound-port-interfaces'],
    ['an image without a tag', /image: (\S+?):\S+/, 'image: $1', 'service-image-require-explicit-tag'],
    ['a version', /^name:/m, 'version: "3.8"\nname:', 'no-version-field'],
    ['a misspelt key', 'read_only: true', 'readonly: true', 'invalid-schema'],
  ] as const) {
    it(`dclint finds fault with ${what}`, () => {
      assert.match(dclint([spoiled(rule, from, to)]).join('\n'), new RegExp(` ${rule}: `));
    });
  }

  if (!hasValidator('dockerCompose')) return;

  /** `docker compose config`, for which no daemon is asked. */
  const config = (file: string) =>
    spawnSync(VALIDATORS.dockerCompose, ['-f', file, 'config'], {
      encoding: 'utf8',
      // Groups of the host, which the user of an AMD or Intel GPU exports.
      env: { HOME: folder, PATH: process.env['PATH'], VIDEO_GID: '44', RENDER_GID: '109' },
    });

  for (const { name, plan, files } of matrix) {
    it(`docker compose config takes ${name}`, () => {
      const { status, stdout, stderr } = config(written(`config-${name.slice(0, 3)}`, files));
      assert.equal(status, 0, stderr);
      assert.equal(stderr, '', 'and warns of nothing');
      const [project]: Document[] = readYaml(stdout);
      const servers = Object.entries<Document>(project.services).filter(([service]) =>
        new RegExp(`^${plan.options.name}(-\\d+)?$`).test(service),
      );
      assert.equal(servers.length, Math.max(plan.options.replicas, plan.options.autoscale?.min ?? 1));
      // What it would start, after all that Compose puts in for variables.
      for (const [, { command }] of servers)
        assert.deepEqual(
          command.map((word: string) => word.replaceAll('$$', '$')),
          plan.args,
        );
    });
  }

  for (const [what, from, to, complaint] of [
    ['a misspelt key', 'read_only: true', 'readonly: true', /readonly/],
    ['a secret that is not there', /^secrets:$/m, 'x-secrets:', /undefined secret/],
    ['a volume that is not there', /^volumes:$/m, 'x-volumes:', /undefined volume/],
    ['a service that is not there', 'depends_on:\n      model:', 'depends_on:\n      modell:', /modell/],
    ['memory that is no amount', /memory: \d+M/, 'memory: much', /memory|much/],
  ] as const) {
    it(`docker compose config refuses ${what}`, () => {
      const found = matrix.find(({ files }) => (files[0]?.content.search(from) ?? -1) !== -1);
      const content = found?.files[0]?.content.replace(from, to) ?? '';
      const { status, stderr } = config(
        written(what.replaceAll(' ', '-'), [{ path: 'compose.yaml', content }]),
      );
      assert.notEqual(status, 0);
      assert.match(stderr, complaint);
    });
  }
});
