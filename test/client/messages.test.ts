import assert from 'node:assert/strict';
import { formatMessages } from '../../src/client/messages.js';
import type { Message } from '../../src/client/types.js';

const conversation: Message[] = [
  { role: 'user', content: 'Weather?' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'a', function: { name: 'get_weather', arguments: { city: 'Oslo' } } }],
  },
  { role: 'tool', content: '12 °C', tool_call_id: 'a' },
];

describe('formatMessages', () => {
  it("sends a tool's result as a tool message where the template takes it", () => {
    assert.deepEqual(formatMessages(conversation, { toolCalls: true }), [
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
        ],
      },
      { role: 'tool', content: '12 °C', tool_call_id: 'a' },
    ]);
  });

  it('sends it as a user message where the template does not, and loses no turn', () => {
    assert.deepEqual(formatMessages(conversation, { toolCalls: false }), [
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: 'Tool call: get_weather({"city":"Oslo"})' },
      { role: 'user', content: 'Tool result: 12 °C' },
    ]);
  });
});
