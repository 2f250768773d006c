import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { TARGETS } from '../../src/deploy/targets.js';
import { parseManifests } from '../../src/deploy/verify/manifest.js';
import { RULES } from '../../src/deploy/verify/rules.js';
import { type ManifestFinding, verifyManifests, verifyPaths } from '../../src/deploy/verify/verify.js';
import { optionMatrix } from './matrix.js';
import { type Document, readYaml } from './read-back.js';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const nothing = Readable.from([]);

/** Line, rule and severity of each finding. */
function shown(findings: readonly ManifestFinding[]): string[] {
  return findings.map(({ line, check, severity }) => `${line} ${check} ${severity}`);
}

function verify(files: Readonly<Record<string, string>>) {
  const manifests = Object.entries(files).flatMap(([file, text]) => {
    const parsed = parseManifests(file, text);
    assert.ok(Array.isArray(parsed), `${file} is YAML: ${JSON.stringify(parsed)}`);
    return parsed;
  });
  return verifyManifests(manifests);
}

/** A whole output of ours, by the names of its files. */
function outputOf(name: string): Record<string, string> {
  const folder = join(FIXTURES, 'deploy', name);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(?:ya?ml|json)$/.test(file),
  );
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}

describe('deploy-gen verify: the manifests of the specification', () => {
  it('of Docker Compose has every flaw that is known', async () => {
    const { verification } = await verifyPaths(
      [join(FIXTURES, 'verify/specification-compose.yaml')],
      nothing,
    );
    assert.deepEqual(shown(verification.findings), [
      '2 compose-version warning',
      '4 stop warning',
      '4 security-context warning',
      '5 image error',
      '5 gpu-image error',
      '7 public-key error',
      '12 command error',
      '20 environment error',
      '28 healthcheck warning',
    ]);
    const said = verification.findings.map(({ title }) => title).join('\n');
    for (const word of ['version:', '--server', 'LLAMA_CACHE_DIR', 'no GPU backend', 'no longer built'])
      assert.ok(said.includes(word), word);
  });

  it('of Kubernetes has every flaw that is known, and arguments that no build takes', async () => {
    const { verification } = await verifyPaths([join(FIXTURES, 'verify/specification-k8s.yaml')], nothing);
    assert.deepEqual(shown(verification.findings), [
      '6 rollout error',
      '15 stop warning',
      '17 probes warning',
      '17 threads warning',
      '17 prompt-cache warning',
      '17 security-context warning',
      '18 image error',
      '18 gpu-image error',
      '36 environment warning',
      '38 command warning',
      '40 flags error',
      '41 flags error',
      '42 flags error',
      '43 flags error',
      '44 flags error',
    ]);
    assert.deepEqual(verification.findings.at(-1)?.remedies[0]?.commands, ['- --gpu-layers', '- "32"']);
  });
});

describe('deploy-gen verify: our own manifests', () => {
  for (const name of readdirSync(join(FIXTURES, 'deploy'))) {
    it(`${name} is clean`, async () => {
      const { verification } = await verifyPaths([join(FIXTURES, 'deploy', name)], nothing);
      assert.deepEqual(verification.findings, []);
      assert.ok(verification.servers.length > 0);
    });
  }

  it('are clean whatever is asked for', () => {
    for (const { name, plan } of optionMatrix()) {
      for (const target of [TARGETS['docker-compose'], TARGETS.k8s]) {
        const files = target
          .files(plan, { explain: false })
          .filter(({ path }) => /\.(?:ya?ml|json)$/.test(path))
          .map(({ path, content }) => [path, content]);
        const { findings, servers } = verify(Object.fromEntries(files));
        assert.deepEqual(shown(findings), [], name);
        assert.ok(servers.length > 0, name);
      }
    }
  });
});

