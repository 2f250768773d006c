import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATHS } from '../../src/deploy/flags.js';
import { findModel } from '../../src/deploy/model-source.js';
import { type DeployPlan, metricsPaths, planDeployment } from '../../src/deploy/plan.js';
import { checkFlags } from '../../src/deploy/server-flags/check.js';
import { tableFor } from '../../src/deploy/server-flags/tables.js';
import { freePort, startServer, type TestServer, tinyModel } from '../support/real-server.js';
import { optionMatrix, sampleBy } from './matrix.js';

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

/** How many sets of options a server is started with. */
const SETS = 8;

/** Flags with their values, as llama-server gets them; what differs on every machine is left out. */
function choicesOf({ flags }: DeployPlan): string[] {
  return flags
    .filter(({ flag }) => !['--port', '--model', '--alias'].includes(flag))
    .map(({ flag, value }) => (value === null ? flag : `${flag} ${value}`));
}

describe('the arguments of a deployment', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-start-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('are those that the build takes, whatever is asked for', () => {
    for (const { name, plan } of optionMatrix())
      assert.deepEqual(checkFlags(plan.args, tableFor(null)), [], name);
  });

  /** The matrix, for the tiny model in the place of every other. */
  async function plansOfTiny(): Promise<DeployPlan[]> {
    const tiny = await findModel(await tinyModel(), { env: {}, trusted: false });
    return optionMatrix().map(({ options, plan }) =>
      // What would not fit 24 GiB fits here.
      planDeployment(
        { ...options, gpuMemory: undefined },
        plan.models.length > 1 ? [tiny, { ...tiny, alias: 'second' }] : [tiny],
      ),
    );
  }

  it('are sampled so that each is started', async () => {
    const plans = await plansOfTiny();
    const all = new Set(plans.flatMap(choicesOf));
    assert.deepEqual(new Set(sampleBy(plans, choicesOf, SETS).flatMap(choicesOf)), all);
  });

  for (let index = 0; index < SETS; index++) {
    it(`start a real llama-server: ${index + 1} of ${SETS} sets of the matrix`, async () => {
      const port = await freePort();
      const chosen = sampleBy(await plansOfTiny(), choicesOf, SETS)[index];
      assert.ok(chosen);
      const plan = planDeployment({ ...chosen.options, port }, chosen.models);
      const server = await startAs(plan, folder);
      const headers = { authorization: 'Bearer test-key' };
      const ask = (path: string) => fetch(`${server.url}${path}`, { headers });
      try {
        const health = await fetch(`${server.url}${plan.health.path}`);
        assert.equal(health.status, plan.health.needsKey ? 401 : 200, 'the probe needs the key, or does not');
        if (plan.routed.length > 0) await allLoaded(plan, ask);
        else await isAsPlanned(plan, ask);
        const paths = metricsPaths(plan);
        assert.equal(paths.length, Math.max(1, plan.routed.length));
        for (const path of paths)
          assert.match(await (await ask(path)).text(), /llamacpp:requests_processing/, path);
      } finally {
        await server.stop('SIGTERM');
      }
    });
  }
});

type Ask = (path: string) => Promise<Response>;

async function isAsPlanned({ options, slots, sizing, models }: DeployPlan, ask: Ask): Promise<void> {
  const props = JSON.parse(await (await ask(`${options.apiPrefix ?? ''}/props`)).text());
  assert.equal(props.total_slots, slots);
  assert.equal(props.default_generation_settings.n_ctx, sizing?.contextPerSlot);
  assert.equal(props.model_alias, models[0]?.alias);
}

/** A router loads its models from the beginning. */
async function allLoaded({ options, routed }: DeployPlan, ask: Ask): Promise<void> {
  const loaded = async () => {
    const { data } = JSON.parse(await (await ask(`${options.apiPrefix ?? ''}/models`)).text());
    return data
      .filter(({ status }: { status: { value: string } }) => status.value === 'loaded')
      .map(({ id }: { id: string }) => id)
      .sort();
  };
  for (let tries = 0; tries < 200 && (await loaded()).length < routed.length; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(await loaded(), [...routed].sort());
}
