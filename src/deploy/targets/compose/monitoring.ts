import { PATHS } from '../../flags.js';
import { alertRules } from '../../monitoring/alerts.js';
import { dashboardJson } from '../../monitoring/dashboard.js';
import type { DeployPlan } from '../../plan.js';
import type { GeneratedFile } from '../../target.js';
import { toYaml } from '../../yaml.js';
import { serverNames } from './names.js';
import { file, HARDENED, LOGGING, literal, NOBODY } from './services.js';

const PROMETHEUS = 'prom/prometheus:v3.5.0';
const GRAFANA = 'grafana/grafana:12.1.1';
const GRAFANA_SECRET = 'grafana-admin-password';
const FOLDER = 'monitoring';

/** Prometheus and Grafana: services, volumes, secrets and files. */
export interface ComposeMonitoring {
  readonly services: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly files: readonly GeneratedFile[];
}

export function monitoringOf(plan: DeployPlan): ComposeMonitoring {
  if (!plan.options.monitoring) return { services: {}, volumes: {}, secrets: {}, files: [] };
  const { apiKeySecret } = plan.options;
  const selector = `job="${plan.options.name}"`;
  return {
    services: {
      prometheus: literal({
        image: PROMETHEUS,
        command: [
          '--config.file=/etc/prometheus/prometheus.yml',
          '--storage.tsdb.path=/prometheus',
          '--storage.tsdb.retention.time=15d',
        ],
        user: NOBODY,
        ...HARDENED,
        tmpfs: ['/tmp:mode=1777,size=64m'],
        restart: 'unless-stopped',
        ports: [`127.0.0.1:${otherThan(plan, 9090)}:9090`],
        volumes: [
          file(`./${FOLDER}/prometheus.yml`, '/etc/prometheus/prometheus.yml'),
          file(`./${FOLDER}/rules.yml`, '/etc/prometheus/rules.yml'),
          { type: 'volume', source: 'prometheus', target: '/prometheus' },
        ],
        secrets:
          apiKeySecret === undefined ? undefined : [{ source: apiKeySecret.name, target: PATHS.apiKey }],
        deploy: { resources: { limits: { cpus: '1', memory: '1024M' } } },
        logging: LOGGING,
      }),
      grafana: literal({
        image: GRAFANA,
        user: '472:0',
        ...HARDENED,
        tmpfs: ['/tmp:mode=1777,size=64m'],
        restart: 'unless-stopped',
        ports: [`127.0.0.1:${otherThan(plan, 3000)}:3000`],
        environment: {
          GF_SECURITY_ADMIN_PASSWORD__FILE: `/run/secrets/${GRAFANA_SECRET}`,
          GF_ANALYTICS_REPORTING_ENABLED: 'false',
          GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: '/etc/grafana/dashboards/llama-server.json',
        },
        volumes: [
          file(`./${FOLDER}/grafana.yml`, '/etc/grafana/provisioning/datasources/prometheus.yml'),
          file(`./${FOLDER}/dashboards.yml`, '/etc/grafana/provisioning/dashboards/llamactl.yml'),
          file(`./${FOLDER}/llama-server.json`, '/etc/grafana/dashboards/llama-server.json'),
          { type: 'volume', source: 'grafana', target: '/var/lib/grafana' },
        ],
        secrets: [GRAFANA_SECRET],
        deploy: { resources: { limits: { cpus: '1', memory: '512M' } } },
        logging: LOGGING,
      }),
    },
    volumes: { prometheus: {}, grafana: {} },
    secrets: { [GRAFANA_SECRET]: { file: `./secrets/${GRAFANA_SECRET}` } },
    files: [
      { path: `${FOLDER}/prometheus.yml`, content: toYaml(prometheusConfig(plan)) },
      { path: `${FOLDER}/rules.yml`, content: toYaml({ groups: alertRules(plan, selector) }) },
      {
        path: `${FOLDER}/grafana.yml`,
        content: toYaml({
          apiVersion: 1,
          datasources: [
            {
              name: 'Prometheus',
              type: 'prometheus',
              url: 'http://prometheus:9090',
              access: 'proxy',
              isDefault: true,
            },
          ],
        }),
      },
      {
        path: `${FOLDER}/dashboards.yml`,
        content: toYaml({
          apiVersion: 1,
          providers: [{ name: 'llamactl', type: 'file', options: { path: '/etc/grafana/dashboards' } }],
        }),
      },
      { path: `${FOLDER}/llama-server.json`, content: dashboardJson(plan, selector) },
    ],
  };
}

/** Every server by itself, not through the load balancer, which would give another one's figures each time. */
function prometheusConfig(plan: DeployPlan): unknown {
  const { options, routed } = plan;
  const targets = serverNames(plan).map((name) => `${name}:${options.port}`);
  const job = (name: string, model: string | null) => ({
    job_name: name,
    metrics_path: `${options.apiPrefix ?? ''}/metrics`,
    // A router has metrics for one model at a time, and would load it to answer.
    params: model === null ? undefined : { model: [model], autoload: ['false'] },
    authorization:
      options.apiKeySecret === undefined ? undefined : { type: 'Bearer', credentials_file: PATHS.apiKey },
    static_configs: [{ targets, labels: { job: options.name, ...(model === null ? {} : { model }) } }],
  });
  return {
    global: { scrape_interval: '15s', evaluation_interval: '15s' },
    rule_files: ['/etc/prometheus/rules.yml'],
    scrape_configs:
      routed.length === 0
        ? [job(options.name, null)]
        : routed.map((model) => job(`${options.name}-${model}`, model)),
  };
}

/** A port of this machine, moved on where the server has it. */
function otherThan({ options }: DeployPlan, port: number): number {
  return options.port === port ? port + 1 : port;
}
