import { get, text } from '../manifest.js';
import { advice, ofServer, serverRule } from '../rule.js';

/** Seconds that llama-server may take to end with a request in flight. */
const STOP = 30;

/** After SIGTERM it answers nothing more, and takes up to 30 s; while it loads as process 1 it does not hear it. */
export const stop = serverRule('stop', 'time to stop', (server) => {
  if (server.platform === 'compose') {
    const grace = secondsOf(text(get(server.spec, 'stop_grace_period')));
    const lacks = [
      ...(grace < STOP ? [`stop_grace_period: ${grace} s, and the server takes up to ${STOP} s to end`] : []),
      ...(get(server.spec, 'init') === true
        ? []
        : ['no init: as process 1 it ignores SIGTERM while it loads']),
    ];
    if (lacks.length === 0) return [];
    const lines = [
      ...(grace < STOP ? ['stop_grace_period: 45s'] : []),
      ...(get(server.spec, 'init') === true ? [] : ['init: true']),
    ];
    return [
      ofServer(server, get(server.spec, 'stop_grace_period') === undefined ? [] : ['stop_grace_period'], {
        code: 'server.crashed',
        severity: 'warning',
        title: 'the server is killed while it stops',
        evidence: lacks,
        remedies: advice('Write:', ...lines),
      }),
    ];
  }
  const { pod } = server;
  if (pod === null) return [];
  const grace = Number(text(get(pod.spec, 'terminationGracePeriodSeconds')) ?? 30);
  const drains = get(server.spec, 'lifecycle', 'preStop') !== undefined;
  const shares = get(pod.spec, 'shareProcessNamespace') === true;
  const lacks = [
    ...(drains ? [] : ['no preStop: answers that are being written break off at SIGTERM']),
    ...(grace > STOP
      ? []
      : [`terminationGracePeriodSeconds: ${grace}, and the server takes up to ${STOP} s to end`]),
    ...(shares ? [] : ['no shareProcessNamespace: as process 1 it ignores SIGTERM while it loads']),
  ];
  if (lacks.length === 0) return [];
  return [
    {
      ...ofServer(server, [], {
        code: 'server.crashed',
        severity: 'warning',
        title:
          drains && grace > STOP
            ? 'the server is killed when it is stopped while it loads'
            : 'answers are cut off at every stop',
        evidence: lacks,
        remedies: advice(
          'Wait, for a bounded time, until requests_processing is 0, before SIGTERM:',
          ...(drains ? [] : ['lifecycle: { preStop: { exec: … } }']),
          ...(grace > STOP ? [] : ['terminationGracePeriodSeconds: 165']),
          ...(shares ? [] : ['shareProcessNamespace: true']),
        ),
      }),
      at: pod.at,
    },
  ];
});

/** `1m30s` in seconds; Docker's 10 s where nothing is given. */
function secondsOf(given: string | null): number {
  if (given === null) return 10;
  const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  const parts = [...given.matchAll(/([\d.]+)(ms|h|m|s)?/g)];
  return parts.reduce((sum, [, amount, unit = 's']) => sum + Number(amount) * (units[unit] ?? 1), 0);
}
