import { entries, get, list, type Manifest, type Path, text } from '../manifest.js';
import { advice, type Flaw, type Project, type Rule } from '../rule.js';
import { prefixOf, type Server, setting } from '../server.js';
import { WAKING } from '../url.js';

interface Scrape {
  readonly manifest: Manifest;
  readonly at: Path;
  readonly path: string;
  readonly params: unknown;
}

/** Scrapes that get nothing, and such as load or wake what nobody asked for. */
export const scrape: Rule = {
  id: 'scrape',
  title: 'scrapes that only look',
  find: (project) => {
    const { servers } = project;
    if (servers.length === 0) return [];
    return scrapesOf(project).flatMap((each) => ofScrape(each, servers));
  },
};

function ofScrape(scrape: Scrape, servers: readonly Server[]): Flaw[] {
  const { manifest, at, path, params } = scrape;
  const place = { manifest, at };
  const [server] = servers;
  if (WAKING.test(path) && servers.some((each) => setting(each, '--sleep-idle-seconds') !== null))
    return [
      {
        ...place,
        code: 'server.busy',
        severity: 'error',
        title: `scraping ${path} wakes a server that sleeps, so that it never does`,
        remedies: advice('Scrape what does not wake it:', '/metrics'),
      },
    ];
  if (!/\/metrics$/.test(path) || server === undefined) return [];
  if (servers.every((each) => setting(each, '--metrics') === null && !each.otherEnv))
    return [
      {
        ...place,
        code: 'feature.disabled',
        severity: 'error',
        title: `${path} is scraped, and the server is started without --metrics: it answers 501`,
        remedies: advice('Add to its arguments:', '--metrics'),
      },
    ];
  const prefix = prefixOf(server);
  if (servers.length === 1 && prefix !== null && path !== `${prefix}/metrics`)
    return [
      {
        ...place,
        code: 'connection.wrong-path',
        severity: 'error',
        title: `${path} is scraped, and the metrics are at ${prefix}/metrics`,
        remedies: advice('Write:', `path: ${prefix}/metrics`),
      },
    ];
  const routers = servers.every((each) => isRouter(each));
  if (!routers) return [];
  if (get(params, 'model') === undefined)
    return [
      {
        ...place,
        code: 'model.not-found',
        severity: 'error',
        title: 'a router has metrics for each model: without params.model it answers 400',
        remedies: advice('Scrape each model:', 'params: { model: [NAME], autoload: ["false"] }'),
      },
    ];
  if (text(list(get(params, 'autoload'))[0]) === 'false') return [];
  return [
    {
      ...place,
      code: 'model.router-limit',
      severity: 'error',
      title: 'every scrape loads the model that it asks for',
      remedies: advice('Only look:', 'autoload: ["false"]'),
    },
  ];
}

function isRouter(server: Server): boolean {
  const named = ['--model', '--hf-repo', '--model-url', '--docker-repo'];
  return (
    (setting(server, '--models-preset') !== null || setting(server, '--models-dir') !== null) &&
    named.every((name) => setting(server, name) === null)
  );
}

function scrapesOf({ manifests, servers }: Project): Scrape[] {
  return manifests.flatMap((manifest) => {
    const { value } = manifest;
    const kind = text(get(value, 'kind')) ?? '';
    if (kind === 'ServiceMonitor' || kind === 'PodMonitor') {
      const key = kind === 'ServiceMonitor' ? 'endpoints' : 'podMetricsEndpoints';
      return list(get(value, 'spec', key)).map((endpoint, index) => ({
        manifest,
        at: ['spec', key, index],
        path: text(get(endpoint, 'path')) ?? '/metrics',
        params: get(endpoint, 'params'),
      }));
    }
    const jobs = list(get(value, 'scrape_configs')).flatMap((job, index): Scrape[] =>
      mentions(job, servers)
        ? [
            {
              manifest,
              at: ['scrape_configs', index],
              path: text(get(job, 'metrics_path')) ?? '/metrics',
              params: get(job, 'params'),
            },
          ]
        : [],
    );
    return [...jobs, ...annotated(manifest, servers)];
  });
}

/** Whether a job of Prometheus asks one of the servers of a Compose project, by its name. */
function mentions(job: unknown, servers: readonly Server[]): boolean {
  const targets = JSON.stringify(job);
  return servers.some(({ name }) => targets.includes(`"${name}:`) || targets.includes(`"${name}"`));
}

function annotated(manifest: Manifest, servers: readonly Server[]): Scrape[] {
  const server = servers.find((each) => each.manifest === manifest && each.pod !== null);
  const at: Path = [...(server?.pod?.at.slice(0, -1) ?? []), 'metadata', 'annotations'];
  const annotations = server === undefined ? undefined : get(manifest.value, ...at);
  if (
    !entries(annotations).some(([name, value]) => name === 'prometheus.io/scrape' && text(value) === 'true')
  )
    return [];
  const path = text(get(annotations, 'prometheus.io/path')) ?? '/metrics';
  return [{ manifest, at: [...at, 'prometheus.io/scrape'], path, params: undefined }];
}
