import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { flagOf, type OptionsInput, parseOptions } from '../../src/deploy/options.js';
import { generateOverlays } from '../../src/deploy/overlays.js';
import { planDeployment } from '../../src/deploy/plan.js';
import type { GeneratedFile } from '../../src/deploy/target.js';
import { TARGETS } from '../../src/deploy/targets.js';
import { rendered, writeChart } from '../deploy/chart.js';
import { optionMatrix, sample } from '../deploy/matrix.js';
import { HUB_MODEL } from '../deploy/models.js';
import { OVERLAYS } from '../deploy/overlay-values.js';
import type { Document } from '../deploy/read-back.js';
import { tinyModel } from '../support/real-server.js';
import { hasValidator, VALIDATORS, type Validator } from '../support/validators.js';
import { type Answer, type ApiServer, startApiServer } from './api-server.js';

const SNAPSHOTS = fileURLToPath(new URL('../fixtures/deploy/', import.meta.url));
/** Where outputs go that name no namespace of their own. */
const NAMESPACE = 'restricted';

/** Charts that helm makes objects of; test/deploy holds them to be those of k8s. */
const CHARTS = 14;

/** Documents of a stream or a file, as they stand. */
function documents(files: readonly GeneratedFile[]): string[] {
  return files
    .filter(({ path }) => path.endsWith('.yaml') && path !== 'kustomization.yaml')
    .flatMap(({ content }) => content.split(/^---$/m))
    .filter((text) => text.trim() !== '');
}

function snapshot(name: string): GeneratedFile[] {
  const folder = join(SNAPSHOTS, name);
  return readdirSync(folder).map((path) => ({ path, content: readFileSync(join(folder, path), 'utf8') }));
}

/** A namespace in which Pod Security forbids, and warns of what it would forbid in a workload. */
function restricted(name: string): string {
  const label = (mode: string) => `    pod-security.kubernetes.io/${mode}: restricted\n`;
  return `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n  labels:\n${label('enforce')}${label('warn')}`;
}

/** What an object's refusal or warning would show the one who applies it. */
function complaints(answers: readonly Answer[]): string[] {
  return answers.flatMap(({ message, warnings }) => [...(message === '' ? [] : [message]), ...warnings]);
}

/** A change to a snapshot that no cluster must take. */
interface Spoiling {
  readonly what: string;
  readonly of: string;
  readonly from: string;
  readonly to: string;
  /** What the server says. */
  readonly complaint: RegExp;
}

const SPOILINGS: readonly Spoiling[] = [
  {
    what: 'a root user',
    of: 'k8s-hub',
    from: 'runAsUser: 65534',
    to: 'runAsUser: 0',
    complaint: /violate PodSecurity.*runAsUser=0/,
  },
  {
    what: 'capabilities that are not dropped',
    of: 'k8s-hub',
    from: '            capabilities:\n              drop: [ALL]\n',
    to: '',
    complaint: /violate PodSecurity.*unrestricted capabilities/,
  },
  {
    what: 'a folder of the node',
    of: 'k8s-hub',
    from: 'emptyDir:\n            sizeLimit: 64Mi',
    to: 'hostPath:\n            path: /tmp',
    complaint: /violate PodSecurity.*hostPath/,
  },
  {
    what: 'a misspelt field',
    of: 'k8s-hub',
    from: 'livenessProbe:',
    to: 'livenesProbe:',
    complaint: /livenesProbe/,
  },
  {
    what: 'a misspelt field of a CRD',
    of: 'k8s-autoscaled-monitoring',
    from: 'minReplicaCount',
    to: 'minReplicasCount',
    complaint: /minReplicasCount/,
  },
  {
    what: 'a name that is not one of DNS',
    of: 'k8s-hub',
    from: 'kind: Service\nmetadata:\n  name: llama',
    to: 'kind: Service\nmetadata:\n  name: Llama_1',
    complaint: /DNS-10\d\d|a lowercase RFC 10/,
  },
  {
    what: 'a version of the API that is gone',
    of: 'k8s-hub',
    from: 'apiVersion: apps/v1',
    to: 'apiVersion: apps/v1beta1',
    complaint: /no matches for kind|could not find the requested resource|404 page not found/,
  },
  {
    what: 'a selector that finds other pods',
    of: 'k8s-hub',
    from: 'selector:\n    matchLabels:\n      app.kubernetes.io/name: llama-server',
    to: 'selector:\n    matchLabels:\n      app.kubernetes.io/name: other',
    complaint: /`?selector`? does not match template `?labels`?/,
  },
  {
    what: 'a number that ought to be a string',
    of: 'k8s-hub',
    from: '- "8080"',
    to: '- 8080',
    complaint: /args/,
  },
  {
    what: 'the same key twice',
    of: 'k8s-hub',
    from: 'enableServiceLinks: false',
    to: 'enableServiceLinks: false\n      enableServiceLinks: true',
    complaint: /already set|duplicate|already defined/,
  },
  {
    what: 'an amount that is none',
    of: 'k8s-hub',
    from: 'storage: 3Gi',
    to: 'storage: 3 GB',
    complaint: /quantit/,
  },
  {
    what: 'a deadline of the Gateway API that its own rule forbids',
    of: 'k8s-image-volume-gateway',
    from: 'backendRequest: 3600s',
    to: 'backendRequest: 3601s',
    complaint: /backendRequest timeout cannot be longer than request timeout/,
  },
  {
    what: 'an alert without an expression',
    of: 'k8s-router',
    from: 'expr:',
    to: 'exp:',
    complaint: /\bexp\b/,
  },
];

