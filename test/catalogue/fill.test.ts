import assert from 'node:assert/strict';
import { entryOf } from '../../src/catalogue/entries.js';
import { fillCommand, fillRemedies, fillText, shellQuote } from '../../src/catalogue/fill.js';

describe('filling remedies', () => {
  it('puts the actual URL, port and model into commands', () => {
    const remedies = fillRemedies(entryOf('connection.refused'), {
      url: 'http://gpu1:9000',
      model: 'qwen3.gguf',
    });
    const commands = remedies.flatMap((remedy) => remedy.commands);
    assert.ok(commands.includes('llama-server -m qwen3.gguf --port 9000'));
    assert.ok(commands.includes('curl http://gpu1:9000/health'));
  });

  it('says a command once, though it is written by address and by port', () => {
    const remedies = fillRemedies(entryOf('connection.refused'), { url: 'http://127.0.0.1:8080' });
    const asked = remedies.flatMap(({ commands }) => commands).filter((command) => /^curl/.test(command));
    assert.deepEqual(asked, ['curl http://127.0.0.1:8080/health']);
  });

  it('falls back to what people start with where nothing is known', () => {
    assert.equal(
      fillCommand(
        'llama-server -m {model} --port {port} -c {contextSize} -np {slots} {flag} # {url}{path} {host} {nextPort}',
      ),
      'llama-server -m MODEL --port 8080 -c 8192 -np 4 --FLAG # http://localhost:8080/v1/models localhost 8081',
    );
  });

  it('derives what follows from the rest', () => {
    assert.equal(fillText('{port}', { url: 'https://llm.example' }), '443');
    assert.equal(fillText('{url}', { host: 'gpu1', port: 9000 }), 'http://gpu1:9000');
    assert.equal(fillText('{totalContext}', { contextSize: 4096, slots: 8 }), '32768');
    assert.equal(fillText('{nextPort}', { port: 65_535 }), '65534');
  });

  it('quotes what a shell would take apart, in commands only', () => {
    const context = { model: "my model's.gguf", url: 'http://h/$(reboot)' };
    assert.equal(fillCommand('llama-server -m {model}', context), `llama-server -m 'my model'\\''s.gguf'`);
    assert.equal(fillCommand('curl {url}/health', context), `curl 'http://h/$(reboot)'/health`);
    assert.equal(fillText('{model} is gone', context), "my model's.gguf is gone");
    assert.equal(shellQuote(''), "''");
  });

  it('keeps a flag and its value two words', () => {
    assert.equal(
      fillCommand('llama-server {flag}', { flag: '--slot-save-path ./s/' }),
      'llama-server --slot-save-path ./s/',
    );
  });

  it('leaves other braces alone', () => {
    const command = `docker inspect --format "{{json .State}}" X -d '{"a":{"b":1}}' {unknown}`;
    assert.equal(fillCommand(command), command);
  });
});
