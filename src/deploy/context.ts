import { LlamactlError, type Remedy } from '../errors/llamactl-error.js';
import type { GgufModel } from './gguf.js';
import { type CacheType, contextTrained } from './kv-cache.js';
import type { DeployModel } from './model-source.js';
import type { DeployOptions } from './options.js';
import {
  type ByteRange,
  isOverMemory,
  largestContext,
  type Sizing,
  type SizingOptions,
  sizeModels,
} from './sizing.js';
import { bytesText, countText, rangeText } from './units.js';

/** The context that a deployment gets, and what follows from it. */
export interface ContextChoice {
  readonly contextSize: number;
  readonly slots: number;
  /** Null where nothing is known of the model. */
  readonly sizing: Sizing | null;
  /** The largest context with as many slots that would fit; null where there is no limit, or it is not known. */
  readonly largest: number | null;
  readonly notes: readonly string[];
}

/** Tokens of a slot where the user does not say: an agent's or a document's worth. */
const USUAL_SLOT = 8192;
/** As llama-server itself chooses. */
const USUAL_SLOTS = 4;
/** Tokens of a slot under which no chat is worth having. */
const SMALLEST_SLOT = 1024;
const NOTHING: ByteRange = { min: 0, max: 0 };
/** GPUs that one machine has at most. */
const MOST_GPUS = 16;
/** llama-server's default `--ubatch-size`. */
const BATCH = 512;

/**
 * Decides context size and slots: those given, else 8,192 tokens for each of four slots, else the largest that fits.
 * @throws LlamactlError (memory.gpu, memory.host; exit 2) where what was asked for does not fit, with what would; (usage)
 * where the architecture's memory is not known and `--memory` was not given
 */
export function chooseContext(options: DeployOptions, models: readonly DeployModel[]): ContextChoice {
  const headers = models.map(({ header }) => header).filter((header) => header !== null);
  const trained = Math.min(...headers.map((header) => contextTrained(header) ?? USUAL_SLOT));
  const slot = Math.min(USUAL_SLOT, trained);
  const slots = options.parallel ?? slotsFor(options.ctxSize, slot);
  if (headers.length < models.length) {
    return { contextSize: options.ctxSize ?? slot * slots, slots, sizing: null, largest: null, notes: [] };
  }
  const wanted = optionsOf(options, options.ctxSize ?? slot * slots, slots);
  const sizing = sizeModels(headers, wanted);
  requireKnown(sizing, options);
  const largest = largestContext(headers, wanted, trained);
  if (fits(sizing, options))
    return { contextSize: wanted.contextSize, slots, sizing, largest, notes: notesOf(sizing, trained) };
  if (options.ctxSize === undefined && largest !== null && largest / slots >= SMALLEST_SLOT) {
    const smaller = sizeModels(headers, { ...wanted, contextSize: largest });
    return { contextSize: largest, slots, sizing: smaller, largest, notes: notesOf(smaller, trained) };
  }
  throw tooLarge(options, models, headers, sizing, wanted, trained);
}

/** As many slots of the usual size as the context holds, up to four. */
function slotsFor(contextSize: number | undefined, slot: number): number {
  if (contextSize === undefined) return USUAL_SLOTS;
  return Math.min(USUAL_SLOTS, Math.max(1, Math.floor(contextSize / slot)));
}

const SHARED = ['--kv-unified', '-kvu'];
const APART = ['--no-kv-unified', '-no-kvu'];

/** Whether the slots share one pool: `--parallel` is always given, and with it each has its own unless that is asked for. */
export function sharesPool({ extraArgs }: DeployOptions): boolean {
  // The last one wins.
  const last = extraArgs.findLast((word) => [...SHARED, ...APART].includes(word));
  return last !== undefined && SHARED.includes(last);
}

function optionsOf(options: DeployOptions, contextSize: number, slots: number): SizingOptions {
  return {
    contextSize,
    slots,
    unified: sharesPool(options),
    cacheTypeK: options.cacheType,
    cacheTypeV: options.cacheType,
    batch: BATCH,
    gpus: options.gpus,
    gpuMemory: options.gpuMemory ?? null,
    memory: options.memory ?? null,
  };
}

function fits(sizing: Sizing, options: DeployOptions): boolean {
  return sizing.device.fits !== false && !isOverMemory(sizing, { memory: options.memory ?? null });
}

function notesOf(sizing: Sizing, trained: number): string[] {
  const unknown = sizing.models.flatMap(({ unknown }) => unknown ?? []);
  const beyond = sizing.unified ? sizing.contextSize : sizing.contextSize / sizing.slots;
  return [
    ...unknown.map((why) => `the KV cache is not known: ${why}; the memory is what --memory says`),
    ...(beyond > trained
      ? [
          `a slot of ${countText(beyond)} tokens is more than the model was trained for (${countText(trained)})`,
        ]
      : []),
  ];
}