/** A name of 253 characters, as long as names of objects may be. */
const LONGEST = `a-${'b'.repeat(60)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(62)}`;

/** What the options allow at most. */
const EXTREMES: Readonly<Record<string, OptionsInput>> = {
  'the longest names': {
    name: 'n'.repeat(40),
    namespace: 's'.repeat(63),
    alias: 'a'.repeat(100),
    apiKeySecret: `${LONGEST}/${'K'.repeat(253)}`,
    hfTokenSecret: LONGEST,
    host: LONGEST,
    ingressClass: LONGEST,
    storageClass: LONGEST,
    autoscale: '99..100',
    monitoring: true,
    apiPrefix: '/~a/b.c-d_e/v1',
    port: 65_535,
  },
  'the longest names behind a gateway': {
    name: 'n'.repeat(40),
    namespace: '0'.repeat(63),
    apiKeySecret: 'a/_',
    host: LONGEST,
    gateway: `${'g'.repeat(63)}/${LONGEST}`,
    storage: `pvc:${LONGEST}`,
    replicas: 100,
    gpus: 16,
    cpu: 1024,
    memory: '100TiB',
    port: 1024,
  },
  'the least of all': { namespace: 'a', name: 'a', cpu: '100m', memory: '4GiB', ctxSize: 256, parallel: 1 },
};

function spoiled({ of, from, to }: Spoiling): GeneratedFile[] {
  const files = snapshot(of);
  const found = files.findIndex(({ content }) => content.includes(from));
  assert.ok(found >= 0, `${of} has ${from}`);
  return files.map((file, index) =>
    index === found ? { ...file, content: file.content.replace(from, to) } : file,
  );
}

