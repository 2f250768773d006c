import type { Finding } from '../../catalogue/entry.js';
import { type Check, failed, findingOf, originLine, passed, skipped } from '../check.js';
import { containerCause, deafContainer, unseenNetwork, type Which } from '../container-cause.js';
import type { Facts, FailureFact } from '../facts.js';
import { endpointOf } from '../gather/network.js';
import { startingProcesses } from '../local-server.js';
import { movedFinding } from '../moved.js';

/** Something accepts connections. */
export const networkTcp: Check = {
  id: 'network.tcp',
  title: 'something listens on the port',
  category: 'network',
  needs: ['network.dns'],
  asks: ['tcp', 'health', 'moved', 'local'],
  run(facts) {
    const { tcp, health, proxy } = facts;
    if (tcp.state === 'known') return passed(`connects in ${tcp.value.connectMs} ms`);
    if (health.state === 'known')
      return passed(proxy === null ? 'HTTP answers' : `reached through the proxy ${proxy.url}`);
    if (tcp.state === 'not-asked') return skipped(tcp.reason);
    return failed(tcp.error.message, causeOf(facts, tcp.error));
  },
};

/** How a client reaches what listens there: on all addresses, by the one that was asked. */
function reachable(address: string, asked: string): string {
  return address.replace(/^(?:0\.0\.0\.0|\[::\])(?=:)/, asked);
}

/** Where this machine tells why nothing listens, that is the cause. */
function causeOf(facts: Facts, error: FailureFact): Finding {
  const found = findingOf(error, 98);
  const origin = originLine(facts);
  const plain = origin === null ? found : { ...found, evidence: [...found.evidence, origin] };
  const seen = { ...error, evidence: plain.evidence };
  // Docker's proxy may end a connection as soon as it is there.
  if (error.code === 'connection.reset') return deafContainer(facts, seen) ?? plain;
  if (error.code !== 'connection.refused') return plain;
  const moved = movedFinding(facts, plain);
  if (moved !== null) return moved;
  const isSocket = facts.url.startsWith('unix:');
  const isLlama = facts.configured.provider === 'llama-cpp';
  if (facts.local.state !== 'known' || isSocket || !isLlama) return plain;
  const on = (which: Which) =>
    otherServer(facts, plain, which) ??
    containerCause(facts, seen, which) ??
    unseenNetwork(facts, seen, which);
  return on('this port') ?? on('any port') ?? startingServer(facts, plain) ?? plain;
}

/** Servers that are named beside the one that is meant, perhaps. */
const NAMED = 10;

/** A llama-server that listens elsewhere on this machine; null without one. */
function otherServer(facts: Facts, plain: Finding, which: Which): Finding | null {
  if (facts.local.state !== 'known') return null;
  const url = new URL(facts.url);
  const { port } = endpointOf(url);
  // The last started first: it is what somebody is just setting up.
  const others = facts.local.value.processes
    .filter(({ routerPid }) => routerPid === undefined)
    .sort((a, b) => b.pid - a.pid)
    .flatMap(({ pid, listens }) => listens.map((at) => ({ pid, at, samePort: at.endsWith(`:${port}`) })))
    .sort((a, b) => Number(b.samePort) - Number(a.samePort));
  const [other] = others;
  if (other === undefined || (which === 'this port' && !other.samePort)) return null;
  const named = others.slice(0, NAMED).map(({ pid, at }) => `${at} (process ${pid})`);
  const more = others.length > NAMED ? ` and ${others.length - NAMED} more` : '';
  const usable = `${url.protocol}//${reachable(other.at, url.hostname)}`;
  return {
    ...plain,
    evidence: [...plain.evidence, `llama-server listens on ${named.join(', ')}${more}`],
    remedies: [
      { text: 'Ask the llama-server that runs here:', commands: [`llamactl diagnose --url ${usable}`] },
      ...plain.remedies,
    ],
  };
}

function startingServer(facts: Facts, plain: Finding): Finding | null {
  const [starting] = startingProcesses(facts);
  if (starting === undefined) return null;
  return {
    ...plain,
    evidence: [
      ...plain.evidence,
      `llama-server (process ${starting.pid}) runs and listens nowhere: it is still starting, or downloads its model`,
    ],
    remedies: [
      { text: 'Wait for it:', commands: [`llamactl health --url ${facts.url} --wait 10m`] },
      ...plain.remedies,
    ],
  };
}
