import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { type FakeContainer, fakeDocker, hangingDocker } from '../../support/fake-docker.js';
import { freePort, serverBinary, tinyModel } from '../../support/real-server.js';
import type { Lab } from '../lab.js';
import { type Call, HEALTHY, problem, type Scenario } from '../scenario.js';
import { diagnose, until } from './ways.js';

const MODEL = ['-m', '/models/qwen.gguf'];

/** `diagnose` on a machine on which docker (or podman) tells of these containers. */
function beside(
  lab: Lab,
  port: number,
  containers: readonly FakeContainer[],
  program: 'docker' | 'podman' = 'docker',
): Call {
  return { ...diagnose(`http://127.0.0.1:${port}`), env: fakeDocker(lab.folder(), containers, program) };
}

/** As docker's proxy for a published port: it takes connections, finds nobody inside, and ends them. */
async function deafPort(lab: Lab): Promise<number> {
  const server = createServer((socket) => socket.resetAndDestroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  lab.defer(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Containers as docker tells of them; the program is a fake, as no machine of the tests has a daemon. */
export const CONTAINERS: readonly Scenario[] = [
  ...(['docker', 'podman'] as const).map(
    (program): Scenario => ({
      id: `container-not-published-${program}`,
      title: `a container of ${program} runs llama.cpp, and publishes no port`,
      layer: 'container',
      setUp: async (lab) => {
        const port = await freePort();
        const args = [...MODEL, '--port', String(port)];
        const call = beside(lab, port, [{ name: 'llama', args }], program);
        return { ...call, mentions: [new RegExp(`${program} run -p 127\\.0\\.0\\.1:${port}:${port}`)] };
      },
      expect: problem('container.bind-localhost', {
        alone: true,
        mentions: [/container llama/, /publishes no port/],
      }),
    }),
  ),
  {
    id: 'container-published-elsewhere',
    title: 'the container is published on another port than is asked',
    layer: 'container',
    setUp: async (lab) => {
      const [asked, published] = [await freePort(), await freePort()];
      const args = [...MODEL, '--port', String(asked)];
      return {
        ...beside(lab, asked, [{ name: 'llama', args, publishes: { [asked]: published } }]),
        mentions: [new RegExp(`diagnose --url http://127\\.0\\.0\\.1:${published}`)],
      };
    },
    expect: problem('connection.refused', { alone: true }),
  },
  {
    id: 'container-listens-on-its-loopback',
    title: 'the port is published, and llama-server listens on 127.0.0.1 inside',
    layer: 'container',
    setUp: async (lab) => {
      const port = await deafPort(lab);
      const args = [...MODEL, '--host', '127.0.0.1', '--port', '8080'];
      return beside(lab, port, [{ name: 'llama', args, publishes: { 8080: port } }]);
    },
    expect: problem('container.bind-localhost', {
      alone: true,
      mentions: [/listens on 127\.0\.0\.1 inside/, /--host 0\.0\.0\.0/],
    }),
  },
  {
    id: 'container-own-image-without-host',
    title: 'an image of their own without LLAMA_ARG_HOST: llama-server listens on 127.0.0.1 inside',
    layer: 'container',
    setUp: async (lab) => {
      const port = await deafPort(lab);
      return beside(lab, port, [
        { name: 'llm', image: 'mine/llm:7', args: MODEL, env: [], publishes: { 8080: port } },
      ]);
    },
    expect: problem('container.bind-localhost', { alone: true, mentions: [/mine\/llm:7/] }),
  },
  {
    id: 'container-wrong-port-inside',
    title: 'the published port leads to another one than llama-server listens on inside',
    layer: 'container',
    setUp: async (lab) => {
      const port = await deafPort(lab);
      const args = [...MODEL, '--port', '8000'];
      return beside(lab, port, [{ name: 'llama', args, publishes: { 8080: port } }]);
    },
    expect: problem('container.bind-localhost', {
      alone: true,
      mentions: [/leads to 8080.*listens on 8000/],
    }),
  },
  {
    id: 'container-oom-killed',
    title: 'the container that publishes the port was killed for want of memory',
    layer: 'container',
    setUp: async (lab) => {
      const port = await freePort();
      return beside(lab, port, [
        {
          name: 'llama',
          args: MODEL,
          publishes: { 8080: port },
          state: 'exited',
          exitCode: 137,
          oomKilled: true,
        },
      ]);
    },
    expect: problem('container.oom-killed', { alone: true, mentions: [/OOMKilled/] }),
  },
  ...(['exited', 'restarting'] as const).map(
    (state): Scenario => ({
      id: `container-${state}`,
      title: `the container that publishes the port is ${state}`,
      layer: 'container',
      setUp: async (lab) => {
        const port = await freePort();
        return beside(lab, port, [
          { name: 'llama', args: MODEL, publishes: { 8080: port }, state, exitCode: 1 },
        ]);
      },
      expect: problem('connection.refused', {
        alone: true,
        mentions: [/exit code 1/, /docker logs llama 2>&1 \| llamactl diagnose --logs -/],
      }),
    }),
  ),
  // A network of its own needs no container: where the kernel lets us have one, this is the real thing.
  ...(spawnSync('unshare', ['-rn', 'true']).status === 0 ? [ownNetwork()] : []),
  {
    id: 'healthy-container-published',
    title: 'a container whose port is published, and others that have ended or are published elsewhere',
    layer: 'healthy',
    setUp: async (lab) => {
      const { port, pid } = await lab.server(['-c', '512']);
      return beside(lab, port, [
        { name: 'llama', args: MODEL, publishes: { 8080: port }, pid },
        {
          name: 'old',
          args: MODEL,
          publishes: { 8080: port },
          state: 'exited',
          exitCode: 137,
          oomKilled: true,
        },
        { name: 'other', args: MODEL },
      ]);
    },
    expect: HEALTHY,
  },
  {
    id: 'healthy-docker-hangs',
    title: 'a docker that never answers: the deadline holds',
    layer: 'healthy',
    waits: true,
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      return { ...diagnose(url), env: hangingDocker(lab.folder()), deadlineMs: 4000 };
    },
    expect: HEALTHY,
  },
  {
    id: 'healthy-container-on-the-host-network',
    title: 'a container with --network host, which publishes nothing',
    layer: 'healthy',
    setUp: async (lab) => {
      const { port, pid } = await lab.server(['-c', '512']);
      return beside(lab, port, [{ name: 'llama', args: MODEL, network: 'host', pid }]);
    },
    expect: HEALTHY,
  },
];

function ownNetwork(): Scenario {
  return {
    id: 'container-own-network',
    title: 'llama-server runs in a network of its own, and no port of this machine leads to it',
    layer: 'container',
    setUp: async (lab) => {
      lab.usedServer = true;
      const port = await freePort();
      const args = ['-m', await tinyModel(), '-c', '512', '--host', '0.0.0.0', '--port', String(port)];
      const child = spawn('unshare', ['-rn', serverBinary(), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      let log = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          log += chunk.toString('utf8');
        });
      lab.defer(() => child.kill('SIGKILL'));
      await until('listening', async () => /listening on/.test(log));
      return {
        ...diagnose(`http://127.0.0.1:${port}`),
        mentions: [new RegExp(`0\\.0\\.0\\.0:${port}, in a network of its own`)],
      };
    },
    expect: problem('container.bind-localhost', { alone: true }),
  };
}
