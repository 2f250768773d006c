import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LlamaCppClient } from '../client/llama-client.js';
import { adoptServer } from './from-server.js';
import { type DeployModel, findModel } from './model-source.js';
import { type DeployOptions, flagOf, type OptionsInput, parseOptions } from './options.js';
import { type ApiKey, type DeployPlan, planDeployment } from './plan.js';
import type { RemoteOptions } from './remote.js';
import type { GeneratedFile, NextStep } from './target.js';
import { TARGETS, type TargetName } from './targets.js';
import { type Merged, mergeOptions, readValues } from './values.js';

/** Where options are from. */
export interface OptionSources {
  readonly flags: OptionsInput;
  /** A values file. */
  readonly values: string | undefined;
  /** The address of a running server. */
  readonly server: string | undefined;
}

/**
 * Options of flags, over those of a values file, over those of a running server.
 * @throws LlamactlError where the file cannot be read or the server not be asked
 */
export async function gatherOptions(
  { flags, values, server }: OptionSources,
  { env, signal }: RemoteOptions,
): Promise<Merged & { readonly notes: readonly string[] }> {
  const merged = mergeOptions(flags, values === undefined ? null : readValues(values));
  if (server === undefined) return { ...merged, notes: [] };
  const key = env['LLAMACTL_API_KEY'];
  const client = new LlamaCppClient({
    baseUrl: server,
    ...(signal === undefined ? {} : { signal }),
    ...(key ? { apiKey: key } : {}),
  });
  const adopted = await adoptServer(client, signal).finally(() => client.destroy());
  const extraArgs = joined(wordsOf(adopted.options), wordsOf(merged.input));
  const input = { ...adopted.options, ...merged.input, ...(extraArgs.length === 0 ? {} : { extraArgs }) };
  return { ...merged, input, notes: adopted.notes };
}

function wordsOf({ extraArgs }: OptionsInput): readonly unknown[] {
  return Array.isArray(extraArgs) ? extraArgs : [];
}

/** llama-server's flags of a running server and of the user, whose own win. */
function joined(adopted: readonly unknown[], own: readonly unknown[]): readonly unknown[] {
  const isFlag = (word: unknown) => typeof word === 'string' && /^--/.test(word);
  const kept = adopted.filter((word, index) => !own.includes(isFlag(word) ? word : adopted[index - 1]));
  return [...kept, ...own];
}

export interface GenerateOptions extends RemoteOptions {
  /** Options by name, as flags and values file gave them. */
  readonly input: OptionsInput;
  /** Where an option stands, for errors. */
  readonly placeOf: (option: string) => string;
  readonly explain: boolean;
  /** The options that are flags: a values file is for every target, and may say more than one of them needs. */
  readonly flags?: OptionsInput;
  /** Models that were looked at before, by what they were asked for with. */
  readonly known?: Map<string, Promise<DeployModel>>;
  /** The key of a secret that is written too; default that of the environment, or a random one. */
  readonly key?: ApiKey;
  readonly onProgress?: ((what: string) => void) | undefined;
}

/** Manifests, and what they stand on. */
export interface Generated {
  readonly plan: DeployPlan;
  readonly files: readonly GeneratedFile[];
  /** All files as one text; null where they must be files. */
  readonly stream: string | null;
  readonly warnings: readonly string[];
  /** @param folder where the files are; null where they went to stdout */
  readonly next: (folder: string | null) => readonly NextStep[];
}

/**
 * From options to manifests: checks them, reads the models' headers, decides, and writes down.
 * @throws LlamactlError (usage, memory.gpu, memory.host, model.file-missing, model.download-failed …)
 */
export async function generate(target: TargetName, options: GenerateOptions): Promise<Generated> {
  const deployOptions = parseOptions(options.input, options.placeOf);
  const writer = TARGETS[target];
  const models: DeployModel[] = [];
  for (const text of deployOptions.model) {
    const look = { trusted: deployOptions.memory !== undefined, hashes: writer.hashes(deployOptions) };
    models.push(await lookAt(text, look, options));
  }
  const holdsKey = deployOptions.generateSecret && !writer.unused.includes('generateSecret');
  const plan = planDeployment(deployOptions, models, holdsKey ? (options.key ?? keyOf(options.env)) : null);
  const files = writer.files(plan, { explain: options.explain });
  return {
    plan,
    files,
    stream: writer.stream(files),
    warnings: [
      ...plan.warnings,
      ...writer.warnings(plan),
      ...unusedFlags(target, options.flags, plan.options),
    ],
    next: (folder) => writer.next(plan, folder),
  };
}

/** The key of the environment, as llama-server reads it from a file; a random one where there is none. */
export function keyOf(env: RemoteOptions['env']): ApiKey {
  const text = env['LLAMACTL_API_KEY']?.trim() ?? '';
  return text === '' ? { text: randomBytes(32).toString('hex'), random: true } : { text, random: false };
}

/** What was given on the command line and does nothing for this target; one values file serves both, and is not told. */
function unusedFlags(target: TargetName, flags: OptionsInput = {}, { storage }: DeployOptions): string[] {
  // Compose mounts an image of models too; any other storage is Kubernetes's.
  const isUsed = (option: string) => option === 'storage' && storage?.kind === 'image';
  const given = TARGETS[target].unused
    .filter((option) => flags[option] !== undefined && !isUsed(option))
    .map(flagOf);
  return given.length === 0 ? [] : [`${given.join(', ')}: not used by ${target}`];
}

function lookAt(
  text: string,
  { trusted, hashes }: { readonly trusted: boolean; readonly hashes: boolean },
  options: GenerateOptions,
): Promise<DeployModel> {
  const key = JSON.stringify([text, trusted, hashes]);
  const look = async () => {
    options.onProgress?.(`reading the header of ${text}`);
    const model = await findModel(text, { ...options, trusted });
    return hashes ? withHashes(model, options.onProgress) : model;
  };
  const found = options.known?.get(key) ?? look();
  options.known?.set(key, found);
  return found;
}

/** The model with the SHA-256 of its local files; those that are elsewhere stay as they are. */
async function withHashes(
  model: DeployModel,
  onProgress: GenerateOptions['onProgress'],
): Promise<DeployModel> {
  const { folder } = model;
  if (folder === null || model.header === null) return model;
  const files = [];
  for (const file of model.files) {
    onProgress?.(`computing the SHA-256 of ${file.name}`);
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(folder, file.name)), hash);
    files.push({ ...file, sha256: hash.digest('hex') });
  }
  return { ...model, files };
}
