import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorOf } from '../catalogue/to-error.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { fetchRange, type RemoteOptions } from './remote.js';

/** One file of a model. */
export interface GgufFile {
  /** Without its folder. */
  readonly name: string;
  /** Path or URL that it was read from. */
  readonly location: string;
  readonly sizeBytes: number;
}

/** What the header of a model says, and what memory follows from. Counts are of the model, sizes in bytes. */
export interface GgufModel {
  /** `general.name`, else the file's. */
  readonly name: string;
  /** E.g. `qwen3`: decides how the KV cache is laid out. */
  readonly architecture: string;
  /** E.g. `Q4_K_M`; null where neither header nor file name tells. */
  readonly quantization: string | null;
  readonly parameters: number;
  /** Tensor data of all files: what llama-server reports as its model buffers, exactly. */
  readonly weightsBytes: number;
  readonly fileBytes: number;
  /** In order; more than one where the model is split. */
  readonly files: readonly GgufFile[];
  readonly vocabulary: number;
  /** Values of the header by name without the architecture's prefix: `block_count`, `attention.head_count_kv` … */
  readonly hyperparameters: Readonly<Record<string, unknown>>;
}

const SHARD = /^(?<prefix>.*)-(?<index>\d{5})-of-(?<total>\d{5})\.gguf$/i;

/** The names of all files of a split model, from the name of any; the name alone where it is no shard. */
export function shardNames(name: string): string[] {
  const { prefix, total } = SHARD.exec(name)?.groups ?? {};
  if (prefix === undefined || total === undefined) return [name];
  return Array.from(
    { length: Number(total) },
    (_, index) => `${prefix}-${String(index + 1).padStart(5, '0')}-of-${total}.gguf`,
  );
}

/** A model's name from its file's: without ending and shard number. */
export function modelNameOf(file: string): string {
  return basename(file)
    .replace(/-\d{5}-of-\d{5}\.gguf$/i, '')
    .replace(/\.gguf$/i, '');
}

/**
 * Reads a model's headers: some megabytes at the start of each file, local or remote.
 * @param location path or URL of any of its files
 * @param shown what errors call it
 * @throws LlamactlError (model.file-missing, model.missing-shard, model.corrupt, model.download-failed)
 */
export async function readGguf(
  location: string,
  options: RemoteOptions,
  shown: string = location,
): Promise<GgufModel> {
  const isRemote = /^https?:\/\//i.test(location);
  const name = isRemote ? decodeURIComponent(basename(new URL(location).pathname)) : basename(location);
  const locations = shardNames(name).map((shard) =>
    isRemote ? siblingUrl(location, shard) : join(dirname(location), shard),
  );
  if (!isRemote) await requireFiles(locations, shown);
  // One after the other: the first may fail, and the headers of later shards are small.
  const headers: Header[] = [];
  for (const each of locations) headers.push(await readHeader(each, isRemote, options));
  const [first] = headers;
  if (first === undefined) throw new Error('a model has at least one file');
  const architecture = text(first.metadata['general.architecture']);
  if (architecture === null) throw await corrupt(location, 'its header names no architecture');
  return {
    name: text(first.metadata['general.name']) ?? modelNameOf(name),
    architecture,
    quantization: first.quantization ?? quantizationIn(name),
    parameters: sum(headers.map(({ parameters }) => parameters)),
    weightsBytes: sum(headers.map(({ dataBytes }) => dataBytes)),
    fileBytes: sum(headers.map(({ sizeBytes }) => sizeBytes)),
    files: headers.map(({ sizeBytes }, index) => {
      const at = locations[index] ?? location;
      return { name: shardNames(name)[index] ?? name, location: at, sizeBytes };
    }),
    vocabulary: vocabularyOf(first.metadata, architecture),
    hyperparameters: Object.fromEntries(
      Object.entries(first.metadata).flatMap(([key, value]) =>
        key.startsWith(`${architecture}.`) ? [[key.slice(architecture.length + 1), value]] : [],
      ),
    ),
  };
}

/** `Q4_K_M` of `model-Q4_K_M.gguf`; null where the name has none. */
export function quantizationIn(name: string): string | null {
  const found = /(?<![A-Z0-9])(?:UD-)?((?:IQ|TQ|Q)\d+(?:_[A-Z0-9]+)*|BF16|F16|F32|MXFP4)(?![A-Z0-9])/i.exec(
    name,
  )?.[1];
  return found?.toUpperCase() ?? null;
}

interface Header {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly parameters: number;
  readonly quantization: string | null;
  readonly sizeBytes: number;
  /** Bytes after the header. */
  readonly dataBytes: number;
}

async function readHeader(location: string, isRemote: boolean, options: RemoteOptions): Promise<Header> {
  const { gguf, GGMLFileQuantizationType } = await import('@huggingface/gguf');
  let total: number | null = isRemote ? null : (await stat(location)).size;
  const fetch: typeof globalThis.fetch = async (_input, init) => {
    const [from = 0, to = 0] =
      (new Headers(init?.headers).get('range') ?? '').match(/\d+/g)?.map(Number) ?? [];
    const piece = await fetchRange(location, from, to, options);
    total ??= piece.total;
    return new Response(Uint8Array.from(piece.bytes));
  };
  try {
    const parsed = await gguf(location, { fetch, allowLocalFile: true });
    if (total === null) throw await corrupt(location, 'the server does not say how long it is');
    const metadata: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(parsed.metadata));
    const fileType = metadata['general.file_type'];
    return {
      metadata,
      parameters: sum(parsed.tensorInfos.map(({ shape }) => Number(shape.reduce((a, b) => a * b, 1n)))),
      quantization: typeof fileType === 'number' ? (GGMLFileQuantizationType[fileType] ?? null) : null,
      sizeBytes: total,
      dataBytes: total - Number(parsed.tensorDataOffset),
    };
  } catch (error) {
    if (error instanceof LlamactlError) throw error;
    throw await corrupt(location, error instanceof Error ? error.message : String(error));
  }
}

async function requireFiles(paths: readonly string[], asked: string): Promise<void> {
  for (const path of paths) {
    const facts = await stat(path).catch(() => null);
    if (facts?.isFile()) continue;
    const others = await readdir(dirname(path)).catch(() => []);
    const isShard = paths.length > 1 && others.some((name) => shardNames(name).includes(basename(path)));
    throw await errorOf(
      {
        type: 'MODEL_NOT_FOUND',
        code: isShard ? 'model.missing-shard' : 'model.file-missing',
        message: isShard
          ? `the model has ${paths.length} files, and ${basename(path)} is missing`
          : `there is no model file ${asked}`,
        evidence: [`looked for ${path}`],
        details: { path },
      },
      { model: asked },
    );
  }
}

function corrupt(location: string, why: string): Promise<LlamactlError> {
  return errorOf(
    {
      type: 'MODEL_NOT_FOUND',
      code: 'model.corrupt',
      message: `${location} is no GGUF model that can be read`,
      evidence: [why],
      details: { path: location },
    },
    { model: location },
  );
}

function siblingUrl(url: string, name: string): string {
  const sibling = new URL(url);
  sibling.pathname = `${sibling.pathname.slice(0, sibling.pathname.lastIndexOf('/') + 1)}${encodeURIComponent(name)}`;
  return sibling.href;
}

function vocabularyOf(metadata: Readonly<Record<string, unknown>>, architecture: string): number {
  const tokens = metadata['tokenizer.ggml.tokens'];
  if (Array.isArray(tokens)) return tokens.length;
  const size = metadata[`${architecture}.vocab_size`];
  return typeof size === 'number' ? size : 0;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
