import { PATHS } from '../../flags.js';
import { type DeployPlan, STOP_SECONDS } from '../../plan.js';
import { downloadScript, HUB_TOKEN_FILE, healthScript } from '../../scripts.js';
import { sizingText } from '../../texts.js';
import { Anchored, Reference } from '../../yaml.js';
import { type Balancer, balancerOf } from './balancer.js';
import { gpuAccess } from './gpu.js';
import { serverNames } from './names.js';

type Service = Readonly<Record<string, unknown>>;

/** Nobody's user: the image itself would run as root. */
export const NOBODY = '65534:65534';
/** The name of the step that fetches the model, and of the volume it fills. */
const MODEL = 'model';
export const MODELS_VOLUME = 'models';
/** What every service of ours gives up. */
export const HARDENED = {
  init: true,
  read_only: true,
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
} as const;

/** A log is turned over before it fills the disk. */
export const LOGGING = { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } } as const;

/** The servers; what several have in common stands under an anchor, which is the first of the two. */
export function serverServices(plan: DeployPlan): {
  readonly anchor: Anchored | null;
  readonly services: Readonly<Record<string, unknown>>;
} {
  const names = serverNames(plan);
  const shared = server(plan);
  if (names.length === 1) {
    const [name = plan.options.name] = names;
    const own = { ...ownParts(plan, 0, 1), ports: [publishedPort(plan)] };
    return { anchor: null, services: { [name]: merged(shared, own) } };
  }
  const services = names.map((name, index) => [
    name,
    { '<<': new Reference('server'), ...ownParts(plan, index, names.length) },
  ]);
  return { anchor: new Anchored('server', shared), services: Object.fromEntries(services) };
}

/** One server, without what is its own. */
function server(plan: DeployPlan): Service {
  const { options } = plan;
  return literal({
    image: plan.image.reference,
    command: plan.args,
    user: NOBODY,
    ...HARDENED,
    tmpfs: ['/tmp:mode=1777,size=64m', ...(options.gpus > 0 ? ['/cache:mode=1777,size=512m'] : [])],
    restart: 'unless-stopped',
    stop_grace_period: `${STOP_SECONDS + 15}s`,
    depends_on: plan.downloads ? { [MODEL]: { condition: 'service_completed_successfully' } } : undefined,
    volumes: [...modelMounts(plan), ...(plan.preset === null ? [] : [file('./models.ini', PATHS.preset)])],
    secrets:
      options.apiKeySecret === undefined
        ? undefined
        : [{ source: options.apiKeySecret.name, target: PATHS.apiKey }],
    healthcheck: {
      test: plan.health.needsKey
        ? ['CMD-SHELL', healthScript(plan)]
        : [
            'CMD',
            'curl',
            '-fsS',
            '-m',
            '5',
            '-o',
            '/dev/null',
            `http://127.0.0.1:${options.port}${plan.health.path}`,
          ],
      interval: '15s',
      timeout: '10s',
      retries: 4,
      start_period: `${plan.startSeconds}s`,
    },
    logging: LOGGING,
    labels: { 'llamactl.sizing': sizingText(plan) },
  });
}

/** What each server has for itself: its GPUs. */
function ownParts(plan: DeployPlan, index: number, servers: number): Service {
  const gpu = gpuAccess(plan, index, servers);
  const limits = { cpus: String(plan.options.cpu), memory: memoryText(plan.memoryBytes) };
  const environment = gpu === null ? {} : { HOME: '/cache', ...gpu.environment };
  return {
    ...literal({
      environment: Object.keys(environment).length === 0 ? undefined : environment,
      devices: gpu?.devices,
      runtime: gpu?.runtime,
      deploy: {
        resources: { limits, ...(gpu?.reservations === undefined ? {} : { reservations: gpu.reservations }) },
      },
    }),
    group_add: gpu?.groups,
  };
}

