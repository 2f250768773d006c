import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PATHS } from '../../src/deploy/flags.js';
import { readGguf } from '../../src/deploy/gguf.js';
import { type DeployModel, findModel } from '../../src/deploy/model-source.js';
import { type OptionsInput, parseOptions } from '../../src/deploy/options.js';
import { type DeployPlan, metricsPaths, planDeployment } from '../../src/deploy/plan.js';
import { freePort, startServer, type TestServer, tinyModel } from '../support/real-server.js';

/** llama-server started with the arguments of a plan, the container's paths moved to ours. */
async function startAs(plan: DeployPlan, folder: string): Promise<TestServer> {
  writeFileSync(join(folder, 'api-key'), 'test-key\n');
  const models = plan.models[0]?.folder ?? '';
  if (plan.preset !== null)
    writeFileSync(join(folder, 'models.ini'), plan.preset.replaceAll(PATHS.models, models));
  const moved: Readonly<Record<string, string>> = {
    [PATHS.apiKey]: join(folder, 'api-key'),
    [PATHS.preset]: join(folder, 'models.ini'),
  };
  const args = plan.args.map(
    (word) => moved[word] ?? word.replace(new RegExp(`^${PATHS.models}/`), `${models}/`),
  );
  return startServer({ model: null, args, port: plan.options.port, prefix: plan.options.apiPrefix ?? '' });
}

describe('the arguments of a deployment', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-start-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const cases: readonly (readonly [what: string, options: OptionsInput])[] = [
    ['with nothing but a model', {}],
    ['with a key and a prefix', { apiKeySecret: 'llama-key', apiPrefix: '/llm' }],
    ['with a quantised cache and one slot', { cacheType: 'q8_0', ctxSize: 4096, parallel: 1 }],
    [
      'with half a CPU, little memory and own flags',
      { cpu: '500m', memory: '1GiB', extraArgs: ['--jinja', '--temp', '0.2'] },
    ],
  ];
  for (const [what, options] of cases) {
    it(`start a real llama-server ${what}`, async () => {
      const path = await tinyModel();
      const model = await findModel(path, { env: {}, trusted: false });
      const port = await freePort();
      const plan = planDeployment(parseOptions({ model: path, port, ...options }), [model]);
      const server = await startAs(plan, folder);
      const headers = { authorization: 'Bearer test-key' };
      try {
        const props = await fetch(`${server.url}${plan.options.apiPrefix ?? ''}/props`, { headers });
        const { total_slots, default_generation_settings, model_alias } = JSON.parse(await props.text());
        assert.equal(total_slots, plan.slots);
        assert.equal(default_generation_settings.n_ctx, plan.sizing?.contextPerSlot);
        assert.equal(model_alias, model.alias);
        const [metrics = ''] = metricsPaths(plan);
        assert.equal((await fetch(`${server.url}${metrics}`, { headers })).status, 200);
        const health = await fetch(`${server.url}${plan.health.path}`);
        assert.equal(health.status, plan.health.needsKey ? 401 : 200, 'the probe needs the key, or does not');
      } finally {
        await server.stop();
      }
    });
  }

  it('start a real router with two models, loaded from the beginning', async () => {
    const path = await tinyModel();
    const header = await readGguf(path, { env: {} });
    const named = (alias: string): DeployModel => ({
      given: `${alias}.gguf`,
      alias,
      files: [{ name: basename(path), sizeBytes: header.fileBytes, url: null, sha256: null }],
      folder: dirname(path),
      header,
      alternatives: [],
      warnings: [],
    });
    const models = [named('first'), named('second')];
    const options = parseOptions({
      model: models.map(({ given }) => given),
      port: await freePort(),
      ctxSize: 2048,
      apiPrefix: '/llm',
      apiKeySecret: 'llama-key',
    });
    const plan = planDeployment(options, models);
    const server = await startAs(plan, folder);
    const ask = async (at: string) =>
      fetch(`${server.url}${at}`, { headers: { authorization: 'Bearer test-key' } });
    try {
      const loaded = async () => {
        const { data } = JSON.parse(await (await ask('/llm/models')).text());
        return data.filter((model: { status: { value: string } }) => model.status.value === 'loaded').length;
      };
      for (let tries = 0; tries < 200 && (await loaded()) < 2; tries++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(await loaded(), 2);
      const paths = metricsPaths(plan);
      assert.equal(paths.length, 2);
      for (const at of paths) assert.match(await (await ask(at)).text(), /llamacpp:requests_processing/);
    } finally {
      await server.stop('SIGTERM');
    }
  });
});
