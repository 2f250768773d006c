import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'k8s.unschedulable',
  type: 'CONNECTION_ERROR',
  title: 'no node of the cluster can take the pod',
  explanation:
    'The scheduler found no node with the GPU, memory and CPU that the pod asks for, or one that its labels and taints allow; the pod stays Pending. The event counts the nodes by reason.',
  causes: [
    'no node has a free GPU, or the device plugin does not run there',
    'the requests for memory or CPU are larger than any node',
    'a taint of the GPU nodes is not tolerated, or a selector matches none',
    'the volume is bound in another zone',
  ],
  remedies: [
    {
      text: 'Read the reasons, node by node',
      commands: ['kubectl describe pod POD', 'kubectl describe nodes | grep -A8 "Allocated resources"'],
    },
    {
      text: 'See whether nodes offer GPUs at all',
      commands: [
        "kubectl get nodes -o custom-columns='NAME:.metadata.name,GPU:.status.allocatable.nvidia\\.com/gpu'",
        'kubectl -n kube-system get pods | grep -i nvidia',
      ],
    },
    {
      text: 'Ask for less, or tolerate the taint',
      commands: [
        'kubectl set resources deployment NAME --requests=cpu=2,memory=8Gi',
        'kubectl patch deployment NAME -p \'{"spec":{"template":{"spec":{"tolerations":[{"key":"nvidia.com/gpu","operator":"Exists","effect":"NoSchedule"}]}}}}\'',
      ],
    },
  ],
  diagnostics: {
    any: ['kubectl get events --sort-by=.lastTimestamp', 'kubectl describe pod POD', 'kubectl top nodes'],
  },
  link: 'https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/',
  rules: [
    {
      pattern:
        /FailedScheduling|nodes are available|Insufficient (?:nvidia\.com|amd\.com|gpu\.intel|ephemeral-storage|google\.com)|\d Insufficient (?:memory|cpu)\b|untolerated taint|didn.?t match (?:Pod.?s )?node (?:affinity|selector)|node\(s\) (?:had|didn|were|has)|UnexpectedAdmissionError|OutOf(?:cpu|memory|nvidia)|PodScheduled.{0,30}False|Unschedulable|pod didn.?t trigger scale-up|exceeded quota/i,
      rank: 90,
    },
    { pattern: /\b0\/\d+ +Pending\b|phase: Pending/i, rank: 34 },
  ],
};
