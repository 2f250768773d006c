import assert from 'node:assert/strict';
import { CHECKS } from '../../src/diagnose/checks.js';
import type { Facts } from '../../src/diagnose/facts.js';
import { judge } from '../../src/diagnose/runner.js';
import { renderFacts } from '../../src/render/diagnosis-facts.js';
import { failedFact, healthyFacts, known } from '../support/facts.js';

function render(changes: Partial<Facts> = {}, width = 80): string {
  const facts = healthyFacts(changes);
  return renderFacts(
    { schemaVersion: 1, target: null, url: facts.url, ...judge(facts, CHECKS), facts, durationMs: 1 },
    width,
  );
}

describe('the facts of --verbose', () => {
  it('are called as in the document, with units', () => {
    const text = render();
    assert.match(text, /^ {2}tcp +connectMs 0\.4 ms · address 127\.0\.0\.1 · 1 ms$/m);
    assert.match(text, /^ {4}default_generation_settings\.n_ctx +2,048$/m);
    assert.match(text, /^ {4}memory\.totalBytes +29\.8 GiB$/m);
    assert.match(text, /^ {2}deep\.toolCall +– --deep asks it$/m);
  });

  it('tell what failed and what was not asked', () => {
    const down = failedFact('CONNECTION_ERROR', 'connection.refused', 'nothing listens');
    assert.match(render({ health: down }), /^ {2}health +✗ connection\.refused: nothing listens$/m);
  });

  it('stay inside 80 columns', () => {
    const args = [
      '-m',
      '/srv/models/qwen.gguf',
      '--alias',
      'a-name',
      '-c',
      '8192',
      '--host',
      '0.0.0.0',
      '--metrics',
    ];
    const process = {
      pid: 7,
      args,
      listens: ['127.0.0.1:8080'],
      ports: [8080],
      residentBytes: 1e9,
      swappedBytes: 0,
      gpuLibraries: [],
      state: 'S',
    };
    const local = healthyFacts().local;
    if (local.state !== 'known') throw new Error('healthy facts know this machine');
    const text = render({
      local: known({
        ...local.value,
        processes: [process, { ...process, pid: 8, ports: [81], listens: ['[::]:81'] }],
      }),
    });
    assert.deepEqual(
      text.split('\n').filter((line) => line.length > 80),
      [],
    );
    assert.match(text, /8 on \[::\]:81: -m/, 'another server is a line');
  });
});
