import { shellQuote } from '../../catalogue/fill.js';
import { PATHS } from '../flags.js';
import type { DeployPlan } from '../plan.js';
import type { DeployTarget, GeneratedFile, NextStep, TargetOptions } from '../target.js';
import { commandText, sizingText, TOKEN_UNUSED } from '../texts.js';
import { toYaml } from '../yaml.js';
import { dashboard, prometheusRule, serviceMonitor } from './k8s/monitoring.js';
import { disruptionBudget, headlessService, networkPolicy, route, service } from './k8s/network.js';
import { isReplicated, type Manifest, namesOf } from './k8s/objects.js';
import { kubernetesReasons } from './k8s/reasons.js';
import { scaler } from './k8s/scaling.js';
import { claimOf, MODEL_CONTAINER, storageOf } from './k8s/storage.js';
import { apiKey, configMap, serviceAccount, workload, workloadKind } from './k8s/workload.js';

const KUSTOMIZATION = 'kustomization.yaml';
/** The file of the key. */
const SECRET = 'secret';

/** Manifests by concern, and a `kustomization.yaml` that applies them together. */
export const kubernetes: DeployTarget = {
  files: manifestFiles,
  stream: (files) =>
    files
      .filter(({ path }) => path !== KUSTOMIZATION)
      .map(({ content }) => content)
      .join('---\n'),
  // They are copied into a volume, by hand and through a network.
  hashes: ({ storage }) => storage === undefined || storage.kind === 'pvc',
  unused: ['loadBalancer'],
  warnings: (plan) => [
    ...(plan.key === null
      ? []
      : [`${SECRET}.yaml holds the key in the clear: keep it out of repositories, or seal it first`]),
    ...(plan.options.hfTokenSecret === undefined || plan.downloads ? [] : [TOKEN_UNUSED]),
    ...(plan.options.storage?.kind === 'claim' && isReplicated(plan)
      ? [
          `the claim ${plan.options.storage.name} must be one that several nodes may mount (ReadOnlyMany, ReadWriteMany)`,
        ]
      : []),
  ],
  next: nextSteps,
};

/** Objects that stand in one file. */
interface ManifestFile {
  readonly path: string;
  readonly objects: readonly Manifest[];
}

/** The objects of a plan, by concern. */
export function manifestsOf(plan: DeployPlan): ManifestFile[] {
  const storage = storageOf(plan);
  const kind = workloadKind(storage);
  const { monitoring, autoscale } = plan.options;
  const byFile: readonly (readonly [name: string, objects: readonly (Manifest | null)[]])[] = [
    ['namespace', [namespace(plan)]],
    ['server', [serviceAccount(plan), configMap(plan), workload(plan, storage)]],
    [SECRET, [apiKey(plan)]],
    ['storage', [claimOf(plan, storage)]],
    [
      'network',
      [
        service(plan),
        kind === 'StatefulSet' ? headlessService(plan) : null,
        networkPolicy(plan, storage),
        route(plan),
      ],
    ],
    ['scaling', [disruptionBudget(plan), scaler(plan, kind)]],
    [
      'monitoring',
      [
        monitoring || autoscale !== undefined ? serviceMonitor(plan) : null,
        ...(monitoring ? [prometheusRule(plan), dashboard(plan)] : []),
      ],
    ],
  ];
  return byFile.flatMap(([name, objects]) => {
    const present = objects.filter((object) => object !== null);
    return present.length === 0 ? [] : [{ path: `${name}.yaml`, objects: present }];
  });
}

function manifestFiles(plan: DeployPlan, { explain }: TargetOptions): GeneratedFile[] {
  const reasons = explain ? kubernetesReasons(plan, storageOf(plan)) : undefined;
  const header = [
    `${plan.models.map(({ alias }) => alias).join(', ')}: ${sizingText(plan)}.`,
    `Made by: ${commandText(plan, 'k8s')}`,
  ];
  const files = manifestsOf(plan).map(({ path, objects }, index) => ({
    path,
    content: objects
      .map((object, position) =>
        toYaml(object, {
          root: object.kind,
          reasons,
          ...(index === 0 && position === 0 ? { header } : {}),
        }),
      )
      .join('---\n'),
    ...(path === `${SECRET}.yaml` && plan.key !== null ? { key: plan.key } : {}),
  }));
  return [...files, kustomization(plan, files)];
}

