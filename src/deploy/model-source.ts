import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import * as z from 'zod';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import { type GgufModel, modelNameOf, quantizationIn, readGguf, shardNames } from './gguf.js';
import { downloadFailed, fetchJson, hubOf, type RemoteOptions } from './remote.js';

/** A file that the server must find in its folder of models. */
export interface ModelFile {
  readonly name: string;
  /** Null where it could not be learned. */
  readonly sizeBytes: number | null;
  /** Where it can be fetched from; null for a local file. */
  readonly url: string | null;
  /** Lower-case hexadecimal; null where nobody says. */
  readonly sha256: string | null;
}

/** A model to deploy. */
export interface DeployModel {
  /** As it was given. */
  readonly given: string;
  /** What clients ask for. */
  readonly alias: string;
  /** In order; llama-server is given the first. */
  readonly files: readonly ModelFile[];
  /** The local folder of the files, absolute; null where they are fetched. */
  readonly folder: string | null;
  /** What its header says; null where it could not be read and the user gave the memory. */
  readonly header: GgufModel | null;
  /** Other quantisations of the same repository. */
  readonly alternatives: readonly Alternative[];
  readonly warnings: readonly string[];
  /** Local files that other users of this machine may not read. */
  readonly unreadable?: readonly string[];
}

export interface Alternative {
  readonly quantization: string;
  readonly bytes: number;
  /** As `--model` names it. */
  readonly model: string;
}

export interface SourceOptions extends RemoteOptions {
  /** Whether a model whose header cannot be read is taken on trust: the user gave the memory it needs. */
  readonly trusted: boolean;
}

const REPOSITORY = /^([\w][\w.-]*\/[\w][\w.-]*?)(?::([\w.-]+))?$/;
/** Of a file's mode. */
const OTHERS_READ = 0o004;
/** llama-server's own choice where no quantisation is named. */
const USUAL_QUANTIZATION = 'Q4_K_M';

const repositorySchema = z.looseObject({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z.array(
    z.looseObject({
      rfilename: z.string(),
      size: z.number().nullish(),
      lfs: z
        .looseObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), size: z.number().nullish() })
        .nullish(),
    }),
  ),
});
type Repository = z.infer<typeof repositorySchema>;

/**
 * Finds a model's files, and reads its header.
 * @param text a path, `hf:USER/REPO[:QUANT]` or a URL of a `.gguf` file
 * @throws LlamactlError (model.file-missing, model.download-failed …), (usage) for what names no model
 */
export async function findModel(text: string, options: SourceOptions): Promise<DeployModel> {
  if (text.startsWith('hf:')) return fromHub(text, options);
  if (/^https?:\/\//i.test(text)) return fromUrl(text, options);
  return fromFile(text, options);
}

async function fromFile(text: string, options: SourceOptions): Promise<DeployModel> {
  const path = resolve(text);
  const facts = await stat(path).catch(() => null);
  if (facts?.isDirectory()) {
    throw usageError(`${text} is a folder: name the .gguf file in it`, [
      { text: 'See what is there:', commands: [`ls -lh ${text}`] },
    ]);
  }
  const folder = resolve(path, '..');
  if (facts === null && options.trusted) {
    const files = shardNames(basename(path)).map((name) => ({
      name,
      sizeBytes: null,
      url: null,
      sha256: null,
    }));
    return model(text, files, {
      folder,
      warnings: [`${text} is not on this machine: its size is taken from --memory, and nothing is checked`],
    });
  }
  const header = await readGguf(path, options, text).catch((error: unknown) => {
    throw withSizingRemedy(error, text);
  });
  const files = header.files.map(({ name, sizeBytes }) => ({ name, sizeBytes, url: null, sha256: null }));
  return { ...model(text, files, { folder, header }), unreadable: await notForOthers(folder, files) };
}

/** Names of files whose mode keeps other users out; none where modes mean nothing. */
async function notForOthers(folder: string, files: readonly ModelFile[]): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const modes = await Promise.all(
    files.map(async ({ name }) => ({ name, mode: (await stat(join(folder, name))).mode })),
  );
  return modes.filter(({ mode }) => (mode & OTHERS_READ) === 0).map(({ name }) => name);
}

