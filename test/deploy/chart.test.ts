import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type OptionsInput, parseOptions } from '../../src/deploy/options.js';
import { type DeployPlan, planDeployment } from '../../src/deploy/plan.js';
import { chartValues, valuesOf } from '../../src/deploy/targets/helm/values.js';
import { TARGETS } from '../../src/deploy/targets.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { startServer } from '../support/real-server.js';
import { hasValidator, kubeconformArgs, VALIDATORS, type Validator } from '../support/validators.js';
import { changedPaths, chartObjects, expectedObjects, refusal, rendered, writeChart } from './chart.js';
import { type Changes, changed, OTHER_VALUES, pathsOf } from './chart-values.js';
import { optionMatrix, sample } from './matrix.js';
import { HUB_MODEL, LOCAL_MODEL } from './models.js';
import { readYaml } from './read-back.js';

const run = promisify(execFile);
/** Sets of options that are made into a chart. */
const SETS = 14;

function planOf(options: OptionsInput = {}, models = [HUB_MODEL]): DeployPlan {
  return planDeployment(parseOptions({ model: models.map(({ given }) => given), ...options }), models);
}

/** Those that show most, each test some of them at a time: helm is a process. */
async function forAll<T>(
  items: readonly T[],
  test: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const queue = [...items.entries()];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await test(next[1], next[0]);
  };
  await Promise.all([work(), work(), work()]);
}

