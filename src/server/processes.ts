import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { createRedactor } from '../errors/redact.js';
import { memoryOf, modelBytes } from './process-memory.js';

/** A llama-server process of this machine, as the system shows it to this user. */
export interface ServerProcess {
  readonly pid: number;
  /** Arguments after the program's name, secrets masked. */
  readonly args: readonly string[];
  /** Where it listens: `127.0.0.1:8080`, `[::]:8080`; empty where another user's cannot be seen. */
  readonly listens: readonly string[];
  /** The ports of these. */
  readonly ports: readonly number[];
  /** Another user's, whose sockets cannot be seen: where it listens is then told by its flags, as far as somebody listens there. */
  readonly isAnotherUsers?: true;
  /** The router that has started it for one of its models: it is asked through that one. Absent for all others. */
  readonly routerPid?: number;
  /** Where it listens inside a network of its own, as a container's; absent where it shares ours. */
  readonly listensInside?: readonly string[];
  /** Settings that stand in its environment, which its flags overrule: `LLAMA_ARG_CTX_SIZE=4096`, secrets masked. */
  readonly variables?: readonly string[];
  readonly residentBytes: number | null;
  readonly anonymousBytes?: number | null;
  readonly fileBytes?: number | null;
  readonly swappedBytes: number | null;
  /** What its control group may hold; null without a limit. */
  readonly limitBytes?: number | null;
  /** The files of the model that it was told to load; null where they cannot be seen. */
  readonly modelBytes?: number | null;
  /** GPU back ends that it has loaded; null where that cannot be read. */
  readonly gpuLibraries: readonly string[] | null;
  /** The kernel's letter: `R` runs, `S` sleeps, `T` is stopped. */
  readonly state: string | null;
}

/** State of a listening socket in `/proc/net/tcp`. */
const LISTENING = '0A';
const TOOL_TIMEOUT = 3000;
const SECRET_VARIABLE = /^[A-Z_]*(?:KEY|TOKEN|SECRET|PASSWORD)[A-Z_]*=/;
const execFileAsync = promisify(execFile);

/** llama.cpp's GPU back ends, and the drivers that a static build is linked with. */
const GPU_LIBRARY =
  /(?:libggml-(?:cuda|hip|vulkan|sycl|musa|opencl|metal)|libcuda\.so|libcudart|libamdhip64|libhsa-runtime|libvulkan\.so|libze_loader|libOpenCL)[^/]*$/;

/**
 * The llama-server processes of this machine, the unified `llama serve` too. Empty where nothing can be known (Windows).
 * @throws never
 */
export async function findServerProcesses(): Promise<ServerProcess[]> {
  try {
    if (process.platform === 'linux') return await fromProc();
    if (process.platform === 'darwin') return await fromPs();
    return [];
  } catch {
    return [];
  }
}

/** Arguments of a llama-server, from a command line; null where it is another program. */
export function serverArguments(words: readonly string[]): readonly string[] | null {
  const at = words.findIndex(
    (word, index) =>
      /^llama-server(?:\.exe)?$/.test(basename(word)) ||
      (index > 0 && word === 'serve' && /^llama(?:\.exe)?$/.test(basename(words[index - 1] ?? ''))),
  );
  // A shell or an editor that names it further on is none; a loader or `nice` may stand before it.
  if (at < 0 || at > 3) return null;
  return masked(words.slice(at + 1));
}

/** What stands after an option, as its own word or after `=`; undefined where the option is not there. */
export function optionOf(args: readonly string[], names: readonly string[]): string | undefined {
  for (let at = args.length - 1; at >= 0; at--) {
    const word = args[at] ?? '';
    if (names.includes(word)) return args[at + 1] ?? '';
    const [name = '', value] = word.split('=', 2);
    if (value !== undefined && names.includes(name)) return value;
  }
  return undefined;
}

/** The value of a setting: of the flag, else of the variable that says the same. */
export function settingOf(
  { args, variables = [] }: Pick<ServerProcess, 'args' | 'variables'>,
  flags: readonly string[],
  variable: string,
): string | undefined {
  const found = variables.find((each) => each.startsWith(`${variable}=`));
  return optionOf(args, flags) ?? found?.slice(variable.length + 1);
}

function masked(args: readonly string[]): string[] {
  const redact = createRedactor([]);
  const secret = new Set(['--api-key', '--hf-token', '-hft']);
  return args.map((word, at) => (secret.has(args[at - 1] ?? '') ? '***' : redact(word)));
}

async function fromProc(): Promise<ServerProcess[]> {
  const [sockets, network] = await Promise.all([listeningSockets(), networkOf('self')]);
  const found: ServerProcess[] = [];
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const words = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => ''))
      .split('\0')
      .filter(Boolean);
    const args = serverArguments(words);
    if (args === null) continue;
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
    // A thread's parent is listed once; a zombie has nothing left to tell.
    if (/^State:\s+Z/m.test(status)) continue;
    parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]));
    const theirs = await networkOf(name);
    const isApart = theirs !== null && network !== null && theirs !== network;
    const model = optionOf(args, ['-m', '--model']);
    const folder = await readlink(`/proc/${name}/cwd`).catch(() => '/');
    found.push({
      pid: Number(name),
      args,
      ...(isApart
        ? {
            ...listening([]),
            listensInside: (await listeningOf(name, await listeningSockets(name)))?.listens ?? [],
          }
        : ((await listeningOf(name, sockets)) ?? listeningByFlags(args, status, sockets))),
      variables: await variablesOf(name),
      ...(await memoryOf(name, status)),
      modelBytes: model === undefined ? null : await modelBytes(model, folder, `/proc/${name}/root`),
      gpuLibraries: await gpuLibrariesOf(name),
      state: /^State:\s+(\S)/m.exec(status)?.[1] ?? null,
    });
  }
  return withRouters(found, parents);
}

