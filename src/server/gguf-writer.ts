/**
 * Writes GGUF version 3, the container that llama.cpp loads models from.
 * Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */

/** The container's numbers for value types. */
const ValueType = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;

/** ggml's numbers for tensor types. */
export const TensorType = { F32: 0, F16: 1 } as const;

/** Bytes: where no `general.alignment` is given, tensor data starts at multiples of this. */
const ALIGNMENT = 32;
const VERSION = 3;

/** A metadata value with the type it is stored as: JavaScript's numbers do not tell. */
export type GgufValue =
  | { readonly type: 'uint32' | 'float32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'float32s' | 'int32s'; readonly value: readonly number[] };

export interface GgufTensor {
  readonly name: string;
  /** Elements in each dimension, the contiguous one first. */
  readonly dimensions: readonly number[];
  readonly type: (typeof TensorType)[keyof typeof TensorType];
  /** The elements: 32-bit floats, or 16-bit floats as their bits. */
  readonly data: Float32Array | Uint16Array;
}

/** A whole GGUF file in memory. Keys and tensors keep their order. */
export function encodeGguf(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Buffer {
  const entries = Object.entries(metadata);
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    uint32(VERSION),
    uint64(tensors.length),
    uint64(entries.length),
    ...entries.map(([key, value]) => Buffer.concat([string(key), encodeValue(value)])),
    ...encodeTensorInfos(tensors),
  ]);
  const data = tensors.flatMap((tensor) => {
    const bytes = littleEndian(tensor.data);
    return [bytes, padding(bytes.length)];
  });
  return Buffer.concat([header, padding(header.length), ...data]);
}

/** Where each tensor is to be found: its offset counts from the start of the data, not of the file. */
function encodeTensorInfos(tensors: readonly GgufTensor[]): Buffer[] {
  let offset = 0;
  return tensors.map(({ name, dimensions, type, data }) => {
    const info = Buffer.concat([
      string(name),
      uint32(dimensions.length),
      ...dimensions.map(uint64),
      uint32(type),
      uint64(offset),
    ]);
    offset += data.byteLength + padding(data.byteLength).length;
    return info;
  });
}

function encodeValue(value: GgufValue): Buffer {
  switch (value.type) {
    case 'uint32':
      return Buffer.concat([uint32(ValueType.uint32), uint32(value.value)]);
    case 'float32':
      return Buffer.concat([uint32(ValueType.float32), float32(value.value)]);
    case 'bool':
      return Buffer.concat([uint32(ValueType.bool), Buffer.from([value.value ? 1 : 0])]);
    case 'string':
      return Buffer.concat([uint32(ValueType.string), string(value.value)]);
    case 'strings':
      return array(ValueType.string, value.value.map(string));
    case 'float32s':
      return array(ValueType.float32, value.value.map(float32));
    case 'int32s':
      return array(ValueType.int32, value.value.map(int32));
  }
}

function array(type: number, items: readonly Buffer[]): Buffer {
  return Buffer.concat([uint32(ValueType.array), uint32(type), uint64(items.length), ...items]);
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function padding(length: number): Buffer {
  return Buffer.alloc((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);
}

/** The array's bytes, not a copy. Node 20 runs on little-endian machines and on s390x, which the format's bytes must not follow. */
function littleEndian(data: Float32Array | Uint16Array): Buffer {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return bytes;
  const swapped = Buffer.from(bytes);
  return data instanceof Float32Array ? swapped.swap32() : swapped.swap16();
}

/**
 * A number as the bits of a 16-bit float, rounded towards zero; what is too small for a normal one becomes zero.
 * @param value within ±65,504
 */
export function toHalf(value: number): number {
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, value);
  const single = bits.getUint32(0);
  const sign = (single >>> 16) & 0x8000;
  // The exponents' biases are 127 and 15.
  const exponent = ((single >>> 23) & 0xff) - 112;
  return exponent <= 0 ? sign : sign | (exponent << 10) | ((single >>> 13) & 0x3ff);
}