describe('deploy-gen verify: as others write it', () => {
  const found = (text: string) =>
    verify({ 'compose.yaml': text }).findings.filter(
      ({ check }) => !['security-context', 'stop', 'public-key'].includes(check ?? ''),
    );
  const compose = (...lines: string[]) =>
    found(`services:\n  llama:\n${lines.map((line) => `    ${line}\n`).join('')}`);
  const healthy = 'healthcheck: { test: "curl -f http://localhost:8080/health", start_period: 60s }';
  const image = 'image: ghcr.io/ggml-org/llama.cpp:server';

  it('takes variables of ports by their defaults', () => {
    const ports = `ports: ["127.0.0.1:\${PORT:-8001}:\${PORT:-8001}"]`;
    const at = (port: string) =>
      compose(
        image,
        `command: ["--port", "${port}"]`,
        ports,
        'healthcheck: { disable: false, start_period: 1s }',
      );
    assert.deepEqual(shown(at(`\${PORT:-8001}`)), []);
    assert.match(
      at('9000')
        .map(({ title }) => title)
        .join(),
      /sent to port 8001 of the container/,
    );
    assert.deepEqual(
      shown(
        verify({
          'a.yaml': `services: { a: { image: "ghcr.io/ggml-org/llama.cpp:server", ports: ["\${BIND:-127.0.0.1}:8080:8080"] } }`,
        }).findings,
      ).filter((line) => line.includes('public-key')),
      [],
    );
  });

  it('knows a server that listens on a socket of the file system', () => {
    const command = 'command: --host /run/llama/llama.sock';
    const [flaw] = compose(image, command, 'volumes: ["/srv/run:/run/llama"]');
    assert.equal(flaw?.check, 'healthcheck');
    assert.match(JSON.stringify(flaw?.remedies), /--unix-socket, \/run\/llama\/llama\.sock/);
    assert.deepEqual(
      compose(
        image,
        command,
        'healthcheck: { test: "curl -f --unix-socket /run/llama/llama.sock http://localhost/health", start_period: 9s }',
      ),
      [],
    );
  });

  it('says at once that a check below the prefix needs the key too', () => {
    const check = 'healthcheck: { test: "curl -f http://localhost:8080/health", start_period: 60s }';
    const [flaw] = compose(image, check, 'command: --api-prefix /llm --api-key-file /run/secrets/key');
    assert.match(flaw?.title ?? '', /outside the prefix \/llm/);
    assert.match(JSON.stringify(flaw?.remedies), /127\.0\.0\.1:8080\/llm\/health/);
    assert.match(JSON.stringify(flaw?.remedies), /with the key from its file/);
  });

  it('finds a health check with a program that the image does not have', () => {
    const check = (test: string) => compose(image, `healthcheck: { test: ${test}, start_period: 60s }`);
    const [wget] = check('[CMD, wget, -qO-, "http://localhost:8080/health"]');
    assert.match(wget?.title ?? '', /runs wget, which the image does not have/);
    assert.match(check('"nc -z localhost 8080"')[0]?.title ?? '', /runs nc/);
    assert.deepEqual(check('"curl -f http://localhost:8080/health || exit 1"'), []);
    assert.deepEqual(
      found(
        `services: { a: { image: "registry.example.com/llama-server:1", healthcheck: { test: "wget http://localhost:8080/health", start_period: 9s } } }`,
      ),
      [],
      "somebody else's image may have it",
    );
  });

  it('finds what keeps the program from being found', () => {
    const hidden = compose(image, healthy, 'volumes: ["./:/app"]', 'command: -hf a/b');
    assert.match(hidden[0]?.title ?? '', /what is mounted at \/app hides llama-server/);
    const old = compose(image, healthy, "entrypoint: ''", 'command: /llama-server -hf a/b');
    assert.match(old[0]?.title ?? '', /there is no \/llama-server in the image/);
    assert.deepEqual(compose(image, healthy, "entrypoint: ''", 'command: /app/llama-server -hf a/b'), []);
    assert.deepEqual(compose(image, healthy, 'volumes: ["./x:/app/x"]', 'command: -hf a/b'), []);
  });

  it('reads what is built from the sources of llama.cpp', () => {
    const build =
      'build: { context: "https://github.com/ggml-org/llama.cpp.git#master", dockerfile: .devops/cuda.Dockerfile, target: full }';
    const flaws = compose(build, healthy, 'gpus: all', 'command: --server -hf a/b --mlock');
    assert.match(flaws.map(({ title }) => title).join(), /--mlock is gone/);
    assert.equal(
      verify({ 'a.yaml': 'services: { a: { build: ./app, command: --port 1 } }' }).servers.length,
      0,
    );
  });

  it('claims less of a build that is older than those that are known', () => {
    const of = (tag: string) =>
      compose(`image: ghcr.io/ggml-org/llama.cpp:server-${tag}`, healthy, 'command: -hf a/b -fa');
    assert.deepEqual(shown(of('b11434')), ['5 flags error']);
    const [older] = of('b5200');
    assert.equal(older?.severity, 'warning');
    assert.match(older?.evidence.join() ?? '', /b5200, which is older than the builds that are known/);
  });

  it('takes a GPU of Swarm, or of a default runtime, for one', () => {
    const cuda = 'image: ghcr.io/ggml-org/llama.cpp:server-cuda';
    assert.match(compose(cuda, healthy)[0]?.title ?? '', /given no GPU/);
    assert.deepEqual(compose(cuda, healthy, 'environment: [NVIDIA_VISIBLE_DEVICES=0]'), []);
    assert.match(
      compose(cuda, healthy, 'environment: [NVIDIA_VISIBLE_DEVICES=none]')[0]?.title ?? '',
      /given no GPU/,
    );
    const reserved = 'generic_resources: [{ discrete_resource_spec: { kind: NVIDIA-GPU, value: 1 } }]';
    assert.deepEqual(compose(cuda, healthy, `deploy: { resources: { reservations: { ${reserved} } } }`), []);
  });

  it('reads $(NAME) in arguments of a pod by its own variables', () => {
    const pod = (env: string) =>
      verify({
        'pod.yaml': `kind: Pod\nspec:\n  containers:\n    - image: ghcr.io/ggml-org/llama.cpp:server\n      args: [--port, $(PORT)]\n      env: [${env}]\n      readinessProbe: { httpGet: { path: /health, port: 8000 } }\n`,
      }).findings.filter(({ title }) => title.startsWith('readinessProbe'));
    assert.match(
      pod('{ name: PORT, value: "9000" }')[0]?.title ?? '',
      /port 8000, and the server listens on 9000/,
    );
    assert.deepEqual(pod('{ name: PORT, value: "8000" }'), []);
    assert.deepEqual(pod('{ name: PORT, valueFrom: { configMapKeyRef: { name: a, key: b } } }'), []);
  });

  it('finds a key in a variable that nobody reads', () => {
    const [flaw] = compose(image, healthy, 'environment: [LLAMA_API_KEY_FILE=/run/secrets/key]');
    assert.match(flaw?.title ?? '', /LLAMA_API_KEY_FILE is read by nobody/);
    assert.match(JSON.stringify(flaw?.remedies), /LLAMA_ARG_API_KEY_FILE: \/run\/secrets\/key/);
    assert.deepEqual(compose(image, healthy, 'environment: [LLAMA_ARG_API_KEY_FILE=/run/secrets/key]'), []);
  });

  it('names the variable of a flag that was meant, and the image with a backend', () => {
    const [variable] = compose(image, healthy, 'environment: [LLAMA_ARG_NGL=99]');
    assert.match(JSON.stringify(variable?.remedies), /LLAMA_ARG_N_GPU_LAYERS/);
    const [gpu] = compose(
      'image: ghcr.io/ggml-org/llama.cpp:full',
      healthy,
      'gpus: all',
      'command: --server -hf a/b',
    );
    assert.match(JSON.stringify(gpu?.remedies), /llama\.cpp:full-cuda/);
  });
});

