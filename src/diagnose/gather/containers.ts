import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { optionOf } from '../../server/processes.js';
import type { ContainerFacts } from '../facts.js';

type Environment = Readonly<Record<string, string | undefined>>;

const LISTED = '{{.Names}}\t{{.Image}}\t{{.Command}}';
/** Milliseconds. */
const LOG_TIMEOUT = 5000;
const LOG_LINES = 2000;
const execFileAsync = promisify(execFile);

const bindings = z
  .record(z.string(), z.array(z.object({ HostPort: z.string().nullish() })).nullish())
  .nullish();

/** What is read of `docker inspect`; podman's has the same shape. */
const inspected = z.array(
  z.object({
    Name: z.string(),
    Path: z.string().nullish(),
    Args: z.array(z.string()).nullish(),
    State: z.object({
      Status: z.string(),
      ExitCode: z.number().nullish(),
      OOMKilled: z.boolean().nullish(),
      Pid: z.number().nullish(),
    }),
    Config: z.object({ Image: z.string().nullish(), Env: z.array(z.string()).nullish() }),
    HostConfig: z.object({ NetworkMode: z.string().nullish(), PortBindings: bindings }).nullish(),
    NetworkSettings: z.object({ Ports: bindings }).nullish(),
  }),
);

/**
 * The containers of this machine that run llama.cpp, or did, of docker and podman. Empty where neither can be asked.
 * @param timeoutMs for all of it: a daemon that is well answers in some fifty
 */
export async function llamaContainers(env: Environment, timeoutMs: number): Promise<ContainerFacts[]> {
  const over = AbortSignal.timeout(timeoutMs);
  const programs = [...(hasDaemon(env) ? (['docker'] as const) : []), 'podman' as const];
  const found = await Promise.all(
    programs.map((program) => containersOf(program, env, over).catch((): ContainerFacts[] => [])),
  );
  return found.flat();
}

/** A daemon of another machine holds none of this one's; without any its client would wait for one. */
function hasDaemon(env: Environment): boolean {
  const host = env['DOCKER_HOST'];
  if (host) return host.startsWith('unix://') ? existsSync(host.slice('unix://'.length)) : false;
  const home = env['HOME'] ?? homedir();
  return [
    '/var/run/docker.sock',
    ...(env['XDG_RUNTIME_DIR'] ? [join(env['XDG_RUNTIME_DIR'], 'docker.sock')] : []),
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    join(home, '.colima/default/docker.sock'),
    join(home, '.orbstack/run/docker.sock'),
    join(home, '.rd/docker.sock'),
  ].some((socket) => existsSync(socket));
}

async function containersOf(
  program: 'docker' | 'podman',
  env: Environment,
  signal: AbortSignal,
): Promise<ContainerFacts[]> {
  const run = async (...args: readonly string[]) =>
    (
      await execFileAsync(program, args, {
        signal,
        env: { ...env },
        maxBuffer: 16 * 1024 * 1024,
      })
    ).stdout;
  const listed = await run('ps', '--all', '--no-trunc', '--format', LISTED);
  const names = listed.split('\n').flatMap((line) => {
    const [name = '', image = '', command = ''] = line.split('\t');
    // A container that several networks know has a name for each.
    return /llama[.-]?cpp|llama-server/i.test(`${image} ${command}`) ? [name.split(',', 1)[0] ?? name] : [];
  });
  if (names.length === 0) return [];
  return readInspected(program, JSON.parse(await run('inspect', '--type', 'container', ...names)));
}

/** The end of what a container has written; null where it cannot be had. */
export async function containerLog(
  { name, program = 'docker' }: ContainerFacts,
  env: Environment,
): Promise<string[] | null> {
  const args = ['logs', '--tail', String(LOG_LINES), name];
  const options = { timeout: LOG_TIMEOUT, env: { ...env }, maxBuffer: 64 * 1024 * 1024 };
  const told = await execFileAsync(program, args, options).catch(() => null);
  // llama-server's log goes to either, by its release.
  return told === null ? null : `${told.stdout}${told.stderr}`.split('\n');
}

/** @throws ZodError where it is no answer of `inspect` */
export function readInspected(program: 'docker' | 'podman', answer: unknown): ContainerFacts[] {
  return inspected.parse(answer).map(({ Name, Path, Args, State, Config, HostConfig, NetworkSettings }) => {
    const args = [Path ?? '', ...(Args ?? [])];
    const variable = (name: string) =>
      Config.Env?.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
    const isRunning = State.Status === 'running';
    // The ports of one that has ended stand in its settings alone.
    const inside = insideOf((isRunning ? NetworkSettings?.Ports : HostConfig?.PortBindings) ?? {});
    return {
      name: Name.replace(/^\//, ''),
      image: Config.Image ?? '',
      publishes: Object.keys(inside).map(Number),
      program,
      state: State.Status,
      exitCode: State.ExitCode ?? 0,
      oomKilled: State.OOMKilled ?? false,
      pid: State.Pid || null,
      network: HostConfig?.NetworkMode ?? 'bridge',
      host: optionOf(args, ['--host']) ?? variable('LLAMA_ARG_HOST') ?? '127.0.0.1',
      port: Number(optionOf(args, ['--port']) ?? variable('LLAMA_ARG_PORT') ?? 8080),
      inside,
    };
  });
}

/** `{"8000/tcp": [{"HostPort": "8080"}]}` → `{8080: 8000}`. */
function insideOf(ports: NonNullable<z.infer<typeof bindings>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(ports).flatMap(([port, outside]) =>
      (outside ?? []).flatMap(({ HostPort }) => (HostPort ? [[HostPort, Number.parseInt(port, 10)]] : [])),
    ),
  );
}
