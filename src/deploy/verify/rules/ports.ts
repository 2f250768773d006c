import { get, list, type Path, text } from '../manifest.js';
import { advice, type Flaw, type Project, type Rule, selects } from '../rule.js';
import { containerPort, interpolated, portOf, type Server } from '../server.js';

/** Ports that lead to where nobody listens. */
export const ports: Rule = {
  id: 'ports',
  title: 'ports that lead to the server',
  find: (project) =>
    project.servers.flatMap((server) => {
      const port = portOf(server);
      if (port === null) return [];
      return server.platform === 'compose' ? published(server, port) : routed(server, port, project);
    }),
};

/** Others of a container's ports may be a sidecar's; one of them must be the server's. */
function published(server: Server, port: number): Flaw[] {
  const given = list(get(server.spec, 'ports'));
  const targets = given.map(targetOf);
  if (given.length === 0 || targets.some((target) => target === null || includes(target, port))) return [];
  return [
    flaw(
      server.manifest,
      [...server.at, 'ports', 0],
      `port ${targets[0]} of the container`,
      port,
      `"${port}:${port}"`,
    ),
  ];
}

function targetOf(port: unknown): string | null {
  const target = text(typeof port === 'object' ? get(port, 'target') : port);
  const inside =
    interpolated(target ?? '$')
      .split(':')
      .at(-1) ?? '$';
  return inside.includes('$') ? null : inside.replace(/\/\w+$/, '');
}

/** `8080`, or a range such as `8000-8010`. */
function includes(target: string, port: number): boolean {
  const [first, last = first] = target.split('-').map(Number);
  return first !== undefined && last !== undefined && first <= port && port <= last;
}

function routed(server: Server, port: number, { manifests }: Project): Flaw[] {
  // A proxy beside the server may be what the Service leads to.
  if (list(get(server.pod?.spec, 'containers')).length > 1) return [];
  return manifests
    .filter(({ value }) => get(value, 'kind') === 'Service' && selects(value, server))
    .flatMap((service) => {
      const given = list(get(service.value, 'spec', 'ports'));
      const targets = given.map((each) =>
        containerPort(server, get(each, 'targetPort') ?? get(each, 'port')),
      );
      if (given.length === 0 || targets.some((target) => target === port)) return [];
      return [
        flaw(
          service,
          ['spec', 'ports', 0],
          `port ${targets[0] ?? text(get(given[0], 'targetPort'))} of the pod`,
          port,
          `targetPort: ${port}`,
        ),
      ];
    });
}

function flaw(manifest: Flaw['manifest'], at: Path, where: string, port: number, instead: string): Flaw {
  return {
    code: 'connection.refused',
    severity: 'error',
    title: `requests are sent to ${where}, and the server listens on ${port}`,
    remedies: advice('Write:', instead),
    manifest,
    at,
  };
}