/** Every place of a document. */
function pathsOf(value: Document, at: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const own = [...at, Array.isArray(value) ? Number(name) : name];
    return [own, ...pathsOf(item, own)];
  });
}

/** Our own output, spoiled at one place, and what must be found then. */
const SPOILED: readonly {
  readonly what: string;
  readonly output: string;
  readonly file: string;
  readonly from: string | RegExp;
  readonly to: string;
  readonly rule: string;
  readonly says: RegExp;
  /** A text of the line that must be named. */
  readonly line: RegExp;
}[] = [
  {
    what: 'the old registry path',
    output: 'compose-local',
    file: 'compose.yaml',
    from: 'ggml-org',
    to: 'ggerganov',
    rule: 'image',
    says: /no longer built/,
    line: /image:/,
  },
  {
    what: 'a CPU image for a GPU',
    output: 'k8s-gpu-ingress',
    file: 'server.yaml',
    from: /server-cuda-b11434/g,
    to: 'server-b11434',
    rule: 'gpu-image',
    says: /stays unused/,
    line: /image:/,
  },
  {
    what: 'GPU layers on a CPU image',
    output: 'compose-local',
    file: 'compose.yaml',
    from: '- --metrics',
    to: '- --metrics\n      - -ngl\n      - "99"',
    rule: 'gpu-image',
    says: /layers are to go to a GPU/,
    line: /-ngl/,
  },
  {
    what: 'a GPU image without a GPU',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: /llama\.cpp:server/g,
    to: 'llama.cpp:server-vulkan',
    rule: 'gpu-image',
    says: /is given no GPU/,
    line: /image:/,
  },
  {
    what: 'an old Compose version',
    output: 'compose-local',
    file: 'compose.yaml',
    from: 'name: ',
    to: "version: '3.8'\nname: ",
    rule: 'compose-version',
    says: /obsolete/,
    line: /^version/,
  },
  {
    what: 'the program before its arguments',
    output: 'compose-local',
    file: 'compose.yaml',
    from: '      - --model\n',
    to: '      - ./llama-server\n      - --model\n',
    rule: 'command',
    says: /entrypoint of the image starts already/,
    line: /llama-server/,
  },
  {
    what: 'a flag that is gone',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: '- --metrics',
    to: '- --metrics\n            - --no-mmap',
    rule: 'flags',
    says: /--no-mmap is gone/,
    line: /--no-mmap/,
  },
  {
    what: 'a bare -fa',
    output: 'compose-local',
    file: 'compose.yaml',
    from: '- --metrics',
    to: '- -fa\n      - --metrics',
    rule: 'flags',
    says: /wants a value: on, off, auto/,
    line: /-fa/,
  },
  {
    what: 'a variable that is read no more',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: '          ports:\n',
    to: '          env:\n            - name: LLAMA_ARG_MLOCK\n              value: "1"\n          ports:\n',
    rule: 'environment',
    says: /LLAMA_ARG_MLOCK is not read/,
    line: /LLAMA_ARG_MLOCK/,
  },
  {
    what: 'a number where text must be',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: '- "8080"',
    to: '- 8080',
    rule: 'yaml-types',
    says: /read as a number/,
    line: /- 8080/,
  },
  {
    what: 'a number in a list of Compose',
    output: 'compose-local',
    file: 'compose.yaml',
    from: '- "8080"',
    to: '- 8080',
    rule: 'yaml-types',
    says: /read as a number/,
    line: /- 8080/,
  },
  {
    what: 'a variable of the host for one of the container',
    output: 'compose-local',
    file: 'compose.yaml',
    from: '    healthcheck:\n      test: [CMD, curl, ',
    to: '    environment: { AGENT: probe }\n    healthcheck:\n      test: [CMD, curl, -A, "$AGENT", ',
    rule: 'interpolation',
    says: /\$AGENT is the host's variable/,
    line: /test:/,
  },
  {
    what: 'a switch of YAML 1.1',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: '- --metrics',
    to: '- --metrics\n            - -fa\n            - on',
    rule: 'yaml-types',
    says: /read as a switch \(true\)/,
    line: /- on$/,
  },
  {
    what: 'a model that is mounted elsewhere',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: /mountPath: \/models\n {14}readOnly/,
    to: 'mountPath: /data\n              readOnly',
    rule: 'model-volume',
    says: /nothing is mounted where \/models\//,
    line: /--model$/,
  },
  {
    what: 'an address of the container alone',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: '"0.0.0.0"',
    to: '"127.0.0.1"',
    rule: 'bind-address',
    says: /127\.0\.0\.1/,
    line: /--host/,
  },
  {
    what: 'an update that waits for itself',
    output: 'k8s-gpu-ingress',
    file: 'server.yaml',
    from: 'type: Recreate',
    to: 'type: RollingUpdate',
    rule: 'rollout',
    says: /waits forever/,
    line: /strategy/,
  },
  {
    what: 'a probe of another port',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: /(livenessProbe:\n +httpGet:\n +path: \/health\n +port: )http/,
    to: '$18081',
    rule: 'probes',
    says: /port 8081, and the server listens on 8080/,
    line: /livenessProbe/,
  },
  {
    what: 'a probe that has no key',
    output: 'k8s-gpu-ingress',
    file: 'server.yaml',
    from: /readinessProbe:\n +exec:\n(?: +(?:command:|- ).*\n){4}/,
    to: 'readinessProbe:\n            httpGet: { path: /llm/health, port: http }\n',
    rule: 'probes',
    says: /answers 401/,
    line: /readinessProbe/,
  },
  {
    what: 'a probe outside the prefix',
    output: 'k8s-gpu-ingress',
    file: 'server.yaml',
    from: /readinessProbe:\n +exec:\n(?: +(?:command:|- ).*\n){4}/,
    to: 'readinessProbe:\n            httpGet: { path: /health, port: http }\n',
    rule: 'probes',
    says: /outside the prefix \/llm/,
    line: /readinessProbe/,
  },
  {
    what: 'no readiness probe',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: 'readinessProbe:',
    to: 'unreadProbe:',
    rule: 'probes',
    says: /missing/,
    line: /- name: server/,
  },
  {
    what: 'a liveness probe in a hurry',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: /startupProbe:([\s\S]*)periodSeconds: 30/,
    to: 'unusedProbe:$1periodSeconds: 5',
    rule: 'probes',
    says: /killed when it has not loaded after 30 s/,
    line: /livenessProbe/,
  },
  {
    what: 'a health check of another port',
    output: 'compose-local',
    file: 'compose.yaml',
    from: ':8080/health',
    to: ':9090/health',
    rule: 'healthcheck',
    says: /asks port 9090, and the server listens on 8080/,
    line: /healthcheck/,
  },
  {
    what: 'the check of the image, with a prefix',
    output: 'compose-router-nginx',
    file: 'compose.yaml',
    from: '  healthcheck:\n    test:\n',
    to: '  x-check:\n    test:\n',
    rule: 'healthcheck',
    says: /where this server is not/,
    line: /llama-1/,
  },
  {
    what: 'a port for everybody',
    output: 'compose-local',
    file: 'compose.yaml',
    from: '127.0.0.1:8080:8080',
    to: '8080:8080',
    rule: 'public-key',
    says: /wants no key/,
    line: /ports/,
  },
  {
    what: 'the network of the host',
    output: 'compose-local',
    file: 'compose.yaml',
    from: /ports: \[.*\]/,
    to: 'network_mode: host',
    rule: 'public-key',
    says: /wants no key/,
    line: /network_mode/,
  },
  {
    what: 'a port where nobody listens',
    output: 'compose-local',
    file: 'compose.yaml',
    from: '127.0.0.1:8080:8080',
    to: '127.0.0.1:8080:9090',
    rule: 'ports',
    says: /port 9090 of the container, and the server listens on 8080/,
    line: /ports/,
  },
  {
    what: 'a Service that leads nowhere',
    output: 'k8s-hub',
    file: 'network.yaml',
    from: 'targetPort: http',
    to: 'targetPort: 9090',
    rule: 'ports',
    says: /port 9090 of the pod, and the server listens on 8080/,
    line: /- name: http/,
  },
  {
    what: 'a Service for everybody',
    output: 'k8s-hub',
    file: 'network.yaml',
    from: 'spec:\n  selector:',
    to: 'spec:\n  type: LoadBalancer\n  selector:',
    rule: 'public-key',
    says: /wants no key/,
    line: /LoadBalancer/,
  },
  {
    what: 'a route for everybody',
    output: 'k8s-image-volume-gateway',
    file: 'server.yaml',
    from: /- --api-key-file\n.*\n/,
    to: '\n',
    rule: 'public-key',
    says: /wants no key/,
    line: /^spec:/,
  },
  {
    what: 'a key in the manifest',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: '- --metrics',
    to: '- --metrics\n            - --api-key\n            - example',
    rule: 'key-in-sight',
    says: /process list/,
    line: /--api-key/,
  },
  {
    what: 'more threads than CPUs',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: /--threads\n +- "\d+"/,
    to: '--threads\n            - "64"',
    rule: 'threads',
    says: /64 threads, and 4 CPUs/,
    line: /--threads/,
  },
  {
    what: 'a prompt cache above the limit',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: /--cache-ram\n +- "\d+"/,
    to: '--cache-ram\n            - "65536"',
    rule: 'prompt-cache',
    says: /65536 MiB fills/,
    line: /--cache-ram/,
  },
  {
    what: 'no time to stop',
    output: 'compose-local',
    file: 'compose.yaml',
    from: 'stop_grace_period: 45s',
    to: 'stop_grace_period: 10s',
    rule: 'stop',
    says: /killed while it stops/,
    line: /stop_grace_period/,
  },
  {
    what: 'no drain',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: 'preStop:',
    to: 'postStart:',
    rule: 'stop',
    says: /cut off at every stop/,
    line: /^ {4}spec:/,
  },
  {
    what: 'scrapes of a server without metrics',
    output: 'k8s-autoscaled-monitoring',
    file: 'server.yaml',
    from: /- --metrics\n/,
    to: '\n',
    rule: 'scrape',
    says: /answers 501/,
    line: /- port: http/,
  },
  {
    what: 'scrapes that load models',
    output: 'k8s-router',
    file: 'monitoring.yaml',
    from: /autoload: \["false"\]|autoload:\n +- "false"/g,
    to: 'autoload: ["true"]',
    rule: 'scrape',
    says: /loads the model/,
    line: /- port: http/,
  },
  {
    what: 'an alert on a metric that is gone',
    output: 'k8s-autoscaled-monitoring',
    file: 'monitoring.yaml',
    from: 'expr: llamacpp:requests_deferred',
    to: 'expr: llamacpp:kv_cache_usage_ratio',
    rule: 'metrics',
    says: /kv_cache_usage_ratio is gone/,
    line: /expr/,
  },
  {
    what: 'a dashboard with a metric that never was',
    output: 'compose-gpus-monitoring',
    file: 'monitoring/llama-server.json',
    from: 'llamacpp:n_tokens_max',
    to: 'llamacpp:n_tokens_maximum',
    rule: 'metrics',
    says: /is no metric/,
    line: /expr/,
  },
  {
    what: 'scaling on a gauge that every scrape resets',
    output: 'k8s-autoscaled-monitoring',
    file: 'scaling.yaml',
    from: 'sum(llamacpp:requests_processing',
    to: 'sum(llamacpp:predicted_tokens_seconds',
    rule: 'metrics',
    says: /reset by every scrape/,
    line: /query/,
  },
  {
    what: 'scaling on CPU',
    output: 'k8s-autoscaled-monitoring',
    file: 'scaling.yaml',
    from: '- type: prometheus',
    to: '- type: cpu',
    rule: 'metrics',
    says: /scaling on cpu says nothing/,
    line: /- type: cpu/,
  },
  {
    what: 'a root user',
    output: 'compose-local',
    file: 'compose.yaml',
    from: 'user: "65534:65534"',
    to: 'user: root',
    rule: 'security-context',
    says: /more rights/,
    line: /^ {2}\S+:$/,
  },
  {
    what: 'a privileged container',
    output: 'k8s-hub',
    file: 'server.yaml',
    from: /(allowPrivilegeEscalation: false)(?![\s\S]*allowPrivilegeEscalation)/,
    to: '$1\n            privileged: true',
    rule: 'security-context',
    says: /privileged/,
    line: /securityContext/,
  },
];

