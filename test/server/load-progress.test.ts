import assert from 'node:assert/strict';
import { LoadProgressReader } from '../../src/server/load-progress.js';
import { LogBuffer } from '../../src/server/log-buffer.js';

describe('how far a start is, from its log', () => {
  it('counts the dots of older builds as they come, one a percent', () => {
    const reader = new LoadProgressReader();
    reader.push('main: loading model\nllama_model_loader: loaded meta data with 27 key-value pairs\n');
    assert.deepEqual(reader.state, { stage: 'loading', percent: null });
    for (let dot = 0; dot < 64; dot++) reader.push('.');
    assert.deepEqual(reader.state, { stage: 'loading', percent: 64 });
    reader.push(`${'.'.repeat(36)}\ncommon_init_from_params: warming up the model with an empty run\n`);
    assert.deepEqual(reader.state, { stage: 'warming-up', percent: null });
  });

  it('knows the stage from v0.6.0, which prints no dots', () => {
    const reader = new LoadProgressReader();
    reader.push('0.00.001.797 I srv  llama_server: initializing ...\n');
    assert.deepEqual(reader.state, { stage: 'starting', percent: null });
    reader.push("0.00.007.247 I srv    load_model: loading model '/models/tiny.gguf'\n");
    assert.deepEqual(reader.state, { stage: 'loading', percent: null });
  });

  it('reads the percentage of a download that is redrawn in place', () => {
    const reader = new LoadProgressReader();
    reader.push('\rDownloading model.gguf ────╴      41%\u001b[K\r');
    assert.deepEqual(reader.state, { stage: 'downloading', percent: 41 });
  });
});

describe('a log in bounded memory', () => {
  it('keeps the first lines and the last ones', () => {
    const log = new LogBuffer();
    for (let line = 0; line < 10_000; line++) log.push(`line ${line}\n`);
    log.push('the end');
    const lines = log.lines();
    assert.ok(lines.length < 1100);
    assert.equal(lines[0], 'line 0');
    assert.equal(lines.at(-2), 'line 9999');
    assert.equal(lines.at(-1), 'the end');
  });

  it('puts a line together that comes in pieces', () => {
    const log = new LogBuffer();
    for (const piece of ['one', ' line\r', '\nano', 'ther\n']) log.push(piece);
    assert.deepEqual(log.lines(), ['one line', 'another']);
  });
});
