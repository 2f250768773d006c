import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CATALOGUE_CODES } from '../../src/errors/codes.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { explain, listEntries } from '../../src/services/explain.js';
import { createLineSplitter } from '../../src/services/line-splitter.js';
import { inputOf } from '../../src/services/text-source.js';

const MiB = 1024 * 1024;

describe('explain', () => {
  it('gives the entry of a code as plain data', async () => {
    const { entry } = await explain({ kind: 'code', code: 'server.port-in-use', context: { port: 9000 } });
    assert.deepEqual(JSON.parse(JSON.stringify(entry)), entry);
    assert.ok(!('rules' in entry));
    assert.ok(entry.remedies.some(({ commands }) => commands.includes("ss -ltnp 'sport = :9000'")));
    assert.ok(entry.diagnostics.win32?.includes('netstat -ano | findstr :9000'));
  });

  it('gives the matches of a text, and the best entry filled with what the text tells', async () => {
    const found = await explain({
      kind: 'text',
      text: "x\nmain: couldn't bind HTTP server socket, hostname: ::1, port: 9000\n",
    });
    assert.equal(found.matches[0]?.code, 'server.port-in-use');
    assert.equal(found.lines, 2);
    assert.ok(
      found.entry?.remedies.some(({ commands }) => commands.includes('llama-server -m MODEL --port 9001')),
    );
  });

  it('finds nothing in a healthy log', async () => {
    const found = await explain({ kind: 'text', text: 'srv  llama_server: model loaded\n' });
    assert.deepEqual(found, { kind: 'text', matches: [], entry: null, lines: 1 });
  });

  it('reads a log of 128 MiB in flat memory', async function () {
    this.timeout(60_000);
    const line = '0.05.979.313 I slot print_timing: id  0 | task 2 | prompt eval time = 0.71 ms / 1 tokens\n';
    const block = Buffer.from(line.repeat(Math.ceil(MiB / line.length)));
    let highest = 0;
    async function* log() {
      for (let sent = 0; sent < 128 * MiB; sent += block.length) {
        yield block;
        highest = Math.max(highest, process.memoryUsage().heapUsed);
      }
      yield 'CUDA error: out of memory';
    }
    const before = process.memoryUsage().heapUsed;
    const found = await explain({ kind: 'stream', chunks: log() });
    assert.equal(found.matches[0]?.code, 'memory.gpu');
    assert.ok(highest - before < 96 * MiB, `heap grew by ${Math.round((highest - before) / MiB)} MiB`);
  });

  it('reads 64 MiB without a line end in flat memory', async function () {
    this.timeout(60_000);
    const block = Buffer.alloc(MiB, 'x');
    async function* binary() {
      for (let sent = 0; sent < 64; sent++) yield block;
    }
    const found = await explain({ kind: 'stream', chunks: binary() });
    assert.equal(found.lines, 1);
  });

  it('lists all codes', async () => {
    assert.deepEqual(
      (await listEntries()).map(({ code }) => code),
      [...CATALOGUE_CODES],
    );
  });
});

describe('createLineSplitter', () => {
  const split = (chunks: readonly (Uint8Array | string)[]) => {
    const lines: string[] = [];
    const splitter = createLineSplitter((line) => lines.push(line));
    for (const chunk of chunks) splitter.write(chunk);
    splitter.end();
    return lines;
  };

  it('gives the same lines wherever the chunks are cut, in mid-character and between CR and LF too', () => {
    const bytes = Buffer.from('erste\r\nzweite Zeile: größer\n\nletzte ☾');
    for (let cut = 0; cut <= bytes.length; cut++)
      assert.deepEqual(split([bytes.subarray(0, cut), bytes.subarray(cut)]), [
        'erste',
        'zweite Zeile: größer',
        '',
        'letzte ☾',
      ]);
  });

  it("reads what PowerShell's > writes", () => {
    assert.deepEqual(split([Buffer.from('\ufeffa\r\nb\r\n', 'utf16le')]), ['a', 'b']);
  });
});

describe('inputOf', () => {
  const stdin = Object.assign(Readable.from(['x']), { isTTY: true });
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'explain-'));
    writeFileSync(join(folder, 'server.log'), 'Illegal instruction (core dumped)\n');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('takes a code, a file, stdin, or else the text itself', async () => {
    assert.deepEqual(await inputOf('gpu.no-device', stdin), { kind: 'code', code: 'gpu.no-device' });
    assert.deepEqual(await inputOf('fetch failed', stdin), { kind: 'text', text: 'fetch failed' });
    assert.equal((await inputOf('-', stdin)).kind, 'stream');
    const found = await explain(await inputOf(join(folder, 'server.log'), stdin));
    assert.equal(found.kind === 'text' && found.matches[0]?.code, 'server.illegal-instruction');
  });

  it('refuses a folder, an unknown code, and nothing at all', async () => {
    for (const argument of [folder, 'gpu.nope', undefined])
      await assert.rejects(
        inputOf(argument, stdin),
        (error) => error instanceof LlamactlError && error.exit === 2,
      );
  });
});
