import { shellQuote } from '../../catalogue/fill.js';
import { usageError } from '../../errors/llamactl-error.js';
import { isAddress } from '../options.js';
import type { DeployPlan } from '../plan.js';
import type { DeployTarget, GeneratedFile, NextStep, TargetOptions } from '../target.js';
import { commandText, sizingText, TOKEN_UNUSED } from '../texts.js';
import { toYaml } from '../yaml.js';
import { monitoringOf } from './compose/monitoring.js';
import { serverNames } from './compose/names.js';
import { composeReasons } from './compose/reasons.js';
import { balancerService, downloadService, MODELS_VOLUME, serverServices } from './compose/services.js';

/** `compose.yaml`, and beside it what it mounts. */
export const dockerCompose: DeployTarget = {
  files: composeFiles,
  stream: (files) => {
    const [only, second] = files;
    return only !== undefined && second === undefined ? only.content : null;
  },
  // They are mounted where they are.
  hashes: () => false,
  unused: [
    'namespace',
    'generateSecret',
    'storage',
    'storageClass',
    'gateway',
    'ingressClass',
    'autoscaler',
    'prometheusUrl',
  ],
  warnings: ({ options, models, downloads }) => [
    ...(options.hfTokenSecret === undefined || downloads ? [] : [TOKEN_UNUSED]),
    ...models.flatMap(({ folder, unreadable = [] }) =>
      unreadable.map(
        (name) =>
          `only you may read ${name}, and the server in the container is another user: chmod o+r ${shellQuote(`${folder}/${name}`)}`,
      ),
    ),
    ...(options.autoscale === undefined
      ? []
      : [
          `Compose does not scale by itself: ${options.autoscale.min} of ${options.autoscale.min} to ${options.autoscale.max} replicas are started`,
        ]),
    ...(options.host === undefined || isAddress(options.host)
      ? []
      : [
          `Compose has no TLS: ${options.host} needs a proxy on this machine that passes on to 127.0.0.1:${options.port}`,
        ]),
  ],
  next: nextSteps,
};

function composeFiles(plan: DeployPlan, { explain }: TargetOptions): GeneratedFile[] {
  const { options } = plan;
  const { anchor, services } = serverServices(plan);
  const { balancer, services: before } = balancerService(plan);
  const monitoring = monitoringOf(plan);
  const volumes = { ...(plan.downloads ? { [MODELS_VOLUME]: {} } : {}), ...monitoring.volumes };
  const secrets = { ...secretsOf(plan), ...monitoring.secrets };
  const parts = [downloadService(plan), services, before, monitoring.services];
  requireDistinct(parts, options.name);
  const document = {
    name: options.name,
    ...(anchor === null ? {} : { 'x-server': anchor }),
    services: Object.assign({}, ...parts),
    volumes: Object.keys(volumes).length === 0 ? undefined : volumes,
    secrets: Object.keys(secrets).length === 0 ? undefined : secrets,
  };
  const compose = toYaml(document, {
    header: [
      `${plan.models.map(({ alias }) => alias).join(', ')}: ${sizingText(plan)}.`,
      `Made by: ${commandText(plan, 'docker-compose')}`,
    ],
    reasons: explain ? composeReasons(plan) : undefined,
  });
  return [
    { path: 'compose.yaml', content: compose },
    ...(balancer === null ? [] : [{ path: balancer.file, content: balancer.config }]),
    ...(plan.preset === null ? [] : [{ path: 'models.ini', content: plan.preset }]),
    ...monitoring.files,
  ];
}

/** A server that is called as one of the services around it would take its place. */
function requireDistinct(parts: readonly Readonly<Record<string, unknown>>[], name: string): void {
  const names = parts.flatMap(Object.keys);
  const twice = names.find((each, index) => names.indexOf(each) !== index);
  if (twice === undefined) return;
  throw usageError(`--name ${name}: the project has another service that is called ${twice}`, [
    { text: 'Choose another:', commands: [`--name ${name}-server`] },
  ]);
}

function secretsOf({ options, downloads }: DeployPlan): Record<string, unknown> {
  const wanted = [options.apiKeySecret, downloads ? options.hfTokenSecret : undefined];
  return Object.fromEntries(
    wanted.flatMap((secret) =>
      secret === undefined ? [] : [[secret.name, { file: `./secrets/${secret.name}` }]],
    ),
  );
}

function nextSteps(plan: DeployPlan, folder: string | null): NextStep[] {
  const { options, downloads, health } = plan;
  const at = folder === null ? '' : `${folder}/`;
  const prefix = options.apiPrefix ?? '';
  const secrets = [options.apiKeySecret, ...(options.monitoring ? [{ name: 'grafana-admin-password' }] : [])];
  const random = secrets.flatMap((secret) =>
    secret === undefined ? [] : [`openssl rand -hex 32 > ${at}secrets/${secret.name}`],
  );
  const token =
    downloads && options.hfTokenSecret !== undefined
      ? [`printenv HF_TOKEN > ${at}secrets/${options.hfTokenSecret.name}`]
      : [];
  return [
    ...(random.length + token.length === 0
      ? []
      : [
          {
            text: 'Make the secrets (others cannot enter the folder, the container can read the files):',
            commands: [`mkdir -p -m 700 ${at}secrets`, ...random, ...token],
          },
        ]),
    {
      text: 'Start it:',
      commands: [
        `docker compose -f ${at}compose.yaml up -d`,
        ...(health.needsKey && options.apiKeySecret !== undefined
          ? [`export LLAMACTL_API_KEY=$(cat ${at}secrets/${options.apiKeySecret.name})`]
          : []),
        `llamactl health --url http://127.0.0.1:${options.port}${prefix} --wait ${waitText(plan)}`,
      ],
    },
    ...(serverNames(plan).length > 1
      ? [
          {
            text: 'See which of them are healthy:',
            commands: [`docker compose -f ${at}compose.yaml ps`],
          },
        ]
      : []),
  ];
}

function waitText({ startSeconds, downloads }: DeployPlan): string {
  return downloads ? '30m' : `${Math.max(5, Math.ceil(startSeconds / 60))}m`;
}
