import { get, list, type Path, text } from '../manifest.js';
import { advice, type Flaw, ofServer, serverRule } from '../rule.js';
import { containerPort, hasKey, portOf, prefixOf, type Server, setting } from '../server.js';
import { healthPath, urlIn, WAKING } from '../url.js';

/** Seconds that a model of a usual size needs to load. */
const LOADING = 60;

/** What a probe does where the health wants the key. */
const WITH_KEY = 'exec: curl with the key from its mounted file, as llamactl deploy-gen writes it';

/** Probes of a pod: there, and of the port, prefix and key that the server has. */
export const probes = serverRule('probes', 'probes that fit the server', (server) => {
  if (server.platform !== 'kubernetes') return [];
  const given = ['startupProbe', 'readinessProbe', 'livenessProbe'].filter(
    (name) => get(server.spec, name) !== undefined,
  );
  return [
    ...missing(server, given),
    ...given.flatMap((name) => misfit(server, name)),
    ...hasty(server, given),
  ];
});

function missing(server: Server, given: readonly string[]): Flaw[] {
  const lacks = [
    ...(given.includes('readinessProbe') ? [] : ['readinessProbe: requests reach a server that still loads']),
    ...(given.includes('livenessProbe') ? [] : ['livenessProbe: a server that hangs is not restarted']),
    ...(given.length > 0 || given.includes('startupProbe')
      ? []
      : ['startupProbe: nothing tells loading from hanging']),
  ];
  if (lacks.length === 0) return [];
  const probe = `httpGet: { path: ${healthPath(prefixOf(server) ?? '')}, port: ${portOf(server) ?? 8080} }`;
  return [
    ofServer(server, [], {
      code: 'server.loading',
      severity: 'warning',
      title: 'probes are missing',
      evidence: lacks,
      remedies: advice('Ask /health, with time to load in the startupProbe:', probe),
    }),
  ];
}

/** A liveness probe without a startup probe kills a server that loads. */
function hasty(server: Server, given: readonly string[]): Flaw[] {
  if (!given.includes('livenessProbe') || given.includes('startupProbe')) return [];
  const number = (name: string, fallback: number) =>
    Number(text(get(server.spec, 'livenessProbe', name)) ?? fallback);
  const seconds =
    number('initialDelaySeconds', 0) + number('periodSeconds', 10) * number('failureThreshold', 3);
  if (seconds >= LOADING) return [];
  return [
    ofServer(server, ['livenessProbe'], {
      code: 'k8s.probe-killed',
      severity: 'warning',
      title: `the server is killed when it has not loaded after ${seconds} s`,
      remedies: advice(
        'Give loading a probe of its own:',
        'startupProbe: { periodSeconds: 5, failureThreshold: 60, … }',
      ),
    }),
  ];
}

function misfit(server: Server, name: string): Flaw[] {
  const probe = get(server.spec, name);
  const at: Path = [name];
  const flaw = (title: string, ...fix: string[]): Flaw[] => [
    ofServer(server, at, {
      code: 'k8s.probe-killed',
      severity: 'error',
      title: `${name}: ${title}`,
      remedies: advice('The server is where its arguments say:', ...fix),
    }),
  ];
  const request = requestOf(server, probe);
  if (request === null) {
    const isSocket = get(probe, 'tcpSocket') !== undefined;
    return isSocket && name === 'readinessProbe'
      ? [
          ofServer(server, at, {
            code: 'server.loading',
            severity: 'warning',
            title: 'readinessProbe: the port is open while the model still loads',
            remedies: advice(
              'Ask for the health:',
              `httpGet: { path: ${healthPath(prefixOf(server) ?? '')}, port: … }`,
            ),
          }),
        ]
      : [];
  }
  const [port, prefix] = [portOf(server), prefixOf(server)];
  if (port !== null && request.port !== null && request.port !== port)
    return flaw(`port ${request.port}, and the server listens on ${port}`, `port: ${port}`);
  if (prefix === null) return [];
  if (prefix !== '' && !request.path.startsWith(`${prefix}/`))
    return flaw(
      `${request.path} is outside the prefix ${prefix}, and answers 404`,
      `path: ${healthPath(prefix)}`,
      // Below the prefix it would be asked for the key next.
      ...(hasKey(server) && !request.withKey ? [WITH_KEY] : []),
    );
  if (WAKING.test(request.path) && setting(server, '--sleep-idle-seconds') !== null)
    return flaw(
      `${request.path} wakes a server that sleeps, so that it never does`,
      `path: ${healthPath(prefix)}`,
    );
  if (prefix !== '' && hasKey(server) && !request.withKey)
    return flaw('with a prefix and a key /health answers 401 to whoever has no key', WITH_KEY);
  return [];
}

function requestOf(server: Server, probe: unknown) {
  const asked = get(probe, 'httpGet');
  if (asked !== undefined) {
    const headers = list(get(asked, 'httpHeaders')).map((header) => text(get(header, 'name')) ?? '');
    return {
      port: containerPort(server, get(asked, 'port')),
      path: text(get(asked, 'path')) ?? '/',
      withKey: headers.some((header) => /^(?:authorization|x-api-key)$/i.test(header)),
    };
  }
  const command = list(get(probe, 'exec', 'command')).map((word) => text(word) ?? '');
  return urlIn(command.join(' '));
}