/** The keys in the order in which people read a service. */
function merged(shared: Service, own: Service): Service {
  const { healthcheck, logging, labels, ...first } = shared;
  return { ...first, ...own, healthcheck, logging, labels };
}

/** The step that fetches the model before any server starts. */
export function downloadService(plan: DeployPlan): Readonly<Record<string, unknown>> {
  if (!plan.downloads) return {};
  const { hfTokenSecret } = plan.options;
  return {
    [MODEL]: literal({
      image: plan.image.reference,
      entrypoint: ['/bin/sh', '-euc', downloadScript(plan.models, hfTokenSecret !== undefined)],
      // The volume is root's, who without capabilities may do nothing but write into it.
      user: '0:0',
      ...HARDENED,
      volumes: [{ type: 'volume', source: MODELS_VOLUME, target: PATHS.models }],
      secrets:
        hfTokenSecret === undefined ? undefined : [{ source: hfTokenSecret.name, target: HUB_TOKEN_FILE }],
      healthcheck: { disable: true },
      deploy: { resources: { limits: { cpus: '1', memory: '512M' } } },
      logging: LOGGING,
    }),
  };
}

/** The load balancer, where there is more than one server. */
export function balancerService(plan: DeployPlan): {
  readonly balancer: Balancer | null;
  readonly services: Readonly<Record<string, unknown>>;
} {
  const names = serverNames(plan);
  if (names.length === 1) return { balancer: null, services: {} };
  const balancer = balancerOf(plan);
  return {
    balancer,
    services: {
      [`${plan.options.name}-balancer`]: literal({
        image: balancer.image,
        user: balancer.user,
        ...HARDENED,
        tmpfs: ['/tmp:mode=1777,size=64m'],
        restart: 'unless-stopped',
        depends_on: Object.fromEntries(
          names.map((name) => [name, { condition: 'service_started', ...balancer.dependency }]),
        ),
        ports: [publishedPort(plan)],
        volumes: [file(`./${balancer.file}`, balancer.mountedAt)],
        healthcheck: {
          test: ['CMD', 'nc', '-z', '127.0.0.1', String(plan.options.port)],
          interval: '15s',
          timeout: '5s',
          retries: 3,
        },
        deploy: { resources: { limits: { cpus: '1', memory: '256M' } } },
        logging: LOGGING,
      }),
    },
  };
}

/** A file of the output, read-only in the container; an error where it is not there, rather than a folder of its name. */
export function file(source: string, target: string): Service {
  return { type: 'bind', source, target, read_only: true, bind: { create_host_path: false } };
}

function modelMounts(plan: DeployPlan): Service[] {
  const { storage } = plan.options;
  const [first] = plan.models;
  if (storage?.kind === 'image') return [{ type: 'image', source: storage.reference, target: PATHS.models }];
  if (plan.downloads)
    return [{ type: 'volume', source: MODELS_VOLUME, target: PATHS.models, read_only: true }];
  const files = plan.models.flatMap(({ files }) => files);
  const [only, second] = files;
  const folder = first?.folder ?? '.';
  return only !== undefined && second === undefined
    ? [file(`${folder}/${only.name}`, `${PATHS.models}/${only.name}`)]
    : [file(folder, PATHS.models)];
}

/** Loopback unless an address was given: what listens on all of a machine's addresses is open to its network, firewall or not. */
function publishedPort({ options }: DeployPlan): string {
  const { host, port } = options;
  const address = host !== undefined && /^[\d.]+$|:/.test(host) ? host : '127.0.0.1';
  return `${address.includes(':') && !address.startsWith('[') ? `[${address}]` : address}:${port}:${port}`;
}

/** Docker's M is 1024². */
function memoryText(bytes: number): string {
  return `${Math.floor(bytes / 1024 ** 2)}M`;
}

/** Texts in which Compose is to fill in nothing; keys without a value are left out. */
export function literal(value: Service): Service {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, literalValue(item)]));
}

function literalValue(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(literalValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, literalValue(item)]));
}
