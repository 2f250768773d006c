import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SseDecoder } from '../../src/client/sse.js';
import { recorded } from '../support/fixtures.js';

interface Read {
  readonly events: { event: string | undefined; data: string }[];
  readonly malformed: string[];
}

/** What the decoder makes of these pieces, one after the other. */
function decode(pieces: readonly Uint8Array[]): Read {
  const read: Read = { events: [], malformed: [] };
  const decoder = new SseDecoder({
    onEvent: ({ event, data }) => read.events.push({ event, data }),
    onMalformed: (reason) => read.malformed.push(reason),
  });
  for (const piece of pieces) decoder.push(piece);
  decoder.end();
  return read;
}

function splitAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, i) => bytes.subarray(from, sorted[i] ?? bytes.length));
}

describe('SseDecoder', () => {
  it('reads a recorded stream of a real server', () => {
    const { response } = recorded('v0.6.0', 'default', 'chat-stream');
    const { events, malformed } = decode([Buffer.from(String(response?.body))]);
    assert.equal(events.at(-1)?.data, '[DONE]');
    assert.ok(events.length > 5);
    assert.deepEqual(malformed, []);
  });

  it('gives the same for a recorded stream handed over byte by byte', () => {
    for (const label of ['chat-stream', 'chat-tools-stream', 'completion-stream']) {
      const bytes = Buffer.from(String(recorded('v0.6.0', 'default', label).response?.body));
      const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
      assert.deepEqual(decode(single), decode([bytes]), label);
    }
  });

  it('gives the same wherever a stream is split, in mid-character and mid-CRLF too', () => {
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
    const text = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .map((value) => value.replace(/[\r\n\u2028\u2029]/g, ' '));
    const frame = fc.oneof(
      fc.tuple(text, lineEnd).map(([data, end]) => `data: ${data}${end}${end}`),
      fc.tuple(text, text, lineEnd).map(([a, b, end]) => `data: ${a}${end}data: ${b}${end}${end}`),
      lineEnd.map((end) => `:${end}${end}`),
      fc.tuple(text, lineEnd).map(([data, end]) => `event: error${end}data: 🦙${data}${end}${end}`),
    );
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (frames, cuts) => {
          const bytes = Buffer.from(frames.join(''));
          assert.deepEqual(decode(splitAt(bytes, cuts)), decode([bytes]));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('drops keep-alive comments', () => {
    assert.deepEqual(decode([Buffer.from(':\n\n: ping\n\ndata: 1\n\n')]).events, [
      { event: undefined, data: '1' },
    ]);
  });

  it('reads the `error:` field of builds of 2025 as an error event', () => {
    const { events, malformed } = decode([Buffer.from('error: {"code":500,"message":"boom"}\n\n')]);
    assert.deepEqual(events, [{ event: 'error', data: '{"code":500,"message":"boom"}' }]);
    assert.deepEqual(malformed, []);
  });

  it('delivers the last event of a stream that was cut before its blank line', () => {
    assert.deepEqual(decode([Buffer.from('data: {"a":1}')]).events, [{ event: undefined, data: '{"a":1}' }]);
  });

  it('gives an event too large to be one up, and reads no more', () => {
    const decoder: string[] = [];
    const sse = new SseDecoder({
      onEvent: () => decoder.push('event'),
      onMalformed: (reason) => decoder.push(reason),
    });
    sse.push(Buffer.from(`data: ${'x'.repeat(17 * 1024 * 1024)}`));
    sse.push(Buffer.from('\n\ndata: 1\n\n'));
    sse.end();
    assert.equal(decoder.length, 1);
    assert.match(decoder[0] ?? '', /longer than/);
  });

  it('never throws on bytes that are no stream', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.nat(), { maxLength: 5 }),
        (bytes, cuts) => void decode(splitAt(bytes, cuts)),
      ),
    );
  });
});
