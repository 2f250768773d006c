import { readFile, writeFile } from 'node:fs/promises';
import { tinyModel } from './real-server.js';

/** Bytes of magic, version and the two counts. */
const HEADER = 24;
const KEY_COUNT_AT = 16;
const ALIGNMENT = 32;
/** The container's numbers for value types. */
const UINT16 = 2;
const INT32 = 5;
const STRING = 8;

/** Writes the built-in model with another architecture's name, as long as `llama`. */
export async function writeWithArchitecture(path: string, name: string): Promise<void> {
  if (name.length !== 'llama'.length) throw new Error(`"${name}" must be as long as "llama"`);
  const model = await readFile(await tinyModel());
  const at = model.indexOf('llama', model.indexOf('general.architecture'));
  model.write(name, at, 'latin1');
  await writeFile(path, model);
}

/** Writes the built-in model as the first part of a set of several, of which no other is there. */
export async function writeFirstShard(path: string, count: number): Promise<void> {
  const model = await readFile(await tinyModel());
  const entries = [
    entry('split.no', UINT16, uint16(0)),
    entry('split.count', UINT16, uint16(count)),
    entry('split.tensors.count', INT32, int32(12 * count)),
  ];
  const added = Buffer.concat(entries);
  // Tensor data stands at a multiple of the alignment, so a text as long as needed keeps its place.
  const bare = entry('test.padding', STRING, text('')).length;
  const gap = (ALIGNMENT - ((added.length + bare) % ALIGNMENT)) % ALIGNMENT;
  const padding = entry('test.padding', STRING, text(' '.repeat(gap)));
  model.writeBigUInt64LE(model.readBigUInt64LE(KEY_COUNT_AT) + BigInt(entries.length + 1), KEY_COUNT_AT);
  await writeFile(path, Buffer.concat([model.subarray(0, HEADER), added, padding, model.subarray(HEADER)]));
}

function entry(key: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([text(key), int32(type), value]);
}

function text(value: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(value)));
  return Buffer.concat([length, Buffer.from(value)]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
