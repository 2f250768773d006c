import type { Remedy } from '../../../errors/llamactl-error.js';
import { entries, get, list, type Manifest, type Path, text } from '../manifest.js';
import { type Flaw, type Project, type Rule, selects } from '../rule.js';
import { hasKey, interpolated, listensLocally, type Server, socketOf } from '../server.js';

/** Whoever reaches a server without a key uses it, and reads what others ask where slots are on. */
export const publicKey: Rule = {
  id: 'public-key',
  title: 'a key where strangers may ask',
  find: (project) =>
    project.servers
      .filter((server) => !hasKey(server) && socketOf(server) === null)
      .flatMap((server) =>
        server.platform === 'compose' ? inCompose(server) : inKubernetes(server, project),
      ),
};

const LOCAL_ADDRESS: Remedy = { text: 'Listen on this machine only:', commands: ['--host 127.0.0.1'] };
const WITH_KEY: Remedy = {
  text: 'Or let it want a key, from a file that is a secret:',
  commands: ['--api-key-file /run/secrets/llama-key'],
};
const WITH_SECRET: Remedy = {
  text: 'Let it want a key, from a mounted Secret:',
  commands: ['--api-key-file /run/secrets/llama/api-key'],
};
const BALANCERS = /nginx|haproxy|traefik|caddy|envoy/;

function inCompose(server: Server): Flaw[] {
  const { manifest, name } = server;
  const services = entries(get(manifest.value, 'services')).filter(
    ([other, spec]) =>
      other === name || (BALANCERS.test(text(get(spec, 'image')) ?? '') && dependsOn(spec, name)),
  );
  return services.flatMap(([service, spec]) => {
    const at: Path = ['services', service];
    if (get(spec, 'network_mode') === 'host')
      return listensLocally(server)
        ? []
        : [flaw(manifest, [...at, 'network_mode'], 'network_mode: host', [LOCAL_ADDRESS, WITH_KEY])];
    const ports = list(get(spec, 'ports'));
    const open = ports.findIndex((port) => !isLocal(port));
    if (open < 0) return [];
    const published = { text: 'Publish on this machine only:', commands: [localPort(ports[open])] };
    return [flaw(manifest, [...at, 'ports', open], shown(ports[open]), [published, WITH_KEY])];
  });
}

function dependsOn(spec: unknown, name: string): boolean {
  const given = get(spec, 'depends_on');
  return Array.isArray(given) ? given.includes(name) : entries(given).some(([other]) => other === name);
}

function isLocal(port: unknown): boolean {
  const address = typeof port === 'object' ? (text(get(port, 'host_ip')) ?? '') : (text(port) ?? '');
  return /^(?:127\.|localhost|\[?::1)/.test(interpolated(address));
}

/** The same port on loopback. */
function localPort(port: unknown): string {
  if (typeof port === 'object') return 'host_ip: 127.0.0.1';
  const given = String(port).replace(/^(?:\d+\.){3}\d+:|^\[.*\]:/, '');
  return `ports: ["127.0.0.1:${given.includes(':') ? given : `${given}:${given}`}"]`;
}

function shown(port: unknown): string {
  return `ports: ${typeof port === 'object' ? JSON.stringify(port) : String(port)}`;
}

function inKubernetes(server: Server, { manifests }: Project): Flaw[] {
  if (get(server.pod?.spec, 'hostNetwork') === true && server.pod !== null && !listensLocally(server))
    return [flaw(server.manifest, [...server.pod.at, 'hostNetwork'], 'hostNetwork: true', [WITH_SECRET])];
  const services = manifests.filter(
    ({ value }) => get(value, 'kind') === 'Service' && selects(value, server),
  );
  return [
    ...services
      .filter(({ value }) => /^(?:NodePort|LoadBalancer)$/.test(text(get(value, 'spec', 'type')) ?? ''))
      .filter(({ value }) => !annotated(value, /internal/i))
      .map((service) =>
        flaw(service, ['spec', 'type'], `type: ${text(get(service.value, 'spec', 'type'))}`, [WITH_SECRET]),
      ),
    ...manifests
      .filter(({ value }) => /^(?:Ingress|HTTPRoute)$/.test(text(get(value, 'kind')) ?? ''))
      // The proxy asks who it is: by a password, or another server's word.
      .filter(({ value }) => !annotated(value, /\/auth-|middlewares|oauth/))
      .filter(({ value }) => services.some((service) => leadsTo(value, nameOf(service.value))))
      .map((route) =>
        flaw(route, ['spec'], `${text(get(route.value, 'kind'))} ${nameOf(route.value)}`, [WITH_SECRET]),
      ),
  ];
}

function annotated(value: unknown, pattern: RegExp): boolean {
  return entries(get(value, 'metadata', 'annotations')).some(
    ([name, each]) => pattern.test(`${name}: ${text(each)}`) && text(each) !== 'false',
  );
}

function nameOf(value: unknown): string {
  return text(get(value, 'metadata', 'name')) ?? '';
}

/** Whether a route names a Service, wherever it stands in it. */
function leadsTo(value: unknown, service: string): boolean {
  if (Array.isArray(value)) return value.some((item) => leadsTo(item, service));
  return entries(value).some(
    ([key, item]) =>
      (/^(?:service|backendRefs|defaultBackend)$/.test(key) &&
        [item, ...list(item)].some((each) => nameIs(each, service))) ||
      leadsTo(item, service),
  );
}

function nameIs(value: unknown, service: string): boolean {
  return get(value, 'name') === service || get(value, 'service', 'name') === service;
}

function flaw(manifest: Manifest, at: Path, evidence: string, remedies: readonly Remedy[]): Flaw {
  return {
    code: 'auth.missing-key',
    severity: 'error',
    title: 'strangers reach the server, and it wants no key',
    evidence: [evidence],
    remedies,
    manifest,
    at,
  };
}
