import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { errorOf } from '../catalogue/to-error.js';
import { LlamactlError, type Remedy, usageError } from '../errors/llamactl-error.js';
import { createRedactor } from '../errors/redact.js';

/** A process that listens on a port. */
export interface PortHolder {
  readonly pid: number;
  /** The program's name, e.g. `llama-server`. */
  readonly name: string;
  /** Its arguments, secrets masked; null where they cannot be read. */
  readonly commandLine: string | null;
}

/** State of a listening socket in `/proc/net/tcp`. */
const LISTENING = '0A';
/** Milliseconds to find out what answers on a taken port. */
const ANSWER_TIMEOUT = 1500;
const LSOF_TIMEOUT = 5000;
const execFileAsync = promisify(execFile);

/**
 * Makes sure that a server can listen there.
 * @param tryAgain the command to type with another port in its place
 * @throws LlamactlError (server.port-in-use) that names who has the port, where that can be known, and whether it is a
 * llama-server; (usage) where the address is none of this machine or the port is not ours to take
 */
export async function requireFreePort(
  host: string,
  port: number,
  tryAgain: (port: number) => string,
): Promise<void> {
  const problem = await tryToListen(host, port);
  switch (problem) {
    case null:
      return;
    case 'EADDRINUSE':
      throw await portTaken(host, port, tryAgain);
    case 'EACCES':
      throw usageError(`port ${port} is reserved for the system: this user may not listen on it`, [
        { text: 'Use a port over 1023:', commands: [tryAgain(8080)] },
      ]);
    default:
      throw usageError(`${host} cannot be listened on: it is no address of this machine (${problem})`, [
        { text: 'For this machine alone use 127.0.0.1, for all that can reach it 0.0.0.0.', commands: [] },
      ]);
  }
}

/**
 * Who listens on a port: read from `/proc` on Linux, asked of `lsof` elsewhere.
 * @returns null where that cannot be known, as for another user's process
 */
export async function findPortHolder(port: number): Promise<PortHolder | null> {
  try {
    return process.platform === 'linux' ? await holderFromProc(port) : await holderFromLsof(port);
  } catch {
    return null;
  }
}

async function portTaken(
  host: string,
  port: number,
  tryAgain: (port: number) => string,
): Promise<LlamactlError> {
  const url = `http://${urlHost(host)}:${port}`;
  const [holder, isLlamaServer] = await Promise.all([findPortHolder(port), answersAsLlamaServer(url)]);
  const who = holder === null ? 'another process' : `${holder.name} (process ${holder.pid})`;
  const error = await errorOf(
    {
      type: 'CONNECTION_ERROR',
      code: 'server.port-in-use',
      message: `port ${port} is taken: ${who} already listens on it`,
      evidence: [
        ...(holder?.commandLine ? [holder.commandLine] : []),
        ...(isLlamaServer ? [`GET ${url}/health answers as a llama-server does`] : []),
      ],
      details: { port, ...(holder === null ? {} : { pid: holder.pid, program: holder.name }), isLlamaServer },
    },
    { port, url },
  );
  const free = { text: 'Use another port:', commands: [tryAgain(port < 65_535 ? port + 1 : port - 1)] };
  const remedies: Remedy[] = isLlamaServer
    ? [{ text: 'Use the llama-server that is there:', commands: [`llamactl health --url ${url}`] }, free]
    : [free];
  if (holder !== null && process.platform !== 'win32') {
    remedies.push({ text: 'Or stop what is there:', commands: [`kill ${holder.pid}`] });
  }
  const { type, code, message, evidence, details } = error;
  return new LlamactlError({
    type,
    code,
    message,
    evidence,
    details,
    remedies: holder === null ? [...remedies, ...error.remedies.slice(0, 1)] : remedies,
  });
}

async function answersAsLlamaServer(url: string): Promise<boolean> {
  const { LlamaCppClient } = await import('../client/llama-client.js');
  const client = new LlamaCppClient({ baseUrl: url, maxRetries: 0, timeout: ANSWER_TIMEOUT, env: {} });
  try {
    await client.health();
    return true;
  } catch (error) {
    return error instanceof LlamactlError && error.code === 'server.loading';
  } finally {
    await client.destroy();
  }
}

/** @returns null where it works, else the system's error code */
async function tryToListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
}

/** A port that was free a moment ago. */
export async function findFreePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('the system gave no port')),
      );
    });
  });
}

/** How a client reaches what listens on this address: where that is "all of them", by the loopback one. */
export function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

async function holderFromProc(port: number): Promise<PortHolder | null> {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1)) {
      // sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode …
      const columns = line.trim().split(/\s+/);
      const [local, state, inode] = [columns[1], columns[3], columns[9]];
      const localPort = Number.parseInt(local?.split(':')[1] ?? '', 16);
      if (state === LISTENING && localPort === port && inode !== undefined) inodes.add(`socket:[${inode}]`);
    }
  }
  if (inodes.size === 0) return null;
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    // Another user's descriptors cannot be listed.
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const link = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (inodes.has(link)) return describeProcess(pid);
    }
  }
  return null;
}

async function describeProcess(pid: number): Promise<PortHolder> {
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'a process')).trim();
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').filter(Boolean);
  return { pid, name, commandLine: words.length === 0 ? null : masked(words.join(' ')) };
}

/** `-F pc` prints a line a field: `p123`, `cllama-ser` (the name cut at 9 letters, so the command line tells it whole). */
async function holderFromLsof(port: number): Promise<PortHolder | null> {
  const { stdout } = await execFileAsync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-F', 'pc'], {
    timeout: LSOF_TIMEOUT,
  });
  const pid = Number(/^p(\d+)$/m.exec(stdout)?.[1]);
  if (!Number.isInteger(pid)) return null;
  const name = /^c(.+)$/m.exec(stdout)?.[1] ?? 'a process';
  const line = await execFileAsync('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => null);
  return { pid, name, commandLine: line === null ? null : masked(line.stdout.trim()) };
}

const COMMAND_LINE_LENGTH = 200;

function masked(commandLine: string): string {
  const text = createRedactor([])(commandLine);
  return text.length > COMMAND_LINE_LENGTH ? `${text.slice(0, COMMAND_LINE_LENGTH)}…` : text;
}