const NEEDED: readonly Validator[] = ['kubeApiServer', 'etcd', 'crds', 'kubectl', 'helm'];
if (NEEDED.every(hasValidator)) {
  describe('what a Kubernetes API server says', function () {
    this.timeout(300_000);
    let server: ApiServer;
    let folder: string;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'llamactl-admission-'));
      server = await startApiServer(NAMESPACE);
      // The namespaces that outputs name are there already, and forbid more than the output's own object does.
      for (const name of [NAMESPACE, 'ai']) assert.equal(kubectl(['apply', '-f', '-'], restricted(name)), '');
    });
    after(async () => {
      await server?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const judged = (files: readonly GeneratedFile[]) => Promise.all(documents(files).map(server.judge));
    const judge = async (files: readonly GeneratedFile[]) => complaints(await judged(files));

    /** kubectl, as a user of the namespace runs it. @returns what it complains of; empty where all is taken */
    const kubectl = (args: readonly string[], input = '') => {
      const { status, stderr, error } = spawnSync(VALIDATORS.kubectl, args, {
        input,
        encoding: 'utf8',
        env: { HOME: folder, KUBECONFIG: server.kubeconfig },
      });
      assert.ifError(error);
      return status === 0 ? '' : stderr;
    };

    /** What it says of a folder of files. @param below where in it the `kustomization.yaml` is that is applied */
    const applied = (files: readonly GeneratedFile[], name: string, below = '.') => {
      const place = join(folder, name);
      for (const { path, content } of files) {
        mkdirSync(dirname(join(place, path)), { recursive: true });
        writeFileSync(join(place, path), content);
      }
      return kubectl([
        'apply',
        '-k',
        join(place, below),
        '--dry-run=server',
        '--warnings-as-errors',
        '--validate=strict',
      ]);
    };

    for (const { name, plan } of optionMatrix())
      it(`admits ${name}`, async () => {
        const answers = await judged(TARGETS.k8s.files(plan, { explain: false }));
        assert.deepEqual(complaints(answers), []);
        // The server's reader is one of YAML 1.1.
        const objects: Document[] = answers.map(({ text }) => JSON.parse(text));
        const workload = objects.find(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
        assert.deepEqual(workload?.spec.template.spec.containers[0].args, plan.args, 'read as it was meant');
      });

    for (const name of readdirSync(SNAPSHOTS).filter((each) => each.startsWith('k8s-'))) {
      it(`admits the snapshot ${name}, from kubectl too`, async () => {
        const files = snapshot(name);
        assert.deepEqual(await judge(files), []);
        assert.equal(applied(files, name), '');
      });
    }

    for (const base of [
      {},
      { namespace: 'ai', apiKeySecret: 'key', generateSecret: true },
    ] satisfies OptionsInput[]) {
      it(`admits the Kustomize base of ${JSON.stringify(base)}, and each overlay, from kubectl`, async () => {
        const given = Object.entries(OVERLAYS).map(([name, values]) => {
          const file = join(folder, `${name}.json`);
          // A namespace that is not there yet is not there for the objects of a dry run either.
          writeFileSync(
            file,
            JSON.stringify({ ...values, ...(values['namespace'] ? { namespace: 'ai' } : {}) }),
          );
          return `${name}=${file}`;
        });
        const { files } = await generateOverlays(
          { input: { model: [await tinyModel()], ...base }, placeOf: flagOf, explain: false, env: {} },
          given,
        );
        const name = `overlays-${Object.keys(base).length}`;
        for (const place of ['base', ...Object.keys(OVERLAYS).map((each) => `overlays/${each}`)])
          assert.equal(applied(files, name, place), '', place);
      });
    }

    for (const { name, plan } of sample(optionMatrix(), CHARTS)) {
      it(`admits what helm makes of the chart of ${name}`, async () => {
        const chart = writeChart(plan, mkdtempSync(join(folder, 'chart-')));
        const content = await rendered(chart, plan.options.name);
        assert.match(content, /helm\.sh\/hook"?: "?test/, 'the Pod of helm test, too');
        assert.deepEqual(await judge([{ path: 'rendered.yaml', content }]), []);
      });
    }

    for (const [what, options] of Object.entries(EXTREMES)) {
      it(`admits ${what}, its namespace made first as users make it`, async () => {
        const plan = planDeployment(parseOptions({ model: HUB_MODEL.given, ...options }), [HUB_MODEL]);
        const files = TARGETS.k8s.files(plan, { explain: true });
        const namespace = files.find(({ path }) => path === 'namespace.yaml');
        assert.equal(kubectl(['apply', '-f', '-'], namespace?.content), '');
        assert.deepEqual(await judge(files), []);
      });
    }

    for (const spoiling of SPOILINGS) {
      it(`refuses ${spoiling.what}, from kubectl too`, async () => {
        const files = spoiled(spoiling);
        const found = await judge(files);
        assert.equal(found.length, 1, found.join('\n'));
        assert.match(found[0] ?? '', spoiling.complaint);
        assert.match(applied(files, spoiling.what.replaceAll(/\W/g, '-')), spoiling.complaint);
      });
    }

    it('refuses the pods of a root user, not only warns of them', async () => {
      const pod = (user: number) =>
        `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  securityContext:\n    runAsUser: ${user}\n    runAsNonRoot: true\n    seccompProfile:\n      type: RuntimeDefault\n  containers:\n    - name: a\n      image: a\n      securityContext:\n        allowPrivilegeEscalation: false\n        capabilities:\n          drop: [ALL]\n`;
      assert.deepEqual(complaints([await server.judge(pod(65_534))]), []);
      const { status, message } = await server.judge(pod(0));
      assert.equal(status, 403, message);
    });
  });
}