function namespace({ options }: DeployPlan): Manifest | null {
  if (options.namespace === undefined) return null;
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: options.namespace,
      // Warns, and does not forbid: others may live in this namespace already.
      labels: {
        'pod-security.kubernetes.io/warn': 'restricted',
        'pod-security.kubernetes.io/audit': 'restricted',
      },
    },
  };
}

function kustomization({ options }: DeployPlan, files: readonly GeneratedFile[]): GeneratedFile {
  return {
    path: KUSTOMIZATION,
    content: toYaml({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
      // Kept one a line, so that a change shows.
      resources: files.map(({ path }) => path),
    }),
  };
}

function nextSteps(plan: DeployPlan, folder: string | null): NextStep[] {
  return [
    ...secretSteps(plan, folder),
    {
      text: 'Apply it:',
      commands: [
        folder === null ? 'llamactl deploy-gen k8s … | kubectl apply -f -' : `kubectl apply -k ${folder}`,
      ],
    },
    ...afterwards(plan),
  ];
}

/**
 * What must be there first: the secrets that nothing which is written holds.
 * @param folder where `namespace.yaml` is; null where there is none
 */
export function secretSteps(plan: DeployPlan, folder: string | null): NextStep[] {
  const { apiKeySecret, hfTokenSecret, namespace } = plan.options;
  const create = ({ name, key }: { readonly name: string; readonly key: string }) =>
    `tr -d '\\n' | kubectl create secret generic ${name}${inNamespace(plan)} --from-file=${key}=/dev/stdin`;
  const secrets = [
    ...(apiKeySecret === undefined || plan.key !== null
      ? []
      : [`openssl rand -hex 32 | ${create(apiKeySecret)}`]),
    ...(hfTokenSecret === undefined || !storageOf(plan).fetches
      ? []
      : [`printenv HF_TOKEN | ${create(hfTokenSecret)}`]),
  ];
  if (secrets.length === 0) return [];
  const first = namespace === undefined ? [] : [namespaceCommand(namespace, folder)];
  return [{ text: 'Make the secrets, where they are not there yet:', commands: [...first, ...secrets] }];
}

/** What is left to do once the objects are there: the model, where somebody must copy it, and a look. */
export function afterwards(plan: DeployPlan): NextStep[] {
  const { port, apiPrefix, apiKeySecret } = plan.options;
  const storage = storageOf(plan);
  const waits = storage.script !== null && !storage.fetches;
  return [
    ...(waits ? [{ text: 'Give the waiting pod its model:', commands: copyCommands(plan) }] : []),
    {
      text: 'See it come up:',
      commands: [
        `kubectl port-forward${inNamespace(plan)} svc/${namesOf(plan).server} ${port}`,
        ...(plan.health.needsKey && apiKeySecret !== undefined ? [keyCommand(plan, apiKeySecret)] : []),
        `llamactl health --url http://127.0.0.1:${port}${apiPrefix ?? ''} --wait 30m`,
      ],
    },
  ];
}

/** The key for this shell: with a prefix the health wants it. */
function keyCommand(
  plan: DeployPlan,
  { name, key }: { readonly name: string; readonly key: string },
): string {
  return `export LLAMACTL_API_KEY=$(kubectl get secret${inNamespace(plan)} ${name} -o go-template='{{index .data "${key}" | base64decode}}')`;
}

function inNamespace({ options }: DeployPlan): string {
  return options.namespace === undefined ? '' : ` -n ${options.namespace}`;
}

/** The files go into the volume through the init container, which checks and then ends. */
function copyCommands(plan: DeployPlan): string[] {
  const where = inNamespace(plan);
  const labels = `-l app.kubernetes.io/instance=${plan.options.name}`;
  const pods = `$(kubectl get pod${where} ${labels} -o name | cut -d/ -f2)`;
  return plan.models.flatMap(({ folder, files }) =>
    files.map(
      ({ name }) =>
        `for pod in ${pods}; do kubectl cp${where} ${shellQuote(`${folder}/${name}`)} $pod:${shellQuote(`${PATHS.models}/${name}`)} -c ${MODEL_CONTAINER}; done`,
    ),
  );
}

/** The secrets must be somewhere before anything is applied. */
function namespaceCommand(namespace: string, folder: string | null): string {
  return folder === null
    ? `kubectl create namespace ${namespace}`
    : `kubectl apply -f ${folder}/namespace.yaml`;
}
