import { healthScript } from '../../scripts.js';
import { CONTAINER_SECURITY, NOBODY } from '../k8s/workload.js';
import { marker } from './markup.js';
import { given } from './places.js';
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
      ...given('tolerations', 'tolerations'),
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

/** What helm prints after an installation. */
export const NOTES = `{{- $name := include "llamactl.fullname" . }}
{{- $secret := .Values.apiKey.existingSecret }}
{{ $name }} serves{{ range .Values.models }} {{ .alias }}{{ end }} with {{ .Values.parallel }} slot{{ if ne (int .Values.parallel) 1 }}s{{ end }} of {{ include "llamactl.contextPerSlot" . }} tokens.
{{- if not (include "llamactl.sizing" .) }}

! resources.limits were computed for other values (sizing.json). Compute them again:
    llamactl deploy-gen k8s --helm --ctx-size {{ int64 .Values.ctxSize }} --parallel {{ int64 .Values.parallel }} …
{{- end }}
{{- if $secret }}

The key is expected in the secret {{ $secret }}, under {{ .Values.apiKey.key }}. Where it is not there yet:
    openssl rand -hex 32 | tr -d '\\n' | kubectl -n {{ $.Release.Namespace }} create secret generic {{ $secret }} --from-file={{ .Values.apiKey.key }}=/dev/stdin
{{- end }}
{{- if eq (include "llamactl.bring" .) "await" }}

The pod waits for its model. Give each one its files:
{{- range .Values.models }}{{ range .files }}
    kubectl -n {{ $.Release.Namespace }} cp {{ include "llamactl.shellWord" .name }} POD:{{ include "llamactl.shellWord" (printf "/models/%s" .name) }} -c model
{{- end }}{{ end }}
{{- end }}

See it come up:
    kubectl -n {{ $.Release.Namespace }} port-forward svc/{{ $name }} {{ int64 .Values.port }}
{{- if $secret }}
    export LLAMACTL_API_KEY=$(kubectl -n {{ $.Release.Namespace }} get secret {{ $secret }} -o go-template='{{ "{{" }}index .data "{{ .Values.apiKey.key }}" | base64decode{{ "}}" }}')
{{- end }}
    llamactl health --url http://127.0.0.1:{{ int64 .Values.port }}{{ .Values.apiPrefix }} --wait 30m

Ask it from inside the cluster:
    helm test {{ .Release.Name }} -n {{ .Release.Namespace }}
`;