async function fromUrl(text: string, options: SourceOptions): Promise<DeployModel> {
  const url = URL.canParse(text) ? new URL(text) : null;
  const name = url === null ? '' : decodeURIComponent(basename(url.pathname));
  if (url === null || !/\.gguf$/i.test(name)) {
    throw usageError(`${text} names no model: a URL of a .gguf file is needed`, [
      { text: 'A server that runs already is read with:', commands: [`--from-server ${text}`] },
    ]);
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError(
      'a URL with a password has no place in a manifest: everybody who may read that could fetch it',
      [
        {
          text: 'Put the file where the cluster may read it, or name a repository and a token of Hugging Face:',
          commands: ['--model hf:USER/REPO:QUANT --hf-token-secret hub-token'],
        },
      ],
    );
  }
  const onHub = hubFileOf(url, options.env);
  if (onHub !== null) return fromRepository(text, { ...onHub, quantization: null }, options);
  const header = await headerOf(text, text, options);
  const base = text.slice(0, text.lastIndexOf('/') + 1);
  const files = shardNames(name).map((shard) => ({
    name: shard,
    sizeBytes: header?.files.find((file) => file.name === shard)?.sizeBytes ?? null,
    url: shard === name ? text : `${base}${encodeURIComponent(shard)}`,
    sha256: null,
  }));
  return model(text, files, {
    header,
    warnings: [
      `nobody tells the SHA-256 of ${name}: what is downloaded is checked by its length only`,
      ...(header === null ? [unreadable(text)] : []),
    ],
  });
}

function fromHub(text: string, options: SourceOptions): Promise<DeployModel> {
  const [, repository, quantization] = REPOSITORY.exec(text.slice('hf:'.length)) ?? [];
  if (repository === undefined) {
    throw usageError(`${text} names no model: after hf: comes USER/REPO, and maybe :QUANT`, [
      { text: 'For example:', commands: ['--model hf:ggml-org/gemma-3-1b-it-GGUF:Q4_K_M'] },
    ]);
  }
  const wanted = { repository, revision: 'main', path: null, quantization: quantization ?? null };
  return fromRepository(text, wanted, options);
}

interface Wanted {
  readonly repository: string;
  readonly revision: string;
  /** A file of the repository; null where the quantisation decides. */
  readonly path: string | null;
  readonly quantization: string | null;
}

async function fromRepository(text: string, wanted: Wanted, options: SourceOptions): Promise<DeployModel> {
  const hub = hubOf(options.env);
  const { repository, revision } = wanted;
  const answer = await fetchJson(
    `${hub}/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`,
    options,
  );
  const parsed = repositorySchema.safeParse(answer);
  if (!parsed.success) throw await downloadFailed(`${hub} does not list the files of ${repository}`);
  const { sha, siblings } = parsed.data;
  const models = siblings.map(({ rfilename }) => rfilename).filter(isModel);
  const path = wanted.path ?? (await choose(models, wanted, text));
  const names = shardNames(basename(path));
  const folder = path.slice(0, path.length - basename(path).length);
  const files = names.map((name): ModelFile => {
    const sibling = siblings.find(({ rfilename }) => rfilename === `${folder}${name}`);
    return {
      name,
      sizeBytes: sibling?.lfs?.size ?? sibling?.size ?? null,
      // The commit, so that what was measured is what is downloaded.
      url: `${hub}/${repository}/resolve/${sha}/${`${folder}${name}`.split('/').map(encodeURIComponent).join('/')}`,
      sha256: sibling?.lfs?.sha256 ?? null,
    };
  });
  const header = await headerOf(text, files[0]?.url ?? '', options);
  const unchecked = files.filter(({ sha256 }) => sha256 === null).map(({ name }) => name);
  return model(text, files, {
    header,
    alternatives: alternativesOf(repository, parsed.data, path),
    warnings: [
      ...(unchecked.length === 0
        ? []
        : [`nobody tells the SHA-256 of ${unchecked.join(', ')}: it is checked by its length only`]),
      ...(siblings.some(({ rfilename }) => /mmproj/i.test(rfilename))
        ? ['the repository has a projector for images (mmproj), which is not deployed']
        : []),
      ...(header === null ? [unreadable(text)] : []),
    ],
  });
}

