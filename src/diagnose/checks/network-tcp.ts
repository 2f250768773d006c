import type { Finding } from '../../catalogue/entry.js';
import { type Check, failed, finding, findingOf, originLine, passed, skipped } from '../check.js';
import type { Facts, FailureFact } from '../facts.js';
import { endpointOf } from '../gather/network.js';

/** Something accepts connections. */
export const networkTcp: Check = {
  id: 'network.tcp',
  title: 'something listens on the port',
  category: 'network',
  needs: ['network.dns'],
  asks: ['tcp', 'health', 'local'],
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
  const isSocket = facts.url.startsWith('unix:');
  const isLlama = facts.configured.provider === 'llama-cpp';
  if (error.code !== 'connection.refused' || facts.local.state !== 'known' || isSocket || !isLlama)
    return plain;
  const { processes, containers } = facts.local.value;
  const url = new URL(facts.url);
  const { port } = endpointOf(url);
  const hidden = containers.find(({ publishes }) => !publishes.includes(port));
  // The last started first: it is what somebody is just setting up.
  const others = [...processes]
    .sort((a, b) => b.pid - a.pid)
    .flatMap(({ pid, listens }) => listens.map((at) => ({ pid, at, samePort: at.endsWith(`:${port}`) })))
    .sort((a, b) => Number(b.samePort) - Number(a.samePort));
  const [other] = others;
  if (other !== undefined) {
    const usable = `${url.protocol}//${reachable(other.at, url.hostname)}`;
    return {
      ...plain,
      evidence: [
        ...plain.evidence,
        `llama-server listens on ${others.map(({ pid, at }) => `${at} (process ${pid})`).join(', ')}`,
      ],
      remedies: [
        { text: 'Ask the llama-server that runs here:', commands: [`llamactl diagnose --url ${usable}`] },
        ...plain.remedies,
      ],
    };
  }
  const starting = processes.find(({ ports }) => ports.length === 0);
  if (starting !== undefined) {
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
  if (hidden !== undefined) {
    return finding('container.bind-localhost', facts, {
      title: `a container runs llama.cpp, and its port ${port} is not published`,
      evidence: [
        ...plain.evidence,
        `container ${hidden.name} (${hidden.image}) publishes ${hidden.publishes.join(', ') || 'no port'}`,
      ],
      rank: 99,
    });
  }
  return plain;
}
