import type { Finding } from '../catalogue/entry.js';
import type { Remedy } from '../errors/llamactl-error.js';
import { finding } from './check.js';
import type { ContainerFacts, Facts, FailureFact } from './facts.js';
import { endpointOf } from './gather/network.js';
import { isRunning, programOf } from './local-server.js';

/** Where a finding about a container stands: nothing on this machine is nearer to the root. */
const RANK = 99;

/** Whether what is looked for must have to do with the very port that was asked. */
export type Which = 'this port' | 'any port';

/**
 * What a container has to do with a port on which nobody answers: it does not publish it, publishes another one, listens on its
 * own loopback, or has ended.
 * @returns null where none has
 */
export function containerCause(facts: Facts, error: FailureFact, which: Which): Finding | null {
  if (facts.local.state !== 'known') return null;
  const { port } = endpointOf(new URL(facts.url));
  const { containers } = facts.local.value;
  const running = containers.filter((each) => isRunning(each) && each.network !== 'host');
  const hidden = running.filter(({ publishes }) => publishes.length === 0);
  if (which === 'any port') {
    const [first] = hidden;
    if (first !== undefined) return notPublished(facts, error, first, port);
    const [elsewhere] = running;
    return elsewhere === undefined ? null : publishedElsewhere(facts, error, elsewhere);
  }
  const deaf = deafContainer(facts, error);
  if (deaf !== null) return deaf;
  const exact = hidden.find((each) => each.port === port);
  if (exact !== undefined) return notPublished(facts, error, exact, port);
  const other = running.find((each) => each.port === port);
  if (other !== undefined) return publishedElsewhere(facts, error, other);
  const ended = containers.find((each) => !isRunning(each) && each.publishes.includes(port));
  return ended === undefined ? null : hasEnded(facts, error, ended);
}

/** A container that publishes the port that was asked, where nobody inside takes what comes; null without one. */
export function deafContainer(facts: Facts, error: FailureFact): Finding | null {
  if (facts.local.state !== 'known') return null;
  const { port } = endpointOf(new URL(facts.url));
  const published = facts.local.value.containers.find(
    (each) => isRunning(each) && each.publishes.includes(port),
  );
  return published === undefined ? null : deafInside(facts, error, published, port);
}

/** A llama-server in a network of its own, where no container is known that would tell more. */
export function unseenNetwork(facts: Facts, error: FailureFact, which: Which): Finding | null {
  if (facts.local.state !== 'known') return null;
  const { port } = endpointOf(new URL(facts.url));
  const inside = facts.local.value.processes.find(({ listensInside = [] }) =>
    listensInside.some((at) => which === 'any port' || at.endsWith(`:${port}`)),
  );
  if (inside === undefined) return null;
  return finding('container.bind-localhost', facts, {
    title: `a llama-server runs in a container, and no port ${port} of this machine leads to it`,
    evidence: [
      ...error.evidence,
      `process ${inside.pid} listens on ${(inside.listensInside ?? []).join(', ')}, in a network of its own`,
    ],
    rank: RANK,
  });
}

function notPublished(facts: Facts, error: FailureFact, container: ContainerFacts, port: number): Finding {
  const inside = container.port ?? port;
  const isLoopback = listensOnLoopback(container);
  return finding('container.bind-localhost', facts, {
    title: `a container runs llama.cpp, and its port ${inside} is not published`,
    evidence: [...error.evidence, `${nameOf(container)} publishes no port`],
    rank: RANK,
    remedies: [
      {
        text: 'Start it again with the port published, on this machine only:',
        commands: [
          `${programOf(container)} run -p 127.0.0.1:${port}:${inside} … ${container.image} …${isLoopback ? ' --host 0.0.0.0' : ''}`,
        ],
      },
      { text: 'In a compose file, below the service:', commands: [`ports: ["127.0.0.1:${port}:${inside}"]`] },
    ],
  });
}

