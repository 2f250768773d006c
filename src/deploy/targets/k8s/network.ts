import { usageError } from '../../../errors/llamactl-error.js';
import { isAddress } from '../../options.js';
import type { DeployPlan } from '../../plan.js';
import { isReplicated, type Manifest, metadata, namesOf, selectorLabels } from './objects.js';
import type { ModelStorage } from './storage.js';

/** Seconds: longer than any answer. */
const LONGEST_ANSWER = 3600;
/** For ingress-nginx, others leave them alone: tokens as they come, hours for an answer, images in requests. */
export const INGRESS_ANNOTATIONS: Readonly<Record<string, string>> = {
  'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
  'nginx.ingress.kubernetes.io/proxy-read-timeout': String(LONGEST_ANSWER),
  'nginx.ingress.kubernetes.io/proxy-send-timeout': String(LONGEST_ANSWER),
  'nginx.ingress.kubernetes.io/proxy-body-size': '64m',
};

export function service(plan: DeployPlan): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(plan, namesOf(plan).server),
    spec: { selector: selectorLabels(plan), ports: servicePorts(plan) },
  };
}

/** Gives the replicas of a StatefulSet their names, before they are ready too. */
export function headlessService(plan: DeployPlan): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    // Not the labels by which monitors find the other Service: every server would be scraped twice.
    metadata: {
      ...metadata(plan, namesOf(plan).headless),
      labels: { 'app.kubernetes.io/managed-by': 'llamactl' },
    },
    spec: {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: selectorLabels(plan),
      ports: servicePorts(plan),
    },
  };
}

function servicePorts({ options }: DeployPlan): unknown[] {
  return [{ name: 'http', port: options.port, targetPort: 'http', appProtocol: 'http' }];
}

/** Who may speak to the pods, and to whom they may speak: what is not named here is denied. */
export function networkPolicy(plan: DeployPlan, storage: ModelStorage): Manifest {
  const { options } = plan;
  const port = { protocol: 'TCP', port: 'http' };
  const prometheus = options.monitoring || options.autoscale !== undefined;
  const sources = [
    { podSelector: {} },
    ...(options.host === undefined ? [] : [{ namespaceSelector: {}, podSelector: gatewayLabels(plan) }]),
    ...(prometheus
      ? [
          {
            namespaceSelector: {},
            podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
          },
        ]
      : []),
  ];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata(plan, namesOf(plan).server),
    spec: {
      podSelector: { matchLabels: selectorLabels(plan) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: sources, ports: [port] }],
      egress: storage.fetches ? egressTo(plan) : [],
    },
  };
}

/** Ingress controllers have this label; what a gateway is made of differs, so that any pod is let in. */
function gatewayLabels({ options }: DeployPlan): unknown {
  return options.gateway === undefined
    ? {
        matchExpressions: [
          {
            key: 'app.kubernetes.io/name',
            operator: 'In',
            values: ['ingress-nginx', 'traefik', 'haproxy-ingress', 'kubernetes-ingress'],
          },
        ],
      }
    : {};
}

/** Names, and where the model is fetched from. */
function egressTo(plan: DeployPlan): unknown[] {
  const urls = plan.models.flatMap(({ files }) =>
    files.flatMap(({ url }) => (url === null ? [] : [new URL(url)])),
  );
  const ports = urls.map((url) => Number(url.port || (url.protocol === 'https:' ? 443 : 80)));
  return [
    {
      ports: [
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 53 },
      ],
    },
    { ports: [...new Set([443, ...ports])].map((port) => ({ protocol: 'TCP', port })) },
  ];
}

/** One server at a time is taken away when nodes are drained; null with a single one, which that would block for ever. */
export function disruptionBudget(plan: DeployPlan): Manifest | null {
  if (!isReplicated(plan)) return null;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(plan, namesOf(plan).server),
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorLabels(plan) } },
  };
}

/**
 * The way in from outside: an Ingress, or an HTTPRoute where a gateway was named.
 * @throws LlamactlError (usage) where the host is an address
 */
export function route(plan: DeployPlan): Manifest | null {
  const { host, gateway } = plan.options;
  if (host === undefined) return null;
  if (isAddress(host)) {
    throw usageError(`--host ${host} is an address: an Ingress is found by a name`, [
      { text: 'For example:', commands: ['--host llm.example.com'] },
    ]);
  }
  return gateway === undefined ? ingress(plan, host) : httpRoute(plan, host, gateway);
}

function ingress(plan: DeployPlan, host: string): Manifest {
  const { ingressClass, apiPrefix, port } = plan.options;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadata(plan, namesOf(plan).server, {
      annotations: INGRESS_ANNOTATIONS,
    }),
    spec: {
      ...(ingressClass === undefined ? {} : { ingressClassName: ingressClass }),
      tls: [{ hosts: [host], secretName: namesOf(plan).tls }],
      rules: [
        {
          host,
          http: {
            paths: [
              {
                path: apiPrefix ?? '/',
                pathType: 'Prefix',
                backend: { service: { name: namesOf(plan).server, port: { number: port } } },
              },
            ],
          },
        },
      ],
    },
  };
}

function httpRoute(
  plan: DeployPlan,
  host: string,
  gateway: { readonly name: string; readonly namespace?: string | undefined },
): Manifest {
  const { apiPrefix, port } = plan.options;
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: metadata(plan, namesOf(plan).server),
    spec: {
      parentRefs: [
        { name: gateway.name, ...(gateway.namespace === undefined ? {} : { namespace: gateway.namespace }) },
      ],
      hostnames: [host],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: apiPrefix ?? '/' } }],
          timeouts: { request: `${LONGEST_ANSWER}s`, backendRequest: `${LONGEST_ANSWER}s` },
          backendRefs: [{ name: namesOf(plan).server, port }],
        },
      ],
    },
  };
}
