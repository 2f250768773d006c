import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A container as tests need it; the rest is as of `docker run ghcr.io/ggml-org/llama.cpp:server`. */
export interface FakeContainer {
  readonly name: string;
  readonly image?: string;
  /** After the program. */
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** By the port inside: `{8080: 18080}`. */
  readonly publishes?: Readonly<Record<number, number>>;
  readonly network?: string;
  readonly state?: 'running' | 'exited' | 'restarting';
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  readonly pid?: number;
  readonly log?: string;
}

/** A `docker` that never answers, as its client does where the daemon hangs. */
export function hangingDocker(folder: string): Readonly<Record<string, string>> {
  const env = fakeDocker(folder, []);
  writeFileSync(join(folder, 'docker'), '#!/bin/sh\nexec sleep 60\n');
  return env;
}

const IMAGE = 'ghcr.io/ggml-org/llama.cpp:server';

/**
 * A `docker` (or podman) on PATH that answers `ps` and `inspect` as docker 28 does, for machines without a daemon.
 * @param folder to write it into
 * @returns the environment in which it is found
 */
export function fakeDocker(
  folder: string,
  containers: readonly FakeContainer[],
  program: 'docker' | 'podman' = 'docker',
): Readonly<Record<string, string>> {
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  writeFileSync(file('log.txt'), containers.map(({ log = '' }) => log).join(''));
  writeFileSync(file('ps.txt'), containers.map((each) => `${rowOf(each)}\n`).join(''));
  writeFileSync(file('inspect.json'), JSON.stringify(containers.map(inspectOf), null, 4));
  writeFileSync(
    file(program),
    [
      '#!/bin/sh',
      'case "$1" in',
      `ps) cat "${file('ps.txt')}" ;;`,
      `inspect) cat "${file('inspect.json')}" ;;`,
      `logs) cat "${file('log.txt')}" >&2 ;;`,
      '*) echo "unknown command: $*" >&2; exit 1 ;;',
      'esac',
      '',
    ].join('\n'),
  );
  chmodSync(file(program), 0o755);
  writeFileSync(file('docker.sock'), '');
  const PATH = `${folder}:${process.env['PATH'] ?? ''}`;
  return program === 'docker' ? { PATH, DOCKER_HOST: `unix://${file('docker.sock')}` } : { PATH };
}

/** A line of `docker ps --all --no-trunc --format '{{.Names}}\t{{.Image}}\t{{.Command}}'`. */
function rowOf({ name, image = IMAGE, args = [] }: FakeContainer): string {
  return `${name}\t${image}\t"${['/app/llama-server', ...args].join(' ')}"`;
}

function inspectOf(container: FakeContainer) {
  const { name, image = IMAGE, args = [], env = ['LLAMA_ARG_HOST=0.0.0.0'], network = 'bridge' } = container;
  const { state = 'running', exitCode = 0, oomKilled = false, pid = 4242, publishes = {} } = container;
  const isRunning = state === 'running';
  const ports = (...addresses: readonly string[]) =>
    Object.fromEntries(
      Object.entries(publishes).map(([inside, outside]) => [
        `${inside}/tcp`,
        addresses.map((HostIp) => ({ HostIp, HostPort: String(outside) })),
      ]),
    );
  return {
    Id: 'aa86eacfb3b3ed4cd362c1e88fc89a53908ad05fb3a4103bca3f9b28292d14bf',
    Created: '2026-11-20T17:43:39.64001363Z',
    Path: '/app/llama-server',
    Args: args,
    State: {
      Status: state,
      Running: isRunning,
      Paused: false,
      Restarting: state === 'restarting',
      OOMKilled: oomKilled,
      Dead: false,
      Pid: isRunning ? pid : 0,
      ExitCode: exitCode,
      Error: '',
      StartedAt: '2026-11-24T09:06:59.461876391Z',
      FinishedAt: isRunning ? '0001-01-01T00:00:00Z' : '2026-11-24T09:07:59.461876391Z',
    },
    Image: 'sha256:72297848456d5d37d1262630108ab308d3e9ec7ed1c3286a32fe09856619a782',
    Name: `/${name}`,
    RestartCount: 0,
    HostConfig: { NetworkMode: network, PortBindings: ports(''), RestartPolicy: { Name: 'no' }, Memory: 0 },
    Config: {
      Hostname: 'aa86eacfb3b3',
      Env: [...env, 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Cmd: args,
      Image: image,
      Entrypoint: ['/app/llama-server'],
      Healthcheck: { Test: ['CMD', 'curl', '-f', 'http://localhost:8080/health'] },
    },
    NetworkSettings: {
      Ports: isRunning ? ports('0.0.0.0', '::') : {},
      Networks: { [network]: { IPAddress: isRunning ? '172.17.0.2' : '' } },
    },
  };
}
