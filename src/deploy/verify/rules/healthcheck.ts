import { get, list, text } from '../manifest.js';
import { advice, type Flaw, ofServer, serverRule } from '../rule.js';
import {
  hasKey,
  interpolated,
  isUpstream,
  portOf,
  prefixOf,
  type Server,
  setting,
  socketOf,
} from '../server.js';
import { healthPath, urlIn, WAKING } from '../url.js';

/** What a check does where the health wants the key. */
const WITH_KEY = 'curl -K - with the key from its file, as llamactl deploy-gen writes it';

/** Compose: the check of the image asks port 8080 without a prefix, and counts loading as illness. */
export const healthcheck = serverRule('healthcheck', 'a health check that fits the server', (server) => {
  if (server.platform !== 'compose') return [];
  const check = get(server.spec, 'healthcheck');
  if (check === undefined) return imagesOwn(server);
  if (get(check, 'disable') === true || text(list(get(check, 'test'))[0]) === 'NONE')
    return [
      flaw(
        server,
        'warning',
        'the health check is switched off',
        ['nothing tells whether the server answers'],
        [testLine(server)],
      ),
    ];
  return [...misfit(server, check), ...withoutStart(server, check)];
});

function imagesOwn(server: Server): Flaw[] {
  const port = portOf(server);
  const prefix = prefixOf(server);
  const fails = (port !== null && port !== 8080) || !!prefix || socketOf(server) !== null;
  return [
    flaw(
      server,
      fails ? 'error' : 'warning',
      fails
        ? 'the health check of the image asks http://localhost:8080/health, where this server is not'
        : 'no health check but that of the image, which counts loading as illness',
      ['HEALTHCHECK CMD curl -f http://localhost:8080/health, without a start period'],
      [testLine(server), 'start_period: 90s'],
    ),
  ];
}

function misfit(server: Server, check: unknown): Flaw[] {
  const words = get(check, 'test');
  const command =
    typeof words === 'string'
      ? words
      : list(words)
          .map((word) => text(word) ?? '')
          .join(' ');
  const [, missing] = /(?:^|[\s;&|(/])(wget|nc|python3?|httpie)\s/.exec(command) ?? [];
  if (missing !== undefined && isUpstream(server) && !/:full/.test(server.image) && !/curl/.test(command))
    return [
      flaw(
        server,
        'error',
        `the health check runs ${missing}, which the image does not have: it never succeeds`,
        [command, 'the image has curl'],
        [testLine(server)],
      ),
    ];
  if (socketOf(server) !== null) return [];
  const request = urlIn(interpolated(command));
  if (request === null) return [];
  const [port, prefix] = [portOf(server), prefixOf(server)];
  const fix = [testLine(server)];
  if (port !== null && request.port !== null && request.port !== port)
    return [
      flaw(
        server,
        'error',
        `the health check asks port ${request.port}, and the server listens on ${port}`,
        [command],
        fix,
      ),
    ];
  if (prefix === null) return [];
  if (prefix !== '' && !request.path.startsWith(`${prefix}/`))
    return [
      flaw(
        server,
        'error',
        `the health check asks ${request.path}, outside the prefix ${prefix}`,
        [command],
        hasKey(server) && !request.withKey ? [...fix, WITH_KEY] : fix,
      ),
    ];
  if (WAKING.test(request.path) && setting(server, '--sleep-idle-seconds') !== null)
    return [
      flaw(
        server,
        'error',
        `${request.path} wakes a server that sleeps, so that it never does`,
        [command],
        fix,
      ),
    ];
  if (prefix !== '' && hasKey(server) && !request.withKey)
    return [
      flaw(
        server,
        'error',
        'with a prefix and a key /health answers 401 to whoever has no key',
        [command],
        [WITH_KEY],
      ),
    ];
  return [];
}

function withoutStart(server: Server, check: unknown): Flaw[] {
  if (get(check, 'start_period') !== undefined) return [];
  return [
    flaw(
      server,
      'warning',
      'the health check has no start period: a server that loads counts as ill',
      ['while it loads /health answers 503'],
      ['start_period: 90s'],
    ),
  ];
}

function flaw(
  server: Server,
  severity: Flaw['severity'],
  title: string,
  evidence: readonly string[],
  lines: readonly string[],
): Flaw {
  return ofServer(server, ['healthcheck'], {
    code: 'container.healthcheck',
    severity,
    title,
    evidence,
    remedies: advice('Write under healthcheck:', ...lines),
  });
}

function testLine(server: Server): string {
  const socket = socketOf(server);
  const path = healthPath(prefixOf(server) ?? '');
  return socket === null
    ? `test: [CMD, curl, -fsS, http://127.0.0.1:${portOf(server) ?? 8080}${path}]`
    : `test: [CMD, curl, -fsS, --unix-socket, ${socket}, http://localhost${path}]`;
}
