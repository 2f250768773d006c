import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { cli } from '../support/cli.js';
import { startServer, tinyModel } from '../support/real-server.js';

describe('deploy-gen', () => {
  let folder: string;
  let model: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-deploy-'));
    model = await tinyModel();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...args: string[]) => cli(['deploy-gen', ...args], { cwd: folder });

  it('prints manifests on stdout and the figures on stderr', async () => {
    const { code, out, err } = await run('k8s', '--model', model);
    assert.equal(code, 0);
    const kinds = parseAllDocuments(out).map((document) => document.toJS().kind);
    assert.deepEqual(kinds, [
      'ServiceAccount',
      'Deployment',
      'PersistentVolumeClaim',
      'Service',
      'NetworkPolicy',
    ]);
    assert.match(err, /^tiny-v1 on 4 CPUs, 4 slots of 8,192 tokens\n {2}weights +1\.91 MiB +exact/);
    assert.match(err, /KV cache +4 MiB +exact: f16, 1 layer × 32,768 cells/);
    assert.match(err, /kubectl apply/);
  });

  it('does not take the name of a secret for one', async () => {
    const { out, err } = await run('k8s', '--model', model, '--api-key-secret', 'llama-key');
    assert.match(out, /^ +secretName: llama-key$/m);
    assert.match(err, /kubectl create secret generic llama-key --from-file=api-key=/);
    assert.doesNotMatch(out + err, /\*\*\*/);
    assert.doesNotMatch(err, /export LLAMACTL_API_KEY/, 'without a prefix the health wants no key');
    const prefixed = await run('k8s', '--model', model, '--api-key-secret', 'k', '--api-prefix', '/llm');
    assert.match(prefixed.err, /export LLAMACTL_API_KEY=\$\(kubectl get secret k -o go-template=/);
  });

  it('prints one document under --json, the same by both targets where it must be', async () => {
    const documents = await Promise.all(
      ['k8s', 'docker-compose'].map(async (target) => {
        const { code, json } = await run(target, '--model', model, '--api-key-secret', 'k', '--json');
        assert.equal(code, 0);
        return json;
      }),
    );
    const [k8s, compose] = documents;
    assert.deepEqual(Object.keys(k8s), ['files', 'sizing', 'effectiveFlags', 'warnings']);
    assert.deepEqual(k8s.effectiveFlags, compose.effectiveFlags);
    assert.deepEqual(k8s.sizing, compose.sizing);
    assert.deepEqual(k8s.effectiveFlags.slice(0, 2), ['--model', '/models/tiny-v1.gguf']);
    assert.ok(k8s.effectiveFlags.includes('--metrics'));
    assert.equal(k8s.sizing.models[0].kvCacheBytes, 4 * 1024 ** 2);
    assert.deepEqual(
      k8s.files.map(({ path }: { path: string }) => path),
      ['server.yaml', 'storage.yaml', 'network.yaml', 'kustomization.yaml'],
    );
  });

  it('writes files, leaves equal ones alone, and overwrites others only when told to', async () => {
    const args = ['docker-compose', '--model', model, '--output', 'deploy'];
    const first = await run(...args);
    assert.equal(first.code, 0);
    assert.match(first.err, /wrote 1 file to deploy\/: compose\.yaml/);
    assert.equal(first.out, '');
    const written = readFileSync(join(folder, 'deploy/compose.yaml'), 'utf8');

    const again = await run(...args);
    assert.match(again.err, /nothing to change/);
    assert.equal(readFileSync(join(folder, 'deploy/compose.yaml'), 'utf8'), written, 'byte for byte');

    const refused = await run(...args, '--port', '9000');
    assert.equal(refused.code, 2);
    assert.match(refused.err, /deploy\/compose\.yaml is there already, and different: nothing was written/);
    assert.equal(readFileSync(join(folder, 'deploy/compose.yaml'), 'utf8'), written);

    const forced = await run(...args, '--port', '9000', '--force');
    assert.equal(forced.code, 0);
    assert.match(readFileSync(join(folder, 'deploy/compose.yaml'), 'utf8'), /127\.0\.0\.1:9000:9000/);
  });

  it('shows what would change, and exits 1 where something would', async () => {
    const args = ['docker-compose', '--model', model, '--output', 'deploy'];
    await run(...args);
    const same = await run(...args, '--diff');
    assert.deepEqual([same.code, same.out], [0, '']);
    const other = await run(...args, '--parallel', '2', '--diff');
    assert.equal(other.code, 1);
    assert.match(other.out, /^--- a\/compose\.yaml\n\+\+\+ b\/compose\.yaml\n@@/);
    assert.match(other.out, /\n- {6}- "4"\n\+ {6}- "2"\n/);
    const document = await run(...args, '--parallel', '2', '--diff', '--json');
    assert.equal(document.code, 1);
    assert.equal(document.json.diff, other.out);
    const dry = await run(...args, '--replicas', '2', '--dry-run');
    assert.equal(dry.code, 0);
    assert.match(dry.err, /would write to deploy\/\n {2}changed {4}compose\.yaml\n {2}new {8}haproxy\.cfg/);
    assert.deepEqual(readdirSync(join(folder, 'deploy')), ['compose.yaml']);
  });

  it('takes options from a values file, and flags over it', async () => {
    writeFileSync(join(folder, 'values.yaml'), `model: ${model}\nctxSize: 4096\nparallel: 2\nport: 9000\n`);
    const { json } = await run('k8s', '--values', 'values.yaml', '--port', '9100', '--json');
    const flags: string[] = json.effectiveFlags;
    const of = (flag: string) => flags[flags.indexOf(flag) + 1];
    assert.deepEqual(['--ctx-size', '--parallel', '--port'].map(of), ['4096', '2', '9100']);
    writeFileSync(join(folder, 'values.yaml'), `model: ${model}\nctxSise: 4096\n`);
    const wrong = await run('k8s', '--values', 'values.yaml');
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /values\.yaml:2: ctxSise: there is no such option: did you mean ctxSize\?/);
  });

  it('refuses what does not fit the GPU, with what would', async () => {
    const args = [
      'k8s',
      '--model',
      model,
      '--gpu-memory',
      '1.2GiB',
      '--ctx-size',
      '4194304',
      '--parallel',
      '1',
    ];
    const { code, err, out } = await run(...args);
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.match(
      err.replace(/\s+/g, ' '),
      /with 4,194,304 tokens of context needs .* and 1 GPU of 1\.2 GiB has less/,
    );
    assert.match(err, /--ctx-size \d+ --parallel 1/);
    const { json } = await run(...args, '--json');
    assert.equal(json.error.code, 'memory.gpu');
  });

  it('says what several files need, where stdout cannot hold them', async () => {
    const { code, err } = await run('docker-compose', '--model', model, '--replicas', '2');
    assert.equal(code, 2);
    assert.match(err, /these are 2 files, which stdout cannot hold: compose\.yaml,\s+haproxy\.cfg/);
  });

  it('writes a chart into a folder, where --helm is given, and says how to install it', async () => {
    const args = ['k8s', '--helm', '--model', model, '--namespace', 'ai', '--api-key-secret', 'llama-key'];
    const onStdout = await run(...args);
    assert.equal(onStdout.code, 2);
    assert.match(
      onStdout.err.replace(/\s+/g, ' '),
      /these are \d+ files, which stdout cannot hold: Chart\.yaml/,
    );
    const { code, err, out } = await run(...args, '--output', 'chart');
    assert.deepEqual([code, out], [0, '']);
    assert.match(err, /kubectl create namespace ai\n/);
    assert.match(err, /helm upgrade --install llama \.\/chart --namespace ai --create-namespace\n/);
    assert.match(err, /helm test llama --namespace ai/);
    assert.ok(existsSync(join(folder, 'chart/templates/tests/health.yaml')));
    const other = await run(...args, '--output', 'chart', '--ctx-size', '4096', '--diff');
    assert.equal(other.code, 1);
    assert.match(other.out, /^--- a\/values\.yaml\n/m);
    assert.doesNotMatch(other.out, /templates/, 'all of it is in the values');
    const { json } = await run(...args, '--json');
    assert.deepEqual(
      json.files.map(({ path }: { path: string }) => path).filter((path: string) => !path.includes('/')),
      ['Chart.yaml', 'values.yaml', 'values.schema.json', 'sizing.json', '.helmignore'],
    );
    assert.match((await run('docker-compose', '--helm', '--model', model)).err, /--helm/);
  });

  it('names the model that is not there', async () => {
    const { code, err } = await run('k8s', '--model', './gone.gguf');
    assert.equal(code, 12);
    assert.match(err, /there is no model file \.\/gone\.gguf/);
    assert.match(err, /--model \.\/gone\.gguf --memory 8GiB/);
    const none = await run('k8s');
    assert.equal(none.code, 2);
    assert.match(none.err, /which model\? None was given/);
  });

  it("hands on llama-server's own flags, but not those that are ours", async () => {
    const { json } = await run('k8s', '--model', model, '--json', '--', '--jinja', '--temp', '0.2');
    assert.deepEqual(json.effectiveFlags.slice(-3), ['--jinja', '--temp', '0.2']);
    const ours = await run('k8s', '--model', model, '--', '-c', '4096');
    assert.equal(ours.code, 2);
    assert.match(ours.err, /-c after --: llamactl sets it[\s\S]*--ctx-size/);
    const key = await run('k8s', '--model', model, '--', '--api-key', 'very-secret-key');
    assert.equal(key.code, 2);
    assert.ok(!key.text.includes('very-secret-key'));
  });

  it('reads a running server, and puts no key into anything', async () => {
    const key = 'very-secret-key-of-the-team';
    const server = await startServer({
      args: ['-c', '2048', '-np', '2', '--api-key', key, '--api-prefix', '/llm'],
      prefix: '/llm',
    });
    try {
      const result = await cli(
        [
          'deploy-gen',
          'k8s',
          '--from-server',
          `${server.url}/llm`,
          '--json',
          '--output',
          'deploy',
          '--explain',
        ],
        { cwd: folder, env: { LLAMACTL_API_KEY: key } },
      );
      assert.equal(result.code, 0, result.err);
      const flags: string[] = result.json.effectiveFlags;
      const of = (flag: string) => flags[flags.indexOf(flag) + 1];
      assert.deepEqual(['--model', '--ctx-size', '--parallel', '--api-prefix', '--api-key-file'].map(of), [
        '/models/tiny-v1.gguf',
        '2048',
        '2',
        '/llm',
        '/run/secrets/llama/api-key',
      ]);
      assert.match(result.err, /it wants a key: the secret llama-api-key is to hold it/);
      const files = readdirSync(join(folder, 'deploy')).map((name) =>
        readFileSync(join(folder, 'deploy', name), 'utf8'),
      );
      for (const text of [result.text, ...files]) assert.ok(!text.includes(key), 'the key is nowhere');
      assert.ok(existsSync(join(folder, 'deploy/kustomization.yaml')));
    } finally {
      await server.stop();
    }
  });

  it('says which flags a target has no use for, but not of a values file for both', async () => {
    writeFileSync(join(folder, 'values.yaml'), 'namespace: ai\nloadBalancer: nginx\n');
    const values = ['--model', model, '--values', 'values.yaml'];
    const flags = ['--namespace', 'ai', '--storage-class', 'fast', '--storage', 'pvc:models'];
    flags.push('--load-balancer', 'nginx');
    for (const [target, told] of [
      ['docker-compose', '--namespace, --storage, --storage-class: not used by docker-compose'],
      ['k8s', '--load-balancer: not used by k8s'],
    ] as const) {
      assert.ok((await run(target, '--model', model, ...flags)).err.includes(told), target);
      assert.ok(!(await run(target, ...values)).err.includes('not used'), target);
    }
  });

  it('writes a key only where it is asked to, into a file of its own that is kept', async () => {
    const common = ['k8s', '--model', model, '--api-key-secret', 'k/llm', '--generate-secret'];
    const place = join(folder, 'out', 'secret.yaml');
    const keyOf = () => /^ {2}llm: "?(\w+)"?$/m.exec(readFileSync(place, 'utf8'))?.[1] ?? '';
    const first = await run(...common, '--output', 'out');
    assert.equal(first.code, 0, first.err);
    assert.match(keyOf(), /^[0-9a-f]{64}$/);
    assert.equal(statSync(place).mode & 0o077, 0, 'others may not read it');
    assert.match(first.err, /secret\.yaml holds the key in the clear/);
    assert.doesNotMatch(first.err, /kubectl create secret/);
    const random = keyOf();
    assert.equal((await run(...common, '--output', 'out')).code, 0);
    assert.equal(keyOf(), random, 'clients know it');

    const env = { LLAMACTL_API_KEY: 'the-key-of-the-team' };
    const other = await cli(['deploy-gen', ...common, '--output', 'out', '--diff'], { cwd: folder, env });
    assert.equal(other.code, 1);
    assert.match(
      other.out,
      /^- {2}llm: '\*\*\*' # the key that is there\n\+ {2}llm: '\*\*\*' # the key that/m,
    );
    const forced = await cli(['deploy-gen', ...common, '--output', 'out', '--force', '--json'], {
      cwd: folder,
      env,
    });
    assert.equal(forced.code, 0);
    assert.match(readFileSync(place, 'utf8'), /^ {2}llm: the-key-of-the-team$/m);
    for (const { out, err } of [first, other, forced])
      for (const key of [random, env.LLAMACTL_API_KEY]) assert.ok(!(out + err).includes(key));

    const piped = await run(...common);
    assert.deepEqual([piped.code, piped.out], [2, '']);
    assert.match(piped.err, /into a folder and nowhere\s+else[\s\S]*--output deploy/);
  });

  const ADOPTED: Readonly<Record<string, readonly string[]>> = {
    'with slots and sampling of its own': [
      ...['-c', '6144', '-np', '3', '--alias', 'team/model', '--temp', '0.3', '--top-k', '20', '--no-slots'],
    ],
    'started with nothing but a model, its slots sharing one pool': [],
  };
  for (const [what, args] of Object.entries(ADOPTED)) {
    it(`reproduces a running server ${what}`, async () => {
      const before = await startServer({ args });
      const told = async ({ url }: { url: string }) => {
        const {
          model_path: _,
          media_marker: __,
          endpoint_metrics: ___,
          ...props
        } = JSON.parse(await (await fetch(`${url}/props`)).text());
        // Without --alias it is the path, which is another in a container.
        return { ...props, model_alias: props.model_alias === model ? 'tiny-v1' : props.model_alias };
      };
      // What it printed may come after it was seen to be ready.
      const poolOf = async (server: { log(): string }) => {
        for (;;) {
          const found = /kv_unified = '\w+'/.exec(server.log())?.[0];
          if (found !== undefined) return found;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const [props, pool] = [await told(before), await poolOf(before)];
      const { code, json, err } = await run('k8s', '--from-server', before.url, '--json');
      await before.stop();
      assert.equal(code, 0, err);
      const flags: string[] = json.effectiveFlags.map((word: string) =>
        word === '/models/tiny-v1.gguf' ? model : word,
      );
      // On the same port, too.
      const after = await startServer({ model: null, args: flags, port: before.port });
      try {
        assert.deepEqual(await told(after), props);
        assert.equal(await poolOf(after), pool);
        assert.equal(json.sizing.unified, pool === "kv_unified = 'true'");
        assert.equal(json.sizing.contextPerSlot, props.default_generation_settings.n_ctx);
      } finally {
        await after.stop();
      }
    });
  }
});
