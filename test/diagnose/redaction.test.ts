import assert from 'node:assert/strict';
import { createRedaction } from '../../src/diagnose/redaction.js';

const KEY = 'sk-planted-77aa11';

describe('what a bundle leaves out', () => {
  const of = () => createRedaction([KEY], '/home/ada');

  it('keys, wherever they stand in a value, and counts them', () => {
    const redaction = of();
    const value = redaction.value('a.json', {
      deep: [{ url: `http://x/?k=${KEY}` }],
      authorization: 'Bearer abcdef123',
    });
    assert.doesNotMatch(JSON.stringify(value), /planted|abcdef123/);
    assert.deepEqual(
      redaction.list().map(({ file, what }) => `${file} ${what}`),
      ['a.json secret'],
    );
  });

  it('the home folder', () => {
    const redaction = of();
    assert.equal(redaction.text('a', '-m /home/ada/models/qwen.gguf'), '-m ~/models/qwen.gguf');
    assert.deepEqual(redaction.list(), [{ file: 'a', what: 'home folder', times: 1 }]);
  });

  it('the password of a URL', () => {
    assert.equal(of().text('a', 'http://ada:hunter22@gpu1:8080/'), 'http://ada:***@gpu1:8080/');
  });

  it('prompts and answers in a log, in JSON and after a template', () => {
    const lines = of().log('server.log', [
      '0.00.100.000 I srv  log_server_r: request: {"messages":[{"role":"user","content":"my diary"}],"stream":true}',
      '0.00.100.000 D slot update_slots: prompt: <|im_start|>user my diary<|im_end|>',
      '0.00.101.000 I slot release: id 0 | task 1 | stop processing: n_tokens = 40',
    ]);
    assert.doesNotMatch(lines.join('\n'), /diary/);
    assert.match(lines[2] ?? '', /stop processing/);
  });

  it('lines that are no log lines: the rest of a prompt that had several', () => {
    const redaction = of();
    const lines = redaction.log('server.log', [
      '0.00.100.000 I srv  init: new slot',
      'Dear diary, today I',
      'went to the sea.',
      'main: model loaded',
      'llama-1  | srv  update_slots: all slots are idle',
      '.....................',
    ]);
    assert.deepEqual(lines, [
      '0.00.100.000 I srv  init: new slot',
      '… 2 lines that are no log lines',
      'main: model loaded',
      'llama-1  | srv  update_slots: all slots are idle',
      '.....................',
    ]);
    assert.deepEqual(redaction.list(), [{ file: 'server.log', what: 'line that is no log line', times: 2 }]);
  });
});
