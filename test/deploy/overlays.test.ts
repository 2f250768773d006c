import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { generate } from '../../src/deploy/generate.js';
import { flagOf, type OptionsInput } from '../../src/deploy/options.js';
import { generateOverlays } from '../../src/deploy/overlays.js';
import { tinyModel } from '../support/real-server.js';
import { hasValidator, VALIDATORS } from '../support/validators.js';
import { OVERLAYS } from './overlay-values.js';
import { type Document, readYaml } from './read-back.js';

describe('deploy-gen k8s --overlay', () => {
  let folder: string;
  let model: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-overlays-'));
    model = await tinyModel();
    for (const [name, values] of Object.entries(OVERLAYS))
      writeFileSync(
        join(folder, `${name}.yaml`),
        Object.keys(values).length === 0 ? '{}' : stringify(values),
      );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const common = { placeOf: flagOf, explain: false, env: {} };
  const overlay = (name: string) => `${name}=${join(folder, `${name}.yaml`)}`;
  const byName = (objects: readonly Document[]) =>
    Object.fromEntries(
      objects
        .map((object): [string, Document] => [`${object.kind}/${object.metadata.name}`, object])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );

  for (const base of [
    {},
    { namespace: 'ai', monitoring: true, apiKeySecret: 'key' },
  ] satisfies OptionsInput[]) {
    it(`gives, over ${JSON.stringify(base)}, what the overlay's values give alone`, async function () {
      if (!hasValidator('kubectl')) return;
      this.timeout(60_000);
      const input = { model: [model], ...base };
      const names = Object.keys(OVERLAYS);
      const { files } = await generateOverlays({ ...common, input }, names.map(overlay));
      const place = join(folder, Object.keys(base).join('-') || 'plain');
      for (const { path, content } of files) {
        mkdirSync(dirname(join(place, path)), { recursive: true });
        writeFileSync(join(place, path), content);
      }
      for (const [name, values] of Object.entries(OVERLAYS)) {
        const { status, stdout, stderr } = spawnSync(
          VALIDATORS.kubectl,
          ['kustomize', join(place, 'overlays', name)],
          { encoding: 'utf8' },
        );
        assert.equal(status, 0, `${name}: ${stderr}`);
        assert.equal(stderr, '', name);
        const alone = await generate('k8s', { ...common, input: { ...input, ...values } });
        assert.deepEqual(byName(readYaml(stdout)), byName(readYaml(alone.stream ?? '')), name);
      }
    });
  }

  for (const [given, message] of [
    [['prod'], /--overlay prod: an overlay is a name and a file/],
    [['Prod=prod.yaml'], /--overlay Prod=prod\.yaml: an overlay is a name/],
    [['same', 'same'], /--overlay same is there twice/],
    [['renamed'], /renamed\.yaml:1: name: an overlay changes what there is/],
    [['wrong'], /wrong\.yaml:1: replicas: /],
  ] as const) {
    it(`refuses ${given.join(' ')}`, async () => {
      writeFileSync(join(folder, 'renamed.yaml'), 'name: other\n');
      writeFileSync(join(folder, 'wrong.yaml'), 'replicas: many\n');
      const overlays = given.map((name) => (/^(same|renamed|wrong)$/.test(name) ? overlay(name) : name));
      await assert.rejects(generateOverlays({ ...common, input: { model: [model] } }, overlays), message);
    });
  }

  it('gives base and overlays the same key, where secrets are written', async () => {
    const input = { model: [model], apiKeySecret: 'key', generateSecret: true };
    const { files } = await generateOverlays({ ...common, input }, [overlay('larger'), overlay('open')]);
    const secrets = files.filter(({ path }) => path.endsWith('/secret.yaml'));
    assert.deepEqual(
      secrets.map(({ path }) => path),
      ['base/secret.yaml', 'overlays/open/secret.yaml'],
    );
    const [of, ofOverlay] = secrets.map(({ content }) => readYaml(content)[0].stringData['api-key']);
    assert.match(of, /^[0-9a-f]{64}$/);
    assert.equal(of, ofOverlay);
    assert.ok(
      secrets.every(({ key }) => key?.text === of),
      'known as one, so that others cannot read the file',
    );
  });

  it('shares what is the same, and says how each is applied', async () => {
    const { files, next, stream } = await generateOverlays({ ...common, input: { model: [model] } }, [
      overlay('same'),
      overlay('elsewhere'),
    ]);
    assert.equal(stream, null);
    const same = files.find(({ path }) => path === 'overlays/same/kustomization.yaml');
    assert.deepEqual(readYaml(same?.content ?? '')[0].resources, ['../../base']);
    assert.equal(readYaml(same?.content ?? '')[0].patches, undefined);
    assert.deepEqual(
      files.map(({ path }) => path).filter((path) => path.startsWith('overlays/elsewhere')),
      ['kustomization', 'namespace', 'monitoring'].map((name) => `overlays/elsewhere/${name}.yaml`),
    );
    const commands = next('deploy').flatMap((step) => step.commands);
    assert.ok(commands.includes('kubectl apply -k deploy/overlays/elsewhere'));
    assert.ok(commands.some((command) => command.includes('port-forward -n ai-prod')));
  });
});
