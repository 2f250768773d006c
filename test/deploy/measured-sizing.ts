import { readFileSync } from 'node:fs';
import { readGguf } from '../../src/deploy/gguf.js';
import type { CacheType } from '../../src/deploy/kv-cache.js';
import { type ModelSizing, sizeModels } from '../../src/deploy/sizing.js';
import { startServer } from '../support/real-server.js';
import { type Shape, withShape } from './shape-model.js';

/** A shape, and how llama-server is started on it. */
export interface SizingCase {
  readonly name: string;
  readonly shape: Shape;
  readonly contextSize: number;
  /** Absent: as many as llama-server chooses, in one pool. */
  readonly slots?: number;
  readonly unified?: boolean;
  readonly cacheType?: CacheType;
}

/** Bytes, as predicted and as the server's log tells (which rounds to 0.01 MiB), and the process's resident memory. */
export interface Measured {
  readonly predicted: ModelSizing;
  readonly log: {
    readonly weights: number;
    readonly kvCache: number;
    readonly compute: number;
    readonly output: number;
  };
  /** After a prompt that fills a batch. */
  readonly residentBytes: number;
}

const BASE = {
  architecture: 'llama',
  layers: 4,
  embedding: 512,
  feedForward: 1536,
  heads: 8,
  headsKv: 8,
  vocabulary: 2048,
} as const satisfies Shape;

/** Dense, grouped heads, windows, quantised cache, one pool and split ones; the first are those of the test. */
export const SIZING_CASES: readonly SizingCase[] = [
  { name: 'grouped heads, four split slots', shape: { ...BASE, headsKv: 2 }, contextSize: 8192, slots: 4 },
  { name: 'quantised cache', shape: BASE, contextSize: 8192, slots: 1, cacheType: 'q8_0' },
  {
    name: 'windows, one pool',
    shape: { ...BASE, architecture: 'cohere2', headsKv: 2, slidingWindow: 256 },
    contextSize: 8192,
  },
  { name: 'every head keeps its own', shape: BASE, contextSize: 8192, slots: 1 },
  { name: 'one pool, slots chosen', shape: { ...BASE, headsKv: 2 }, contextSize: 8192 },
  { name: 'one pool, two slots', shape: BASE, contextSize: 4096, slots: 2, unified: true },
  { name: 'a context that is no multiple', shape: BASE, contextSize: 1000, slots: 3 },
  { name: '4-bit cache', shape: BASE, contextSize: 8192, slots: 1, cacheType: 'q4_0' },
  {
    name: 'heads of their own size',
    shape: { ...BASE, architecture: 'qwen3', headsKv: 2, headSize: 128 },
    contextSize: 4096,
    slots: 2,
  },
  {
    name: 'windows, two split slots',
    shape: { ...BASE, architecture: 'gemma3', layers: 6, headsKv: 4, headSize: 128, slidingWindow: 512 },
    contextSize: 16_384,
    slots: 2,
  },
  {
    name: 'windows every second layer',
    shape: { ...BASE, architecture: 'gemma3', headsKv: 4, slidingWindow: 512, slidingPattern: 2 },
    contextSize: 8192,
    slots: 1,
  },
  {
    name: 'wide feed-forward',
    shape: { ...BASE, feedForward: 4096, headsKv: 2 },
    contextSize: 16_384,
    slots: 1,
  },
  {
    name: 'wider',
    shape: { ...BASE, layers: 2, embedding: 1024, heads: 16, headsKv: 4, feedForward: 2816 },
    contextSize: 32_768,
    slots: 4,
  },
  { name: 'large vocabulary', shape: { ...BASE, vocabulary: 32_768 }, contextSize: 8192, slots: 4 },
];

const MIB = 1024 ** 2;
/** llama-server's slots where it is not told. */
const CHOSEN_SLOTS = 4;

/** Starts llama-server on the shape, and holds its log against what we predict. */
export function measure(test: SizingCase): Promise<Measured> {
  return withShape(test.shape, async (path) => {
    const model = await readGguf(path, { env: {} });
    const cacheType = test.cacheType ?? 'f16';
    const [predicted] = sizeModels([model], {
      contextSize: test.contextSize,
      slots: test.slots ?? CHOSEN_SLOTS,
      unified: test.unified ?? test.slots === undefined,
      cacheTypeK: cacheType,
      cacheTypeV: cacheType,
      batch: 512,
      gpus: 0,
      gpuMemory: null,
      memory: null,
    }).models;
    if (predicted === undefined) throw new Error('one model is sized');
    const server = await startServer({
      model: path,
      args: [
        ...['--ctx-size', String(test.contextSize), '-lv', '4', '--threads', '2'],
        ...(test.slots === undefined ? [] : ['--parallel', String(test.slots)]),
        ...(test.unified ? ['--kv-unified'] : []),
        ...(test.cacheType === undefined ? [] : ['-ctk', cacheType, '-ctv', cacheType, '-fa', 'on']),
      ],
    });
    try {
      await fetch(`${server.url}/completion`, {
        method: 'POST',
        body: JSON.stringify({ prompt: 'yes '.repeat(600), n_predict: 1 }),
      }).then((response) => response.text());
      const log = server.log();
      const total = (pattern: RegExp) =>
        [...log.matchAll(pattern)].reduce((sum, [, mib]) => sum + Number(mib) * MIB, 0);
      return {
        predicted,
        log: {
          weights: total(/model buffer size =\s+([\d.]+) MiB/g),
          kvCache: total(/KV buffer size =\s+([\d.]+) MiB/g),
          compute: total(/(?<!, )compute buffer size =\s+([\d.]+) MiB/g),
          output: total(/output buffer size =\s+([\d.]+) MiB/g),
        },
        residentBytes: residentBytes(server.pid),
      };
    } finally {
      await server.stop();
    }
  });
}

/** Weights, KV cache, compute and output together, as predicted: at least and at most. */
export function predictedTotal({ predicted }: Measured): { readonly min: number; readonly max: number } {
  const fixed = predicted.weightsBytes + (predicted.kvCacheBytes ?? 0) + predicted.outputBytes;
  return { min: fixed + (predicted.computeBytes?.min ?? 0), max: fixed + (predicted.computeBytes?.max ?? 0) };
}

function residentBytes(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}
