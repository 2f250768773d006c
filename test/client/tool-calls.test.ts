import assert from 'node:assert/strict';
import { parseToolCalls, ToolCallAccumulator } from '../../src/client/tool-calls.js';

function accumulate(deltas: Parameters<ToolCallAccumulator['add']>[0][]) {
  const calls = new ToolCallAccumulator();
  for (const delta of deltas) calls.add(delta);
  return calls.raw();
}

describe('ToolCallAccumulator', () => {
  it('takes id and name from the first piece and joins the arguments', () => {
    const [call] = accumulate([
      { index: 0, id: 'a', function: { name: 'get_weather', arguments: '{"ci' } },
      { index: 0, function: { arguments: 'ty":' } },
      { index: 0, function: { arguments: '"Oslo"}' } },
    ]);
    assert.deepEqual(call, { id: 'a', name: 'get_weather', arguments: '{"city":"Oslo"}' });
  });

  it('keeps interleaved calls apart, in the order of their index', () => {
    const calls = accumulate([
      { index: 1, id: 'b', function: { name: 'two', arguments: '{' } },
      { index: 0, id: 'a', function: { name: 'one', arguments: '{' } },
      { index: 1, function: { arguments: '}' } },
      { index: 0, function: { arguments: '}' } },
    ]);
    assert.deepEqual(
      calls.map(({ name, arguments: text }) => `${name}${text}`),
      ['one{}', 'two{}'],
    );
  });

  it('goes by id, then by name, where a server sends no index', () => {
    const calls = accumulate([
      { id: 'a', function: { name: 'one', arguments: '{"x":' } },
      { function: { arguments: '1}' } },
      { id: 'b', function: { name: 'two', arguments: '{}' } },
      { function: { name: 'three', arguments: '{}' } },
    ]);
    assert.deepEqual(
      calls.map(({ name, arguments: text }) => `${name}${text}`),
      ['one{"x":1}', 'two{}', 'three{}'],
    );
  });

  it('gives a call without an id one of its own, and keeps it', () => {
    const calls = new ToolCallAccumulator();
    calls.add({ index: 0, function: { name: 'one', arguments: '{}' } });
    const [first] = calls.raw();
    assert.match(first?.id ?? '', /^call_/);
    assert.equal(calls.raw()[0]?.id, first?.id);
  });
});

describe('parseToolCalls', () => {
  it('reads no arguments as an empty object', () => {
    assert.deepEqual(parseToolCalls([{ id: 'a', name: 'now', arguments: '' }]).toolCalls, [
      { id: 'a', name: 'now', arguments: {} },
    ]);
  });

  for (const [text, reason] of [
    ['{"city":', /not JSON/],
    ['[1]', /not a JSON object/],
    ['"Oslo"', /not a JSON object/],
  ] as const) {
    it(`reports arguments that cannot be used: ${text}`, () => {
      const { toolCalls, problems } = parseToolCalls([{ id: 'a', name: 'get_weather', arguments: text }]);
      assert.deepEqual(toolCalls, []);
      assert.match(problems[0]?.reason ?? '', reason);
      assert.equal(problems[0]?.text, text);
    });
  }

  it('reports a call without a name', () => {
    assert.match(
      parseToolCalls([{ id: 'a', name: '', arguments: '{}' }]).problems[0]?.reason ?? '',
      /names no function/,
    );
  });
});