/** Without the KV cache there is no total, and a limit that is guessed kills the server one day. */
function requireKnown(sizing: Sizing, options: DeployOptions): void {
  const [unknown] = sizing.models.filter((model) => model.unknown !== null);
  if (unknown === undefined || options.memory !== undefined) return;
  throw new LlamactlError({
    type: 'USAGE_ERROR',
    code: 'usage.invalid',
    message: `the memory of ${unknown.name} cannot be computed: ${unknown.unknown}`,
    evidence: [`its weights are ${bytesText(unknown.weightsBytes)}; the KV cache comes on top`],
    remedies: [
      {
        text: 'Measure it once with your context, then say what the container may have:',
        commands: [
          `llama-server -m MODEL -c ${sizing.contextSize} -np ${sizing.slots}   # watch its resident memory`,
          `--memory ${Math.ceil((unknown.weightsBytes / 1024 ** 3) * 1.5 + 2)}GiB`,
        ],
      },
    ],
  });
}

function tooLarge(
  options: DeployOptions,
  models: readonly DeployModel[],
  headers: readonly GgufModel[],
  sizing: Sizing,
  wanted: SizingOptions,
  trained: number,
): LlamactlError {
  const onGpu = sizing.device.fits === false && sizing.device.kind === 'gpu';
  const needed = sizing.host.totalBytes ?? 0;
  const total = onGpu ? sizing.device.totalBytes : { min: needed, max: needed };
  const capacity = onGpu ? sizing.device.capacityBytes : (options.memory ?? null);
  const names = models.map(({ alias }) => alias).join(' and ');
  const where = onGpu
    ? `${options.gpus} GPU${options.gpus === 1 ? '' : 's'} of ${bytesText(options.gpuMemory ?? 0)} ${options.gpus === 1 ? 'has' : 'have'} less`
    : `--memory is ${bytesText(capacity ?? 0)}`;
  return new LlamactlError({
    type: 'USAGE_ERROR',
    code: onGpu ? 'memory.gpu' : 'memory.host',
    message: `${names} with ${countText(wanted.contextSize)} tokens of context needs ${total === null ? 'an unknown amount' : rangeText(total)}, and ${where}`,
    evidence: sizing.models.map(
      (model) =>
        `${models.length > 1 ? `${model.name}: ` : ''}weights ${bytesText(model.weightsBytes)}, KV cache ${bytesText(model.kvCacheBytes ?? 0)}, compute ${rangeText(model.computeBytes ?? NOTHING)}`,
    ),
    remedies: waysToFit(options, models, headers, wanted, trained, capacity ?? 0, total),
  });
}

function waysToFit(
  options: DeployOptions,
  models: readonly DeployModel[],
  headers: readonly GgufModel[],
  wanted: SizingOptions,
  trained: number,
  capacity: number,
  total: ByteRange | null,
): Remedy[] {
  const ways: Remedy[] = [];
  const largest = largestContext(headers, wanted, trained);
  if (largest !== null) {
    const slots = wanted.slots === 1 ? 'one slot' : `${wanted.slots} slots`;
    const tokens = wanted.unified ? largest : largest / wanted.slots;
    ways.push({
      text: `The largest context that fits, ${countText(tokens)} tokens for ${slots}:`,
      commands: [`--ctx-size ${largest} --parallel ${wanted.slots}`],
    });
  }
  const smallerCache: CacheType = 'q8_0';
  const quantized = { ...wanted, cacheTypeK: smallerCache, cacheTypeV: smallerCache };
  if (options.cacheType === 'f16' && fits(sizeModels(headers, quantized), options)) {
    ways.push({
      text: 'This context with a cache of 8 bits, at hardly a loss:',
      commands: [`--ctx-size ${wanted.contextSize} --cache-type ${smallerCache}`],
    });
  }
  const [model] = models;
  const excess = (total?.max ?? 0) - capacity;
  if (models.length === 1 && model !== undefined) {
    const most = Math.max(0, (model.header?.weightsBytes ?? 0) - excess / 1.1);
    const [smaller] = model.alternatives
      .filter(({ bytes }) => bytes > 0 && bytes <= most)
      .sort((a, b) => b.bytes - a.bytes);
    if (smaller !== undefined) {
      ways.push({
        text: `A smaller quantisation, ${smaller.quantization} of ${bytesText(smaller.bytes)}:`,
        commands: [`--model ${smaller.model}`],
      });
    } else if (most > 0) {
      ways.push({
        text: `A smaller quantisation, with weights of at most ${bytesText(most)}.`,
        commands: [],
      });
    }
  }
  if (sizeModels(headers, wanted).device.fits !== false || options.gpus === 0) {
    ways.push({ text: 'The memory it needs:', commands: [`--memory ${gibibytes(total?.max ?? 0)}GiB`] });
  } else {
    const gpus = moreGpus(headers, wanted);
    if (gpus !== null) ways.push({ text: 'More GPUs:', commands: [`--gpus ${gpus}`] });
  }
  return ways;
}

/** The least number of such GPUs with which it fits; each has compute buffers of its own. */
function moreGpus(headers: readonly GgufModel[], wanted: SizingOptions): number | null {
  for (let gpus = wanted.gpus + 1; gpus <= MOST_GPUS; gpus++) {
    if (sizeModels(headers, { ...wanted, gpus }).device.fits === true) return gpus;
  }
  return null;
}

/** Whole or half ones, rounded up. */
function gibibytes(bytes: number): number {
  return Math.ceil((bytes / 1024 ** 3) * 2) / 2;
}
