import { alertRules } from '../../monitoring/alerts.js';
import { dashboardJson } from '../../monitoring/dashboard.js';
import type { DeployPlan } from '../../plan.js';
import { type Manifest, metadata, namesOf, selectorLabels } from './objects.js';

/** The series of this deployment, as the Prometheus operator labels them. */
export function seriesSelector(plan: DeployPlan): string {
  const { namespace } = plan.options;
  return [
    `job="${namesOf(plan).server}"`,
    ...(namespace === undefined ? [] : [`namespace="${namespace}"`]),
  ].join(',');
}

/** Who scrapes the servers: each by itself, with the key, and in router mode one model at a time. */
export function serviceMonitor(plan: DeployPlan): Manifest {
  const { options, routed } = plan;
  const endpoint = (model: string | null) => ({
    port: 'http',
    path: `${options.apiPrefix ?? ''}/metrics`,
    interval: '15s',
    ...(model === null
      ? {}
      : {
          params: { model: [model], autoload: ['false'] },
          relabelings: [{ targetLabel: 'model', replacement: model }],
        }),
    ...(options.apiKeySecret === undefined
      ? {}
      : { authorization: { type: 'Bearer', credentials: options.apiKeySecret } }),
  });
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: metadata(plan, namesOf(plan).server),
    spec: {
      selector: { matchLabels: selectorLabels(plan) },
      endpoints: routed.length === 0 ? [endpoint(null)] : routed.map(endpoint),
    },
  };
}

export function prometheusRule(plan: DeployPlan): Manifest {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: metadata(plan, namesOf(plan).server),
    spec: { groups: alertRules(plan, seriesSelector(plan)) },
  };
}

/** A dashboard that Grafana's sidecar finds by its label. */
export function dashboard(plan: DeployPlan): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata(plan, namesOf(plan).dashboard, { labels: { grafana_dashboard: '1' } }),
    data: { 'llama-server.json': dashboardJson(plan, seriesSelector(plan)) },
  };
}