/** The file that llama-server's `-hf` would take. */
async function choose(models: readonly string[], wanted: Wanted, text: string): Promise<string> {
  const firsts = models.filter((path) => shardNames(basename(path))[0] === basename(path));
  const quantization = wanted.quantization ?? USUAL_QUANTIZATION;
  const found = firsts.find((path) => isOf(path, quantization));
  if (found !== undefined) return found;
  const [first] = firsts;
  if (wanted.quantization === null && first !== undefined) return first;
  const known = [...new Set(firsts.map((path) => quantizationIn(path)).filter((name) => name !== null))];
  throw await downloadFailed(
    `${wanted.repository} has no file of quantisation ${quantization} (${text})`,
    known.length === 0 ? ['it has no .gguf file'] : [`it has ${known.join(', ')}`],
  );
}

function alternativesOf(repository: string, { siblings }: Repository, chosen: string): Alternative[] {
  const sizes = new Map<string, number>();
  for (const { rfilename, size, lfs } of siblings) {
    const quantization = quantizationIn(basename(rfilename));
    if (!isModel(rfilename) || quantization === null || quantization === quantizationIn(basename(chosen)))
      continue;
    sizes.set(quantization, (sizes.get(quantization) ?? 0) + (lfs?.size ?? size ?? 0));
  }
  return [...sizes].map(([quantization, bytes]) => ({
    quantization,
    bytes,
    model: `hf:${repository}:${quantization}`,
  }));
}

/** The repository and file that a URL of the hub names; null for other addresses. */
function hubFileOf(url: URL, env: RemoteOptions['env']): Omit<Wanted, 'quantization'> | null {
  if (url.origin !== new URL(hubOf(env)).origin) return null;
  const [, repository, revision, path] =
    /^\/([^/]+\/[^/]+)\/(?:resolve|blob)\/([^/]+)\/(.+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
  return repository === undefined || revision === undefined || path === undefined
    ? null
    : { repository, revision, path };
}

/** @returns null where it cannot be read and that is allowed */
async function headerOf(text: string, url: string, options: SourceOptions): Promise<GgufModel | null> {
  try {
    return await readGguf(url, options);
  } catch (error) {
    if (options.trusted && error instanceof LlamactlError && error.code === 'model.download-failed')
      return null;
    throw withSizingRemedy(error, text);
  }
}

function unreadable(text: string): string {
  return `the header of ${text} cannot be read from here: its size is taken from --memory, and nothing is checked`;
}

function isModel(path: string): boolean {
  return /\.gguf$/i.test(path) && !/mmproj|imatrix/i.test(basename(path));
}

function isOf(path: string, quantization: string): boolean {
  const name = quantization.replace(/[.]/g, '\\.');
  return new RegExp(`(?<![A-Z0-9])${name}(?![A-Z0-9_])`, 'i').test(path);
}

function model(
  given: string,
  files: readonly ModelFile[],
  rest: Partial<Pick<DeployModel, 'folder' | 'header' | 'alternatives' | 'warnings'>>,
): DeployModel {
  const alias = modelNameOf(files[0]?.name ?? given).toLowerCase();
  return { given, alias, files, folder: null, header: null, alternatives: [], warnings: [], ...rest };
}

/** The way out where a model cannot be read from here. */
function withSizingRemedy(error: unknown, text: string): unknown {
  if (!(error instanceof LlamactlError) || error.type !== 'MODEL_NOT_FOUND') return error;
  return new LlamactlError({
    type: error.type,
    code: error.code,
    message: error.message,
    evidence: error.evidence,
    remedies: [
      {
        text: 'Where the model is elsewhere, say how much memory it needs; it is then not looked at:',
        commands: [`--model ${text} --memory 8GiB`],
      },
      ...error.remedies,
    ],
    cause: error.cause,
    details: error.details,
  });
}