/** A llama-server whose parent is one, too, is a router's. */
function withRouters(found: readonly ServerProcess[], parents: ReadonlyMap<number, number>): ServerProcess[] {
  const pids = new Set(found.map(({ pid }) => pid));
  return found.map((process) => {
    const parent = parents.get(process.pid);
    return parent !== undefined && pids.has(parent) ? { ...process, routerPid: parent } : process;
  });
}

/** The kernel's name of the network that a process sees: `net:[4026531840]`. */
function networkOf(pid: string): Promise<string | null> {
  return readlink(`/proc/${pid}/ns/net`).catch(() => null);
}

/** llama-server's own variables, and none of anybody else's. */
async function variablesOf(pid: string): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  const redact = createRedactor([]);
  return text
    .split('\0')
    .filter((line) => line.startsWith('LLAMA_ARG_'))
    .map((line) => (SECRET_VARIABLE.test(line) ? line.replace(/=.*$/s, '=***') : redact(line)))
    .sort();
}

/** A socket that listens, as everybody may see it. */
export interface ListeningSocket {
  /** `HOST:PORT`. */
  readonly at: string;
  /** Whose it is. */
  readonly uid: string;
}

/**
 * The sockets that listen, by their inodes.
 * @param pid of a process in the network that is meant; default our own
 */
async function listeningSockets(pid = 'self'): Promise<ReadonlyMap<string, ListeningSocket>> {
  const sockets = new Map<string, ListeningSocket>();
  for (const table of [`/proc/${pid}/net/tcp`, `/proc/${pid}/net/tcp6`]) {
    for (const line of (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1)) {
      // sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode …
      const columns = line.trim().split(/\s+/);
      const [address = '', port = ''] = columns[1]?.split(':') ?? [];
      if (columns[3] === LISTENING && columns[9] !== undefined)
        sockets.set(`socket:[${columns[9]}]`, {
          at: `${addressOf(address)}:${Number.parseInt(port, 16)}`,
          uid: columns[7] ?? '',
        });
    }
  }
  return sockets;
}

/** `0100007F` → `127.0.0.1`; of the longer ones only those that servers listen on are told apart. */
function addressOf(hex: string): string {
  if (hex.length === 8) {
    const bytes = hex.match(/../g) ?? [];
    return bytes
      .map((byte) => Number.parseInt(byte, 16))
      .reverse()
      .join('.');
  }
  if (/^0+$/.test(hex)) return '[::]';
  return /^0+1000000$/.test(hex) ? '[::1]' : '[an IPv6 address]';
}

/** Null where its descriptors cannot be read, as another user's. */
async function listeningOf(
  pid: string,
  sockets: ReadonlyMap<string, ListeningSocket>,
): Promise<{ readonly listens: readonly string[]; readonly ports: readonly number[] } | null> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => null);
  if (descriptors === null) return null;
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return listening(links.flatMap((link) => sockets.get(link)?.at ?? []));
}

/**
 * Where another user's server must listen: on the port of its flags, where a socket of that user's does.
 * @param status of it, as /proc tells it
 */
export function listeningByFlags(
  args: readonly string[],
  status: string,
  sockets: ReadonlyMap<string, ListeningSocket>,
) {
  const owner = /^Uid:\s+(\d+)/m.exec(status)?.[1];
  const port = optionOf(args, ['--port']) ?? '8080';
  const found = [...sockets.values()].filter(({ at, uid }) => uid === owner && at.endsWith(`:${port}`));
  return { ...listening(found.map(({ at }) => at)), isAnotherUsers: true as const };
}

function listening(found: readonly string[]) {
  const listens = [...new Set(found)].sort();
  const ports = listens.map((address) => Number(address.slice(address.lastIndexOf(':') + 1)));
  return { listens, ports: [...new Set(ports)].sort((a, b) => a - b) };
}

async function gpuLibrariesOf(pid: string): Promise<string[] | null> {
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8').catch(() => null);
  if (maps === null) return null;
  const files = maps.split('\n').flatMap((line) => /\s(\/\S.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(files.filter((file) => GPU_LIBRARY.test(file)).map((file) => basename(file)))].sort();
}

async function fromPs(): Promise<ServerProcess[]> {
  const { stdout } = await execFileAsync('ps', ['-axo', 'pid=,ppid=,rss=,state=,command='], {
    timeout: TOOL_TIMEOUT,
    maxBuffer: 16 * 1024 * 1024,
  });
  const found: ServerProcess[] = [];
  const parents = new Map<number, number>();
  for (const line of stdout.split('\n')) {
    const [, pid, parent, rss, state, command] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    const args = command === undefined ? null : serverArguments(command.split(/\s+/));
    if (pid === undefined || args === null) continue;
    parents.set(Number(pid), Number(parent));
    found.push({
      pid: Number(pid),
      args,
      ...(await listeningByLsof(pid)),
      residentBytes: Number(rss) * 1024,
      swappedBytes: null,
      gpuLibraries: null,
      state: state?.charAt(0) ?? null,
    });
  }
  return withRouters(found, parents);
}

/** `-F n` prints a line a field: `n127.0.0.1:8080`. */
async function listeningByLsof(pid: string) {
  const args = ['-nP', '-a', '-p', pid, '-iTCP', '-sTCP:LISTEN', '-F', 'n'];
  const { stdout } = await execFileAsync('lsof', args, { timeout: TOOL_TIMEOUT }).catch(() => ({
    stdout: '',
  }));
  return listening(
    [...stdout.matchAll(/^n(.*:\d+)$/gm)].map(([, address = '']) => address.replace(/^\*/, '0.0.0.0')),
  );
}
