import { metricsUrls } from '../../scripts.js';
import { toYaml } from '../../yaml.js';
import { podTemplate, workload } from '../k8s/workload.js';
import { lines, marker, NUMBERS } from './markup.js';
import { become, type Fields, fieldsOf, given, included, listWith, type Place, placed } from './places.js';
import { type Shape, type SymbolicPlan, symbolicPlan } from './symbolic.js';

const V = '$.Values';

/** The pods of a plan, as both workloads have them. */
export function podOf({ plan, storage }: SymbolicPlan): unknown {
  const urls = metricsUrls(plan);
  return placed(replaced(podTemplate(plan, storage), urls, marker('metricsUrls')), [
    [['metadata'], podMetadata],
    [['spec'], (spec) => podSpec(fieldsOf(spec), storage.kind)],
  ]);
}

/** With another text in the place of one, wherever it stands. */
function replaced(tree: unknown, text: string, by: string): unknown {
  if (typeof tree === 'string') return tree.replaceAll(text, by);
  if (Array.isArray(tree)) return tree.map((item) => replaced(item, text, by));
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([name, value]) => [name, replaced(value, text, by)]));
}

/** Without the chart's version in the labels: a new one would restart servers that take minutes to load. */
function podMetadata(): unknown {
  return {
    labels: {
      ...included('selectorLabels'),
      'app.kubernetes.io/managed-by': marker('releaseService'),
      ...lines(`{{- with ${V}.podLabels }}`, '{{- toYaml . | nindent <0> }}', '{{- end }}'),
    },
    ...lines(
      '{{- with include "llamactl.podAnnotations" $ }}',
      'annotations:',
      '  {{- . | nindent <2> }}',
      '{{- end }}',
    ),
  };
}

/** Beside what the plan gives: what users of charts expect to be able to give. */
function podSpec(spec: Fields, storage: string): unknown {
  const { nodeSelector: _n, tolerations: _t, affinity: _a, ...rest } = spec;
  const entries = Object.entries(rest).flatMap(([name, value]): [string, unknown][] => {
    if (name === 'serviceAccountName') {
      const more = {
        ...given('imagePullSecrets', 'image.pullSecrets'),
        ...scalar('priorityClassName'),
        ...scalar('runtimeClassName'),
      };
      return [...Object.entries(more), [name, marker('serviceAccount')]];
    }
    // Where a pod goes stands before what it is made of.
    if (name === 'initContainers' || (name === 'containers' && !('initContainers' in rest)))
      return [...Object.entries(placement()), [name, value]];
    return [[name, value]];
  });
  return placed(Object.fromEntries(entries), [
    [['securityContext'], withGroups],
    [['initContainers', 'model'], ephemeral],
    [['containers', 'server'], ephemeral],
    [['containers', 'server'], (server) => serverPlaces(fieldsOf(server))],
    ...everyImage(),
    ...(storage === 'claim'
      ? [[['volumes', 'models', 'persistentVolumeClaim'], readOnlyClaim] as const]
      : []),
    [['volumes', 'models', 'emptyDir'], become({ sizeLimit: marker('size') })],
  ]);
}

function scalar(name: string): Fields {
  return lines(`{{- with ${V}.${name} }}`, `${name}: {{ . }}`, '{{- end }}');
}

function placement(): Fields {
  return {
    ...given('nodeSelector', 'nodeSelector'),
    ...tolerationLines(),
    ...given('affinity', 'affinity'),
  };
}

/** That of the GPU's taint, and those of the user. */
export function tolerationLines(): Fields {
  const { plan, storage } = symbolicPlan();
  const { tolerations } = fieldsOf(fieldsOf(podTemplate(plan, storage))['spec']);
  return listWith('tolerations', 'gpu.count', withGpuName(tolerations), 'tolerations');
}

function withGroups(context: unknown): unknown {
  return Object.fromEntries(
    Object.entries(fieldsOf(context)).flatMap(([name, value]): [string, unknown][] =>
      name === 'seccompProfile'
        ? [...Object.entries(given('supplementalGroups', 'gpu.supplementalGroups')), [name, value]]
        : [[name, value]],
    ),
  );
}

function everyImage(): Place[] {
  return [
    ['initContainers', 'model'],
    ['containers', 'server'],
  ].map((path): Place => [[...path, 'imagePullPolicy'], become(marker('pullPolicy'))]);
}

/** What a container may write, by the storage that values name. */
function ephemeral(container: unknown): unknown {
  const amounts: Place[] = ['requests', 'limits'].map((name) => [
    ['resources', name, 'ephemeral-storage'],
    become(marker('ephemeralStorage')),
  ]);
  return placed(container, amounts);
}

function serverPlaces(server: Fields): unknown {
  const { env: _, ...rest } = server;
  const entries = Object.entries(rest).flatMap(([name, value]): [string, unknown][] =>
    name === 'ports' ? [...Object.entries(envLines()), [name, value]] : [[name, value]],
  );
  const amounts = (which: 'Request' | 'Limit') => (value: unknown) => ({
    ...Object.fromEntries(
      Object.entries(fieldsOf(value)).map(([name, amount]): [string, unknown] => {
        if (name === 'cpu') return [name, marker(`cpu${which}`)];
        if (name === 'memory') return [name, marker(`memory${which}`)];
        return name.includes('/') ? [marker('gpuResource'), String(NUMBERS.gpuCount)] : [name, amount];
      }),
    ),
  });
  return placed(Object.fromEntries(entries), [
    [['resources', 'requests'], amounts('Request')],
    [['resources', 'limits'], amounts('Limit')],
    [['startupProbe', 'failureThreshold'], become(marker('startFailures'))],
  ]);
}

/** What GPU drivers need, and what the user gives. */
function envLines(): Fields {
  const { plan, storage } = symbolicPlan();
  const { containers } = fieldsOf(fieldsOf(podTemplate(plan, storage))['spec']);
  const [server] = Array.isArray(containers) ? containers : [];
  return listWith('env', 'gpu.count', fieldsOf(server)['env'], 'extraEnv');
}

/** A claim that nothing is written into is mounted read-only. */
function readOnlyClaim(claim: unknown): unknown {
  const { readOnly: _, ...rest } = fieldsOf(claim);
  return { ...rest, ...lines('{{- if not (include "llamactl.bring" $) }}', 'readOnly: true', '{{- end }}') };
}

function withGpuName(tolerations: unknown): unknown {
  return Array.isArray(tolerations)
    ? tolerations.map((each) => ({ ...fieldsOf(each), key: `{{ ${V}.gpu.resource }}` }))
    : [];
}

/** How a new pod takes the place of an old one: by what the old one holds. */
export function strategyLines(): Fields {
  const of = (change: Partial<Shape>) => {
    const { plan, storage } = symbolicPlan(change);
    const { strategy } = fieldsOf(workload(plan, storage)['spec']);
    return toYaml(strategy).trimEnd().split('\n');
  };
  return lines(
    `{{- if and (not (include "llamactl.replicated" $)) (or ${V}.gpu.count (has ${V}.persistence.kind (list "pvc" "claim"))) }}`,
    ...of({ storage: 'own' }),
    `{{- else if ${V}.gpu.count }}`,
    ...of({ storage: 'claim', replicated: true }),
    '{{- else }}',
    ...of({ storage: 'claim', replicated: true, gpu: false }),
    '{{- end }}',
  );
}
