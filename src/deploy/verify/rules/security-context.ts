import { entries, get, list, text } from '../manifest.js';
import { advice, ofServer, serverRule } from '../rule.js';
import type { Server } from '../server.js';

/** The image has no USER, so that without a word it runs as root. */
export const securityContext = serverRule('security-context', 'a container without privileges', (server) => {
  const [missing, lines] = server.platform === 'kubernetes' ? inPod(server) : inCompose(server);
  if (missing.length === 0) return [];
  const privileged =
    get(server.spec, 'securityContext', 'privileged') === true || get(server.spec, 'privileged') === true;
  const key = server.platform === 'kubernetes' && get(server.spec, 'securityContext') !== undefined;
  return [
    ofServer(server, key ? ['securityContext'] : [], {
      code: 'config.invalid',
      severity: privileged ? 'error' : 'warning',
      title: privileged
        ? 'the container is privileged: whoever breaks into it has the machine'
        : 'the container runs with more rights than llama-server needs',
      evidence: missing,
      remedies: advice('Add (uid 65534 works with a model that is a file):', ...lines),
    }),
  ];
});

function inPod({ spec, pod }: Server): [string[], string[]] {
  const own = (...path: string[]) => get(spec, 'securityContext', ...path);
  const either = (...path: string[]) => own(...path) ?? get(pod?.spec, 'securityContext', ...path);
  const user = Number(text(either('runAsUser')) ?? 0);
  const wants: [boolean, string, string][] = [
    [either('runAsNonRoot') === true || user > 0, 'it runs as root', 'runAsNonRoot: true, runAsUser: 65534'],
    [
      own('allowPrivilegeEscalation') === false,
      'programs in it may gain rights',
      'allowPrivilegeEscalation: false',
    ],
    [drops(own('capabilities', 'drop')), 'it keeps capabilities', 'capabilities: { drop: [ALL] }'],
    [
      either('seccompProfile', 'type') !== undefined,
      'it may make any system call',
      'seccompProfile: { type: RuntimeDefault }',
    ],
    [own('privileged') !== true, 'privileged: true', 'privileged: false'],
  ];
  return split(wants);
}

function inCompose({ spec }: Server): [string[], string[]] {
  const user = text(get(spec, 'user')) ?? 'root';
  const options = list(get(spec, 'security_opt')).map((option) => text(option) ?? '');
  const wants: [boolean, string, string][] = [
    [!/^(?:root|0)(?::|$)/.test(user), 'it runs as root', 'user: "65534:65534"'],
    [drops(get(spec, 'cap_drop')), 'it keeps capabilities', 'cap_drop: [ALL]'],
    [
      options.some((option) => /^no-new-privileges(?:[:=]true)?$/.test(option)),
      'programs in it may gain rights',
      'security_opt: [no-new-privileges:true]',
    ],
    [get(spec, 'privileged') !== true, 'privileged: true', 'privileged: false'],
  ];
  return split(wants);
}

function split(wants: readonly [boolean, string, string][]): [string[], string[]] {
  const missing = wants.filter(([held]) => !held);
  return [missing.map(([, what]) => what), missing.map(([, , line]) => line)];
}

function drops(value: unknown): boolean {
  return [...list(value), ...entries(value)].some((name) => text(name)?.toUpperCase() === 'ALL');
}
