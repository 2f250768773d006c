import { healthScript } from '../../scripts.js';
import { selectorLabels } from '../k8s/objects.js';
import { CONTAINER_SECURITY, NOBODY } from '../k8s/workload.js';
import { marker } from './markup.js';
import { given } from './places.js';
import { tolerationLines } from './pod.js';
import type { SymbolicPlan } from './symbolic.js';

/** Seconds in which an installed server must answer `helm test`. */
const TEST_SECONDS = 30;

/** The pod of `helm test`: asks the Service for the health, as a client of the namespace would. */
export function testPod({ plan }: SymbolicPlan): unknown {
  const { apiKeySecret } = plan.options;
  const script = plan.health.needsKey
    ? healthScript(plan, marker('fullname'))
    : `curl -fsS -m 5 -o /dev/null http://${marker('fullname')}:${plan.options.port}${plan.health.path}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${marker('fullname')}-test-health`,
      namespace: marker('namespace'),
      // Not the labels of the server: the Service would send requests here.
      labels: {
        'app.kubernetes.io/name': 'llama-server-test',
        'app.kubernetes.io/managed-by': marker('releaseService'),
      },
      annotations: {
        'helm.sh/hook': 'test',
        'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
      },
    },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: TEST_SECONDS * 4,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...given('imagePullSecrets', 'image.pullSecrets'),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: NOBODY,
        runAsGroup: NOBODY,
        fsGroup: NOBODY,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      ...tolerationLines(),
      // Rather where the image is already: that of a GPU backend takes minutes to fetch.
      affinity: {
        podAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 100,
              podAffinityTerm: {
                topologyKey: 'kubernetes.io/hostname',
                labelSelector: { matchLabels: selectorLabels(plan) },
              },
            },
          ],
        },
      },
      containers: [
        {
          name: 'health',
          image: marker('image'),
          imagePullPolicy: marker('pullPolicy'),
          command: [
            '/bin/sh',
            '-c',
            `for try in $(seq ${TEST_SECONDS})\ndo ${script} && exit\nsleep 1\ndone\nexit 1\n`,
          ],
          resources: {
            requests: { cpu: '10m', memory: '32Mi', 'ephemeral-storage': '16Mi' },
            limits: { cpu: '100m', memory: '64Mi', 'ephemeral-storage': '16Mi' },
          },
          securityContext: CONTAINER_SECURITY,
          ...(plan.health.needsKey
            ? { volumeMounts: [{ name: 'api-key', mountPath: '/run/secrets/llama', readOnly: true }] }
            : {}),
        },
      ],
      ...(plan.health.needsKey && apiKeySecret !== undefined
        ? {
            volumes: [
              {
                name: 'api-key',
                secret: {
                  secretName: apiKeySecret.name,
                  defaultMode: 0o440,
                  items: [{ key: apiKeySecret.key, path: 'api-key' }],
                },
              },
            ],
          }
        : {}),
    },
  };
}
