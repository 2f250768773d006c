import { dashboard, prometheusRule, serviceMonitor } from '../k8s/monitoring.js';
import { disruptionBudget, headlessService, networkPolicy, route, service } from '../k8s/network.js';
import { scaler } from '../k8s/scaling.js';
import { claimOf } from '../k8s/storage.js';
import { configMap, serviceAccount, workload } from '../k8s/workload.js';
import { allOf, type Condition, is, negated } from './condition.js';
import { lines, listLines, marker } from './markup.js';
import { alsoLabelled, annotatedBy, become, fieldsOf, included, type Place, placed } from './places.js';
import { strategyLines } from './pod.js';
import { type CHANGES, isStorage, type Shape, type SymbolicPlan, URL_PORT, WHEN } from './symbolic.js';

/** An object of the chart: made by the functions that `k8s` has, and what changes it. */
export interface Template {
  readonly name: string;
  /** When there is such an object; always, where that is not said. */
  readonly when?: Condition;
  /** What it needs to be there at all. */
  readonly base?: Partial<Shape>;
  readonly object: (plan: SymbolicPlan) => unknown;
  /** Options that change its shape. */
  readonly changedBy?: readonly (keyof typeof CHANGES)[];
  readonly places?: readonly Place[];
}

const V = '$.Values';
const WORKLOAD: readonly Place[] = [
  [['spec', 'replicas'], become(marker('replicas'))],
  [['spec', 'template'], become(included('pod'))],
];

/** Every object that `k8s` writes, by the file that it gets in the chart. */
export const TEMPLATES: readonly Template[] = [
  {
    name: 'serviceaccount',
    when: is(`${V}.serviceAccount.create`),
    object: ({ plan }) => serviceAccount(plan),
    places: [
      [['metadata', 'name'], become(marker('serviceAccount'))],
      annotatedBy('serviceAccount.annotations'),
    ],
  },
  {
    name: 'configmap',
    when: WHEN.router,
    base: { router: true },
    object: ({ plan }) => configMap(plan),
    places: [
      [['data'], become(lines('models.ini: |', '  {{- include "llamactl.preset" $ | nindent <2> }}'))],
    ],
  },
  {
    name: 'deployment',
    when: negated(WHEN.perReplica),
    object: ({ plan, storage }) => workload(plan, storage),
    changedBy: ['autoscale'],
    places: [
      ...WORKLOAD,
      [['spec', 'progressDeadlineSeconds'], become(marker('progressDeadline'))],
      [['spec', 'strategy'], () => strategyLines()],
    ],
  },
  {
    name: 'statefulset',
    when: WHEN.perReplica,
    base: { storage: 'own-each', replicated: true },
    object: ({ plan, storage }) => workload(plan, storage),
    changedBy: ['autoscale', 'storageClass'],
    places: [...WORKLOAD, [['spec', 'volumeClaimTemplates'], claimTemplates]],
  },
  {
    name: 'pvc',
    when: allOf([isStorage('pvc'), negated(WHEN.perReplica)]),
    object: ({ plan, storage }) => claimOf(plan, storage),
    changedBy: ['storageClass'],
    places: [[['spec'], sized], annotatedBy('persistence.annotations')],
  },
  {
    name: 'service',
    object: ({ plan }) => service(plan),
    places: [
      annotatedBy('service.annotations'),
      [
        ['spec'],
        (spec) => ({
          ...lines(
            `{{- if ne ${V}.service.type "ClusterIP" }}`,
            `type: {{ ${V}.service.type }}`,
            '{{- end }}',
          ),
          ...fieldsOf(spec),
        }),
      ],
    ],
  },
  { name: 'service-headless', when: WHEN.perReplica, object: ({ plan }) => headlessService(plan) },
  {
    name: 'networkpolicy',
    when: is(`${V}.networkPolicy.enabled`),
    object: ({ plan, storage }) => networkPolicy(plan, storage),
    changedBy: ['route', 'scraped', 'bring'],
    places: [[['spec'], policySpec]],
  },
  {
    name: 'ingress',
    when: WHEN.ingress,
    object: ({ plan }) => route(plan),
    changedBy: ['ingressClass'],
    places: [annotatedBy('ingress.annotations'), [['spec', 'tls'], tlsOf], [['spec', 'rules'], atRoot]],
  },
  {
    name: 'httproute',
    when: WHEN.httpRoute,
    base: { route: 'gateway' },
    object: ({ plan }) => route(plan),
    changedBy: ['gatewayNamespace'],
    places: [[['spec', 'rules'], atRoot]],
  },
  {
    name: 'pdb',
    when: allOf([is(`${V}.podDisruptionBudget.enabled`), WHEN.replicated]),
    base: { replicated: true },
    object: ({ plan }) => disruptionBudget(plan),
  },
  ...(['keda', 'hpa'] as const).map(
    (autoscale): Template => ({
      name: autoscale === 'keda' ? 'scaledobject' : 'hpa',
      when: allOf([WHEN.autoscaling, is(`eq ${V}.autoscaling.kind "${autoscale}"`)]),
      base: { autoscale },
      object: ({ plan }) => scaler(plan, 'Deployment'),
      places: [[['spec', 'scaleTargetRef', 'kind'], become(marker('workloadKind'))]],
    }),
  ),
  {
    name: 'servicemonitor',
    when: WHEN.scraped,
    object: ({ plan }) => serviceMonitor(plan),
    changedBy: ['key', 'router'],
    places: [alsoLabelled('monitoring.labels')],
  },
  {
    name: 'prometheusrule',
    when: is(`${V}.monitoring.enabled`),
    object: ({ plan }) => prometheusRule(plan),
    places: [alsoLabelled('monitoring.labels')],
  },
  { name: 'dashboard', when: is(`${V}.monitoring.enabled`), object: ({ plan }) => dashboard(plan) },
];