describe('deploy-gen verify: one thing spoiled', () => {
  for (const { what, output, file, from, to, rule, says, line } of SPOILED) {
    it(what, () => {
      const files = outputOf(output);
      const before = files[file] ?? '';
      const after = before.replace(from, to);
      assert.notEqual(after, before, 'the text to spoil is there');
      const { findings } = verify({ ...files, [file]: after });
      assert.deepEqual([...new Set(findings.map(({ check }) => check))], [rule], JSON.stringify(findings));
      const [first] = findings;
      assert.match(first?.title ?? '', says);
      const named = { ...files, [file]: after }[first?.file ?? '']?.split('\n')[(first?.line ?? 0) - 1] ?? '';
      assert.match(named, line, `${first?.file}:${first?.line}`);
    });
  }

  it('a Service whose variables end the server', () => {
    const files = outputOf('k8s-hub');
    const pods = (files['server.yaml'] ?? '').replace('      enableServiceLinks: false\n', '');
    const named = (files['network.yaml'] ?? '').replace(
      /(kind: Service\nmetadata:\n {2}name: )llama/,
      '$1llama-arg',
    );
    const { findings } = verify({ ...files, 'server.yaml': pods, 'network.yaml': named });
    assert.deepEqual(
      shown(findings).map((each) => each.replace(/^\d+ /, '')),
      ['service-links error'],
    );
  });

  it('a sleeping server that is woken by its probe', () => {
    const files = outputOf('k8s-hub');
    const server = (files['server.yaml'] ?? '')
      .replace('- --metrics', '- --metrics\n            - --sleep-idle-seconds\n            - "300"')
      .replace(/(livenessProbe:\n +httpGet:\n +path: )\/health/, '$1/slots');
    const { findings } = verify({ ...files, 'server.yaml': server });
    assert.deepEqual(
      findings.map(({ title }) => title),
      ['livenessProbe: /slots wakes a server that sleeps, so that it never does'],
    );
  });

  it('others’ manifests that are right are left alone', () => {
    const compose = outputOf('compose-local')['compose.yaml'] ?? '';
    const harmless = [
      // What is called after llama.cpp is neither a metric nor, with a program of its own, a server.
      compose.replace(
        'services:\n',
        'services:\n  web:\n    image: docker.io/me/llamacpp:web\n    command: python app.py\n    volumes: ["llamacpp_data:/data"]\n',
      ),
      // On the host's own network loopback is reached, and closed to others.
      compose.replace(/ports: \[.*\]/, 'network_mode: host').replace('"0.0.0.0"', '"127.0.0.1"'),
      // A variable of the user's shell may be anything.
      compose.replace('- --metrics', '- --metrics\n      - $EXTRA_FLAG'),
      // Compose reads YAML 1.2 here, and numbers of variables and ports are text to it.
      compose.replace('- --metrics', '- --metrics\n      - -fa\n      - on'),
      compose.replace('    init: true', '    environment: { TEMP: 1, TIME: 12:30 }\n    init: true'),
      compose.replace(/- --port\n +- "8080"/, '- --port\n      - $PORT'),
    ];
    for (const text of harmless) {
      assert.notEqual(text, compose);
      const { findings, servers } = verify({ 'compose.yaml': text });
      assert.deepEqual(findings, []);
      assert.deepEqual(
        servers.map(({ name }) => name),
        ['llama'],
      );
    }
    const k8s = outputOf('k8s-hub');
    const inside = 'annotations: { networking.gke.io/load-balancer-type: Internal }\n  labels:';
    const network = (k8s['network.yaml'] ?? '')
      .replace('labels:', inside)
      .replace('spec:\n', 'spec:\n  type: LoadBalancer\n');
    assert.deepEqual(verify({ ...k8s, 'network.yaml': network }).findings, []);
  });

  it('finds a server in a shell’s line, and in the image with all tools', () => {
    const { findings, servers } = verify({
      'pod.yaml': `kind: Pod
spec:
  containers:
    - name: shell
      image: example.com/tools
      command: [sh, -c, "cd /models && exec llama-server -m 'a b.gguf' --mlock && echo --draft"]
    - name: all
      image: ghcr.io/ggml-org/llama.cpp:full
      args: [--server, --no-mmap]
    - name: convert
      image: ghcr.io/ggml-org/llama.cpp:full
      args: [--convert, /models]
`,
    });
    assert.deepEqual(
      servers.map(({ name }) => name),
      ['shell', 'all'],
    );
    assert.deepEqual(
      findings.filter(({ check }) => check === 'flags').map(({ title }) => title.split(' ')[0]),
      ['--mlock', '--no-mmap'],
    );
    assert.ok(!findings.some(({ check }) => check === 'command'));
  });

  it('takes any value anywhere without failing', () => {
    for (const output of ['k8s-autoscaled-monitoring', 'k8s-gpu-ingress', 'compose-router-nginx']) {
      for (const [file, text] of Object.entries(outputOf(output))) {
        for (const [index, whole] of readYaml(text).entries()) {
          for (const [place, at] of pathsOf(whole).entries()) {
            for (const strange of [[null, 5, 'x'][place % 3], [[], [null], {}][place % 3]]) {
              const changed = structuredClone(whole);
              const key = at.at(-1);
              const parent = at.slice(0, -1).reduce((node, step) => node[step], changed);
              parent[key ?? ''] = strange;
              const { findings } = verify({ [file]: JSON.stringify(changed) });
              assert.ok(Array.isArray(findings), `${output}/${file} ${index} ${at.join('.')}`);
            }
          }
        }
      }
    }
  });

  it('is tried for every rule', () => {
    const tried = new Set([...SPOILED.map(({ rule }) => rule), 'service-links']);
    assert.deepEqual(
      RULES.map(({ id }) => id).filter((id) => !tried.has(id)),
      [],
    );
  });
});
