import { type GivenFlag, readFlags } from '../server-flags/check.js';
import { type FlagTable, tableFor } from '../server-flags/tables.js';
import { entries, get, list, type Manifest, type Path, text } from './manifest.js';

/** A text of a manifest, and where it stands. */
export interface Word {
  readonly text: string;
  readonly at: Path;
}

/** A container that runs llama-server: a service of Compose, or a container of a pod. */
export interface Server {
  readonly platform: 'compose' | 'kubernetes';
  readonly manifest: Manifest;
  readonly name: string;
  readonly at: Path;
  readonly spec: unknown;
  readonly image: string;
  /** What replaces the image's entrypoint; null where nothing does. */
  readonly entrypoint: readonly Word[] | null;
  /** Words that llama-server reads, without its own name. */
  readonly args: readonly Word[];
  readonly env: ReadonlyMap<string, Word>;
  /** Whether variables come from elsewhere too: a file, a ConfigMap, a Secret. */
  readonly otherEnv: boolean;
  /** The number of the image's build; null where its tag does not say. */
  readonly build: number | null;
  readonly table: FlagTable;
  readonly flags: readonly GivenFlag[];
  readonly pod: { readonly at: Path; readonly spec: unknown } | null;
}

const WORKLOADS: Readonly<Record<string, Path>> = {
  Pod: ['spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

/** Every llama-server that a document starts. */
export function serversOf(manifest: Manifest): Server[] {
  const { value } = manifest;
  const kind = text(get(value, 'kind'));
  if (kind === null) return composeServers(manifest);
  const at = WORKLOADS[kind];
  if (at === undefined) return [];
  const pod = { at, spec: get(value, ...at) };
  return list(get(pod.spec, 'containers')).flatMap((spec, index) => {
    const own: Path = [...at, 'containers', index];
    const env = podEnv(spec, own);
    return serverOf({
      platform: 'kubernetes',
      manifest,
      name: text(get(spec, 'name')) ?? '',
      at: own,
      spec,
      entrypoint: wordsOf(get(spec, 'command'), [...own, 'command'], same),
      command: wordsOf(get(spec, 'args'), [...own, 'args'], (word) => expanded(word, env)) ?? [],
      env,
      otherEnv: list(get(spec, 'envFrom')).length > 0,
      pod,
    });
  });
}

function composeServers(manifest: Manifest): Server[] {
  return entries(get(manifest.value, 'services')).flatMap(([name, spec]) => {
    const at: Path = ['services', name];
    return serverOf({
      platform: 'compose',
      manifest,
      name,
      at,
      spec,
      entrypoint: wordsOf(get(spec, 'entrypoint'), [...at, 'entrypoint'], interpolated),
      command: wordsOf(get(spec, 'command'), [...at, 'command'], interpolated) ?? [],
      env: composeEnv(get(spec, 'environment'), [...at, 'environment']),
      otherEnv: get(spec, 'env_file') !== undefined,
      pod: null,
    });
  });
}

type Found = Pick<
  Server,
  'platform' | 'manifest' | 'name' | 'at' | 'spec' | 'entrypoint' | 'env' | 'otherEnv' | 'pod'
> & {
  readonly command: readonly Word[];
};

function serverOf({ command, ...found }: Found): Server[] {
  const image = interpolated(text(get(found.spec, 'image')) ?? builtImage(get(found.spec, 'build')));
  const args = argumentsOf(image, found.entrypoint, command);
  if (args === null) return [];
  const [, build] = /-b(\d+)(?:@|$)/.exec(image) ?? [];
  const table = tableFor(build === undefined ? null : Number(build));
  const flags = readFlags(
    args.map((word) => word.text),
    table,
  );
  return [{ ...found, image, args, table, flags, build: build === undefined ? null : Number(build) }];
}

/** What is built from the sources of llama.cpp, named as its own images are; empty where it is something else. */
function builtImage(build: unknown): string {
  const words = [build, get(build, 'context'), get(build, 'dockerfile'), get(build, 'target')]
    .map((part) => text(part) ?? '')
    .join(' ');
  if (!/llama\.cpp(?:\.git)?(?:[#/\s]|$)/.test(words)) return '';
  const [kind = 'server'] = /\b(?:full|light|server)\b/.exec(words) ?? [];
  const [backend] = /\b(?:cuda|rocm|vulkan|intel|musa)\b/.exec(words) ?? [];
  return `local/llama.cpp:${kind}${backend === undefined ? '' : `-${backend}`}`;
}

const PROGRAM = /(?:^|\/)llama-server$/;

/** The words after llama-server's name; null where this runs something else. */
function argumentsOf(
  image: string,
  entrypoint: readonly Word[] | null,
  command: readonly Word[],
): readonly Word[] | null {
  const words = [...(entrypoint ?? []), ...command];
  const program = words.findIndex((word) => PROGRAM.test(word.text));
  if (program >= 0) return words.slice(program + 1);
  // A shell's line; a word of any other list may hold spaces.
  const line = words.find(
    ({ text: each }) => /\s/.test(each) && split(each).some((word) => PROGRAM.test(word)),
  );
  if (line !== undefined) {
    const inside = split(line.text);
    const own = inside.slice(inside.findIndex((word) => PROGRAM.test(word)) + 1);
    return untilOperator(own.map((part) => ({ text: part, at: line.at })));
  }
  if (entrypoint !== null && entrypoint.length > 0) return null;
  if (/llama\.cpp:(?:full|light)/.test(image)) {
    const [tool, ...args] = command;
    return tool !== undefined && /^(?:--server|-s)$/.test(tool.text) ? args : null;
  }
  if (/(?:ggml-org|ggerganov)\/llama\.cpp[:@]/.test(image)) return command;
  // Somebody's own image may start anything; with flags alone it starts what it is named after.
  const isNamed = /(?:^|\/)(?:llama\.cpp|llama-server|llamacpp|llama-cpp)(?:-server)?(?:[:@]|$)/i.test(image);
  return isNamed && command.every((word, index) => index > 0 || word.text.startsWith('-')) ? command : null;
}

/** In a shell's line what comes after `;`, `&&`, `|` is another program's. */
function untilOperator(words: readonly Word[]): readonly Word[] {
  const end = words.findIndex((word) => /^(?:;|&&?|\|\|?|\d?>.*)$/.test(word.text));
  return end < 0 ? words : words.slice(0, end);
}

function wordsOf(value: unknown, at: Path, read: (given: string) => string): Word[] | null {
  if (typeof value === 'string') return split(read(value)).map((word) => ({ text: word, at }));
  if (!Array.isArray(value)) return null;
  return value.map((item, index) => ({ text: read(text(item) ?? ''), at: [...at, index] }));
}

/** Words of a shell's line. */
function split(line: string): string[] {
  const words = line.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/gs) ?? [];
  return words.map((word) => word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs, '$1$2$3'));
}

function composeEnv(value: unknown, at: Path): ReadonlyMap<string, Word> {
  if (!Array.isArray(value))
    return new Map(
      entries(value).map(([name, item]) => [
        name,
        { text: interpolated(text(item) ?? '$'), at: [...at, name] },
      ]),
    );
  return new Map(
    value.map((item, index) => {
      const [name = '', ...rest] = (text(item) ?? '').split('=');
      const given = rest.length === 0 ? '$' : interpolated(rest.join('='));
      return [name, { text: given, at: [...at, index] }];
    }),
  );
}

/** Compose's variables: the default where one is given, else as it stands. */
export function interpolated(given: string): string {
  return given.replace(/\$\{\w+:?-([^}]*)\}/g, '$1').replaceAll('$$', '$');
}

function podEnv(spec: unknown, own: Path): ReadonlyMap<string, Word> {
  return new Map(
    list(get(spec, 'env')).map((item, position) => [
      text(get(item, 'name')) ?? '',
      { text: text(get(item, 'value')) ?? '$', at: [...own, 'env', position] },
    ]),
  );
}

/** Kubernetes' variables of arguments: `$(PORT)`, where the container's own environment says it. */
function expanded(given: string, env: ReadonlyMap<string, Word>): string {
  return given.replace(/\$\(([\w.-]+)\)/g, (whole, name: string) => {
    const value = env.get(name)?.text ?? '$';
    return value.includes('$') ? whole : value;
  });
}

function same(given: string): string {
  return given;
}

/** What a flag or its variable says: flags win. Null where neither is given. */
export function setting(
  { flags, env, table }: Server,
  name: string,
): (Word & { readonly flag: boolean }) | null {
  const known = table.byName.get(name);
  const given = flags.filter((flag) => flag.known !== null && flag.known === known).at(-1);
  if (given !== undefined) return { text: given.values[0] ?? '', at: [], flag: true };
  const variable = known?.variable ?? null;
  const found = variable === null ? undefined : env.get(variable);
  return found === undefined ? null : { ...found, flag: false };
}

/** The path of a flag's word, of its variable, or of the container. */
export function placeOfSetting(server: Server, name: string): { at: Path; word?: string } {
  const known = server.table.byName.get(name);
  const given = server.flags.filter((flag) => flag.known !== null && flag.known === known).at(-1);
  const word = given === undefined ? undefined : server.args[given.index];
  if (word !== undefined) return { at: word.at, word: word.text };
  return { at: setting(server, name)?.at ?? server.at };
}

/** The port that the server listens on; null where a variable decides, or it has none. */
export function portOf(server: Server): number | null {
  if (socketOf(server) !== null) return null;
  const given = setting(server, '--port')?.text ?? '8080';
  return /^\d+$/.test(given) ? Number(given) : null;
}

/** Whether only its own machine (or container) reaches the server. */
export function listensLocally(server: Server): boolean {
  return /^(?:127\.|localhost$|::1$)/.test(setting(server, '--host')?.text ?? '');
}

/** The socket of the file system that the server listens on instead of a port; null where it has a port. */
export function socketOf(server: Server): string | null {
  const host = setting(server, '--host')?.text ?? '';
  return host.endsWith('.sock') ? host : null;
}

/** Whether the image is llama.cpp's own. */
export function isUpstream({ image }: Server): boolean {
  return /(?:ggml-org|ggerganov)\/llama\.cpp[:@]/.test(image);
}

/** Whether the container has the network of its machine. */
export function isOnHostNetwork({ spec, pod }: Server): boolean {
  return get(spec, 'network_mode') === 'host' || get(pod?.spec, 'hostNetwork') === true;
}

/** What every path begins with, without a slash at the end; null where a variable decides. */
export function prefixOf(server: Server): string | null {
  const given = setting(server, '--api-prefix')?.text ?? '';
  return given.includes('$') ? null : given.replace(/\/+$/, '');
}

/** Whether the server wants a key. With variables from elsewhere it is believed to. */
export function hasKey(server: Server): boolean {
  return (
    setting(server, '--api-key') !== null || setting(server, '--api-key-file') !== null || server.otherEnv
  );
}

/** Whether the container is given a GPU. */
export function hasGpu({ platform, spec, pod, env }: Server): boolean {
  if (platform === 'kubernetes') {
    const amounts = [
      ...entries(get(spec, 'resources', 'limits')),
      ...entries(get(spec, 'resources', 'requests')),
    ];
    return (
      amounts.some(([name, amount]) => /gpu|nvidia\.com\/mig/.test(name) && text(amount) !== '0') ||
      text(get(pod?.spec, 'runtimeClassName')) === 'nvidia'
    );
  }
  const devices = list(get(spec, 'devices')).map(
    (device) => text(device) ?? text(get(device, 'source')) ?? '',
  );
  return (
    list(get(spec, 'deploy', 'resources', 'reservations', 'devices')).length > 0 ||
    list(get(spec, 'deploy', 'resources', 'reservations', 'generic_resources')).length > 0 ||
    // Where NVIDIA's runtime is the machine's default, this is all there is.
    !/^(?:none|void|)$/.test(env.get('NVIDIA_VISIBLE_DEVICES')?.text ?? '') ||
    get(spec, 'gpus') !== undefined ||
    /nvidia|mthreads/.test(text(get(spec, 'runtime')) ?? '') ||
    devices.some((device) => /^\/dev\/(?:dri|kfd|nvidia)|nvidia\.com\/gpu/.test(device))
  );
}

/** Where something is mounted in the container. */
export function mountsOf({ platform, spec, at }: Server): { readonly target: string; readonly at: Path }[] {
  const keys = platform === 'kubernetes' ? ['volumeMounts'] : ['volumes', 'configs', 'secrets'];
  return keys.flatMap((key) =>
    list(get(spec, key)).flatMap((mount, index) => {
      const [, , short] = /^([^:]+):([^:]+)/.exec(interpolated(text(mount) ?? '')) ?? [];
      const target = text(get(mount, platform === 'kubernetes' ? 'mountPath' : 'target')) ?? short;
      return target === undefined ? [] : [{ target, at: [...at, key, index] }];
    }),
  );
}

/** CPUs that the container may use; null where there is no limit. */
export function cpuLimit({ platform, spec }: Server): number | null {
  const given = text(
    platform === 'kubernetes'
      ? get(spec, 'resources', 'limits', 'cpu')
      : (get(spec, 'cpus') ?? get(spec, 'deploy', 'resources', 'limits', 'cpus')),
  );
  if (given === null) return null;
  const number = given.endsWith('m') ? Number(given.slice(0, -1)) / 1000 : Number(given);
  return Number.isFinite(number) && number > 0 ? number : null;
}

const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** Bytes that the container may have; null where there is no limit. */
export function memoryLimit({ platform, spec }: Server): number | null {
  const given = text(
    platform === 'kubernetes'
      ? get(spec, 'resources', 'limits', 'memory')
      : (get(spec, 'mem_limit') ?? get(spec, 'deploy', 'resources', 'limits', 'memory')),
  );
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(given ?? '') ?? [];
  return amount === undefined ? null : Number(amount) * (UNITS[unit.toLowerCase()] ?? 1);
}

/** A port of a pod, by its number or name; null where no container has it. */
export function containerPort({ spec }: Server, port: unknown): number | null {
  const given = text(port) ?? '';
  if (/^\d+$/.test(given)) return Number(given);
  const named = list(get(spec, 'ports')).find((each) => get(each, 'name') === given);
  const found = text(get(named, 'containerPort'));
  return found === null ? null : Number(found);
}