function publishedElsewhere(facts: Facts, error: FailureFact, container: ContainerFacts): Finding {
  const url = new URL(facts.url);
  const [first] = container.publishes;
  url.port = String(first ?? '');
  const there = url.href.replace(/\/$/, '');
  return {
    ...finding('connection.refused', facts, {
      title: `nothing listens on ${new URL(facts.url).host}: the container of llama.cpp is published on ${first}`,
      evidence: [...error.evidence, `${nameOf(container)} publishes ${container.publishes.join(', ')}`],
      rank: RANK,
      remedies: [
        { text: 'Use its port:', commands: [`llamactl diagnose --url ${there}`] },
        ...error.remedies.slice(0, 1),
      ],
    }),
  };
}

/** Docker takes the connection, and finds nobody inside to give it to. */
function deafInside(
  facts: Facts,
  error: FailureFact,
  container: ContainerFacts,
  port: number,
): Finding | null {
  const program = programOf(container);
  const target = container.inside?.[String(port)];
  const logs: Remedy = {
    text: 'See what it says of itself:',
    commands: [`${program} logs ${container.name} 2>&1 | llamactl diagnose --logs -`],
  };
  if (target !== undefined && container.port !== undefined && target !== container.port) {
    const title = `port ${port} leads to ${target} inside the container, where llama-server listens on ${container.port}`;
    return finding('container.bind-localhost', facts, {
      title,
      evidence: [...error.evidence, `${nameOf(container)} publishes ${port} → ${target}`],
      rank: RANK,
      remedies: [
        {
          text: 'Publish the port that it listens on:',
          commands: [`${program} run -p 127.0.0.1:${port}:${container.port} … ${container.image} …`],
        },
        { text: 'Or let it listen on that one:', commands: [`llama-server … --port ${target}`] },
        logs,
      ],
    });
  }
  if (!listensOnLoopback(container)) return null;
  return finding('container.bind-localhost', facts, {
    title: `the container publishes port ${port}, and llama-server listens on ${container.host} inside it only`,
    evidence: [
      ...error.evidence,
      `${nameOf(container)} publishes ${port}${target === undefined ? '' : ` → ${target}`}; --host is ${container.host}`,
    ],
    rank: RANK,
    remedies: [
      {
        text: 'Let it listen on all addresses inside, and publish it on this machine only:',
        commands: [
          `${program} run -p 127.0.0.1:${port}:${target ?? port} … ${container.image} … --host 0.0.0.0`,
        ],
      },
      logs,
    ],
  });
}

function hasEnded(facts: Facts, error: FailureFact, container: ContainerFacts): Finding {
  const { name, exitCode = 0, oomKilled = false, state = 'exited' } = container;
  const program = programOf(container);
  const why = oomKilled ? 'killed for want of memory (OOMKilled)' : `exit code ${exitCode}`;
  const evidence = [...error.evidence, `${nameOf(container)}, ${state}: ${why}`];
  const remedies: Remedy[] = [
    {
      text: 'See why it ended:',
      commands: [`${program} logs ${name} 2>&1 | llamactl diagnose --logs -`],
    },
    { text: 'Start it again:', commands: [`${program} start ${name}`] },
  ];
  if (oomKilled)
    return finding('container.oom-killed', facts, {
      title: `the container of llama.cpp was killed: it needed more memory than it may have`,
      evidence,
      rank: RANK,
    });
  return finding('connection.refused', facts, {
    title:
      state === 'restarting'
        ? `nothing listens on ${new URL(facts.url).host}: its container starts again and again (exit code ${exitCode})`
        : `nothing listens on ${new URL(facts.url).host}: its container has ended (exit code ${exitCode})`,
    evidence,
    rank: RANK,
    remedies,
  });
}

function listensOnLoopback({ host }: ContainerFacts): boolean {
  return host !== undefined && /^(?:127\.|localhost$|::1$)/.test(host);
}

/** `container llama (ghcr.io/ggml-org/llama.cpp:server)`. */
function nameOf({ name, image }: ContainerFacts): string {
  return `container ${name} (${image})`;
}