/** With the size that values give. */
function sized(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(sized);
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(
    Object.entries(tree).map(([name, value]) => [name, name === 'storage' ? marker('size') : sized(value)]),
  );
}

function claimTemplates(templates: unknown): unknown {
  const annotated = (template: unknown) => placed(sized(template), [annotatedBy('persistence.annotations')]);
  return Array.isArray(templates) ? templates.map(annotated) : templates;
}

/** A policy whose ways out follow the addresses, and whose ways in the values. */
function policySpec(spec: unknown): unknown {
  const { ingress, egress, ...rest } = fieldsOf(spec);
  const text: unknown = JSON.parse(
    JSON.stringify(egress).replaceAll(String(URL_PORT), JSON.stringify(marker('eachPort'))),
  );
  // Who comes through a port of the nodes has an address that no policy knows.
  const fromOutside = listLines(
    `{{- if ne ${V}.service.type "ClusterIP" }}`,
    '- ports:',
    '    - protocol: TCP',
    '      port: http',
    '{{- end }}',
  );
  const rules = Array.isArray(ingress)
    ? ingress.map((rule: unknown) => {
        const { from, ...ports } = fieldsOf(rule);
        const sources = Array.isArray(from) ? from : [];
        return {
          from: [
            ...sources,
            listLines(
              `{{- with ${V}.networkPolicy.extraFrom }}`,
              '{{- toYaml . | nindent <0> }}',
              '{{- end }}',
            ),
          ],
          ...ports,
        };
      })
    : [];
  return { ...rest, ingress: [...rules, fromOutside], egress: text };
}

/** Everything, where there is no prefix. */
function atRoot(rules: unknown): unknown {
  return JSON.parse(JSON.stringify(rules).replaceAll(marker('apiPrefix'), marker('routePath')));
}

function tlsOf(tls: unknown): unknown {
  return Array.isArray(tls)
    ? tls.map((each) => ({ ...fieldsOf(each), secretName: marker('tlsSecret') }))
    : tls;
}
