import type { Finding } from '../../catalogue/entry.js';
import { type Check, failed, finding, findingOf, passed, skipped } from '../check.js';
import type { Facts, FailureFact } from '../facts.js';
import { endpointOf } from '../gather/network.js';

/** Servers elsewhere that are named. */
const SHOWN = 3;

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
      return passed(proxy === null ? 'HTTP answers' : `reached through the proxy ${proxy}`);
    if (tcp.state === 'not-asked') return skipped(tcp.reason);
    return failed(tcp.error.message, causeOf(facts, tcp.error));
  },
};

/** Where this machine tells why nothing listens, that is the cause. */
function causeOf(facts: Facts, error: FailureFact): Finding {
  const plain = findingOf(error, 98);
  if (error.code !== 'connection.refused' || facts.local.state !== 'known') return plain;
  const { processes, containers } = facts.local.value;
  const url = new URL(facts.url);
  const { port } = endpointOf(url);
  const hidden = containers.find(({ publishes }) => !publishes.includes(port));
  const elsewhere = processes.filter(({ ports }) => ports.length > 0 && !ports.includes(port));
  const others = elsewhere.flatMap(({ pid, ports }) => ports.map((at) => ({ pid, at })));
  const [other] = others;
  if (other !== undefined) {
    const found = `${url.protocol}//${url.hostname}:${other.at}`;
    return {
      ...plain,
      evidence: [
        ...plain.evidence,
        ...others.slice(0, SHOWN).map(({ pid, at }) => `llama-server (process ${pid}) listens on port ${at}`),
        ...(others.length > SHOWN ? [`and ${others.length - SHOWN} more of this machine`] : []),
      ],
      remedies: [
        { text: 'Ask the llama-server that runs here:', commands: [`llamactl diagnose --url ${found}`] },
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