describe('a Helm chart', () => {
  const sets = sample(optionMatrix(), SETS);
  let folder: string;
  let usual: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-chart-'));
    usual = writeChart(planOf(), join(folder, 'usual'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The sets' charts as helm renders them, once. */
  const outputs = new Map<number, Promise<string>>();
  const outputOf = (index: number, plan: DeployPlan) => {
    const known = outputs.get(index);
    if (known !== undefined) return known;
    const output = rendered(writeChart(plan, join(folder, String(index))), plan.options.name);
    outputs.set(index, output);
    return output;
  };

  /** A test that needs programs of others, which npm test gets where they can be had, and says so where not. */
  const withTools = (tools: readonly Validator[], what: string, test: () => Promise<void>) => {
    if (tools.every(hasValidator)) it(what, test).timeout(60_000);
  };
  const withHelm = (what: string, test: () => Promise<void>) => withTools(['helm'], what, test);
  const usually = async (...args: string[]) => chartObjects(await rendered(usual, 'llama', ...args));

  it('has values that its schema takes, whatever was asked for', () => {
    for (const { name, plan } of optionMatrix())
      assert.deepEqual(chartValues.safeParse(valuesOf(plan)).error?.issues ?? [], [], name);
  });

  it('has the same templates whatever was asked for: all of that is in the values', () => {
    const templates = (plan: DeployPlan) =>
      TARGETS.helm.files(plan, { explain: false }).filter(({ path }) => /templates|schema|ignore/.test(path));
    for (const { plan } of sets) assert.deepEqual(templates(plan), templates(planOf()));
  });

  it('is refused where the manifests are', () => {
    for (const [options, models] of [
      [{ host: '192.0.2.1', apiKeySecret: 'k' }, [HUB_MODEL]],
      [{ storage: 'emptydir' }, [LOCAL_MODEL]],
      [{ backend: 'vulkan' }, [HUB_MODEL]],
    ] as const) {
      const refusals = [TARGETS.k8s, TARGETS.helm].map((target) => {
        try {
          target.files(planOf(options, [...models]), { explain: false });
          return 'taken';
        } catch (error) {
          return error instanceof LlamactlError ? `${error.exit}: ${error.message}` : String(error);
        }
      });
      assert.match(refusals[0] ?? '', /^2: /);
      assert.equal(refusals[1], refusals[0]);
    }
  });

  withHelm('gives the objects that k8s writes with the same options', () =>
    forAll(sets, async ({ name, plan }, index) => {
      const objects = chartObjects(await outputOf(index, plan));
      assert.deepEqual(objects, expectedObjects(plan), name);
    }),
  );

  withHelm('given the values of another one gives the objects of that one', () =>
    forAll(sample(optionMatrix().slice(64), SETS), async ({ name, plan }, index) => {
      const values = join(folder, `values-${index}.yaml`);
      writeFileSync(values, JSON.stringify(valuesOf(plan)));
      const set = ['--set', `fullnameOverride=${plan.options.name}`];
      const objects = chartObjects(await rendered(usual, 'release', '--values', values, ...set));
      // The sizing is that of the chart, and told only where it is that of the values too.
      const isSizing = (path: string) => path.endsWith('annotations.llamactl/sizing');
      const isEmpty = (path: string) => path.endsWith('template.metadata.annotations');
      const paths = changedPaths(expectedObjects(plan), objects);
      assert.deepEqual(
        paths.filter((path) => !isSizing(path) && !isEmpty(path)),
        [],
        name,
      );
      assert.equal(paths.length, 1, `${name}: a sizing of something else`);
    }),
  );

  withHelm('gives what k8s gives where a value is set that an option has', () =>
    forAll<readonly [OptionsInput, string]>(
      [
        [{ port: 9000 }, 'port=9000'],
        [{ apiPrefix: '/llm' }, 'apiPrefix=/llm'],
        [{ apiKeySecret: 'llama-key/k' }, 'apiKey.existingSecret=llama-key,apiKey.key=k'],
        [{ apiPrefix: '/a/b', apiKeySecret: 'llama-key' }, 'apiPrefix=/a/b,apiKey.existingSecret=llama-key'],
        [{ replicas: 3 }, 'replicas=3'],
        [{ autoscale: '2..6' }, 'autoscaling.enabled=true,autoscaling.min=2,autoscaling.max=6'],
        [{ monitoring: true, port: 9000 }, 'monitoring.enabled=true,port=9000'],
        [{ build: 'b11434' }, 'image.tag=server-b11434'],
        [{ storage: 'emptydir' }, 'persistence.kind=emptydir'],
        [{ storage: 'pvc:mine' }, 'persistence.kind=claim,persistence.existingClaim=mine'],
        [{ storageClass: 'fast', replicas: 2 }, 'persistence.storageClass=fast,replicas=2'],
        [
          { host: 'a.example.com', apiKeySecret: 'k' },
          'ingress.enabled=true,ingress.host=a.example.com,apiKey.existingSecret=k',
        ],
        [{ extraArgs: ['--temp', '0.2'] }, 'extraArgs={--temp,0.2}'],
      ],
      async ([options, set]) =>
        assert.deepEqual(await usually('--set', set), expectedObjects(planOf(options)), set),
    ),
  );

  withHelm('gives what k8s gives for a model whose header could not be read', async () => {
    const options = { memory: '8GiB', ctxSize: 10_000, parallel: 4, monitoring: true };
    const plan = planOf(options, [{ ...HUB_MODEL, header: null }]);
    const chart = writeChart(plan, join(folder, 'unread'));
    const objects = chartObjects(await rendered(chart, 'llama'));
    assert.deepEqual(objects, expectedObjects(plan));
    assert.match(JSON.stringify(objects), /has filled the 2560 tokens of its slot/);
  });

  withHelm('changes all that hangs on the context and the CPUs', async () => {
    const before = await usually('--set', 'monitoring.enabled=true');
    const changedBy = async (set: string) =>
      changedPaths(before, await usually('--set', `monitoring.enabled=true,${set}`)).map((path) =>
        path
          .replace('Deployment/llama.spec.template.', '')
          .replace('PrometheusRule/llama.spec.groups.0.', ''),
      );
    assert.deepEqual(await changedBy('ctxSize=65536'), [
      // Not the figures of another context.
      'metadata.annotations',
      'spec.containers.0.args.9',
      'rules.6.expr',
      'rules.6.annotations.summary',
    ]);
    assert.deepEqual(await changedBy('extraArgs={--kv-unified}'), [
      'metadata.annotations',
      'spec.containers.0.args.17',
      'rules.6.expr',
      'rules.6.annotations.summary',
    ]);
    assert.deepEqual(await changedBy('extraArgs={--kv-unified,--no-kv-unified}'), [
      'spec.containers.0.args.17',
      'spec.containers.0.args.18',
    ]);
    assert.deepEqual(await changedBy('resources.limits.cpu=2500m'), [
      'spec.containers.0.args.13',
      'spec.containers.0.resources.limits.cpu',
    ]);
    const args = (await usually('--set', 'resources.limits.cpu=2500m'))['Deployment/llama'].spec.template.spec
      .containers[0].args;
    assert.deepEqual(args.slice(12, 14), ['--threads', '2']);
  });

  it('has another value for each one, for the next test', () => {
    assert.deepEqual(pathsOf(valuesOf(planOf())), Object.keys(OTHER_VALUES));
  });

  withHelm('has no value that does nothing', async () => {
    const made = new Map<string, Promise<string>>();
    const withValues = (changes: Changes) => {
      const text = JSON.stringify(changes);
      const known = made.get(text);
      if (known !== undefined) return known;
      const file = join(folder, `changed-${made.size}.yaml`);
      writeFileSync(file, JSON.stringify(changed(valuesOf(planOf()), changes)));
      const output = rendered(usual, 'llama', '--values', file);
      made.set(text, output);
      return output;
    };
    await forAll(Object.entries(OTHER_VALUES), async ([path, [value, where = {}]]) =>
      assert.notEqual(await withValues({ ...where, [path]: value }), await withValues(where), path),
    );
  });

  withHelm('refuses with its schema what is unknown or bad', () =>
    forAll<readonly [set: string, message: RegExp]>(
      [
        ['ctxSise=8192', /additional properties 'ctxSise' not allowed/],
        ['apiKey.value=secret', /at '\/apiKey': additional properties 'value' not allowed/],
        ['ctxSize=many', /at '\/ctxSize': got string, want integer/],
        ['ctxSize=12', /at '\/ctxSize': minimum: got 12, want 256/],
        ['port=80', /at '\/port': minimum: got 80, want 1,?024/],
        ['apiPrefix=llm', /at '\/apiPrefix': 'llm' does not match pattern/],
        ['persistence.kind=nfs', /at '\/persistence\/kind': value must be one of 'pvc', 'claim'/],
        ['resources.limits.memory=8', /at '\/resources\/limits\/memory': got number, want string/],
        ['image.digest=sha256:1', /at '\/image\/digest'/],
        ['models=null', /missing property 'models'/],
      ],
      async ([set, message]) => assert.match(await refusal(usual, [set]), message, set),
    ),
  );

  withHelm('refuses what is wrong together, and says what to do', () =>
    forAll<readonly [sets: readonly string[], message: RegExp]>(
      [
        [['service.type=NodePort'], /without a key everybody may use the server: set apiKey\.existingSecret/],
        [['ingress.enabled=true', 'ingress.host=a.b'], /without a key everybody may use the server/],
        [['ingress.enabled=true', 'apiKey.existingSecret=k'], /which host\?/],
        [
          ['httpRoute.enabled=true', 'httpRoute.host=a.b', 'apiKey.existingSecret=k'],
          /Set httpRoute\.gateway\.name/,
        ],
        [['autoscaling.enabled=true', 'replicas=3'], /replicas and autoscaling exclude each other/],
        [['autoscaling.min=5'], /autoscaling\.min is more than autoscaling\.max/],
        [['persistence.kind=claim'], /Set persistence\.existingClaim/],
        [['persistence.kind=image'], /Set persistence\.image/],
        [['gpu.count=1'], /Set gpu\.resource/],
        [['gpu.count=1', 'gpu.resource=nvidia.com/gpu'], /the CPU image cannot use a GPU/],
        [['cacheRam=90000'], /cacheRam \(90000 MiB a model\) does not fit resources\.limits\.memory/],
        [['extraArgs={--port,9000}'], /extraArgs: --port is set by a value of its own/],
      ],
      async ([sets, message]) => assert.match((await refusal(usual, sets)).replace(/\s+/g, ' '), message),
    ),
  );

  withHelm('refuses models that do not go together', async () => {
    const file = join(folder, 'models.json');
    const [model] = valuesOf(planOf()).models;
    const refused = async (...models: readonly unknown[]) => {
      writeFileSync(file, JSON.stringify({ models }));
      return refusal(usual, [], ['--values', file]);
    };
    assert.match(await refused(model, model), /two of them have the same alias/);
    const local = {
      alias: 'b',
      contextTrained: 0,
      files: [{ name: 'b.gguf', url: '', bytes: 0, sha256: '' }],
    };
    assert.match(await refused(model, local), /give each file a url, or none of them/);
  });

  withHelm('refuses a file that nobody copies into new pods', async () => {
    const local = writeChart(planOf({}, [LOCAL_MODEL]), join(folder, 'local'));
    assert.match(await refusal(local, ['persistence.kind=emptydir']), /every new pod would wait/);
    assert.match(await refusal(local, ['autoscaling.enabled=true']), /every new replica would wait/);
  });

  withHelm('passes helm lint --strict', () =>
    forAll(sets.slice(0, 4), async ({ plan }, index) => {
      const chart = writeChart(plan, join(folder, `lint-${index}`));
      const { stdout } = await run(VALIDATORS.helm, ['lint', '--strict', chart]);
      assert.match(stdout, /1 chart\(s\) linted, 0 chart\(s\) failed/);
    }),
  );

  withTools(
    ['helm', 'kubeconform', 'schemas', 'crds'],
    'is what Kubernetes takes, its test too',
    async () => {
      const files: string[] = [];
      // The objects are those of k8s, which validators.test.ts holds: here it is Helm's labels, and the test.
      await forAll(sets.slice(0, 3), async ({ plan }, index) => {
        const file = join(folder, `conform-${index}.yaml`);
        writeFileSync(file, await outputOf(index, plan));
        files.push(file);
      });
      await run(VALIDATORS.kubeconform, [...kubeconformArgs(), ...files]);
    },
  );

  withHelm('is a dependency of another chart, with the usual condition', async () => {
    const parent = join(folder, 'parent');
    mkdirSync(join(parent, 'charts'), { recursive: true });
    writeChart(planOf(), join(parent, 'charts', 'llama'));
    const dependency = 'dependencies: [{ name: llama, version: 0.1.0, condition: llama.enabled }]';
    writeFileSync(join(parent, 'Chart.yaml'), `apiVersion: v2\nname: app\nversion: 0.1.0\n${dependency}\n`);
    writeFileSync(join(parent, 'values.yaml'), 'global: { a: b }\nllama: { enabled: true, port: 9000 }\n');
    const objects = chartObjects(await rendered(parent, 'prod'));
    assert.equal(objects['Service/prod-llama'].spec.ports[0].port, 9000);
    assert.equal((await rendered(parent, 'prod', '--set', 'llama.enabled=false')).trim(), '');
    assert.match(await refusal(usual, ['enabled=false']), /is for the condition of a parent chart/);
  });

  withHelm('has a test that asks as clients do, under the Pod Security level "restricted"', async () => {
    for (const set of ['apiPrefix=/llm', 'apiPrefix=/llm,apiKey.existingSecret=k,port=9000']) {
      const objects = readYaml(await rendered(usual, 'llama', '--set', set)).filter((each) => each !== null);
      const pod = objects.find(({ kind }) => kind === 'Pod');
      assert.equal(pod.metadata.annotations['helm.sh/hook'], 'test');
      const [container] = pod.spec.containers;
      const port = set.includes('9000') ? 9000 : 8080;
      assert.match(container.command[2], new RegExp(`http://llama:${port}/llm/health && exit$`, 'm'));
      assert.equal(container.command[2].includes('api-key'), set.includes('apiKey'), 'it brings the key');
      assert.equal(container.volumeMounts?.length ?? 0, pod.spec.volumes?.length ?? 0);
      assert.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      assert.equal(pod.spec.securityContext.runAsNonRoot, true);
      assert.equal(pod.spec.securityContext.seccompProfile.type, 'RuntimeDefault');
      const service = objects.find(({ kind }) => kind === 'Service');
      const [near] = pod.spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution;
      assert.deepEqual(near.podAffinityTerm.labelSelector.matchLabels, service.spec.selector);
      assert.ok(
        Object.entries(service.spec.selector).some(([name, value]) => pod.metadata.labels[name] !== value),
        'the Service sends it no requests',
      );
    }
  });

  withHelm('has a test that finds a real server, with its prefix and its key', async () => {
    const key = join(folder, 'api-key');
    writeFileSync(key, 'test-key\n');
    const server = await startServer({
      args: ['--api-prefix', '/llm', '--api-key-file', key],
      prefix: '/llm',
    });
    try {
      const { port } = new URL(server.url);
      const values = `apiPrefix=/llm,apiKey.existingSecret=k,port=${port}`;
      const pod = readYaml(await rendered(usual, 'llama', '--set', values)).find(
        (each) => each?.kind === 'Pod',
      );
      const script = String(pod.spec.containers[0].command[2])
        .replaceAll('http://llama:', 'http://127.0.0.1:')
        .replaceAll('/run/secrets/llama/api-key', key)
        .replace('seq 30', 'seq 1');
      await run('sh', ['-c', script]);
      writeFileSync(key, 'another\n');
      await assert.rejects(run('sh', ['-c', script]), /401/);
    } finally {
      await server.stop();
    }
  });

  withHelm('with --explain has reasons, and the same objects', async () => {
    const plan = planOf({ monitoring: true });
    const chart = writeChart(plan, join(folder, 'explained'), { explain: true });
    assert.deepEqual(chartObjects(await rendered(chart, 'llama')), expectedObjects(plan));
    const pod = TARGETS.helm.files(plan, { explain: true }).find(({ path }) => path.endsWith('_pod.tpl'));
    assert.match(pod?.content ?? '', /# three minutes without an answer: a long prefill must not kill/);
  });

  withHelm('says what to type, and when the memory was computed for something else', async () => {
    // helm template leaves the notes out; a dry run tells them, and needs no cluster for that.
    const notes = async (...args: string[]) =>
      (
        await run(VALIDATORS.helm, ['install', 'llama', usual, '-n', 'ai', '--dry-run=client', ...args])
      ).stdout
        .split('NOTES:')
        .at(-1) ?? '';
    const plain = await notes();
    assert.match(plain, /llama serves qwen3-4b-q4_k_m with 4 slots of 8192 tokens\./);
    assert.match(plain, /kubectl -n ai port-forward svc\/llama 8080\n/);
    assert.match(plain, /llamactl health --url http:\/\/127\.0\.0\.1:8080 --wait 30m/);
    assert.match(plain, /helm test llama -n ai/);
    assert.doesNotMatch(plain, /!|secret/);
    const other = await notes('--set', 'ctxSize=65536,apiKey.existingSecret=k,apiPrefix=/llm');
    assert.match(other, /! resources\.limits were computed for other values/);
    assert.match(other, /create secret generic k --from-file=api-key=\/dev\/stdin/);
    assert.match(other, /127\.0\.0\.1:8080\/llm --wait/);
  });
});
