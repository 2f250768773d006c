import type { DeployPlan } from '../../plan.js';
import { seriesSelector } from './monitoring.js';
import { type Manifest, metadata, namesOf } from './objects.js';

/** Share of its slots that a replica should have busy: some are left for the time until the next one is loaded. */
const BUSY_SHARE = 0.75;
/** Seconds that the load must stay low before a replica goes: a new one takes minutes to come. */
const QUIET = 600;

/**
 * Scales on the requests that are answered or wait: CPU is always at its limit while one is answered, and the KV cache has
 * no gauge.
 * @param kind of the object that is scaled
 */
export function scaler(plan: DeployPlan, kind: 'Deployment' | 'StatefulSet'): Manifest | null {
  const range = plan.options.autoscale;
  if (range === undefined) return null;
  const target = { apiVersion: 'apps/v1', kind, name: namesOf(plan).server };
  return plan.options.autoscaler === 'hpa'
    ? podAutoscaler(plan, target, range)
    : scaledObject(plan, target, range);
}

interface Range {
  readonly min: number;
  readonly max: number;
}

function scaledObject(plan: DeployPlan, target: unknown, { min, max }: Range): Manifest {
  const selector = seriesSelector(plan);
  const query = `sum(llamacpp:requests_processing{${selector}}) + sum(llamacpp:requests_deferred{${selector}})`;
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: metadata(plan, namesOf(plan).server),
    spec: {
      scaleTargetRef: target,
      minReplicaCount: min,
      maxReplicaCount: max,
      pollingInterval: 15,
      advanced: { horizontalPodAutoscalerConfig: { behavior: behavior() } },
      triggers: [
        {
          type: 'prometheus',
          metadata: {
            serverAddress: plan.options.prometheusUrl,
            query,
            threshold: String(wantedRequests(plan)),
          },
        },
      ],
    },
  };
}

/** Needs an adapter that serves the two gauges as metrics of pods, with `_` for `:` (docs/deploy.md has its rules). */
function podAutoscaler(plan: DeployPlan, target: unknown, { min, max }: Range): Manifest {
  const metric = (name: string, averageValue: number) => ({
    type: 'Pods',
    pods: { metric: { name }, target: { type: 'AverageValue', averageValue: String(averageValue) } },
  });
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadata(plan, namesOf(plan).server),
    spec: {
      scaleTargetRef: target,
      minReplicas: min,
      maxReplicas: max,
      metrics: [
        metric('llamacpp_requests_processing', wantedRequests(plan)),
        metric('llamacpp_requests_deferred', 1),
      ],
      behavior: behavior(),
    },
  };
}

/** Requests of a replica over which another one is started. */
function wantedRequests({ slots, routed }: DeployPlan): number {
  return Math.max(1, Math.floor(slots * Math.max(1, routed.length) * BUSY_SHARE));
}

function behavior(): unknown {
  return {
    scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] },
    scaleDown: {
      stabilizationWindowSeconds: QUIET,
      policies: [{ type: 'Pods', value: 1, periodSeconds: 120 }],
    },
  };
}
