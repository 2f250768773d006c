import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'k8s.probe-killed',
  type: 'CONNECTION_ERROR',
  title: 'a probe kills the pod while it loads or works',
  explanation:
    'The liveness or startup probe failed and the kubelet restarted the container, although the server only loads its model or is busy with a long prompt. While loading `/health` answers 503, and with --api-prefix and a key it wants both; each restart begins the load anew.',
  causes: [
    'no startupProbe, or one shorter than the model takes to load',
    "the liveness probe's timeout is shorter than a busy server needs to answer",
    'the probe asks another port or path, or lacks the key (401, 404)',
    'curl in an exec probe is not in the image',
  ],
  remedies: [
    {
      text: 'Give it time to load: a startupProbe of file size ÷ disk speed, doubled',
      commands: [
        'kubectl patch deployment NAME --type=json -p \'[{"op":"add","path":"/spec/template/spec/containers/0/startupProbe","value":{"httpGet":{"path":"/health","port":8080},"periodSeconds":10,"failureThreshold":120}}]\'',
      ],
    },
    {
      text: 'Let the liveness probe be patient',
      commands: [
        'kubectl patch deployment NAME --type=json -p \'[{"op":"add","path":"/spec/template/spec/containers/0/livenessProbe","value":{"httpGet":{"path":"/health","port":8080},"periodSeconds":30,"timeoutSeconds":10,"failureThreshold":6}}]\'',
      ],
    },
    { text: 'Or take manifests with probes that fit', commands: ['llamactl deploy-gen k8s --model {model}'] },
  ],
  diagnostics: {
    any: [
      'kubectl describe pod POD',
      'kubectl logs POD --previous',
      'kubectl get events --sort-by=.lastTimestamp',
    ],
  },
  link: 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/',
  rules: [
    {
      pattern:
        /(?:Liveness|Startup) probe (?:failed|errored)|failed (?:liveness|startup) probe|(?:Liveness|Startup) probe.{0,40}(?:timed out|timeout)/i,
      rank: 90,
    },
    {
      pattern: /Readiness probe (?:failed|errored)|probe failed: |probe failed with|HTTP probe failed/i,
      rank: 78,
    },
  ],
};
